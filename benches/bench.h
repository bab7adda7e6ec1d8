/* Shared by the client programs of the benchmark: command line, clocks, memory, and output.
 *
 * Each program does one job in one process and prints one line, `cpu_s … wall_s … rss_kib … bytes … tasks … waits …`:
 * CPU time of the whole process (user + system) and wall time from the first request to the last result, peak resident
 * memory of the process over that before the first request, and how often its threads went to sleep in that time. Each
 * sleep is one wake-up. */
#ifndef BENCH_H
#define BENCH_H

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct options {
  const char *command;   /* the first argument */
  const char *url;       /* the URL of the transfer */
  const char *file;      /* the file to send */
  const char *directory; /* the directory of downloads */
  const char *ca;        /* PEM file of the only root to trust */
  const char *keep;      /* the path at which to keep the last download, to be verified */
  long count;            /* transfers */
  long batch;            /* transfers queued at once; 0 is all */
  long parallel;         /* transfers at once */
  long buffer;           /* raw copies: bytes at a time */
  long bytes;            /* raw copies: the size of a generated file */
  bool multi;            /* libcurl: one thread and the multi interface instead of threads */
  bool tuned;            /* libcurl: 512 KiB buffers */
  bool twice;            /* raw copies: a download's bytes go through a second buffer */
  bool progress;         /* libcurl: a progress callback is set */
  bool no_progress;      /* the library: no progress callback is set */
  bool prepare;          /* the library: the connection is opened before the request */
  bool sha256;           /* the library: a download's SHA-256 is requested */
  bool rename;           /* libcurl: a download gets its name when it is complete, as the library's do */
};

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  exit(1);
}

static inline struct options parse_options(int argc, char **argv) {
  static const struct option names[] = {
      {"url", required_argument, NULL, 'u'},       {"file", required_argument, NULL, 'f'},
      {"directory", required_argument, NULL, 'd'}, {"ca", required_argument, NULL, 'a'},
      {"keep", required_argument, NULL, 'k'},      {"count", required_argument, NULL, 'n'},
      {"batch", required_argument, NULL, 'b'},     {"parallel", required_argument, NULL, 'p'},
      {"multi", no_argument, NULL, 'm'},           {"tuned", no_argument, NULL, 't'},
      {"rename", no_argument, NULL, 'r'},          {"buffer", required_argument, NULL, 's'},
      {"twice", no_argument, NULL, 'w'},           {"bytes", required_argument, NULL, 'y'},
      {"progress", no_argument, NULL, 'P'},        {"no-progress", no_argument, NULL, 'N'},
      {"sha256", no_argument, NULL, 'S'},          {"prepare", no_argument, NULL, 'R'},
      {NULL, 0, NULL, 0}};
  struct options options = {.count = 1, .parallel = 1};
  int option;
  while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
    switch (option) {
      case 'u': options.url = optarg; break;
      case 'f': options.file = optarg; break;
      case 'd': options.directory = optarg; break;
      case 'a': options.ca = optarg; break;
      case 'k': options.keep = optarg; break;
      case 'n': options.count = atol(optarg); break;
      case 'b': options.batch = atol(optarg); break;
      case 'p': options.parallel = atol(optarg); break;
      case 's': options.buffer = atol(optarg); break;
      case 'y': options.bytes = atol(optarg); break;
      case 'm': options.multi = true; break;
      case 't': options.tuned = true; break;
      case 'r': options.rename = true; break;
      case 'w': options.twice = true; break;
      case 'P': options.progress = true; break;
      case 'N': options.no_progress = true; break;
      case 'S': options.sha256 = true; break;
      case 'R': options.prepare = true; break;
      default: exit(2);
    }
  }
  if (optind != argc - 1) die("usage: %s COMMAND [--option value]…", argv[0]);
  options.command = argv[optind];
  if (options.batch == 0) options.batch = options.count;
  return options;
}

static inline double wall_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline double cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* How often the threads of the process have gone to sleep; with RUSAGE_THREAD only the calling thread. */
static inline long waits(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return usage.ru_nvcsw;
}

/* Reads a number of /proc/self/status, such as "VmHWM:" in KiB or "Threads:". */
static inline long process_status(const char *key) {
  FILE *status = fopen("/proc/self/status", "r");
  if (status == NULL) die("/proc/self/status cannot be read");
  char line[256];
  long value = -1;
  while (value < 0 && fgets(line, sizeof line, status) != NULL) {
    if (strncmp(line, key, strlen(key)) == 0) value = atol(line + strlen(key));
  }
  fclose(status);
  return value;
}

struct measurement {
  double cpu;
  double wall;
  long resident;
  long waits;
};

static inline struct measurement measurement_begin(void) {
  struct measurement begin;
  begin.resident = process_status("VmRSS:");
  begin.waits = waits(RUSAGE_SELF);
  begin.wall = wall_seconds();
  begin.cpu = cpu_seconds();
  return begin;
}

static inline void measurement_print(struct measurement begin, uint64_t bytes, long tasks) {
  double cpu = cpu_seconds() - begin.cpu;
  double wall = wall_seconds() - begin.wall;
  long waited = waits(RUSAGE_SELF) - begin.waits;
  printf("cpu_s %.6f wall_s %.6f rss_kib %ld bytes %llu tasks %ld waits %ld\n", cpu, wall,
         process_status("VmHWM:") - begin.resident, (unsigned long long)bytes, tasks, waited);
}

#endif
