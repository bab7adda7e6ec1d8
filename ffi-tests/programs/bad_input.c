/* Mistakes of a page and of a host. A page's mistake is reported through `on_fail`, a host's as a status. In both
 * cases nothing is sent; the harness checks the servers afterwards. */

#include "../support.h"

static WxtSession *session;

/* --- A page's mistakes. --- */

/* A valid request. Each test changes one thing in it. */
static WxtUploadRequest good_upload(void) {
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(plain("/upload"));
  request.file_path = wxt_str(in_directory("file"));
  request.name = wxt_str("file");
  return request;
}

#define UPLOAD_FAILS(request, err_no, category, reason) \
  upload_fails((request), (err_no), (category), (reason), __FILE__, __LINE__)

static void upload_fails(const WxtUploadRequest *request, int32_t err_no, int32_t category, const char *reason,
                         const char *file, int line) {
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  WxtTaskId task = 0;
  check_number(wxt_upload_file(session, request, &callbacks, &task, NULL), WXT_OK, "the status", file, line);
  expect_failure(&recorder, err_no, category, format("uploadFile:fail %s", reason), file, line);
  check(recorder.task == task, "the callback has the task's id", file, line);
  check(!recorder.retryable, "a mistake of the page is not retryable", file, line);
}

static void missing_parameters(void) {
  static const WxtStr absent = {NULL, 0};
  WxtUploadRequest request = good_upload();
  request.url = absent;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.url should be String instead of Undefined;");
  request = good_upload();
  request.file_path = absent;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.filePath should be String instead of Undefined;");
  request = good_upload();
  request.name = absent;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.name should be String instead of Undefined;");

  WxtDownloadRequest download = wxt_download_request();
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_download_file(session, &download, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "downloadFile:fail parameter error: parameter.url should be String instead of Undefined;");
}

static void texts_that_are_none(void) {
  WxtStr bytes = wxt_str("a\xff");
  WxtPair good = {wxt_str("name"), wxt_str("value")};
  WxtPair bad_name = {bytes, wxt_str("value")};
  WxtPair bad_value = {wxt_str("name"), bytes};
  WxtPair header[2] = {good, bad_name};
  WxtPair form_data[2] = {good, bad_value};

  WxtUploadRequest request = good_upload();
  request.url = bytes;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.url should be String instead of ArrayBuffer;");
  request = good_upload();
  request.file_path = bytes;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.filePath should be String instead of ArrayBuffer;");
  request = good_upload();
  request.name = bytes;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.name should be String instead of ArrayBuffer;");
  request = good_upload();
  request.file_name = bytes;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.fileName should be String instead of ArrayBuffer;");
  request = good_upload();
  request.header = header;
  request.header_count = 2;
  UPLOAD_FAILS(&request, WXT_ERRNO_INVALID_REQUEST_DATA, WXT_CATEGORY_REQUEST, "invalid request data header");
  request = good_upload();
  request.form_data = form_data;
  request.form_data_count = 2;
  UPLOAD_FAILS(&request, WXT_ERRNO_INVALID_REQUEST_DATA, WXT_CATEGORY_REQUEST, "invalid request data formData name");
}

static void urls(void) {
  static const char *const invalid[] = {
      "not a url", "//localhost/upload", "", "https://", "https://a:b:c/", "https://user:password@localhost/upload",
  };
  static const char *const schemes[] = {"ftp://localhost/upload", "file:///etc/hosts", "wxfile://usr/a", "data:,x"};
  for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
    WxtUploadRequest request = good_upload();
    request.url = wxt_str(invalid[i]);
    UPLOAD_FAILS(&request, WXT_ERRNO_INVALID_URL, WXT_CATEGORY_REQUEST, "invalid url");
  }
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
    WxtUploadRequest request = good_upload();
    request.url = wxt_str(schemes[i]);
    UPLOAD_FAILS(&request, WXT_ERRNO_INVALID_URL_SCHEME, WXT_CATEGORY_REQUEST, "url scheme is invalid");
  }
  WxtUploadRequest request = good_upload();
  request.url = wxt_str("https://example.com/upload");
  UPLOAD_FAILS(&request, WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_CATEGORY_POLICY, "url not in domain list");
}

