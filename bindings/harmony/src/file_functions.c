/* The file calls: the members of the argument of each, and the function of the C interface. */
#include "files.h"

#include <inttypes.h>
#include <stdio.h>

#define TEXT(name, field) {name, MEMBER_TEXT, false, offsetof(Arguments, field), NO_FIELD, NULL, NULL}
#define LONG(name, field) {name, MEMBER_LONG, false, offsetof(Arguments, field), NO_FIELD, NULL, NULL}
#define CHOICE(name, choices) {name, MEMBER_CHOICE, false, offsetof(Arguments, number), NO_FIELD, choices, NULL}
#define RECURSIVE {"recursive", MEMBER_FLAG, false, offsetof(Arguments, recursive), NO_FIELD, NULL, NULL}
#define DESCRIPTOR {"fileDescriptor", MEMBER_DESCRIPTOR, true, offsetof(Arguments, number), NO_FIELD, NULL, NULL}
#define DATA {"data", MEMBER_BYTES, true, offsetof(Arguments, data), offsetof(Arguments, data_length), NULL, NULL}

static const Choice IMPORTS[] = {{"copy", WXT_IMPORT_COPY}, {"move", WXT_IMPORT_MOVE}, {NULL, 0}};
static const Choice DIGESTS[] = {{"md5", WXT_DIGEST_MD5}, {"sha1", WXT_DIGEST_SHA1}, {"sha256", WXT_DIGEST_SHA256}, {NULL, 0}};
static const Choice WRITES[] = {
    {"whole", WXT_WRITE_WHOLE}, {"append", WXT_WRITE_APPEND}, {"atPosition", WXT_WRITE_AT_POSITION}, {NULL, 0}};

static WxtStatus run_save_file(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_save_file(call->handle, arguments->path, arguments->target, on_file_result, call);
}

static WxtStatus run_get_saved_file_list(FileCall *call) {
  return wxt_get_saved_file_list(call->handle, on_file_result, call);
}

static WxtStatus run_get_saved_file_info(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_get_saved_file_info(call->handle, arguments->path, on_file_result, call);
}

static WxtStatus run_remove_saved_file(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_remove_saved_file(call->handle, arguments->path, on_file_result, call);
}

static WxtStatus run_import_file(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_import_file(call->handle, arguments->path, arguments->number, on_file_result, call);
}

static WxtStatus run_import_file_descriptor(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  WxtStatus status =
      wxt_import_file_descriptor(call->handle, arguments->number, arguments->length, arguments->target, on_file_result, call);
  if (status == WXT_INVALID_ARGUMENT) {
    snprintf(call->reason, sizeof call->reason, "fileDescriptor is %" PRId32 ", which is not an open descriptor", arguments->number);
  }
  return status;
}

static WxtStatus run_import_data(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_import_data(call->handle, arguments->data, arguments->data_length, arguments->target, on_file_result, call);
}

static WxtStatus run_resolve_path(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_resolve_path(call->handle, arguments->path, on_file_result, call);
}

static WxtStatus run_access(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_access(call->handle, arguments->path, on_file_result, call);
}

static WxtStatus run_stat(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_stat(call->handle, arguments->path, arguments->recursive, on_file_result, call);
}

static WxtStatus run_unlink(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_unlink(call->handle, arguments->path, on_file_result, call);
}

static WxtStatus run_copy_file(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_copy(call->handle, arguments->path, arguments->target, on_file_result, call);
}

static WxtStatus run_rename(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_rename(call->handle, arguments->path, arguments->target, on_file_result, call);
}

static WxtStatus run_mkdir(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_make_directory(call->handle, arguments->path, arguments->recursive, on_file_result, call);
}

static WxtStatus run_rmdir(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_remove_directory(call->handle, arguments->path, arguments->recursive, on_file_result, call);
}

static WxtStatus run_readdir(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_list_directory(call->handle, arguments->path, on_file_result, call);
}

static WxtStatus run_get_file_info(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_info(call->handle, arguments->path, arguments->number, on_file_result, call);
}

static WxtStatus run_read_file(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  return wxt_file_read(call->handle, arguments->path, arguments->position, arguments->length, on_file_result, call);
}

