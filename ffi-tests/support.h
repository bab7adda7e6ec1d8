/*
 * Shared by the programs of this directory: checks, the harness' environment, and a recorder of a task's callbacks.
 */

#ifndef SUPPORT_H
#define SUPPORT_H

/* C99 alone has no threads and no clock. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wxtransfer.h"

/* Seconds. Generous, because a slow machine (or valgrind) is not a broken library. */
enum { WAIT_LIMIT = 120, PROGRAM_LIMIT = 600 };

/* --- Checks: the first failure ends the program, on any thread. --- */

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define CHECK_NUMBER(actual, expected) check_number((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), #actual, __FILE__, __LINE__)
#define CHECK_CONTAINS(text, part) check_contains((text), (part), true, #text, __FILE__, __LINE__)
#define CHECK_LACKS(text, part) check_contains((text), (part), false, #text, __FILE__, __LINE__)

static inline void check(bool holds, const char *what, const char *file, int line) {
  if (!holds) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    _exit(1);
  }
}

static inline void check_number(long long actual, long long expected, const char *what, const char *file, int line) {
  if (actual != expected) {
    fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, actual, expected);
    _exit(1);
  }
}

static inline void check_text(const char *actual, const char *expected, const char *what, const char *file, int line) {
  if (actual == NULL || strcmp(actual, expected) != 0) {
    fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, actual == NULL ? "(null)" : actual, expected);
    _exit(1);
  }
}

static inline void check_contains(const char *text, const char *part, bool wanted, const char *what, const char *file,
                                  int line) {
  if ((strstr(text, part) != NULL) != wanted) {
    fprintf(stderr, "%s:%d: %s %s \"%s\": %s\n", file, line, what, wanted ? "lacks" : "contains", part, text);
    _exit(1);
  }
}

/* --- The harness' environment. --- */

/* The first line of every program. */
static inline void begin(void) {
  alarm(PROGRAM_LIMIT);
}

static inline const char *variable(const char *name) {
  const char *value = getenv(name);
  if (value == NULL) {
    fprintf(stderr, "%s is not set; `cargo test --test ffi` starts these programs with all they need\n", name);
    _exit(2);
  }
  return value;
}

/* A formatted string, valid until 63 more were made. For one thread at a time. */
static inline const char *format(const char *pattern, ...) {
  static char texts[256][1024];
  static unsigned next = 0;
  char *text = texts[next++ % 256];
  va_list arguments;
  va_start(arguments, pattern);
  int length = vsnprintf(text, sizeof texts[0], pattern, arguments);
  va_end(arguments);
  CHECK(length >= 0 && (size_t)length < sizeof texts[0]);
  return text;
}

/* A URL of the well-behaved server, over TLS or plain. */
static inline const char *tls(const char *path) {
  return format("%s%s", variable("WXT_TLS_URL"), path);
}

static inline const char *plain(const char *path) {
  return format("%s%s", variable("WXT_PLAIN_URL"), path);
}

/* A URL of the fault server, whose paths name a fault, over TLS. */
static inline const char *fault(const char *path) {
  return format("%s/fault/%s", variable("WXT_FAULT_TLS_URL"), path);
}

/* A path in the program's own directory. */
static inline const char *in_directory(const char *name) {
  return format("%s/%s", variable("WXT_DIRECTORY"), name);
}

/* --- Files. --- */

/* The byte that the server's /bytes/{n} has at an offset. */
static inline unsigned char pattern_byte(uint64_t offset) {
  return (unsigned char)((offset % 65521 * 2654435761u) >> 24);
}

static inline void write_bytes(const char *path, const char *bytes, size_t length) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  CHECK(fwrite(bytes, 1, length, file) == length);
  CHECK(fclose(file) == 0);
}

static inline void write_pattern(const char *path, uint64_t length) {
  FILE *file = fopen(path, "wb");
  CHECK(file != NULL);
  for (uint64_t offset = 0; offset < length; offset++) {
    CHECK(putc(pattern_byte(offset), file) != EOF);
  }
  CHECK(fclose(file) == 0);
}

/* Checks that the file contains exactly the first `length` bytes of the pattern. */
static inline void check_pattern(const char *path, uint64_t length) {
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  for (uint64_t offset = 0; offset < length; offset++) {
    CHECK_NUMBER(getc(file), pattern_byte(offset));
  }
  CHECK(getc(file) == EOF);
  CHECK(fclose(file) == 0);
}

