/* Client certificates: the servers that get them, the signature schemes, late, wrong and missing signatures, and a changed trust. */

#include "../key_elsewhere.h"

typedef struct {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  /* The name of the key that signs at once. If NULL, the answer is given later. */
  const char *key;
  unsigned asked;
  uint16_t scheme;
  WxtSigning *open;
} Keychain;

static void sign(void *context, uint16_t scheme, const uint8_t *message, size_t message_length, WxtSigning *signing) {
  Keychain *keychain = context;
  pthread_mutex_lock(&keychain->lock);
  keychain->asked++;
  keychain->scheme = scheme;
  if (keychain->key == NULL) {
    CHECK(keychain->open == NULL);
    keychain->open = signing;
  } else {
    uint8_t signature[512];
    size_t length = sign_elsewhere(keychain->key, scheme, message, message_length, signature, sizeof signature);
    CHECK_NUMBER(wxt_signing_finish(signing, signature, length), WXT_OK);
  }
  pthread_cond_broadcast(&keychain->changed);
  pthread_mutex_unlock(&keychain->lock);
}

static WxtSigning *wait_for_question(Keychain *keychain) {
  pthread_mutex_lock(&keychain->lock);
  while (keychain->open == NULL) {
    pthread_cond_wait(&keychain->changed, &keychain->lock);
  }
  WxtSigning *signing = keychain->open;
  keychain->open = NULL;
  pthread_mutex_unlock(&keychain->lock);
  return signing;
}

static void log_nothing_secret(void *context, int32_t level, WxtStr message) {
  (void)level;
  char text[4096];
  copy_text(text, sizeof text, message);
  CHECK_LACKS(text, "wxtransfer test client");
  CHECK_LACKS(text, "CERTIFICATE");
  if (strstr(text, context) != NULL) {
    *(char *)context = '\0';
  }
}

static WxtSessionOptions options_with(Keychain *keychain, const char *file, const char *key, const WxtStr *host) {
  static char *chain = NULL;
  free(chain);
  chain = read_text(variable(file));
  memset(keychain, 0, sizeof *keychain);
  CHECK(pthread_mutex_init(&keychain->lock, NULL) == 0);
  CHECK(pthread_cond_init(&keychain->changed, NULL) == 0);
  keychain->key = key;
  WxtSessionOptions options = local_options();
  options.skip_domain_check = 1;
  options.client_certificate.chain = wxt_str(chain);
  options.client_certificate.hosts = host;
  options.client_certificate.host_count = 1;
  options.client_certificate.context = keychain;
  options.client_certificate.sign = sign;
  return options;
}

static const char *const servers[] = {"WXT_MUTUAL_URL", "WXT_MUTUAL_TLS12_URL"};

static const char *file_of(const char *server) {
  return format("%s/bytes/10", variable(server));
}

static void fails(WxtSession *session, const char *url, const char *words) {
  Recorder recorder = {0};
  start_download(session, url, &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, NULL);
  CHECK_CONTAINS(recorder.detail, words);
  CHECK(!recorder.retryable);
  recorder_forget(&recorder);
}

static void succeeds(WxtSession *session, const char *url) {
  Recorder recorder = {0};
  start_download(session, url, &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);
}

static void each_key_under_each_version(void) {
  WxtStr host = wxt_str("localhost");
  for (size_t i = 0; i < 2; i++) {
    Keychain keychain;
    WxtSessionOptions options = options_with(&keychain, "WXT_CLIENT_ECDSA_FILE", "ecdsa", &host);
    WxtSession *session = open_session(&options);
    succeeds(session, file_of(servers[i]));
    CHECK_NUMBER(keychain.scheme, WXT_SCHEME_ECDSA_P256_SHA256);
    succeeds(session, file_of(servers[i]));
    CHECK_NUMBER(keychain.asked, 1);
    close_session(session);

    options = options_with(&keychain, "WXT_CLIENT_RSA_FILE", "rsa", &host);
    session = open_session(&options);
    succeeds(session, file_of(servers[i]));
    CHECK_NUMBER(keychain.scheme, WXT_SCHEME_RSA_PSS_SHA256);
    close_session(session);
  }

  /* A key that supports only PKCS #1, like those of old smart cards. */
  Keychain keychain;
  uint16_t schemes[] = {WXT_SCHEME_RSA_PKCS1_SHA384, WXT_SCHEME_RSA_PKCS1_SHA256};
  WxtSessionOptions options = options_with(&keychain, "WXT_CLIENT_RSA_FILE", "rsa", &host);
  options.client_certificate.schemes = schemes;
  options.client_certificate.scheme_count = 2;
  WxtSession *session = open_session(&options);
  succeeds(session, file_of("WXT_MUTUAL_TLS12_URL"));
  CHECK_NUMBER(keychain.scheme, WXT_SCHEME_RSA_PKCS1_SHA384);
  fails(session, file_of("WXT_MUTUAL_URL"), "accepts none of the signature schemes of the given one");
  CHECK_NUMBER(keychain.asked, 1);
  close_session(session);
}

