/*
 * Many transfers of each kind through one session: small and large, plain and over TLS, with faulty servers and aborts. Checks:
 * - Each transfer has one of success and fail, one complete and one release.
 * - Each byte that the program receives is the right one, and none is missing.
 * - A correct server reports the SHA-256 of each upload. The random server does not check uploads.
 * - Some of the transfers that may fail succeed. Those that cannot succeed fail.
 * - The second half of the transfers leaves hardly more allocated memory than the first.
 * - At the end, the process has no more descriptors and threads than before.
 *
 * Prints a line of numbers after every hundredth of the transfers, or after every hundred transfers of fewer than 10,000.
 *
 * WXT_SOAK_TRANSFERS is the number of transfers, a multiple of 100. WXT_SOAK_IDLE is the number of seconds for which the session is
 * idle at the end. Then the process must have at most 6 MiB more memory than at its start. 0 skips this check. WXT_SOAK_PATIENCE is a
 * factor for all time limits.
 */

#include "../stress/leftovers.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>

/* More than the session runs at once, so that some wait in its queues. */
enum { MOST_AT_ONCE = 28 };
enum { KIB = 1024, MIB = 1024 * 1024, PERIOD = 65521 };
enum { MEMORY_LIMIT_KIB = 6 * 1024 };
/* The length of the random server's /resume/{n}, and the offset at which its answers break off. */
enum { RESUMED_LENGTH = 20000, RESUMED_OFFSET = 8000 };
/* The memory that the second half of the transfers may leave in addition. The session remembers each temporary file until it deletes
 * files to make room, which happens within MOST_FILES transfers. From then on, the number of remembered files does not grow. The second
 * half of 100,000 transfers leaves 260 to 360 KiB. */
enum { GROWTH = 256 * KIB, GROWTH_PER_FILE = KIB, MOST_FILES = 2000, LONG_GROWTH = 512 * KIB };

typedef struct {
  bool is_upload;
  /* Whether the transfer may fail, because the server misbehaves or the task is aborted. */
  bool may_fail;
  bool cannot_succeed;
  bool abort_early;
  bool is_resumed;
  /* The length of a body that a correct server sends or receives. UINT64_MAX: the length in the answer's head. */
  uint64_t length;
  char url[256];
  const char *source;
  const char *sha256;
  /* The callbacks that have run: (S)uccess, (F)ail, (C)omplete. */
  char order[4];
} Transfer;

static WxtSession *session;
static uint32_t patience;
static unsigned char pattern[4 * PERIOD];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static uint32_t running, succeeded, succeeded_although_faulty, resumed, failed, aborted, timed_out;
static uint64_t bytes;

static void broken(const Transfer *transfer, const char *what, WxtStr detail) {
  fprintf(stderr, "broken: %s: %s of %s, callbacks \"%s\", %.*s\n", what, transfer->is_upload ? "upload" : "download", transfer->url,
          transfer->order, (int)detail.len, detail.len == 0 ? "" : detail.ptr);
  _exit(1);
}

static void add(Transfer *transfer, char letter) {
  size_t length = strlen(transfer->order);
  const char *before = letter == 'C' ? "SF" : "";
  bool in_order = letter == 'C' ? length == 1 && strchr(before, transfer->order[0]) != NULL : length == 0;
  if (!in_order) broken(transfer, "the order of the callbacks", wxt_str(NULL));
  transfer->order[length] = letter;
}

/* Compares a file with the pattern from an offset on. */
static bool has_pattern(const char *path, uint64_t offset, uint64_t length) {
  static unsigned char piece[sizeof pattern - PERIOD];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  uint64_t compared = 0;
  for (;;) {
    size_t filled = 0;
    ssize_t got = 1;
    while (filled < sizeof piece && (got = read(file, piece + filled, sizeof piece - filled)) > 0) filled += (size_t)got;
    if (got < 0 || memcmp(piece, pattern + offset, filled) != 0) break;
    compared += filled;
    if (filled < sizeof piece) break;
  }
  CHECK(close(file) == 0);
  return compared == length;
}

/* Aborts on progress, not on the headers: a task that may be retried reports its headers too late. */
static void on_progress(void *user_data, WxtTaskId task, const WxtProgress *event) {
  const Transfer *transfer = user_data;
  (void)event;
  /* WXT_NOT_FOUND: the task has ended meanwhile. */
  WxtStatus status = transfer->abort_early ? wxt_task_abort(session, task) : WXT_OK;
  CHECK(status == WXT_OK || status == WXT_NOT_FOUND);
}

/* Compares the answer to an upload with what the random server sends: the lower seven bits of each byte of the pattern. */
static bool is_answer(WxtStr text, uint64_t length) {
  if (text.len != length || length > sizeof pattern) return false;
  for (size_t at = 0; at < text.len; at++) {
    if ((unsigned char)text.ptr[at] != (pattern[at] & 0x7f)) return false;
  }
  return true;
}

