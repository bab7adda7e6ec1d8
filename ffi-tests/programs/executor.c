/* Callbacks on the host's main thread, inline, or during the closing of the session. */

#include "../support.h"

/* --- A main loop: jobs are queued, and only the main thread runs them. --- */

typedef struct Job {
  void (*run)(void *data);
  void *data;
  struct Job *next;
} Job;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  Job *first;
  unsigned posted;
} loop = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0};

static void loop_post(void *context, void (*run)(void *data), void *data) {
  CHECK(context == &loop);
  Job *job = malloc(sizeof *job);
  CHECK(job != NULL);
  job->run = run;
  job->data = data;
  job->next = NULL;
  pthread_mutex_lock(&loop.lock);
  Job **end = &loop.first;
  while (*end != NULL) {
    end = &(*end)->next;
  }
  *end = job;
  loop.posted++;
  pthread_cond_signal(&loop.changed);
  pthread_mutex_unlock(&loop.lock);
}

/* Runs the next job. If `wait`, waits for one; otherwise returns false if there is none. */
static bool loop_run_one(bool wait) {
  pthread_mutex_lock(&loop.lock);
  while (wait && loop.first == NULL) {
    pthread_cond_wait(&loop.changed, &loop.lock);
  }
  Job *job = loop.first;
  if (job != NULL) {
    loop.first = job->next;
  }
  pthread_mutex_unlock(&loop.lock);
  if (job == NULL) {
    return false;
  }
  job->run(job->data);
  free(job);
  return true;
}

static pthread_t main_thread;

static void on_the_main_thread(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  CHECK(pthread_equal(main_thread, pthread_self()));
  recorder_on_complete(user_data, task, event);
}

static WxtTaskId start(WxtSession *session, const char *url, Recorder *recorder) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  WxtCallbacks callbacks = recorded_by(recorder);
  callbacks.on_complete = on_the_main_thread;
  WxtTaskId task = 0;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, &task, NULL), WXT_OK);
  return task;
}

static WxtSession *open_on_the_loop(void) {
  WxtSessionOptions options = local_options();
  options.executor.context = &loop;
  options.executor.post = loop_post;
  return open_session(&options);
}

static void the_main_thread_runs_callbacks(void) {
  enum { TASKS = 12 };
  WxtSession *session = open_on_the_loop();
  Recorder recorders[TASKS];
  memset(recorders, 0, sizeof recorders);
  for (size_t i = 0; i < TASKS; i++) {
    start(session, tls("/bytes/1000"), &recorders[i]);
  }
  for (size_t i = 0; i < TASKS; i++) {
    while (!has_run(&recorders[i], 'R')) {
      loop_run_one(true);
    }
    EXPECT_SUCCESS(&recorders[i], 200);
    recorder_forget(&recorders[i]);
  }
  close_session(session);
  while (loop_run_one(false)) {
  }
}

/* The main thread closes the session without having run the posted jobs: the callbacks run inside the close, and the
 * posted jobs do nothing. */
static void closed_with_a_full_queue(void) {
  WxtSession *session = open_on_the_loop();
  Recorder finished = {0};
  Recorder stalled = {0};
  start(session, fault("close"), &finished);
  start(session, fault("stall-in-body"), &stalled);
  pthread_mutex_lock(&loop.lock);
  while (loop.first == NULL) {
    pthread_cond_wait(&loop.changed, &loop.lock);
  }
  pthread_mutex_unlock(&loop.lock);
  CHECK_TEXT(finished.order, "");
  CHECK_TEXT(stalled.order, "");
  close_session(session);
  CHECK(has_run(&finished, 'R') && has_run(&stalled, 'R'));
  CHECK(strchr(finished.order, 'F') != NULL);
  EXPECT_FAILURE(&stalled, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  char before[sizeof stalled.order];
  memcpy(before, stalled.order, sizeof before);
  while (loop_run_one(false)) {
  }
  CHECK_TEXT(stalled.order, before);
}

/* A job on the main thread may start and abort tasks, and be followed by a close. */
static void aborted_on_the_main_thread(void) {
  WxtSession *session = open_on_the_loop();
  Recorder recorder = {0};
  WxtTaskId task = start(session, fault("stall-in-body"), &recorder);
  while (!has_run(&recorder, 'H')) {
    loop_run_one(true);
  }
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
  /* Nothing runs until the main thread runs its jobs. */
  CHECK_TEXT(recorder.order, "H");
  while (!has_run(&recorder, 'R')) {
    loop_run_one(true);
  }
  EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  close_session(session);
  while (loop_run_one(false)) {
  }
}

/* --- An executor that runs each job inline, on the thread that posts it. --- */

static void run_at_once(void *context, void (*run)(void *data), void *data) {
  (void)context;
  run(data);
}

typedef struct {
  Recorder recorder;
  Recorder second;
  WxtSession *session;
} Chain;

static void chain_on_success(void *user_data, WxtTaskId task, const WxtSuccess *event) {
  recorder_on_success(&((Chain *)user_data)->recorder, task, event);
}

static void chain_on_complete(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  Chain *chain = user_data;
  recorder_on_complete(&chain->recorder, task, event);
  /* Fails at once, so its events are posted inside this callback. They run after it. */
  start_download(chain->session, "no url", &chain->second);
  CHECK_TEXT(chain->second.order, "");
}

static void chain_release(void *user_data) {
  recorder_release(&((Chain *)user_data)->recorder);
}

static void an_inline_executor(void) {
  WxtSessionOptions options = local_options();
  options.executor.post = run_at_once;
  Chain chain;
  memset(&chain, 0, sizeof chain);
  chain.session = open_session(&options);
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/bytes/1000"));
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = &chain;
  callbacks.on_success = chain_on_success;
  callbacks.on_complete = chain_on_complete;
  callbacks.release = chain_release;
  CHECK_NUMBER(wxt_download_file(chain.session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_FAILURE(&chain.second, WXT_ERRNO_INVALID_URL, WXT_CATEGORY_REQUEST, "downloadFile:fail invalid url");

  /* A call that fails at once: its callbacks run on this thread, or on the worker that still runs the previous ones. */
  Recorder refused = {0};
  start_download(chain.session, "no url", &refused);
  EXPECT_FAILURE(&refused, WXT_ERRNO_INVALID_URL, WXT_CATEGORY_REQUEST, "downloadFile:fail invalid url");
  CHECK_TEXT(refused.order, "FCR");
  close_session(chain.session);
  CHECK_TEXT(chain.recorder.order, "SCR");
  recorder_forget(&chain.recorder);
}

int main(void) {
  begin();
  main_thread = pthread_self();
  the_main_thread_runs_callbacks();
  closed_with_a_full_queue();
  aborted_on_the_main_thread();
  an_inline_executor();
  return 0;
}
