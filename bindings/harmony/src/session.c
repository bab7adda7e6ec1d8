#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "controls.h"
#include "files.h"
#include "options.h"
#include "task.h"

static const napi_type_tag SESSION_TAG = {0x4d1f2a0c5b7e4e11, 0x9a36c3f80b7d2e55};

typedef enum { JOB_RUN, JOB_LOG, JOB_LOST, JOB_CLOSE_HERE, JOB_CLOSED } JobKind;

/* An element of the queue. */
typedef struct {
  JobKind kind;
  void (*run)(void *data);
  void *data;
  int32_t level;
  size_t length;
  char message[];
} Job;

static Job *new_job(JobKind kind, size_t length) {
  Job *job = calloc(1, sizeof *job + length);
  /* A callback must not be lost, and no caller can handle a lack of memory. Node-API's own queue ends the process in this case,
   * too. */
  if (job == NULL) abort();
  job->kind = kind;
  job->length = length;
  return job;
}

void session_hold(Session *session) { atomic_fetch_add(&session->holders, 1); }

void session_release(Session *session) {
  if (atomic_fetch_sub(&session->holders, 1) > 1) return;
  pthread_mutex_destroy(&session->lock);
  free(session);
}

/* Any thread. The job holds the session, because the queue may return jobs after its own end. */
static void enqueue(Session *session, Job *job) {
  session_hold(session);
  pthread_mutex_lock(&session->lock);
  bool taken = !session->queue_is_gone && napi_call_threadsafe_function(session->queue, job, napi_tsfn_nonblocking) == napi_ok;
  pthread_mutex_unlock(&session->lock);
  if (taken) return;
  free(job);
  session_release(session);
}

/* WxtExecutor.post */
static void post(void *context, void (*run)(void *), void *data) {
  Job *job = new_job(JOB_RUN, 0);
  job->run = run;
  job->data = data;
  enqueue(context, job);
}

/* WxtLogger.log */
static void on_log(void *context, int32_t level, WxtStr message) {
  Session *session = context;
  if (session->log == NULL) return;
  Job *job = new_job(JOB_LOG, message.len);
  job->level = level;
  memcpy(job->message, message.ptr, message.len);
  enqueue(session, job);
}

static void forget_queue(Session *session) {
  pthread_mutex_lock(&session->lock);
  bool was_gone = session->queue_is_gone;
  session->queue_is_gone = true;
  pthread_mutex_unlock(&session->lock);
  if (!was_gone) napi_release_threadsafe_function(session->queue, napi_tsfn_release);
}

static void *close_on_thread(void *data) {
  Session *session = data;
  wxt_session_close(session->handle);
  enqueue(session, new_job(JOB_CLOSED, 0));
  return NULL;
}

static void begin_end(Session *session) {
  if (session->has_closer || session->state != SESSION_CLOSING || session->tasks != NULL || session->silent) return;
  session->has_closer = pthread_create(&session->closer, NULL, close_on_thread, session) == 0;
  /* Without a thread, this thread closes the session in a later turn, outside of callbacks. */
  if (!session->has_closer) enqueue(session, new_job(JOB_CLOSE_HERE, 0));
}

static void finish_end(Session *session) {
  if (session->state != SESSION_CLOSED || session->file_calls > 0) return;
  napi_deferred closed = session->closed;
  session->closed = NULL;
  if (closed != NULL) {
    napi_value undefined = NULL;
    napi_get_undefined(session->env, &undefined);
    napi_resolve_deferred(session->env, closed, undefined);
  }
}

void session_changed(Session *session) {
  begin_end(session);
  finish_end(session);
  bool busy = session->tasks != NULL || session->file_calls > 0 || session->state == SESSION_CLOSING;
  if (busy == session->busy || session->silent) return;
  session->busy = busy;
  if (busy) {
    napi_ref_threadsafe_function(session->env, session->queue);
    if (session->object != NULL) napi_reference_ref(session->env, session->object, NULL);
  } else {
    if (session->object != NULL) napi_reference_unref(session->env, session->object, NULL);
    if (!session->queue_is_gone) napi_unref_threadsafe_function(session->env, session->queue);
  }
}

static void environment_ends(void *data);

static void session_is_closed(Session *session) {
  if (session->has_closer) pthread_join(session->closer, NULL);
  session->has_closer = false;
  session->state = SESSION_CLOSED;
  napi_remove_env_cleanup_hook(session->env, environment_ends, session);
  session_changed(session);
  forget_queue(session);
  session_release(session); /* of the library */
}

/* The environment ends. This hook was added after that of the queue, so it runs first: nothing uses the queue after it. */
static void environment_ends(void *data) {
  Session *session = data;
  WxtStatus status = WXT_OK;
  session->silent = true;
  /* The last callbacks run in here, without JavaScript. An app can end the environment in a callback, where closing is refused and
   * would wait for itself. Then the session stays open: the library keeps its memory, and its threads find no queue. */
  if (session->has_closer && session->in_callback) {
    status = WXT_CALLED_FROM_CALLBACK;
  } else if (session->has_closer) {
    pthread_join(session->closer, NULL);
  } else {
    status = wxt_session_close(session->handle);
  }
  session->state = SESSION_CLOSED;
  forget_queue(session);
  if (status != WXT_CALLED_FROM_CALLBACK) session_release(session); /* of the library */
}

