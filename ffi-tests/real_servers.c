/*
 * Uploads to and downloads from servers of other projects, through include/wxtransfer.h only.
 *
 * real-servers.sh starts the servers and then this program:
 *
 *   real_servers WORK CASES NGINX NGINX_TLS APACHE APACHE_TLS OPENSSL_TLS_1_2 OPENSSL_TLS_1_3
 *
 * WORK contains the certificate, the files that the servers offer (files/), and the expected answers to uploads of files
 * (expected/). multipart_cases.py writes CASES: for each case its name, the file's name, and the name and value of one field,
 * each followed by a NUL. The other arguments are the servers' base URLs. Those of OpenSSL require a client certificate.
 *
 * Prints one line per check, which starts with "ok" or "FAILED".
 */

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "wxtransfer.h"

#define TEXT_SIZE 4096

/* The result of a task. */
struct result {
  pthread_mutex_t lock;
  pthread_cond_t ended;
  int released;
  int succeeded;
  int status;
  unsigned percent;
  bool reused;
  uint64_t length;
  char data[TEXT_SIZE];
  char path[TEXT_SIZE];
  char failure[TEXT_SIZE];
  char digest[TEXT_SIZE];
  char etag[TEXT_SIZE];
  char content_encoding[TEXT_SIZE];
  char content_range[TEXT_SIZE];
  char transfer_encoding[TEXT_SIZE];
};

static const char *work;
static WxtSession *session;
static int failed_checks;

static void check(int holds, const char *format, ...) {
  char text[TEXT_SIZE];
  size_t length;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  /* Most formats end with the text of a failure. It is empty after a success, so blanks at the end are removed. */
  for (length = strlen(text); length > 0 && text[length - 1] == ' '; length--) {
    text[length - 1] = '\0';
  }
  printf("%s %s\n", holds ? "ok" : "FAILED", text);
  fflush(stdout);
  failed_checks += !holds;
}

static void die(const char *what) {
  fprintf(stderr, "real_servers: %s\n", what);
  exit(2);
}

static void keep(char *target, WxtStr text) {
  size_t length = text.len < TEXT_SIZE - 1 ? text.len : TEXT_SIZE - 1;
  if (length > 0) {
    memcpy(target, text.ptr, length);
  }
  target[length] = '\0';
}

static void keep_header(char *target, const WxtHeadersReceived *event, const char *name) {
  WxtStr value;
  if (wxt_header_find(event->header, event->header_count, wxt_str(name), &value) == WXT_OK) {
    keep(target, value);
  }
}

static void on_headers_received(void *user_data, WxtTaskId task, const WxtHeadersReceived *event) {
  struct result *result = user_data;
  (void)task;
  keep_header(result->digest, event, "Repr-Digest");
  keep_header(result->digest, event, "Content-MD5");
  keep_header(result->etag, event, "ETag");
  keep_header(result->content_encoding, event, "Content-Encoding");
  keep_header(result->content_range, event, "Content-Range");
  keep_header(result->transfer_encoding, event, "Transfer-Encoding");
}

static void on_progress(void *user_data, WxtTaskId task, const WxtProgress *event) {
  (void)task;
  ((struct result *)user_data)->percent = event->progress;
}

static void on_success(void *user_data, WxtTaskId task, const WxtSuccess *event) {
  struct result *result = user_data;
  (void)task;
  result->succeeded = 1;
  result->status = event->status_code;
  result->length = event->data_length;
  result->reused = event->profile->socket_reused;
  keep(result->data, event->data);
  keep(result->path, event->native_path);
}

static void on_fail(void *user_data, WxtTaskId task, const WxtFailure *event) {
  (void)task;
  keep(((struct result *)user_data)->failure, event->err_msg);
}

static void release(void *user_data) {
  struct result *result = user_data;
  pthread_mutex_lock(&result->lock);
  result->released = 1;
  pthread_cond_signal(&result->ended);
  pthread_mutex_unlock(&result->lock);
}

