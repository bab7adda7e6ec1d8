/* Measures the time from wxt_task_abort to the host's on_fail, in every phase of a transfer. In hostile phases also the
 * time from the deadline to on_fail, and the duration of wxt_session_close.
 *
 *   bench_abort FAULT_PLAIN_URL FAULT_TLS_URL FAULT_CA SINK_PLAIN_URL SINK_TLS_URL SINK_CA FILE DIRECTORY SAMPLES [PHASE]
 *
 * The fault server (tests/server) stalls requests. This program itself is the listener that does not accept, the one
 * that does not speak TLS, and the resolver that does not answer. Transfers with bench_server flow until the abort.
 * The profile of the failure proves the phase. PHASE selects one of the hostile phases, which run only by name.
 * Prints one line per phase: `NAME p50_ms … p99_ms … max_ms …`. NAME ends with `-deadline` or `-close` if that was measured.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "wxtransfer.h"

struct outcome {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool complete;
  double failed_at;
  int32_t category;
  char message[256];
  WxtProfile profile;
  uint64_t bytes;
};

static void on_progress(void *user_data, WxtTaskId task, const WxtProgress *event) {
  struct outcome *outcome = user_data;
  (void)task;
  outcome->bytes = event->total_bytes;
}

static void on_fail(void *user_data, WxtTaskId task, const WxtFailure *event) {
  struct outcome *outcome = user_data;
  (void)task;
  outcome->failed_at = wall_seconds();
  outcome->category = event->category;
  outcome->profile = *event->profile;
  snprintf(outcome->message, sizeof outcome->message, "%.*s (%.*s)", (int)event->err_msg.len, event->err_msg.ptr,
           (int)event->detail.len, event->detail.ptr);
}

static void on_complete(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  struct outcome *outcome = user_data;
  (void)task;
  (void)event;
  pthread_mutex_lock(&outcome->lock);
  outcome->complete = true;
  pthread_cond_signal(&outcome->changed);
  pthread_mutex_unlock(&outcome->lock);
}

static uint64_t file_size;
#define FLOWING_BYTES (UINT64_C(1) << 30)
#define LOCKED_BYTES 4096
#define FULL_TASKS 120
#define BETWEEN_DOWNLOADS 10000 /* microseconds */
#define FLOODED_BYTES 8192

/* Whether a failure's profile shows that the task was in the phase. */
static bool is_queued(const WxtProfile *profile) { return profile->queue_start != 0 && profile->queue_end == 0; }
static bool is_resolving(const WxtProfile *profile) {
  return profile->domain_look_up_start != 0 && profile->domain_look_up_end == 0;
}
static bool is_connecting(const WxtProfile *profile) {
  return profile->connect_start != 0 && profile->connect_end == 0 && profile->ssl_connection_start == 0;
}
static bool is_in_tls(const WxtProfile *profile) {
  return profile->ssl_connection_start != 0 && profile->ssl_connection_end == 0;
}
static bool is_sending(const WxtProfile *profile) {
  /* The file is far larger than what the sockets' buffers hold. */
  return profile->send_bytes_count > 0 && profile->send_bytes_count < file_size && profile->response_start == 0;
}
static bool is_waiting(const WxtProfile *profile) { return profile->request_end != 0 && profile->response_start == 0; }
static bool is_receiving(const WxtProfile *profile) {
  /* The fault server announces 1 MiB and sends a part of it. */
  return profile->response_start != 0 && profile->received_byted_count < (1 << 20);
}
static bool is_flowing(const WxtProfile *profile) {
  return profile->received_byted_count > (1 << 20) && profile->received_byted_count < FLOWING_BYTES;
}

/* A flood follows the TLS handshake, which is shorter. */
static bool is_flooded(const WxtProfile *profile) { return profile->received_byted_count > FLOODED_BYTES; }

/* The received bytes include the response head. */
static bool is_received(const WxtProfile *profile) { return profile->received_byted_count > LOCKED_BYTES; }

struct phase {
  const char *name;
  const char *ca; /* PEM of the only root to trust */
  char url[256];
  char foreign[256]; /* a server whose idle connections are flooded */
  const char *target; /* the path to save the download to; NULL for a temporary file */
  bool upload;
  bool host_resolver;
  bool full; /* other tasks occupy every slot: the session's or the resolver's */
  bool bounded; /* the library soon fails the task itself */
  bool only_tls;
  bool hostile; /* runs only if PHASE names it */
  bool (*reached)(const WxtProfile *profile);
};

