/* Each errno of a transfer and of saving: its cause, and all members of its failure. The header and docs/failures.md describe
 * the same in words. Not tested here: WXT_ERRNO_INTERNAL, which only a bug causes, and WXT_ERRNO_INTERRUPTED, which
 * `background.c` tests. */

#include "../support.h"

#include <signal.h>
#include <sys/resource.h>

static WxtSession *session;

/* The changes of a row to a valid request. */
typedef struct {
  const char *url;
  const char *file_path;
  const char *name;
  uint32_t timeout;
  WxtPair header;
  WxtPair form_field;
} Call;

typedef struct {
  char api; /* 'u' or 'd' */
  Call call;
  int32_t err_no;
  const char *err_msg; /* After `…File:fail `; NULL if the text is the system's. */
  int32_t category;
  bool retryable;
} Row;

#define TEXT(text) {text, sizeof text - 1}
#define NOTHING {{NULL, 0}, {NULL, 0}}

static void check_row(const Row *row, int line) {
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  const bool has_header = row->call.header.name.ptr != NULL;
  if (row->api == 'u') {
    WxtUploadRequest request = wxt_upload_request();
    request.url = wxt_str(row->call.url);
    request.file_path = wxt_str(row->call.file_path);
    request.name = wxt_str(row->call.name);
    request.timeout = row->call.timeout;
    request.header = &row->call.header;
    request.header_count = has_header;
    request.form_data = &row->call.form_field;
    request.form_data_count = row->call.form_field.name.ptr != NULL;
    check_number(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK, "the status", __FILE__, line);
  } else {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(row->call.url);
    request.file_path = wxt_str(row->call.file_path);
    request.timeout = row->call.timeout;
    request.header = &row->call.header;
    request.header_count = has_header;
    check_number(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK, "the status", __FILE__, line);
  }
  const char *api = row->api == 'u' ? "uploadFile" : "downloadFile";
  const char *err_msg = row->err_msg == NULL ? NULL : format("%s:fail %s", api, row->err_msg);
  expect_failure(&recorder, row->err_no, row->category, err_msg, __FILE__, line);
  check(recorder.retryable == row->retryable, "retryable", __FILE__, line);
  check(strlen(recorder.detail) > 0, "the failure has a detail", __FILE__, line);
  recorder_forget(&recorder);
}

#define UPLOAD(url, path, name) {url, path, name, 0, NOTHING, NOTHING}
#define DOWNLOAD(url, path) {url, path, NULL, 0, NOTHING, NOTHING}

