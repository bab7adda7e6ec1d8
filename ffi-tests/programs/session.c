/* Opening and closing: every mistake in the options has its status and a reason that names the field, and nothing is left
 * behind. */

#include "../support.h"

#include <dirent.h>
#include <sched.h>

/* Every text of the host contains this word in the tests of refusals. No reason may repeat it. */
#define CANARY "canary"

/* Opening fails with `status`, and the reason contains `reason`, which is the field as the header spells it. */
static void refused(const WxtSessionOptions *options, WxtStatus status, const char *reason) {
  static int anything;
  WxtSession *session = (WxtSession *)&anything;
  WxtStatusDetail detail = wxt_status_detail();
  CHECK_NUMBER(wxt_session_open(options, &session, &detail), status);
  CHECK(session == NULL);
  CHECK_CONTAINS(detail.text, reason);
  CHECK_LACKS(detail.text, CANARY);
  CHECK_LACKS(detail.text, variable("WXT_DIRECTORY"));
  /* The status is the same without a struct for the reason. */
  CHECK_NUMBER(wxt_session_open(options, &session, NULL), status);
}

/* Valid options whose texts all contain the canary. Their pointers lead to static data. */
static WxtSessionOptions options_with_canaries(void) {
  static WxtStr domains[1];
  WxtSessionOptions options = local_options();
  domains[0] = wxt_str("https://" CANARY ".example");
  options.app_id = wxt_str("wx" CANARY);
  options.app_version = wxt_str(CANARY);
  options.user_id = wxt_str(CANARY);
  options.user_agent = wxt_str(CANARY);
  options.referer = wxt_str("https://" CANARY ".example/{appid}/{version}");
  options.path_scheme = wxt_str(CANARY "file");
  options.data_directory = wxt_str(in_directory(CANARY));
  options.upload_domains = domains;
  options.upload_domain_count = 1;
  options.download_domains = domains;
  options.download_domain_count = 1;
  options.proxy = wxt_str("http://" CANARY ":" CANARY "@127.0.0.1:1");
  return options;
}

