/* The quirks of old clients and base libraries, and the headers that only the library sets. */

#include "../support.h"

/* The log of one session, with all messages concatenated. */
typedef struct {
  char text[4096];
  size_t length;
} Log;

static void log_message(void *context, int32_t level, WxtStr message) {
  Log *log = context;
  CHECK(level == WXT_LOG_WARNING || level == WXT_LOG_INFO);
  pthread_mutex_lock(&recorder_lock);
  CHECK(log->length + message.len + 2 < sizeof log->text);
  memcpy(log->text + log->length, message.ptr, message.len);
  log->length += message.len;
  log->text[log->length++] = '\n';
  log->text[log->length] = '\0';
  pthread_mutex_unlock(&recorder_lock);
}

/* The headers that a server receives from a session with these options, as JSON. The caller frees it. */
static char *headers_as_received(const WxtSessionOptions *options, const WxtPair *header, size_t count, bool upload) {
  WxtSession *session = open_session(options);
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  char *answer;
  if (upload) {
    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(tls("/upload"));
    request.file_path = wxt_str(in_directory("file"));
    request.name = wxt_str("file");
    request.header = header;
    request.header_count = count;
    CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_SUCCESS(&recorder, 200);
    answer = recorder.data;
    recorder.data = NULL;
  } else {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(tls("/headers"));
    request.header = header;
    request.header_count = count;
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_SUCCESS(&recorder, 200);
    answer = read_text(recorder.native_path);
  }
  recorder_forget(&recorder);
  close_session(session);
  return answer;
}

/* iOS clients up to 6.5.3 ignore `header`. The library's own headers are sent anyway. */
static void header_of_old_ios_clients(void) {
  static const struct {
    int32_t platform;
    const char *client;
    bool sent;
  } cases[] = {
      {WXT_PLATFORM_IOS, "6.5.2", false},     {WXT_PLATFORM_IOS, "6.5.3", false},
      {WXT_PLATFORM_IOS, "6.5.3.0", false},   {WXT_PLATFORM_IOS, "6.5.3.1", true},
      {WXT_PLATFORM_IOS, "6.5.10", true},     {WXT_PLATFORM_IOS, "10.0", true},
      {WXT_PLATFORM_ANDROID, "6.5.3", true},  {WXT_PLATFORM_OTHER, "1.0", true},
      {WXT_PLATFORM_OHOS, "1.0", true},
  };
  WxtPair header = {wxt_str("X-Page"), wxt_str("value")};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int upload = 0; upload <= 1; upload++) {
      WxtSessionOptions options = local_options();
      options.platform = cases[i].platform;
      options.client_version = wxt_str(cases[i].client);
      char *received = headers_as_received(&options, &header, 1, upload != 0);
      if (cases[i].sent) {
        CHECK_CONTAINS(received, "[\"X-Page\",\"value\"]");
      } else {
        CHECK_LACKS(received, "X-Page");
      }
      CHECK_CONTAINS(received, "[\"Referer\",\"https://servicewechat.com/wx0123456789abcdef/7/page-frame.html\"]");
      free(received);
    }
  }
}

static unsigned occurrences(const char *text, const char *part) {
  unsigned count = 0;
  for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
    count++;
  }
  return count;
}

/* A page cannot set the Referer, in any spelling. The log says so, without the value. */
static void the_referer(void) {
  WxtPair header[3] = {
      {wxt_str("Referer"), wxt_str("https://example.com/forged")},
      {wxt_str("rEFERER"), wxt_str("https://example.com/forged")},
      {wxt_str("X-Page"), wxt_str("secret-value")},
  };
  for (int upload = 0; upload <= 1; upload++) {
    Log log = {{0}, 0};
    WxtSessionOptions options = local_options();
    options.logger.context = &log;
    options.logger.log = log_message;
    /* Absent means the development version. */
    options.app_version = wxt_str(NULL);
    char *received = headers_as_received(&options, header, 3, upload != 0);
    CHECK_LACKS(received, "forged");
    CHECK_CONTAINS(received, "[\"Referer\",\"https://servicewechat.com/wx0123456789abcdef/0/page-frame.html\"]");
    CHECK_NUMBER(occurrences(received, "page-frame.html"), 1);
    free(received);
    CHECK_CONTAINS(log.text, "Referer");
    CHECK_CONTAINS(log.text, "rEFERER");
    CHECK_LACKS(log.text, "forged");
    CHECK_LACKS(log.text, "secret-value");
  }
}

