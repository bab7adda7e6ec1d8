/* A session as a JavaScript object.
 *
 * Everything here runs on the environment's JavaScript thread, except `post`, `on_log` and the closing thread. The library hands
 * its callbacks to `post` (a WxtExecutor), which puts them into the environment's queue (a thread-safe function); so they run
 * on the JavaScript thread, in order, and read what they are given without a copy.
 *
 * A session ends in this order: abort the tasks, wait for their last callbacks, close the session on a thread of its own,
 * then resolve the promise. The closing thread exists because wxt_session_close may wait for the disk. */
#ifndef WXTRANSFER_HARMONY_SESSION_H
#define WXTRANSFER_HARMONY_SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "members.h"

typedef struct Session Session;
typedef struct Task Task;

typedef enum { SESSION_OPEN, SESSION_CLOSING, SESSION_CLOSED } SessionState;

struct Session {
  napi_env env;
  WxtSession *handle;
  napi_threadsafe_function queue;
  /* The JavaScript object. Strong while the session is busy, so that only an idle one can be collected. */
  napi_ref object;
  /* The function of the option, or NULL. Weak: the object keeps the function, which may refer to the object. So both can be
   * collected together. Strong until the session is open, because the library reports a refused option to it. */
  napi_ref log;
  Task *tasks;  /* those that have not ended */
  size_t file_calls;
  SessionState state;
  bool busy;
  bool in_callback; /* of the library */
  bool has_closer;
  pthread_t closer;
  /* The promise that `close` has returned. NULL before `close` is called, and for a session that was collected. */
  napi_deferred closed;
  napi_ref closed_promise;
  /* The number of users of this memory: the JavaScript object, the queue until its finaliser, each job in the queue, the library
   * while the handle is open, each task and each file call. The last one frees it. */
  atomic_size_t holders;
  /* The environment ends: no JavaScript runs any more. */
  bool silent;
  pthread_mutex_t lock; /* guards the following */
  bool queue_is_gone;
};

/* `openSession(options)` */
napi_value session_open(napi_env env, napi_callback_info info);

/* The open session of `this`. NULL with a pending exception if `this` is no session, or if `close` was called. Comes after the
 * arguments were read, because a getter of the app can call `close`. */
Session *open_session_of(napi_env env, napi_value this_value);

/* Must be called after each change of `tasks` or `file_calls`. */
void session_changed(Session *session);
/* Any thread. */
void session_hold(Session *session);
void session_release(Session *session);

/* Returns `this`, and the first argument, `undefined` if there is none. `argument` may be NULL. */
napi_value this_of_call(napi_env env, napi_callback_info info, napi_value *argument);

/* Calls a function of the app. An exception that it throws is an uncaught exception of the environment, as in other callbacks. */
void call_function(napi_env env, napi_value function, napi_value argument);
void call_reference(napi_env env, napi_ref function, napi_value argument);
/* A strong reference to `value`, or NULL if there is none. */
napi_ref keep(napi_env env, napi_value value);
void drop(napi_env env, napi_ref *reference);

/* Methods of an object. The list ends with a NULL name. */
typedef struct {
  const char *name;
  napi_callback call;
} Method;
void define_method(napi_env env, napi_value object, const char *name, napi_callback call, const void *data);
void define_methods(napi_env env, napi_value object, const Method *methods);

/* Connects `object` with `native`, by a tag that tells the kinds of objects apart. */
bool bind_native(napi_env env, napi_value object, void *native, const napi_type_tag *tag, napi_finalize finalize);
/* Returns the native memory of `object`, or NULL if it is an object of another kind. */
void *native_of(napi_env env, napi_value object, const napi_type_tag *tag);

#endif
