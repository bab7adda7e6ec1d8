/* FileSystemManager: writes, reads, moves and removes a page's files, and triggers every failure. */

#include "../support.h"

#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

/* The result that `on_result` received. It runs before the function returns, on the same thread. */
typedef struct {
  unsigned calls;
  char err_msg[512];
  int32_t err_no;
  int32_t category;
  size_t file_count;
  uint64_t size;
  char native_path[1024];
  size_t stats_count;
  /* The last element. */
  WxtFileStats stats;
  char stats_paths[256];
  size_t name_count;
  char names[256];
  char digest[80];
  char data[256];
  size_t data_length;
} Result;

/* `errCode` of FileError in Tencent's typings (miniprogram-api-typings 5.2.3). */
static const int32_t FILE_ERRORS[] = {
    1300001, 1300002, 1300005, 1300009, 1300013, 1300014, 1300020, 1300021, 1300022, 1300036, 1300066, 1300201,
    1300202, 1300203, 1300300, 1300301, 1301000, 1301002, 1301003, 1301004, 1301005, 1301006, 1301007, 1301009,
    1301100, 1301102, 1301103, 1301104, 1301111, 1301112, 1302001, 1302002, 1302003, 1302004, 1302005, 1302100,
};

static bool is_file_error(int32_t err_no) {
  for (size_t i = 0; i < sizeof FILE_ERRORS / sizeof FILE_ERRORS[0]; i++) {
    if (FILE_ERRORS[i] == err_no) {
      return true;
    }
  }
  return false;
}

static void append_text(char *target, size_t size, WxtStr text) {
  size_t length = strlen(target);
  CHECK(length + text.len + 2 < size);
  memcpy(target + length, text.len == 0 ? "" : text.ptr, text.len);
  memcpy(target + length + text.len, ";", 2);
}

static void on_result(void *user_data, const WxtFileResult *event) {
  Result *result = user_data;
  CHECK(event->struct_size == sizeof *event);
  result->calls++;
  copy_text(result->err_msg, sizeof result->err_msg, event->err_msg);
  result->err_no = event->err_no;
  result->category = event->category;
  CHECK(event->err_no == WXT_ERRNO_OK || is_file_error(event->err_no));
  CHECK((event->err_no == WXT_ERRNO_OK) == (event->detail.len == 0));
  CHECK(event->retryable == (event->category == WXT_CATEGORY_OUT_OF_RESOURCES));
  CHECK((event->files == NULL) == (event->file_count == 0));
  CHECK((event->stats == NULL) == (event->stats_count == 0));
  CHECK((event->names == NULL) == (event->name_count == 0));
  CHECK((event->data == NULL) == (event->data_length == 0));
  result->file_count = event->file_count;
  if (event->file_count > 0) {
    result->size = event->files[0].size;
    copy_text(result->native_path, sizeof result->native_path, event->files[0].native_path);
  }
  result->stats_count = event->stats_count;
  for (size_t i = 0; i < event->stats_count; i++) {
    CHECK(event->stats[i].struct_size == sizeof event->stats[i]);
    result->stats = event->stats[i];
    append_text(result->stats_paths, sizeof result->stats_paths, event->stats[i].path);
  }
  result->name_count = event->name_count;
  for (size_t i = 0; i < event->name_count; i++) {
    append_text(result->names, sizeof result->names, event->names[i]);
  }
  copy_text(result->digest, sizeof result->digest, event->digest);
  result->data_length = event->data_length;
  size_t kept = event->data_length < sizeof result->data - 1 ? event->data_length : sizeof result->data - 1;
  if (kept > 0) {
    memcpy(result->data, event->data, kept);
  }
}

static Result result;

/* The user_data of a call. Forgets the result of the previous call. */
static void *fresh(void) {
  memset(&result, 0, sizeof result);
  return &result;
}

static void expect(WxtStatus status, const char *err_msg, int32_t err_no, int32_t category, int line) {
  check_number(status, WXT_OK, "the status", __FILE__, line);
  check_number(result.calls, 1, "the number of results", __FILE__, line);
  check_text(result.err_msg, err_msg, "err_msg", __FILE__, line);
  check_number(result.err_no, err_no, err_msg, __FILE__, line);
  check_number(result.category, category, err_msg, __FILE__, line);
  if (err_no != WXT_ERRNO_OK) {
    check(result.file_count + result.stats_count + result.name_count + result.data_length == 0, "a failure contains no data",
          __FILE__, line);
  }
}