/* The library sets the headers that frame the message, and the Content-Type of an upload, which contains the boundary. A
 * page cannot set them. */
static void headers_that_are_ours(void) {
  WxtPair header[5] = {
      {wxt_str("Host"), wxt_str("example.com")},     {wxt_str("Content-Length"), wxt_str("1")},
      {wxt_str("Content-Type"), wxt_str("text/x")},  {wxt_str("Transfer-Encoding"), wxt_str("chunked")},
      {wxt_str("User-Agent"), wxt_str("page/1.0")},
  };
  WxtSessionOptions options = local_options();
  options.user_agent = wxt_str("host/2.0");
  char *received = headers_as_received(&options, header, 5, true);
  /* In any letter case (RFC 9110, section 5.1). */
  CHECK_CONTAINS(received, format("ost\",\"%s\"", strstr(tls(""), "localhost")));
  CHECK_LACKS(received, "example.com");
  CHECK_LACKS(received, "text/x");
  CHECK_CONTAINS(received, "\"multipart/form-data; boundary=");
  CHECK_LACKS(received, "chunked");
  CHECK_CONTAINS(received, "[\"User-Agent\",\"page/1.0\"]");
  free(received);

  received = headers_as_received(&options, NULL, 0, false);
  CHECK_CONTAINS(received, "[\"User-Agent\",\"host/2.0\"]");
  free(received);
  options.user_agent = wxt_str(NULL);
  received = headers_as_received(&options, NULL, 0, false);
  CHECK_CONTAINS(received, format("[\"User-Agent\",\"wxtransfer/%s\"]", wxt_version()));
  free(received);
}

/* The callbacks of each base library: a download of 1000 bytes, and the events before its success. */
static void events_of_old_base_libraries(void) {
  static const struct {
    const char *base_library;
    const char *order;
    bool progress;
  } cases[] = {
      {"1.3.9", "SCR", false}, {"1.4.0", "SCR", true}, {"2.0.9", "SCR", true}, {"2.1.0", "HSCR", true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    WxtSessionOptions options = local_options();
    options.base_library_version = wxt_str(cases[i].base_library);
    WxtSession *session = open_session(&options);
    Recorder recorder = {0};
    start_download(session, tls("/bytes/1000"), &recorder);
    wait_for(&recorder, 'R');
    CHECK_TEXT(recorder.order, cases[i].order);
    CHECK((recorder.progress_events > 0) == cases[i].progress);
    recorder_forget(&recorder);
    start_upload(session, tls("/upload"), in_directory("file"), &recorder);
    wait_for(&recorder, 'R');
    CHECK_TEXT(recorder.order, cases[i].order);
    CHECK((recorder.progress_events > 0) == cases[i].progress);
    recorder_forget(&recorder);
    close_session(session);
  }
}

/* A success contains the headers on every base library, with and without the event. hyper writes names in lower
 * case. */
static void headers_of_a_success(void) {
  static const char *const versions[] = {"1.0.0", "2.0.9", "2.1.0", NULL};
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    WxtSessionOptions options = local_options();
    options.base_library_version = wxt_str(versions[i]);
    WxtSession *session = open_session(&options);
    for (int upload = 0; upload <= 1; upload++) {
      Recorder recorder = {0};
      if (upload) {
        start_upload(session, tls("/cookies"), in_directory("file"), &recorder);
      } else {
        start_download(session, tls("/cookies"), &recorder);
      }
      wait_for(&recorder, 'R');
      CHECK_CONTAINS(recorder.header, "set-cookie: a=1; Path=/\n");
      CHECK_CONTAINS(recorder.header, "set-cookie: b=2, 3\n");
      CHECK_CONTAINS(recorder.header, "vary: Accept\n");
      CHECK_CONTAINS(recorder.header, "vary: Origin\n");
      recorder_forget(&recorder);
    }
    close_session(session);
  }
}

