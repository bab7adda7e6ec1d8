/* File calls: saving, importing, FileSystemManager. Each has one result, before it returns, on the calling thread. */

#ifndef STRESS_FILES_H
#define STRESS_FILES_H

#include "sessions.h"

enum { SOURCE_SIZE = 20000 };

typedef struct {
  Session *session;
  Random *random;
  pthread_t thread;
  unsigned results;
} FileCall;

static void on_file(void *user_data, const WxtFileResult *result) {
  FileCall *call = user_data;
  CHECK(result->struct_size == sizeof *result);
  if (!pthread_equal(call->thread, pthread_self())) broken_session(call->session, "a file's result came on another thread");
  if (++call->results > 1) broken_session(call->session, "a file call had two results");
  if (result->category == WXT_CATEGORY_INTERNAL) broken_session(call->session, "an internal error in a file call");
  for (size_t i = 0; i < result->file_count; i++) {
    if (one_in(call->random, 2)) keep_path(call->session, call->random, result->files[i].file_path);
  }
}

/* A path that a page could pass: of an earlier result, of its own, or an invalid one. */
static const char *some_path(Session *session, Random *random, char *path) {
  switch (below(random, 4)) {
    case 0: snprintf(path, PATH_SIZE, "wxfile://usr/d%u/f%u", below(random, 3), below(random, 4)); break;
    case 1: snprintf(path, PATH_SIZE, one_in(random, 8) ? "wxfile://usr/../%u" : "wxfile://usr/d%u", below(random, 3)); break;
    default:
      pthread_mutex_lock(&session->lock);
      memcpy(path, session->paths[below(random, PATHS)], PATH_SIZE);
      pthread_mutex_unlock(&session->lock);
      break;
  }
  return path;
}

static void call_files(Session *session, Random *random) {
  char path_text[PATH_SIZE], other_text[PATH_SIZE], source[1024];
  static const uint8_t bytes[16 * 1024] = {1, 2, 3};
  WxtStr path = wxt_str(some_path(session, random, path_text));
  WxtStr other = wxt_str(some_path(session, random, other_text));
  WxtSession *handle = session->handle;
  FileCall call = {session, random, pthread_self(), 0};
  WxtStatus status = WXT_OK;
  int descriptor = -1;
  snprintf(source, sizeof source, "%s/source", variable("WXT_DIRECTORY"));
  switch (below(random, 24)) {
    case 0: status = wxt_save_file(handle, path, wxt_str(NULL), on_file, &call); break;
    case 1: status = wxt_save_file(handle, path, other, on_file, &call); break;
    case 2: status = wxt_get_saved_file_list(handle, on_file, &call); break;
    case 3: status = wxt_get_saved_file_info(handle, path, on_file, &call); break;
    case 4: status = wxt_remove_saved_file(handle, path, on_file, &call); break;
    case 5: status = wxt_import_file(handle, wxt_str(source), WXT_IMPORT_COPY, on_file, &call); break;
    case 6:
      descriptor = open(source, O_RDONLY | O_CLOEXEC);
      CHECK(descriptor >= 0);
      status = wxt_import_file_descriptor(handle, descriptor, below(random, SOURCE_SIZE), wxt_str("a.txt"), on_file, &call);
      CHECK(close(descriptor) == 0);
      break;
    case 7:
    case 8: status = wxt_import_data(handle, bytes, below(random, sizeof bytes), wxt_str("b.bin"), on_file, &call); break;
    case 9: status = wxt_resolve_path(handle, path, on_file, &call); break;
    case 10: status = wxt_file_access(handle, path, on_file, &call); break;
    case 11: status = wxt_file_stat(handle, path, (uint8_t)below(random, 2), on_file, &call); break;
    case 12: status = wxt_file_unlink(handle, path, on_file, &call); break;
    case 13: status = wxt_file_copy(handle, path, other, on_file, &call); break;
    case 14: status = wxt_file_rename(handle, path, other, on_file, &call); break;
    case 15: status = wxt_file_make_directory(handle, path, (uint8_t)below(random, 2), on_file, &call); break;
    case 16: status = wxt_file_remove_directory(handle, path, (uint8_t)below(random, 2), on_file, &call); break;
    case 17: status = wxt_file_list_directory(handle, path, on_file, &call); break;
    case 18: status = wxt_file_info(handle, path, (int32_t)below(random, 3), on_file, &call); break;
    case 19:
    case 20: status = wxt_file_read(handle, path, below(random, 2) * 100, below(random, 2) * 100, on_file, &call); break;
    default: {
      int32_t mode = (int32_t)below(random, 3);
      uint64_t position = mode == WXT_WRITE_AT_POSITION ? below(random, 1000) : 0;
      status = wxt_file_write(handle, path, bytes, below(random, sizeof bytes), mode, position, on_file, &call);
      break;
    }
  }
  if (status != WXT_OK) check_refusal(session, status, "a file call");
  if (call.results != (status == WXT_OK)) broken_session(session, "a file call had no result, or was refused and had one");
}

static void on_path_to_remove(void *user_data, const WxtFileResult *result) {
  WxtSession *session = user_data;
  FileCall call = {&sessions[0], &(Random){1}, pthread_self(), 0};
  for (size_t i = 0; i < result->file_count; i++) {
    CHECK_NUMBER(wxt_remove_saved_file(session, result->files[i].file_path, on_file, &call), WXT_OK);
    call.results = 0;
  }
  for (size_t i = 0; i < result->name_count; i++) {
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "wxfile://usr/%.*s", (int)result->names[i].len, result->names[i].ptr);
    CHECK_NUMBER(wxt_file_unlink(session, wxt_str(path), on_file, &call), WXT_OK);
    call.results = 0;
    CHECK_NUMBER(wxt_file_remove_directory(session, wxt_str(path), 1, on_file, &call), WXT_OK);
    call.results = 0;
  }
}

/* Deletes all files that the mini programs have stored. The directories stay, as after every session that stored a file. No other
 * session is open. */
static void remove_files(void) {
  for (size_t i = 0; i < SLOTS; i++) {
    WxtSessionOptions options = local_options();
    options.app_id = wxt_str(slots[i].app_id);
    options.storage_sharing = slots[i].sharing;
    WxtSession *session = open_session(&options);
    FileCall call = {&sessions[0], &(Random){1}, pthread_self(), 0};
    CHECK_NUMBER(wxt_file_write(session, wxt_str("wxfile://usr/last"), NULL, 0, WXT_WRITE_WHOLE, 0, on_file, &call), WXT_OK);
    CHECK_NUMBER(wxt_get_saved_file_list(session, on_path_to_remove, session), WXT_OK);
    CHECK_NUMBER(wxt_file_list_directory(session, wxt_str("wxfile://usr"), on_path_to_remove, session), WXT_OK);
    CHECK_NUMBER(wxt_discard_partials(session, NULL), WXT_OK);
    close_session(session);
  }
}

#endif
