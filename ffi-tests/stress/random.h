/* Seeded random numbers, and delayed work on the program's own threads. */

#ifndef STRESS_RANDOM_H
#define STRESS_RANDOM_H

#include "../key_elsewhere.h"

/* xorshift64*. One per thread, so that a thread's actions depend only on the seed. */
typedef struct {
  uint64_t state;
} Random;

/* splitmix64: consecutive numbers give independent generators. */
static inline Random random_of(uint64_t seed, uint64_t number) {
  uint64_t mixed = seed + (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
  Random random = {(mixed ^ (mixed >> 31)) | 1};
  return random;
}

static inline uint32_t below(Random *random, uint32_t bound) {
  random->state ^= random->state >> 12;
  random->state ^= random->state << 25;
  random->state ^= random->state >> 27;
  return (uint32_t)((random->state * UINT64_C(0x2545F4914F6CDD1D)) >> 33) % bound;
}

/* True with a probability of 1 in `bound`. */
static inline bool one_in(Random *random, uint32_t bound) {
  return below(random, bound) == 0;
}

/* --- Delayed work. --- */

enum { LATER_THREADS = 3 };

typedef struct Work {
  /* Milliseconds since the epoch. */
  uint64_t due;
  void (*run)(void *data);
  void *data;
  struct Work *next;
} Work;

static struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  /* The earliest first. */
  Work *first;
  unsigned running;
  bool ending;
  pthread_t threads[LATER_THREADS];
} later = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, NULL, 0, false, {0}};

/* Calls `run(data)` after this number of milliseconds, on one of several threads. Delays decide the order of calls. */
static inline void do_later(uint32_t milliseconds, void (*run)(void *data), void *data) {
  Work *work = malloc(sizeof *work);
  CHECK(work != NULL);
  work->due = now() + milliseconds;
  work->run = run;
  work->data = data;
  pthread_mutex_lock(&later.lock);
  Work **place = &later.first;
  while (*place != NULL && (*place)->due <= work->due) {
    place = &(*place)->next;
  }
  work->next = *place;
  *place = work;
  pthread_cond_broadcast(&later.changed);
  pthread_mutex_unlock(&later.lock);
}

static inline void *later_thread(void *unused) {
  (void)unused;
  pthread_mutex_lock(&later.lock);
  while (!later.ending || later.first != NULL) {
    Work *work = later.first;
    if (work == NULL) {
      pthread_cond_wait(&later.changed, &later.lock);
      continue;
    }
    if (work->due > now()) {
      struct timespec due = {(time_t)(work->due / 1000), (long)(work->due % 1000) * 1000000};
      pthread_cond_timedwait(&later.changed, &later.lock, &due);
      continue;
    }
    later.first = work->next;
    later.running++;
    pthread_mutex_unlock(&later.lock);
    work->run(work->data);
    free(work);
    pthread_mutex_lock(&later.lock);
    later.running--;
    pthread_cond_broadcast(&later.changed);
  }
  pthread_mutex_unlock(&later.lock);
  return NULL;
}

static inline void later_begin(void) {
  later.ending = false;
  for (size_t i = 0; i < LATER_THREADS; i++) {
    CHECK(pthread_create(&later.threads[i], NULL, later_thread, NULL) == 0);
  }
}

/* Returns when all is done. */
static inline void later_end(void) {
  pthread_mutex_lock(&later.lock);
  later.ending = true;
  pthread_cond_broadcast(&later.changed);
  pthread_mutex_unlock(&later.lock);
  for (size_t i = 0; i < LATER_THREADS; i++) {
    CHECK(pthread_join(later.threads[i], NULL) == 0);
  }
}

#endif
