/* Uploads of several files, of bytes, and of a file as the raw body. */

#include "../support.h"

static WxtStatus send_report(WxtSession *session, const char *url, const char *photo, const char *json,
                             const WxtCallbacks *callbacks) {
  WxtUploadRequest request = wxt_upload_request();
  WxtUploadPart parts[2];
  memset(parts, 0, sizeof parts);
  parts[0].name = wxt_str("photo");
  parts[0].file_path = wxt_str(photo);
  parts[1].name = wxt_str("report");
  parts[1].data = (const uint8_t *)json;
  parts[1].data_length = strlen(json);
  parts[1].media_type = wxt_str("application/json");
  request.url = wxt_str(url);
  request.parts = parts;
  request.part_count = 2;
  return wxt_upload_file(session, &request, callbacks, NULL, NULL);
}

static WxtStatus put_object(WxtSession *session, const char *presigned_url, const char *path,
                            const WxtCallbacks *callbacks) {
  WxtUploadRequest request = wxt_upload_request();
  WxtPair header = {wxt_str("Content-Type"), wxt_str("image/jpeg")};
  request.url = wxt_str(presigned_url);
  request.file_path = wxt_str(path);
  request.header = &header;
  request.header_count = 1;
  request.method = WXT_METHOD_PUT;
  request.raw = 1;
  return wxt_upload_file(session, &request, callbacks, NULL, NULL);
}

static void keep_path(void *user_data, const WxtFileResult *result) {
  CHECK_NUMBER(result->err_no, WXT_ERRNO_OK);
  CHECK_TEXT(format("%.*s", (int)result->err_msg.len, result->err_msg.ptr), "importFile:ok");
  CHECK_NUMBER(result->file_count, 1);
  copy_text(user_data, 256, result->files[0].file_path);
}

static void of_two_parts(WxtSession *session) {
  static const uint8_t drawing[] = {0x89, 'P', 'N', 'G', 0, 1, 2};
  char photo[256];
  CHECK_NUMBER(wxt_import_data(session, drawing, sizeof drawing, wxt_str("a.png"), keep_path, photo), WXT_OK);
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(send_report(session, tls("/upload"), photo, "{\"ok\":true}", &callbacks), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_CONTAINS(recorder.data, "\"parts\":[\"photo\",\"report\"]");
  CHECK_CONTAINS(recorder.data, "\"content_type\":\"image/png\"");
  CHECK_CONTAINS(recorder.data, "\"content_type\":\"application/json\"");
  CHECK_CONTAINS(recorder.data, "\"length\":7");
  CHECK_CONTAINS(recorder.data, "\"length\":11");
  recorder_forget(&recorder);
}

static void of_an_object(WxtSession *session) {
  const char *path = in_directory("photo.jpg");
  write_pattern(path, 100000);
  Recorder recorder = {0};
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(put_object(session, tls("/raw?sign=1"), path, &callbacks), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_CONTAINS(recorder.data, "\"method\":\"PUT\"");
  CHECK_CONTAINS(recorder.data, "[\"Content-Type\",\"image/jpeg\"]");
  CHECK_CONTAINS(recorder.data, "[\"Content-Length\",\"100000\"]");
  CHECK_CONTAINS(recorder.data, format("\"sha256\":\"%s\"", variable("WXT_PATTERN_100000_SHA256")));
  CHECK_NUMBER(recorder.progress.total_bytes, 100000);
  recorder_forget(&recorder);
}

int main(void) {
  begin();
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  of_two_parts(session);
  of_an_object(session);
  close_session(session);
  return 0;
}
