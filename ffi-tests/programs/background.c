/* The background: for five seconds everything continues, then everything is interrupted and new calls are refused. */

#include "../support.h"

static void what_ends_and_what_does_not(void) {
  WxtSessionOptions options = local_options();
  options.max_concurrent_downloads = 1;
  WxtSession *session = open_session(&options);
  Recorder running = {0};
  Recorder waiting = {0};
  Recorder hidden = {0};
  Recorder refused = {0};
  start_download(session, fault("stall-in-body"), &running);
  start_download(session, tls("/bytes/10"), &waiting);
  wait_for(&running, 'H');

  /* A page may upload something in `onHide`. */
  uint64_t entered = now();
  CHECK_NUMBER(wxt_session_enter_background(session), WXT_OK);
  start_upload(session, tls("/upload"), in_directory("file"), &hidden);
  EXPECT_SUCCESS(&hidden, 200);
  recorder_forget(&hidden);
  CHECK(!has_run(&running, 'F'));

  /* A second call changes nothing: the five seconds count from the first one. */
  CHECK_NUMBER(wxt_session_enter_background(session), WXT_OK);
  EXPECT_FAILURE(&running, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "downloadFile:fail interrupted");
  CHECK(running.retryable);
  CHECK(now() - entered >= 4990);
  CHECK(now() - entered < 30000);
  EXPECT_FAILURE(&waiting, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "downloadFile:fail interrupted");

  start_download(session, tls("/bytes/10"), &refused);
  EXPECT_FAILURE(&refused, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "downloadFile:fail interrupted");
  CHECK(refused.retryable);
  recorder_forget(&refused);
  start_upload(session, tls("/upload"), in_directory("file"), &refused);
  EXPECT_FAILURE(&refused, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "uploadFile:fail interrupted");

  CHECK_NUMBER(wxt_session_enter_foreground(session), WXT_OK);
  Recorder next = {0};
  start_download(session, tls("/bytes/10"), &next);
  EXPECT_SUCCESS(&next, 200);
  recorder_forget(&next);
  close_session(session);
}

/* If the mini program returns in time, nothing is interrupted. A running task continues, here to its own deadline. */
static void a_short_time(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(fault("stall-in-body"));
  request.timeout = 7000;
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  wait_for(&recorder, 'H');
  CHECK_NUMBER(wxt_session_enter_foreground(session), WXT_OK);
  CHECK_NUMBER(wxt_session_enter_background(session), WXT_OK);
  CHECK_NUMBER(wxt_session_enter_foreground(session), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
  close_session(session);
}

/* Closing in the background does not wait for the timer. */
static void closed_there(void) {
  WxtSessionOptions options = local_options();
  options.max_concurrent_downloads = 1;
  WxtSession *session = open_session(&options);
  Recorder running = {0};
  Recorder waiting = {0};
  start_download(session, fault("stall-in-body"), &running);
  start_download(session, tls("/bytes/10"), &waiting);
  wait_for(&running, 'H');
  CHECK_NUMBER(wxt_session_enter_background(session), WXT_OK);
  close_session(session);
  EXPECT_FAILURE(&running, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  EXPECT_FAILURE(&waiting, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
}

int main(void) {
  begin();
  write_bytes(in_directory("file"), "x", 1);
  what_ends_and_what_does_not();
  a_short_time();
  closed_there();
  return 0;
}