static void headers(void) {
  static const struct {
    WxtStr name;
    WxtStr value;
    const char *reason;
  } invalid[] = {
      {{"", 0}, {"value", 5}, "invalid request data header \"\""},
      {{"a b", 3}, {"value", 5}, "invalid request data header a b"},
      {{"a:", 2}, {"value", 5}, "invalid request data header a:"},
      {{"a\r", 2}, {"value", 5}, "invalid request data header a\\r"},
      {{"a\nb", 3}, {"value", 5}, "invalid request data header a\\nb"},
      {{"a\0b", 3}, {"value", 5}, "invalid request data header a\\0b"},
      {{"\xc3\xa9", 2}, {"v", 1}, "invalid request data header \xc3\xa9"},
      {{"name", 4}, {"a\rb", 3}, "invalid request data header name"},
      {{"name", 4}, {"a\nb", 3}, "invalid request data header name"},
      {{"name", 4}, {"a\0b", 3}, "invalid request data header name"},
      {{"name", 4}, {"a\r\nX: y", 7}, "invalid request data header name"},
      {{"Referer", 7}, {"a\nb", 3}, "invalid request data header Referer"},
  };
  for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++) {
    WxtPair header[2];
    header[0].name = wxt_str("X-Good");
    header[0].value = wxt_str("value");
    header[1].name = invalid[i].name;
    header[1].value = invalid[i].value;
    WxtUploadRequest request = good_upload();
    request.header = header;
    request.header_count = 2;
    UPLOAD_FAILS(&request, WXT_ERRNO_INVALID_REQUEST_DATA, WXT_CATEGORY_REQUEST, invalid[i].reason);
  }
}

/* Paths that cannot be uploaded. The upload does not wait for any of them, not even for the FIFO without a writer. */
static void files(void) {
  WxtUploadRequest request = good_upload();
  request.file_path = wxt_str(in_directory("missing"));
  UPLOAD_FAILS(&request, WXT_ERRNO_FILE_NOT_FOUND, WXT_CATEGORY_FILE, "file not found");
  request.file_path = wxt_str("");
  UPLOAD_FAILS(&request, WXT_ERRNO_FILE_NOT_FOUND, WXT_CATEGORY_FILE, "file not found");
  request.file_path = wxt_str("wxfile://tmp_0123456789abcdef.txt");
  UPLOAD_FAILS(&request, WXT_ERRNO_FILE_NOT_FOUND, WXT_CATEGORY_FILE, "file not found");

  const char *denied[5];
  size_t count = 0;
  denied[count++] = in_directory("a-directory");
  CHECK(mkdir(in_directory("a-directory"), 0700) == 0);
  denied[count++] = in_directory("a-fifo");
  CHECK(mkfifo(in_directory("a-fifo"), 0600) == 0);
  denied[count++] = "wxfile://usr/../../../../../../etc/hosts";
  denied[count++] = "relative";
  /* The superuser may read everything. */
  write_bytes(in_directory("unreadable"), "x", 1);
  CHECK(chmod(in_directory("unreadable"), 0) == 0);
  if (access(in_directory("unreadable"), R_OK) != 0) {
    denied[count++] = in_directory("unreadable");
  }
  for (size_t i = 0; i < count; i++) {
    request.file_path = wxt_str(denied[i]);
    UPLOAD_FAILS(&request, WXT_ERRNO_PERMISSION_DENIED, WXT_CATEGORY_FILE,
                 format("permission denied, open %s", denied[i]));
  }

  int descriptor = open(in_directory("a-directory"), O_RDONLY);
  CHECK(descriptor >= 0);
  request = good_upload();
  request.has_file_descriptor = 1;
  request.file_descriptor = descriptor;
  UPLOAD_FAILS(&request, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.fileDescriptor should be File instead of Number;");
  CHECK(close(descriptor) == 0);
}

/* With the default options: https only, not the device itself, only the page's own paths. */
static void strict_session(void) {
  WxtSessionOptions options = local_options();
  options.user_id = wxt_str("strict");
  options.lan_policy = WXT_LAN_OWN_SUBNETS;
  options.allow_plain_http = 0;
  options.path_policy = WXT_PATHS_SANDBOX;
  WxtStr domain = wxt_str("https://example.com");
  options.upload_domains = &domain;
  options.upload_domain_count = 1;
  WxtSession *usual = session;
  session = open_session(&options);

  WxtUploadRequest request = good_upload();
  UPLOAD_FAILS(&request, WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_CATEGORY_POLICY, "url not in domain list");
  static const char *const refused[] = {"http://example.com/", "http://127.0.0.1/", "https://127.0.0.1/", "https://[::1]/", "https://2130706433/",
                                        "https://localhost/", "https://example.com:8443/", "https://example.com:443/",
                                        "https://www.example.com/", "https://example.org/"};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    request.url = wxt_str(refused[i]);
    UPLOAD_FAILS(&request, WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_CATEGORY_POLICY, "url not in domain list");
  }
  /* Its host is allowed. The file is checked before any name is resolved. */
  request.url = wxt_str("https://example.com/");
  UPLOAD_FAILS(&request, WXT_ERRNO_PERMISSION_DENIED, WXT_CATEGORY_FILE,
               format("permission denied, open %s", in_directory("file")));
  close_session(session);
  session = usual;
}

