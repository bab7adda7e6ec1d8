/* Counts the descriptors, threads, files and memory of the process. */

#ifndef STRESS_LEFTOVERS_H
#define STRESS_LEFTOVERS_H

#include "../support.h"

#include <dirent.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

typedef struct {
  unsigned descriptors;
  unsigned threads;
  unsigned files;
  size_t memory;
} Possessions;

/* The depth to which directories are counted. */
enum { FLAT, DEEP, DEEP_AND_TOLD };

/* Counts the entries of a directory. 0 if it does not exist on this system. */
static inline unsigned count_entries(const char *path, int how) {
  DIR *directory = opendir(path);
  unsigned count = 0;
  if (directory == NULL) return 0;
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    char below[2048];
    struct stat found;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    /* The directory of partial files is created with the first one, and stays. */
    if (strcmp(entry->d_name, "partials") != 0) count++;
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    if (how == DEEP_AND_TOLD) fprintf(stderr, "%s\n", below);
    if (how != FLAT && lstat(below, &found) == 0 && S_ISDIR(found.st_mode)) count += count_entries(below, how);
  }
  CHECK(closedir(directory) == 0);
  return count;
}

/* The number of allocated bytes. 0 if the system does not report it. */
static inline size_t memory_in_use(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

static inline Possessions possessions(void) {
  Possessions counted = {count_entries("/proc/self/fd", FLAT), count_entries("/proc/self/task", FLAT),
                         count_entries(in_directory("data"), DEEP), memory_in_use()};
  return counted;
}

/* Waits until the process has no more resources than `before`, after this number of tasks. Ends the program if it keeps too many. */
static inline void check_nothing_left(Possessions before, size_t tasks) {
  /* The library frees idle threads and buffers after some seconds. A leak costs several bytes per task. The allocator's own memory grows
   * by less than one byte per task. */
  size_t tolerated = 64 * 1024 + tasks;
  Possessions after;
  uint64_t end = now() + WAIT_LIMIT * 1000;
  do {
    struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    after = possessions();
    if (after.descriptors <= before.descriptors && after.threads <= before.threads && after.files <= before.files &&
        after.memory <= before.memory + tolerated) {
      printf("%u descriptors, %u threads, %u files, %zu bytes of memory, of %zu before\n", after.descriptors, after.threads, after.files,
             after.memory, before.memory);
      return;
    }
  } while (now() < end);
  fprintf(stderr, "broken: something is left\ndescriptors %u -> %u, threads %u -> %u, files %u -> %u, memory %zu -> %zu bytes\n",
          before.descriptors, after.descriptors, before.threads, after.threads, before.files, after.files, before.memory,
          after.memory);
  if (after.files > before.files) count_entries(in_directory("data"), DEEP_AND_TOLD);
  _exit(1);
}

/*
 * Waits until all temporary files of closed sessions are deleted. A close spends at most 100 ms on the deletion. The next session that is
 * opened deletes the rest. All sessions of the mini program must be closed.
 */
static inline void sweep(const char *app_id) {
  char launches[1024];
  WxtSessionOptions options = local_options();
  options.app_id = wxt_str(app_id);
  snprintf(launches, sizeof launches, "%s/app-%s/user-/launches", in_directory("data"), app_id);
  WxtSession *session = open_session(&options);
  uint64_t end = now() + WAIT_LIMIT * 1000;
  /* In the end the only directory is that of this session. If a 32-bit program cannot read the directory, the count is 0. */
  while (count_entries(launches, FLAT) > 1) {
    struct timespec pause = {0, 10 * 1000 * 1000};
    CHECK(now() < end);
    nanosleep(&pause, NULL);
  }
  close_session(session);
}

#endif