static WxtCallbacks begin(struct result *result) {
  WxtCallbacks callbacks = wxt_callbacks();
  memset(result, 0, sizeof *result);
  pthread_mutex_init(&result->lock, NULL);
  pthread_cond_init(&result->ended, NULL);
  callbacks.user_data = result;
  callbacks.on_headers_received = on_headers_received;
  callbacks.on_progress = on_progress;
  callbacks.on_success = on_success;
  callbacks.on_fail = on_fail;
  callbacks.release = release;
  return callbacks;
}

/* Waits for the release. Every task has a deadline, so the release always comes. */
static void end(struct result *result, WxtStatus started) {
  if (started != WXT_OK) {
    die(wxt_status_text(started));
  }
  pthread_mutex_lock(&result->lock);
  while (!result->released) {
    pthread_cond_wait(&result->ended, &result->lock);
  }
  pthread_mutex_unlock(&result->lock);
}

static void download(struct result *result, const char *url, const char *header, const char *value) {
  WxtCallbacks callbacks = begin(result);
  WxtDownloadRequest request = wxt_download_request();
  WxtPair pair;
  request.url = wxt_str(url);
  if (header != NULL) {
    pair.name = wxt_str(header);
    pair.value = wxt_str(value);
    request.header = &pair;
    request.header_count = 1;
  }
  end(result, wxt_download_file(session, &request, &callbacks, NULL, NULL));
}

static void upload(struct result *result, const char *url, const char *path) {
  WxtCallbacks callbacks = begin(result);
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(url);
  request.file_path = wxt_str(path);
  request.name = wxt_str("file");
  end(result, wxt_upload_file(session, &request, &callbacks, NULL, NULL));
}

/* Uploads a file as the raw body with PUT. */
static void put(struct result *result, const char *url, const char *path) {
  WxtCallbacks callbacks = begin(result);
  WxtUploadRequest request = wxt_upload_request();
  request.url = wxt_str(url);
  request.file_path = wxt_str(path);
  request.method = WXT_METHOD_PUT;
  request.raw = 1;
  end(result, wxt_upload_file(session, &request, &callbacks, NULL, NULL));
}

/* Downloads with a check of the declared digest. */
static void verify(struct result *result, const char *url) {
  WxtCallbacks callbacks = begin(result);
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(url);
  request.verify_digest = 1;
  end(result, wxt_download_file(session, &request, &callbacks, NULL, NULL));
}

/* The path of a file below WORK, or a URL. Valid until the fourth call after this one. */
static const char *join(const char *base, const char *rest) {
  static char texts[4][TEXT_SIZE];
  static unsigned next;
  char *text = texts[next++ % 4];
  snprintf(text, TEXT_SIZE, "%s%s%s", base, base == work ? "/" : "", rest);
  return text;
}

/* The content of a file. The caller frees it. */
static char *content_of(const char *path, size_t *length) {
  struct stat status;
  FILE *file = fopen(path, "rb");
  char *content;
  if (file == NULL || fstat(fileno(file), &status) != 0) {
    die(path);
  }
  *length = (size_t)status.st_size;
  content = malloc(*length + 1);
  if (content == NULL || fread(content, 1, *length, file) != *length) {
    die(path);
  }
  content[*length] = '\0';
  fclose(file);
  return content;
}

/* Whether a downloaded file equals this part of a served file. Reads in parts, because memory is measured. */
static int has_content(const struct result *result, const char *name, long offset, uint64_t length) {
  static char ours[65536], theirs[65536];
  FILE *downloaded = result->succeeded ? fopen(result->path, "rb") : NULL;
  FILE *offered = fopen(join(work, name), "rb");
  size_t ours_length, theirs_length;
  uint64_t compared = 0;
  int same;
  if (offered == NULL) {
    die(name);
  }
  same = downloaded != NULL && fseek(offered, offset, SEEK_SET) == 0;
  while (same && compared < length) {
    size_t wanted = length - compared < sizeof theirs ? (size_t)(length - compared) : sizeof theirs;
    theirs_length = fread(theirs, 1, wanted, offered);
    ours_length = fread(ours, 1, wanted, downloaded);
    same = theirs_length == wanted && ours_length == wanted && memcmp(ours, theirs, wanted) == 0;
    compared += wanted;
  }
  same = same && fread(ours, 1, 1, downloaded) == 0 && result->length == length;
  if (downloaded != NULL) {
    fclose(downloaded);
  }
  fclose(offered);
  return same;
}