/* A whole small file; the caller frees it. */
static inline char *read_text(const char *path) {
  enum { LARGEST = 256 * 1024 };
  FILE *file = fopen(path, "rb");
  CHECK(file != NULL);
  char *text = malloc(LARGEST);
  CHECK(text != NULL);
  size_t length = fread(text, 1, LARGEST - 1, file);
  CHECK(feof(file));
  text[length] = '\0';
  CHECK(fclose(file) == 0);
  return text;
}

static inline bool exists(const char *path) {
  return access(path, F_OK) == 0;
}

/* --- Time. --- */

/* Milliseconds since the epoch, by the clock of a profile. */
static inline uint64_t now(void) {
  struct timespec time;
  CHECK(clock_gettime(CLOCK_REALTIME, &time) == 0);
  return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* --- Sessions. --- */

/* Options that allow the harness' servers, and uploads of files by their native paths. */
static inline WxtSessionOptions local_options(void) {
  static char *certificates = NULL;
  static char data_directory[1024];
  if (certificates == NULL) {
    certificates = read_text(variable("WXT_CA_FILE"));
    snprintf(data_directory, sizeof data_directory, "%s", in_directory("data"));
  }
  WxtSessionOptions options = wxt_session_options();
  options.app_id = wxt_str("wx0123456789abcdef");
  options.app_version = wxt_str("7");
  options.platform = WXT_PLATFORM_ANDROID;
  options.client_version = wxt_str("8.0.50");
  options.data_directory = wxt_str(data_directory);
  options.root_certificates = wxt_str(certificates);
  options.path_policy = WXT_PATHS_NATIVE;
  options.lan_policy = WXT_LAN_ALL_LOCAL;
  options.allow_plain_http = 1;
  return options;
}

static inline WxtSession *open_session(const WxtSessionOptions *options) {
  WxtSession *session = NULL;
  CHECK_NUMBER(wxt_session_open(options, &session, NULL), WXT_OK);
  CHECK(session != NULL);
  return session;
}

static inline void close_session(WxtSession *session) {
  CHECK_NUMBER(wxt_session_close(session), WXT_OK);
}

/* --- A recorder of one task's callbacks. It also checks the header's guarantees about them. --- */

typedef struct {
  /* The callbacks that have run, one letter each: (H)eaders, (S)uccess, (F)ail, (C)omplete, (R)elease. */
  char order[8];
  WxtTaskId task;
  unsigned progress_events;
  WxtProgress progress;
  /* Of the success or the failure. */
  char err_msg[1024];
  int32_t status_code;
  char *data;
  char path[256];
  char native_path[1024];
  uint64_t data_length;
  char sha256[65];
  /* The headers of the success, one line "name: value" each. */
  char header[4096];
  int32_t err_no;
  int32_t category;
  char detail[1024];
  bool retryable;
  uint32_t attempts;
  uint64_t resumed_from;
  bool has_profile;
  WxtProfile profile;
  /* Its position in the order in which this program's tasks ended, from 1. */
  unsigned place;
} Recorder;

static pthread_mutex_t recorder_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t recorder_changed = PTHREAD_COND_INITIALIZER;

static inline void recorder_forget(Recorder *recorder) {
  free(recorder->data);
  memset(recorder, 0, sizeof *recorder);
}

static inline void copy_text(char *target, size_t size, WxtStr text) {
  CHECK(text.len < size);
  memcpy(target, text.len == 0 ? "" : text.ptr, text.len);
  target[text.len] = '\0';
}

/* Adds a letter. The caller holds `recorder_lock`. */
static inline void recorder_add(Recorder *recorder, WxtTaskId task, char letter) {
  size_t length = strlen(recorder->order);
  CHECK(length + 1 < sizeof recorder->order);
  CHECK(strchr(recorder->order, 'R') == NULL);
  /* 0 for `release`, which does not receive the task. */
  CHECK(task == 0 || recorder->task == 0 || recorder->task == task);
  if (task != 0) {
    recorder->task = task;
  }
  recorder->order[length] = letter;
  recorder->order[length + 1] = '\0';
  pthread_cond_broadcast(&recorder_changed);
}

static inline void recorder_on_headers(void *user_data, WxtTaskId task, const WxtHeadersReceived *event) {
  Recorder *recorder = user_data;
  pthread_mutex_lock(&recorder_lock);
  CHECK(event->struct_size == sizeof *event);
  recorder->status_code = event->status_code;
  recorder_add(recorder, task, 'H');
  pthread_mutex_unlock(&recorder_lock);
}

static inline void recorder_on_progress(void *user_data, WxtTaskId task, const WxtProgress *event) {
  Recorder *recorder = user_data;
  pthread_mutex_lock(&recorder_lock);
  CHECK(event->struct_size == sizeof *event);
  CHECK(recorder->task == 0 || recorder->task == task);
  CHECK(strpbrk(recorder->order, "SFCR") == NULL);
  CHECK(event->progress <= 100 || event->progress == WXT_PROGRESS_UNKNOWN);
  CHECK(event->total_bytes <= event->total_bytes_expected);
  if (recorder->progress_events > 0) {
    CHECK(event->total_bytes >= recorder->progress.total_bytes);
    CHECK(recorder->progress.progress == WXT_PROGRESS_UNKNOWN || event->progress >= recorder->progress.progress);
  }
  recorder->task = task;
  recorder->progress = *event;
  recorder->progress_events++;
  pthread_cond_broadcast(&recorder_changed);
  pthread_mutex_unlock(&recorder_lock);
}

static inline void recorder_keep_header(Recorder *recorder, const WxtPair *header, size_t count) {
  size_t length = 0;
  CHECK((header != NULL) == (count > 0));
  for (size_t i = 0; i < count; i++) {
    size_t left = sizeof recorder->header - length;
    int written = snprintf(recorder->header + length, left, "%.*s: %.*s\n", (int)header[i].name.len, header[i].name.ptr,
                           (int)header[i].value.len, header[i].value.ptr);
    CHECK(written > 0 && (size_t)written < left);
    length += (size_t)written;
  }
}

static inline void recorder_keep_profile(Recorder *recorder, const WxtProfile *profile) {
  recorder->has_profile = profile != NULL;
  if (profile == NULL) {
    return;
  }
  CHECK(profile->struct_size == sizeof *profile);
  recorder->profile = *profile;
  /* Its strings are valid only during the callback. */
  recorder->profile.peer_ip = wxt_str(NULL);
  recorder->profile.protocol = wxt_str(NULL);
}

static inline void recorder_on_success(void *user_data, WxtTaskId task, const WxtSuccess *event) {
  Recorder *recorder = user_data;
  pthread_mutex_lock(&recorder_lock);
  CHECK(event->struct_size == sizeof *event);
  CHECK(event->temp_file_path.len == 0 || event->file_path.len == 0);
  copy_text(recorder->err_msg, sizeof recorder->err_msg, event->err_msg);
  recorder->status_code = event->status_code;
  recorder->data = malloc(event->data.len + 1);
  CHECK(recorder->data != NULL);
  copy_text(recorder->data, event->data.len + 1, event->data);
  copy_text(recorder->path, sizeof recorder->path,
            event->temp_file_path.len > 0 ? event->temp_file_path : event->file_path);
  copy_text(recorder->native_path, sizeof recorder->native_path, event->native_path);
  recorder->data_length = event->data_length;
  recorder->attempts = event->attempts;
  recorder->resumed_from = event->resumed_from;
  copy_text(recorder->sha256, sizeof recorder->sha256, event->sha256);
  recorder_keep_header(recorder, event->header, event->header_count);
  recorder_keep_profile(recorder, event->profile);
  recorder_add(recorder, task, 'S');
  pthread_mutex_unlock(&recorder_lock);
}

static inline void recorder_on_fail(void *user_data, WxtTaskId task, const WxtFailure *event) {
  Recorder *recorder = user_data;
  pthread_mutex_lock(&recorder_lock);
  CHECK(event->struct_size == sizeof *event);
  copy_text(recorder->err_msg, sizeof recorder->err_msg, event->err_msg);
  copy_text(recorder->detail, sizeof recorder->detail, event->detail);
  recorder->err_no = event->err_no;
  recorder->category = event->category;
  recorder->retryable = event->retryable;
  recorder->attempts = event->attempts;
  recorder->resumed_from = event->resumed_from;
  recorder_keep_profile(recorder, event->profile);
  recorder_add(recorder, task, 'F');
  pthread_mutex_unlock(&recorder_lock);
}

static inline void recorder_on_complete(void *user_data, WxtTaskId task, const WxtCompletion *event) {
  static unsigned completed = 0;
  Recorder *recorder = user_data;
  pthread_mutex_lock(&recorder_lock);
  CHECK(event->struct_size == sizeof *event);
  CHECK((event->success != NULL) == (strchr(recorder->order, 'S') != NULL));
  CHECK((event->failure != NULL) == (strchr(recorder->order, 'F') != NULL));
  recorder->place = ++completed;
  recorder_add(recorder, task, 'C');
  pthread_mutex_unlock(&recorder_lock);
}

static inline void recorder_release(void *user_data) {
  pthread_mutex_lock(&recorder_lock);
  recorder_add(user_data, 0, 'R');
  pthread_mutex_unlock(&recorder_lock);
}

static inline WxtCallbacks recorded_by(Recorder *recorder) {
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = recorder;
  callbacks.on_headers_received = recorder_on_headers;
  callbacks.on_progress = recorder_on_progress;
  callbacks.on_success = recorder_on_success;
  callbacks.on_fail = recorder_on_fail;
  callbacks.on_complete = recorder_on_complete;
  callbacks.release = recorder_release;
  return callbacks;
}

/* Whether a callback has run. After its task's end and until the session's end, a recorder may be read without the lock. */
static inline bool has_run(Recorder *recorder, char letter) {
  pthread_mutex_lock(&recorder_lock);
  bool result = strchr(recorder->order, letter) != NULL;
  pthread_mutex_unlock(&recorder_lock);
  return result;
}

static inline void wait_for(Recorder *recorder, char letter) {
  struct timespec end;
  CHECK(clock_gettime(CLOCK_REALTIME, &end) == 0);
  end.tv_sec += WAIT_LIMIT;
  pthread_mutex_lock(&recorder_lock);
  while (strchr(recorder->order, letter) == NULL) {
    if (pthread_cond_timedwait(&recorder_changed, &recorder_lock, &end) == ETIMEDOUT) {
      fprintf(stderr, "no %c within %d s; callbacks so far: \"%s\" %s\n", letter, WAIT_LIMIT, recorder->order,
              recorder->err_msg);
      _exit(1);
    }
  }
  pthread_mutex_unlock(&recorder_lock);
}

static inline WxtTaskId start_download(WxtSession *session, const char *url, Recorder *recorder) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  WxtCallbacks callbacks = recorded_by(recorder);
  WxtTaskId task = 0;
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, &task, NULL), WXT_OK);
  CHECK(task != 0);
  return task;
}

