/* Ten concurrent tasks per API. The eleventh waits, or fails on an old base library. */

#include "../support.h"

enum { AT_ONCE = 10, WAITING = 3 };

static void the_eleventh_waits(WxtSession *session) {
  Recorder running[AT_ONCE];
  Recorder waiting[WAITING];
  WxtTaskId tasks[AT_ONCE];
  memset(running, 0, sizeof running);
  memset(waiting, 0, sizeof waiting);
  for (size_t i = 0; i < AT_ONCE; i++) {
    tasks[i] = start_download(session, fault("stall-in-body"), &running[i]);
  }
  for (size_t i = 0; i < WAITING; i++) {
    start_download(session, tls("/bytes/10"), &waiting[i]);
  }
  for (size_t i = 0; i < AT_ONCE; i++) {
    wait_for(&running[i], 'H');
  }

  /* Uploads have ten separate places. */
  Recorder upload = {0};
  start_upload(session, tls("/upload"), in_directory("small"), &upload);
  EXPECT_SUCCESS(&upload, 200);
  recorder_forget(&upload);
  CHECK(!has_run(&waiting[0], 'H'));

  /* One place becomes free. The waiting tasks take it one after another, in the order of the calls. */
  uint64_t freed = now();
  CHECK_NUMBER(wxt_task_abort(session, tasks[4]), WXT_OK);
  for (size_t i = 0; i < WAITING; i++) {
    EXPECT_SUCCESS(&waiting[i], 200);
    CHECK(waiting[i].profile.queue_start <= freed);
    CHECK(waiting[i].profile.queue_end >= freed);
    CHECK(i == 0 || waiting[i].place > waiting[i - 1].place);
    recorder_forget(&waiting[i]);
  }
  for (size_t i = 0; i < AT_ONCE; i++) {
    WxtStatus expected = i == 4 ? WXT_NOT_FOUND : WXT_OK;
    CHECK_NUMBER(wxt_task_abort(session, tasks[i]), expected);
    EXPECT_FAILURE(&running[i], WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  }
}

/* The deadline starts when a task leaves the queue. The time in the queue does not count. */
static void waiting_is_no_part_of_the_deadline(void) {
  WxtSessionOptions options = local_options();
  options.max_concurrent_downloads = 1;
  WxtSession *session = open_session(&options);
  Recorder first = {0};
  Recorder second = {0};
  WxtCallbacks callbacks = recorded_by(&first);
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(fault("stall-in-body"));
  request.timeout = 1500;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  callbacks = recorded_by(&second);
  request.url = wxt_str(fault("stall-in-body"));
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_FAILURE(&first, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
  CHECK(!has_run(&second, 'F'));
  EXPECT_FAILURE(&second, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
  CHECK(second.profile.queue_end - second.profile.queue_start >= 1400);
  CHECK(now() - second.profile.queue_end >= 1400);
  close_session(session);
}

static void an_old_base_library_fails(const char *base_library, bool upload, bool fails) {
  WxtSessionOptions options = local_options();
  options.base_library_version = wxt_str(base_library);
  WxtSession *session = open_session(&options);
  Recorder running[AT_ONCE + 1];
  WxtTaskId tasks[AT_ONCE + 1];
  memset(running, 0, sizeof running);
  for (size_t i = 0; i <= AT_ONCE; i++) {
    tasks[i] = upload ? start_upload(session, fault("stall-before-answer"), in_directory("small"), &running[i])
                      : start_download(session, fault("stall-before-answer"), &running[i]);
  }
  if (fails) {
    EXPECT_FAILURE(&running[AT_ONCE], WXT_ERRNO_TOO_MANY_TASKS, WXT_CATEGORY_LIMIT,
                   upload ? "uploadFile:fail exceed max upload connection count 10"
                          : "downloadFile:fail exceed max download connection count 10");
    CHECK(running[AT_ONCE].retryable);
  } else {
    /* It has not ended, so it can be aborted. */
    CHECK_NUMBER(wxt_task_abort(session, tasks[AT_ONCE]), WXT_OK);
  }
  for (size_t i = 0; i < AT_ONCE; i++) {
    CHECK_NUMBER(wxt_task_abort(session, tasks[i]), WXT_OK);
  }
  for (size_t i = 0; i < AT_ONCE; i++) {
    EXPECT_FAILURE(&running[i], upload ? WXT_ERRNO_CANCEL : WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, NULL);
  }
  /* There is a free place again. */
  Recorder next = {0};
  start_download(session, tls("/bytes/1"), &next);
  wait_for(&next, 'R');
  CHECK_TEXT(next.err_msg, "downloadFile:ok");
  recorder_forget(&next);
  close_session(session);
}

int main(void) {
  begin();
  write_bytes(in_directory("small"), "x", 1);
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  the_eleventh_waits(session);
  close_session(session);
  waiting_is_no_part_of_the_deadline();
  an_old_base_library_fails("2.4.0", true, true);
  an_old_base_library_fails("2.4.1", true, false);
  an_old_base_library_fails("1.4.3", false, true);
  an_old_base_library_fails("1.4.4", false, false);
  return 0;
}
