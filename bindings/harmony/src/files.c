#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool copy_bytes(FileCall *call, const void *bytes, size_t size, const void **copy) {
  *copy = NULL;
  if (bytes == NULL) return true;
  void *memory = arena_take(&call->arena, size + 1);
  if (memory == NULL) return false;
  memcpy(memory, bytes, size);
  *copy = memory;
  return true;
}

static bool copy_text(FileCall *call, WxtStr *text) {
  return copy_bytes(call, text->ptr, text->len, (const void **)&text->ptr);
}

void on_file_result(void *user_data, const WxtFileResult *result) {
  FileCall *call = user_data;
  WxtFileResult *copy = &call->result;
  *copy = *result;
  bool whole = copy_text(call, &copy->err_msg) && copy_text(call, &copy->detail) && copy_text(call, &copy->digest) &&
               copy_bytes(call, result->data, result->data_length, (const void **)&copy->data) &&
               copy_bytes(call, result->files, result->file_count * sizeof(WxtFileInfo), (const void **)&copy->files) &&
               copy_bytes(call, result->stats, result->stats_count * sizeof(WxtFileStats), (const void **)&copy->stats) &&
               copy_bytes(call, result->names, result->name_count * sizeof(WxtStr), (const void **)&copy->names);
  for (size_t i = 0; whole && i < result->file_count; i++) {
    WxtFileInfo *file = (WxtFileInfo *)&copy->files[i];
    whole = copy_text(call, &file->file_path) && copy_text(call, &file->native_path);
  }
  for (size_t i = 0; whole && i < result->stats_count; i++) whole = copy_text(call, &((WxtFileStats *)copy->stats)[i].path);
  for (size_t i = 0; whole && i < result->name_count; i++) whole = copy_text(call, &((WxtStr *)copy->names)[i]);
  if (!whole) call->status = WXT_OUT_OF_RESOURCES;
}

static napi_value file_value(napi_env env, const WxtFileInfo *info) {
  napi_value file = NULL;
  napi_create_object(env, &file);
  set_text(env, file, "filePath", info->file_path);
  set_text(env, file, "nativePath", info->native_path);
  set_number(env, file, "size", (double)info->size);
  set_number(env, file, "createTime", (double)info->create_time);
  return file;
}

static napi_value files_value(napi_env env, const WxtFileResult *result) {
  napi_value list = NULL;
  napi_create_array(env, &list);
  for (size_t i = 0; i < result->file_count; i++) napi_set_element(env, list, (uint32_t)i, file_value(env, &result->files[i]));
  return list;
}

static napi_value stats_value(napi_env env, const WxtFileResult *result) {
  napi_value list = NULL;
  napi_create_array(env, &list);
  for (size_t i = 0; i < result->stats_count; i++) {
    const WxtFileStats *found = &result->stats[i];
    napi_value stats = NULL;
    napi_create_object(env, &stats);
    set_text(env, stats, "path", found->path);
    set_number(env, stats, "size", (double)found->size);
    set_number(env, stats, "lastAccessedTime", (double)found->last_accessed_time);
    set_number(env, stats, "lastModifiedTime", (double)found->last_modified_time);
    set_number(env, stats, "mode", found->mode);
    set_boolean(env, stats, "isFile", found->is_file);
    set_boolean(env, stats, "isDirectory", found->is_directory);
    napi_set_element(env, list, (uint32_t)i, stats);
  }
  return list;
}

static napi_value names_value(napi_env env, const WxtFileResult *result) {
  napi_value list = NULL;
  napi_create_array(env, &list);
  for (size_t i = 0; i < result->name_count; i++) napi_set_element(env, list, (uint32_t)i, text_value(env, result->names[i]));
  return list;
}

static napi_value data_value(napi_env env, const WxtFileResult *result) {
  napi_value buffer = NULL;
  void *memory = NULL;
  napi_create_arraybuffer(env, result->data_length, &memory, &buffer);
  if (memory != NULL && result->data_length > 0) memcpy(memory, result->data, result->data_length);
  return buffer;
}

static napi_value result_value(napi_env env, const WxtFileResult *result, unsigned returns) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  set_text(env, object, "errMsg", result->err_msg);
  if (returns & RETURNS_FILE && result->file_count > 0) set_value(env, object, "file", file_value(env, result->files));
  if (returns & RETURNS_FILES) set_value(env, object, "files", files_value(env, result));
  if (returns & RETURNS_STATS) set_value(env, object, "stats", stats_value(env, result));
  if (returns & RETURNS_NAMES) set_value(env, object, "names", names_value(env, result));
  if (returns & RETURNS_DIGEST) set_text(env, object, "digest", result->digest);
  if (returns & RETURNS_DATA) set_value(env, object, "data", data_value(env, result));
  return object;
}

