/* The library's side of the benchmark: the work of a host through the C interface, with every callback set. With
 * --no-progress, on_progress is not set.
 *
 * download, upload   --count transfers to or from --url, --parallel at once, --batch queued at a time
 * first-byte         from before wxt_session_open to the first byte of a response, in a process that did nothing before, and
 *                    from the request; with --prepare, a connection is opened before the request
 * idle               --count sessions with one download each; after 6 s idle: threads and memory per session
 * idle-waits         a session with one download: how often the process's threads wait while the idle session has timers,
 *                    and in the 13 s after that
 * queue              --count tasks queued behind --parallel stalled ones, then aborted: the cost of a queued task
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <pthread.h>
#include <unistd.h>

#include "bench.h"
#include "wxtransfer.h"

/* One batch of tasks. Callbacks of a session never run concurrently; the lock protects against the waiting thread. */
struct batch {
  pthread_mutex_t lock;
  pthread_cond_t ended;
  long left;
  uint64_t bytes;
  double first_byte;
  long progress_events;
  int expected_failure; /* a WXT_CATEGORY_…, or 0 if every task must succeed */
  const char *keep;
  char error[512];
};

static void on_headers(void *user_data, WxtTaskId task, const WxtHeadersReceived *event) {
  struct batch *batch = user_data;
  (void)task;
  (void)event;
  if (batch->first_byte == 0) batch->first_byte = wall_seconds();
}

static void on_progress(void *user_data, WxtTaskId task, const WxtProgress *event) {
  struct batch *batch = user_data;
  (void)task;
  (void)event;
  batch->progress_events++;
}

static void on_success(void *user_data, WxtTaskId task, const WxtSuccess *event) {
  struct batch *batch = user_data;
  (void)task;
  if (event->status_code != 200) snprintf(batch->error, sizeof batch->error, "status %d", event->status_code);
  if (batch->expected_failure != 0) snprintf(batch->error, sizeof batch->error, "a task succeeded that should not");
  batch->bytes += event->data_length;
  if (batch->keep != NULL) {
    char path[4096];
    snprintf(path, sizeof path, "%.*s", (int)event->native_path.len, event->native_path.ptr);
    unlink(batch->keep);
    if (link(path, batch->keep) != 0) snprintf(batch->error, sizeof batch->error, "%.400s cannot be kept", path);
  }
}

static void on_fail(void *user_data, WxtTaskId task, const WxtFailure *event) {
  struct batch *batch = user_data;
  (void)task;
  if (event->category != batch->expected_failure) {
    snprintf(batch->error, sizeof batch->error, "%.*s (%.*s)", (int)event->err_msg.len, event->err_msg.ptr,
             (int)event->detail.len, event->detail.ptr);
  }
}

static void on_complete(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  struct batch *batch = user_data;
  (void)task;
  (void)event;
  pthread_mutex_lock(&batch->lock);
  if (--batch->left == 0) pthread_cond_signal(&batch->ended);
  pthread_mutex_unlock(&batch->lock);
}

static WxtCallbacks callbacks_of(struct batch *batch, const struct options *options) {
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = batch;
  callbacks.on_headers_received = on_headers;
  if (!options->no_progress) callbacks.on_progress = on_progress;
  callbacks.on_success = on_success;
  callbacks.on_fail = on_fail;
  callbacks.on_complete = on_complete;
  return callbacks;
}

static void batch_wait(struct batch *batch) {
  pthread_mutex_lock(&batch->lock);
  while (batch->left > 0) pthread_cond_wait(&batch->ended, &batch->lock);
  pthread_mutex_unlock(&batch->lock);
  if (batch->error[0] != '\0') die("%s", batch->error);
}

static char *read_text(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) die("%s cannot be read", path);
  static char text[65536];
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

static WxtSession *open_session(const struct options *options, long number) {
  char app_id[32];
  snprintf(app_id, sizeof app_id, "wxbenchmark%ld", number);
  WxtSessionOptions session_options = wxt_session_options();
  session_options.app_id = wxt_str(app_id);
  session_options.platform = WXT_PLATFORM_OTHER;
  session_options.path_policy = WXT_PATHS_NATIVE;
  session_options.client_version = wxt_str("8.0.50");
  session_options.data_directory = wxt_str(options->directory);
  session_options.max_concurrent_uploads = (uint32_t)options->parallel;
  session_options.max_concurrent_downloads = (uint32_t)options->parallel;
  session_options.default_upload_timeout = 600000;
  session_options.default_download_timeout = 600000;
  session_options.max_timeout = 600000;
  session_options.max_download_size = UINT64_C(1) << 40;
  session_options.temporary_quota = UINT64_C(1) << 40;
  session_options.allow_plain_http = 1;
  session_options.lan_policy = WXT_LAN_ALL_LOCAL;
  session_options.skip_domain_check = 1;
  if (options->ca != NULL) session_options.root_certificates = wxt_str(read_text(options->ca));
  WxtSession *session;
  WxtStatus status = wxt_session_open(&session_options, &session, NULL);
  if (status != WXT_OK) die("wxt_session_open: %s", wxt_status_text(status));
  return session;
}

static WxtTaskId start(WxtSession *session, const struct options *options, struct batch *batch) {
  WxtCallbacks callbacks = callbacks_of(batch, options);
  WxtTaskId task;
  WxtStatus status;
  if (options->file != NULL) {
    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(options->url);
    request.file_path = wxt_str(options->file);
    request.name = wxt_str("file");
    status = wxt_upload_file(session, &request, &callbacks, &task, NULL);
  } else {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(options->url);
    request.want_sha256 = options->sha256;
    status = wxt_download_file(session, &request, &callbacks, &task, NULL);
  }
  if (status != WXT_OK) die("a task was refused: %s", wxt_status_text(status));
  return task;
}

