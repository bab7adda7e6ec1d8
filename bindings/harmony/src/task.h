/* An upload or download as a JavaScript object. */
#ifndef WXTRANSFER_HARMONY_TASK_H
#define WXTRANSFER_HARMONY_TASK_H

#include "session.h"

struct Task {
  Session *session; /* NULL after the last callback */
  Task *next;
  Task *previous;
  WxtTaskId id;
  bool is_upload;
  bool has_ended;
  bool has_failed;
  napi_ref success, fail, complete;
  /* Arrays of listeners, made with the first one. */
  napi_ref progress_listeners, headers_listeners;
  /* The object that success or fail received. Kept for a later call of `result`. */
  napi_ref outcome;
  napi_deferred result;
  napi_ref result_promise;
  /* The number of users of this memory: the JavaScript object and the library. The last one frees it. */
  size_t holders;
};

/* `uploadFile(request)` and `downloadFile(request)` of a session. */
napi_value task_upload(napi_env env, napi_callback_info info);
napi_value task_download(napi_env env, napi_callback_info info);

/* Aborts the tasks that have not ended. */
void tasks_abort(Session *session);

/* The callbacks of a task. The library's hold on it ends with the last one. */
WxtCallbacks task_callbacks(Task *task);
/* Settles the promise of `result`, if `result` was called. */
void task_settle(napi_env env, Task *task, napi_value outcome);
void task_release(Task *task);

#endif
