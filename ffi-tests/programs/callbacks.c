/* The header's guarantees about callbacks: which ones run, in which order and how often, that they run one at a time, and
 * which functions they may call. */

#include "../support.h"

static void a_success_and_a_failure(WxtSession *session) {
  Recorder success = {0};
  Recorder failure = {0};
  start_download(session, tls("/bytes/100"), &success);
  EXPECT_SUCCESS(&success, 200);
  start_download(session, fault("close"), &failure);
  EXPECT_FAILURE(&failure, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED, NULL);
  CHECK_TEXT(failure.order, "FCR");
  recorder_forget(&success);
  recorder_forget(&failure);
}

/* Every callback is optional. */
static void none_but_release(WxtSession *session) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/bytes/100"));
  Recorder recorder = {0};
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = &recorder;
  callbacks.release = recorder_release;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  wait_for(&recorder, 'R');
  CHECK_TEXT(recorder.order, "R");

  callbacks = wxt_callbacks();
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
}

/* --- What may be called from inside. --- */

typedef struct {
  Recorder recorder;
  WxtSession *session;
  /* Opened and used in one callback of `session`. */
  WxtSession *other;
  Recorder same_session;
  Recorder other_session;
} Nested;

static void nested_on_success(void *user_data, WxtTaskId task, const WxtSuccess *event) {
  Nested *nested = user_data;
  recorder_on_success(&nested->recorder, task, event);
  CHECK_NUMBER(wxt_session_close(nested->session), WXT_CALLED_FROM_CALLBACK);
  CHECK_NUMBER(wxt_session_enter_background(nested->session), WXT_OK);
  CHECK_NUMBER(wxt_session_enter_foreground(nested->session), WXT_OK);
  CHECK_NUMBER(wxt_task_abort(nested->session, task), WXT_NOT_FOUND);
  start_download(nested->session, tls("/bytes/5"), &nested->same_session);
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("another");
  nested->other = open_session(&options);
  start_download(nested->other, tls("/bytes/5"), &nested->other_session);
  /* Closing another session is refused, too: its callbacks may be waiting for this one. */
  CHECK_NUMBER(wxt_session_close(nested->other), WXT_CALLED_FROM_CALLBACK);
}

static void nested_on_complete(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  Nested *nested = user_data;
  recorder_on_complete(&nested->recorder, task, event);
  CHECK_NUMBER(wxt_session_close(nested->session), WXT_CALLED_FROM_CALLBACK);
}

static void nested_release(void *user_data) {
  Nested *nested = user_data;
  CHECK_NUMBER(wxt_session_close(nested->session), WXT_CALLED_FROM_CALLBACK);
  recorder_release(&nested->recorder);
}

static void calls_from_inside(WxtSession *session) {
  Nested nested;
  memset(&nested, 0, sizeof nested);
  nested.session = session;
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/bytes/100"));
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = &nested;
  callbacks.on_success = nested_on_success;
  callbacks.on_complete = nested_on_complete;
  callbacks.release = nested_release;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  wait_for(&nested.recorder, 'R');
  CHECK_TEXT(nested.recorder.order, "SCR");
  EXPECT_SUCCESS(&nested.same_session, 200);
  EXPECT_SUCCESS(&nested.other_session, 200);
  /* The same call succeeds outside of the callback. */
  close_session(nested.other);
  recorder_forget(&nested.recorder);
  recorder_forget(&nested.same_session);
  recorder_forget(&nested.other_session);
}

/* A task that its own callback aborts. */
static void abort_on_headers(void *user_data, WxtTaskId task, const WxtHeadersReceived *event) {
  Nested *nested = user_data;
  recorder_on_headers(&nested->recorder, task, event);
  CHECK_NUMBER(wxt_task_abort(nested->session, task), WXT_OK);
}

static void nested_on_fail(void *user_data, WxtTaskId task, const WxtFailure *event) {
  recorder_on_fail(&((Nested *)user_data)->recorder, task, event);
}

static void an_abort_from_inside(WxtSession *session) {
  Nested nested;
  memset(&nested, 0, sizeof nested);
  nested.session = session;
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(fault("stall-in-body"));
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = &nested;
  callbacks.on_headers_received = abort_on_headers;
  callbacks.on_fail = nested_on_fail;
  callbacks.on_complete = nested_on_complete;
  callbacks.release = nested_release;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_FAILURE(&nested.recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  CHECK_TEXT(nested.recorder.order, "HFCR");
}

/* --- One at a time, on one thread. --- */

enum { TASKS = 30 };

static struct {
  unsigned completed;
  pthread_t thread;
  bool busy;
} delivery;

static void one_at_a_time(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  pthread_mutex_lock(&recorder_lock);
  CHECK(!delivery.busy);
  CHECK(delivery.completed == 0 || pthread_equal(delivery.thread, pthread_self()));
  delivery.thread = pthread_self();
  delivery.busy = true;
  delivery.completed++;
  pthread_mutex_unlock(&recorder_lock);
  /* Long enough for an overlapping callback to start. */
  struct timespec pause = {0, 2000000};
  nanosleep(&pause, NULL);
  pthread_mutex_lock(&recorder_lock);
  delivery.busy = false;
  pthread_mutex_unlock(&recorder_lock);
  recorder_on_complete(user_data, task, event);
}

static void many_tasks(WxtSession *session) {
  static Recorder recorders[TASKS];
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/bytes/1000"));
  for (size_t i = 0; i < TASKS; i++) {
    WxtCallbacks callbacks = recorded_by(&recorders[i]);
    callbacks.on_complete = one_at_a_time;
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  }
  for (size_t i = 0; i < TASKS; i++) {
    EXPECT_SUCCESS(&recorders[i], 200);
    CHECK(!pthread_equal(delivery.thread, pthread_self()));
    recorder_forget(&recorders[i]);
  }
  CHECK_NUMBER(delivery.completed, TASKS);
}

/* --- Closing a session ends its running and its waiting tasks. --- */

static void closing(WxtSession *session) {
  static Recorder recorders[TASKS];
  for (size_t i = 0; i < TASKS; i++) {
    start_download(session, fault("stall-in-body"), &recorders[i]);
  }
  wait_for(&recorders[0], 'H');
  close_session(session);
  for (size_t i = 0; i < TASKS; i++) {
    /* No wait is needed: after `wxt_session_close` has returned, nothing of the session runs. */
    CHECK(has_run(&recorders[i], 'R'));
    EXPECT_FAILURE(&recorders[i], WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  }
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  a_success_and_a_failure(session);
  none_but_release(session);
  calls_from_inside(session);
  an_abort_from_inside(session);
  many_tasks(session);
  closing(session);
  return 0;
}
