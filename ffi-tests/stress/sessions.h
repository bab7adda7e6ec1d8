/* Sessions that open and close at random, with executors, resolvers and keys that drop, delay, reorder, refuse and answer inline. */

#ifndef STRESS_SESSIONS_H
#define STRESS_SESSIONS_H

#include "ledger.h"

/* The last slot's sessions stay in the background. Only one thread uses it. */
enum { SLOTS = 7, ABSENT = 6 };

/* A sequence of sessions. Several slots share the files of one mini program. */
typedef struct {
  pthread_mutex_t lock;
  const char *app_id;
  int32_t sharing;
  /* The number of the last session of the slot. */
  uint32_t session;
} Slot;

static Slot slots[SLOTS] = {
    {PTHREAD_MUTEX_INITIALIZER, "wxshared", WXT_STORAGE_SHARED, 0},
    {PTHREAD_MUTEX_INITIALIZER, "wxshared", WXT_STORAGE_SHARED, 0},
    {PTHREAD_MUTEX_INITIALIZER, "wxshared", WXT_STORAGE_SHARED, 0},
    {PTHREAD_MUTEX_INITIALIZER, "wxalone", WXT_STORAGE_EXCLUSIVE, 0},
    {PTHREAD_MUTEX_INITIALIZER, "wxcontested", WXT_STORAGE_EXCLUSIVE, 0},
    {PTHREAD_MUTEX_INITIALIZER, "wxcontested", WXT_STORAGE_EXCLUSIVE, 0},
    {PTHREAD_MUTEX_INITIALIZER, "wxabsent", WXT_STORAGE_EXCLUSIVE, 0},
};

/* The chain of the client certificate. */
static char *chain;

static uint32_t job_count;
static uint32_t close_count, signature_count;

/* --- Executors. --- */

static void check_not_closed(const Session *session, const char *what) {
  if (SEEN(session->closed)) broken_session(session, what);
}

static void run_at_once(void *context, void (*job)(void *data), void *data) {
  check_not_closed(context, "the executor was used after the close");
  job(data);
}

static void run_later(void *context, void (*job)(void *data), void *data) {
  check_not_closed(context, "the executor was used after the close");
  Random random = random_of(seed, ADD(job_count, 1));
  do_later(below(&random, 8), job, data);
}

/* Keeps the job until the session is closed. A job that never runs would leak; one that runs after the close does nothing. */
static void drop(void *context, void (*job)(void *data), void *data) {
  Session *session = context;
  check_not_closed(session, "the executor was used after the close");
  Work *work = malloc(sizeof *work);
  CHECK(work != NULL);
  work->run = job;
  work->data = data;
  pthread_mutex_lock(&session->lock);
  work->next = session->dropped;
  session->dropped = work;
  pthread_mutex_unlock(&session->lock);
}

static void run_dropped(Session *session) {
  while (session->dropped != NULL) {
    Work *work = session->dropped;
    session->dropped = work->next;
    work->run(work->data);
    free(work);
  }
}

static void run_anyhow(void *context, void (*job)(void *data), void *data) {
  Random random = random_of(seed, ADD(job_count, 1));
  uint32_t choice = below(&random, 64);
  (choice == 0 ? drop : choice < 32 ? run_at_once : run_later)(context, job, data);
}

/* --- Resolvers. --- */

static void answer(WxtResolution *resolution, uint32_t choice) {
  WxtStr addresses[2] = {wxt_str("127.0.0.1"), wxt_str("::1")};
  /* Mostly the real address; sometimes no such host, or an address without a listener. */
  size_t count = choice < 28 ? 1 : choice < 30 ? 0 : 2;
  CHECK_NUMBER(wxt_resolution_finish(resolution, addresses, count), WXT_OK);
}

static void answer_well(void *resolution) {
  answer(resolution, 0);
}

static void answer_none(void *resolution) {
  answer(resolution, 28);
}