static inline WxtTaskId start_upload(WxtSession *session, const char *url, const char *path, Recorder *recorder) {
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(url);
  request.file_path = wxt_str(path);
  request.name = wxt_str("file");
  WxtCallbacks callbacks = recorded_by(recorder);
  WxtTaskId task = 0;
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, &task, NULL), WXT_OK);
  CHECK(task != 0);
  return task;
}

#define EXPECT_SUCCESS(recorder, status) expect_success((recorder), (status), __FILE__, __LINE__)
#define EXPECT_FAILURE(recorder, err_no, category, err_msg) \
  expect_failure((recorder), (err_no), (category), (err_msg), __FILE__, __LINE__)

/* Waits for the task's end: a success with this status, after all of its events. */
static inline void expect_success(Recorder *recorder, int32_t status, const char *file, int line) {
  wait_for(recorder, 'R');
  if (strchr(recorder->order, 'F') != NULL) {
    fprintf(stderr, "%s:%d: failed: %s (%s)\n", file, line, recorder->err_msg, recorder->detail);
    _exit(1);
  }
  check_text(recorder->order, "HSCR", "the order of callbacks", file, line);
  check_number(recorder->status_code, status, "the status", file, line);
  check(recorder->progress_events > 0, "there was progress", file, line);
  check_number(recorder->progress.progress, 100, "the last progress", file, line);
}

/* Waits for the task's end: this failure, reported once. `err_msg` NULL accepts any. */
static inline void expect_failure(Recorder *recorder, int32_t err_no, int32_t category, const char *err_msg,
                                  const char *file, int line) {
  wait_for(recorder, 'R');
  if (strchr(recorder->order, 'S') != NULL) {
    fprintf(stderr, "%s:%d: succeeded with status %d\n", file, line, (int)recorder->status_code);
    _exit(1);
  }
  if (err_msg != NULL) {
    check_text(recorder->err_msg, err_msg, "err_msg", file, line);
  }
  check_number(recorder->err_no, err_no, format("err_no (%s)", recorder->err_msg), file, line);
  check_number(recorder->category, category, format("category (%s)", recorder->err_msg), file, line);
  /* Headers may precede a body that fails. */
  const char *end = recorder->order[0] == 'H' ? recorder->order + 1 : recorder->order;
  check_text(end, "FCR", "the order of callbacks", file, line);
}

#endif
