/* A session that retries failed transfers. */

#include "../support.h"

static void with_retries(WxtSessionOptions *options) {
  options->max_retries = 3;   /* up to three attempts after the first one */
  options->retry_delay = 500; /* milliseconds; 0 is the same */
  options->retry_uploads = 0; /* 1 only if the servers know Idempotency-Key */
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  with_retries(&options);
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};

  /* The server accepts and ends each connection without an answer. */
  start_download(session, fault("close"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED, NULL);
  CHECK_NUMBER(recorder.attempts, 4);
  recorder_forget(&recorder);

  /* The effect of the upload on the server is unknown. */
  const char *path = in_directory("file.bin");
  write_pattern(path, 1000);
  start_upload(session, fault("close"), path, &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_CONNECTION_CLOSED, NULL);
  CHECK_NUMBER(recorder.attempts, 1);
  recorder_forget(&recorder);

  start_download(session, tls("/bytes/1000"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(recorder.attempts, 1);
  recorder_forget(&recorder);

  close_session(session);
  return 0;
}
