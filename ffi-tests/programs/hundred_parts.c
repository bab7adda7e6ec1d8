/* An upload of a hundred files needs as little memory and as few descriptors as one of a small file. */

#include "../support.h"

#include <sys/resource.h>

static long peak_memory_in_kib(void) {
  struct rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
#ifdef __APPLE__
  return usage.ru_maxrss / 1024;
#else
  return usage.ru_maxrss;
#endif
}

/* A hundred sparse files of a given size. `ffi-tests/large-upload.sh` makes them 4 GiB together. */
static void of_a_hundred_parts(WxtSession *session, const char *url) {
  enum { PARTS = 100, DESCRIPTORS = 40, MOST_MEMORY = 4 * 1024 };
  const char *asked = getenv("WXT_PART_SIZE");
  uint64_t size = asked == NULL ? 1000000 : strtoull(asked, NULL, 10);
  static char paths[PARTS][1024];
  static WxtUploadPart parts[PARTS];
  for (int i = 0; i < PARTS; i++) {
    snprintf(paths[i], sizeof paths[i], "%s", in_directory(format("part-%d", i)));
    write_bytes(paths[i], "part", 4);
    CHECK(truncate(paths[i], (off_t)size) == 0);
    parts[i].name = wxt_str("part");
    parts[i].file_path = wxt_str(paths[i]);
  }
  /* A phone's process has few of them. */
  struct rlimit before, few;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  few = before;
  few.rlim_cur = DESCRIPTORS;
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);

  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(url);
  request.parts = parts;
  request.part_count = PARTS;
  request.timeout = 590000;
  long memory = peak_memory_in_kib();
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  long grown = peak_memory_in_kib() - memory;
  CHECK(recorder.progress.total_bytes > PARTS * size);
  CHECK_NUMBER(recorder.progress.total_bytes, recorder.progress.total_bytes_expected);
  CHECK_CONTAINS(recorder.data, format("\"content_length\":%llu", (unsigned long long)recorder.progress.total_bytes));
  if (asked != NULL) {
    printf("%d parts of %llu bytes: the most memory in use grew by %ld KiB\n", PARTS, (unsigned long long)size, grown);
  }
  CHECK(grown < MOST_MEMORY);
  recorder_forget(&recorder);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  for (int i = 0; i < PARTS; i++) {
    CHECK(remove(paths[i]) == 0);
  }
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  options.max_timeout = 600000;
  WxtSession *session = open_session(&options);
  /* The first transfer allocates memory that later ones reuse. */
  const char *path = in_directory("small");
  write_bytes(path, "small", 5);
  Recorder recorder = {0};
  start_upload(session, plain("/upload"), path, &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
  of_a_hundred_parts(session, plain("/upload"));
  close_session(session);
  return 0;
}