/* This program's getaddrinfo replaces the C library's. It does not answer for hosts below this one until the end of a
 * round. */
static const char stalled_host[] = ".stalled.example";
static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_changed = PTHREAD_COND_INITIALIZER;
static unsigned long resolver_round;
/* It does not answer for hosts below this one while the resolver is full. */
static const char full_host[] = ".full.example";
static bool resolver_full;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **result) {
  (void)hints;
  *result = NULL;
  if (node != NULL && strstr(node, stalled_host) != NULL) {
    pthread_mutex_lock(&resolver_lock);
    unsigned long round = resolver_round;
    while (round == resolver_round) pthread_cond_wait(&resolver_changed, &resolver_lock);
    pthread_mutex_unlock(&resolver_lock);
    return EAI_AGAIN;
  }
  if (node != NULL && strstr(node, full_host) != NULL) {
    pthread_mutex_lock(&resolver_lock);
    while (resolver_full) pthread_cond_wait(&resolver_changed, &resolver_lock);
    pthread_mutex_unlock(&resolver_lock);
    return EAI_AGAIN;
  }
  /* Every other name resolves to this machine. */
  struct addrinfo *entry = calloc(1, sizeof *entry + sizeof(struct sockaddr_in));
  struct sockaddr_in *address = (struct sockaddr_in *)(entry + 1);
  address->sin_family = AF_INET;
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address->sin_port = htons((uint16_t)(service == NULL ? 0 : atoi(service)));
  entry->ai_family = AF_INET;
  entry->ai_socktype = SOCK_STREAM;
  entry->ai_addrlen = sizeof *address;
  entry->ai_addr = (struct sockaddr *)address;
  *result = entry;
  return 0;
}

void freeaddrinfo(struct addrinfo *result) { free(result); }

static void release_resolver(void) {
  pthread_mutex_lock(&resolver_lock);
  resolver_round++;
  pthread_cond_broadcast(&resolver_changed);
  pthread_mutex_unlock(&resolver_lock);
}

static void set_resolver_full(bool full) {
  pthread_mutex_lock(&resolver_lock);
  resolver_full = full;
  pthread_cond_broadcast(&resolver_changed);
  pthread_mutex_unlock(&resolver_lock);
}

/* The host's resolver does not answer before the task has been aborted. */
static WxtResolution *held_resolution;

static void hold_resolution(void *context, WxtStr host, WxtResolution *resolution) {
  (void)context;
  (void)host;
  pthread_mutex_lock(&resolver_lock);
  held_resolution = resolution;
  pthread_mutex_unlock(&resolver_lock);
}

static void answer_held_resolution(void) {
  pthread_mutex_lock(&resolver_lock);
  WxtResolution *resolution = held_resolution;
  held_resolution = NULL;
  pthread_mutex_unlock(&resolver_lock);
  if (resolution != NULL) wxt_resolution_finish(resolution, NULL, 0);
}

static int listener(int backlog, unsigned *port) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(descriptor, (struct sockaddr *)&address, size) != 0 || listen(descriptor, backlog) != 0) die("listen");
  getsockname(descriptor, (struct sockaddr *)&address, &size);
  *port = ntohs(address.sin_port);
  return descriptor;
}

/* Connections to this port are never established: its queue is full. */
static unsigned black_hole(void) {
  unsigned port;
  listener(0, &port);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 4; i++) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(descriptor, (struct sockaddr *)&address, sizeof address);
  }
  return port;
}

/* Accepts connections and never answers. */
static void *stay_silent(void *argument) {
  int descriptor = *(int *)argument;
  enum { HELD = 64 };
  int held[HELD];
  for (int i = 0; i < HELD; i++) held[i] = -1;
  for (unsigned next = 0;; next = (next + 1) % HELD) {
    int accepted = accept(descriptor, NULL, NULL);
    if (held[next] >= 0) close(held[next]);
    held[next] = accepted;
  }
  return NULL;
}

static WxtSession *open_session(const char *ca, const char *directory, bool host_resolver, uint32_t downloads) {
  WxtSessionOptions options = wxt_session_options();
  options.app_id = wxt_str("wxbenchmark");
  options.platform = WXT_PLATFORM_OTHER;
  options.path_policy = WXT_PATHS_NATIVE;
  options.client_version = wxt_str("8.0.50");
  options.data_directory = wxt_str(directory);
  options.allow_plain_http = 1;
  options.lan_policy = WXT_LAN_ALL_LOCAL;
  options.skip_domain_check = 1;
  options.max_download_size = FLOWING_BYTES;
  options.storage_sharing = WXT_STORAGE_SHARED;
  options.max_concurrent_downloads = downloads;
  options.root_certificates = wxt_str(ca);
  if (host_resolver) options.resolver.resolve = hold_resolution;
  WxtSession *session;
  WxtStatus status = wxt_session_open(&options, &session, NULL);
  if (status != WXT_OK) die("wxt_session_open: %s", wxt_status_text(status));
  return session;
}