static void through_a_proxy(void) {
  WxtStr host = wxt_str("localhost");
  Keychain keychain;
  WxtSessionOptions options = options_with(&keychain, "WXT_CLIENT_ECDSA_FILE", "ecdsa", &host);
  options.proxy = wxt_str(variable("WXT_PROXY_URL"));
  WxtSession *session = open_session(&options);
  succeeds(session, file_of("WXT_MUTUAL_URL"));
  CHECK_NUMBER(keychain.asked, 1);
  close_session(session);
}

static void other_hosts_do_not_get_it(void) {
  WxtStr host = wxt_str("127.0.0.1");
  Keychain keychain;
  WxtSessionOptions options = options_with(&keychain, "WXT_CLIENT_ECDSA_FILE", "ecdsa", &host);
  WxtSession *session = open_session(&options);
  for (size_t i = 0; i < 2; i++) {
    fails(session, file_of(servers[i]), "there is none for this host");
    /* A redirect from a host that gets the certificate to one that does not. */
    const char *by_address = format("https://127.0.0.1%s", strrchr(variable(servers[i]), ':'));
    fails(session, format("%s/redirect/302?to=%s", by_address, file_of(servers[i])), "there is none for this host");
    CHECK_NUMBER(keychain.asked, i + 1);
  }
  /* A server that does not request a certificate. */
  succeeds(session, tls("/bytes/1"));
  CHECK_NUMBER(keychain.asked, 2);
  close_session(session);

  /* A session without a certificate. */
  options = local_options();
  options.skip_domain_check = 1;
  session = open_session(&options);
  fails(session, file_of("WXT_MUTUAL_URL"), "there is none for this host");
  close_session(session);
}

static void refusals(void) {
  WxtStr host = wxt_str("localhost");
  for (size_t i = 0; i < 2; i++) {
    Keychain keychain;
    WxtSessionOptions options = options_with(&keychain, "WXT_CLIENT_EXPIRED_FILE", "expired", &host);
    WxtSession *session = open_session(&options);
    fails(session, file_of(servers[i]), "it refuses the client certificate");
    close_session(session);

    /* A signature of another key. */
    options = options_with(&keychain, "WXT_CLIENT_ECDSA_FILE", "expired", &host);
    session = open_session(&options);
    fails(session, file_of(servers[i]), "does not verify with the client certificate's key and the scheme 0x0403");

    /* No signature: the user declined. */
    keychain.key = NULL;
    Recorder recorder = {0};
    start_download(session, file_of(servers[i]), &recorder);
    CHECK_NUMBER(wxt_signing_finish(wait_for_question(&keychain), NULL, 0), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, NULL);
    CHECK_CONTAINS(recorder.err_msg, "gave no signature");
    recorder_forget(&recorder);

    /* A length without a pointer also counts as no signature. */
    start_download(session, file_of(servers[i]), &recorder);
    CHECK_NUMBER(wxt_signing_finish(wait_for_question(&keychain), NULL, 1), WXT_INVALID_ARGUMENT);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, NULL);
    recorder_forget(&recorder);
    close_session(session);
  }
  CHECK_NUMBER(wxt_signing_finish(NULL, NULL, 0), WXT_INVALID_ARGUMENT);
}

/* Abort, deadline and close do not wait for the answer. A late answer is harmless. */
static void never_answered(void) {
  WxtStr host = wxt_str("localhost");
  uint8_t late[8] = {0};
  for (size_t i = 0; i < 2; i++) {
    Keychain keychain;
    WxtSessionOptions options = options_with(&keychain, "WXT_CLIENT_ECDSA_FILE", NULL, &host);
    WxtSession *session = open_session(&options);
    Recorder recorder = {0};
    WxtTaskId task = start_download(session, file_of(servers[i]), &recorder);
    WxtSigning *signing = wait_for_question(&keychain);
    CHECK_NUMBER(wxt_task_abort(session, task), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_ABORT_DOWNLOAD, WXT_CATEGORY_ABORTED, "downloadFile:fail abort");
    CHECK_NUMBER(wxt_signing_finish(signing, late, sizeof late), WXT_OK);
    recorder_forget(&recorder);

    WxtDownloadRequest request = wxt_download_request();
    request.url = wxt_str(file_of(servers[i]));
    request.timeout = 300;
    WxtCallbacks callbacks = recorded_by(&recorder);
    CHECK_NUMBER(wxt_download_file(session, &request, &callbacks, NULL, NULL), WXT_OK);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_TIMEOUT, WXT_CATEGORY_TIMEOUT, "downloadFile:fail timeout");
    CHECK_NUMBER(wxt_signing_finish(wait_for_question(&keychain), late, sizeof late), WXT_OK);
    recorder_forget(&recorder);

    start_download(session, file_of(servers[i]), &recorder);
    signing = wait_for_question(&keychain);
    close_session(session);
    CHECK_TEXT(recorder.order, "FCR");
    CHECK_NUMBER(wxt_signing_finish(signing, late, sizeof late), WXT_OK);
    recorder_forget(&recorder);
  }
}

