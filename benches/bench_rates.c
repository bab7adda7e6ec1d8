/* Measures how accurately max_bytes_per_second holds over 10 s, how evenly tasks share it, and the duration of an abort.
 *
 *   bench_rates PLAIN_URL TLS_URL CA FILE DIRECTORY RATE
 *
 * The URLs are bench_server's. One, three and ten tasks of a session with the limit RATE transfer files that take 10 s in total.
 * Prints the deviation of their rate from the limit, with heads and TLS, which the limit counts, and for the files alone; and when
 * the first and the last task ended. Fails if the rate deviates by more than 5 %. FILE must contain the bytes that one task
 * transfers in 10 s.
 */
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "wxtransfer.h"

enum { SECONDS = 10, MOST_TASKS = 10, ABORTS = 100 };

struct batch {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int left;
  bool has_progress;
  int expected_failure; /* a WXT_CATEGORY_…, or 0 if every task must succeed */
  double first_end, last_end;
  char error[512];
};

static const char *directory, *certificates;
static bool failed;

static void on_progress(void *user_data, WxtTaskId task, const WxtProgress *event) {
  struct batch *batch = user_data;
  (void)task;
  (void)event;
  pthread_mutex_lock(&batch->lock);
  batch->has_progress = true;
  pthread_cond_signal(&batch->changed);
  pthread_mutex_unlock(&batch->lock);
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
  batch->last_end = wall_seconds();
  if (batch->first_end == 0) batch->first_end = batch->last_end;
  batch->left--;
  pthread_cond_signal(&batch->changed);
  pthread_mutex_unlock(&batch->lock);
}

static WxtSession *open_session(uint64_t limit) {
  WxtSessionOptions options = wxt_session_options();
  options.app_id = wxt_str("wxbenchmark");
  options.platform = WXT_PLATFORM_OTHER;
  options.client_version = wxt_str("8.0.50");
  options.data_directory = wxt_str(directory);
  options.root_certificates = wxt_str(certificates);
  options.path_policy = WXT_PATHS_NATIVE;
  options.lan_policy = WXT_LAN_ALL_LOCAL;
  options.allow_plain_http = 1;
  options.max_download_size = UINT64_C(1) << 40;
  options.max_bytes_per_second = limit;
  WxtSession *session;
  WxtStatus status = wxt_session_open(&options, &session, NULL);
  if (status != WXT_OK) die("wxt_session_open: %s", wxt_status_text(status));
  return session;
}

/* Starts a download, or the upload of `file` if it is not NULL. */
static WxtTaskId start(WxtSession *session, const char *url, const char *file, struct batch *batch) {
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = batch;
  callbacks.on_progress = on_progress;
  callbacks.on_fail = on_fail;
  callbacks.on_complete = on_complete;
  WxtTaskId task;
  WxtStatus status;
  if (file != NULL) {
    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(url);
    request.file_path = wxt_str(file);
    request.name = wxt_str("file");
    status = wxt_upload_file(session, &request, &callbacks, &task, NULL);
  } else {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(url);
    status = wxt_download_file(session, &request, &callbacks, &task, NULL);
  }
  if (status != WXT_OK) die("a task was refused: %s", wxt_status_text(status));
  return task;
}

static void wait_for_ends(struct batch *batch) {
  pthread_mutex_lock(&batch->lock);
  while (batch->left > 0) pthread_cond_wait(&batch->changed, &batch->lock);
  pthread_mutex_unlock(&batch->lock);
  if (batch->error[0] != '\0') die("%s", batch->error);
}