static WxtStatus run_write_file(FileCall *call) {
  const Arguments *arguments = &call->arguments;
  WxtStatus status = wxt_file_write(call->handle, arguments->path, arguments->data, arguments->data_length, arguments->number,
                                    arguments->position, on_file_result, call);
  if (status == WXT_INVALID_ARGUMENT) {
    snprintf(call->reason, sizeof call->reason, "position is %" PRIu64 ", but must be 0 unless mode is 'atPosition'",
             arguments->position);
  }
  return status;
}

/* Paths are not required here: the library reports a missing path through the promise, as it does for a page. */
static const Member SAVE_FILE[] = {TEXT("tempFilePath", path), TEXT("filePath", target)};
static const Member GET_SAVED_FILE_INFO[] = {TEXT("filePath", path)};
static const Member REMOVE_SAVED_FILE[] = {TEXT("filePath", path)};
static const Member IMPORT_FILE[] = {TEXT("nativePath", path), CHOICE("mode", IMPORTS)};
static const Member IMPORT_FILE_DESCRIPTOR[] = {DESCRIPTOR, LONG("length", length), TEXT("name", target)};
static const Member IMPORT_DATA[] = {DATA, TEXT("name", target)};
static const Member RESOLVE_PATH[] = {TEXT("filePath", path)};
static const Member ACCESS[] = {TEXT("path", path)};
static const Member STAT[] = {TEXT("path", path), RECURSIVE};
static const Member UNLINK[] = {TEXT("filePath", path)};
static const Member COPY_FILE[] = {TEXT("srcPath", path), TEXT("destPath", target)};
static const Member RENAME[] = {TEXT("oldPath", path), TEXT("newPath", target)};
static const Member MKDIR[] = {TEXT("dirPath", path), RECURSIVE};
static const Member RMDIR[] = {TEXT("dirPath", path), RECURSIVE};
static const Member READDIR[] = {TEXT("dirPath", path)};
static const Member GET_FILE_INFO[] = {TEXT("filePath", path), CHOICE("digestAlgorithm", DIGESTS)};
static const Member READ_FILE[] = {TEXT("filePath", path), LONG("position", position), LONG("length", length)};
static const Member WRITE_FILE[] = {TEXT("filePath", path), DATA, CHOICE("mode", WRITES), LONG("position", position)};

#define FUNCTION(name, run, returns, list) {run, returns, {name, list, sizeof list / sizeof list[0], sizeof(Arguments)}}
const FileFunction FILE_FUNCTIONS[] = {
    FUNCTION("saveFile", run_save_file, RETURNS_FILE, SAVE_FILE),
    {run_get_saved_file_list, RETURNS_FILES, {"getSavedFileList", NULL, 0, sizeof(Arguments)}},
    FUNCTION("getSavedFileInfo", run_get_saved_file_info, RETURNS_FILE, GET_SAVED_FILE_INFO),
    FUNCTION("removeSavedFile", run_remove_saved_file, RETURNS_NOTHING, REMOVE_SAVED_FILE),
    FUNCTION("importFile", run_import_file, RETURNS_FILE, IMPORT_FILE),
    FUNCTION("importFileDescriptor", run_import_file_descriptor, RETURNS_FILE, IMPORT_FILE_DESCRIPTOR),
    FUNCTION("importData", run_import_data, RETURNS_FILE, IMPORT_DATA),
    FUNCTION("resolvePath", run_resolve_path, RETURNS_FILE, RESOLVE_PATH),
    FUNCTION("access", run_access, RETURNS_NOTHING, ACCESS),
    FUNCTION("stat", run_stat, RETURNS_STATS, STAT),
    FUNCTION("unlink", run_unlink, RETURNS_NOTHING, UNLINK),
    FUNCTION("copyFile", run_copy_file, RETURNS_NOTHING, COPY_FILE),
    FUNCTION("rename", run_rename, RETURNS_NOTHING, RENAME),
    FUNCTION("mkdir", run_mkdir, RETURNS_NOTHING, MKDIR),
    FUNCTION("rmdir", run_rmdir, RETURNS_NOTHING, RMDIR),
    FUNCTION("readdir", run_readdir, RETURNS_NAMES, READDIR),
    FUNCTION("getFileInfo", run_get_file_info, RETURNS_FILE | RETURNS_DIGEST, GET_FILE_INFO),
    FUNCTION("readFile", run_read_file, RETURNS_DATA, READ_FILE),
    FUNCTION("writeFile", run_write_file, RETURNS_NOTHING, WRITE_FILE),
    {NULL, RETURNS_NOTHING, {NULL, NULL, 0, 0}},
};
