/* Records the callbacks of every task, and checks them: each accepted task has one of success and fail, one complete and one
 * release, in order; a session's callbacks run one at a time, and none after its close. */

#ifndef STRESS_LEDGER_H
#define STRESS_LEDGER_H

#include "random.h"

/* Relaxed, because stronger ordering here would hide the library's races from ThreadSanitizer. */
#define ADD(counter, number) __atomic_fetch_add(&(counter), (number), __ATOMIC_RELAXED)
#define SEEN(value) __atomic_load_n(&(value), __ATOMIC_RELAXED)

enum { BEGUN, ACCEPTED, REFUSED };
/* The callbacks that the host set, in addition to `release`. */
enum { GIVEN_HEADERS = 1, GIVEN_PROGRESS = 2, GIVEN_TRACE = 4, GIVEN_SUCCESS = 8, GIVEN_FAIL = 16, GIVEN_COMPLETE = 32 };
enum { MOST_LETTERS = 24, RECENT = 32, PATHS = 8, PATH_SIZE = 96 };

typedef struct {
  /* The id from the starting function. 0 before it has returned. */
  WxtTaskId id;
  uint64_t bytes;
  uint32_t percent;
  /* The number of its session. */
  uint32_t session;
  /* The previous task of the same session. 0 means none. */
  uint32_t previous;
  int32_t category;
  /* The callbacks that have run, one letter each: (H)eaders, (P)rogress, (T)race, (S)uccess, (F)ail, (C)omplete, (R)elease.
   * Consecutive equal letters are stored once. */
  char order[MOST_LETTERS];
  uint8_t given;
  uint8_t state;
  uint8_t abort_accepted;
  /* A description, as a static text. */
  const char *what;
} Task;

/* One session, from its opening to its close. Sessions are never deleted, so that late callbacks are noticed. */
typedef struct {
  WxtSession *handle;
  const char *executor;
  /* `closing` is set before `wxt_session_close` is called, `closed` after it has returned. */
  uint8_t closing;
  uint8_t closed;
  uint8_t small_quota;
  /* Set while a callback of a task runs. */
  uint8_t inside;
  uint32_t last_task;
  uint32_t accepted;
  uint32_t released;
  uint32_t succeeded;
  uint32_t completed;
  /* Tasks that may still run, to be aborted. */
  uint32_t recent[RECENT];
  /* Protects the page's files for later calls, and the jobs that the executor dropped. */
  pthread_mutex_t lock;
  char paths[PATHS][PATH_SIZE];
  Work *dropped;
} Session;

/* The first element of each is unused. */
static Task *tasks;
static Session *sessions;
static uint32_t task_limit, session_limit;
static uint32_t task_count = 1, session_count = 1, accepted_count;
static const char endless_download[] = "endless download";
/* Of the endless downloads. */
static uint32_t interrupted_count;
static uint64_t seed;
/* A factor for all time limits, for slow environments such as valgrind. */
static uint32_t patience = 1;
/* Set when no new task may start. */
static uint8_t winding_down;

/* Makes a random call from inside a callback. */
static void act_in_callback(Task *task, Random *random);

static void print_session(const Session *session) {
  fprintf(stderr, "session %u: executor %s, %s; %u accepted, %u completed, %u released\n", (unsigned)(session - sessions),
          session->executor, session->closed ? "closed" : session->closing ? "closing" : "open", session->accepted,
          session->completed, session->released);
}

/* Reports a violation with the task's history, and ends the program. */
static void broken(const Task *task, const char *how) {
  static const char *const states[] = {"being started", "accepted", "refused"};
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&once);
  fprintf(stderr, "broken: %s\ntask %u (%s, number %llu, %s): callbacks so far \"%s\", given %#x, category %d%s\n", how,
          (unsigned)(task - tasks), task->what == NULL ? "?" : task->what, (unsigned long long)task->id, states[task->state],
          task->order, task->given, (int)task->category, task->abort_accepted ? ", its abort was accepted" : "");
  print_session(&sessions[task->session]);
  fprintf(stderr, "SEED=%llu\n", (unsigned long long)seed);
  _exit(1);
}

/* Reports a violation of a whole session. */
static void broken_session(const Session *session, const char *how) {
  fprintf(stderr, "broken: %s\n", how);
  print_session(session);
  fprintf(stderr, "SEED=%llu\n", (unsigned long long)seed);
  _exit(1);
}

static bool has(const Task *task, const char *letters) {
  return strpbrk(task->order, letters) != NULL;
}