/* The way in which the task of a sample ends. */
enum end { BY_ABORT, BY_DEADLINE, BY_CLOSE, ENDS };
static const char *const suffixes[ENDS] = {"", "-deadline", "-close"};

static WxtTaskId start(WxtSession *session, const struct phase *phase, const char *file, struct outcome *outcome,
                       uint32_t timeout) {
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = outcome;
  if (outcome != NULL) {
    callbacks.on_progress = on_progress;
    callbacks.on_fail = on_fail;
    callbacks.on_complete = on_complete;
  }
  WxtTaskId task;
  WxtStatus status;
  if (phase->upload) {
    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(phase->url);
    request.file_path = wxt_str(file);
    request.name = wxt_str("file");
    request.timeout = timeout;
    status = wxt_upload_file(session, &request, &callbacks, &task, NULL);
  } else {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(phase->url);
    if (phase->target != NULL) request.file_path = wxt_str(phase->target);
    request.timeout = timeout;
    status = wxt_download_file(session, &request, &callbacks, &task, NULL);
  }
  if (status != WXT_OK) die("%s: a task was refused: %s", phase->name, wxt_status_text(status));
  return task;
}

static void wait_for(struct outcome *outcome) {
  pthread_mutex_lock(&outcome->lock);
  while (!outcome->complete) pthread_cond_wait(&outcome->changed, &outcome->lock);
  pthread_mutex_unlock(&outcome->lock);
}

/* Floods an idle connection of another server. The first task fails if it takes the connection of the previous sample,
 * because the flood begins on that connection. */