/* The length that a success must have. */
static uint64_t expected_length(const Transfer *transfer, const WxtSuccess *event) {
  WxtStr announced;
  char text[32];
  if (transfer->length != UINT64_MAX) return transfer->length;
  /* The random server sends the rest of a file, with the status 206, also to a client that has no part of the file. */
  if (transfer->is_resumed) return event->status_code == 206 ? RESUMED_LENGTH - RESUMED_OFFSET : RESUMED_LENGTH;
  WxtStatus status = wxt_header_find(event->header, event->header_count, wxt_str("content-length"), &announced);
  if (status != WXT_OK) broken(transfer, "a success of unknown length", wxt_str(NULL));
  snprintf(text, sizeof text, "%.*s", (int)announced.len, announced.ptr);
  return strtoull(text, NULL, 10);
}

static void on_success(void *user_data, WxtTaskId task, const WxtSuccess *event) {
  Transfer *transfer = user_data;
  (void)task;
  add(transfer, 'S');
  if (transfer->cannot_succeed) broken(transfer, "a transfer without a whole answer succeeded", wxt_str(NULL));
  uint64_t length = event->data_length;
  if (transfer->is_upload) {
    char answer[4096];
    snprintf(answer, sizeof answer, "%.*s", (int)event->data.len, event->data.len == 0 ? "" : event->data.ptr);
    bool arrived = transfer->sha256 == NULL || strstr(answer, transfer->sha256) != NULL;
    if (!arrived) broken(transfer, "the server received other bytes", event->data);
    bool whole = transfer->sha256 != NULL || expected_length(transfer, event) == length;
    if (!whole) broken(transfer, "the answer has another length", event->data);
    bool same = transfer->sha256 != NULL || is_answer(event->data, length);
    if (!same) broken(transfer, "the answer has other bytes", event->data);
    length = transfer->sha256 == NULL ? 0 : transfer->length;
  } else {
    char path[1024];
    snprintf(path, sizeof path, "%.*s", (int)event->native_path.len, event->native_path.ptr);
    bool whole = expected_length(transfer, event) == length;
    uint64_t offset = event->status_code == 206 && event->resumed_from == 0 ? RESUMED_OFFSET : 0;
    if (!whole || !has_pattern(path, offset, length)) broken(transfer, "other bytes were received", event->native_path);
  }
  pthread_mutex_lock(&lock);
  succeeded++;
  succeeded_although_faulty += transfer->may_fail;
  resumed += event->resumed_from > 0;
  bytes += length;
  pthread_mutex_unlock(&lock);
}

static void on_fail(void *user_data, WxtTaskId task, const WxtFailure *event) {
  Transfer *transfer = user_data;
  (void)task;
  add(transfer, 'F');
  if (!transfer->may_fail) broken(transfer, "a transfer with a correct server failed", event->detail);
  pthread_mutex_lock(&lock);
  failed++;
  aborted += event->category == WXT_CATEGORY_ABORTED;
  timed_out += event->category == WXT_CATEGORY_TIMEOUT;
  pthread_mutex_unlock(&lock);
}

static void on_complete(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  (void)task;
  (void)event;
  add(user_data, 'C');
}

static void release(void *user_data) {
  Transfer *transfer = user_data;
  if (strlen(transfer->order) != 2) broken(transfer, "released too early", wxt_str(NULL));
  free(transfer);
  pthread_mutex_lock(&lock);
  running--;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&lock);
}

static void download_bytes(Transfer *transfer, uint64_t length, bool over_tls) {
  transfer->length = length;
  snprintf(transfer->url, sizeof transfer->url, "%s/bytes/%llu", variable(over_tls ? "WXT_TLS_URL" : "WXT_PLAIN_URL"),
           (unsigned long long)length);
}

static void upload_file(Transfer *transfer, const char *source, uint64_t length, const char *sha256, bool over_tls) {
  transfer->is_upload = true;
  transfer->source = source;
  transfer->length = length;
  transfer->sha256 = sha256;
  snprintf(transfer->url, sizeof transfer->url, "%s/upload", variable(over_tls ? "WXT_TLS_URL" : "WXT_PLAIN_URL"));
}

/* A transfer with the random server, whose behaviour the number chooses. */
static void of_random_server(Transfer *transfer, const char *path, uint32_t number, bool over_tls) {
  transfer->may_fail = true;
  transfer->length = UINT64_MAX;
  snprintf(transfer->url, sizeof transfer->url, "%s/%s/%u", variable(over_tls ? "WXT_RANDOM_TLS_URL" : "WXT_RANDOM_PLAIN_URL"), path,
           number);
}

