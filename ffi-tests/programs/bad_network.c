/* A session for bad networks: failed attempts are retried, and interrupted downloads continue. */

#include "../support.h"

static WxtStatus open_for_bad_networks(WxtSessionOptions options, WxtSession **session) {
  options.max_retries = 3;     /* at most three attempts after the first one */
  options.retry_delay = 100;   /* milliseconds; 0 is 500 */
  options.retry_uploads = 1;   /* only if the servers know Idempotency-Key */
  options.resume = WXT_RESUME_ACROSS_LAUNCHES;
  return wxt_session_open(&options, session, NULL);
}

int main(void) {
  begin();
  WxtSession *session = NULL;
  CHECK_NUMBER(open_for_bad_networks(local_options(), &session), WXT_OK);

  Recorder download = {0};
  start_download(session, variable("WXT_DOWNLOAD_URL"), &download);
  EXPECT_SUCCESS(&download, 200);
  check_pattern(download.native_path, 10000);
  CHECK_NUMBER(download.attempts, 4);
  CHECK_NUMBER(download.resumed_from, 4000);
  recorder_forget(&download);

  const char *photo = in_directory("photo.jpg");
  write_pattern(photo, 10000);
  Recorder upload = {0};
  start_upload(session, variable("WXT_UPLOAD_URL"), photo, &upload);
  EXPECT_SUCCESS(&upload, 200);
  CHECK_NUMBER(upload.attempts, 2);
  CHECK_NUMBER(upload.resumed_from, 0);
  recorder_forget(&upload);

  WxtStatusDetail detail = wxt_status_detail();
  CHECK_NUMBER(wxt_discard_partials(session, NULL), WXT_OK);
  CHECK_NUMBER(wxt_discard_partials(NULL, &detail), WXT_INVALID_ARGUMENT);
  CHECK_TEXT(detail.text, "session is NULL");
  close_session(session);
  CHECK_NUMBER(wxt_discard_partials(session, &detail), WXT_SESSION_CLOSED);
  CHECK_CONTAINS(detail.text, "session is closing or closed");
  return 0;
}
