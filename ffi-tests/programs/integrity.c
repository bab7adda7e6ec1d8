/* A download whose bytes differ from the expected digest or length fails, and its file does not appear. */

#include "../support.h"

static WxtStatus download_update(WxtSession *session, const char *url, const char *sha256,
                                 const WxtCallbacks *callbacks) {
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  request.file_path = wxt_str("wxfile://usr/update.bin");
  request.expected_sha256 = wxt_str(sha256);
  request.verify_digest = 1;
  return wxt_download_file(session, &request, callbacks, NULL, NULL);
}

static char update_path[1024];

/* The update matches the expectation, and the result contains its digest. */
static void of_the_right_file(WxtSession *session, const char *sha256) {
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(download_update(session, tls("/bytes/100000?digest=1"), sha256, &callbacks), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_TEXT(recorder.sha256, sha256);
  check_pattern(recorder.native_path, 100000);
  snprintf(update_path, sizeof update_path, "%s", recorder.native_path);
  recorder_forget(&recorder);
}

static void of_wrong_files(WxtSession *session, const char *sha256) {
  static const struct {
    const char *path;
    const char *err_msg;
  } wrong[] = {
      {"/bytes/99999", "downloadFile:fail the file has another SHA-256 than expected"},
      {"/status/404",
       "downloadFile:fail the file has another SHA-256 than expected; it comes with the status 404"},
      {"/status/204", "downloadFile:fail the file has another SHA-256 than expected"},
      {"/bytes/100000?digest=0", "downloadFile:fail the file has another digest than Repr-Digest says"},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    CHECK_NUMBER(download_update(session, tls(wrong[i].path), sha256, &callbacks), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_INTEGRITY, wrong[i].err_msg);
    CHECK(recorder.retryable);
    recorder_forget(&recorder);
    /* The previous update is still complete. */
    check_pattern(update_path, 100000);
  }
}

/* Without an expected digest, no digest is computed or checked. */
static void without_an_expected_digest(WxtSession *session) {
  Recorder recorder = {0};
  start_download(session, tls("/bytes/100000?digest=0"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_TEXT(recorder.sha256, "");
  recorder_forget(&recorder);
}

static void of_a_length(WxtSession *session) {
  static const uint64_t lengths[] = {99999, 100001};
  for (size_t i = 0; i < 2; i++) {
    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(tls("/bytes/100000"));
    request.expected_length = lengths[i];
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_INTEGRITY, NULL);
    /* The body was not requested. */
    CHECK_NUMBER(recorder.progress_events, 0);
    recorder_forget(&recorder);
  }
}

static void of_a_sha256_that_is_none(WxtSession *session) {
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(download_update(session, tls("/bytes/1"), "abc", &callbacks), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_PARAMETER, WXT_CATEGORY_REQUEST,
                 "downloadFile:fail parameter error: parameter.expectedSha256 should be SHA-256 instead of String;");
  recorder_forget(&recorder);
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  const char *sha256 = variable("WXT_PATTERN_100000_SHA256");
  of_the_right_file(session, sha256);
  of_wrong_files(session, sha256);
  without_an_expected_digest(session);
  of_a_length(session);
  of_a_sha256_that_is_none(session);
  close_session(session);
  return 0;
}