/* The kinds of a hundred transfers: at least 53 MiB arrive, 40 transfers may fail. */
static void choose(Transfer *transfer, uint32_t number) {
  /* 37 and 100 have no common factor, so a hundred numbers have each kind once, well mixed. */
  uint32_t kind = number * 37 % 100;
  bool over_tls = number / 100 % 2 == 0;
  if (kind == 0) {
    download_bytes(transfer, 32 * MIB, over_tls);
  } else if (kind == 1) {
    upload_file(transfer, "large", 8 * MIB, variable("WXT_LARGE_SHA256"), over_tls);
  } else if (kind < 5) {
    download_bytes(transfer, 4 * MIB, !over_tls);
  } else if (kind < 45) {
    download_bytes(transfer, number % 64 * KIB + number % 7, over_tls);
  } else if (kind < 60) {
    upload_file(transfer, "small", 16 * KIB, variable("WXT_SMALL_SHA256"), over_tls);
  } else if (kind == 60) {
    /* Some of these are complete before the abort. */
    download_bytes(transfer, 4 * MIB, over_tls);
    transfer->may_fail = transfer->abort_early = true;
  } else if (kind < 63) {
    transfer->may_fail = transfer->cannot_succeed = transfer->abort_early = true;
    snprintf(transfer->url, sizeof transfer->url, "%s/drip?n=100000&ms=10", variable(over_tls ? "WXT_TLS_URL" : "WXT_PLAIN_URL"));
  } else if (kind < 84) {
    of_random_server(transfer, "random", number, over_tls);
  } else if (kind < 94) {
    /* The answers are shorter than 128 KiB: freeing a longer text would make glibc keep more memory (M_MMAP_THRESHOLD). */
    upload_file(transfer, "small", 16 * KIB, NULL, over_tls);
    of_random_server(transfer, "answer", number, over_tls);
  } else if (kind < 98) {
    of_random_server(transfer, "resume", number, over_tls);
    transfer->is_resumed = true;
  } else if (kind == 98) {
    transfer->may_fail = transfer->cannot_succeed = true;
    snprintf(transfer->url, sizeof transfer->url, "%s/", variable("WXT_BLACK_HOLE_URL"));
  } else {
    transfer->may_fail = transfer->cannot_succeed = true;
    snprintf(transfer->url, sizeof transfer->url, "%s/fault/truncate", variable("WXT_FAULT_TLS_URL"));
  }
}

static void start(uint32_t number) {
  Transfer *transfer = calloc(1, sizeof *transfer);
  CHECK(transfer != NULL);
  choose(transfer, number);
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = transfer;
  callbacks.on_progress = on_progress;
  callbacks.on_success = on_success;
  callbacks.on_fail = on_fail;
  callbacks.on_complete = on_complete;
  callbacks.release = release;
  /* If many transfers are slow, each reports its progress only every few seconds. An abort needs a report before the deadline. */
  uint32_t timeout = patience * (transfer->may_fail && !transfer->abort_early ? 500 : 60000);
  pthread_mutex_lock(&lock);
  running++;
  pthread_mutex_unlock(&lock);
  WxtTaskId task = 0;
  if (transfer->is_upload) {
    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(transfer->url);
    request.file_path = wxt_str(in_directory(transfer->source));
    request.name = wxt_str("file");
    request.timeout = timeout;
    CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, &task, NULL), WXT_OK);
  } else {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(transfer->url);
    request.timeout = timeout;
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, &task, NULL), WXT_OK);
  }
}

static void await_at_most(uint32_t most) {
  struct timespec end;
  CHECK(clock_gettime(CLOCK_REALTIME, &end) == 0);
  end.tv_sec += WAIT_LIMIT * patience;
  pthread_mutex_lock(&lock);
  while (running > most) {
    if (pthread_cond_timedwait(&changed, &lock, &end) == ETIMEDOUT) {
      fprintf(stderr, "broken: %u transfers have not ended\n", running);
      _exit(1);
    }
  }
  pthread_mutex_unlock(&lock);
}

/* The process's memory in KiB that no file backs. 0 if the system does not report it. */
static long memory(void) {
  long kib = 0;
  char line[256];
  FILE *status = fopen("/proc/self/status", "r");
  if (status == NULL) return 0;
  while (fgets(line, sizeof line, status) != NULL) {
    if (sscanf(line, "RssAnon: %ld", &kib) == 1) break;
  }
  CHECK(fclose(status) == 0);
  return kib;
}