static void resolve(void *context, WxtStr host, WxtResolution *resolution) {
  check_not_closed(context, "the resolver was used after the close");
  CHECK(host.len > 0);
  Random random = random_of(seed, ADD(job_count, 1));
  switch (below(&random, 4)) {
    case 0: do_later(below(&random, 30), answer_well, resolution); break;
    case 1: do_later(below(&random, 400), one_in(&random, 2) ? answer_none : answer_well, resolution); break;
    default: answer(resolution, below(&random, 32)); break;
  }
}

static void log_message(void *context, int32_t level, WxtStr message) {
  check_not_closed(context, "the log was used after the close");
  CHECK(level == WXT_LOG_WARNING || level == WXT_LOG_INFO);
  CHECK(message.len > 0);
}

/* --- The key of the client certificate. --- */

typedef struct {
  WxtSigning *signing;
  uint16_t scheme;
  size_t length;
  uint8_t message[1024];
} Question;

static void answer_question(void *data) {
  Question *question = data;
  uint8_t signature[512];
  size_t length = sign_elsewhere("ecdsa", question->scheme, question->message, question->length, signature, sizeof signature);
  CHECK_NUMBER(wxt_signing_finish(question->signing, signature, length), WXT_OK);
  free(question);
}

static void sign(void *context, uint16_t scheme, const uint8_t *message, size_t length, WxtSigning *signing) {
  check_not_closed(context, "the key was used after the close");
  ADD(signature_count, 1);
  Random random = random_of(seed, ADD(job_count, 1));
  if (one_in(&random, 8)) {
    CHECK_NUMBER(wxt_signing_finish(signing, NULL, 0), WXT_OK);
    return;
  }
  Question *question = malloc(sizeof *question);
  CHECK(question != NULL && length <= sizeof question->message);
  question->signing = signing;
  question->scheme = scheme;
  question->length = length;
  memcpy(question->message, message, length);
  if (one_in(&random, 4)) {
    answer_question(question);
  } else {
    do_later(below(&random, 100), answer_question, question);
  }
}

/* --- Opening and closing. --- */

static WxtSessionOptions options_of(Session *session, const Slot *slot, Random *random) {
  WxtSessionOptions options = local_options();
  options.app_id = wxt_str(slot->app_id);
  options.storage_sharing = slot->sharing;
  options.max_concurrent_uploads = 1 + below(random, 10);
  options.max_concurrent_downloads = 1 + below(random, 10);
  options.default_upload_timeout = patience * (50 + below(random, 400));
  options.default_download_timeout = patience * (50 + below(random, 400));
  options.max_download_size = 1 << 20;
  session->small_quota = one_in(random, 4);
  /* The smaller one has no space for some of the files. */
  options.temporary_quota = !session->small_quota ? 0 : one_in(random, 2) ? 256 * 1024 : 100 * 1024;
  options.temporary_retention = one_in(random, 4) ? 100 * 1024 : 0;
  options.send_uploads_once = one_in(random, 4);
  options.max_retries = below(random, 4);
  options.retry_delay = 1 + below(random, 20);
  options.retry_uploads = options.max_retries > 0 && !options.send_uploads_once && one_in(random, 2);
  options.resume = (int32_t)below(random, 3);
  options.max_bytes_per_second = one_in(random, 8) ? 100000 + below(random, 1 << 20) : 0;
  if (one_in(random, 4)) {
    options.low_speed_limit = 1 + below(random, 100000);
    options.low_speed_time = patience * (20 + below(random, 200));
  }
  options.wait_in_background = slot != &slots[ABSENT] && one_in(random, 4);
  /* Sometimes an old base library, which refuses tasks instead of queueing them. */
  options.base_library_version = wxt_str(one_in(random, 8) ? "1.4.0" : NULL);
  if (one_in(random, 3)) {
    options.resolver.context = session;
    options.resolver.resolve = resolve;
  }
  if (one_in(random, 2)) {
    static const WxtStr host = {"localhost", 9};
    options.client_certificate.chain = wxt_str(chain);
    options.client_certificate.hosts = &host;
    options.client_certificate.host_count = 1;
    options.client_certificate.context = session;
    options.client_certificate.sign = sign;
  }
  options.logger.context = session;
  options.logger.log = one_in(random, 2) ? log_message : NULL;
  options.executor.context = session;
  /* The session's number chooses the executor, so that a short run has each kind. */
  uint32_t number = (uint32_t)(session - sessions);
  switch (number % 6) {
    case 0: session->executor = "at once", options.executor.post = run_at_once; break;
    case 1: session->executor = "later", options.executor.post = run_later; break;
    case 2: session->executor = "anyhow", options.executor.post = run_anyhow; break;
    case 3: if (number % 36 == 3) { session->executor = "dropping", options.executor.post = drop; break; } /* fall through */
    default: session->executor = "its own thread"; break;
  }
  return options;
}