static void meet_foreign_flood(WxtSession *session, const struct phase *phase) {
  struct phase foreign = {.name = phase->name};
  snprintf(foreign.url, sizeof foreign.url, "%s", phase->foreign);
  struct outcome outcome;
  int failures = 0;
  do {
    outcome = (struct outcome){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    start(session, &foreign, NULL, &outcome, 0);
    wait_for(&outcome);
  } while (outcome.failed_at != 0 && ++failures < 10);
  if (outcome.failed_at != 0) die("%s: %s", phase->name, outcome.message);
  usleep(80000); /* the flood begins 50 ms after the answer */
  start(session, &foreign, NULL, NULL, 0);
}

/* Gives the phase a host that no task has asked for. A query for the same host would join the look-up of the previous
 * task, which may still be about to fail. */
static struct phase with_new_host(const struct phase *phase) {
  static unsigned count;
  struct phase renamed = *phase;
  const char *host = strstr(phase->url, stalled_host);
  if (host != NULL) {
    snprintf(renamed.url, sizeof renamed.url, "%.*s%u%s", (int)(host - phase->url), phase->url, count++, host);
  }
  return renamed;
}

/* Measures how long one end takes; negative if the task was not in the phase then. Closes the session if `end` says so. */
static double sample(WxtSession *session, const struct phase *phase, const char *file, useconds_t settle, enum end end) {
  struct outcome outcome = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
  struct phase renamed = with_new_host(phase);
  /* The kernel frees the file and the connection of the previous sample on the same processor, up to 2 ms of work. */
  if (phase->reached == is_flowing) usleep(BETWEEN_DOWNLOADS);
  if (phase->foreign[0] != 0) meet_foreign_flood(session, phase);
  double ended_at = wall_seconds() + settle * 1e-6;
  WxtStatus status = WXT_OK;
  WxtTaskId task = start(session, &renamed, file, &outcome, end == BY_DEADLINE ? settle / 1000 : 0);
  if (end != BY_DEADLINE) {
    usleep(settle);
    ended_at = wall_seconds();
    status = end == BY_CLOSE ? wxt_session_close(session) : wxt_task_abort(session, task);
  }
  double closed_at = wall_seconds();
  wait_for(&outcome);
  release_resolver();
  answer_held_resolution();
  if (status == WXT_NOT_FOUND && phase->bounded) return -1;
  if (phase->bounded && outcome.category == WXT_CATEGORY_PROTOCOL) return -1;
  if (outcome.category != (end == BY_DEADLINE ? WXT_CATEGORY_TIMEOUT : WXT_CATEGORY_ABORTED)) {
    die("%s: %s", phase->name, outcome.message);
  }
  if (!phase->reached(&outcome.profile)) return -1;
  return (end == BY_CLOSE ? closed_at : outcome.failed_at) - ended_at;
}

static int compare(const void *left, const void *right) {
  double difference = *(const double *)left - *(const double *)right;
  return difference < 0 ? -1 : difference > 0;
}

/* Holds the lock under which files are saved, as another process would. Returns -1 if the phase needs no lock. */
static int hold_store(const struct phase *phase, const char *directory) {
  if (phase->target == NULL) return -1;
  char path[4096];
  snprintf(path, sizeof path, "%s/app-wxbenchmark/user-/store", directory);
  int store = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (store < 0 || flock(store, LOCK_EX | LOCK_NB) != 0) die("%s: %s cannot be locked", phase->name, path);
  return store;
}

/* Opens a session in which every task waits for the system's resolver. Returns NULL if the phase needs none. */
static WxtSession *fill_resolver(const struct phase *phase, const char *directory) {
  if (phase->reached != is_waiting || !phase->full) return NULL;
  set_resolver_full(true);
  WxtSession *session = open_session(phase->ca, directory, false, FULL_TASKS);
  for (int i = 0; i < FULL_TASKS; i++) {
    struct phase stalled = {.name = phase->name};
    snprintf(stalled.url, sizeof stalled.url, "https://name%d%s/", i, full_host);
    start(session, &stalled, NULL, NULL, 0);
  }
  return session;
}

static void measure(const struct phase *phase, const char *file, const char *directory, int samples, enum end end) {
  WxtSession *session = NULL, *filler = fill_resolver(phase, directory);
  int store = -1;
  double *times = calloc((size_t)samples, sizeof *times);
  useconds_t settle = 8000;
  for (int i = 0, missed = 0; i < samples;) {
    if (session == NULL) {
      session = open_session(phase->ca, directory, phase->host_resolver, 0);
      store = hold_store(phase, directory);
      for (int other = 0; filler == NULL && phase->full && other < 10; other++) {
        start(session, phase, file, NULL, 0);
      }
    }
    times[i] = sample(session, phase, file, settle, end);
    if (end == BY_CLOSE) {
      session = NULL;
      if (store >= 0) close(store);
    }
    if (times[i] >= 0) {
      i++;
    } else if (++missed > (phase->bounded ? 100 * samples : 100)) {
      die("%s: the phase was hardly ever reached", phase->name);
    } else if (phase->bounded) {
      /* The flood ends soon after it begins, which this program cannot see: retry with another delay. */
      settle = (useconds_t)(end == BY_DEADLINE ? 1000 * (1 + rand() % 5) : rand() % 3000);
    } else if ((settle *= 2) > 1000000) {
      die("%s: the phase was never reached", phase->name);
    }
  }
  qsort(times, (size_t)samples, sizeof *times, compare);
  printf("%s%s p50_ms %.3f p99_ms %.3f max_ms %.3f\n", phase->name, suffixes[end], times[samples / 2] * 1e3,
         times[(samples * 99 + 99) / 100 - 1] * 1e3, times[samples - 1] * 1e3);
  fflush(stdout);
  free(times);
  set_resolver_full(false);
  if (filler != NULL) wxt_session_close(filler);
  if (session == NULL) return;
  if (store >= 0) close(store);
  wxt_session_close(session);
}

static char *read_text(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) die("%s cannot be read", path);
  char *text = calloc(1, 65536);
  if (fread(text, 1, 65535, file) == 0) die("%s is empty", path);
  fclose(file);
  return text;
}

