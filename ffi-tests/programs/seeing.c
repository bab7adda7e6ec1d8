/* Information about a session for its host: the reason of a status, decisions about a URL, statistics, and a trace of each
 * request. */

#include "../support.h"

/* --- The reason of a status. --- */

static WxtStatus open_and_explain(const WxtSessionOptions *options, WxtSession **session) {
  WxtStatusDetail detail = wxt_status_detail();
  WxtStatus status = wxt_session_open(options, session, &detail);
  if (status != WXT_OK) {
    /* Such as: invalid pin: pins[2].sha256_length is 20, but must be 32 */
    fprintf(stderr, "%s: %s\n", wxt_status_text(status), detail.text);
  }
  return status;
}

static void why_a_session_is_not_opened(void) {
  WxtSession *session = NULL;
  uint8_t hash[20] = {0};
  WxtPin pin = {wxt_str("example.com"), hash, sizeof hash};
  WxtSessionOptions options = local_options();
  CHECK_NUMBER(open_and_explain(&options, &session), WXT_OK);
  close_session(session);
  options.pins = &pin;
  options.pin_count = 1;
  CHECK_NUMBER(open_and_explain(&options, &session), WXT_INVALID_PIN);
}

/* --- Decisions about a URL. --- */

static void print_check(void *user_data, const WxtUrlCheck *check) {
  (void)user_data;
  printf("%s by %.*s: %.*s\n", check->allowed ? "allowed" : "refused", (int)check->rule.len, check->rule.ptr,
         (int)check->err_msg.len, check->err_msg.ptr);
  for (size_t i = 0; i < check->dropped_header_count; i++) {
    printf("not sent: %.*s\n", (int)check->dropped_headers[i].len, check->dropped_headers[i].ptr);
  }
}

static WxtStatus explain_download(WxtSession *session, const char *url, const WxtPair *header, size_t count) {
  return wxt_check_url(session, WXT_API_DOWNLOAD, wxt_str(url), header, count, print_check, NULL);
}

typedef struct {
  char url[256];
  char rule[32];
  char err_msg[256];
  char detail[256];
  char referer[256];
  char dropped[256];
  char quirks[256];
  bool allowed;
  int32_t err_no;
  int32_t category;
  unsigned calls;
} Check;

static void join(char *target, size_t size, const WxtStr *texts, size_t count) {
  CHECK((texts != NULL) == (count > 0));
  target[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    size_t length = strlen(target);
    snprintf(target + length, size - length, "%s%.*s", i == 0 ? "" : " ", (int)texts[i].len, texts[i].ptr);
  }
}

static void keep_check(void *user_data, const WxtUrlCheck *result) {
  Check *seen = user_data;
  CHECK(result->struct_size == sizeof *result);
  copy_text(seen->url, sizeof seen->url, result->url);
  copy_text(seen->rule, sizeof seen->rule, result->rule);
  copy_text(seen->err_msg, sizeof seen->err_msg, result->err_msg);
  copy_text(seen->detail, sizeof seen->detail, result->detail);
  copy_text(seen->referer, sizeof seen->referer, result->referer);
  join(seen->dropped, sizeof seen->dropped, result->dropped_headers, result->dropped_header_count);
  join(seen->quirks, sizeof seen->quirks, result->quirks, result->quirk_count);
  seen->allowed = result->allowed;
  seen->err_no = result->err_no;
  seen->category = result->category;
  seen->calls++;
}

static Check check_url(WxtSession *session, int32_t api, WxtStr url, const WxtPair *header, size_t count) {
  Check seen = {0};
  CHECK_NUMBER(wxt_check_url(session, api, url, header, count, keep_check, &seen), WXT_OK);
  CHECK_NUMBER(seen.calls, 1);
  CHECK(seen.allowed == (seen.err_no == WXT_ERRNO_OK));
  return seen;
}

static WxtPair pair(const char *name, const char *value) {
  WxtPair pair;
  pair.name = wxt_str(name);
  pair.value = wxt_str(value);
  return pair;
}

/* A session with domain lists, like that of an app. */
static WxtSession *listed_session(const char *base_library_version, int32_t platform, const char *client_version) {
  static WxtStr uploads[1], downloads[2];
  uploads[0] = wxt_str("https://up.example.com");
  downloads[0] = wxt_str("https://cdn.example.com");
  downloads[1] = wxt_str("https://files.example.com:8443");
  WxtSessionOptions options = local_options();
  options.lan_policy = WXT_LAN_OFF;
  options.allow_plain_http = 0;
  options.upload_domains = uploads;
  options.upload_domain_count = 1;
  options.download_domains = downloads;
  options.download_domain_count = 2;
  options.base_library_version = wxt_str(base_library_version);
  options.platform = platform;
  options.client_version = wxt_str(client_version);
  return open_session(&options);
}

