/*
 * Transfers that take longer than WeChat allows: a deadline of more than a minute, and an app that the system suspends
 * during the transfer. A process stands for the app, and SIGSTOP for the suspension.
 */

#include "../support.h"

#include <signal.h>
#include <sys/wait.h>

/* Under an emulator everything takes longer, so the servers wait longer, too. */
static unsigned slowness(void) {
  return (unsigned)atoi(variable("WXT_SLOWNESS"));
}

/* Milliseconds. A task with this deadline ends before the app resumes, unless the deadline stands still. */
static uint32_t short_deadline(void) {
  return 10000 * slowness();
}

/* Seconds. Longer than the servers wait, than the 5 s of the background, and than the deadline. */
static unsigned suspension(void) {
  return 11 * slowness();
}

static WxtStatus open_for_long_transfers(WxtSessionOptions options, WxtSession **session) {
  options.max_timeout = 600000;   /* milliseconds: a page may ask for ten minutes; without a timeout it has one minute */
  options.wait_in_background = 1; /* transfers wait for the app's return */
  options.resume = WXT_RESUME_WITHIN_TASK; /* a download then continues where it stopped */
  options.max_retries = 1;
  options.retry_uploads = 1; /* only if the servers know Idempotency-Key */
  return wxt_session_open(&options, session, NULL);
}

/* The app's two life cycle callbacks. */

static void did_enter_background(WxtSession *session) {
  CHECK_NUMBER(wxt_session_enter_background(session), WXT_OK);
}

static void will_enter_foreground(WxtSession *session) {
  CHECK_NUMBER(wxt_session_enter_foreground(session), WXT_OK);
}

static WxtTaskId start_download_with(WxtSession *session, const char *url, uint32_t timeout, Recorder *recorder) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  request.timeout = timeout;
  WxtCallbacks callbacks = recorded_by(recorder);
  WxtTaskId task = 0;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, &task, NULL), WXT_OK);
  return task;
}

static void wait_for_progress(Recorder *recorder) {
  pthread_mutex_lock(&recorder_lock);
  while (recorder->progress_events == 0 && strchr(recorder->order, 'R') == NULL) {
    pthread_cond_wait(&recorder_changed, &recorder_lock);
  }
  pthread_mutex_unlock(&recorder_lock);
}

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t log_changed = PTHREAD_COND_INITIALIZER;
static bool waits_for_the_server = false;

static void log_line(void *context, int32_t level, WxtStr message) {
  char line[1024];
  (void)context, (void)level;
  copy_text(line, sizeof line, message);
  if (strstr(line, "downloadFile: attempt 2 in ") != NULL) {
    pthread_mutex_lock(&log_lock);
    waits_for_the_server = true;
    pthread_cond_signal(&log_changed);
    pthread_mutex_unlock(&log_lock);
  }
}

/* The server's answer requests a wait of 90 s (Retry-After). A task whose deadline is later waits. Other tasks end with this answer. */
static void a_longer_deadline(void) {
  WxtSessionOptions options = local_options();
  options.max_retries = 1;
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};
  start_download_with(session, variable("WXT_BUSY_URL"), 600000, &recorder);
  wait_for(&recorder, 'R');
  CHECK_NUMBER(recorder.status_code, 503);
  CHECK_NUMBER(recorder.attempts, 1);
  recorder_forget(&recorder);
  close_session(session);

  options = local_options();
  options.logger.log = log_line;
  CHECK_NUMBER(open_for_long_transfers(options, &session), WXT_OK);
  WxtTaskId task = start_download_with(session, variable("WXT_BUSY_URL"), 600000, &recorder);
  pthread_mutex_lock(&log_lock);
  while (!waits_for_the_server) {
    pthread_cond_wait(&log_changed, &log_lock);
  }
  pthread_mutex_unlock(&log_lock);
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  recorder_forget(&recorder);
  close_session(session);
}