#define EXPECT_OK(status, err_msg) expect((status), (err_msg), WXT_ERRNO_OK, 0, __LINE__)

static WxtStatus write_text(WxtSession *session, const char *path, const char *text, int32_t mode, uint64_t position) {
  return wxt_file_write(session, wxt_str(path), (const uint8_t *)text, strlen(text), mode, position, on_result, fresh());
}

static void expect_text(WxtSession *session, const char *path, const char *text) {
  EXPECT_OK(wxt_file_read(session, wxt_str(path), 0, 0, on_result, fresh()), "readFile:ok");
  CHECK_NUMBER(result.data_length, strlen(text));
  CHECK_TEXT(result.data, text);
}

static void a_pages_files(WxtSession *session) {
  WxtStr note = wxt_str("wxfile://usr/notes/a.txt");
  EXPECT_OK(wxt_file_make_directory(session, wxt_str("wxfile://usr/notes/old"), true, on_result, fresh()), "mkdir:ok");
  EXPECT_OK(write_text(session, "wxfile://usr/notes/a.txt", "hello", WXT_WRITE_WHOLE, 0), "writeFile:ok");
  EXPECT_OK(write_text(session, "wxfile://usr/notes/a.txt", " world", WXT_WRITE_APPEND, 0), "appendFile:ok");
  EXPECT_OK(write_text(session, "wxfile://usr/notes/a.txt", "W", WXT_WRITE_AT_POSITION, 6), "write:ok");
  expect_text(session, "wxfile://usr/notes/a.txt", "hello World");
  EXPECT_OK(wxt_file_read(session, note, 6, 3, on_result, fresh()), "readFile:ok");
  CHECK_TEXT(result.data, "Wor");
  EXPECT_OK(wxt_file_access(session, note, on_result, fresh()), "access:ok");

  EXPECT_OK(wxt_file_stat(session, note, false, on_result, fresh()), "stat:ok");
  CHECK_NUMBER(result.stats_count, 1);
  CHECK_NUMBER(result.stats.size, 11);
  CHECK(result.stats.is_file && !result.stats.is_directory && (result.stats.mode & 0777) == 0600);
  CHECK(result.stats.last_modified_time + 3600 > now() / 1000 && result.stats.last_accessed_time > 0);
  CHECK_TEXT(result.stats_paths, ";");
  EXPECT_OK(wxt_file_stat(session, wxt_str("wxfile://usr/notes"), true, on_result, fresh()), "stat:ok");
  CHECK_TEXT(result.stats_paths, "/;/a.txt;/old;");
  CHECK(result.stats.is_directory && !result.stats.is_file);

  EXPECT_OK(wxt_file_copy(session, note, wxt_str("wxfile://usr/notes/b.txt"), on_result, fresh()), "copyFile:ok");
  EXPECT_OK(wxt_file_rename(session, note, wxt_str("wxfile://usr/notes/old/a.txt"), on_result, fresh()), "rename:ok");
  EXPECT_OK(wxt_file_list_directory(session, wxt_str("wxfile://usr/notes"), on_result, fresh()), "readdir:ok");
  CHECK_TEXT(result.names, "b.txt;old;");
  expect_text(session, "wxfile://usr/notes/old/a.txt", "hello World");

  /* The digests of "abc" are from RFC 1321 and FIPS 180-4. */
  EXPECT_OK(write_text(session, "wxfile://usr/abc", "abc", WXT_WRITE_WHOLE, 0), "writeFile:ok");
  static const char *const digests[] = {"900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d",
                                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
  for (int32_t algorithm = WXT_DIGEST_MD5; algorithm <= WXT_DIGEST_SHA256; algorithm++) {
    EXPECT_OK(wxt_file_info(session, wxt_str("wxfile://usr/abc"), algorithm, on_result, fresh()), "getFileInfo:ok");
    CHECK_TEXT(result.digest, digests[algorithm]);
    CHECK_NUMBER(result.size, 3);
    CHECK(exists(result.native_path));
  }

  EXPECT_OK(wxt_file_unlink(session, wxt_str("wxfile://usr/abc"), on_result, fresh()), "unlink:ok");
  EXPECT_OK(wxt_file_remove_directory(session, wxt_str("wxfile://usr/notes"), true, on_result, fresh()), "rmdir:ok");
  EXPECT_OK(wxt_file_list_directory(session, wxt_str("wxfile://usr"), on_result, fresh()), "readdir:ok");
  CHECK_NUMBER(result.name_count, 0);
  EXPECT_OK(write_text(session, "wxfile://usr/empty", "", WXT_WRITE_WHOLE, 0), "writeFile:ok");
  expect_text(session, "wxfile://usr/empty", "");
  EXPECT_OK(wxt_file_unlink(session, wxt_str("wxfile://usr/empty"), on_result, fresh()), "unlink:ok");
}

/* The functions, for use in a table. */
typedef enum {
  ACCESS,
  STAT,
  UNLINK,
  COPY,
  RENAME,
  MAKE,
  MAKE_ALL,
  REMOVE,
  LIST,
  INFO,
  READ,
  READ_11,
  READ_FROM_10,
  WRITE,
  APPEND,
  WRITE_AT_9,
  SAVE,
  SAVED_INFO,
  REMOVE_SAVED,
  IMPORT,
  RESOLVE
} Function;

static WxtStatus call(WxtSession *session, Function function, const char *first, const char *second) {
  WxtStr path = wxt_str(first);
  WxtStr other = wxt_str(second);
  void *to = fresh();
  switch (function) {
    case ACCESS: return wxt_file_access(session, path, on_result, to);
    case STAT: return wxt_file_stat(session, path, true, on_result, to);
    case UNLINK: return wxt_file_unlink(session, path, on_result, to);
    case COPY: return wxt_file_copy(session, path, other, on_result, to);
    case RENAME: return wxt_file_rename(session, path, other, on_result, to);
    case MAKE: return wxt_file_make_directory(session, path, false, on_result, to);
    case MAKE_ALL: return wxt_file_make_directory(session, path, true, on_result, to);
    case REMOVE: return wxt_file_remove_directory(session, path, false, on_result, to);
    case LIST: return wxt_file_list_directory(session, path, on_result, to);
    case INFO: return wxt_file_info(session, path, WXT_DIGEST_MD5, on_result, to);
    case READ: return wxt_file_read(session, path, 0, 0, on_result, to);
    case READ_11: return wxt_file_read(session, path, 0, 11, on_result, to);
    case READ_FROM_10: return wxt_file_read(session, path, 10, 0, on_result, to);
    case WRITE: return write_text(session, first, "x", WXT_WRITE_WHOLE, 0);
    case APPEND: return write_text(session, first, "x", WXT_WRITE_APPEND, 0);
    case WRITE_AT_9: return write_text(session, first, "x", WXT_WRITE_AT_POSITION, 9);
    case SAVE: return wxt_save_file(session, path, other, on_result, to);
    case SAVED_INFO: return wxt_get_saved_file_info(session, path, on_result, to);
    case REMOVE_SAVED: return wxt_remove_saved_file(session, path, on_result, to);
    case IMPORT: return wxt_import_file(session, path, WXT_IMPORT_COPY, on_result, to);
    case RESOLVE: return wxt_resolve_path(session, path, on_result, to);
  }
  CHECK(false);
  return WXT_INTERNAL;
}

typedef struct {
  Function function;
  const char *first;
  const char *second;
  const char *err_msg;
  int32_t err_no;
  int32_t category;
} Row;

#define USR "wxfile://usr/"
#define UNKNOWN "0123456789abcdef0123456789abcdef"
#define OVER_QUOTA "the maximum size of the file storage limit is exceeded"

/* "$tmp" and "$store" are replaced by a temporary and a saved file. `USR "file"` has five bytes, `USR "full"` is not
 * empty. */
static const Row rows[] = {
    {ACCESS, USR "a", NULL, "access:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
    {ACCESS, USR "file/a", NULL, "access:fail not a directory wxfile://usr/file/a", 1300020, WXT_CATEGORY_FILE},
    {ACCESS, USR "../a", NULL, "access:fail permission denied, open wxfile://usr/../a", 1300014, WXT_CATEGORY_FILE},
    {ACCESS, USR "link", NULL, "access:fail permission denied, open wxfile://usr/link", 1300014, WXT_CATEGORY_FILE},
    {STAT, USR "a", NULL, "stat:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
    {STAT, "/etc/passwd", NULL, "stat:fail permission denied, open /etc/passwd", 1300014, WXT_CATEGORY_FILE},
    {UNLINK, USR "a.txt", NULL, "unlink:fail no such file or directory wxfile://usr/a.txt", 1300002, WXT_CATEGORY_FILE},
    {UNLINK, USR "full", NULL, "unlink:fail operation not permitted wxfile://usr/full", 1300001, WXT_CATEGORY_FILE},
    {UNLINK, "$tmp", NULL, "unlink:fail permission denied, open $tmp", 1300014, WXT_CATEGORY_FILE},
    {UNLINK, "$store", NULL, "unlink:fail permission denied, open $store", 1300014, WXT_CATEGORY_FILE},
    {COPY, USR "a", USR "b", "copyFile:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
    {COPY, USR "file", USR "a/b", "copyFile:fail no such file or directory wxfile://usr/a/b", 1300002,
     WXT_CATEGORY_FILE},
    {COPY, USR "file", "$store", "copyFile:fail permission denied, open $store", 1300014, WXT_CATEGORY_FILE},
    {COPY, USR "full", USR "b", "copyFile:fail Is a directory wxfile://usr/full", 1300021, WXT_CATEGORY_FILE},
    {COPY, "$tmp", USR "full", "copyFile:fail Is a directory wxfile://usr/full", 1300021, WXT_CATEGORY_FILE},
    {COPY, USR "large", USR "b", "copyFile:fail " OVER_QUOTA, 1300202, WXT_CATEGORY_STORAGE},
    {RENAME, USR "a", USR "b", "rename:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
    {RENAME, "$tmp", USR "b", "rename:fail permission denied, open $tmp", 1300014, WXT_CATEGORY_FILE},
    {RENAME, USR "file", "wxfile://x", "rename:fail permission denied, open wxfile://x", 1300014, WXT_CATEGORY_FILE},
    {RENAME, USR "file", USR "full", "rename:fail Is a directory wxfile://usr/full", 1300021, WXT_CATEGORY_FILE},
    {RENAME, USR "full", USR "file", "rename:fail not a directory wxfile://usr/file", 1300020, WXT_CATEGORY_FILE},
    {RENAME, USR "empty", USR "full", "rename:fail directory not empty wxfile://usr/full", 1300066, WXT_CATEGORY_FILE},
    {RENAME, USR "full", USR "full/a", "rename:fail Invalid argument wxfile://usr/full/a", 1300022,
     WXT_CATEGORY_REQUEST},
    {MAKE, USR "full", NULL, "mkdir:fail file already exists wxfile://usr/full", 1301005, WXT_CATEGORY_FILE},
    {MAKE_ALL, USR "full", NULL, "mkdir:fail file already exists wxfile://usr/full", 1301005, WXT_CATEGORY_FILE},
    {MAKE, USR "file", NULL, "mkdir:fail file already exists wxfile://usr/file", 1301005, WXT_CATEGORY_FILE},
    {MAKE, USR "a/b", NULL, "mkdir:fail no such file or directory wxfile://usr/a/b", 1300002, WXT_CATEGORY_FILE},
    {MAKE_ALL, USR "file/b", NULL, "mkdir:fail not a directory wxfile://usr/file/b", 1300020, WXT_CATEGORY_FILE},
    {MAKE_ALL, "$tmp/a", NULL, "mkdir:fail permission denied, open $tmp/a", 1300014, WXT_CATEGORY_FILE},
    {REMOVE, USR "full", NULL, "rmdir:fail directory not empty wxfile://usr/full", 1300066, WXT_CATEGORY_FILE},
    {REMOVE, USR "file", NULL, "rmdir:fail not a directory wxfile://usr/file", 1300020, WXT_CATEGORY_FILE},
    {REMOVE, USR, NULL, "rmdir:fail permission denied, open wxfile://usr/", 1300014, WXT_CATEGORY_FILE},
    {LIST, USR "file", NULL, "readdir:fail not a directory wxfile://usr/file", 1300020, WXT_CATEGORY_FILE},
    {LIST, "wxfile://", NULL, "readdir:fail permission denied, open wxfile://", 1300014, WXT_CATEGORY_FILE},
    {INFO, USR "full", NULL, "getFileInfo:fail Is a directory wxfile://usr/full", 1300021, WXT_CATEGORY_FILE},
    {READ, USR "a", NULL, "readFile:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
    {READ, USR "full", NULL, "readFile:fail Is a directory wxfile://usr/full", 1300021, WXT_CATEGORY_FILE},
    {READ_11, USR "file", NULL, "readFile:fail value of length is out of range", 1301006, WXT_CATEGORY_REQUEST},
    {READ_FROM_10, USR "file", NULL, "readFile:fail value of position is out of range", 1301009, WXT_CATEGORY_REQUEST},
    {WRITE, USR "full", NULL, "writeFile:fail illegal operation on a directory, open wxfile://usr/full", 1301003,
     WXT_CATEGORY_FILE},
    {WRITE, USR "a/b", NULL, "writeFile:fail no such file or directory wxfile://usr/a/b", 1300002, WXT_CATEGORY_FILE},
    {WRITE, "$store", NULL, "writeFile:fail permission denied, open $store", 1300014, WXT_CATEGORY_FILE},
    {APPEND, USR "a", NULL, "appendFile:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
    {APPEND, USR "full", NULL, "appendFile:fail illegal operation on a directory, open wxfile://usr/full", 1301003,
     WXT_CATEGORY_FILE},
    {WRITE_AT_9, USR "file", NULL, "write:fail value of position is out of range", 1301009, WXT_CATEGORY_REQUEST},
    {SAVE, "wxfile://tmp_" UNKNOWN, NULL, "saveFile:fail tempFilePath file not exist", 1301112, WXT_CATEGORY_STORAGE},
    {SAVE, "$tmp", USR "a/b", "saveFile:fail no such file or directory wxfile://usr/a/b", 1300002, WXT_CATEGORY_FILE},
    {SAVE, "$tmp", USR "full", "saveFile:fail Is a directory wxfile://usr/full", 1300021, WXT_CATEGORY_FILE},
    {SAVE, "$tmp", "$store", "saveFile:fail permission denied, open $store", 1300014, WXT_CATEGORY_FILE},
    {SAVED_INFO, "wxfile://store_" UNKNOWN, NULL,
     "getSavedFileInfo:fail no such file or directory wxfile://store_" UNKNOWN, 1300002, WXT_CATEGORY_FILE},
    {REMOVE_SAVED, "wxfile://store_" UNKNOWN, NULL,
     "removeSavedFile:fail no such file or directory wxfile://store_" UNKNOWN, 1300002, WXT_CATEGORY_FILE},
    {REMOVE_SAVED, "/x", NULL, "removeSavedFile:fail permission denied, open /x", 1300014, WXT_CATEGORY_FILE},
    {IMPORT, "/missing/x", NULL, "importFile:fail no such file or directory /missing/x", 1300002, WXT_CATEGORY_FILE},
    {IMPORT, "/", NULL, "importFile:fail permission denied, open /", 1300014, WXT_CATEGORY_FILE},
    {RESOLVE, USR "a", NULL, "resolvePath:fail no such file or directory wxfile://usr/a", 1300002, WXT_CATEGORY_FILE},
};

/* A row's text with its placeholders replaced. */
static const char *filled_in(const char *text, const char *temporary, const char *saved) {
  const char *place = text == NULL ? NULL : strchr(text, '$');
  if (place == NULL) {
    return text;
  }
  bool is_temporary = strncmp(place, "$tmp", 4) == 0;
  return format("%.*s%s%s", (int)(place - text), text, is_temporary ? temporary : saved,
                place + (is_temporary ? strlen("$tmp") : strlen("$store")));
}

static void keep_path(void *user_data, const WxtFileResult *event) {
  CHECK(event->file_count == 1);
  copy_text(user_data, 256, event->files[0].file_path);
}

static void every_failure(WxtSession *session, const WxtSessionOptions *options) {
  char temporary[256];
  char saved[256];
  write_bytes(in_directory("photo"), "photo", 5);
  CHECK_NUMBER(wxt_import_file(session, wxt_str(in_directory("photo")), WXT_IMPORT_COPY, keep_path, saved), WXT_OK);
  CHECK_NUMBER(wxt_save_file(session, wxt_str(saved), wxt_str(NULL), keep_path, saved), WXT_OK);
  CHECK_NUMBER(wxt_import_file(session, wxt_str(in_directory("photo")), WXT_IMPORT_COPY, keep_path, temporary), WXT_OK);
  EXPECT_OK(write_text(session, USR "file", "five.", WXT_WRITE_WHOLE, 0), "writeFile:ok");
  EXPECT_OK(wxt_file_make_directory(session, wxt_str(USR "full/inside"), true, on_result, fresh()), "mkdir:ok");
  EXPECT_OK(wxt_file_make_directory(session, wxt_str(USR "empty"), false, on_result, fresh()), "mkdir:ok");
  /* A symbolic link that a host's unzip has created, and a file with more than half of the quota. */
  EXPECT_OK(wxt_resolve_path(session, wxt_str("wxfile://usr"), on_result, fresh()), "resolvePath:ok");
  CHECK(symlink("/etc/passwd", format("%s/link", result.native_path)) == 0);
  static uint8_t large[600000];
  WxtStatus status = wxt_file_write(session, wxt_str(USR "large"), large, sizeof large, WXT_WRITE_WHOLE, 0, on_result, fresh());
  EXPECT_OK(status, "writeFile:ok");
  CHECK_NUMBER(options->storage_quota, 1000000);
  status = wxt_file_write(session, wxt_str(USR "b"), large, sizeof large, WXT_WRITE_WHOLE, 0, on_result, fresh());
  expect(status, "writeFile:fail " OVER_QUOTA, WXT_ERRNO_QUOTA_EXCEEDED, WXT_CATEGORY_STORAGE, __LINE__);
  status = wxt_file_write(session, wxt_str(USR "large"), large, sizeof large, WXT_WRITE_APPEND, 0, on_result, fresh());
  expect(status, "appendFile:fail " OVER_QUOTA, WXT_ERRNO_QUOTA_EXCEEDED, WXT_CATEGORY_STORAGE, __LINE__);

  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    const Row *row = &rows[i];
    const char *err_msg = filled_in(row->err_msg, temporary, saved);
    status = call(session, row->function, filled_in(row->first, temporary, saved),
                  filled_in(row->second, temporary, saved));
    expect(status, err_msg, row->err_no, row->category, __LINE__);
  }

  /* A name that is too long. The errMsg is truncated. */
  char path[300] = USR;
  memset(path + strlen(USR), 'n', 256);
  status = wxt_file_make_directory(session, wxt_str(path), false, on_result, fresh());
  CHECK_NUMBER(status, WXT_OK);
  CHECK_NUMBER(result.err_no, WXT_ERRNO_FILE_NAME_TOO_LONG);
  CHECK_CONTAINS(result.err_msg, "mkdir:fail File name too long wxfile://usr/nnn");
  /* A descriptor that is not of a file. */
  int directory = open("/", O_RDONLY);
  CHECK(directory >= 0);
  status = wxt_import_file_descriptor(session, directory, 0, wxt_str(NULL), on_result, fresh());
  expect(status, "importFile:fail bad file descriptor", WXT_ERRNO_BAD_FILE_DESCRIPTOR, WXT_CATEGORY_REQUEST, __LINE__);
  CHECK(close(directory) == 0);
}

/* A parameter that is missing or is not UTF-8, for every function and parameter: the number of the table and
 * WeChat's text. */
static void wrong_parameters(WxtSession *session) {
  static const struct {
    const char *text;
    const char *type;
  } wrong[] = {{NULL, "Undefined"}, {"\xff", "ArrayBuffer"}};
  for (int function = ACCESS; function <= RESOLVE; function++) {
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
      for (int place = 0; place < (function == COPY || function == RENAME ? 2 : 1); place++) {
        const char *good = USR "file";
        CHECK_NUMBER(call(session, function, place == 0 ? wrong[i].text : good, place == 1 ? wrong[i].text : good), WXT_OK);
        CHECK_NUMBER(result.err_no, WXT_ERRNO_INVALID_ARGUMENT);
        CHECK_NUMBER(result.category, WXT_CATEGORY_REQUEST);
        CHECK_CONTAINS(result.err_msg, ":fail parameter error: parameter.");
        CHECK_CONTAINS(result.err_msg, format(" should be String instead of %s;", wrong[i].type));
      }
    }
  }
}

/* An empty path leads to no file, for every function and parameter. */
static void empty_paths(WxtSession *session) {
  for (int function = ACCESS; function <= RESOLVE; function++) {
    for (int place = 0; place < (function == COPY || function == RENAME ? 2 : 1); place++) {
      const char *good = USR "file";
      CHECK_NUMBER(call(session, function, place == 0 ? "" : good, place == 1 ? "" : good), WXT_OK);
      CHECK_NUMBER(result.err_no, function == SAVE ? WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST : WXT_ERRNO_FILE_NOT_FOUND);
      const char *text = strstr(result.err_msg, ":fail ") + strlen(":fail ");
      CHECK_TEXT(text, function == SAVE ? "tempFilePath file not exist" : "no such file or directory");
    }
  }
  /* An empty optional path counts as absent. */
  char temporary[256];
  CHECK_NUMBER(wxt_import_file(session, wxt_str(in_directory("photo")), WXT_IMPORT_COPY, keep_path, temporary), WXT_OK);
  EXPECT_OK(wxt_save_file(session, wxt_str(temporary), wxt_str(""), on_result, fresh()), "saveFile:ok");
}

static void no_descriptors(WxtSession *session) {
  struct rlimit before;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  struct rlimit none = before;
  none.rlim_cur = 0;
  for (int function = ACCESS; function <= RESOLVE; function++) {
    /* Some functions need no descriptor. Others reject an invalid path before they open anything. */
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    WxtStatus status = call(session, function, USR "file", USR "other");
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK_NUMBER(status, WXT_OK);
    CHECK_NUMBER(result.calls, 1);
  }
  CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
  WxtStatus status = call(session, READ, USR "file", NULL);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  expect(status, "readFile:fail out of resources: no descriptors left", WXT_ERRNO_SYSTEM_ERROR, WXT_CATEGORY_OUT_OF_RESOURCES,
         __LINE__);
}

/* The session is closed during a wait for a pipe. */
typedef struct {
  WxtSession *session;
  int descriptor;
  WxtStatus status;
} Import;

static void *import_pipe(void *argument) {
  Import *import = argument;
  import->status = wxt_import_file_descriptor(import->session, import->descriptor, 0, wxt_str(NULL), on_result, fresh());
  return NULL;
}

static void closed_meanwhile(void) {
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("closing");
  Import import = {.session = open_session(&options)};
  int ends[2];
  CHECK(pipe(ends) == 0);
  import.descriptor = ends[0];
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, import_pipe, &import) == 0);
  /* Once the pipe accepts bytes, the import has started. */
  int left = 1;
  CHECK(write(ends[1], "x", 1) == 1);
  while (left > 0) {
    CHECK(ioctl(ends[0], FIONREAD, &left) == 0);
    sched_yield();
  }
  close_session(import.session);
  CHECK(pthread_join(thread, NULL) == 0);
  expect(import.status, "importFile:fail abort", WXT_ERRNO_SYSTEM_ERROR, WXT_CATEGORY_ABORTED, __LINE__);
  CHECK(close(ends[0]) == 0);
  CHECK(close(ends[1]) == 0);
}

static void mistakes(WxtSession *session) {
  WxtStr path = wxt_str("wxfile://usr/a");
  WxtStr without_pointer = {NULL, 1};
  const uint8_t byte = 0;
  void *to = fresh();
  CHECK_NUMBER(wxt_file_access(NULL, path, on_result, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_file_access(session, path, NULL, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_file_unlink(session, without_pointer, on_result, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_file_info(session, path, 3, on_result, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_file_write(session, path, &byte, 1, 3, 0, on_result, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_file_write(session, path, &byte, 1, WXT_WRITE_APPEND, 1, on_result, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_file_write(session, path, NULL, 1, WXT_WRITE_WHOLE, 0, on_result, to), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(result.calls, 0);
  CHECK_NUMBER(wxt_file_rename(session, path, wxt_str(NULL), on_result, fresh()), WXT_OK);
  CHECK_CONTAINS(result.err_msg, "newPath");
  CHECK_NUMBER(result.category, WXT_CATEGORY_REQUEST);
  CHECK_NUMBER(wxt_file_stat(session, wxt_str("\xff"), false, on_result, fresh()), WXT_OK);
  CHECK_NUMBER(result.category, WXT_CATEGORY_REQUEST);
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  options.storage_quota = 1000000;
  WxtSession *session = open_session(&options);
  a_pages_files(session);
  every_failure(session, &options);
  wrong_parameters(session);
  empty_paths(session);
  no_descriptors(session);
  closed_meanwhile();
  mistakes(session);
  close_session(session);
  CHECK_NUMBER(wxt_file_access(session, wxt_str("wxfile://usr"), on_result, fresh()), WXT_SESSION_CLOSED);
  CHECK_NUMBER(result.calls, 0);
  return 0;
}
