/* wx.uploadFile: a file and some fields over TLS. Checks the body that the server receives, and the callbacks. */

#include "../support.h"

static const WxtPair *pairs(WxtPair *pair, const char *name, const char *value) {
  pair->name = wxt_str(name);
  pair->value = wxt_str(value);
  return pair;
}

/* The answer's headers can be looked up while the callback runs. */
static void on_headers(void *user_data, WxtTaskId task, const WxtHeadersReceived *event) {
  WxtStr value;
  CHECK_NUMBER(event->status_code, 200);
  CHECK_NUMBER(wxt_header_find(event->header, event->header_count, wxt_str("CONTENT-type"), &value), WXT_OK);
  CHECK(value.len == strlen("application/json") && memcmp(value.ptr, "application/json", value.len) == 0);
  CHECK_NUMBER(wxt_header_find(event->header, event->header_count, wxt_str("X-None"), &value), WXT_NOT_FOUND);
  CHECK(value.ptr == NULL && value.len == 0);
  recorder_on_headers(user_data, task, event);
}

static void a_file_with_fields_and_headers(WxtSession *session) {
  const char *path = in_directory("note.txt");
  write_bytes(path, "abc", 3);
  WxtPair header[2];
  pairs(&header[0], "X-Trace", "one");
  pairs(&header[1], "X-Trace", "two");
  WxtPair form_data[2];
  pairs(&form_data[0], "user", "test");
  pairs(&form_data[1], "城市", "深圳 & \"co\"");

  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(tls("/upload?album=7"));
  request.file_path = wxt_str(path);
  request.name = wxt_str("picture");
  request.header = header;
  request.header_count = 2;
  request.form_data = form_data;
  request.form_data_count = 2;
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  callbacks.on_headers_received = on_headers;
  WxtTaskId task = 0;
  uint64_t called = now();
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, &task, NULL), WXT_OK);

  EXPECT_SUCCESS(&recorder, 200);
  CHECK(recorder.task == task);
  CHECK_TEXT(recorder.err_msg, "uploadFile:ok");
  CHECK_NUMBER(recorder.data_length, strlen(recorder.data));
  CHECK_TEXT(recorder.path, "");
  CHECK_TEXT(recorder.native_path, "");
  /* The fields in the caller's order, then the file. */
  CHECK_CONTAINS(recorder.data, "\"parts\":[\"user\",\"城市\",\"picture\"]");
  CHECK_CONTAINS(recorder.data, "\"fields\":[[\"user\",\"test\"],[\"城市\",\"深圳 & \\\"co\\\"\"]]");
  CHECK_CONTAINS(recorder.data, "\"filename\":\"note.txt\",\"length\":3,\"name\":\"picture\"");
  CHECK_CONTAINS(recorder.data, "\"content_type\":\"text/plain\"");
  /* FIPS 180-2, appendix B.1. */
  CHECK_CONTAINS(recorder.data, "\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
  CHECK_CONTAINS(recorder.data, "\"method\":\"POST\"");
  CHECK_CONTAINS(recorder.data, "\"target\":\"/upload?album=7\"");
  CHECK_CONTAINS(recorder.data, "[\"X-Trace\",\"one\"],[\"X-Trace\",\"two\"]");
  CHECK(recorder.progress.total_bytes == recorder.progress.total_bytes_expected);
  CHECK(recorder.progress.total_bytes > 3);

  const WxtProfile *profile = &recorder.profile;
  CHECK(profile->invoke_start >= called && profile->response_end <= now());
  CHECK(profile->invoke_start <= profile->queue_end && profile->queue_end <= profile->connect_start);
  CHECK(profile->connect_start <= profile->ssl_connection_start);
  CHECK(profile->ssl_connection_start <= profile->ssl_connection_end);
  CHECK(profile->ssl_connection_end <= profile->request_start && profile->request_start <= profile->request_end);
  CHECK(profile->request_end <= profile->response_start && profile->response_start <= profile->response_end);
  CHECK_NUMBER(profile->redirect_start, 0);
  CHECK(profile->send_bytes_count > recorder.progress.total_bytes);
  CHECK(profile->received_byted_count > recorder.data_length);
  CHECK(!profile->socket_reused);
  recorder_forget(&recorder);
}

static void a_large_file_that_is_already_open(WxtSession *session) {
  enum { LENGTH = 3000000 };
  const char *path = in_directory("large");
  write_pattern(path, LENGTH);
  int descriptor = open(path, O_RDONLY);
  CHECK(descriptor >= 0);

  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(tls("/upload"));
  request.name = wxt_str("file");
  request.file_name = wxt_str("照片 \"1\".png");
  request.has_file_descriptor = 1;
  request.file_descriptor = descriptor;
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  /* The descriptor was duplicated, so this one must be closed here. */
  CHECK(close(descriptor) == 0);

  EXPECT_SUCCESS(&recorder, 200);
  /* WHATWG HTML, "multipart/form-data encoding algorithm": the quotation mark is escaped, the rest is UTF-8. */
  CHECK_CONTAINS(recorder.data, "\"filename\":\"照片 %221%22.png\",\"length\":3000000");
  CHECK_CONTAINS(recorder.data, format("\"sha256\":\"%s\"", variable("WXT_PATTERN_3000000_SHA256")));
  CHECK(recorder.progress.total_bytes > LENGTH);
  recorder_forget(&recorder);
}

/* A pipe's writer may be slow: the upload starts before there is a byte in the pipe. */
static void a_pipe(WxtSession *session) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(plain("/upload"));
  request.name = wxt_str("file");
  request.has_file_descriptor = 1;
  request.file_descriptor = ends[0];
  request.file_length = 3;
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_upload_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  CHECK(close(ends[0]) == 0);
  CHECK(write(ends[1], "ab", 2) == 2);
  CHECK(write(ends[1], "c", 1) == 1);
  CHECK(close(ends[1]) == 0);

  EXPECT_SUCCESS(&recorder, 200);
  CHECK_CONTAINS(recorder.data, "\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"");
  /* WHATWG HTML, "create an entry": the default file name. */
  CHECK_CONTAINS(recorder.data, "\"filename\":\"blob\"");
  CHECK_NUMBER(recorder.profile.ssl_connection_start, 0);
  recorder_forget(&recorder);
}

/* Any answer is a success. Its data is text, decoded from its charset. */
static void every_answer_is_a_success(WxtSession *session) {
  Recorder recorder = {0};
  start_upload(session, tls("/status/404"), in_directory("note.txt"), &recorder);
  EXPECT_SUCCESS(&recorder, 404);
  CHECK_TEXT(recorder.data, "status 404\n");
  recorder_forget(&recorder);

  start_upload(session, tls("/text?charset=gbk"), in_directory("note.txt"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_TEXT(recorder.data, "你好，世界");
  /* Two bytes per character in GBK. */
  CHECK_NUMBER(recorder.data_length, 10);
  recorder_forget(&recorder);
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  a_file_with_fields_and_headers(session);
  a_large_file_that_is_already_open(session);
  a_pipe(session);
  every_answer_is_a_success(session);
  close_session(session);
  return 0;
}