static void rows(void) {
  const char *good = plain("/bytes/10");
  const char *file = in_directory("file");
  const char *fault = variable("WXT_FAULT_PLAIN_URL");
  const char *outside = in_directory("outside");
  const Row table[] = {
      {'d', {format("%s/fault/stall-before-answer", fault), NULL, NULL, 300, NOTHING, NOTHING}, WXT_ERRNO_TIMEOUT,
       "timeout", WXT_CATEGORY_TIMEOUT, true},
      {'d', DOWNLOAD(NULL, NULL), WXT_ERRNO_PARAMETER,
       "parameter error: parameter.url should be String instead of Undefined;", WXT_CATEGORY_REQUEST, false},
      {'d', DOWNLOAD("\xff", NULL), WXT_ERRNO_PARAMETER,
       "parameter error: parameter.url should be String instead of ArrayBuffer;", WXT_CATEGORY_REQUEST, false},
      {'d', DOWNLOAD(good, "\xff"), WXT_ERRNO_PARAMETER,
       "parameter error: parameter.filePath should be String instead of ArrayBuffer;", WXT_CATEGORY_REQUEST, false},
      {'u', UPLOAD(NULL, file, "file"), WXT_ERRNO_PARAMETER,
       "parameter error: parameter.url should be String instead of Undefined;", WXT_CATEGORY_REQUEST, false},
      {'u', UPLOAD(good, NULL, "file"), WXT_ERRNO_PARAMETER,
       "parameter error: parameter.filePath should be String instead of Undefined;", WXT_CATEGORY_REQUEST, false},
      {'u', UPLOAD(good, file, NULL), WXT_ERRNO_PARAMETER,
       "parameter error: parameter.name should be String instead of Undefined;", WXT_CATEGORY_REQUEST, false},
      /* An empty value is not a missing one. */
      {'u', UPLOAD(good, file, ""), WXT_ERRNO_INVALID_REQUEST_DATA, "invalid request data name", WXT_CATEGORY_REQUEST,
       false},
      {'u', UPLOAD("", file, "file"), WXT_ERRNO_INVALID_URL, "invalid url", WXT_CATEGORY_REQUEST, false},
      {'u', UPLOAD(good, "", "file"), WXT_ERRNO_FILE_NOT_FOUND, "file not found", WXT_CATEGORY_FILE, false},
      {'d', DOWNLOAD(format("%s/fault/close", fault), NULL), WXT_ERRNO_NETWORK, NULL, WXT_CATEGORY_CONNECTION_CLOSED,
       true},
      {'d', DOWNLOAD(format("%s/fault/garbage", fault), NULL), WXT_ERRNO_NETWORK, NULL, WXT_CATEGORY_PROTOCOL, true},
      {'d', DOWNLOAD("http://127.0.0.1:1/", NULL), WXT_ERRNO_NETWORK, NULL, WXT_CATEGORY_CONNECT, true},
      {'d', DOWNLOAD(variable("WXT_EXPIRED_URL"), NULL), WXT_ERRNO_NETWORK, NULL, WXT_CATEGORY_TLS, false},
      {'d', DOWNLOAD(variable("WXT_NO_TLS_URL"), NULL), WXT_ERRNO_NETWORK, NULL, WXT_CATEGORY_TLS, true},
      {'d', DOWNLOAD("https://example.com/", NULL), WXT_ERRNO_NOT_IN_DOMAIN_LIST, "url not in domain list",
       WXT_CATEGORY_POLICY, false},
      {'d', DOWNLOAD("https://192.0.2.1/", NULL), WXT_ERRNO_NOT_IN_DOMAIN_LIST, "url not in domain list",
       WXT_CATEGORY_POLICY, false},
      {'d', DOWNLOAD("ftp://example.com/", NULL), WXT_ERRNO_INVALID_URL_SCHEME, "url scheme is invalid",
       WXT_CATEGORY_REQUEST, false},
      {'u', UPLOAD("ftp://example.com/", file, "file"), WXT_ERRNO_INVALID_URL_SCHEME, "url scheme is invalid",
       WXT_CATEGORY_REQUEST, false},
      {'d', DOWNLOAD(plain("/redirect/302?to=ftp://localhost/"), NULL), WXT_ERRNO_INVALID_URL_SCHEME,
       "url scheme is invalid", WXT_CATEGORY_REQUEST, false},
      {'d', DOWNLOAD(plain("/redirect/302?n=6"), NULL), WXT_ERRNO_TOO_MANY_REDIRECTS, "exceed max redirect count",
       WXT_CATEGORY_LIMIT, false},
      {'d', DOWNLOAD("", NULL), WXT_ERRNO_INVALID_URL, "invalid url", WXT_CATEGORY_REQUEST, false},
      {'d', DOWNLOAD("https://user:password@localhost/", NULL), WXT_ERRNO_INVALID_URL, "invalid url",
       WXT_CATEGORY_REQUEST, false},
      {'d', {good, NULL, NULL, 0, {TEXT("a b"), TEXT("c")}, NOTHING}, WXT_ERRNO_INVALID_REQUEST_DATA,
       "invalid request data header a b", WXT_CATEGORY_REQUEST, false},
      {'u', {good, file, "file", 0, {TEXT("a"), TEXT("b\r\nc")}, NOTHING}, WXT_ERRNO_INVALID_REQUEST_DATA,
       "invalid request data header a", WXT_CATEGORY_REQUEST, false},
      {'u', {good, file, "file", 0, NOTHING, {TEXT("a"), TEXT("\xff")}}, WXT_ERRNO_INVALID_REQUEST_DATA,
       "invalid request data formData a", WXT_CATEGORY_REQUEST, false},
      {'d', DOWNLOAD(plain("/bytes/5000"), NULL), WXT_ERRNO_FILE_TOO_LARGE, "exceed max file size", WXT_CATEGORY_LIMIT,
       false},
      {'d', DOWNLOAD(good, outside), WXT_ERRNO_TARGET_DENIED, format("permission denied, open %s", outside),
       WXT_CATEGORY_FILE, false},
      {'d', DOWNLOAD(good, "wxfile://usr/missing/a"), WXT_ERRNO_FILE_NOT_FOUND,
       "no such file or directory wxfile://usr/missing/a", WXT_CATEGORY_FILE, false},
      {'u', UPLOAD(good, in_directory("missing"), "file"), WXT_ERRNO_FILE_NOT_FOUND, "file not found",
       WXT_CATEGORY_FILE, false},
      {'u', UPLOAD(good, "relative", "file"), WXT_ERRNO_PERMISSION_DENIED, "permission denied, open relative",
       WXT_CATEGORY_FILE, false},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    /* On failure, the reported line is the number of the row. */
    check_row(&table[i], (int)i);
  }
}

static void aborts(void) {
  const char *stall = format("%s/fault/stall-before-answer", variable("WXT_FAULT_PLAIN_URL"));
  WxtUploadRequest upload = wxt_upload_request();
  upload.url = wxt_str(stall);
  upload.file_path = wxt_str(in_directory("file"));
  upload.name = wxt_str("file");
  WxtDownloadRequest download = wxt_download_request();
  download.url = wxt_str(stall);
  for (int i = 0; i < 2; i++) {
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    WxtTaskId task;
    CHECK_NUMBER(i == 0 ? wxt_upload_file(session, &upload, &callbacks, &task, NULL)
                        : wxt_download_file(session, &download, &callbacks, &task, NULL), WXT_OK);
    CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
    EXPECT_FAILURE(&recorder, i == 0 ? WXT_ERRNO_CANCEL : WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED,
                   i == 0 ? "uploadFile:fail abort" : "downloadFile:fail abort");
    CHECK(!recorder.retryable);
    recorder_forget(&recorder);
  }
}

