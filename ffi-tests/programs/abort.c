/* wxt_task_abort: in every state, the task fails once with `abort`. An ended task is not found. */

#include "../support.h"

/* The only worker is busy, so the second task waits. It has ended when the abort returns. */
static void while_queued(void) {
  WxtSessionOptions options = local_options();
  options.max_concurrent_downloads = 1;
  WxtSession *session = open_session(&options);
  Recorder running = {0};
  Recorder queued = {0};
  Recorder next = {0};
  WxtTaskId first = start_download(session, fault("stall-in-body"), &running);
  WxtTaskId second = start_download(session, tls("/bytes/10"), &queued);
  start_download(session, tls("/bytes/20"), &next);
  wait_for(&running, 'H');
  CHECK_NUMBER(wxt_task_abort(session, second), WXT_OK);
  CHECK_NUMBER(wxt_task_abort(session, second), WXT_NOT_FOUND);
  EXPECT_FAILURE(&queued, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  CHECK_NUMBER(queued.profile.queue_end, 0);
  CHECK(!has_run(&running, 'F'));

  /* Its place in the queue is free. */
  CHECK_NUMBER(wxt_task_abort(session, first), WXT_OK);
  EXPECT_FAILURE(&running, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  EXPECT_SUCCESS(&next, 200);
  recorder_forget(&next);
  close_session(session);
}

static void while_running(WxtSession *session) {
  static const char *const waits[] = {"stall-in-body", "stall-before-answer"};
  for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
    Recorder recorder = {0};
    WxtTaskId task = start_download(session, fault(waits[i]), &recorder);
    if (i == 0) {
      wait_for(&recorder, 'H');
    }
    uint64_t called = now();
    CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
    WxtStatus again = wxt_task_abort(session, task);
    CHECK(again == WXT_OK || again == WXT_NOT_FOUND);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
    CHECK(!recorder.retryable);
    /* Far below the deadline of one minute. */
    CHECK(now() - called < 20000);
  }
}

/* The server reads nothing, so the socket's buffers fill up and the upload waits in the middle of the file. */
static void an_upload_in_the_middle(WxtSession *session) {
  const char *path = in_directory("large");
  write_pattern(path, 16 * 1024 * 1024);
  Recorder recorder = {0};
  WxtTaskId task = start_upload(session, fault("stall-in-upload"), path, &recorder);
  pthread_mutex_lock(&recorder_lock);
  while (recorder.progress_events == 0) {
    pthread_cond_wait(&recorder_changed, &recorder_lock);
  }
  pthread_mutex_unlock(&recorder_lock);
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_CANCEL, WXT_CATEGORY_ABORTED, "uploadFile:fail abort");
  CHECK(recorder.progress.progress < 100);
}

/* Nothing accepts the connection. */
static void while_connecting(WxtSession *session) {
  Recorder recorder = {0};
  WxtTaskId task = start_download(session, format("%s/x", variable("WXT_BLACK_HOLE_URL")), &recorder);
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
}

static void what_is_not_there(WxtSession *session) {
  Recorder recorder = {0};
  WxtTaskId task = start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_NOT_FOUND);
  CHECK_NUMBER(wxt_task_abort(session, task + 1000), WXT_NOT_FOUND);
  CHECK_NUMBER(wxt_task_abort(session, 0), WXT_NOT_FOUND);
  CHECK_NUMBER(wxt_task_abort(NULL, task), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(recorder.order, "HSCR");
  recorder_forget(&recorder);

  /* A task belongs to one session. */
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("another");
  WxtSession *other = open_session(&options);
  task = start_download(session, fault("stall-in-body"), &recorder);
  CHECK_NUMBER(wxt_task_abort(other, task), WXT_NOT_FOUND);
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  close_session(other);
}

int main(void) {
  begin();
  while_queued();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  while_running(session);
  an_upload_in_the_middle(session);
  while_connecting(session);
  what_is_not_there(session);
  close_session(session);
  return 0;
}
