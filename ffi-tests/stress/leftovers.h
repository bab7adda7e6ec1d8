/* What the process has of descriptors, threads, files and memory. */

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

/* How far a directory is looked into. */
enum { FLAT, DEEP, DEEP_AND_TOLD };

/* The entries of a directory. 0 if the system has no such directory. */
static inline unsigned count_entries(const char *path, int how) {
  DIR *directory = opendir(path);
  unsigned count = 0;
  if (directory == NULL) return 0;
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    char below[2048];
    struct stat found;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    /* Where the library keeps partial files: it comes with the first one, and stays. */
    if (strcmp(entry->d_name, "partials") != 0) count++;
    snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
    if (how == DEEP_AND_TOLD) fprintf(stderr, "%s\n", below);
    if (how != FLAT && lstat(below, &found) == 0 && S_ISDIR(found.st_mode)) count += count_entries(below, how);
  }
  CHECK(closedir(directory) == 0);
  return count;
}

/* Bytes that are allocated; 0 where the system does not tell. */
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

/* Waits until the process has no more than before; what it has too much of ends the program. */
static inline void check_nothing_left(Possessions before) {
  /* Threads and buffers that the library keeps for a next call go after some seconds. What leaks is a few bytes a task. */
  enum { TOLERATED_BYTES = 256 * 1024 };
  Possessions after;
  uint64_t end = now() + WAIT_LIMIT * 1000;
  do {
    struct timespec pause = {0, 50 * 1000 * 1000};
    nanosleep(&pause, NULL);
    after = possessions();
    if (after.descriptors <= before.descriptors && after.threads <= before.threads && after.files <= before.files &&
        after.memory <= before.memory + TOLERATED_BYTES) {
      printf("%u descriptors, %u threads, %u files, %zu bytes of memory\n", after.descriptors, after.threads, after.files,
             after.memory);
      return;
    }
  } while (now() < end);
  fprintf(stderr, "broken: something is left\ndescriptors %u -> %u, threads %u -> %u, files %u -> %u, memory %zu -> %zu bytes\n",
          before.descriptors, after.descriptors, before.threads, after.threads, before.files, after.files, before.memory,
          after.memory);
  if (after.files > before.files) count_entries(in_directory("data"), DEEP_AND_TOLD);
  _exit(1);
}

#endif