static uint64_t size_of(const char *name) {
  struct stat status;
  if (stat(join(work, name), &status) != 0) {
    die(name);
  }
  return (uint64_t)status.st_size;
}

static int is_whole(const struct result *result, const char *name) {
  return result->status == 200 && has_content(result, name, 0, size_of(name)) && result->percent == 100;
}

/* Whether the server received exactly the file. coreutils computed the expected length and SHA-256. */
static int was_received(const struct result *result, const char *name) {
  size_t length;
  char *expected = content_of(join(join(work, "expected/"), name), &length);
  int same = result->succeeded && result->status == 200 && strcmp(result->data, expected) == 0;
  free(expected);
  return same && result->percent == 100;
}

static void check_downloads(const char *server, const char *base) {
  struct result result;
  char etag[TEXT_SIZE];

  download(&result, join(base, "/files/small.bin"), NULL, NULL);
  check(is_whole(&result, "files/small.bin"), "%s: a small download %s", server, result.failure);
  memcpy(etag, result.etag, sizeof etag);

  download(&result, join(base, "/files/small.bin"), NULL, NULL);
  check(is_whole(&result, "files/small.bin") && result.reused, "%s: the second one on the same connection %s", server,
        result.failure);

  download(&result, join(base, "/files/large.bin"), NULL, NULL);
  check(is_whole(&result, "files/large.bin"), "%s: a large download %s", server, result.failure);

  download(&result, join(base, "/files/empty.bin"), NULL, NULL);
  check(is_whole(&result, "files/empty.bin"), "%s: an empty download %s", server, result.failure);

  download(&result, join(base, "/files/text.txt"), NULL, NULL);
  check(is_whole(&result, "files/text.txt") && strcmp(result.content_encoding, "gzip") == 0, "%s: gzip %s", server,
        result.failure);
  download(&result, join(base, "/files/text.txt"), NULL, NULL);
  check(is_whole(&result, "files/text.txt") && result.reused, "%s: the connection is kept after gzip %s", server,
        result.failure);

  download(&result, join(base, "/files/small.bin"), "Range", "bytes=1000-1999");
  check(result.status == 206 && has_content(&result, "files/small.bin", 1000, 1000) &&
            strncmp(result.content_range, "bytes 1000-1999/", 16) == 0,
        "%s: a range as it is %s", server, result.failure);
  download(&result, join(base, "/files/text.txt"), "Range", "bytes=1000-1999");
  check(result.status == 206 && has_content(&result, "files/text.txt", 1000, 1000), "%s: a range of text %s", server,
        result.failure);
  download(&result, join(base, "/files/small.bin"), "Range", "bytes=999999999-");
  check(result.status == 416, "%s: a range beyond the end is 416 %s", server, result.failure);

  check(etag[0] != '\0', "%s: an ETag", server);
  download(&result, join(base, "/files/small.bin"), "If-None-Match", etag);
  check(result.status == 304 && result.length == 0, "%s: 304 is an empty success %s", server, result.failure);
  download(&result, join(base, "/files/small.bin"), NULL, NULL);
  check(is_whole(&result, "files/small.bin") && result.reused, "%s: the connection is kept after 304 %s", server,
        result.failure);

  download(&result, join(base, "/files/missing.bin"), NULL, NULL);
  check(result.succeeded && result.status == 404 && result.length > 0, "%s: 404 is a success %s", server,
        result.failure);

  download(&result, join(base, "/moved"), NULL, NULL);
  check(is_whole(&result, "files/small.bin"), "%s: a redirect is followed %s", server, result.failure);

  download(&result, join(base, "/close/small.bin"), NULL, NULL);
  check(is_whole(&result, "files/small.bin") && result.transfer_encoding[0] == '\0',
        "%s: a body that ends with the connection %s", server, result.failure);
  download(&result, join(base, "/close/small.bin"), NULL, NULL);
  check(is_whole(&result, "files/small.bin") && !result.reused, "%s: that connection is not used again %s", server,
        result.failure);
}

