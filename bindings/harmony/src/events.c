#include "task.h"

static void unlink_task(Task *task) {
  if (task->previous != NULL) {
    task->previous->next = task->next;
  } else {
    task->session->tasks = task->next;
  }
  if (task->next != NULL) task->next->previous = task->previous;
}

/* Calls each listener of a copy of the list, because a listener may change the list. */
static void call_listeners(napi_env env, napi_ref listeners, napi_value event) {
  napi_value list = NULL, copy = NULL, listener;
  uint32_t count = 0;
  if (listeners == NULL) return;
  napi_get_reference_value(env, listeners, &list);
  napi_get_array_length(env, list, &count);
  napi_create_array(env, &copy);
  for (uint32_t i = 0; i < count; i++) {
    napi_get_element(env, list, i, &listener);
    napi_set_element(env, copy, i, listener);
  }
  for (uint32_t i = 0; i < count; i++) {
    napi_get_element(env, copy, i, &listener);
    call_function(env, listener, event);
  }
}

static void on_headers_received(void *user_data, WxtTaskId id, const WxtHeadersReceived *event) {
  Task *task = user_data;
  napi_env env = task->session->env;
  napi_value object = NULL;
  (void)id;
  if (task->session->silent || task->headers_listeners == NULL) return;
  napi_create_object(env, &object);
  set_value(env, object, "header", header_value(env, event->header, event->header_count));
  set_number(env, object, "statusCode", event->status_code);
  call_listeners(env, task->headers_listeners, object);
}

static void on_progress(void *user_data, WxtTaskId id, const WxtProgress *event) {
  Task *task = user_data;
  napi_env env = task->session->env;
  napi_value object = NULL;
  (void)id;
  if (task->session->silent || task->progress_listeners == NULL) return;
  double expected = event->total_bytes_expected == WXT_TOTAL_UNKNOWN ? -1 : (double)event->total_bytes_expected;
  napi_create_object(env, &object);
  set_number(env, object, "progress", event->progress == WXT_PROGRESS_UNKNOWN ? 0 : event->progress);
  set_number(env, object, task->is_upload ? "totalBytesSent" : "totalBytesWritten", (double)event->total_bytes);
  set_number(env, object, task->is_upload ? "totalBytesExpectedToSend" : "totalBytesExpectedToWrite", expected);
  call_listeners(env, task->progress_listeners, object);
}

static void on_success(void *user_data, WxtTaskId id, const WxtSuccess *event) {
  Task *task = user_data;
  napi_env env = task->session->env;
  napi_value object = NULL;
  (void)id;
  if (task->session->silent) return;
  napi_create_object(env, &object);
  set_text(env, object, "errMsg", event->err_msg);
  set_number(env, object, "statusCode", event->status_code);
  set_text(env, object, "data", event->data);
  set_text(env, object, "tempFilePath", event->temp_file_path);
  set_text(env, object, "filePath", event->file_path);
  set_text(env, object, "nativePath", event->native_path);
  set_number(env, object, "dataLength", (double)event->data_length);
  set_value(env, object, "header", header_value(env, event->header, event->header_count));
  set_value(env, object, "cookies", cookies_value(env, event->header, event->header_count));
  if (event->profile != NULL) set_value(env, object, "profile", profile_value(env, event->profile));
  set_number(env, object, "attempts", event->attempts);
  set_number(env, object, "resumedFrom", (double)event->resumed_from);
  set_text(env, object, "sha256", event->sha256);
  task->outcome = keep(env, object);
  call_reference(env, task->success, object);
}

static void on_fail(void *user_data, WxtTaskId id, const WxtFailure *event) {
  Task *task = user_data;
  napi_env env = task->session->env;
  (void)id;
  if (task->session->silent) return;
  napi_value error = failure_value(env, event->err_msg, event->err_no, event->category, event->detail, event->retryable);
  if (event->profile != NULL) set_value(env, error, "profile", profile_value(env, event->profile));
  set_number(env, error, "attempts", event->attempts);
  set_number(env, error, "resumedFrom", (double)event->resumed_from);
  task->has_failed = true;
  task->outcome = keep(env, error);
  call_reference(env, task->fail, error);
}

static void on_complete(void *user_data, WxtTaskId id, const WxtCompletion *event) {
  Task *task = user_data;
  napi_env env = task->session->env;
  napi_value outcome = NULL;
  (void)id, (void)event;
  if (task->session->silent) return;
  napi_get_reference_value(env, task->outcome, &outcome);
  task->has_ended = true;
  call_reference(env, task->complete, outcome);
  task_settle(env, task, outcome);
}

static void drop_references(Task *task) {
  napi_env env = task->session->env;
  napi_ref *references[] = {&task->success, &task->fail, &task->complete, &task->progress_listeners, &task->headers_listeners};
  for (size_t i = 0; i < sizeof references / sizeof references[0]; i++) drop(env, references[i]);
  /* Without the JavaScript object, `result` cannot be called, so the outcome is not needed. */
  if (task->holders == 1) drop(env, &task->outcome);
}

static void on_release(void *user_data) {
  Task *task = user_data;
  Session *session = task->session;
  unlink_task(task);
  /* An environment that ends frees its references itself. */
  if (!session->silent) drop_references(task);
  task->session = NULL;
  session_changed(session);
  session_release(session);
  task_release(task);
}

WxtCallbacks task_callbacks(Task *task) {
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.user_data = task;
  callbacks.on_headers_received = on_headers_received;
  callbacks.on_progress = on_progress;
  callbacks.on_success = on_success;
  callbacks.on_fail = on_fail;
  callbacks.on_complete = on_complete;
  callbacks.release = on_release;
  return callbacks;
}
