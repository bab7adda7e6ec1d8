/* libcurl's side of the benchmark: the same work as bench_wxt, in the way that libcurl's documentation shows.
 *
 * download   --count downloads of --url into files in --directory
 * upload     --count multipart posts of --file
 * first-byte from before curl_global_init to the first byte of a response, and from the request
 *
 * --parallel 1 uses one easy handle. A larger number uses that many threads with an easy handle each, or with --multi one
 * thread and the multi interface. Options are libcurl's defaults, unless --tuned. With --rename, a download has a
 * temporary name until it is complete. With --progress, a progress callback is set.
 */
#include <curl/curl.h>
#include <pthread.h>

#include "bench.h"

enum { PATH_SIZE = 4096, PART_PATH_SIZE = PATH_SIZE + sizeof ".part" };

struct job {
  const struct options *options;
  CURL *handle;
  curl_mime *mime;
  FILE *output;
  char path[PATH_SIZE]; /* of the complete output */
  curl_off_t bytes;
};

static long next_number;

static size_t discard(char *data, size_t size, size_t count, void *context) {
  (void)data;
  (void)context;
  return size * count;
}

static int on_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up) {
  (void)context, (void)down_total, (void)down, (void)up_total, (void)up;
  return 0;
}

static void job_open(struct job *job, const struct options *options) {
  memset(job, 0, sizeof *job);
  job->options = options;
  job->handle = curl_easy_init();
  if (job->handle == NULL) die("curl_easy_init");
  curl_easy_setopt(job->handle, CURLOPT_URL, options->url);
  curl_easy_setopt(job->handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(job->handle, CURLOPT_PRIVATE, job);
  if (options->ca != NULL) curl_easy_setopt(job->handle, CURLOPT_CAINFO, options->ca);
  if (options->progress) {
    curl_easy_setopt(job->handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(job->handle, CURLOPT_NOPROGRESS, 0L);
  }
  if (options->tuned) {
    curl_easy_setopt(job->handle, CURLOPT_BUFFERSIZE, 512L * 1024);
    curl_easy_setopt(job->handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
  }
}

/* The name of an incomplete download. */
static const char *part_path(const struct job *job, char part[static PART_PATH_SIZE]) {
  snprintf(part, PART_PATH_SIZE, "%s.part", job->path);
  return part;
}

/* A new output file, or the form to send. */
static void job_prepare(struct job *job) {
  if (job->options->file != NULL) {
    job->mime = curl_mime_init(job->handle);
    curl_mimepart *part = curl_mime_addpart(job->mime);
    curl_mime_name(part, "file");
    curl_mime_filedata(part, job->options->file);
    curl_easy_setopt(job->handle, CURLOPT_MIMEPOST, job->mime);
    curl_easy_setopt(job->handle, CURLOPT_WRITEFUNCTION, discard);
    return;
  }
  long number = __atomic_fetch_add(&next_number, 1, __ATOMIC_RELAXED);
  snprintf(job->path, sizeof job->path, "%s/%ld", job->options->directory, number);
  char part[PART_PATH_SIZE];
  job->output = fopen(job->options->rename ? part_path(job, part) : job->path, "wb");
  if (job->output == NULL) die("%s cannot be written", job->path);
  curl_easy_setopt(job->handle, CURLOPT_WRITEDATA, job->output);
}

static void job_finish(struct job *job, CURLcode code) {
  if (code != CURLE_OK) die("%s", curl_easy_strerror(code));
  long status;
  curl_off_t bytes;
  curl_easy_getinfo(job->handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(job->handle, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
  if (status != 200) die("status %ld", status);
  job->bytes += bytes;
  if (job->output != NULL && fclose(job->output) != 0) die("a file cannot be written");
  if (job->output != NULL && job->options->rename) {
    char part[PART_PATH_SIZE];
    if (rename(part_path(job, part), job->path) != 0) die("%s cannot be renamed", part);
  }
  job->output = NULL;
  curl_mime_free(job->mime);
  job->mime = NULL;
}

static long remaining;

static bool take_one(void) { return __atomic_fetch_sub(&remaining, 1, __ATOMIC_RELAXED) > 0; }

static void *run_thread(void *argument) {
  struct job *job = argument;
  while (take_one()) {
    job_prepare(job);
    job_finish(job, curl_easy_perform(job->handle));
  }
  return NULL;
}

static void run_threads(struct job *jobs, long parallel) {
  pthread_t *threads = calloc((size_t)parallel, sizeof *threads);
  for (long i = 0; i < parallel; i++) {
    if (pthread_create(&threads[i], NULL, run_thread, &jobs[i]) != 0) die("pthread_create");
  }
  for (long i = 0; i < parallel; i++) pthread_join(threads[i], NULL);
  free(threads);
}

static void run_multi(struct job *jobs, long parallel) {
  CURLM *multi = curl_multi_init();
  for (long i = 0; i < parallel && take_one(); i++) {
    job_prepare(&jobs[i]);
    curl_multi_add_handle(multi, jobs[i].handle);
  }
  int running;
  do {
    if (curl_multi_perform(multi, &running) != CURLM_OK) die("curl_multi_perform");
    int queued;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &queued)) != NULL) {
      struct job *job;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&job);
      CURLcode code = message->data.result;
      curl_multi_remove_handle(multi, job->handle);
      job_finish(job, code);
      if (take_one()) {
        job_prepare(job);
        curl_multi_add_handle(multi, job->handle);
        running = 1;
      }
    }
    if (running > 0) curl_multi_poll(multi, NULL, 0, 1000, NULL);
  } while (running > 0);
  curl_multi_cleanup(multi);
}

static size_t note_first_byte(char *data, size_t size, size_t count, void *context) {
  double *first = context;
  (void)data;
  if (*first == 0) *first = wall_seconds();
  return size * count;
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  if (options.url == NULL) die("--url is required");
  double started = wall_seconds(), first = 0;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  struct job *jobs = calloc((size_t)options.parallel, sizeof *jobs);
  for (long i = 0; i < options.parallel; i++) job_open(&jobs[i], &options);
  if (strcmp(options.command, "first-byte") == 0) {
    curl_easy_setopt(jobs[0].handle, CURLOPT_HEADERFUNCTION, note_first_byte);
    curl_easy_setopt(jobs[0].handle, CURLOPT_HEADERDATA, &first);
  }
  remaining = options.count;
  struct measurement begin = measurement_begin();
  if (options.parallel == 1) {
    run_thread(&jobs[0]);
  } else if (options.multi) {
    run_multi(jobs, options.parallel);
  } else {
    run_threads(jobs, options.parallel);
  }
  curl_off_t bytes = 0;
  for (long i = 0; i < options.parallel; i++) bytes += jobs[i].bytes;
  if (strcmp(options.command, "first-byte") == 0) {
    printf("first_byte_ms %.3f request_ms %.3f\n", (first - started) * 1e3, (first - begin.wall) * 1e3);
  } else {
    measurement_print(begin, (uint64_t)bytes, options.count);
  }
  for (long i = 0; i < options.parallel; i++) curl_easy_cleanup(jobs[i].handle);
  free(jobs);
  curl_global_cleanup();
  return 0;
}
