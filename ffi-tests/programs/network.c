/* Connections opened ahead, and changes of the network. */

#include "../support.h"

/* Counts the log messages about prepared connections. */
typedef struct {
  unsigned opened;
  unsigned refused;
} Log;

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t log_changed = PTHREAD_COND_INITIALIZER;

static void log_message(void *context, int32_t level, WxtStr message) {
  Log *log = context;
  char text[1024];
  (void)level;
  copy_text(text, sizeof text, message);
  CHECK_LACKS(text, "secret");
  pthread_mutex_lock(&log_lock);
  log->opened += strstr(text, "is open before it is needed") != NULL;
  log->refused += strstr(text, "no connection to") != NULL;
  pthread_cond_broadcast(&log_changed);
  pthread_mutex_unlock(&log_lock);
}

static void wait_for_log(Log *log, unsigned opened, unsigned refused) {
  pthread_mutex_lock(&log_lock);
  while (log->opened < opened || log->refused < refused) {
    pthread_cond_wait(&log_changed, &log_lock);
  }
  pthread_mutex_unlock(&log_lock);
}

/* The mini program starts: the host opens connections to its servers, and the page's first transfer starts with its
 * request. */
static void a_server_that_will_be_needed(void) {
  Log log = {0};
  WxtSessionOptions options = local_options();
  options.logger.context = &log;
  options.logger.log = log_message;
  WxtSession *session = open_session(&options);
  CHECK_NUMBER(wxt_session_prepare(session, wxt_str(tls(""))), WXT_OK);
  wait_for_log(&log, 1, 0);

  Recorder recorder = {0};
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(recorder.profile.socket_reused);
  CHECK(recorder.profile.connect_end == recorder.profile.fetch_start);
  recorder_forget(&recorder);

  /* A host without a scheme means https. If no list contains it, it is refused like a transfer; the log says so. */
  CHECK_NUMBER(wxt_session_prepare(session, wxt_str("files.example.com")), WXT_OK);
  CHECK_NUMBER(wxt_session_prepare(session, wxt_str("https://secret@files.example.com/?secret")), WXT_OK);
  wait_for_log(&log, 1, 2);

  CHECK_NUMBER(wxt_session_prepare(session, wxt_str("")), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_session_prepare(session, wxt_str(NULL)), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_session_prepare(session, wxt_str("\xff")), WXT_INVALID_UTF8);
  CHECK_NUMBER(wxt_session_prepare(NULL, wxt_str(tls(""))), WXT_INVALID_ARGUMENT);
  close_session(session);
  CHECK_NUMBER(wxt_session_prepare(session, wxt_str(tls(""))), WXT_SESSION_CLOSED);
}

static void tell(WxtSession *session, int32_t kind, bool metered) {
  WxtNetwork network = wxt_network();
  network.kind = kind;
  network.metered = metered;
  WxtStatus status = wxt_session_network_changed(session, &network, NULL);
  CHECK_NUMBER(status, WXT_OK);
}

/* A large file waits for an unmetered network. Its deadline starts with the transfer. */
static void a_network_that_costs(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder waiting = {0};
  Recorder other = {0};
  tell(session, WXT_NETWORK_CELLULAR, true);
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/bytes/10"));
  request.timeout = 1000;
  request.needs_unmetered = 1;
  WxtCallbacks callbacks = recorded_by(&waiting);
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  start_download(session, tls("/slow?ms=1200"), &other);
  EXPECT_SUCCESS(&other, 200);
  CHECK(!has_run(&waiting, 'F') && !has_run(&waiting, 'H'));
  tell(session, WXT_NETWORK_WIFI, false);
  EXPECT_SUCCESS(&waiting, 200);
  recorder_forget(&waiting);
  recorder_forget(&other);
  close_session(session);
}

/* Without a network a call waits. If no network returns in time, the call is interrupted. */
static void no_network(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};
  tell(session, WXT_NETWORK_NONE, false);
  start_download(session, tls("/bytes/10"), &recorder);
  tell(session, WXT_NETWORK_WIFI, false);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);

  uint64_t lost = now();
  tell(session, WXT_NETWORK_NONE, false);
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "downloadFile:fail interrupted");
  CHECK(recorder.retryable);
  CHECK(now() - lost >= 4990);
  recorder_forget(&recorder);
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "downloadFile:fail interrupted");
  recorder_forget(&recorder);

  WxtNetwork network = wxt_network();
  network.kind = 4;
  WxtStatusDetail detail = wxt_status_detail();
  CHECK_NUMBER(wxt_session_network_changed(session, &network, &detail), WXT_INVALID_ARGUMENT);
  CHECK_CONTAINS(detail.text, "kind is 4, which is not one of WXT_NETWORK_OTHER (0)");
  CHECK_NUMBER(wxt_session_network_changed(session, NULL, &detail), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(detail.text, "network is NULL");
  network = wxt_network();
  network.struct_size = 0;
  CHECK_NUMBER(wxt_session_network_changed(session, &network, &detail), WXT_INVALID_STRUCT_SIZE);
  CHECK_CONTAINS(detail.text, "struct_size of network is 0");
  close_session(session);
  network = wxt_network();
  CHECK_NUMBER(wxt_session_network_changed(session, &network, &detail), WXT_SESSION_CLOSED);
  CHECK_CONTAINS(detail.text, "session is closing or closed");
}

int main(void) {
  begin();
  a_server_that_will_be_needed();
  a_network_that_costs();
  no_network();
  return 0;
}