static void what_a_session_without_domain_lists_says_of_a_url(void) {
  WxtSessionOptions options = local_options();
  options.lan_policy = WXT_LAN_ALL_LOCAL;
  WxtSession *session = open_session(&options);
  Check seen = check_url(session, WXT_API_UPLOAD, wxt_str("http://192.168.1.1/"), NULL, 0);
  CHECK(seen.allowed);
  CHECK_TEXT(seen.rule, "lan_policy");
  /* A multicast address is no local server. */
  seen = check_url(session, WXT_API_UPLOAD, wxt_str("http://224.0.0.1/"), NULL, 0);
  CHECK_NUMBER(seen.err_no, WXT_ERRNO_NOT_IN_DOMAIN_LIST);
  CHECK_TEXT(seen.rule, "skip_domain_check");
  seen = check_url(session, WXT_API_UPLOAD, wxt_str("https://anything.example/"), NULL, 0);
  CHECK(!seen.allowed);
  CHECK_TEXT(seen.rule, "upload_domains");
  close_session(session);
  options.skip_domain_check = 1;
  session = open_session(&options);
  seen = check_url(session, WXT_API_UPLOAD, wxt_str("https://anything.example/"), NULL, 0);
  CHECK(seen.allowed);
  CHECK_TEXT(seen.rule, "skip_domain_check");
  close_session(session);
}

