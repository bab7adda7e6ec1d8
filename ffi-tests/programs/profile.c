/* `profile`: the time of each step, the state of the network, and a call without a profile. */

#include "../support.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Whether this system reports a round-trip time. An emulator may not. */
static bool system_tells(void) {
#ifdef TCP_INFO
  char info[256];
  socklen_t length = sizeof info;
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(descriptor >= 0);
  bool tells = getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, &length) == 0 && length > sizeof(int);
  CHECK(close(descriptor) == 0);
  return tells;
#else
  return true;
#endif
}

/* On a new connection each step has its own time. On a kept one, the steps of connecting equal `fetchStart`. */
static void connecting(WxtSession *session) {
  Recorder recorder = {0};
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  const WxtProfile *profile = &recorder.profile;
  CHECK(!profile->socket_reused && !profile->using_high_performance_mode);
  CHECK(profile->domain_look_up_start > 0 && profile->domain_look_up_start <= profile->domain_look_up_end);
  CHECK(profile->ssl_connection_start >= profile->connect_start);
  CHECK_NUMBER(profile->connect_end, profile->ssl_connection_end);
  recorder_forget(&recorder);

  start_upload(session, tls("/upload"), in_directory("file"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(profile->socket_reused);
  CHECK_NUMBER(profile->domain_look_up_start, profile->fetch_start);
  CHECK_NUMBER(profile->domain_look_up_end, profile->fetch_start);
  CHECK_NUMBER(profile->connect_start, profile->fetch_start);
  CHECK_NUMBER(profile->connect_end, profile->fetch_start);
  CHECK_NUMBER(profile->ssl_connection_start, profile->fetch_start);
  CHECK_NUMBER(profile->ssl_connection_end, profile->fetch_start);
  CHECK(profile->request_start > 0);
  recorder_forget(&recorder);

  /* An IP address needs no look-up. This connection has no TLS. */
  for (int reused = 0; reused <= 1; reused++) {
    start_download(session, plain("/bytes/10"), &recorder);
    EXPECT_SUCCESS(&recorder, 200);
    CHECK(profile->socket_reused == (reused == 1));
    CHECK_NUMBER(profile->domain_look_up_start, profile->fetch_start);
    CHECK_NUMBER(profile->domain_look_up_end, profile->fetch_start);
    CHECK_NUMBER(profile->ssl_connection_start, 0);
    CHECK_NUMBER(profile->ssl_connection_end, 0);
    recorder_forget(&recorder);
  }
}

/* Redirects count as long as none leads to another origin. */
static void redirects(WxtSession *session) {
  Recorder recorder = {0};
  start_download(session, tls("/redirect/302?n=2&to=/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(recorder.profile.redirect_start > 0);
  CHECK(recorder.profile.redirect_start <= recorder.profile.redirect_end);
  CHECK(recorder.profile.rtt != WXT_PROFILE_ABSENT || !system_tells());
  recorder_forget(&recorder);

  start_download(session, tls(format("/redirect/302?n=2&to=%s", plain("/bytes/10"))), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(recorder.profile.redirect_start, 0);
  CHECK_NUMBER(recorder.profile.redirect_end, 0);
  recorder_forget(&recorder);
}

/* The observations of one transfer, and the session's estimates. */
static void the_network(void) {
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  Recorder recorder = {0};
  const WxtProfile *profile = &recorder.profile;
  start_upload(session, tls("/upload"), in_directory("file"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK((profile->rtt != WXT_PROFILE_ABSENT) == system_tells());
  /* The first observation is the estimate. */
  CHECK(profile->transport_rtt_estimate == profile->rtt);
  CHECK(profile->http_rtt_estimate != WXT_PROFILE_ABSENT);
  CHECK(profile->http_rtt_estimate <= profile->response_start - profile->request_start + 1);
  /* Too few bytes to measure a throughput. */
  CHECK(profile->throughput_kbps == WXT_PROFILE_ABSENT);
  CHECK(profile->downstream_throughput_kbps_estimate == WXT_PROFILE_ABSENT);
  CHECK(profile->estimate_nettype >= 2 && profile->estimate_nettype <= 5);
  recorder_forget(&recorder);

  start_download(session, tls("/bytes/3000000"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(profile->throughput_kbps != WXT_PROFILE_ABSENT && profile->throughput_kbps > 0);
  CHECK(profile->downstream_throughput_kbps_estimate == profile->throughput_kbps);
  uint64_t speed = profile->throughput_kbps;
  recorder_forget(&recorder);

  /* Without an observation the estimate does not change. */
  start_download(session, tls("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK(profile->throughput_kbps == WXT_PROFILE_ABSENT);
  CHECK(profile->downstream_throughput_kbps_estimate == speed);
  recorder_forget(&recorder);

  /* A server that does not answer yields no observation. */
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(fault("stall-before-answer"));
  request.timeout = 200;
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
  CHECK(recorder.has_profile && profile->connect_end > 0);
  CHECK(profile->rtt == WXT_PROFILE_ABSENT && profile->http_rtt_estimate == WXT_PROFILE_ABSENT);
  CHECK_NUMBER(profile->estimate_nettype, 0);
  recorder_forget(&recorder);
  close_session(session);
}

/* `enableProfile: false`: neither a success nor a failure has a profile. */
static void without(WxtSession *session) {
  static const struct {
    const char *path;
    bool works;
  } cases[] = {{"/upload", true}, {"/redirect/307?n=6&to=/upload", false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    Recorder recorder = {0};
    WxtCallbacks callbacks = recorded_by(&recorder);
    WxtUploadRequest upload = wxt_upload_request();
    upload.url = wxt_str(tls(cases[i].path));
    upload.file_path = wxt_str(in_directory("file"));
    upload.name = wxt_str("file");
    upload.disable_profile = 1;
    CHECK_NUMBER(wxt_upload_file(session, &upload, &callbacks, NULL, NULL), WXT_OK);
    wait_for(&recorder, 'R');
    CHECK(has_run(&recorder, cases[i].works ? 'S' : 'F'));
    CHECK(!recorder.has_profile);
    recorder_forget(&recorder);

    WxtDownloadRequest download = wxt_download_request();
    download.url = wxt_str(tls(cases[i].path));
    download.disable_profile = 1;
    CHECK_NUMBER(wxt_download_file(session, &download, &callbacks, NULL, NULL), WXT_OK);
    wait_for(&recorder, 'R');
    CHECK(has_run(&recorder, cases[i].works ? 'S' : 'F'));
    CHECK(!recorder.has_profile);
    recorder_forget(&recorder);
  }
}

int main(void) {
  begin();
  write_bytes(in_directory("file"), "x", 1);
  WxtSessionOptions options = local_options();
  WxtSession *session = open_session(&options);
  connecting(session);
  redirects(session);
  without(session);
  close_session(session);
  the_network();
  return 0;
}