/* On an old base library, a second concurrent download is one too many. */
static void overflow(void) {
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("old");
  options.base_library_version = wxt_str("1.4.3");
  options.max_concurrent_downloads = 1;
  WxtSession *old = open_session(&options);
  Recorder first = {0}, second = {0};
  WxtCallbacks callbacks = recorded_by(&first);
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(format("%s/fault/stall-before-answer", variable("WXT_FAULT_PLAIN_URL")));
  CHECK_NUMBER(wxt_download_file(old, &request, &callbacks, NULL, NULL), WXT_OK);
  start_download(old, plain("/bytes/1"), &second);
  EXPECT_FAILURE(&second, WXT_ERRNO_TOO_MANY_TASKS, WXT_CATEGORY_LIMIT,
                 "downloadFile:fail exceed max download connection count 1");
  CHECK(second.retryable);
  recorder_forget(&second);
  close_session(old);
  wait_for(&first, 'R');
  recorder_forget(&first);
}

static void storage(void) {
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("full");
  options.temporary_quota = 4096;
  WxtSession *usual = session;
  session = open_session(&options);
  const Row row = {'d', DOWNLOAD(plain("/bytes/5000"), NULL), WXT_ERRNO_QUOTA_EXCEEDED,
                   "the maximum size of the file storage limit is exceeded", WXT_CATEGORY_STORAGE, false};
  check_row(&row, __LINE__);
  close_session(session);
  session = usual;
}

/* Lowers a limit of the process, and returns the previous one. */
static struct rlimit lower(int resource, rlim_t most) {
  struct rlimit before;
  CHECK(getrlimit(resource, &before) == 0);
  struct rlimit now = before;
  now.rlim_cur = most;
  CHECK(setrlimit(resource, &now) == 0);
  return before;
}

/* A limit on the file size has the effect of a full disk. */
static void full_disk(void) {
  CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
  struct rlimit before = lower(RLIMIT_FSIZE, 1000);
  const Row row = {'d', DOWNLOAD(plain("/bytes/3000"), NULL), WXT_ERRNO_SAVE_FILE,
                   "save file error no space left on the device", WXT_CATEGORY_STORAGE, false};
  check_row(&row, __LINE__);
  CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0);
}

typedef struct {
  int32_t err_no;
  int32_t category;
  char err_msg[256];
} FileEnd;

static void on_file(void *user_data, const WxtFileResult *result) {
  FileEnd *end = user_data;
  end->err_no = result->err_no;
  end->category = result->category;
  snprintf(end->err_msg, sizeof end->err_msg, "%.*s", (int)result->err_msg.len, result->err_msg.ptr);
}

static void no_descriptors(void) {
  const char *url = plain("/bytes/10");
  struct rlimit before = lower(RLIMIT_NOFILE, 0);
  FileEnd end = {0};
  WxtStatus status = wxt_get_saved_file_list(session, on_file, &end);
  const Row row = {'d', DOWNLOAD(url, NULL), WXT_ERRNO_NETWORK, NULL, WXT_CATEGORY_OUT_OF_RESOURCES, true};
  check_row(&row, __LINE__);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_NUMBER(status, WXT_OK);
  CHECK_NUMBER(end.err_no, WXT_ERRNO_SYSTEM_ERROR);
  CHECK_NUMBER(end.category, WXT_CATEGORY_OUT_OF_RESOURCES);
  CHECK_TEXT(end.err_msg, "getSavedFileList:fail out of resources: no descriptors left");
}

static void saving(void) {
  FileEnd end = {0};
  CHECK_NUMBER(wxt_save_file(session, wxt_str("wxfile://tmp_0.txt"), wxt_str(NULL), on_file, &end), WXT_OK);
  CHECK_NUMBER(end.err_no, WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST);
  CHECK_NUMBER(end.category, WXT_CATEGORY_STORAGE);
  CHECK_TEXT(end.err_msg, "saveFile:fail tempFilePath file not exist");
  CHECK_NUMBER(wxt_save_file(session, wxt_str(NULL), wxt_str(NULL), on_file, &end), WXT_OK);
  CHECK_NUMBER(end.err_no, WXT_ERRNO_INVALID_ARGUMENT);
  CHECK_NUMBER(end.category, WXT_CATEGORY_REQUEST);
  CHECK_TEXT(end.err_msg, "saveFile:fail parameter error: parameter.tempFilePath should be String instead of Undefined;");
}

int main(void) {
  begin();
  write_bytes(in_directory("file"), "x", 1);
  WxtSessionOptions options = local_options();
  options.skip_domain_check = 0;
  options.max_download_size = 4096;
  session = open_session(&options);
  rows();
  aborts();
  overflow();
  storage();
  full_disk();
  no_descriptors();
  saving();
  close_session(session);
  return 0;
}
