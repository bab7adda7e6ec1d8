#include "task.h"

#include <stdlib.h>

#include "options.h"

static const napi_type_tag TASK_TAG = {0x7b0e5c1d92f04c38, 0xa17d2e60c4f58b93};

static void link_task(Task *task) {
  Session *session = task->session;
  task->next = session->tasks;
  if (task->next != NULL) task->next->previous = task;
  session->tasks = task;
}

void task_release(Task *task) {
  if (--task->holders == 0) free(task);
}

void tasks_abort(Session *session) {
  /* Tasks whose result is settled are not found. Their callbacks follow anyway. */
  for (Task *task = session->tasks; task != NULL; task = task->next) wxt_task_abort(session->handle, task->id);
}

void task_settle(napi_env env, Task *task, napi_value outcome) {
  napi_deferred result = task->result;
  task->result = NULL;
  if (result == NULL) return;
  if (task->has_failed) {
    napi_reject_deferred(env, result, outcome);
  } else {
    napi_resolve_deferred(env, result, outcome);
  }
}

static void object_is_collected(napi_env env, void *data, void *hint) {
  Task *task = data;
  (void)hint;
  /* While the task runs, its callbacks need the outcome. */
  if (task->session == NULL) drop(env, &task->outcome);
  drop(env, &task->result_promise);
  task_release(task);
}

/* The task of `this`. NULL with a pending exception if `this` is not a task. */
static Task *task_of(napi_env env, napi_value this_value) {
  Task *task = native_of(env, this_value, &TASK_TAG);
  if (task == NULL) napi_throw_type_error(env, NULL, "a task's method is called on something else");
  return task;
}

static napi_value task_abort(napi_env env, napi_callback_info info) {
  Task *task = task_of(env, this_of_call(env, info, NULL));
  /* A task that has ended is not found, which is not an error. */
  if (task != NULL && task->session != NULL) wxt_task_abort(task->session->handle, task->id);
  return NULL;
}

static napi_value task_set_max_bytes_per_second(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  napi_value argument = NULL;
  uint64_t rate = 0;
  napi_value this_value = this_of_call(env, info, &argument);
  bool whole = read_argument(env, argument, &RATE_MEMBERS, &rate, &arena);
  arena_free(&arena);
  Task *task = whole ? task_of(env, this_value) : NULL;
  if (task != NULL && task->session != NULL) wxt_task_set_max_bytes_per_second(task->session->handle, task->id, rate);
  return NULL;
}

static bool is_function(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_function;
}

/* Adds a listener. Does nothing after the end of the task, because no event follows. */
static napi_value add_listener(napi_env env, Task *task, napi_ref *listeners, napi_value listener) {
  napi_value list = NULL;
  uint32_t count = 0;
  if (!is_function(env, listener)) {
    napi_throw_type_error(env, NULL, "a listener must be a function");
    return NULL;
  }
  if (task->session == NULL) return NULL;
  if (*listeners == NULL) {
    napi_create_array(env, &list);
    *listeners = keep(env, list);
  }
  napi_get_reference_value(env, *listeners, &list);
  napi_get_array_length(env, list, &count);
  napi_set_element(env, list, count, listener);
  return NULL;
}

/* Removes one listener, or all if there is no argument. */
static napi_value remove_listener(napi_env env, napi_ref *listeners, napi_value listener) {
  napi_value list = NULL, kept = NULL, element;
  uint32_t count = 0, length = 0;
  if (*listeners == NULL) return NULL;
  napi_get_reference_value(env, *listeners, &list);
  napi_get_array_length(env, list, &count);
  napi_create_array(env, &kept);
  for (uint32_t i = 0; i < count && is_function(env, listener); i++) {
    bool same = false;
    napi_get_element(env, list, i, &element);
    napi_strict_equals(env, element, listener, &same);
    if (!same) napi_set_element(env, kept, length++, element);
  }
  drop(env, listeners);
  if (length > 0) *listeners = keep(env, kept);
  return NULL;
}

static napi_value on_progress_update(napi_env env, napi_callback_info info) {
  napi_value listener = NULL;
  Task *task = task_of(env, this_of_call(env, info, &listener));
  return task == NULL ? NULL : add_listener(env, task, &task->progress_listeners, listener);
}

static napi_value off_progress_update(napi_env env, napi_callback_info info) {
  napi_value listener = NULL;
  Task *task = task_of(env, this_of_call(env, info, &listener));
  return task == NULL ? NULL : remove_listener(env, &task->progress_listeners, listener);
}

static napi_value on_headers_received(napi_env env, napi_callback_info info) {
  napi_value listener = NULL;
  Task *task = task_of(env, this_of_call(env, info, &listener));
  return task == NULL ? NULL : add_listener(env, task, &task->headers_listeners, listener);
}