static void check_digests(const char *server, const char *base) {
  struct result result;
  verify(&result, join(base, "/digest/text.txt"));
  check(is_whole(&result, "files/text.txt") && result.digest[0] != '\0' && result.content_encoding[0] == '\0',
        "%s: a declared digest is checked, of a body without a coding %s", server, result.failure);
  verify(&result, join(base, "/wrong/text.txt"));
  check(!result.succeeded && strstr(result.failure, "the file has another digest than") != NULL,
        "%s: a wrong digest fails: %s", server, result.failure);
}

/* nginx stores a body unchanged. */
static void check_puts(const char *server, const char *base) {
  static const char *const files[] = {"files/small.bin", "files/empty.bin", "files/large.bin"};
  struct result result;
  size_t index;
  for (index = 0; index < sizeof files / sizeof files[0]; index++) {
    put(&result, join(base, join("/put/", files[index])), join(work, files[index]));
    check(result.succeeded && (result.status == 201 || result.status == 204) && result.percent == 100,
          "%s: PUT of %s %s", server, files[index], result.failure);
    result.length = size_of(files[index]);
    snprintf(result.path, sizeof result.path, "%s/put/%s", work, files[index]);
    check(has_content(&result, files[index], 0, result.length), "%s: %s was stored as it is", server, files[index]);
  }
}

static void check_uploads(const char *server, const char *base) {
  struct result result;
  const char *small = join(work, "files/small.bin");
  char small_path[TEXT_SIZE], large_path[TEXT_SIZE];
  struct timespec before, after;
  int round, received;
  snprintf(small_path, sizeof small_path, "%s", small);
  snprintf(large_path, sizeof large_path, "%s", join(work, "huge.bin"));

  upload(&result, join(base, "/upload"), small_path);
  check(was_received(&result, "small.bin"), "%s: a small upload %s", server, result.failure);
  upload(&result, join(base, "/upload"), small_path);
  check(was_received(&result, "small.bin") && result.reused, "%s: the second one on the same connection %s", server,
        result.failure);

  upload(&result, join(base, "/upload?chunked"), small_path);
  check(was_received(&result, "small.bin") && strcmp(result.transfer_encoding, "chunked") == 0,
        "%s: a chunked answer %s", server, result.failure);
  upload(&result, join(base, "/upload"), small_path);
  check(was_received(&result, "small.bin") && result.reused, "%s: the connection is kept after chunks %s", server,
        result.failure);

  upload(&result, join(base, "/close/upload"), small_path);
  check(was_received(&result, "small.bin"), "%s: an answer that ends with the connection %s", server, result.failure);

  clock_gettime(CLOCK_MONOTONIC, &before);
  upload(&result, join(base, "/upload?slow"), small_path);
  clock_gettime(CLOCK_MONOTONIC, &after);
  check(was_received(&result, "small.bin") && after.tv_sec - before.tv_sec >= 1, "%s: a slow backend is waited for %s",
        server, result.failure);

  upload(&result, join(base, "/moved-upload"), small_path);
  check(was_received(&result, "small.bin"), "%s: 307 sends the file again %s", server, result.failure);

  received = 0;
  for (round = 0; round < 10; round++) {
    upload(&result, join(base, "/limited/upload"), large_path);
    received += result.succeeded && result.status == 413 && strstr(result.data, "413") != NULL;
  }
  check(received == 10, "%s: 413 while the body is being sent, %d of 10 %s", server, received, result.failure);

  upload(&result, join(base, "/upload"), large_path);
  check(was_received(&result, "huge.bin"), "%s: a huge upload %s", server, result.failure);
}

