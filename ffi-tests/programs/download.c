/* wx.downloadFile: into a temporary file, or to a path that the page chooses. */

#include "../support.h"

static void into_a_temporary_file(WxtSession *session, char *native_path, size_t size) {
  Recorder recorder = {0};
  WxtTaskId task = start_download(session, tls("/bytes/1000000?type=image/png"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(recorder.task == task);
  CHECK_TEXT(recorder.err_msg, "downloadFile:ok");
  CHECK_TEXT(recorder.data, "");
  CHECK(strncmp(recorder.path, "wxfile://tmp_", strlen("wxfile://tmp_")) == 0);
  CHECK_TEXT(strrchr(recorder.path, '.'), ".png");
  CHECK_NUMBER(recorder.data_length, 1000000);
  check_pattern(recorder.native_path, 1000000);
  CHECK_NUMBER(recorder.progress.total_bytes, 1000000);
  CHECK_NUMBER(recorder.progress.total_bytes_expected, 1000000);
  CHECK(recorder.profile.ssl_connection_start > 0);
  CHECK(!recorder.profile.socket_reused);
  CHECK(recorder.profile.received_byted_count > 1000000);

  /* The page can upload it by the returned path. */
  Recorder upload = {0};
  start_upload(session, tls("/upload"), recorder.path, &upload);
  EXPECT_SUCCESS(&upload, 200);
  CHECK_CONTAINS(upload.data, "\"length\":1000000");
  CHECK_CONTAINS(upload.data, "\"content_type\":\"image/png\"");
  CHECK(upload.profile.socket_reused);
  recorder_forget(&upload);

  snprintf(native_path, size, "%s", recorder.native_path);
  recorder_forget(&recorder);
}

static void ignore_result(void *user_data, const WxtFileResult *event) {
  (void)user_data;
  CHECK_NUMBER(event->err_no, WXT_ERRNO_OK);
}

static void to_a_path_of_the_pages_choice(WxtSession *session, char *native_path, size_t size) {
  WxtStr pictures = wxt_str("wxfile://usr/pictures");
  CHECK_NUMBER(wxt_file_make_directory(session, pictures, false, ignore_result, NULL), WXT_OK);
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(tls("/bytes/1000"));
  request.file_path = wxt_str("wxfile://usr/one.bin");
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_TEXT(recorder.path, "wxfile://usr/one.bin");
  check_pattern(recorder.native_path, 1000);
  snprintf(native_path, size, "%s", recorder.native_path);
  recorder_forget(&recorder);
}

/* A path that must not be written fails the call before any request. */
static void not_outside_of_usr(WxtSession *session) {
  static const char *const paths[] = {"wxfile://usr/../../../escaped", "/tmp/escaped", "wxfile://store_0.bin"};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(tls("/bytes/1000"));
    request.file_path = wxt_str(paths[i]);
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_TARGET_DENIED, WXT_CATEGORY_FILE,
                   format("downloadFile:fail permission denied, open %s", paths[i]));
    CHECK_NUMBER(recorder.profile.send_bytes_count, 0);
    recorder_forget(&recorder);
  }
}

/* The total of a chunked or compressed body is unknown before its end. */
static void of_unknown_length(WxtSession *session) {
  static const char *const urls[] = {"/bytes/200000?chunked=1", "/bytes/200000?gzip=1"};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    Recorder recorder = {0};
    start_download(session, tls(urls[i]), &recorder);
    EXPECT_SUCCESS(&recorder, 200);
    check_pattern(recorder.native_path, 200000);
    CHECK_NUMBER(recorder.progress.total_bytes, 200000);
    recorder_forget(&recorder);
  }
}

static void of_nothing(WxtSession *session) {
  Recorder recorder = {0};
  start_download(session, tls("/bytes/0"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(recorder.data_length, 0);
  check_pattern(recorder.native_path, 0);
  recorder_forget(&recorder);
}

static void through_redirects(WxtSession *session) {
  Recorder recorder = {0};
  start_download(session, tls("/redirect/302?n=5&to=/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  check_pattern(recorder.native_path, 10);
  CHECK(recorder.profile.redirect_start > 0);
  CHECK(recorder.profile.redirect_start <= recorder.profile.redirect_end);
  CHECK(recorder.profile.redirect_end <= recorder.profile.fetch_start);
  recorder_forget(&recorder);

  start_download(session, tls("/redirect/302?n=6&to=/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_TOO_MANY_REDIRECTS, WXT_CATEGORY_LIMIT,
                 "downloadFile:fail exceed max redirect count");
  recorder_forget(&recorder);

  start_download(session, tls("/redirect/302?to=https://example.com/secret?token%3D1"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NOT_IN_DOMAIN_LIST, WXT_CATEGORY_POLICY,
                 "downloadFile:fail url not in domain list");
  CHECK_LACKS(recorder.detail, "token");
  recorder_forget(&recorder);
}

static void not_larger_than_allowed(void) {
  WxtSessionOptions options = local_options();
  options.max_download_size = 1000;
  WxtSession *session = open_session(&options);
  static const char *const urls[] = {"/bytes/1001", "/bytes/1001?chunked=1", "/bytes/1001?gzip=1"};
  for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
    Recorder recorder = {0};
    start_download(session, tls(urls[i]), &recorder);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_FILE_TOO_LARGE, WXT_CATEGORY_LIMIT, "downloadFile:fail exceed max file size");
    recorder_forget(&recorder);
  }
  Recorder recorder = {0};
  start_download(session, tls("/bytes/1000"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
  close_session(session);
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  char temporary[1024];
  char chosen[1024];
  into_a_temporary_file(session, temporary, sizeof temporary);
  to_a_path_of_the_pages_choice(session, chosen, sizeof chosen);
  not_outside_of_usr(session);
  of_unknown_length(session);
  of_nothing(session);
  through_redirects(session);
  CHECK(exists(temporary) && exists(chosen));
  close_session(session);
  /* A temporary file lives as long as its session. The page's own file outlives it. */
  CHECK(!exists(temporary));
  CHECK(exists(chosen));
  not_larger_than_allowed();
  return 0;
}
