/*
 * Random calls from many threads. Every accepted task has one of success and fail, one complete and one release, in order, and
 * no callback after the close. At the end, the process has no more descriptors, threads and files than before, and hardly more
 * memory. A run of 20,000 tasks or more must have had enough of each kind of end, of session and of call.
 *
 * WXT_STRESS_TASKS is the number of tasks, WXT_STRESS_PATIENCE a factor for all time limits. SEED repeats the calls of an earlier
 * run, except for the order of threads.
 */

#include "../stress/transfers.h"
#include "../stress/leftovers.h"

#include <limits.h>
#include <signal.h>

enum { HOST_THREADS = 8, MOST_PENDING = 48 };
/* The minimum counts below are for this number of tasks, which is that of the quick form. */
enum { QUICK = 20000 };

static uint32_t accepted_target;

/* Makes one random call. */
static void act(Random *random) {
  Slot *slot = &slots[below(random, ABSENT)];
  uint32_t number = __atomic_load_n(&slot->session, __ATOMIC_SEQ_CST);
  Session *session = &sessions[number];
  bool closed = number == 0 || __atomic_load_n(&session->closed, __ATOMIC_SEQ_CST);
  bool full = !closed && pending(session) >= MOST_PENDING;
  bool stuck = full && strcmp(session->executor, "later") != 0 && strcmp(session->executor, "at once") != 0;
  if (closed ? one_in(random, 2) : one_in(random, stuck ? 100 : 300)) {
    if (pthread_mutex_trylock(&slot->lock) == 0) {
      if (slot->session == number && closed) {
        open_slot(slot, random);
      } else {
        close_slot(slot);
      }
      pthread_mutex_unlock(&slot->lock);
    }
    return;
  }
  /* The handle of a closed session is used only seldom: a close may take long, and each refused task takes a place of the table. */
  if (number == 0) return;
  if (closed && !one_in(random, 16)) {
    sched_yield();
    return;
  }
  uint32_t choice = below(random, 100);
  if (full && choice < 80) {
    abort_some(session, random);
    sched_yield();
  } else if (choice < 45) {
    start_some_download(session, random);
  } else if (choice < 75) {
    start_some_upload(session, random);
  } else if (choice < 85) {
    abort_some(session, random);
  } else if (choice < 95) {
    call_files(session, random);
  } else {
    tell(session, random);
  }
}

static void *host_thread(void *data) {
  Random *random = data;
  while (SEEN(accepted_count) < accepted_target && SEEN(task_count) < task_limit) act(random);
  return NULL;
}

/* Puts a session into the background again and again, each time for longer than its tasks may continue there. */
static void *absent_thread(void *data) {
  Random *random = data;
  Slot *slot = &slots[ABSENT];
  bool over;
  /* The number of attempts after the other threads have finished. An executor that drops jobs may hide an interruption, so there are
   * several attempts. */
  unsigned late = 0;
  do {
    pthread_mutex_lock(&slot->lock);
    if (sessions[slot->session].closed || slot->session == 0) open_slot(slot, random);
    Session *session = &sessions[slot->session];
    CHECK_NUMBER(wxt_session_enter_foreground(session->handle), WXT_OK);
    for (size_t i = 0; i < 4; i++) start_endless_download(session, random);
    CHECK_NUMBER(wxt_session_enter_background(session->handle), WXT_OK);
    uint64_t end = now() + 8000 * patience;
    do {
      struct timespec pause = {0, 20 * 1000 * 1000};
      nanosleep(&pause, NULL);
      bool enough = accepted_target < QUICK || SEEN(interrupted_count) > 0;
      over = SEEN(task_count) >= task_limit || (SEEN(accepted_count) >= accepted_target && enough);
    } while (!over && pending(session) > 0 && now() < end);
    close_slot(slot);
    pthread_mutex_unlock(&slot->lock);
    late += SEEN(accepted_count) >= accepted_target;
  } while (!over && late < 4);
  return NULL;
}