static napi_value off_headers_received(napi_env env, napi_callback_info info) {
  napi_value listener = NULL;
  Task *task = task_of(env, this_of_call(env, info, &listener));
  return task == NULL ? NULL : remove_listener(env, &task->headers_listeners, listener);
}

/* Returns a promise of the outcome. It is made by the first call, so that an app that uses callbacks only has no unhandled
 * rejection. */
static napi_value task_result(napi_env env, napi_callback_info info) {
  napi_value promise = NULL, outcome = NULL;
  Task *task = task_of(env, this_of_call(env, info, NULL));
  if (task == NULL) return NULL;
  if (task->result_promise != NULL) {
    napi_get_reference_value(env, task->result_promise, &promise);
    return promise;
  }
  napi_create_promise(env, &task->result, &promise);
  task->result_promise = keep(env, promise);
  if (task->has_ended) {
    napi_get_reference_value(env, task->outcome, &outcome);
    task_settle(env, task, outcome);
  }
  return promise;
}

static const Method METHODS[] = {
    {"abort", task_abort},
    {"setMaxBytesPerSecond", task_set_max_bytes_per_second},
    {"onProgressUpdate", on_progress_update},
    {"offProgressUpdate", off_progress_update},
    {"onHeadersReceived", on_headers_received},
    {"offHeadersReceived", off_headers_received},
    {"result", task_result},
    {NULL, NULL},
};

/* Makes a task and its object, which holds the task. Returns NULL with a pending exception if no memory is left. */
static Task *new_task(Session *session, bool is_upload, const TaskFunctions *functions, napi_value *object) {
  napi_env env = session->env;
  Task *task = calloc(1, sizeof *task);
  napi_create_object(env, object);
  if (task == NULL || !bind_native(env, *object, task, &TASK_TAG, object_is_collected)) {
    free(task);
    throw_status(env, is_upload ? "uploadFile" : "downloadFile", WXT_OUT_OF_RESOURCES, NULL);
    return NULL;
  }
  task->holders = 1;
  task->is_upload = is_upload;
  task->success = keep(env, functions->success);
  task->fail = keep(env, functions->fail);
  task->complete = keep(env, functions->complete);
  define_methods(env, *object, METHODS);
  return task;
}

/* Returns the object of a task that has started. Otherwise throws `status` and `detail`. */
static napi_value finish_start(Session *session, Task *task, WxtStatus status, const WxtStatusDetail *detail, napi_value object) {
  napi_env env = session->env;
  if (status != WXT_OK) {
    drop(env, &task->success);
    drop(env, &task->fail);
    drop(env, &task->complete);
    throw_status(env, task->is_upload ? "uploadFile" : "downloadFile", status, detail->text);
    return NULL;
  }
  /* The callbacks run in a later turn, when the app has received its task. */
  task->session = session;
  task->holders++;
  session_hold(session);
  link_task(task);
  session_changed(session);
  return object;
}

napi_value task_upload(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  napi_value argument = NULL, object = NULL;
  UploadSettings settings = {.request = wxt_upload_request()};
  napi_value this_value = this_of_call(env, info, &argument);
  if (read_members(env, argument, &UPLOAD_MEMBERS, &settings, &arena)) {
    Session *session = open_session_of(env, this_value);
    Task *task = session == NULL ? NULL : new_task(session, true, &settings.functions, &object);
    if (task != NULL) {
      WxtCallbacks callbacks = task_callbacks(task);
      WxtStatusDetail detail = wxt_status_detail();
      WxtStatus status = wxt_upload_file(session->handle, &settings.request, &callbacks, &task->id, &detail);
      object = finish_start(session, task, status, &detail, object);
    }
  }
  arena_free(&arena);
  return object;
}

napi_value task_download(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  napi_value argument = NULL, object = NULL;
  DownloadSettings settings = {.request = wxt_download_request()};
  napi_value this_value = this_of_call(env, info, &argument);
  if (read_members(env, argument, &DOWNLOAD_MEMBERS, &settings, &arena)) {
    Session *session = open_session_of(env, this_value);
    Task *task = session == NULL ? NULL : new_task(session, false, &settings.functions, &object);
    if (task != NULL) {
      WxtCallbacks callbacks = task_callbacks(task);
      WxtStatusDetail detail = wxt_status_detail();
      WxtStatus status = wxt_download_file(session->handle, &settings.request, &callbacks, &task->id, &detail);
      object = finish_start(session, task, status, &detail, object);
    }
  }
  arena_free(&arena);
  return object;
}
