/* Opening and closing: every mistake in the options has its own status, and nothing is left behind. */

#include "../support.h"

#include <dirent.h>
#include <sched.h>

static void refused(const WxtSessionOptions *options, WxtStatus status) {
  static int anything;
  WxtSession *session = (WxtSession *)&anything;
  CHECK_NUMBER(wxt_session_open(options, &session), status);
  CHECK(session == NULL);
}

static void mistakes_in_the_options(void) {
  refused(NULL, WXT_INVALID_ARGUMENT);
  WxtSessionOptions good = local_options();
  CHECK_NUMBER(wxt_session_open(&good, NULL), WXT_INVALID_ARGUMENT);

  WxtSessionOptions options = good;
  options.app_id = wxt_str(NULL);
  refused(&options, WXT_INVALID_ARGUMENT);
  static const char *const no_app_ids[] = {"a/b", ".", "..", "a?b", "a#b", "a b", " ", "a\tb", "%2e%2e"};
  for (size_t index = 0; index < sizeof no_app_ids / sizeof *no_app_ids; index++) {
    options.app_id = wxt_str(no_app_ids[index]);
    refused(&options, WXT_INVALID_ARGUMENT);
  }
  options.app_id.ptr = NULL;
  refused(&options, WXT_INVALID_ARGUMENT);
  options.app_id = wxt_str("\xff");
  refused(&options, WXT_INVALID_UTF8);

  options = good;
  options.app_version = wxt_str("7\r\nX: y");
  refused(&options, WXT_INVALID_ARGUMENT);
  options.app_version = wxt_str("..");
  refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.user_agent = wxt_str("agent\n");
  refused(&options, WXT_INVALID_ARGUMENT);

  char long_name[256];
  memset(long_name, 'U', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  options = good;
  options.app_id = wxt_str(long_name);
  refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.user_id = wxt_str(long_name);
  refused(&options, WXT_INVALID_ARGUMENT);

  options = good;
  options.platform = 0;
  refused(&options, WXT_INVALID_ARGUMENT);
  options.platform = 5;
  refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.path_policy = 2;
  refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.storage_sharing = -1;
  refused(&options, WXT_INVALID_ARGUMENT);

  options = good;
  options.client_version = wxt_str(NULL);
  refused(&options, WXT_INVALID_ARGUMENT);
  options.client_version = wxt_str("8.0.x");
  refused(&options, WXT_INVALID_VERSION);
  options = good;
  options.base_library_version = wxt_str("2..4");
  refused(&options, WXT_INVALID_VERSION);

  options = good;
  options.data_directory = wxt_str(NULL);
  refused(&options, WXT_INVALID_ARGUMENT);
  options.data_directory = wxt_str("relative");
  refused(&options, WXT_INVALID_ARGUMENT);
  write_bytes(in_directory("a-file"), "x", 1);
  options.data_directory = wxt_str(in_directory("a-file"));
  refused(&options, WXT_STORAGE_FAILED);

  WxtStr domains[2];
  domains[0] = wxt_str("https://example.com");
  domains[1] = wxt_str("https://example.com/path");
  options = good;
  options.upload_domains = domains;
  options.upload_domain_count = 2;
  refused(&options, WXT_INVALID_DOMAIN);
  options.upload_domains = NULL;
  refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.download_domains = domains;
  options.download_domain_count = 2;
  refused(&options, WXT_INVALID_DOMAIN);
  domains[1] = wxt_str("http://example.com");
  options.allow_plain_http = 0;
  refused(&options, WXT_INVALID_DOMAIN);
  options.skip_domain_check = 1;
  refused(&options, WXT_INVALID_DOMAIN);

  options = good;
  options.root_certificates = wxt_str("no certificate");
  refused(&options, WXT_INVALID_CERTIFICATE);
  options.root_certificates = wxt_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  refused(&options, WXT_INVALID_CERTIFICATE);

  static const uint8_t hash[32] = {0};
  WxtPin pin = {{NULL, 0}, hash, sizeof hash};
  options = good;
  options.pins = &pin;
  options.pin_count = 1;
  refused(&options, WXT_INVALID_PIN);
  static const char *const no_hosts[] = {"", "https://example.com", "example.com:443", "*.example.com", "a b"};
  for (size_t index = 0; index < sizeof no_hosts / sizeof *no_hosts; index++) {
    pin.host = wxt_str(no_hosts[index]);
    refused(&options, WXT_INVALID_PIN);
  }
  pin.host = wxt_str("example.com");
  pin.sha256_length = 31;
  refused(&options, WXT_INVALID_PIN);
  pin.sha256_length = 32;
  close_session(open_session(&options));

  options = good;
  options.proxy = wxt_str("socks5://127.0.0.1:1");
  refused(&options, WXT_INVALID_PROXY);
}

/* Structs of hosts that were built with another version of the header. */
static void other_sizes(void) {
  WxtSessionOptions options = local_options();
  static const size_t sizes[] = {0, 3, sizeof(WxtSessionOptions) - 1, sizeof(WxtSessionOptions) + 1, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    options.struct_size = sizes[i];
    refused(&options, WXT_INVALID_STRUCT_SIZE);
  }
  /* A shorter struct with all required fields. Bytes after its end are not read. */
  options = local_options();
  options.struct_size = offsetof(WxtSessionOptions, logger);
  memset(&options.logger, 0xff, sizeof options.logger);
  close_session(open_session(&options));

  struct {
    WxtSessionOptions known;
    size_t unknown[2];
  } newer;
  memset(&newer, 0, sizeof newer);
  newer.known = local_options();
  newer.known.struct_size = sizeof newer;
  close_session(open_session(&newer.known));
  newer.unknown[1] = 1;
  refused(&newer.known, WXT_INVALID_STRUCT_SIZE);
}

/* The files of a mini program belong to one session, unless both sessions share them. */
static void two_sessions(void) {
  WxtSessionOptions options = local_options();
  WxtSession *first = open_session(&options);
  refused(&options, WXT_STORAGE_LOCKED);
  WxtSessionOptions other_user = options;
  other_user.user_id = wxt_str("another");
  WxtSession *second = open_session(&other_user);
  CHECK(first != second);

  Recorder of_first = {0};
  Recorder of_second = {0};
  start_download(first, fault("stall-in-body"), &of_first);
  start_download(second, tls("/bytes/10"), &of_second);
  EXPECT_SUCCESS(&of_second, 200);
  CHECK(!has_run(&of_first, 'F'));
  close_session(first);
  CHECK(has_run(&of_first, 'R'));
  /* The other session continues. */
  recorder_forget(&of_second);
  start_download(second, tls("/bytes/10"), &of_second);
  EXPECT_SUCCESS(&of_second, 200);
  recorder_forget(&of_second);
  close_session(second);

  options.storage_sharing = WXT_STORAGE_SHARED;
  first = open_session(&options);
  second = open_session(&options);
  close_session(first);
  close_session(second);
}

/* A handle is a number that is never reused, so every later use is harmless. */
static void after_the_end(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  close_session(session);
  WxtSession *later = open_session(&options);
  CHECK(later != session);
  CHECK_NUMBER(wxt_session_close(session), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_session_enter_background(session), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_session_enter_foreground(session), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_task_abort(session, 1), WXT_SESSION_CLOSED);
  WxtDownloadRequest download = wxt_download_request();
  WxtUploadRequest upload = wxt_upload_request();
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_download_file(session, &download, &callbacks, NULL), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_upload_file(session, &upload, &callbacks, NULL), WXT_SESSION_CLOSED);
  close_session(later);
  /* A refused call is not a task: not even `release` runs. */
  CHECK_TEXT(recorder.order, "");
  CHECK_NUMBER(wxt_session_close(NULL), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_session_enter_background(NULL), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_session_enter_foreground(NULL), WXT_INVALID_ARGUMENT);
}

