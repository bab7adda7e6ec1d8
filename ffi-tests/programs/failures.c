/* Bad networks and bad servers: each failure has its errno and category, and the session stays usable. */

#include "../support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static WxtSession *session;

/* `SHORT` is the timeout of downloads that must time out. `TIMEOUT` is sufficient for every server that answers. */
enum { SHORT = 500, TIMEOUT = 60000 };

#define DOWNLOAD_FAILS(url, timeout, err_no, category) \
  download_fails((url), (timeout), (err_no), (category), __FILE__, __LINE__)

static void download_fails(const char *url, uint32_t timeout, int32_t err_no, int32_t category, const char *file,
                           int line) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  request.timeout = timeout;
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  check_number(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK, "the status", file, line);
  expect_failure(&recorder, err_no, category, NULL, file, line);
  check_contains(recorder.err_msg, "downloadFile:fail ", true, "err_msg", file, line);
  check(strlen(recorder.err_msg) > strlen("downloadFile:fail "), "err_msg has a reason", file, line);
  check(strlen(recorder.detail) > 0, "the failure has a detail", file, line);
  /* A captive portal answers without TLS and closes. */
  bool no_tls = strcmp(recorder.detail, "the server does not speak TLS") == 0;
  check(recorder.retryable == (category != WXT_CATEGORY_TLS || no_tls), "retryable fits the category", file, line);
}

/* The same over TLS and plain. */
static void answers_that_go_wrong(const char *server) {
  static const struct {
    const char *fault;
    uint32_t timeout;
    int32_t err_no;
    int32_t category;
  } cases[] = {
      {"close", TIMEOUT, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED},
      {"reset", TIMEOUT, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED},
      {"truncate", TIMEOUT, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED},
      {"truncate-chunked", TIMEOUT, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED},
      {"garbage", TIMEOUT, WXT_ERRNO_NETWORK, WXT_CATEGORY_PROTOCOL},
      {"stall-before-answer", SHORT, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT},
      {"stall-in-body", SHORT, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    DOWNLOAD_FAILS(format("%s/fault/%s", server, cases[i].fault), cases[i].timeout, cases[i].err_no,
                   cases[i].category);
  }
}

static void uploads(void) {
  const char *path = in_directory("large");
  write_pattern(path, 16 * 1024 * 1024);
  const char *const servers[] = {variable("WXT_FAULT_TLS_URL"), variable("WXT_FAULT_PLAIN_URL")};
  for (size_t i = 0; i < 2; i++) {
    /* An early answer is the result, and not a broken pipe. */
    Recorder recorder = {0};
    start_upload(session, format("%s/fault/early-answer", servers[i]), path, &recorder);
    wait_for(&recorder, 'R');
    CHECK_TEXT(recorder.err_msg, "uploadFile:ok");
    CHECK_NUMBER(recorder.status_code, 413);
    CHECK_TEXT(recorder.data, "too large");
    recorder_forget(&recorder);

    start_upload(session, format("%s/fault/close", servers[i]), in_directory("small"), &recorder);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED, NULL);
    recorder_forget(&recorder);

    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(format("%s/fault/stall-in-upload", servers[i]));
    request.file_path = wxt_str(path);
    request.name = wxt_str("file");
    request.timeout = SHORT;
    WxtCallbacks callbacks = recorded_by(&recorder);
    CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "uploadFile:fail timeout");
    /* Bytes in the device's buffers do not count as sent. */
    CHECK(recorder.progress.progress < 100);
  }
}

static void no_connection(void) {
  DOWNLOAD_FAILS(format("%s/x", variable("WXT_BLACK_HOLE_URL")), SHORT, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT);

  /* A bound port without a listener refuses connections. */
  int taken = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(taken >= 0 && bind(taken, (struct sockaddr *)&address, length) == 0);
  CHECK(getsockname(taken, (struct sockaddr *)&address, &length) == 0);
  DOWNLOAD_FAILS(format("http://127.0.0.1:%u/", (unsigned)ntohs(address.sin_port)), TIMEOUT, WXT_ERRNO_NETWORK,
                 WXT_CATEGORY_CONNECT);
  CHECK(close(taken) == 0);
}

/* Servers that must not be trusted, or that the library cannot talk to. No byte of a request may reach them; the harness checks that. */
static void tls_refusals(void) {
  static const char *const servers[] = {
      "WXT_EXPIRED_URL",      "WXT_NOT_YET_VALID_URL",       "WXT_WRONG_HOST_URL", "WXT_SELF_SIGNED_URL",
      "WXT_UNKNOWN_CA_URL",   "WXT_MISSING_INTERMEDIATE_URL", "WXT_TLS_1_1_URL",    "WXT_NO_TLS_URL",
  };
  for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
    DOWNLOAD_FAILS(format("%s/secret", variable(servers[i])), TIMEOUT, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS);
  }
}

/* A pin rejects a key that is not listed, even with a valid certificate. */
static void pins(void) {
  static const uint8_t other_key[32] = {1};
  uint8_t key[32];
  const char *digits = variable("WXT_PIN");
  for (size_t i = 0; i < sizeof key; i++) {
    unsigned byte;
    CHECK(sscanf(digits + 2 * i, "%2x", &byte) == 1);
    key[i] = (uint8_t)byte;
  }
  WxtPin pin = {wxt_str("localhost"), key, sizeof key};
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("pins");
  options.pins = &pin;
  options.pin_count = 1;
  WxtSession *pinned = open_session(&options);
  Recorder recorder = {0};
  start_download(pinned, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
  close_session(pinned);

  pin.sha256 = other_key;
  pinned = open_session(&options);
  start_download(pinned, tls("/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, NULL);
  recorder_forget(&recorder);
  close_session(pinned);
}

int main(void) {
  begin();
  write_bytes(in_directory("small"), "x", 1);
  WxtSessionOptions options = local_options();
  session = open_session(&options);
  answers_that_go_wrong(variable("WXT_FAULT_TLS_URL"));
  answers_that_go_wrong(variable("WXT_FAULT_PLAIN_URL"));
  uploads();
  no_connection();
  tls_refusals();
  pins();
  /* After all these failures the session works as before. */
  Recorder recorder = {0};
  start_download(session, tls("/bytes/100000"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  check_pattern(recorder.native_path, 100000);
  recorder_forget(&recorder);
  close_session(session);
  return 0;
}