static void check_refused(const WxtSessionOptions *options, WxtStatus expected) {
  WxtSession *session = NULL;
  CHECK_NUMBER(wxt_session_open(options, &session, NULL), expected);
  CHECK(session == NULL);
}

static void what_is_no_certificate(void) {
  WxtStr host = wxt_str("localhost");
  Keychain keychain;
  const WxtSessionOptions good = options_with(&keychain, "WXT_CLIENT_ECDSA_FILE", "ecdsa", &host);
  char expected[] = "cannot sign by the scheme 0x0804";
  uint16_t schemes[] = {WXT_SCHEME_RSA_PSS_SHA256};

  WxtSessionOptions options = good;
  options.client_certificate.sign = NULL;
  check_refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.client_certificate.host_count = 0;
  check_refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.client_certificate.chain = wxt_str(NULL);
  check_refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.client_certificate.scheme_count = 1;
  check_refused(&options, WXT_INVALID_ARGUMENT);
  options = good;
  options.client_certificate.chain = wxt_str("no PEM");
  check_refused(&options, WXT_INVALID_CERTIFICATE);
  host = wxt_str("https://localhost");
  check_refused(&good, WXT_INVALID_CERTIFICATE);
  host = wxt_str("localhost");
  options = good;
  options.client_certificate.schemes = schemes;
  options.client_certificate.scheme_count = 1;
  options.logger.log = log_nothing_secret;
  options.logger.context = expected;
  check_refused(&options, WXT_INVALID_CERTIFICATE);
  CHECK_TEXT(expected, "");
}

static void what_is_no_trust(void) {
  WxtSessionOptions options = local_options();
  options.skip_domain_check = 1;
  WxtSession *session = open_session(&options);
  uint8_t sha256[32] = {0};
  WxtPin pin = {wxt_str("localhost"), sha256, 31};
  WxtStr roots = options.root_certificates;
  succeeds(session, tls("/bytes/1"));
  WxtStatusDetail detail = wxt_status_detail();
  CHECK_NUMBER(wxt_session_set_trust(session, wxt_str("no PEM"), NULL, 0, &detail), WXT_INVALID_CERTIFICATE);
  CHECK_CONTAINS(detail.text, "root_certificates cannot be used");
  CHECK_LACKS(detail.text, "no PEM");
  CHECK_NUMBER(wxt_session_set_trust(session, roots, &pin, 1, &detail), WXT_INVALID_PIN);
  CHECK_TEXT(detail.text, "pins[0].sha256_length is 31, but must be 32");
  pin.sha256_length = 32;
  pin.host = wxt_str("https://localhost");
  CHECK_NUMBER(wxt_session_set_trust(session, roots, &pin, 1, &detail), WXT_INVALID_PIN);
  CHECK_CONTAINS(detail.text, "pins[0].host");
  CHECK_LACKS(detail.text, "localhost");
  CHECK_NUMBER(wxt_session_set_trust(session, roots, NULL, 1, &detail), WXT_INVALID_ARGUMENT);
  CHECK_CONTAINS(detail.text, "pins is NULL");
  CHECK_NUMBER(wxt_session_set_trust(NULL, roots, NULL, 0, NULL), WXT_INVALID_ARGUMENT);
  /* Nothing has changed: even the kept connection is still open. */
  succeeds(session, tls("/bytes/1"));
  WxtSessionStatistics statistics = {.struct_size = sizeof statistics};
  CHECK_NUMBER(wxt_session_statistics(session, &statistics), WXT_OK);
  CHECK_NUMBER(statistics.connections_opened, 1);
  CHECK_NUMBER(statistics.connections_reused, 1);

  /* The system's roots do not include the test server's. */
  WxtStatus status = wxt_session_set_trust(session, wxt_str(NULL), NULL, 0, NULL);
  if (status == WXT_OK) {
    Recorder recorder = {0};
    start_download(session, tls("/bytes/1"), &recorder);
    EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, NULL);
    recorder_forget(&recorder);
  } else {
    CHECK_NUMBER(status, WXT_TRUST_STORE_UNAVAILABLE);
  }
  CHECK_NUMBER(wxt_session_set_trust(session, roots, NULL, 0, &detail), WXT_OK);
  CHECK_TEXT(detail.text, "");
  succeeds(session, tls("/bytes/1"));
  close_session(session);
  CHECK_NUMBER(wxt_session_set_trust(session, roots, NULL, 0, NULL), WXT_SESSION_CLOSED);
}

int main(void) {
  begin();
  each_key_under_each_version();
  through_a_proxy();
  other_hosts_do_not_get_it();
  refusals();
  never_answered();
  what_is_no_certificate();
  what_is_no_trust();
  return 0;
}
