/* Many threads start and abort their own and each other's tasks at the same time. In the end the totals match. */

#include "../support.h"

enum { THREADS = 8, TASKS_EACH = 40, TASKS = THREADS * TASKS_EACH };

static WxtSession *session;
static const char *quick_url;
static const char *stalled_url;
static const char *upload_url;
static const char *file_path;

static Recorder recorders[TASKS];
/* The task of each recorder once it is started; guarded by `recorder_lock`. */
static WxtTaskId tasks[TASKS];
/* Whether the task ends only by an abort. */
static bool stalls[TASKS];

/* The same numbers in every run (a linear congruential generator from Numerical Recipes). */
static unsigned next_number(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 16;
}

static void start_one(size_t index, unsigned choice) {
  WxtTaskId task;
  switch (choice % 4) {
    case 0:
      task = start_upload(session, upload_url, file_path, &recorders[index]);
      break;
    case 1:
      stalls[index] = true;
      task = start_download(session, stalled_url, &recorders[index]);
      break;
    default:
      task = start_download(session, quick_url, &recorders[index]);
      break;
  }
  pthread_mutex_lock(&recorder_lock);
  tasks[index] = task;
  pthread_mutex_unlock(&recorder_lock);
}

static void abort_one(size_t index) {
  pthread_mutex_lock(&recorder_lock);
  WxtTaskId task = tasks[index];
  pthread_mutex_unlock(&recorder_lock);
  if (task != 0) {
    WxtStatus status = wxt_task_abort(session, task);
    CHECK(status == WXT_OK || status == WXT_NOT_FOUND);
  }
}

static void *work(void *first) {
  size_t base = (size_t)((Recorder *)first - recorders);
  uint32_t state = (uint32_t)base + 1;
  for (size_t i = 0; i < TASKS_EACH; i++) {
    start_one(base + i, next_number(&state));
    if (next_number(&state) % 2 == 0) {
      abort_one(next_number(&state) % TASKS);
    }
    if (next_number(&state) % 16 == 0) {
      CHECK_NUMBER(wxt_session_enter_background(session), WXT_OK);
      CHECK_NUMBER(wxt_session_enter_foreground(session), WXT_OK);
    }
  }
  return NULL;
}

int main(void) {
  begin();
  quick_url = tls("/bytes/5000");
  stalled_url = fault("stall-in-body");
  upload_url = tls("/upload");
  file_path = in_directory("file");
  write_pattern(file_path, 5000);
  WxtSessionOptions options = local_options();
  session = open_session(&options);

  pthread_t threads[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    CHECK(pthread_create(&threads[i], NULL, work, &recorders[i * TASKS_EACH]) == 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
  }
  /* Aborts stalled tasks that were not aborted by chance, and some others. The rest ends by itself. */
  for (size_t i = 0; i < TASKS; i++) {
    CHECK(tasks[i] != 0);
    if (stalls[i] || i % 2 == 0) {
      abort_one(i);
    }
  }
  for (size_t i = 0; i < TASKS; i++) {
    wait_for(&recorders[i], 'R');
  }
  close_session(session);

  unsigned successes = 0;
  unsigned failures = 0;
  for (size_t i = 0; i < TASKS; i++) {
    const char *order = recorders[i].order;
    CHECK(recorders[i].task == tasks[i]);
    if (strcmp(order, "HSCR") == 0) {
      CHECK_NUMBER(recorders[i].status_code, 200);
      successes++;
    } else {
      /* It was aborted, or refused in the background. */
      CHECK(strcmp(order, "FCR") == 0 || strcmp(order, "HFCR") == 0);
      CHECK(recorders[i].category == WXT_CATEGORY_ABORTED || recorders[i].category == WXT_CATEGORY_INTERRUPTED);
      failures++;
    }
    for (size_t other = 0; other < i; other++) {
      CHECK(tasks[other] != tasks[i]);
    }
    recorder_forget(&recorders[i]);
  }
  CHECK_NUMBER(successes + failures, TASKS);
  CHECK(successes > 0 && failures > 0);
  return 0;
}
