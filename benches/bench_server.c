/* A server with minimal cost, so that the client is measured: it discards uploads and generates downloads. HTTP/1.1 with
 * keep-alive, plain and TLS, one thread per connection.
 *
 *   bench_server CERTIFICATE KEY DIRECTORY ADDRESS     prints `plain PORT` and `tls PORT`; ends when its stdin closes
 *
 *   POST /sink         discards the body
 *   POST /keep/NAME    the body is written to DIRECTORY/NAME, to be verified
 *   GET /bytes/N       N bytes
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER_SIZE = 256 * 1024 };

static SSL_CTX *tls_context;
static const char *directory;

struct connection {
  int descriptor;
  SSL *tls; /* NULL if plain */
  size_t begin, end;
  char buffer[BUFFER_SIZE];
};

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static ssize_t receive(struct connection *connection, char *buffer, size_t size) {
  if (connection->tls == NULL) return recv(connection->descriptor, buffer, size, 0);
  return SSL_read(connection->tls, buffer, (int)size);
}

static bool send_all(struct connection *connection, const char *data, size_t size) {
  while (size > 0) {
    ssize_t count = connection->tls == NULL ? send(connection->descriptor, data, size, 0)
                                            : SSL_write(connection->tls, data, (int)size);
    if (count <= 0) return false;
    data += count;
    size -= (size_t)count;
  }
  return true;
}

/* Reads the next request head, NUL-terminated; NULL at the end of the connection. */
static char *read_head(struct connection *connection) {
  memmove(connection->buffer, connection->buffer + connection->begin, connection->end - connection->begin);
  connection->end -= connection->begin;
  connection->begin = 0;
  for (;;) {
    connection->buffer[connection->end] = '\0';
    char *end = strstr(connection->buffer, "\r\n\r\n");
    if (end != NULL) {
      *end = '\0';
      connection->begin = (size_t)(end + 4 - connection->buffer);
      return connection->buffer;
    }
    if (connection->end >= 65536) return NULL;
    ssize_t count = receive(connection, connection->buffer + connection->end, 65536);
    if (count <= 0) return NULL;
    connection->end += (size_t)count;
  }
}

static const char *header(const char *head, const char *name) {
  size_t length = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line + 2, "\r\n")) {
    if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
      const char *value = line + 3 + length;
      return value + strspn(value, " ");
    }
  }
  return NULL;
}

static bool read_body(struct connection *connection, uint64_t length, int output) {
  size_t there = connection->end - connection->begin;
  if (there > length) there = length;
  if (output >= 0 && write(output, connection->buffer + connection->begin, there) != (ssize_t)there) return false;
  connection->begin += there;
  for (uint64_t left = length - there; left > 0;) {
    connection->begin = connection->end = 0;
    size_t size = left < BUFFER_SIZE ? left : BUFFER_SIZE;
    ssize_t count;
    if (connection->tls == NULL && output < 0) {
      /* The kernel discards the bytes. */
      count = recv(connection->descriptor, NULL, left < (1 << 20) ? left : (1 << 20), MSG_TRUNC);
    } else {
      count = receive(connection, connection->buffer, size);
    }
    if (count <= 0) return false;
    if (output >= 0 && write(output, connection->buffer, (size_t)count) != count) return false;
    left -= (uint64_t)count;
  }
  return true;
}

static bool answer(struct connection *connection, uint64_t length) {
  static const char zeros[BUFFER_SIZE];
  char head[256];
  int size = snprintf(head, sizeof head,
                      "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %llu\r\n\r\n",
                      (unsigned long long)length);
  if (!send_all(connection, head, (size_t)size)) return false;
  while (length > 0) {
    size_t part = length < sizeof zeros ? length : sizeof zeros;
    if (!send_all(connection, zeros, part)) return false;
    length -= part;
  }
  return true;
}

static bool serve_one(struct connection *connection) {
  char *head = read_head(connection);
  if (head == NULL) return false;
  unsigned long long bytes;
  if (sscanf(head, "GET /bytes/%llu", &bytes) == 1) return answer(connection, bytes);
  const char *length = header(head, "Content-Length");
  if (strncmp(head, "POST /", 6) != 0 || length == NULL) return false;
  bytes = strtoull(length, NULL, 10);
  const char *expect = header(head, "Expect");
  char name[256] = "", path[4096];
  int output = -1;
  if (sscanf(head, "POST /keep/%255[A-Za-z0-9_-]", name) == 1) {
    snprintf(path, sizeof path, "%s/%s", directory, name);
    output = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (output < 0) fail(path);
  }
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  bool good = (expect == NULL || send_all(connection, go_on, sizeof go_on - 1)) &&
              read_body(connection, bytes, output);
  if (output >= 0) close(output);
  return good && answer(connection, 2);
}

static void *serve(void *argument) {
  struct connection *connection = argument;
  int yes = 1;
  setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  bool good = true;
  if (connection->tls != NULL) {
    SSL_set_fd(connection->tls, connection->descriptor);
    good = SSL_accept(connection->tls) == 1;
  }
  while (good && serve_one(connection)) {
  }
  if (connection->tls != NULL) {
    if (good) SSL_shutdown(connection->tls);
    SSL_free(connection->tls);
  }
  close(connection->descriptor);
  free(connection);
  return NULL;
}

struct listener {
  int descriptor;
  bool tls;
};

static void *accept_all(void *argument) {
  struct listener *listener = argument;
  for (;;) {
    int descriptor = accept(listener->descriptor, NULL, NULL);
    if (descriptor < 0) continue;
    struct connection *connection = calloc(1, sizeof *connection);
    if (connection == NULL) fail("calloc");
    connection->descriptor = descriptor;
    if (listener->tls) connection->tls = SSL_new(tls_context);
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, connection) != 0) fail("pthread_create");
    pthread_detach(thread);
  }
  return NULL;
}

static void listen_on(struct listener *listener, bool tls, const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, text, &address.sin_addr) != 1) fail(text);
  socklen_t size = sizeof address;
  listener->tls = tls;
  listener->descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener->descriptor, (struct sockaddr *)&address, size) != 0) fail("bind");
  if (listen(listener->descriptor, 128) != 0) fail("listen");
  getsockname(listener->descriptor, (struct sockaddr *)&address, &size);
  printf("%s %d\n", tls ? "tls" : "plain", ntohs(address.sin_port));
  pthread_t thread;
  if (pthread_create(&thread, NULL, accept_all, listener) != 0) fail("pthread_create");
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: bench_server CERTIFICATE KEY DIRECTORY ADDRESS\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  directory = argv[3];
  tls_context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(tls_context, argv[1]) != 1 ||
      SSL_CTX_use_PrivateKey_file(tls_context, argv[2], SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    return 1;
  }
  /* Many records per read(2): by default OpenSSL makes two reads per record, and the server would be the limit. */
  SSL_CTX_set_read_ahead(tls_context, 1);
  SSL_CTX_set_default_read_buffer_len(tls_context, BUFFER_SIZE);
  static struct listener plain, tls;
  listen_on(&plain, false, argv[4]);
  listen_on(&tls, true, argv[4]);
  fflush(stdout);
  char ignored[256];
  while (read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
  return 0;
}