static void print_line(const char *when, uint32_t transfers, uint64_t begin) {
  pthread_mutex_lock(&lock);
  printf("soak %s %u transfers %llu MiB %.1f s memory %ld KiB allocated %zu KiB threads %u descriptors %u\n", when, transfers,
         (unsigned long long)(bytes / MIB), (double)(now() - begin) / 1000, memory(), memory_in_use() / KIB, count_entries("/proc/self/task", FLAT),
         count_entries("/proc/self/fd", FLAT));
  pthread_mutex_unlock(&lock);
  fflush(stdout);
}

/* Checks that this number of transfers has left little memory allocated. The library frees idle buffers after some seconds. */
static void check_growth(size_t before, uint32_t transfers) {
  size_t half = transfers < MOST_FILES ? transfers : MOST_FILES, all = 2 * transfers < MOST_FILES ? 2 * transfers : MOST_FILES;
  size_t limit = before + (half < MOST_FILES ? GROWTH + (all - half) * GROWTH_PER_FILE : LONG_GROWTH);
  uint64_t end = now() + WAIT_LIMIT * 1000;
  while (memory_in_use() > limit) {
    struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    if (now() < end) continue;
    fprintf(stderr, "broken: %zu bytes allocated after half of the transfers, %zu after all\n", before, memory_in_use());
    _exit(1);
  }
  printf("%zu bytes allocated after half of the transfers, %zu after all\n", before, memory_in_use());
}

static WxtSession *open_soaked(void) {
  WxtSessionOptions options = local_options();
  options.temporary_quota = 1024LL * MIB;
  options.max_retries = 1;
  options.retry_delay = 10;
  options.resume = WXT_RESUME_WITHIN_TASK;
  return open_session(&options);
}

int main(void) {
  const char *wanted = getenv("WXT_SOAK_TRANSFERS"), *idle = getenv("WXT_SOAK_IDLE"), *factor = getenv("WXT_SOAK_PATIENCE");
  uint32_t count = wanted == NULL ? 200 : (uint32_t)strtoul(wanted, NULL, 10);
  unsigned idle_seconds = idle == NULL ? 0 : (unsigned)strtoul(idle, NULL, 10);
  patience = factor == NULL ? 1 : (uint32_t)strtoul(factor, NULL, 10);
  CHECK(count > 0 && count % 100 == 0);
  uint32_t step = count < 10000 ? 100 : count / 100;
  alarm(PROGRAM_LIMIT * patience + count / 20 + idle_seconds);
  signal(SIGPIPE, SIG_IGN);
  for (size_t offset = 0; offset < sizeof pattern; offset++) pattern[offset] = pattern_byte(offset);
  write_pattern(in_directory("large"), 8 * MIB);
  write_pattern(in_directory("small"), 16 * KIB);
  long memory_at_start = memory();
  uint64_t begin = now();
  print_line("start", 0, begin);

  /* The first session creates the process's one-time resources. */
  session = open_soaked();
  start(5);
  await_at_most(0);
  close_session(session);
  Possessions before = possessions();
  before.files = UINT_MAX;
  before.memory = SIZE_MAX / 2;
  bytes = 0;
  succeeded = succeeded_although_faulty = resumed = failed = aborted = timed_out = 0;

  session = open_soaked();
  size_t allocated_at_half = 0;
  for (uint32_t number = 0; number < count; number++) {
    if (number == count / 2) {
      await_at_most(0);
      allocated_at_half = memory_in_use();
    }
    await_at_most(MOST_AT_ONCE - 1);
    start(number);
    if ((number + 1) % step == 0) print_line("run", number + 1, begin);
  }
  await_at_most(0);
  CHECK_NUMBER(succeeded + failed, count);
  print_line("end", count, begin);
  check_growth(allocated_at_half, count / 2);
  /* Of a hundred, 36 may fail or succeed. Two or three are aborted, and one or more time out. */
  CHECK(succeeded_although_faulty >= count / 10);
  CHECK(aborted >= count / 50 && timed_out >= count / 100);
  /* Four of a hundred may be resumed, if the random server breaks off. */
  CHECK(count < 10000 || resumed >= count / 200);
  if (idle_seconds > 0) {
    /* A fixed time, because nothing signals that the session is idle. */
    sleep(idle_seconds);
    print_line("idle", count, begin);
    if (memory() > memory_at_start + MEMORY_LIMIT_KIB) {
      fprintf(stderr, "broken: %ld KiB of memory at the start, %ld when idle\n", memory_at_start, memory());
      return 1;
    }
  }
  close_session(session);
  sweep("wx0123456789abcdef");
  check_nothing_left(before, count);
  print_line("closed", count, begin);
  printf("%u transfers: %u succeeded, %u of them resumed; %u failed, %u of them aborted, %u timed out; %llu MiB compared\n", count,
         succeeded, resumed, failed, aborted, timed_out, (unsigned long long)(bytes / MIB));
  return 0;
}