static void run_job(napi_env env, napi_value function, void *context, void *data) {
  Session *session = context;
  Job *job = data;
  (void)function;
  if (env == NULL) session->silent = true;
  if (job->kind == JOB_RUN) {
    session->in_callback = true;
    job->run(job->data);
    session->in_callback = false;
  }
  if (!session->silent) {
    if (job->kind == JOB_LOG && session->log != NULL) {
      WxtStr text = {job->message, job->length};
      napi_value message = NULL;
      napi_create_object(env, &message);
      set_value(env, message, "level", choice_value(env, LOG_LEVELS, job->level));
      set_text(env, message, "message", text);
      call_reference(env, session->log, message);
    }
    if (job->kind == JOB_LOST) session_changed(session);
    if (job->kind == JOB_CLOSE_HERE && session->state == SESSION_CLOSING && !session->has_closer) {
      wxt_session_close(session->handle);
      session_is_closed(session);
    }
    if (job->kind == JOB_CLOSED) session_is_closed(session);
  }
  free(job);
  session_release(session); /* of the job */
}

/* The environment may return jobs after this call, so the session's memory stays until they are freed. */
static void queue_is_finished(napi_env env, void *data, void *hint) {
  Session *session = data;
  (void)hint;
  drop(env, &session->log);
  session_release(session);
}

static void object_is_collected(napi_env env, void *data, void *hint) {
  Session *session = data;
  (void)hint;
  drop(env, &session->object);
  drop(env, &session->closed_promise);
  if (session->state == SESSION_OPEN && !session->silent) {
    session->state = SESSION_CLOSING;
    /* A finaliser may run inside of a callback of the library, so closing begins in a turn of its own. */
    enqueue(session, new_job(JOB_LOST, 0));
  }
  session_release(session);
}

static Session *session_of(napi_env env, napi_value this_value) {
  Session *session = native_of(env, this_value, &SESSION_TAG);
  if (session == NULL) napi_throw_type_error(env, NULL, "a session's method is called on something else");
  return session;
}

Session *open_session_of(napi_env env, napi_value this_value) {
  Session *session = session_of(env, this_value);
  if (session == NULL || session->state == SESSION_OPEN) return session;
  throw_status(env, "session", WXT_SESSION_CLOSED, NULL);
  return NULL;
}

static napi_value session_close(napi_env env, napi_callback_info info) {
  napi_value promise = NULL;
  Session *session = session_of(env, this_of_call(env, info, NULL));
  if (session == NULL) return NULL;
  if (session->closed_promise != NULL) {
    napi_get_reference_value(env, session->closed_promise, &promise);
    return promise;
  }
  napi_create_promise(env, &session->closed, &promise);
  session->closed_promise = keep(env, promise);
  session->state = SESSION_CLOSING;
  tasks_abort(session);
  session_changed(session);
  return promise;
}

static const Method METHODS[] = {
    {"uploadFile", task_upload},
    {"downloadFile", task_download},
    {"enterBackground", control_enter_background},
    {"enterForeground", control_enter_foreground},
    {"networkChanged", control_network_changed},
    {"prepare", control_prepare},
    {"setMaxBytesPerSecond", control_set_max_bytes_per_second},
    {"setTrust", control_set_trust},
    {"close", session_close},
    {NULL, NULL},
};

/* Makes the queue and the object, which hold the session. Returns NULL if no memory is left; what was made is then freed. */
static Session *new_session(napi_env env, napi_value *object) {
  Session *session = calloc(1, sizeof *session);
  if (session == NULL || pthread_mutex_init(&session->lock, NULL) != 0) {
    free(session);
    return NULL;
  }
  session->env = env;
  session->state = SESSION_CLOSED; /* until the library has opened it */
  session->holders = 1;
  if (napi_create_threadsafe_function(env, NULL, NULL, text_value(env, wxt_str("wxtransfer")), 0, 1, session, queue_is_finished,
                                      session, run_job, &session->queue) != napi_ok) {
    session_release(session);
    return NULL;
  }
  napi_unref_threadsafe_function(env, session->queue);
  napi_create_object(env, object);
  session_hold(session);
  if (!bind_native(env, *object, session, &SESSION_TAG, object_is_collected)) {
    session_release(session);
    forget_queue(session);
    return NULL;
  }
  napi_create_reference(env, *object, 0, &session->object);
  define_methods(env, *object, METHODS);
  define_file_methods(env, *object);
  return session;
}

/* Makes the object keep the function, as a property whose name is a new symbol. */
static void let_object_keep_log(Session *session, napi_value object, napi_value log) {
  napi_env env = session->env;
  napi_property_descriptor property = {.value = log, .attributes = napi_default};
  if (log == NULL) return;
  napi_create_symbol(env, text_value(env, wxt_str("log")), &property.name);
  if (napi_define_properties(env, object, 1, &property) == napi_ok) napi_reference_unref(env, session->log, NULL);
}

napi_value session_open(napi_env env, napi_callback_info info) {
  napi_value argument = NULL, object = NULL;
  Arena arena = {NULL};
  SessionSettings settings = {.options = wxt_session_options()};
  this_of_call(env, info, &argument);
  if (!read_members(env, argument, &SESSION_MEMBERS, &settings, &arena)) {
    arena_free(&arena);
    return NULL;
  }
  Session *session = new_session(env, &object);
  if (session == NULL) {
    arena_free(&arena);
    throw_status(env, "openSession", WXT_OUT_OF_RESOURCES, NULL);
    return NULL;
  }
  session->log = keep(env, settings.log);
  settings.options.executor = (WxtExecutor){session, post};
  settings.options.logger = (WxtLogger){session, on_log};
  WxtStatusDetail detail = wxt_status_detail();
  WxtStatus status = wxt_session_open(&settings.options, &session->handle, &detail);
  arena_free(&arena);
  if (status != WXT_OK) {
    forget_queue(session);
    throw_status(env, "openSession", status, detail.text);
    return NULL;
  }
  session->state = SESSION_OPEN;
  session_hold(session); /* by the library */
  napi_add_env_cleanup_hook(env, environment_ends, session);
  let_object_keep_log(session, object, settings.log);
  return object;
}