/* Called at the start of every callback. */
static Task *enter(void *user_data, WxtTaskId id, char letter) {
  Task *task = user_data;
  Session *session = &sessions[task->session];
  if (__atomic_exchange_n(&session->inside, 1, __ATOMIC_RELAXED) != 0) {
    broken(task, "a callback ran while another one of its session did");
  }
  if (SEEN(session->closed)) broken(task, "a callback ran after the session was closed");
  if (SEEN(task->state) == REFUSED) broken(task, "a callback ran of a task that was refused");
  if (has(task, "R")) broken(task, "a callback ran after release");
  if (letter != 'R' && has(task, "C")) broken(task, "a callback other than release ran after complete");
  if (letter != 'R' && letter != 'C' && has(task, "SF")) broken(task, "a callback ran between the result and complete");
  if (letter == 'H' && has(task, "H")) broken(task, "headers came twice");
  if (letter == 'R' && (task->given & GIVEN_COMPLETE) != 0 && !has(task, "C")) broken(task, "release without complete");
  if (id != 0) {
    WxtTaskId known = SEEN(task->id);
    if (known != 0 && known != id) broken(task, "a callback has the number of another task");
  }
  size_t length = strlen(task->order);
  bool repeated = length > 0 && task->order[length - 1] == letter;
  /* Keeps space for the last callbacks, however often progress and traces alternate. */
  bool fits = length < MOST_LETTERS - 6 || (letter != 'P' && letter != 'T');
  if (fits && !repeated) {
    CHECK(length + 1 < MOST_LETTERS);
    task->order[length] = letter;
  }
  return task;
}

static void leave(Task *task, char letter) {
  Session *session = &sessions[task->session];
  Random random = random_of(seed ^ (uint64_t)letter, (uint64_t)(task - tasks));
  if (one_in(&random, 8)) act_in_callback(task, &random);
  __atomic_store_n(&session->inside, 0, __ATOMIC_RELAXED);
}

static void on_headers_received(void *user_data, WxtTaskId id, const WxtHeadersReceived *event) {
  Task *task = enter(user_data, id, 'H');
  WxtStr value;
  WxtStatus status = wxt_header_find(event->header, event->header_count, wxt_str("content-length"), &value);
  CHECK(status == WXT_OK || status == WXT_NOT_FOUND);
  leave(task, 'H');
}

static void on_progress(void *user_data, WxtTaskId id, const WxtProgress *event) {
  Task *task = enter(user_data, id, 'P');
  if (event->total_bytes < task->bytes) broken(task, "the progress fell");
  if (event->progress != WXT_PROGRESS_UNKNOWN && (event->progress > 100 || event->progress < task->percent)) {
    broken(task, "the progress in percent fell");
  }
  task->bytes = event->total_bytes;
  task->percent = event->progress == WXT_PROGRESS_UNKNOWN ? 0 : event->progress;
  leave(task, 'P');
}

static void on_trace(void *user_data, WxtTaskId id, const WxtTrace *event) {
  Task *task = enter(user_data, id, 'T');
  CHECK(event->entry.len > 0);
  leave(task, 'T');
}

static void keep_path(Session *session, Random *random, WxtStr path) {
  if (path.len == 0 || path.len >= PATH_SIZE) return;
  pthread_mutex_lock(&session->lock);
  char *place = session->paths[below(random, PATHS)];
  memcpy(place, path.ptr, path.len);
  place[path.len] = '\0';
  pthread_mutex_unlock(&session->lock);
}

static void on_success(void *user_data, WxtTaskId id, const WxtSuccess *event) {
  Task *task = enter(user_data, id, 'S');
  if ((task->given & GIVEN_PROGRESS) != 0 && task->percent != 100) broken(task, "success without a progress of 100");
  if (event->temp_file_path.len > 0) {
    /* With a small quota, the file may have been evicted before this callback. */
    char native[1024];
    copy_text(native, sizeof native, event->native_path);
    struct stat found;
    bool is_there = stat(native, &found) == 0;
    if (!is_there && !sessions[task->session].small_quota) broken(task, "the file of a success is not there");
    if (is_there && (uint64_t)found.st_size != event->data_length) broken(task, "the file of a success has another length");
    Random random = random_of(seed, (uint64_t)(task - tasks));
    keep_path(&sessions[task->session], &random, event->temp_file_path);
  }
  leave(task, 'S');
}

static void on_fail(void *user_data, WxtTaskId id, const WxtFailure *event) {
  Task *task = enter(user_data, id, 'F');
  task->category = event->category;
  if (event->category == WXT_CATEGORY_INTERRUPTED && task->what == endless_download) ADD(interrupted_count, 1);
  if (event->category == WXT_CATEGORY_INTERNAL) broken(task, "an internal error");
  leave(task, 'F');
}