static void what_the_rules_say_of_a_url(void) {
  static const struct {
    int32_t api;
    const char *url;
    int32_t err_no;
    const char *rule;
    const char *normalised;
  } cases[] = {
      {WXT_API_DOWNLOAD, "https://CDN.example.com/a b?q=1#part", 0, "download_domains",
       "https://cdn.example.com/a%20b?q=1"},
      {WXT_API_UPLOAD, "https://up.example.com", 0, "upload_domains", "https://up.example.com/"},
      {WXT_API_UPLOAD, "https://cdn.example.com/", WXT_ERRNO_NOT_IN_DOMAIN_LIST, "upload_domains",
       "https://cdn.example.com/"},
      {WXT_API_DOWNLOAD, "https://files.example.com/", WXT_ERRNO_NOT_IN_DOMAIN_LIST, "download_domains",
       "https://files.example.com/"},
      {WXT_API_DOWNLOAD, "http://cdn.example.com/", WXT_ERRNO_NOT_IN_DOMAIN_LIST, "allow_plain_http",
       "http://cdn.example.com/"},
      {WXT_API_DOWNLOAD, "https://127.0.0.1/", WXT_ERRNO_NOT_IN_DOMAIN_LIST, "lan_policy", "https://127.0.0.1/"},
      {WXT_API_DOWNLOAD, "https://localhost/", WXT_ERRNO_NOT_IN_DOMAIN_LIST, "lan_policy", "https://localhost/"},
      {WXT_API_DOWNLOAD, "https://8.8.8.8/", WXT_ERRNO_NOT_IN_DOMAIN_LIST, "skip_domain_check", "https://8.8.8.8/"},
      {WXT_API_DOWNLOAD, "ftp://cdn.example.com/", WXT_ERRNO_INVALID_URL_SCHEME, "url", ""},
      {WXT_API_DOWNLOAD, "https://name:secret@cdn.example.com/", WXT_ERRNO_INVALID_URL, "url", ""},
      {WXT_API_DOWNLOAD, "", WXT_ERRNO_INVALID_URL, "url", ""},
      {WXT_API_DOWNLOAD, NULL, WXT_ERRNO_PARAMETER, "url", ""},
      {WXT_API_DOWNLOAD, "\xff", WXT_ERRNO_PARAMETER, "url", ""},
  };
  WxtSession *session = listed_session(NULL, WXT_PLATFORM_ANDROID, "8.0.50");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Check seen = check_url(session, cases[i].api, wxt_str(cases[i].url), NULL, 0);
    CHECK_NUMBER(seen.err_no, cases[i].err_no);
    CHECK_TEXT(seen.rule, cases[i].rule);
    CHECK_TEXT(seen.url, cases[i].normalised);
    CHECK_TEXT(seen.referer, "https://servicewechat.com/wx0123456789abcdef/7/page-frame.html");
    CHECK_TEXT(seen.quirks, "");
    CHECK_LACKS(seen.detail, "secret");
    if (cases[i].err_no == WXT_ERRNO_NOT_IN_DOMAIN_LIST) {
      CHECK_TEXT(seen.err_msg, cases[i].api == WXT_API_UPLOAD ? "uploadFile:fail url not in domain list"
                                                               : "downloadFile:fail url not in domain list");
      CHECK_NUMBER(seen.category, WXT_CATEGORY_POLICY);
      CHECK(seen.detail[0] != '\0');
    }
  }
  WxtPair header[3] = {pair("referer", "https://elsewhere.example/"), pair("X-Mine", "1"), pair("Content-Type", "a/b")};
  Check seen = check_url(session, WXT_API_DOWNLOAD, wxt_str("https://cdn.example.com/"), header, 3);
  CHECK_TEXT(seen.err_msg, "downloadFile:ok");
  CHECK_TEXT(seen.dropped, "referer");
  seen = check_url(session, WXT_API_UPLOAD, wxt_str("https://up.example.com/"), header, 3);
  CHECK_TEXT(seen.dropped, "referer Content-Type");
  header[1] = pair("X-Mine", "secret\r\n");
  seen = check_url(session, WXT_API_DOWNLOAD, wxt_str("https://cdn.example.com/"), header, 3);
  CHECK_NUMBER(seen.err_no, WXT_ERRNO_INVALID_REQUEST_DATA);
  CHECK_TEXT(seen.rule, "header");
  CHECK_TEXT(seen.err_msg, "downloadFile:fail invalid request data header X-Mine");
  CHECK_LACKS(seen.detail, "secret");
  seen = check_url(session, WXT_API_DOWNLOAD, wxt_str("https://files.example.com/"), header, 3);
  CHECK_TEXT(seen.rule, "download_domains");
  /* A text that is not UTF-8, or is missing, is reported before the URL's scheme. */
  header[1] = pair("X-Mine", "\xff");
  seen = check_url(session, WXT_API_DOWNLOAD, wxt_str("ftp://cdn.example.com/"), header, 3);
  CHECK_TEXT(seen.rule, "header");
  seen = check_url(session, WXT_API_DOWNLOAD, wxt_str(NULL), header, 3);
  CHECK_TEXT(seen.rule, "url");
  CHECK_NUMBER(explain_download(session, "https://cdn.example.com/", NULL, 0), WXT_OK);

  WxtStr url = wxt_str("https://cdn.example.com/");
  CHECK_NUMBER(wxt_check_url(session, 0, url, NULL, 0, keep_check, &seen), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_check_url(session, WXT_API_UPLOAD, url, NULL, 1, keep_check, &seen), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_check_url(session, WXT_API_UPLOAD, url, NULL, 0, NULL, &seen), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_check_url(NULL, WXT_API_UPLOAD, url, NULL, 0, keep_check, &seen), WXT_INVALID_ARGUMENT);
  close_session(session);
  CHECK_NUMBER(wxt_check_url(session, WXT_API_UPLOAD, url, NULL, 0, keep_check, &seen), WXT_SESSION_CLOSED);

  session = listed_session("1.0.0", WXT_PLATFORM_IOS, "6.5.3");
  header[1] = pair("X-Mine", "1");
  seen = check_url(session, WXT_API_DOWNLOAD, url, header, 2);
  CHECK_TEXT(seen.quirks, "header_ignored fail_when_full timeout_ignored file_path_ignored no_progress "
                           "no_headers_event no_profile no_queue_times no_lan");
  CHECK_TEXT(seen.dropped, "referer X-Mine");
  close_session(session);
}

/* --- Statistics. --- */

static WxtStatus print_statistics(WxtSession *session) {
  WxtSessionStatistics statistics = {.struct_size = sizeof statistics};
  WxtStatus status = wxt_session_statistics(session, &statistics);
  if (status == WXT_OK) {
    printf("%u of %u tasks succeeded, %u connections for them\n", (unsigned)statistics.tasks_succeeded,
           (unsigned)statistics.tasks_started, (unsigned)statistics.connections_opened);
  }
  return status;
}

static WxtSessionStatistics numbers(WxtSession *session) {
  WxtSessionStatistics statistics = {.struct_size = sizeof statistics};
  CHECK_NUMBER(wxt_session_statistics(session, &statistics), WXT_OK);
  CHECK_NUMBER(statistics.struct_size, sizeof statistics);
  return statistics;
}

