/* Rate limits, connections that stall, and the priority of tasks. */

#include "../support.h"

static WxtStatus open_with_limits(WxtSessionOptions options, WxtSession **session) {
  options.max_bytes_per_second = 500 * 1024; /* all tasks together; 0: no limit */
  options.low_speed_limit = 1000;            /* a connection that transfers fewer bytes per second… */
  options.low_speed_time = 2000;             /* …for this many milliseconds fails with `stalled` */
  return wxt_session_open(&options, session, NULL);
}

static WxtTaskId download_in_the_background(WxtSession *session, const char *url, const WxtCallbacks *callbacks) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  request.max_bytes_per_second = 50 * 1024; /* this task, within the session's limit */
  request.priority = -1;                    /* tasks with the default priority 0 start first */
  WxtTaskId task = 0;
  CHECK_NUMBER(wxt_download_file(session, &request, callbacks, &task, NULL), WXT_OK);
  return task;
}

int main(void) {
  begin();
  WxtSession *session = NULL;
  CHECK_NUMBER(open_with_limits(local_options(), &session), WXT_OK);

  Recorder background = {0};
  WxtCallbacks callbacks = recorded_by(&background);
  uint64_t started = now();
  WxtTaskId task = download_in_the_background(session, tls("/bytes/100000"), &callbacks);
  EXPECT_SUCCESS(&background, 200);
  check_pattern(background.native_path, 100000);
  CHECK(now() - started >= 1500);
  CHECK_NUMBER(wxt_task_set_max_bytes_per_second(session, task, 0), WXT_NOT_FOUND);
  recorder_forget(&background);

  /* At its first limit, the download would take 12 minutes. */
  task = download_in_the_background(session, tls("/bytes/40000000"), &callbacks);
  CHECK_NUMBER(wxt_task_set_max_bytes_per_second(session, task, 0), WXT_OK);
  CHECK_NUMBER(wxt_session_set_max_bytes_per_second(session, 0), WXT_OK);
  EXPECT_SUCCESS(&background, 200);
  CHECK_NUMBER(background.data_length, 40000000);
  recorder_forget(&background);

  Recorder stalled = {0};
  start_download(session, fault("stall-in-body"), &stalled);
  wait_for(&stalled, 'R');
  CHECK_TEXT(stalled.err_msg, "downloadFile:fail timeout");
  CHECK_TEXT(stalled.detail, "stalled");
  CHECK_NUMBER(stalled.err_no, WXT_ERRNO_TIMEOUT);
  CHECK_NUMBER(stalled.category, WXT_CATEGORY_TIMEOUT);
  CHECK(stalled.retryable);
  recorder_forget(&stalled);

  close_session(session);
  CHECK_NUMBER(wxt_session_set_max_bytes_per_second(session, 0), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_session_set_max_bytes_per_second(NULL, 0), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_task_set_max_bytes_per_second(session, task, 0), WXT_SESSION_CLOSED);
  CHECK_NUMBER(wxt_task_set_max_bytes_per_second(NULL, task, 0), WXT_INVALID_ARGUMENT);

  WxtSessionOptions half = local_options();
  half.low_speed_limit = 1000;
  CHECK_NUMBER(wxt_session_open(&half, &session, NULL), WXT_INVALID_ARGUMENT);
  return 0;
}
