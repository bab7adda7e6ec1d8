/* Without a free descriptor, a call fails as out of resources. It succeeds once descriptors are free again. */

#include "../support.h"

#include <sys/resource.h>

static struct rlimit ample;

/* Allows only the standard streams, which are in use. Descriptors that the library closes meanwhile do not become free. */
static void leave_no_descriptor(void) {
  CHECK(getrlimit(RLIMIT_NOFILE, &ample) == 0);
  struct rlimit scarce = ample;
  scarce.rlim_cur = STDERR_FILENO + 1;
  CHECK(setrlimit(RLIMIT_NOFILE, &scarce) == 0);
  CHECK(dup(STDIN_FILENO) == -1 && errno == EMFILE);
}

static void leave_ample_descriptors(void) {
  CHECK(setrlimit(RLIMIT_NOFILE, &ample) == 0);
}

static void on_result(void *user_data, const WxtFileResult *result) {
  (void)user_data;
  CHECK_TEXT(result->err_msg.ptr, "importFile:ok");
}

static void no_callback(void *user_data) {
  (void)user_data;
  check(false, "the library does not release user_data of a refused call", __FILE__, __LINE__);
}

/* The descriptor is open, so the failure is not a mistake of the host. */
static void an_open_descriptor_that_cannot_be_duplicated(WxtSession *session) {
  int descriptor = open(in_directory("file"), O_RDONLY);
  CHECK(descriptor >= 0);
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(tls("/upload"));
  request.name = wxt_str("file");
  request.has_file_descriptor = 1;
  request.file_descriptor = descriptor;
  WxtCallbacks callbacks = wxt_callbacks();
  callbacks.release = no_callback;

  leave_no_descriptor();
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OUT_OF_RESOURCES);
  CHECK_NUMBER(wxt_import_file_descriptor(session, descriptor, 0, wxt_str("a.txt"), on_result, NULL),
               WXT_OUT_OF_RESOURCES);
  request.file_descriptor = 1000000;
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_INVALID_ARGUMENT);
  leave_ample_descriptors();

  Recorder recorder = {0};
  callbacks = recorded_by(&recorder);
  request.file_descriptor = descriptor;
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
  CHECK(close(descriptor) == 0);
}

/* A worker thread needs a descriptor before it can start. The failure is not a mistake of the caller: a later call may succeed. */
static void a_task_without_a_worker(WxtSession *session) {
  Recorder recorder = {0};
  leave_no_descriptor();
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_OUT_OF_RESOURCES, NULL);
  leave_ample_descriptors();
  CHECK_CONTAINS(recorder.err_msg, "downloadFile:fail out of resources: ");
  CHECK(recorder.retryable);
  recorder_forget(&recorder);

  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
}

int main(void) {
  begin();
  write_pattern(in_directory("file"), 10);
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  a_task_without_a_worker(session);
  an_open_descriptor_that_cannot_be_duplicated(session);
  close_session(session);
  return 0;
}