/* Opens a session if the slot has none. The slot is locked. */
static void open_slot(Slot *slot, Random *random) {
  uint32_t number = ADD(session_count, 1);
  CHECK(number < session_limit);
  Session *session = &sessions[number];
  CHECK(pthread_mutex_init(&session->lock, NULL) == 0);
  WxtSessionOptions options = options_of(session, slot, random);
  WxtStatus status = wxt_session_open(&options, &session->handle, NULL);
  if (status == WXT_OK) {
    __atomic_store_n(&slot->session, number, __ATOMIC_SEQ_CST);
    return;
  }
  CHECK(session->handle == NULL);
  session->closing = session->closed = 1;
  /* The other slot of the same mini program has a session. */
  bool contested = strcmp(slot->app_id, "wxcontested") == 0;
  if (status != WXT_STORAGE_LOCKED || !contested) {
    fprintf(stderr, "open: %s\n", wxt_status_text(status));
    broken_session(session, "a session was not opened");
  }
}

/* Closes the session of a locked slot, and checks each of its tasks. */
static void close_slot(Slot *slot) {
  Session *session = &sessions[slot->session];
  if (slot->session == 0 || session->closed) return;
  __atomic_store_n(&session->closing, 1, __ATOMIC_SEQ_CST);
  WxtStatus status = wxt_session_close(session->handle);
  if (status != WXT_OK) {
    fprintf(stderr, "close: %s\n", wxt_status_text(status));
    broken_session(session, "a session was not closed");
  }
  __atomic_store_n(&session->closed, 1, __ATOMIC_SEQ_CST);
  ADD(close_count, 1);
  for (uint32_t number = __atomic_load_n(&session->last_task, __ATOMIC_SEQ_CST); number != 0; number = tasks[number].previous) {
    if (__atomic_load_n(&tasks[number].state, __ATOMIC_SEQ_CST) == ACCEPTED) check_ended(&tasks[number]);
  }
  if (one_in(&(Random){seed + slot->session}, 4)) CHECK_NUMBER(wxt_session_close(session->handle), WXT_SESSION_CLOSED);
  run_dropped(session);
}

/* Checks the statistics of an unused session whose tasks have all ended. */
static void check_statistics(const Session *session) {
  WxtSessionStatistics statistics;
  memset(&statistics, 0, sizeof statistics);
  statistics.struct_size = sizeof statistics;
  CHECK_NUMBER(wxt_session_statistics(session->handle, &statistics), WXT_OK);
  uint64_t ended = statistics.tasks_succeeded + statistics.tasks_failed + statistics.tasks_aborted +
                   statistics.tasks_timed_out + statistics.tasks_interrupted;
  if (statistics.tasks_started != session->accepted) broken_session(session, "the statistics have a wrong number of tasks");
  if (ended != session->accepted) broken_session(session, "the statistics have a wrong number of ended tasks");
  if (statistics.tasks_running != 0 || statistics.tasks_waiting != 0) {
    broken_session(session, "the statistics count tasks that have ended");
  }
}

static int32_t pending(const Session *session) {
  return (int32_t)(SEEN(session->accepted) - SEEN(session->released));
}

#endif