static void measure_rate(const char *base, bool upload, const char *file, uint64_t limit, int tasks) {
  uint64_t bytes = limit * SECONDS / (uint64_t)tasks;
  char url[512];
  if (upload) {
    snprintf(url, sizeof url, "%s/sink", base);
    if (truncate(file, (off_t)bytes) != 0) die("%s cannot be made shorter", file);
  } else {
    snprintf(url, sizeof url, "%s/bytes/%llu", base, (unsigned long long)bytes);
  }
  WxtSession *session = open_session(limit);
  struct batch batch = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .left = tasks};
  double begin = wall_seconds();
  for (int i = 0; i < tasks; i++) start(session, url, upload ? file : NULL, &batch);
  wait_for_ends(&batch);
  WxtSessionStatistics statistics = {.struct_size = sizeof statistics};
  if (wxt_session_statistics(session, &statistics) != WXT_OK) die("the session has no statistics");
  double expected = (double)limit * (batch.last_end - begin);
  double error = (double)(statistics.bytes_sent + statistics.bytes_received) / expected * 100 - 100;
  double files = (double)(bytes * (uint64_t)tasks) / expected * 100 - 100;
  bool missed = error < -5 || error > 5;
  failed |= missed;
  printf("%-5s %-8s %2d tasks: %+.2f %%, files alone %+.2f %%, first end %.2f s, last %.2f s%s\n",
         base[4] == 's' ? "TLS" : "plain", upload ? "upload" : "download", tasks, error, files, batch.first_end - begin,
         batch.last_end - begin, missed ? "  MISSED" : "");
  fflush(stdout);
  wxt_session_close(session);
}

static int compare(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* Measures the time from wxt_task_abort to the end of a task whose turn is seconds away. */
static void measure_aborts(const char *base, bool upload, const char *file) {
  char url[512];
  snprintf(url, sizeof url, upload ? "%s/sink" : "%s/bytes/100000000", base);
  double times[ABORTS];
  WxtSession *session = open_session(0);
  for (int i = 0; i < ABORTS; i++) {
    struct batch batch = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .left = 1,
                          .expected_failure = WXT_CATEGORY_ABORTED};
    wxt_session_set_max_bytes_per_second(session, 4000000);
    WxtTaskId task = start(session, url, upload ? file : NULL, &batch);
    pthread_mutex_lock(&batch.lock);
    while (!batch.has_progress) pthread_cond_wait(&batch.changed, &batch.lock);
    pthread_mutex_unlock(&batch.lock);
    wxt_session_set_max_bytes_per_second(session, 1);
    usleep(20000);
    double begin = wall_seconds();
    if (wxt_task_abort(session, task) != WXT_OK) die("a task could not be aborted");
    wait_for_ends(&batch);
    times[i] = (batch.last_end - begin) * 1e3;
  }
  wxt_session_close(session);
  qsort(times, ABORTS, sizeof *times, compare);
  printf("%-5s %-8s abort at 1 B/s: p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", base[4] == 's' ? "TLS" : "plain",
         upload ? "upload" : "download", times[ABORTS / 2], times[ABORTS * 99 / 100], times[ABORTS - 1]);
  fflush(stdout);
}

static char *read_text(const char *path) {
  static char text[65536];
  FILE *file = fopen(path, "r");
  if (file == NULL) die("%s cannot be read", path);
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

int main(int argc, char **argv) {
  if (argc != 7) die("usage: %s PLAIN_URL TLS_URL CA FILE DIRECTORY RATE", argv[0]);
  const char *bases[] = {argv[1], argv[2]};
  const char *file = argv[4];
  certificates = read_text(argv[3]);
  directory = argv[5];
  uint64_t limit = strtoull(argv[6], NULL, 10);
  if (limit == 0) die("RATE is a number of bytes per second");
  for (int base = 0; base < 2; base++) {
    measure_aborts(bases[base], false, file);
    measure_aborts(bases[base], true, file);
  }
  static const int counts[] = {10, 3, 1};
  for (int base = 0; base < 2; base++) {
    for (int i = 0; i < 3; i++) measure_rate(bases[base], false, file, limit, counts[i]);
  }
  /* The longest first, because each run truncates the file. */
  for (int i = 2; i >= 0; i--) {
    for (int base = 0; base < 2; base++) measure_rate(bases[base], true, file, limit, counts[i]);
  }
  return failed;
}