/* Uploads one file with each hostile name. The server stores what it receives for multipart_cases.py. */
static void upload_cases(const char *base, const char *path) {
  size_t length;
  char *cases = content_of(path, &length);
  const char *next = cases;
  int number;
  for (number = 0; next < cases + length; number++) {
    struct result result;
    WxtCallbacks callbacks = begin(&result);
    WxtUploadRequest request = wxt_upload_request();
    WxtPair field;
    WxtStr *targets[4];
    char url[TEXT_SIZE];
    int index;
    targets[0] = &request.name;
    targets[1] = &request.file_name;
    targets[2] = &field.name;
    targets[3] = &field.value;
    for (index = 0; index < 4; index++) {
      *targets[index] = wxt_str(next);
      next += targets[index]->len + 1;
    }
    snprintf(url, sizeof url, "%s/upload?keep=%d", base, number);
    request.url = wxt_str(url);
    request.file_path = wxt_str(join(work, "files/part.bin"));
    request.form_data = &field;
    request.form_data_count = 1;
    end(&result, wxt_upload_file(session, &request, &callbacks, NULL, NULL));
    check(result.succeeded && result.status == 200, "multipart case %d is sent %s", number, result.failure);
  }
  free(cases);
}

/* The server supports only one version of TLS, and rejects a client without a certificate. */
static void check_client_certificate(const char *version, const char *base) {
  struct result result;
  download(&result, join(base, "/"), NULL, NULL);
  check(strstr(result.failure, "it wants a client certificate") != NULL,
        "OpenSSL, %s: the failure says that a client certificate is required: %s", version, result.failure);
}

int main(int argc, char **argv) {
  WxtSessionOptions options = wxt_session_options();
  WxtStatus status;
  struct rusage usage;
  size_t length;
  char *certificate;
  static const char *const servers[] = {"nginx, plain", "nginx, TLS", "Apache, plain", "Apache, TLS"};
  int index;
  if (argc != 9) {
    die("usage: real_servers WORK CASES NGINX NGINX_TLS APACHE APACHE_TLS OPENSSL_TLS_1_2 OPENSSL_TLS_1_3");
  }
  work = argv[1];
  certificate = content_of(join(work, "authority.pem"), &length);
  options.app_id = wxt_str("wx1234567890abcdef");
  options.platform = WXT_PLATFORM_ANDROID;
  options.client_version = wxt_str("8.0.50");
  options.data_directory = wxt_str(join(work, "data"));
  options.path_policy = WXT_PATHS_NATIVE;
  options.lan_policy = WXT_LAN_ALL_LOCAL;
  options.allow_plain_http = 1;
  options.root_certificates = wxt_str(certificate);
  status = wxt_session_open(&options, &session, NULL);
  if (status != WXT_OK) {
    die(wxt_status_text(status));
  }
  for (index = 0; index < 4; index++) {
    check_downloads(servers[index], argv[3 + index]);
    check_uploads(servers[index], argv[3 + index]);
    check_digests(servers[index], argv[3 + index]);
  }
  check_puts(servers[0], argv[3]);
  check_puts(servers[1], argv[4]);
  check_client_certificate("TLS 1.2", argv[7]);
  check_client_certificate("TLS 1.3", argv[8]);
  getrusage(RUSAGE_SELF, &usage);
  check(usage.ru_maxrss < 64 * 1024, "files are streamed: the most memory in use was %ld KiB", usage.ru_maxrss);
  upload_cases(argv[4], argv[2]);
  status = wxt_session_close(session);
  check(status == WXT_OK, "the session closes");
  free(certificate);
  return failed_checks == 0 ? 0 : 1;
}