/* Lets the running tasks of an open session end by themselves. */
static void await_ends(Session *session) {
  uint64_t end = now() + WAIT_LIMIT * 1000;
  /* A running callback may still start a task, or report another network. */
  while (pending(session) > 0 || SEEN(session->inside) || pending(session) > 0) {
    struct timespec pause = {0, 20 * 1000 * 1000};
    WxtNetwork network = wxt_network();
    CHECK_NUMBER(wxt_session_network_changed(session->handle, &network, NULL), WXT_OK);
    CHECK_NUMBER(wxt_session_enter_foreground(session->handle), WXT_OK);
    nanosleep(&pause, NULL);
    if (now() >= end) {
      for (uint32_t number = session->last_task; number != 0; number = tasks[number].previous) {
        if (tasks[number].state == ACCEPTED && !has(&tasks[number], "R")) broken(&tasks[number], "it has not ended");
      }
    }
  }
}

/* Works until `target` tasks were accepted in total, then closes everything. */
static void work(uint32_t target, uint64_t phase) {
  pthread_t threads[HOST_THREADS + 1];
  Random randoms[HOST_THREADS + 1];
  accepted_target = target;
  winding_down = 0;
  later_begin();
  for (size_t i = 0; i <= HOST_THREADS; i++) {
    randoms[i] = random_of(seed + phase, i);
    CHECK(pthread_create(&threads[i], NULL, i < HOST_THREADS ? host_thread : absent_thread, &randoms[i]) == 0);
  }
  for (size_t i = 0; i <= HOST_THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  __atomic_store_n(&winding_down, 1, __ATOMIC_SEQ_CST);
  for (size_t i = 0; i < SLOTS; i++) {
    Session *session = &sessions[slots[i].session];
    if (slots[i].session != 0 && !session->closed) {
      bool drops = strcmp(session->executor, "dropping") == 0 || strcmp(session->executor, "anyhow") == 0;
      if (!drops && i % 2 == 0) {
        await_ends(session);
        check_statistics(session);
      }
      close_slot(&slots[i]);
    }
  }
  later_end();
  for (size_t i = 0; i < SLOTS; i++) sweep(slots[i].app_id);
  remove_files();
}

/* Prints how often something happened, and checks that it was at least `least` times for each 20,000 tasks. */
static void demand(const char *what, uint32_t count, uint32_t least) {
  uint64_t wanted = (uint64_t)least * accepted_count / QUICK;
  printf("  %u %s\n", count, what);
  if (accepted_count >= QUICK && count < wanted) {
    fprintf(stderr, "broken: %u %s, fewer than %u\nSEED=%llu\n", count, what, (unsigned)wanted, (unsigned long long)seed);
    _exit(1);
  }
}

/* Checks that everything to be tested has happened often enough. */
static void demand_all(uint32_t refused) {
  static const struct {
    int32_t category;
    const char *what;
    uint32_t least;
  } ends[] = {
      {WXT_CATEGORY_ABORTED, "aborted tasks", 500},
      {WXT_CATEGORY_TIMEOUT, "tasks that timed out or stalled", 200},
      {WXT_CATEGORY_INTERRUPTED, "interrupted tasks", 0},
      {WXT_CATEGORY_REQUEST, "tasks with an invalid request", 50},
      {WXT_CATEGORY_POLICY, "tasks that the domain list refused", 50},
      {WXT_CATEGORY_LIMIT, "tasks over a limit", 20},
      {WXT_CATEGORY_NAME_RESOLUTION, "failed look-ups", 1},
      {WXT_CATEGORY_CONNECT, "failed connections", 10},
      {WXT_CATEGORY_TLS, "failed handshakes", 10},
      {WXT_CATEGORY_CONNECTION_CLOSED, "closed connections", 30},
      {WXT_CATEGORY_PROTOCOL, "answers that are not HTTP", 30},
      {WXT_CATEGORY_FILE, "tasks without their file", 200},
      {WXT_CATEGORY_STORAGE, "tasks over the quota", 1},
      {WXT_CATEGORY_INTEGRITY, "files that were not the expected ones", 20},
  };
  enum { EXECUTORS = 5, DROPPING = 3 };
  static const char *const executors[EXECUTORS] = {"at once", "later", "anyhow", "dropping", "its own thread"};
  uint32_t succeeded = 0, by_category[64] = {0}, with_executor[EXECUTORS] = {0};
  for (uint32_t number = 1; number < task_count && number < task_limit; number++) {
    const Task *task = &tasks[number];
    if (task->category > 0 && task->category < 64) by_category[task->category]++;
  }
  for (uint32_t number = 1; number < session_count; number++) {
    succeeded += sessions[number].succeeded;
    for (size_t i = 0; i < EXECUTORS; i++) {
      with_executor[i] += sessions[number].accepted > 0 && strcmp(sessions[number].executor, executors[i]) == 0;
    }
  }
  demand("successes", succeeded, 200);
  for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) demand(ends[i].what, by_category[ends[i].category], ends[i].least);
  demand("tasks refused by a closing session", refused, 50);
  demand("sessions closed", close_count, 40);
  for (size_t i = 0; i < EXECUTORS; i++) {
    demand(format("sessions with the executor \"%s\"", executors[i]), with_executor[i], i == DROPPING ? 1 : 4);
  }
  demand("signatures of a client certificate", signature_count, 5);
  demand("changes of the trust", trust_count, 30);
  demand("changes of a rate", rate_count, 60);
  /* The number of interruptions is not in proportion to the tasks: each interruption takes five seconds. */
  printf("  %u interruptions in the background\n", interrupted_count);
  CHECK(accepted_count < QUICK || interrupted_count > 0);
}

