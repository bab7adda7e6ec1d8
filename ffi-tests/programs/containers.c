/* Options of containers other than WeChat: Referer, path scheme, and temporary files that are kept. Also with values of a
 * careless host, or of a host that passes on values from elsewhere. */

#include "../support.h"

static void refused(const WxtSessionOptions *options, WxtStatus status, const char *what) {
  WxtSession *session = NULL;
  check_number(wxt_session_open(options, &session, NULL), status, what, __FILE__, __LINE__);
  CHECK(session == NULL);
}

/* --- Referer --- */

static void check_referer(const char *template, const char *expected) {
  WxtSessionOptions options = local_options();
  options.referer = wxt_str(template);
  WxtSession *session = open_session(&options);
  WxtPair forged[2] = {
      {wxt_str("Referer"), wxt_str("https://example.com/forged")},
      {wxt_str("rEFERER"), wxt_str("https://example.com/forged")},
  };
  write_bytes(in_directory("file"), "x", 1);
  /* A redirect is a separate request. */
  const char *const paths[] = {"/headers", "/redirect/307?to=/headers"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    WxtUploadRequest upload = wxt_upload_request();
    upload.url = wxt_str(tls(paths[i]));
    upload.file_path = wxt_str(in_directory("file"));
    upload.name = wxt_str("file");
    upload.header = forged;
    upload.header_count = 2;
    CHECK_NUMBER(wxt_upload_file(session, &upload, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_SUCCESS(&recorder, 200);
    CHECK_CONTAINS(recorder.data, format("[\"Referer\",\"%s\"]", expected));
    CHECK_LACKS(recorder.data, "forged");
    recorder_forget(&recorder);

    callbacks = recorded_by(&recorder);
    WxtDownloadRequest download = wxt_download_request();
    download.url = upload.url;
    download.header = forged;
    download.header_count = 2;
    CHECK_NUMBER(wxt_download_file(session, &download, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_SUCCESS(&recorder, 200);
    char *received = read_text(recorder.native_path);
    CHECK_CONTAINS(received, format("[\"Referer\",\"%s\"]", expected));
    CHECK_LACKS(received, "forged");
    free(received);
    recorder_forget(&recorder);
  }
  close_session(session);
}

static void referers(void) {
#define WECHAT "https://servicewechat.com/wx0123456789abcdef/7/page-frame.html"
  check_referer(NULL, WECHAT);
  check_referer("", WECHAT);
  check_referer("https://servicedimina.com/{appid}/{version}/page-frame.html",
                "https://servicedimina.com/wx0123456789abcdef/7/page-frame.html");
  check_referer("https://a.example?appid={appid}&version={version}",
                "https://a.example?appid=wx0123456789abcdef&version=7");
  check_referer("http://a.example/{appid}/{appid}", "http://a.example/wx0123456789abcdef/wx0123456789abcdef");
  check_referer("https://a.example/%7Bappid%7D", "https://a.example/%7Bappid%7D");

  static const char *const bad[] = {
      "https://a.example/\r\nX-Injected: yes", "https://a.example/\n", "https://a.example/\rX", "https://a.example/ b",
      " https://a.example/", "https://a.example/\t", "https://user:password@a.example/", "https://user@a.example/",
      "https://a.example/#fragment", "https://a.example/{appkey}", "https://a.example/{appid", "https://a.example/}",
      "https://a.example/{{appid}}", "ftp://a.example/", "javascript:alert(1)", "//a.example/", "/page-frame.html",
      "a.example", "https://", "https:///", "https://a.example:99999/", "https://[::1/", "https://a.example/\"",
      "https://a.example/<b>", "https://a.example/\\", "https://a.example/\x7f", "https://a.example/\xe4\xbd\xa0",
  };
  WxtSessionOptions options = local_options();
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    options.referer = wxt_str(bad[i]);
    refused(&options, WXT_INVALID_ARGUMENT, bad[i]);
  }
  static const char with_nul[] = "https://a.example/\0/b";
  options.referer.ptr = with_nul;
  options.referer.len = sizeof with_nul - 1;
  refused(&options, WXT_INVALID_ARGUMENT, "a NUL");
  options.referer = wxt_str("https://a.example/\xff");
  refused(&options, WXT_INVALID_UTF8, "no UTF-8");
  options.referer.ptr = NULL;
  refused(&options, WXT_INVALID_ARGUMENT, "a length without a pointer");
  /* A replacement cannot change the text around its placeholder. */
  options = local_options();
  options.referer = wxt_str("https://a.example/{appid}/{version}");
  options.app_version = wxt_str("7?x#y");
  refused(&options, WXT_INVALID_ARGUMENT, "a version with a query");
}

/* --- The scheme of paths --- */

typedef struct {
  char err_msg[512];
  int32_t err_no;
  char file_path[256];
} Result;

static void on_result(void *user_data, const WxtFileResult *event) {
  Result *result = user_data;
  memset(result, 0, sizeof *result);
  copy_text(result->err_msg, sizeof result->err_msg, event->err_msg);
  result->err_no = event->err_no;
  if (event->file_count == 1) {
    copy_text(result->file_path, sizeof result->file_path, event->files[0].file_path);
  }
}

static void check_scheme(const char *scheme, const char *expected) {
  WxtSessionOptions options = local_options();
  options.path_scheme = wxt_str(scheme);
  options.path_policy = WXT_PATHS_SANDBOX;
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(strncmp(recorder.path, format("%s://tmp_", expected), strlen(expected) + strlen("://tmp_")) == 0);
  char temporary[256];
  snprintf(temporary, sizeof temporary, "%s", recorder.path);
  recorder_forget(&recorder);
  start_upload(session, tls("/upload"), temporary, &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);

  Result result;
  const char *path = format("%s://usr/a", expected);
  CHECK_NUMBER(wxt_file_write(session, wxt_str(path), (const uint8_t *)"x", 1, WXT_WRITE_WHOLE, 0, on_result, &result),
               WXT_OK);
  CHECK_NUMBER(result.err_no, WXT_ERRNO_OK);
  CHECK_NUMBER(wxt_save_file(session, wxt_str(temporary), wxt_str(NULL), on_result, &result), WXT_OK);
  CHECK_NUMBER(result.err_no, WXT_ERRNO_OK);
  CHECK(strncmp(result.file_path, format("%s://store_", expected), strlen(expected) + strlen("://store_")) == 0);
  char saved[256];
  snprintf(saved, sizeof saved, "%s", result.file_path);
  CHECK_NUMBER(wxt_remove_saved_file(session, wxt_str(saved), on_result, &result), WXT_OK);
  CHECK_NUMBER(result.err_no, WXT_ERRNO_OK);

  /* Another scheme, or another spelling of this one, is not accepted. */
  const char *const others[] = {
      "nofile://usr/a", format("%s:/usr/a", expected), format("%s:usr/a", expected), format("%s:///usr/a", expected),
      format(" %s://usr/a", expected), format("x%s://usr/a", expected), format("%s://%s://usr/a", expected, expected),
      format("%s://usr/../a", expected), "usr/a", "://usr/a", "/usr/a",
  };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    CHECK_NUMBER(wxt_file_access(session, wxt_str(others[i]), on_result, &result), WXT_OK);
    CHECK_NUMBER(result.err_no, WXT_ERRNO_PERMISSION_DENIED);
    CHECK_TEXT(result.err_msg, format("access:fail permission denied, open %s", others[i]));
  }
  close_session(session);
}

static void schemes(void) {
  check_scheme(NULL, "wxfile");
  check_scheme("", "wxfile");
  check_scheme("difile", "difile");
  check_scheme("qqfile", "qqfile");
  check_scheme("a1file", "a1file");
  check_scheme("abcdefghijklmnopqrstuvwxyz01file", "abcdefghijklmnopqrstuvwxyz01file");

  static const char *const bad[] = {
      "https", "http", "file", "content", "data", "blob", "javascript", "about", "ws", "wss", "ftp", "mailto", "filesystem",
      "vbscript", "view-source", "intent", "tel", "sms", "jar", "chrome", "a", "WXFILE", "wxFile", "1file", "+afile",
      "-", ".", "..", "a/file", "/", "afile:", "afile://", "wxfile://", "wxfile://usr", "a file", " afile", "afile ",
      "afile\n", "a\tfile", "a%62file", "a\\file", "a\"file", "a'file", "a<file", "\xc3\xa9""file", "x-file", "x.file",
      "abcdefghijklmnopqrstuvwxyz012file",
  };
  WxtSessionOptions options = local_options();
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    options.path_scheme = wxt_str(bad[i]);
    refused(&options, WXT_INVALID_ARGUMENT, bad[i]);
  }
  options.path_scheme.ptr = "a\0b";
  options.path_scheme.len = 3;
  refused(&options, WXT_INVALID_ARGUMENT, "a NUL");
  options.path_scheme = wxt_str("a\xff");
  refused(&options, WXT_INVALID_UTF8, "no UTF-8");
}

/* --- Temporary files that stay --- */

enum { FILES = 3, LENGTH = 5000 };

static WxtSession *open_with_retention(uint64_t retention, const char *user) {
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str(user);
  options.temporary_retention = retention;
  return open_session(&options);
}

static bool is_there(WxtSession *session, const char *path) {
  Result result;
  CHECK_NUMBER(wxt_file_access(session, wxt_str(path), on_result, &result), WXT_OK);
  CHECK(result.err_no == WXT_ERRNO_OK || result.err_no == WXT_ERRNO_FILE_NOT_FOUND);
  return result.err_no == WXT_ERRNO_OK;
}

/* Creates files one after another in a session, closes it, and checks how many of the newest the next session has. */
static void check_retention(uint64_t at_close, uint64_t at_opening, int kept) {
  char paths[FILES][256];
  WxtSession *session = open_with_retention(at_close, "retention");
  Recorder recorder = {0};
  for (int i = 0; i < FILES; i++) {
    start_download(session, tls(format("/bytes/%d", LENGTH)), &recorder);
    EXPECT_SUCCESS(&recorder, 200);
    snprintf(paths[i], sizeof paths[i], "%s", recorder.path);
    /* The clock of file times is too coarse: files of the same moment have no order. */
    struct timespec times[2] = {{1000000 + i, 0}, {1000000 + i, 0}};
    CHECK(utimensat(AT_FDCWD, recorder.native_path, times, 0) == 0);
    recorder_forget(&recorder);
  }
  close_session(session);
  session = open_with_retention(at_opening, "retention");
  WxtSession *other = open_with_retention(at_opening, "other");
  for (int i = 0; i < FILES; i++) {
    CHECK(is_there(session, paths[i]) == (i >= FILES - kept));
    CHECK(!is_there(other, paths[i]));
    if (i < FILES - kept) {
      continue;
    }
    /* It is the same file, and the page can use it. */
    start_upload(session, tls("/upload"), paths[i], &recorder);
    EXPECT_SUCCESS(&recorder, 200);
    CHECK_CONTAINS(recorder.data, format("%d", LENGTH));
    recorder_forget(&recorder);
  }
  close_session(other);
  close_session(session);
  /* The next check starts without files. */
  session = open_with_retention(0, "retention");
  for (int i = 0; i < FILES; i++) {
    CHECK(!is_there(session, paths[i]));
  }
  close_session(session);
}

static void retention(void) {
  check_retention(0, 0, 0);
  check_retention(0, UINT64_MAX, 0);
  check_retention(1, 1, 0);
  check_retention(LENGTH - 1, LENGTH - 1, 0);
  check_retention(LENGTH, LENGTH, 1);
  check_retention(2 * LENGTH, 2 * LENGTH, 2);
  check_retention(3 * LENGTH - 1, UINT64_MAX, 2);
  check_retention(UINT64_MAX, LENGTH, 1);
  check_retention(UINT64_MAX, 0, 0);
  /* More than the quota of temporary files, which takes precedence. */
  check_retention(UINT64_MAX, UINT64_MAX, FILES);
}

int main(void) {
  begin();
  referers();
  schemes();
  retention();
  return 0;
}