static void run_call(napi_env env, void *data) {
  FileCall *call = data;
  (void)env;
  WxtStatus status = call->function->run(call);
  if (status != WXT_OK) call->status = status;
}

static void free_call(FileCall *call) {
  arena_free(&call->arena);
  free(call);
}

/* The Failure of a call that the library refused. The numbers are those of a call that fails for the same cause. */
static napi_value refusal_value(napi_env env, const FileCall *call) {
  char err_msg[128];
  int32_t err_no = WXT_ERRNO_SYSTEM_ERROR, category = WXT_CATEGORY_INTERNAL;
  const char *reason = "a bug of the library, which was caught: please report it";
  if (call->status == WXT_INVALID_ARGUMENT) {
    err_no = WXT_ERRNO_INVALID_ARGUMENT;
    category = WXT_CATEGORY_REQUEST;
    reason = call->reason;
  } else if (call->status == WXT_SESSION_CLOSED) {
    category = WXT_CATEGORY_ABORTED;
    reason = "the session was closed before the call began";
  } else if (call->status == WXT_OUT_OF_RESOURCES) {
    category = WXT_CATEGORY_OUT_OF_RESOURCES;
    reason = "no memory or no descriptor is left";
  }
  snprintf(err_msg, sizeof err_msg, "%s:fail %s", call->function->members.what, wxt_status_text(call->status));
  bool retryable = category == WXT_CATEGORY_OUT_OF_RESOURCES;
  napi_value error = failure_value(env, wxt_str(err_msg), err_no, category, wxt_str(reason), retryable);
  set_number(env, error, "errCode", err_no);
  set_number(env, error, "status", call->status);
  return error;
}

static void call_is_done(napi_env env, napi_status work_status, void *data) {
  FileCall *call = data;
  Session *session = call->session;
  const WxtFileResult *result = &call->result;
  if (!session->silent) {
    if (work_status != napi_ok) call->status = WXT_SESSION_CLOSED;
    if (call->status != WXT_OK) {
      napi_reject_deferred(env, call->promise, refusal_value(env, call));
    } else if (result->err_no != WXT_ERRNO_OK) {
      napi_value error =
          failure_value(env, result->err_msg, result->err_no, result->category, result->detail, result->retryable);
      set_number(env, error, "errCode", result->err_no);
      napi_reject_deferred(env, call->promise, error);
    } else {
      napi_resolve_deferred(env, call->promise, result_value(env, result, call->function->returns));
    }
  }
  napi_delete_async_work(env, call->work);
  session->file_calls--;
  session_changed(session);
  session_release(session);
  free_call(call);
}

static napi_value start_call(napi_env env, napi_callback_info info) {
  napi_value argument = NULL, promise = NULL;
  void *data = NULL;
  napi_get_cb_info(env, info, NULL, NULL, NULL, &data);
  const FileFunction *function = data;
  napi_value this_value = this_of_call(env, info, &argument);
  FileCall *call = calloc(1, sizeof *call);
  if (call == NULL) {
    throw_status(env, function->members.what, WXT_OUT_OF_RESOURCES, NULL);
    return NULL;
  }
  bool whole = function->members.count == 0 || read_members(env, argument, &function->members, &call->arguments, &call->arena);
  Session *session = whole ? open_session_of(env, this_value) : NULL;
  if (session == NULL) {
    free_call(call);
    return NULL;
  }
  call->session = session;
  call->handle = session->handle;
  call->function = function;
  if (napi_create_async_work(env, NULL, text_value(env, wxt_str(function->members.what)), run_call, call_is_done, call, &call->work) != napi_ok) {
    free_call(call);
    return NULL;
  }
  napi_create_promise(env, &call->promise, &promise);
  session->file_calls++;
  session_hold(session);
  napi_queue_async_work(env, call->work);
  session_changed(session);
  return promise;
}

void define_file_methods(napi_env env, napi_value object) {
  for (const FileFunction *function = FILE_FUNCTIONS; function->run != NULL; function++) {
    define_method(env, object, function->members.what, start_call, function);
  }
}