/* The app. It reports when it may be suspended, and continues when it receives a message. */
static void app(int say, int told) {
  WxtSessionOptions options = local_options();
  WxtSession *waiting = NULL;
  CHECK_NUMBER(open_for_long_transfers(options, &waiting), WXT_OK);
  /* This session waits, too, but has neither `resume` nor `retry_uploads`. */
  options.app_id = wxt_str("wx0000000000000001");
  options.wait_in_background = 1;
  WxtSession *careful = open_session(&options);
  /* A session with WeChat's rules: the background interrupts its tasks. */
  options = local_options();
  options.app_id = wxt_str("wx0000000000000002");
  WxtSession *usual = open_session(&options);
  /* An app that does not report the background to its session. */
  options.app_id = wxt_str("wx0000000000000003");
  options.resume = WXT_RESUME_WITHIN_TASK;
  WxtSession *silent = open_session(&options);

  const char *file = in_directory("file");
  write_pattern(file, 100000);
  Recorder resumed = {0}, again = {0}, anew = {0}, once = {0}, interrupted = {0}, late = {0}, broken = {0};
  start_download_with(waiting, variable("WXT_RESUMED_URL"), short_deadline(), &resumed);
  start_upload(waiting, variable("WXT_AGAIN_URL"), file, &again);
  start_download_with(careful, variable("WXT_ANEW_URL"), short_deadline(), &anew);
  start_upload(careful, fault("stall-in-upload"), file, &once);
  start_download(usual, fault("stall-in-body"), &interrupted);
  start_download_with(silent, fault("stall-in-body"), short_deadline(), &late);
  start_download(silent, variable("WXT_BROKEN_URL"), &broken);
  Recorder *all[] = {&resumed, &again, &anew, &once, &interrupted, &late, &broken};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    wait_for_progress(all[i]);
  }

  did_enter_background(waiting);
  did_enter_background(careful);
  did_enter_background(usual);
  char byte = 0;
  CHECK(write(say, "b", 1) == 1);
  CHECK(read(told, &byte, 1) == 1);
  will_enter_foreground(waiting);
  will_enter_foreground(careful);
  will_enter_foreground(usual);

  EXPECT_SUCCESS(&resumed, 200);
  check_pattern(resumed.native_path, 100000);
  CHECK_NUMBER(resumed.attempts, 2);
  CHECK_NUMBER(resumed.resumed_from, 40000);
  EXPECT_SUCCESS(&again, 200);
  CHECK_NUMBER(again.attempts, 2);
  EXPECT_SUCCESS(&anew, 200);
  check_pattern(anew.native_path, 100000);
  CHECK_NUMBER(anew.attempts, 2);
  CHECK_NUMBER(anew.resumed_from, 0);
  EXPECT_FAILURE(&once, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "uploadFile:fail interrupted");

  EXPECT_FAILURE(&interrupted, WXT_ERRNO_INTERRUPTED, WXT_CATEGORY_INTERRUPTED, "downloadFile:fail interrupted");

  /* The deadline has passed. The download whose connection broke is attempted again, as without a suspension. */
  EXPECT_FAILURE(&late, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
  EXPECT_SUCCESS(&broken, 200);
  check_pattern(broken.native_path, 100000);
  CHECK_NUMBER(broken.attempts, 2);

  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    recorder_forget(all[i]);
  }
  close_session(waiting);
  close_session(careful);
  close_session(usual);
  close_session(silent);
}

/* The system: stops the app when it is in the background, and resumes it later. */
static void an_app_that_is_suspended(void) {
  int said[2], told[2], status = 0;
  char byte = 0;
  CHECK(pipe(said) == 0 && pipe(told) == 0);
  pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    begin();
    close(said[0]);
    close(told[1]);
    app(said[1], told[0]);
    exit(0);
  }
  close(said[1]);
  close(told[0]);
  CHECK(read(said[0], &byte, 1) == 1);
  CHECK(kill(process, SIGSTOP) == 0);
  CHECK(waitpid(process, &status, WUNTRACED) == process && WIFSTOPPED(status));
  sleep(suspension());
  CHECK(kill(process, SIGCONT) == 0);
  CHECK(write(told[1], "f", 1) == 1);
  CHECK(waitpid(process, &status, 0) == process);
  CHECK(WIFEXITED(status));
  CHECK_NUMBER(WEXITSTATUS(status), 0);
  close(said[0]);
  close(told[1]);
}

int main(void) {
  begin();
  /* First, because a process with threads should not be forked. */
  an_app_that_is_suspended();
  a_longer_deadline();
  return 0;
}