static void mistakes_in_texts(const WxtSessionOptions *good) {
  static const WxtStr without_pointer = {NULL, 5};
  char long_name[256];
  memset(long_name, 'U', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';

  WxtSessionOptions options = *good;
  options.app_id = wxt_str(NULL);
  refused(&options, WXT_INVALID_ARGUMENT, "app_id is required");
  static const char *const no_app_ids[] = {CANARY "/b", ".", "..", CANARY "?b", "a#b", "a b", " ", "a\tb", "%2e%2e"};
  for (size_t index = 0; index < sizeof no_app_ids / sizeof *no_app_ids; index++) {
    options.app_id = wxt_str(no_app_ids[index]);
    refused(&options, WXT_INVALID_ARGUMENT, "app_id is");
  }
  options.app_id = without_pointer;
  refused(&options, WXT_INVALID_ARGUMENT, "app_id.len is 5, but its ptr is NULL");
  options.app_id = wxt_str(CANARY "\xff");
  refused(&options, WXT_INVALID_UTF8, "app_id is not UTF-8");
  options.app_id = wxt_str(long_name);
  refused(&options, WXT_INVALID_ARGUMENT, "app_id is too long");
  options = *good;
  options.user_id = wxt_str(long_name);
  refused(&options, WXT_INVALID_ARGUMENT, "user_id is too long: its directory's name has ");

  options = *good;
  options.app_version = wxt_str(CANARY "\r\nX: y");
  refused(&options, WXT_INVALID_ARGUMENT, "app_version is");
  options.app_version = wxt_str("..");
  refused(&options, WXT_INVALID_ARGUMENT, "app_version is");
  options = *good;
  options.user_agent = wxt_str(CANARY "\n");
  refused(&options, WXT_INVALID_ARGUMENT, "user_agent has");
  options = *good;
  options.referer = wxt_str("https://" CANARY ":password@example.com/");
  refused(&options, WXT_INVALID_ARGUMENT, "referer is");
  options = *good;
  options.path_scheme = wxt_str(CANARY);
  refused(&options, WXT_INVALID_ARGUMENT, "path_scheme must be");

  options = *good;
  options.client_version = wxt_str(NULL);
  refused(&options, WXT_INVALID_ARGUMENT, "client_version is required");
  options.client_version = wxt_str("8.0." CANARY);
  refused(&options, WXT_INVALID_VERSION, "client_version is not a list of numbers");
  options = *good;
  options.base_library_version = wxt_str("2.." CANARY);
  refused(&options, WXT_INVALID_VERSION, "base_library_version is not a list of numbers");

  static const struct {
    size_t offset;
    const char *name;
  } texts[] = {
      {offsetof(WxtSessionOptions, app_version), "app_version"},
      {offsetof(WxtSessionOptions, user_id), "user_id"},
      {offsetof(WxtSessionOptions, client_version), "client_version"},
      {offsetof(WxtSessionOptions, base_library_version), "base_library_version"},
      {offsetof(WxtSessionOptions, user_agent), "user_agent"},
      {offsetof(WxtSessionOptions, referer), "referer"},
      {offsetof(WxtSessionOptions, path_scheme), "path_scheme"},
      {offsetof(WxtSessionOptions, data_directory), "data_directory"},
      {offsetof(WxtSessionOptions, proxy), "proxy"},
  };
  for (size_t index = 0; index < sizeof texts / sizeof *texts; index++) {
    options = *good;
    WxtStr *text = (WxtStr *)((char *)&options + texts[index].offset);
    *text = without_pointer;
    refused(&options, WXT_INVALID_ARGUMENT, format("%s.len is 5", texts[index].name));
    *text = wxt_str(CANARY "\xff");
    refused(&options, WXT_INVALID_UTF8, format("%s is not UTF-8", texts[index].name));
  }

  options = *good;
  options.proxy = wxt_str("socks5://" CANARY ":" CANARY "@127.0.0.1:1");
  refused(&options, WXT_INVALID_PROXY, "proxy is not an http URL");
  options.proxy = wxt_str("http://" CANARY ":" CANARY "@[::1:1");
  refused(&options, WXT_INVALID_PROXY, "proxy cannot be read");
  options.proxy = wxt_str("http://127.0.0.1:1/" CANARY);
  refused(&options, WXT_INVALID_PROXY, "proxy has more than");
}

static void mistakes_in_numbers(const WxtSessionOptions *good) {
  WxtSessionOptions options = *good;
  options.platform = 0;
  refused(&options, WXT_INVALID_ARGUMENT, "platform is 0, which is not one of WXT_PLATFORM_IOS (1), WXT_PLATFORM_ANDROID (2)");
  options.platform = 5;
  refused(&options, WXT_INVALID_ARGUMENT, "platform is 5");
  options = *good;
  options.path_policy = 2;
  refused(&options, WXT_INVALID_ARGUMENT, "path_policy is 2");
  options = *good;
  options.storage_sharing = -1;
  refused(&options, WXT_INVALID_ARGUMENT, "storage_sharing is -1");
  options = *good;
  options.lan_policy = 3;
  refused(&options, WXT_INVALID_ARGUMENT, "lan_policy is 3");
  options = *good;
  options.resume = 1000;
  refused(&options, WXT_INVALID_ARGUMENT, "resume is 1000");

  options = *good;
  options.retry_uploads = 1;
  options.send_uploads_once = 1;
  refused(&options, WXT_INVALID_ARGUMENT, "retry_uploads excludes send_uploads_once");
  options = *good;
  options.low_speed_limit = 1234;
  refused(&options, WXT_INVALID_ARGUMENT, "low_speed_limit is 1234, but low_speed_time is 0");
  options = *good;
  options.low_speed_time = 1234;
  refused(&options, WXT_INVALID_ARGUMENT, "low_speed_time is 1234, but low_speed_limit is 0");
}

static void mistakes_in_lists(const WxtSessionOptions *good) {
  WxtStr domains[2];
  domains[0] = wxt_str("https://example.com");
  domains[1] = wxt_str("https://" CANARY ".example/path");
  WxtSessionOptions options = *good;
  options.upload_domains = domains;
  options.upload_domain_count = 2;
  refused(&options, WXT_INVALID_DOMAIN, "upload_domains[1]");
  options.upload_domains = NULL;
  refused(&options, WXT_INVALID_ARGUMENT, "upload_domains is NULL, but its count is 2");
  options = *good;
  options.download_domains = domains;
  options.download_domain_count = 2;
  refused(&options, WXT_INVALID_DOMAIN, "download_domains[1]");
  domains[1] = wxt_str("http://" CANARY ".example");
  options.allow_plain_http = 0;
  refused(&options, WXT_INVALID_DOMAIN, "download_domains[1] cannot be listed: plain http");
  options.skip_domain_check = 1;
  refused(&options, WXT_INVALID_DOMAIN, "download_domains[1]");
  domains[1] = wxt_str(CANARY "\xff");
  refused(&options, WXT_INVALID_UTF8, "download_domains[1] is not UTF-8");
  domains[1].ptr = NULL;
  refused(&options, WXT_INVALID_ARGUMENT, "download_domains[1].len is 7");

  options = *good;
  options.root_certificates = wxt_str(CANARY);
  refused(&options, WXT_INVALID_CERTIFICATE, "root_certificates cannot be used");
  options.root_certificates = wxt_str("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  refused(&options, WXT_INVALID_CERTIFICATE, "root_certificates cannot be used");

  static const uint8_t hash[32] = {0};
  WxtPin pins[2] = {{{"example.com", 11}, hash, sizeof hash}, {{NULL, 0}, hash, sizeof hash}};
  options = *good;
  options.pins = pins;
  options.pin_count = 2;
  refused(&options, WXT_INVALID_PIN, "pins[1].host");
  static const char *const no_hosts[] = {"", "https://" CANARY ".example", CANARY ".example:443", "*.example.com", "a b"};
  for (size_t index = 0; index < sizeof no_hosts / sizeof *no_hosts; index++) {
    pins[1].host = wxt_str(no_hosts[index]);
    refused(&options, WXT_INVALID_PIN, "pins[1].host is not a host name");
  }
  pins[1].host = wxt_str("example.com");
  pins[1].sha256_length = 31;
  refused(&options, WXT_INVALID_PIN, "pins[1].sha256_length is 31, but must be 32");
  pins[1].sha256_length = 32;
  pins[1].sha256 = NULL;
  refused(&options, WXT_INVALID_ARGUMENT, "pins[1].sha256 is NULL");
  options.pins = NULL;
  refused(&options, WXT_INVALID_ARGUMENT, "pins is NULL");
}

static void sign(void *context, uint16_t scheme, const uint8_t *message, size_t message_length, WxtSigning *signing) {
  (void)context, (void)scheme, (void)message, (void)message_length, (void)signing;
}

static void mistakes_in_the_client_certificate(const WxtSessionOptions *good) {
  WxtStr host = wxt_str(CANARY ".example");
  WxtSessionOptions options = *good;
  options.client_certificate.hosts = &host;
  options.client_certificate.host_count = 1;
  refused(&options, WXT_INVALID_ARGUMENT, "client_certificate.chain is required");
  options.client_certificate.chain = wxt_str(CANARY);
  refused(&options, WXT_INVALID_ARGUMENT, "client_certificate.sign is required");
  options.client_certificate.sign = sign;
  refused(&options, WXT_INVALID_CERTIFICATE, "client_certificate cannot be used");
  options.client_certificate.scheme_count = 1;
  refused(&options, WXT_INVALID_ARGUMENT, "client_certificate.schemes is NULL");
  options.client_certificate.scheme_count = 0;
  options.client_certificate.host_count = 0;
  refused(&options, WXT_INVALID_ARGUMENT, "client_certificate.hosts is required");
}

static void mistakes_in_the_directory(const WxtSessionOptions *good) {
  WxtSessionOptions options = *good;
  options.data_directory = wxt_str(NULL);
  refused(&options, WXT_INVALID_ARGUMENT, "data_directory is required");
  options.data_directory = wxt_str("relative-" CANARY);
  refused(&options, WXT_INVALID_ARGUMENT, "data_directory is not an absolute path");
  write_bytes(in_directory(CANARY "-file"), "x", 1);
  options.data_directory = wxt_str(in_directory(CANARY "-file"));
  refused(&options, WXT_STORAGE_FAILED, "data_directory cannot be used: open the data directory: ");
  /* The text of the system. */
  refused(&options, WXT_STORAGE_FAILED, strerror(ENOTDIR));
  options.data_directory = wxt_str(in_directory(CANARY "-file/below"));
  refused(&options, WXT_STORAGE_FAILED, strerror(ENOTDIR));
  /* A symbolic link whose target is missing. */
  const char *dangling = in_directory(CANARY "-link");
  CHECK(symlink(in_directory(CANARY "-missing"), dangling) == 0);
  options.data_directory = wxt_str(dangling);
  refused(&options, WXT_STORAGE_FAILED, "data_directory cannot be used: create the data directory: ");
  /* A file in place of a directory that the library makes. */
  const char *directory = in_directory(CANARY "-directory");
  CHECK(mkdir(directory, 0700) == 0);
  write_bytes(format("%s/locks", directory), "x", 1);
  options.data_directory = wxt_str(directory);
  refused(&options, WXT_STORAGE_FAILED, "data_directory cannot be used: open the directories: ");
}

static void mistakes_in_the_options(void) {
  refused(NULL, WXT_INVALID_ARGUMENT, "options is NULL");
  WxtSessionOptions good = options_with_canaries();
  WxtStatusDetail detail = wxt_status_detail();
  CHECK_NUMBER(wxt_session_open(&good, NULL, &detail), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(detail.text, "session is NULL");

  mistakes_in_texts(&good);
  mistakes_in_numbers(&good);
  mistakes_in_lists(&good);
  mistakes_in_the_client_certificate(&good);
  mistakes_in_the_directory(&good);

  WxtSession *session = NULL;
  CHECK_NUMBER(wxt_session_open(&good, &session, &detail), WXT_OK);
  CHECK_TEXT(detail.text, "");
  refused(&good, WXT_STORAGE_LOCKED, "storage_sharing");
  close_session(session);
}

/* If the struct for the reason has a wrong size, the call is refused first of all, and the struct is not written. */
static void sizes_of_the_detail(void) {
  WxtSessionOptions options = local_options();
  static const size_t sizes[] = {0, 3, sizeof(size_t), sizeof(WxtStatusDetail) - sizeof(size_t), 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    WxtStatusDetail detail = wxt_status_detail();
    memset(detail.text, 'x', sizeof detail.text);
    detail.struct_size = sizes[i];
    WxtSession *session = (WxtSession *)&options;
    CHECK_NUMBER(wxt_session_open(&options, &session, &detail), WXT_INVALID_STRUCT_SIZE);
    CHECK(detail.text[0] == 'x' && detail.text[sizeof detail.text - 1] == 'x');
    CHECK(session == NULL);
  }
}

/* Structs of hosts that were built with another version of the header. */
static void other_sizes(void) {
  WxtSessionOptions options = local_options();
  static const size_t sizes[] = {0, 3, sizeof(WxtSessionOptions) - 1, sizeof(WxtSessionOptions) + 1, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    options.struct_size = sizes[i];
    refused(&options, WXT_INVALID_STRUCT_SIZE, "struct_size of options is");
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
  refused(&newer.known, WXT_INVALID_STRUCT_SIZE, "options sets a field after");
}

/* Two sessions can use the files of one mini program only if both share them. */
static void two_sessions(void) {
  WxtSessionOptions options = local_options();
  WxtSession *first = open_session(&options);
  refused(&options, WXT_STORAGE_LOCKED, "storage_sharing");
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
  CHECK_NUMBER(wxt_download_file(session, &download, &callbacks, NULL, NULL), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_upload_file(session, &upload, &callbacks, NULL, NULL), WXT_SESSION_CLOSED);
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

/* A call whose callback runs while another thread closes the session. */
typedef struct {
  WxtSession *session;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  bool has_ended;
  bool is_closed;
} Closed;

static void *close_around_callback(void *user_data) {
  Closed *closed = user_data;
  close_session(closed->session);
  pthread_mutex_lock(&closed->lock);
  closed->is_closed = true;
  pthread_cond_signal(&closed->changed);
  /* The callback has ended before the session was closed. */
  CHECK(closed->has_ended);
  pthread_mutex_unlock(&closed->lock);
  return NULL;
}

/* Closing may stop the call. */
static void on_any_result(void *user_data, const WxtFileResult *result) {
  CHECK(user_data == NULL);
  CHECK(result->struct_size == sizeof *result);
}

static void in_closed_callback(Closed *closed) {
  WxtSession *session = closed->session;
  static const WxtStr path = {"wxfile://usr", 12};
  CHECK_NUMBER(wxt_session_close(session), WXT_CALLED_FROM_CALLBACK);
  CHECK_NUMBER(wxt_file_access(session, path, on_any_result, NULL), WXT_OK);
  static Recorder recorder;
  recorder_forget(&recorder);
  start_download(session, fault("stall-in-body"), &recorder);

  CHECK(pthread_create(&closed->thread, NULL, close_around_callback, closed) == 0);
  uint64_t limit = now() + WAIT_LIMIT * 1000;
  while (wxt_file_access(session, path, on_any_result, NULL) != WXT_SESSION_CLOSED) {
    CHECK(now() < limit);
    sched_yield();
  }
  CHECK_NUMBER(wxt_session_close(session), WXT_CALLED_FROM_CALLBACK);
  WxtDownloadRequest request = wxt_download_request();
  WxtCallbacks callbacks = wxt_callbacks();
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_SESSION_CLOSED);

  /* A close that does not wait for this callback returns within this time. */
  struct timespec end;
  CHECK(clock_gettime(CLOCK_REALTIME, &end) == 0);
  end.tv_sec++;
  pthread_mutex_lock(&closed->lock);
  while (!closed->is_closed && pthread_cond_timedwait(&closed->changed, &closed->lock, &end) != ETIMEDOUT) {
  }
  CHECK(!closed->is_closed);
  closed->has_ended = true;
  pthread_mutex_unlock(&closed->lock);
}

static void in_file_call(void *user_data, const WxtFileResult *result) {
  CHECK_NUMBER(result->err_no, WXT_ERRNO_OK);
  in_closed_callback(user_data);
}

static void in_url_check(void *user_data, const WxtUrlCheck *result) {
  CHECK(result->allowed);
  in_closed_callback(user_data);
}

/* Closing waits for the callback of a file call and of a check. */
static void closed_during_a_callback(void) {
  WxtSessionOptions options = local_options();
  for (int of_file_call = 0; of_file_call < 2; of_file_call++) {
    Closed closed = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    closed.session = open_session(&options);
    if (of_file_call) {
      CHECK_NUMBER(wxt_file_access(closed.session, wxt_str("wxfile://usr"), in_file_call, &closed), WXT_OK);
    } else {
      WxtStr url = wxt_str(tls("/bytes/1"));
      CHECK_NUMBER(wxt_check_url(closed.session, WXT_API_DOWNLOAD, url, NULL, 0, in_url_check, &closed), WXT_OK);
    }
    CHECK(pthread_join(closed.thread, NULL) == 0);
    CHECK(closed.is_closed);
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

/* Runs first: later checks may leave a look-up running, whose thread has files open. */
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
  sizes_of_the_detail();
  other_sizes();
  two_sessions();
  after_the_end();
  closed_twice_at_once();
  closed_during_a_callback();
  texts();
  return 0;
}