static void on_complete(void *user_data, WxtTaskId id, const WxtCompletion *event) {
  Task *task = enter(user_data, id, 'C');
  Session *session = &sessions[task->session];
  if ((event->success != NULL) == (event->failure != NULL)) broken(task, "complete with both results or none");
  if ((task->given & GIVEN_SUCCESS) != 0 && (event->success != NULL) != has(task, "S")) broken(task, "complete without success");
  if ((task->given & GIVEN_FAIL) != 0 && (event->failure != NULL) != has(task, "F")) broken(task, "complete without fail");
  if (event->failure != NULL) task->category = event->failure->category;
  if (event->success != NULL) ADD(session->succeeded, 1);
  ADD(session->completed, 1);
  leave(task, 'C');
}

static void release(void *user_data) {
  Task *task = enter(user_data, 0, 'R');
  ADD(sessions[task->session].released, 1);
  leave(task, 'R');
}

/* Checks a task after all of its callbacks have run. */
static void check_ended(const Task *task) {
  bool wants_both = (task->given & GIVEN_SUCCESS) != 0 && (task->given & GIVEN_FAIL) != 0;
  if (!has(task, "R")) broken(task, "no release");
  if ((task->given & GIVEN_COMPLETE) != 0 && !has(task, "C")) broken(task, "no complete");
  if (wants_both && has(task, "S") == has(task, "F")) broken(task, "not one of success and fail");
  if (task->abort_accepted && (task->given & (GIVEN_FAIL | GIVEN_COMPLETE)) != 0 && task->category != WXT_CATEGORY_ABORTED) {
    broken(task, "its abort was accepted, but it did not end with abort");
  }
}

/* Creates a task that is about to be started. NULL if the table is full. */
static Task *begin_task(Session *session, Random *random, const char *what, WxtCallbacks *callbacks) {
  uint32_t number = ADD(task_count, 1);
  if (number >= task_limit) return NULL;
  Task *task = &tasks[number];
  task->session = (uint32_t)(session - sessions);
  task->what = what;
  /* Mostly all callbacks, so that most tasks are fully checked. */
  task->given = (uint8_t)(one_in(random, 4) ? below(random, 64) : one_in(random, 2) ? 63 : 63 - GIVEN_TRACE);
  /* Complete before another thread can find it in the list. */
  task->previous = __atomic_load_n(&session->last_task, __ATOMIC_SEQ_CST);
  while (!__atomic_compare_exchange_n(&session->last_task, &task->previous, number, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
  }
  *callbacks = wxt_callbacks();
  callbacks->user_data = task;
  if ((task->given & GIVEN_HEADERS) != 0) callbacks->on_headers_received = on_headers_received;
  if ((task->given & GIVEN_PROGRESS) != 0) callbacks->on_progress = on_progress;
  if ((task->given & GIVEN_TRACE) != 0) callbacks->on_trace = on_trace;
  if ((task->given & GIVEN_SUCCESS) != 0) callbacks->on_success = on_success;
  if ((task->given & GIVEN_FAIL) != 0) callbacks->on_fail = on_fail;
  if ((task->given & GIVEN_COMPLETE) != 0) callbacks->on_complete = on_complete;
  callbacks->release = release;
  return task;
}

/* Checks that a function failed only because the session is closing. */
static void check_refusal(const Session *session, WxtStatus status, const char *function) {
  if (status == WXT_SESSION_CLOSED && __atomic_load_n(&session->closing, __ATOMIC_SEQ_CST)) return;
  fprintf(stderr, "%s: %s\n", function, wxt_status_text(status));
  broken_session(session, "a function failed, although the session is not closing");
}

/* Called when the starting function has returned. */
static void end_start(Session *session, Random *random, Task *task, WxtStatus status, WxtTaskId id) {
  if (status != WXT_OK) {
    __atomic_store_n(&task->state, REFUSED, __ATOMIC_SEQ_CST);
    if (task->order[0] != '\0') broken(task, "a callback ran of a task that was refused");
    check_refusal(session, status, "start");
    return;
  }
  if (id == 0) broken(task, "it has no number");
  ADD(session->accepted, 1);
  ADD(accepted_count, 1);
  __atomic_store_n(&task->id, id, __ATOMIC_SEQ_CST);
  __atomic_store_n(&session->recent[below(random, RECENT)], (uint32_t)(task - tasks), __ATOMIC_RELAXED);
  __atomic_store_n(&task->state, ACCEPTED, __ATOMIC_SEQ_CST);
  /* If the close returned before this line, it could not check this task. */
  if (__atomic_load_n(&session->closed, __ATOMIC_SEQ_CST)) check_ended(task);
}

#endif
