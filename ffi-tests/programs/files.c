/* Files before and after transfers: a host's file becomes a file of the page, and is uploaded, saved, listed and removed. */

#include "../support.h"

/* The result that `on_result` received. It runs before the function returns, on the same thread. */
typedef struct {
  pthread_t thread;
  unsigned calls;
  char err_msg[512];
  int32_t err_no;
  int32_t category;
  size_t file_count;
  char file_path[256];
  char native_path[1024];
  uint64_t size;
  uint64_t create_time;
} Result;

static void on_result(void *user_data, const WxtFileResult *event) {
  Result *result = user_data;
  CHECK(event->struct_size == sizeof *event);
  CHECK(pthread_equal(result->thread, pthread_self()));
  result->calls++;
  copy_text(result->err_msg, sizeof result->err_msg, event->err_msg);
  result->err_no = event->err_no;
  result->category = event->category;
  CHECK((event->err_no == WXT_ERRNO_OK) == (event->detail.len == 0));
  result->file_count = event->file_count;
  CHECK((event->files == NULL) == (event->file_count == 0));
  if (event->file_count > 0) {
    CHECK(event->files[0].struct_size == sizeof event->files[0]);
    copy_text(result->file_path, sizeof result->file_path, event->files[0].file_path);
    copy_text(result->native_path, sizeof result->native_path, event->files[0].native_path);
    result->size = event->files[0].size;
    result->create_time = event->files[0].create_time;
  }
}

static Result fresh(void) {
  Result result;
  memset(&result, 0, sizeof result);
  result.thread = pthread_self();
  return result;
}

#define EXPECT_OK(result, status, err_msg_, count) \
  do {                                             \
    CHECK_NUMBER((status), WXT_OK);                \
    CHECK_NUMBER((result).calls, 1);               \
    CHECK_TEXT((result).err_msg, (err_msg_));      \
    CHECK_NUMBER((result).err_no, WXT_ERRNO_OK);   \
    CHECK_NUMBER((result).category, 0);            \
    CHECK_NUMBER((result).file_count, (count));    \
  } while (0)

#define EXPECT_ERROR(result, status, err_msg_, err_no_, category_) \
  do {                                                             \
    CHECK_NUMBER((status), WXT_OK);                                \
    CHECK_NUMBER((result).calls, 1);                               \
    CHECK_TEXT((result).err_msg, (err_msg_));                      \
    CHECK_NUMBER((result).err_no, (err_no_));                      \
    CHECK_NUMBER((result).category, (category_));                  \
    CHECK_NUMBER((result).file_count, 0);                          \
  } while (0)

/* A photo that the host took: the page receives a temporary path, uploads it, and saves it. */
static void from_the_host_to_the_store(WxtSession *session) {
  const char *photo = in_directory("photo.JPG");
  write_pattern(photo, 3000);
  uint64_t called = now() / 1000;
  Result imported = fresh();
  WxtStatus status = wxt_import_file(session, wxt_str(photo), WXT_IMPORT_COPY, on_result, &imported);
  EXPECT_OK(imported, status, "importFile:ok", 1);
  CHECK_CONTAINS(imported.file_path, "wxfile://tmp_");
  CHECK_NUMBER(imported.size, 3000);
  check_pattern(imported.native_path, 3000);
  CHECK(exists(photo));

  Recorder upload = {0};
  start_upload(session, tls("/upload"), imported.file_path, &upload);
  EXPECT_SUCCESS(&upload, 200);
  CHECK_CONTAINS(upload.data, "\"length\":3000");
  CHECK_CONTAINS(upload.data, "\"content_type\":\"image/jpeg\"");
  recorder_forget(&upload);

  Result saved = fresh();
  status = wxt_save_file(session, wxt_str(imported.file_path), wxt_str(NULL), on_result, &saved);
  EXPECT_OK(saved, status, "saveFile:ok", 1);
  CHECK_CONTAINS(saved.file_path, "wxfile://store_");
  check_pattern(saved.native_path, 3000);
  CHECK(!exists(imported.native_path));

  /* The temporary path is invalid. */
  Result again = fresh();
  status = wxt_save_file(session, wxt_str(imported.file_path), wxt_str(NULL), on_result, &again);
  EXPECT_ERROR(again, status, "saveFile:fail tempFilePath file not exist", WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST,
               WXT_CATEGORY_STORAGE);

  Result info = fresh();
  status = wxt_get_saved_file_info(session, wxt_str(saved.file_path), on_result, &info);
  EXPECT_OK(info, status, "getSavedFileInfo:ok", 1);
  CHECK_NUMBER(info.size, 3000);
  CHECK(info.create_time >= called && info.create_time <= now() / 1000);
}