static void *do_nothing(void *nothing) { return nothing; }

int main(void) {
  const char *tasks_wanted = getenv("WXT_STRESS_TASKS"), *seed_wanted = getenv("SEED");
  const char *patience_wanted = getenv("WXT_STRESS_PATIENCE");
  patience = patience_wanted == NULL ? 1 : (uint32_t)strtoul(patience_wanted, NULL, 10);
  uint32_t target = tasks_wanted == NULL ? 2000 : (uint32_t)strtoul(tasks_wanted, NULL, 10);
  seed = seed_wanted == NULL ? now() ^ ((uint64_t)getpid() << 32) : strtoull(seed_wanted, NULL, 10);
  printf("stress: %u tasks, SEED=%llu\n", target, (unsigned long long)seed);
  fflush(stdout);
  alarm(PROGRAM_LIMIT + target / 100);
  signal(SIGPIPE, SIG_IGN);
  write_pattern(in_directory("source"), SOURCE_SIZE);
  local_options();
  chain = read_text(variable("WXT_CLIENT_FILE"));

  /* Refused tasks also need space in the table. */
  task_limit = 2 * target + 1000;
  session_limit = target + 1000;
  tasks = calloc(task_limit, sizeof *tasks);
  sessions = calloc(session_limit, sizeof *sessions);
  CHECK(tasks != NULL && sessions != NULL);
  sessions[0].executor = "none";

  /* ThreadSanitizer starts a thread of its own together with the process's first thread. It stays until the end. */
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, do_nothing, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);

  /* The first tasks create the process's one-time resources and the directories. */
  Possessions first = possessions();
  first.files = UINT_MAX;
  first.memory = SIZE_MAX / 2;
  uint64_t start = now();
  work(target / 4, 0);
  check_nothing_left(first, 0);
  Possessions before = possessions();
  work(target, 1);
  CHECK(accepted_count >= target);

  uint32_t refused = 0;
  for (uint32_t number = 1; number < task_count && number < task_limit; number++) {
    const Task *task = &tasks[number];
    if (task->state == ACCEPTED) {
      check_ended(task);
    } else if (task->order[0] != '\0') {
      broken(task, "a callback ran of a task that was refused");
    } else {
      refused++;
    }
  }
  printf("%u tasks accepted in %.1f s, of which the program has seen:\n", accepted_count, (double)(now() - start) / 1000);
  demand_all(refused);
  check_nothing_left(before, target);
  return 0;
}
