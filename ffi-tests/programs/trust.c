/* A client certificate whose key is outside of the process, and other roots and pins in an open session. */

#include "../key_elsewhere.h"

typedef struct {
  uint16_t scheme;
  uint8_t *message;
  size_t message_length;
  WxtSigning *signing;
} Question;

/* Runs on a thread of the app, because the key may be slow: it may ask the user. */
static void *answer(void *data) {
  Question *question = data;
  uint8_t signature[512];
  size_t length = sign_elsewhere("ecdsa", question->scheme, question->message, question->message_length, signature,
                                 sizeof signature);
  /* A user who declines is (NULL, 0). */
  CHECK_NUMBER(wxt_signing_finish(question->signing, signature, length), WXT_OK);
  free(question->message);
  free(question);
  return NULL;
}

/* Called during a handshake. It returns at once, and the answer comes later. */
static void sign(void *context, uint16_t scheme, const uint8_t *message, size_t message_length, WxtSigning *signing) {
  (void)context;
  Question *question = malloc(sizeof *question);
  CHECK(question != NULL);
  question->scheme = scheme;
  question->message = malloc(message_length);
  CHECK(question->message != NULL);
  memcpy(question->message, message, message_length);
  question->message_length = message_length;
  question->signing = signing;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, answer, question) == 0);
  CHECK(pthread_detach(thread) == 0);
}

static WxtStatus open_with_certificate(WxtSessionOptions options, const char *chain, WxtSession **session) {
  WxtStr host = wxt_str("localhost"); /* only this server gets it */
  uint16_t scheme = WXT_SCHEME_ECDSA_P256_SHA256;
  options.client_certificate.chain = wxt_str(chain);
  options.client_certificate.hosts = &host;
  options.client_certificate.host_count = 1;
  options.client_certificate.schemes = &scheme; /* default: all that fit the key */
  options.client_certificate.scheme_count = 1;
  options.client_certificate.sign = sign;
  return wxt_session_open(&options, session, NULL);
}

int main(void) {
  begin();
  char *chain = read_text(variable("WXT_CLIENT_FILE"));
  char *roots = read_text(variable("WXT_CA_FILE"));
  WxtSession *session = NULL;
  WxtSessionOptions options = local_options();
  options.skip_domain_check = 1;
  CHECK_NUMBER(open_with_certificate(options, chain, &session), WXT_OK);

  Recorder recorder = {0};
  start_download(session, format("%s/bytes/10", variable("WXT_MUTUAL_URL")), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);

  /* The app has received a pin. It applies to new connections. The certificate stays. */
  uint8_t sha256[32];
  for (size_t i = 0; i < sizeof sha256; i++) {
    unsigned byte;
    CHECK(sscanf(variable("WXT_PIN") + 2 * i, "%2x", &byte) == 1);
    sha256[i] = (uint8_t)byte;
  }
  WxtPin pin = {wxt_str("localhost"), sha256, sizeof sha256};
  CHECK_NUMBER(wxt_session_set_trust(session, wxt_str(roots), &pin, 1, NULL), WXT_OK);
  start_download(session, format("%s/bytes/10", variable("WXT_MUTUAL_URL")), &recorder);
  EXPECT_SUCCESS(&recorder, 200);
  recorder_forget(&recorder);

  sha256[0] ^= 1;
  CHECK_NUMBER(wxt_session_set_trust(session, wxt_str(roots), &pin, 1, NULL), WXT_OK);
  start_download(session, format("%s/bytes/10", variable("WXT_MUTUAL_URL")), &recorder);
  EXPECT_FAILURE(&recorder, WXT_ERRNO_NETWORK, WXT_CATEGORY_TLS, NULL);
  CHECK_CONTAINS(recorder.detail, "pinned keys");
  recorder_forget(&recorder);

  close_session(session);
  free(chain);
  free(roots);
  return 0;
}
