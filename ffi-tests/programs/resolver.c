/* The host's own name resolution: answered inline, later, with no address, with invalid addresses, or never. */

#include "../support.h"

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  /* The answer that `resolve` gives before it returns. If absent, the look-up stays open. */
  WxtStr addresses[2];
  size_t address_count;
  bool answers;
  /* An open look-up. */
  WxtResolution *open;
  unsigned asked;
  WxtStatus status;
} Resolver;

static void resolve(void *context, WxtStr host, WxtResolution *resolution) {
  Resolver *resolver = context;
  CHECK(host.len == strlen("example.test") && memcmp(host.ptr, "example.test", host.len) == 0);
  pthread_mutex_lock(&resolver->lock);
  resolver->asked++;
  if (resolver->answers) {
    resolver->status = wxt_resolution_finish(resolution, resolver->addresses, resolver->address_count);
  } else {
    CHECK(resolver->open == NULL);
    resolver->open = resolution;
  }
  pthread_cond_broadcast(&resolver->changed);
  pthread_mutex_unlock(&resolver->lock);
}

static WxtResolution *wait_for_question(Resolver *resolver) {
  pthread_mutex_lock(&resolver->lock);
  while (resolver->open == NULL) {
    pthread_cond_wait(&resolver->changed, &resolver->lock);
  }
  WxtResolution *resolution = resolver->open;
  resolver->open = NULL;
  pthread_mutex_unlock(&resolver->lock);
  return resolution;
}

/* The server's certificate is also valid for this name, which no system resolves (RFC 6761, section 6.2). */
static const char *url(const char *path) {
  return format("https://example.test%s%s", strrchr(variable("WXT_TLS_URL"), ':'), path);
}

static WxtSession *open_with(Resolver *resolver) {
  static WxtStr domain;
  memset(resolver, 0, sizeof *resolver);
  CHECK(pthread_mutex_init(&resolver->lock, NULL) == 0);
  CHECK(pthread_cond_init(&resolver->changed, NULL) == 0);
  WxtSessionOptions options = local_options();
  options.resolver.context = resolver;
  options.resolver.resolve = resolve;
  domain = wxt_str(url(""));
  options.download_domains = &domain;
  options.download_domain_count = 1;
  return open_session(&options);
}

static void answered_at_once(void) {
  Resolver resolver;
  WxtSession *session = open_with(&resolver);
  resolver.answers = true;
  resolver.address_count = 1;
  resolver.addresses[0] = wxt_str("127.0.0.1");
  Recorder recorder = {0};
  start_download(session, url("/headers"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(resolver.asked, 1);
  CHECK_NUMBER(resolver.status, WXT_OK);
  CHECK(recorder.profile.domain_look_up_start > 0);
  CHECK(recorder.profile.domain_look_up_start <= recorder.profile.domain_look_up_end);
  /* The Host header contains the server's name, not its address. */
  char *answer = read_text(recorder.native_path);
  CHECK_CONTAINS(answer, format("\"%s\"", strstr(url(""), "example")));
  free(answer);
  recorder_forget(&recorder);

  /* An IP address is not resolved. */
  start_download(session, plain("/bytes/1"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(resolver.asked, 1);
  recorder_forget(&recorder);
  close_session(session);
}

/* Answered on another thread, after `resolve` has returned. */
static void answered_later(void) {
  Resolver resolver;
  WxtSession *session = open_with(&resolver);
  Recorder recorder = {0};
  start_download(session, url("/bytes/10"), &recorder);
  WxtResolution *question = wait_for_question(&resolver);
  CHECK(!has_run(&recorder, 'F'));
  WxtStr addresses[2];
  /* The server listens on IPv4 only. The second address is tried after the first one refuses. */
  addresses[0] = wxt_str("::1");
  addresses[1] = wxt_str("127.0.0.1");
  CHECK_NUMBER(wxt_resolution_finish(question, addresses, 2), WXT_OK);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
  close_session(session);
}

static void no_such_host(void) {
  Resolver resolver;
  WxtSession *session = open_with(&resolver);
  resolver.answers = true;
  Recorder recorder = {0};
  start_download(session, url("/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_NAME_RESOLUTION, NULL);
  CHECK(recorder.retryable);
  CHECK_NUMBER(resolver.status, WXT_OK);
  recorder_forget(&recorder);

  resolver.addresses[0] = wxt_str("localhost");
  resolver.address_count = 1;
  start_download(session, url("/bytes/10"), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_NAME_RESOLUTION, NULL);
  CHECK_NUMBER(resolver.status, WXT_INVALID_ARGUMENT);
  recorder_forget(&recorder);

  resolver.addresses[1] = wxt_str("127.0.0.1");
  resolver.address_count = 2;
  start_download(session, url("/bytes/10"), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  CHECK_NUMBER(resolver.status, WXT_INVALID_ARGUMENT);
  recorder_forget(&recorder);
  close_session(session);
  CHECK_NUMBER(wxt_resolution_finish(NULL, NULL, 0), WXT_INVALID_ARGUMENT);
}

/* Abort, deadline and close do not wait for the answer. A late answer is harmless. */
static void never_answered(void) {
  Resolver resolver;
  WxtSession *session = open_with(&resolver);
  WxtStr address = wxt_str("127.0.0.1");
  Recorder recorder = {0};
  WxtTaskId task = start_download(session, url("/bytes/10"), &recorder);
  WxtResolution *question = wait_for_question(&resolver);
  CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
  CHECK_NUMBER(wxt_resolution_finish(question, &address, 1), WXT_OK);
  recorder_forget(&recorder);

  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url("/bytes/10"));
  request.timeout = 200;
  WxtCallbacks callbacks = recorded_by(&recorder);
  CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
  CHECK_NUMBER(wxt_resolution_finish(wait_for_question(&resolver), &address, 1), WXT_OK);
  recorder_forget(&recorder);

  start_download(session, url("/bytes/10"), &recorder);
  question = wait_for_question(&resolver);
  close_session(session);
  CHECK_TEXT(recorder.order, "FCR");
  CHECK_NUMBER(wxt_resolution_finish(question, &address, 1), WXT_OK);
  recorder_forget(&recorder);
}

int main(void) {
  begin();
  answered_at_once();
  answered_later();
  no_such_host();
  never_answered();
  return 0;
}