/* --- A host's mistakes: nothing is started, and no callback runs. --- */

/* `reason` names the field as the header spells it. The texts of the request contain the word `canary`. No reason may contain it. */
static void refused(const WxtUploadRequest *request, WxtStatus status, const char *reason) {
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  WxtTaskId task = 42;
  WxtStatusDetail detail = wxt_status_detail();
  CHECK_NUMBER(wxt_upload_file(session, request, &callbacks, &task, &detail), status);
  CHECK_CONTAINS(detail.text, reason);
  CHECK_LACKS(detail.text, "canary");
  CHECK_NUMBER(task, 42);
  /* A callback of the refused call would run before those of this task. */
  Recorder barrier = {0};
  WxtUploadRequest nothing = wxt_upload_request();
  callbacks = recorded_by(&barrier);
  CHECK_NUMBER(wxt_upload_file(session, &nothing, &callbacks, NULL, &detail), WXT_OK);
  CHECK_TEXT(detail.text, "");
  wait_for(&barrier, 'R');
  CHECK_TEXT(recorder.order, "");
}

static void null_pointers(void) {
  WxtUploadRequest request = good_upload();
  WxtDownloadRequest download = wxt_download_request();
  WxtCallbacks callbacks = wxt_callbacks();
  WxtStatusDetail detail = wxt_status_detail();
  refused(NULL, WXT_INVALID_ARGUMENT, "request is NULL");
  CHECK_NUMBER(wxt_upload_file(NULL, &request, &callbacks, NULL, &detail), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(detail.text, "session is NULL");
  CHECK_NUMBER(wxt_upload_file(session, &request, NULL, NULL, &detail), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(detail.text, "callbacks is NULL");
  CHECK_NUMBER(wxt_download_file(NULL, &download, &callbacks, NULL, NULL), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_download_file(session, NULL, &callbacks, NULL, &detail), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(detail.text, "request is NULL");
  CHECK_NUMBER(wxt_download_file(session, &download, NULL, NULL, NULL), WXT_INVALID_ARGUMENT);
  /* A pointer that was never a session. */
  CHECK_NUMBER(wxt_upload_file((WxtSession *)&request, &request, &callbacks, NULL, &detail), WXT_SESSION_CLOSED);
  CHECK_CONTAINS(detail.text, "session is");
}

/* A request whose texts all contain the canary. */
static WxtUploadRequest canary_upload(void) {
  static const WxtPair pair = {{"canary", 6}, {"canary", 6}};
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str("https://canary.example/canary?canary");
  request.file_path = wxt_str("/canary");
  request.name = wxt_str("canary");
  request.file_name = wxt_str("canary");
  request.header = &pair;
  request.header_count = 1;
  request.form_data = &pair;
  request.form_data_count = 1;
  return request;
}

static void fields_of_a_request(void) {
  static const WxtStr without_pointer = {NULL, 5};
  WxtUploadRequest request = canary_upload();
  request.url = without_pointer;
  refused(&request, WXT_INVALID_ARGUMENT, "url.len is 5");
  request = canary_upload();
  request.file_path = without_pointer;
  refused(&request, WXT_INVALID_ARGUMENT, "file_path.len is 5");
  request = canary_upload();
  request.header = NULL;
  refused(&request, WXT_INVALID_ARGUMENT, "header is NULL");
  request = canary_upload();
  request.form_data = NULL;
  refused(&request, WXT_INVALID_ARGUMENT, "form_data is NULL");
  WxtPair pairs[2] = {{{"canary", 6}, {"canary", 6}}, {{"canary", 6}, {NULL, 5}}};
  request = canary_upload();
  request.header = pairs;
  request.header_count = 2;
  refused(&request, WXT_INVALID_ARGUMENT, "header[1].value.len is 5");
  request = canary_upload();
  request.method = 2;
  refused(&request, WXT_INVALID_ARGUMENT, "method is 2");
  request = canary_upload();
  request.raw = 1;
  refused(&request, WXT_INVALID_ARGUMENT, "raw excludes");
  request = canary_upload();
  request.data = (const uint8_t *)"canary";
  request.data_length = 6;
  request.has_file_descriptor = 1;
  refused(&request, WXT_INVALID_ARGUMENT, "data excludes has_file_descriptor");

  static WxtUploadPart parts[101];
  request = canary_upload();
  request.parts = parts;
  request.part_count = 2;
  refused(&request, WXT_INVALID_ARGUMENT, "parts excludes name");
  request.name = request.file_name = wxt_str(NULL);
  refused(&request, WXT_INVALID_ARGUMENT, "parts excludes file_path");
  request.file_path = wxt_str(NULL);
  request.part_count = 101;
  refused(&request, WXT_INVALID_ARGUMENT, "part_count is 101, but must be at most 100");
  request.part_count = 2;
  parts[1].media_type = without_pointer;
  refused(&request, WXT_INVALID_ARGUMENT, "parts[1].media_type.len is 5");
  parts[1].media_type = wxt_str("canary");
  parts[1].has_file_descriptor = 1;
  parts[1].file_descriptor = -7;
  refused(&request, WXT_INVALID_ARGUMENT, "parts[1].file_descriptor is -7");

  request = canary_upload();
  request.has_file_descriptor = 1;
  request.file_descriptor = -1;
  refused(&request, WXT_INVALID_ARGUMENT, "file_descriptor is -1, which is not an open descriptor");
  int descriptor = open(in_directory("file"), O_RDONLY);
  CHECK(descriptor >= 0 && close(descriptor) == 0);
  request.file_descriptor = descriptor;
  refused(&request, WXT_INVALID_ARGUMENT, format("file_descriptor is %d", descriptor));
}

static void sizes_of_structs(void) {
  WxtUploadRequest request = good_upload();
  WxtDownloadRequest download = wxt_download_request();
  WxtCallbacks callbacks = wxt_callbacks();
  WxtStatusDetail detail = wxt_status_detail();
  static const size_t sizes[] = {0, 3, sizeof(WxtUploadRequest) + 1, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    request = good_upload();
    request.struct_size = sizes[i];
    refused(&request, WXT_INVALID_STRUCT_SIZE, "struct_size of request is");
    download = wxt_download_request();
    download.struct_size = sizes[i];
    CHECK_NUMBER(wxt_download_file(session, &download, &callbacks, NULL, NULL), WXT_INVALID_STRUCT_SIZE);
    callbacks.struct_size = sizes[i];
    request = good_upload();
    CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, &detail), WXT_INVALID_STRUCT_SIZE);
    CHECK_CONTAINS(detail.text, "struct_size of callbacks is");
    callbacks = wxt_callbacks();
  }

  /* A newer host: fields that this library does not know must be zero. */
  struct {
    WxtUploadRequest known;
    uint64_t unknown[2];
  } newer;
  memset(&newer, 0, sizeof newer);
  newer.known = good_upload();
  newer.known.struct_size = sizeof newer;
  newer.known.url = wxt_str(NULL);
  UPLOAD_FAILS(&newer.known, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.url should be String instead of Undefined;");
  newer.unknown[1] = 1;
  refused(&newer.known, WXT_INVALID_STRUCT_SIZE, "request sets a field after");

  /* An older host: fields that its struct lacks are not read, so these bytes never become a string. */
  WxtUploadRequest older = good_upload();
  older.struct_size = offsetof(WxtUploadRequest, file_name) / 8 * 8;
  memset(&older.file_name, 0xff, sizeof older - offsetof(WxtUploadRequest, file_name));
  older.url = wxt_str(NULL);
  UPLOAD_FAILS(&older, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
               "parameter error: parameter.url should be String instead of Undefined;");
}

static void header_find(void) {
  WxtPair header[2] = {{{"A", 1}, {"1", 1}}, {{"a", 1}, {"2", 1}}};
  WxtStr value;
  CHECK_NUMBER(wxt_header_find(header, 2, wxt_str("a"), &value), WXT_OK);
  CHECK(value.len == 1 && value.ptr[0] == '1');
  CHECK_NUMBER(wxt_header_find(header, 2, wxt_str("b"), &value), WXT_NOT_FOUND);
  CHECK_NUMBER(wxt_header_find(NULL, 0, wxt_str("a"), &value), WXT_NOT_FOUND);
  CHECK_NUMBER(wxt_header_find(header, 2, wxt_str("a"), NULL), WXT_INVALID_ARGUMENT);
  CHECK_NUMBER(wxt_header_find(NULL, 2, wxt_str("a"), &value), WXT_INVALID_ARGUMENT);
  WxtStr without_pointer = {NULL, 1};
  CHECK_NUMBER(wxt_header_find(header, 2, without_pointer, &value), WXT_INVALID_ARGUMENT);
  CHECK(value.ptr == NULL && value.len == 0);
}

int main(void) {
  begin();
  write_bytes(in_directory("file"), "x", 1);
  WxtSessionOptions options = local_options();
  session = open_session(&options);
  missing_parameters();
  texts_that_are_none();
  urls();
  headers();
  files();
  strict_session();
  null_pointers();
  fields_of_a_request();
  sizes_of_structs();
  header_find();
  close_session(session);
  return 0;
}