/* A saved file exists in the next launch. A temporary one does not. */
static void in_the_next_launch(WxtSession *session) {
  Result list = fresh();
  WxtStatus status = wxt_get_saved_file_list(session, on_result, &list);
  EXPECT_OK(list, status, "getSavedFileList:ok", 1);
  check_pattern(list.native_path, 3000);

  Result resolved = fresh();
  status = wxt_resolve_path(session, wxt_str(list.file_path), on_result, &resolved);
  CHECK_NUMBER(status, WXT_OK);
  CHECK_TEXT(resolved.native_path, list.native_path);

  Result removed = fresh();
  status = wxt_remove_saved_file(session, wxt_str(list.file_path), on_result, &removed);
  EXPECT_OK(removed, status, "removeSavedFile:ok", 0);
  CHECK(!exists(list.native_path));
  removed = fresh();
  status = wxt_remove_saved_file(session, wxt_str(list.file_path), on_result, &removed);
  EXPECT_ERROR(removed, status, format("removeSavedFile:fail no such file or directory %s", list.file_path),
               WXT_ERRNO_FILE_NOT_FOUND, WXT_CATEGORY_FILE);
  Result empty = fresh();
  status = wxt_get_saved_file_list(session, on_result, &empty);
  EXPECT_OK(empty, status, "getSavedFileList:ok", 0);
}

static void from_a_descriptor(WxtSession *session) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK(write(ends[1], "abc", 3) == 3);
  CHECK(close(ends[1]) == 0);
  Result imported = fresh();
  WxtStatus status = wxt_import_file_descriptor(session, ends[0], 0, wxt_str("clip.mp4"), on_result, &imported);
  EXPECT_OK(imported, status, "importFile:ok", 1);
  CHECK(close(ends[0]) == 0);
  CHECK_NUMBER(imported.size, 3);
  CHECK_TEXT(strrchr(imported.file_path, '.'), ".mp4");

  /* An import that moves the file: the host's file is gone. */
  const char *given = in_directory("given");
  write_bytes(given, "abc", 3);
  imported = fresh();
  status = wxt_import_file(session, wxt_str(given), WXT_IMPORT_MOVE, on_result, &imported);
  EXPECT_OK(imported, status, "importFile:ok", 1);
  CHECK(!exists(given));
}

static void mistakes(WxtSession *session) {
  Result result = fresh();
  WxtStr without_pointer = {NULL, 1};
  CHECK_NUMBER(wxt_save_file(NULL, wxt_str("x"), wxt_str(NULL), on_result, &result), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_save_file(session, wxt_str("x"), wxt_str(NULL), NULL, NULL), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_save_file(session, without_pointer, wxt_str(NULL), on_result, &result), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_import_file(session, wxt_str("/x"), 2, on_result, &result), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_import_file_descriptor(session, -1, 0, wxt_str(NULL), on_result, &result), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(result.calls, 0);

  WxtStatus status = wxt_save_file(session, wxt_str(NULL), wxt_str(NULL), on_result, &result);
  EXPECT_ERROR(result, status, "saveFile:fail parameter error: parameter.tempFilePath should be String instead of Undefined;",
               WXT_ERRNO_INVALID_ARGUMENT,
               WXT_CATEGORY_REQUEST);
  result = fresh();
  status = wxt_get_saved_file_info(session, wxt_str("\xff"), on_result, &result);
  EXPECT_ERROR(result, status, "getSavedFileInfo:fail parameter error: parameter.filePath should be String instead of ArrayBuffer;",
               WXT_ERRNO_INVALID_ARGUMENT,
               WXT_CATEGORY_REQUEST);
  result = fresh();
  status = wxt_import_file(session, wxt_str(in_directory("missing")), WXT_IMPORT_COPY, on_result, &result);
  EXPECT_ERROR(result, status, format("importFile:fail no such file or directory %s", in_directory("missing")),
               WXT_ERRNO_FILE_NOT_FOUND, WXT_CATEGORY_FILE);
  result = fresh();
  status = wxt_resolve_path(session, wxt_str("wxfile://usr/../../x"), on_result, &result);
  EXPECT_ERROR(result, status, "resolvePath:fail permission denied, open wxfile://usr/../../x",
               WXT_ERRNO_PERMISSION_DENIED, WXT_CATEGORY_FILE);
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  from_the_host_to_the_store(session);
  close_session(session);
  session = open_session(&options);
  in_the_next_launch(session);
  from_a_descriptor(session);
  mistakes(session);
  close_session(session);
  Result result = fresh();
  CHECK_NUMBER(wxt_get_saved_file_list(session, on_result, &result), WXT_SESSION_CLOSED);
  CHECK_NUMBER(result.calls, 0);
  return 0;
}