int main(int argc, char **argv) {
  if (argc != 10 && argc != 11) die("usage: bench_abort FAULT_PLAIN_URL FAULT_TLS_URL FAULT_CA SINK_PLAIN_URL SINK_TLS_URL SINK_CA FILE DIRECTORY SAMPLES [PHASE]");
  const char *only = argc == 11 ? argv[10] : NULL;
  bool found = only == NULL;
  char *fault_ca = read_text(argv[3]), *sink_ca = read_text(argv[6]);
  const char *path = argv[7], *directory = argv[8];
  int samples = atoi(argv[9]);
  struct stat file;
  if (stat(path, &file) != 0) die("%s cannot be read", path);
  file_size = (uint64_t)file.st_size;
  unsigned silent_port, hole_port = black_hole();
  int silent = listener(128, &silent_port);
  pthread_t thread;
  if (pthread_create(&thread, NULL, stay_silent, &silent) != 0) die("pthread_create");

  for (int tls = 0; tls < 2; tls++) {
    const char *scheme = tls ? "https" : "http";
    const char *fault = argv[1 + tls], *sink = argv[4 + tls];
    struct phase phases[] = {
        {.name = "queued", .full = true, .reached = is_queued},
        {.name = "dns-system", .reached = is_resolving},
        {.name = "dns-host", .host_resolver = true, .reached = is_resolving},
        {.name = "connect", .reached = is_connecting},
        {.name = "tls", .only_tls = true, .reached = is_in_tls},
        {.name = "sending", .upload = true, .reached = is_sending},
        {.name = "waiting", .reached = is_waiting},
        {.name = "receiving", .reached = is_receiving},
        {.name = "sending-flowing", .ca = sink_ca, .upload = true, .reached = is_sending},
        {.name = "receiving-flowing", .ca = sink_ca, .reached = is_flowing},
        {.name = "interim-flood", .hostile = true, .bounded = true, .reached = is_flooded},
        {.name = "tls-flood", .hostile = true, .bounded = true, .only_tls = true, .reached = is_flooded},
        {.name = "foreign-flood", .hostile = true, .reached = is_waiting},
        {.name = "lock-held", .hostile = true, .ca = sink_ca, .target = "wxfile://usr/file", .reached = is_received},
        {.name = "dns-full", .hostile = true, .full = true, .reached = is_waiting},
        {.name = "dns-hung", .hostile = true, .reached = is_resolving},
    };
    snprintf(phases[0].url, sizeof phases[0].url, "%s://localhost:%u/", scheme, silent_port);
    snprintf(phases[1].url, sizeof phases[1].url, "%s://name%s/", scheme, stalled_host);
    snprintf(phases[2].url, sizeof phases[2].url, "%s://name%s/", scheme, stalled_host);
    snprintf(phases[3].url, sizeof phases[3].url, "%s://localhost:%u/", scheme, hole_port);
    snprintf(phases[4].url, sizeof phases[4].url, "https://localhost:%u/", silent_port);
    snprintf(phases[5].url, sizeof phases[5].url, "%s/fault/stall-in-upload", fault);
    snprintf(phases[6].url, sizeof phases[6].url, "%s/fault/stall-before-answer", fault);
    snprintf(phases[7].url, sizeof phases[7].url, "%s/fault/stall-in-body", fault);
    snprintf(phases[8].url, sizeof phases[8].url, "%s/sink", sink);
    snprintf(phases[9].url, sizeof phases[9].url, "%s/bytes/%llu", sink, (unsigned long long)FLOWING_BYTES);
    snprintf(phases[10].url, sizeof phases[10].url, "%s/fault/flood-interim", fault);
    snprintf(phases[11].url, sizeof phases[11].url, "%s/fault/flood-records", argv[2]);
    snprintf(phases[12].url, sizeof phases[12].url, "%s/fault/stall-before-answer", fault);
    snprintf(phases[12].foreign, sizeof phases[12].foreign, tls ? "%s/fault/flood-idle" : "%s/fault/flood-idle-records", argv[2 - tls]);
    snprintf(phases[13].url, sizeof phases[13].url, "%s/bytes/%d", sink, LOCKED_BYTES);
    /* Uses the host's name, because an address needs no look-up. */
    snprintf(phases[14].url, sizeof phases[14].url, "%s://localhost%s/fault/stall-before-answer", scheme, strrchr(fault, ':'));
    snprintf(phases[15].url, sizeof phases[15].url, "%s://name%s/", scheme, stalled_host);
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
      if (only == NULL ? phases[i].hostile : strcmp(phases[i].name, only) != 0) continue;
      found = true;
      if (phases[i].only_tls && !tls) continue;
      char name[64];
      snprintf(name, sizeof name, "%s-%s", tls ? "tls" : "plain", phases[i].name);
      phases[i].name = name;
      if (phases[i].ca == NULL) phases[i].ca = fault_ca;
      for (enum end end = BY_ABORT; end < (phases[i].hostile ? ENDS : BY_DEADLINE); end++) {
        measure(&phases[i], path, directory, samples, end);
      }
    }
  }
  if (!found) die("there is no phase %s", only);
  return 0;
}