/* Which base libraries have a profile, and which have its members for the time before the transfer. */
static void profile_of_old_base_libraries(void) {
  static const struct {
    const char *base_library;
    bool download;
    bool upload;
    bool queue;
  } cases[] = {
      {"2.10.3", false, false, false}, {"2.10.4", true, false, false}, {"3.4.9", true, false, false},
      {"3.5.0", true, true, false},    {"3.8.9", true, true, false},   {"3.8.10", true, true, true},
      {NULL, true, true, true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    WxtSessionOptions options = local_options();
    options.base_library_version = wxt_str(cases[i].base_library);
    WxtSession *session = open_session(&options);
    for (int upload = 0; upload <= 1; upload++) {
      Recorder recorder = {0};
      if (upload) {
        start_upload(session, tls("/upload"), in_directory("file"), &recorder);
      } else {
        start_download(session, tls("/bytes/10"), &recorder);
      }
      EXPECT_SUCCESS(&recorder, 200);
      CHECK(recorder.has_profile == (upload ? cases[i].upload : cases[i].download));
      if (recorder.has_profile) {
        CHECK((recorder.profile.invoke_start != WXT_PROFILE_ABSENT) == cases[i].queue);
        CHECK((recorder.profile.queue_start != WXT_PROFILE_ABSENT) == cases[i].queue);
        CHECK((recorder.profile.queue_end != WXT_PROFILE_ABSENT) == cases[i].queue);
        CHECK(recorder.profile.fetch_start > 0);
      }
      recorder_forget(&recorder);
    }
    close_session(session);
  }
}

/* Before 2.10.0 a call's own `timeout` has no effect, and the session's default applies. */
static void timeout_of_old_base_libraries(void) {
  static const struct {
    const char *base_library;
    uint32_t session;
    uint32_t call;
  } cases[] = {{"2.9.9", 300, 60000}, {"2.10.0", 60000, 300}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    WxtSessionOptions options = local_options();
    options.base_library_version = wxt_str(cases[i].base_library);
    options.default_upload_timeout = cases[i].session;
    options.default_download_timeout = cases[i].session;
    WxtSession *session = open_session(&options);
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(fault("stall-before-answer"));
    request.timeout = cases[i].call;
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    uint64_t called = now();
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
    CHECK(now() - called >= 290 && now() - called < 30000);
    close_session(session);
  }
}

/* Before 1.8.0 a download's `filePath` has no effect, and a temporary path is returned. */
static void file_path_of_old_base_libraries(void) {
  static const char *const versions[] = {"1.7.9", "1.8.0"};
  for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
    WxtSessionOptions options = local_options();
    options.base_library_version = wxt_str(versions[i]);
    WxtSession *session = open_session(&options);
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(tls("/bytes/10"));
    request.file_path = wxt_str("wxfile://usr/chosen");
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    wait_for(&recorder, 'R');
    CHECK_TEXT(recorder.err_msg, "downloadFile:ok");
    if (i == 0) {
      CHECK_CONTAINS(recorder.path, "wxfile://tmp_");
    } else {
      CHECK_TEXT(recorder.path, "wxfile://usr/chosen");
    }
    recorder_forget(&recorder);
    close_session(session);
  }
}

int main(void) {
  begin();
  write_bytes(in_directory("file"), "x", 1);
  header_of_old_ios_clients();
  the_referer();
  headers_that_are_ours();
  events_of_old_base_libraries();
  headers_of_a_success();
  profile_of_old_base_libraries();
  timeout_of_old_base_libraries();
  file_path_of_old_base_libraries();
  return 0;
}