static void what_a_session_has_done(void) {
  WxtSessionOptions options = local_options();
  options.max_concurrent_downloads = 1;
  options.max_retries = 1;
  options.retry_delay = 1;
  WxtSession *session = open_session(&options);
  WxtSessionStatistics none = {.struct_size = sizeof none};
  WxtSessionStatistics now = numbers(session);
  CHECK(memcmp(&now, &none, sizeof now) == 0);

  for (int i = 0; i < 2; i++) {
    Recorder recorder = {0};
    start_download(session, tls("/bytes/100000"), &recorder);
    EXPECT_SUCCESS(&recorder, 200);
    recorder_forget(&recorder);
  }
  now = numbers(session);
  CHECK_NUMBER(now.tasks_started, 2);
  CHECK_NUMBER(now.tasks_succeeded, 2);
  CHECK_NUMBER(now.connections_opened, 1);
  CHECK_NUMBER(now.connections_reused, 1);
  CHECK_NUMBER(now.connections_idle, 1);
  CHECK_NUMBER(now.look_ups, 1);
  CHECK(now.bytes_received > 200000 && now.bytes_received < 300000);
  CHECK(now.bytes_sent > 0);

  /* One task runs, one waits in the queue. */
  Recorder running = {0}, waiting = {0}, failing = {0};
  WxtTaskId first = start_download(session, fault("stall-before-answer"), &running);
  WxtTaskId second = start_download(session, tls("/bytes/10"), &waiting);
  do {
    now = numbers(session);
  } while (now.tasks_running == 0);
  CHECK_NUMBER(now.tasks_running, 1);
  CHECK_NUMBER(now.tasks_waiting, 1);
  CHECK_NUMBER(wxt_task_abort(session, second), WXT_OK);
  CHECK_NUMBER(wxt_task_abort(session, first), WXT_OK);
  wait_for(&running, 'R');
  wait_for(&waiting, 'R');
  now = numbers(session);
  CHECK_NUMBER(now.tasks_aborted, 2);
  CHECK_NUMBER(now.tasks_running + now.tasks_waiting, 0);

  /* Two attempts. The failure is counted before its callbacks run. */
  start_download(session, fault("close"), &failing);
  EXPECT_FAILURE(&failing, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED, NULL);
  now = numbers(session);
  CHECK_NUMBER(now.tasks_failed, 1);
  CHECK_NUMBER(now.retries, 1);
  CHECK_NUMBER(now.tasks_started,
               now.tasks_succeeded + now.tasks_failed + now.tasks_aborted + now.tasks_timed_out + now.tasks_interrupted);
  CHECK_NUMBER(print_statistics(session), WXT_OK);

  /* Bytes after the end of an older host's struct are not written. */
  memset(&now, 0xee, sizeof now);
  now.struct_size = offsetof(WxtSessionStatistics, tasks_failed);
  CHECK_NUMBER(wxt_session_statistics(session, &now), WXT_OK);
  CHECK_NUMBER(now.tasks_succeeded, 2);
  CHECK(now.tasks_failed == UINT64_C(0xeeeeeeeeeeeeeeee));
  now.struct_size = 1;
  CHECK_NUMBER(wxt_session_statistics(session, &now), WXT_INVALID_STRUCT_SIZE);
  CHECK_NUMBER(wxt_session_statistics(session, NULL), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_session_statistics(NULL, &now), WXT_INVALID_ARGUMENT);
  close_session(session);
  now.struct_size = sizeof now;
  CHECK_NUMBER(wxt_session_statistics(session, &now), WXT_SESSION_CLOSED);
  recorder_forget(&running);
  recorder_forget(&waiting);
  recorder_forget(&failing);
}

/* --- A trace of each request. --- */

static FILE *traces;

/* One line for each request of a task, for examples/trace. */
static void on_trace(void *user_data, WxtTaskId task, const WxtTrace *event) {
  (void)user_data, (void)task;
  fprintf(traces, "%.*s\n", (int)event->entry.len, event->entry.ptr);
}

static void what_a_task_asked_for(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  const char *path = in_directory("traces");
  traces = fopen(path, "w");
  CHECK(traces != NULL);
  WxtPair header = pair("X-Canary", "secret");
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/redirect/302?to=/bytes/10%3Fsecret"));
  request.header = &header;
  request.header_count = 1;
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  callbacks.on_trace = on_trace;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(fclose(traces) == 0);
  char *text = read_text(path);
  CHECK_NUMBER(strchr(text, '\n') != NULL && strchr(strchr(text, '\n') + 1, '\n') != NULL, 1);
  CHECK(strstr(text, "\"status\":302") != NULL && strstr(text, "\"status\":302") < strstr(text, "\"status\":200"));
  CHECK(strstr(text, "X-Canary") != NULL);
  CHECK_LACKS(text, "secret");
  free(text);
  recorder_forget(&recorder);
  close_session(session);
}

int main(void) {
  begin();
  why_a_session_is_not_opened();
  what_a_session_without_domain_lists_says_of_a_url();
  what_the_rules_say_of_a_url();
  what_a_session_has_done();
  what_a_task_asked_for();
  return 0;
}