static void transfer(const struct options *options) {
  WxtSession *session = open_session(options, 0);
  struct batch batch = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER, .keep = options->keep};
  struct measurement begin = measurement_begin();
  for (long started = 0; started < options->count;) {
    long size = options->batch < options->count - started ? options->batch : options->count - started;
    batch.left = size;
    for (long i = 0; i < size; i++) start(session, options, &batch);
    batch_wait(&batch);
    started += size;
  }
  measurement_print(begin, batch.bytes, options->count);
  wxt_session_close(session);
}

/* Opens a connection to the server of the URL, and waits until it is open. */
static void prepare(WxtSession *session, const struct options *options) {
  WxtStatus status = wxt_session_prepare(session, wxt_str(options->url));
  if (status != WXT_OK) die("wxt_session_prepare: %s", wxt_status_text(status));
  WxtSessionStatistics statistics = {.struct_size = sizeof statistics};
  for (double end = wall_seconds() + 10; statistics.connections_idle == 0;) {
    if (wall_seconds() > end) die("no connection was opened");
    usleep(10 * 1000);
    status = wxt_session_statistics(session, &statistics);
    if (status != WXT_OK) die("wxt_session_statistics: %s", wxt_status_text(status));
  }
}

static void first_byte(const struct options *options) {
  struct batch batch = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER, .left = 1};
  double begin = wall_seconds();
  WxtSession *session = open_session(options, 0);
  double opened = wall_seconds();
  if (options->prepare) prepare(session, options);
  double requested = wall_seconds();
  start(session, options, &batch);
  batch_wait(&batch);
  printf("open_ms %.3f first_byte_ms %.3f request_ms %.3f\n", (opened - begin) * 1e3, (batch.first_byte - begin) * 1e3,
         (batch.first_byte - requested) * 1e3);
  wxt_session_close(session);
}

static void fetch_once(WxtSession *session, const struct options *options) {
  struct batch batch = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER, .left = 1};
  start(session, options, &batch);
  batch_wait(&batch);
}

static void idle(const struct options *options) {
  /* The first session pays the one-time costs of the process. */
  WxtSession *first = open_session(options, 0);
  fetch_once(first, options);
  wxt_session_close(first);
  WxtSession **sessions = calloc((size_t)options->count, sizeof *sessions);
  long memory = process_status("RssAnon:");
  for (long i = 0; i < options->count; i++) {
    sessions[i] = open_session(options, i + 1);
    fetch_once(sessions[i], options);
  }
  sleep(6);
  long per_session = (process_status("RssAnon:") - memory) / options->count;
  /* Excludes this thread and each session's delivery thread. */
  long threads = process_status("Threads:") - 1 - options->count;
  printf("threads %ld rss_kib %ld\n", threads, per_session);
  for (long i = 0; i < options->count; i++) wxt_session_close(sessions[i]);
  free(sessions);
}

/* How often the other threads wait during so many seconds. */
static long waits_of_others_in(unsigned seconds) {
  long before = waits(RUSAGE_SELF) - waits(RUSAGE_THREAD);
  sleep(seconds);
  return waits(RUSAGE_SELF) - waits(RUSAGE_THREAD) - before;
}

static void idle_waits(const struct options *options) {
  WxtSession *session = open_session(options, 0);
  fetch_once(session, options);
  /* A worker ends after 2 s without a task, and a connection is closed after 15 s. */
  long with_timers = waits_of_others_in(17);
  long idle = waits_of_others_in(13);
  printf("timer_waits %ld idle_waits %ld\n", with_timers, idle);
  wxt_session_close(session);
}

static void queue(const struct options *options) {
  WxtSession *session = open_session(options, 0);
  struct batch running = {.lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER,
                          .expected_failure = WXT_CATEGORY_ABORTED};
  struct batch waiting = running;
  running.left = options->parallel;
  for (long i = 0; i < options->parallel; i++) start(session, options, &running);
  WxtTaskId *tasks = calloc((size_t)options->batch, sizeof *tasks);
  struct measurement begin = measurement_begin();
  for (long started = 0; started < options->count; started += options->batch) {
    waiting.left = options->batch;
    for (long i = 0; i < options->batch; i++) tasks[i] = start(session, options, &waiting);
    for (long i = 0; i < options->batch; i++) {
      WxtStatus status = wxt_task_abort(session, tasks[i]);
      if (status != WXT_OK) die("wxt_task_abort: %s", wxt_status_text(status));
    }
    batch_wait(&waiting);
  }
  measurement_print(begin, 0, options->count);
  wxt_session_close(session);
  free(tasks);
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  if (options.url == NULL || options.directory == NULL) die("--url and --directory are required");
  if (strcmp(options.command, "download") == 0 || strcmp(options.command, "upload") == 0) {
    transfer(&options);
  } else if (strcmp(options.command, "first-byte") == 0) {
    first_byte(&options);
  } else if (strcmp(options.command, "idle") == 0) {
    idle(&options);
  } else if (strcmp(options.command, "idle-waits") == 0) {
    idle_waits(&options);
  } else if (strcmp(options.command, "queue") == 0) {
    queue(&options);
  } else {
    die("unknown command %s", options.command);
  }
  return 0;
}