/* Of two threads that close at the same time, one succeeds. */
static void *close_it(void *session) {
  return wxt_session_close(session) == WXT_OK ? session : NULL;
}

static void closed_twice_at_once(void) {
  WxtSessionOptions options = local_options();
  for (int round = 0; round < 20; round++) {
    WxtSession *session = open_session(&options);
    Recorder recorder = {0};
    start_download(session, fault("stall-in-body"), &recorder);
    pthread_t threads[2];
    void *results[2];
    for (int i = 0; i < 2; i++) {
      CHECK(pthread_create(&threads[i], NULL, close_it, session) == 0);
    }
    for (int i = 0; i < 2; i++) {
      CHECK(pthread_join(threads[i], &results[i]) == 0);
    }
    CHECK((results[0] == NULL) != (results[1] == NULL));
    CHECK(has_run(&recorder, 'R'));
  }
}

/* The number of open descriptors or threads of this process. 0 if the system does not list them in this way. */
static unsigned entries(const char *path) {
  unsigned count = 0;
  DIR *directory = opendir(path);
  if (directory != NULL) {
    while (readdir(directory) != NULL) {
      count++;
    }
    closedir(directory);
  }
  return count;
}

/* Runs first: an abandoned look-up continues in threads of the process, with files open. */
static void many_times(void) {
  WxtSessionOptions options = local_options();
  /* By address, which needs no look-up. */
  const char *port = strrchr(variable("WXT_TLS_URL"), ':');
  unsigned threads = entries("/proc/self/task");
  unsigned descriptors = 0;
  for (int round = 0; round < 100; round++) {
    /* Resources that a process opens once, at first use, are not leaks. */
    if (round == 10) {
      descriptors = entries("/proc/self/fd");
    }
    WxtSession *session = open_session(&options);
    Recorder recorder = {0};
    start_download(session, format("https://127.0.0.1%s/bytes/10", port), &recorder);
    if (round % 2 == 0) {
      EXPECT_SUCCESS(&recorder, 200);
    }
    close_session(session);
    CHECK(has_run(&recorder, 'R'));
    recorder_forget(&recorder);
  }
  CHECK_NUMBER(entries("/proc/self/fd"), descriptors);
  /* pthread_join returns before the system has removed the thread from this list, and nothing signals the removal. */
  uint64_t limit = now() + WAIT_LIMIT * 1000;
  while (entries("/proc/self/task") > threads) {
    CHECK(now() < limit);
    sched_yield();
  }
}

static void texts(void) {
  CHECK_TEXT(wxt_version(), variable("WXT_VERSION"));
  CHECK_TEXT(wxt_status_text(WXT_OK), "ok");
  for (WxtStatus status = WXT_OK; status <= WXT_INTERNAL; status++) {
    CHECK(strcmp(wxt_status_text(status), wxt_status_text(-1)) != 0);
  }
  CHECK_TEXT(wxt_status_text(WXT_INTERNAL + 1), wxt_status_text(-1));
}

int main(void) {
  begin();
  many_times();
  mistakes_in_the_options();
  other_sizes();
  two_sessions();
  after_the_end();
  closed_twice_at_once();
  texts();
  return 0;
}
