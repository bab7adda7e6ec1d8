/* Measures the minimum cost of a plain transfer: the system calls that any program has to make.
 *
 * download   one request, then read(2) from the socket and write(2) to a file
 * upload     read(2) from the file and write(2) to the socket, as the body of a POST
 * pages      write(2) of --bytes to a file from one buffer: the cost of the file's pages, without a socket
 *
 * --count transfers, --parallel at once in a thread each, --buffer bytes per call. With --twice a download's bytes go
 * through a second buffer, as with every HTTP library that offers a `read` function, such as ureq.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

enum { LEAST_BUFFER = 16 * 1024, SECOND_BUFFER = 64 * 1024 };

static int connect_to(const char *url, char target[1024]) {
  unsigned port;
  if (sscanf(url, "http://localhost:%u%1023s", &port, target) != 2) die("http://localhost:PORT/… only");
  int connection = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  return connection;
}

static void write_all(int descriptor, const char *bytes, size_t count) {
  while (count > 0) {
    ssize_t written = write(descriptor, bytes, count);
    if (written <= 0) die("write");
    bytes += written;
    count -= (size_t)written;
  }
}

/* Writes received bytes, through the buffer `second` unless it is NULL. */
static void write_received(int file, const char *bytes, size_t count, char *second) {
  if (second == NULL) {
    write_all(file, bytes, count);
    return;
  }
  for (size_t done = 0, part; done < count; done += part) {
    part = count - done < SECOND_BUFFER ? count - done : SECOND_BUFFER;
    memcpy(second, bytes + done, part);
    write_all(file, second, part);
  }
}

/* Reads the head, which these servers send in one piece; returns the start of the body. */
static char *read_head(int connection, char *buffer, ssize_t *count) {
  *count = read(connection, buffer, LEAST_BUFFER - 1);
  if (*count <= 0) die("no answer");
  buffer[*count] = '\0';
  char *body = strstr(buffer, "\r\n\r\n");
  if (body == NULL || strncmp(buffer, "HTTP/1.1 200", 12) != 0) die("no such file");
  return body + 4;
}

static int create_file(const struct options *options, long number) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%ld", options->directory, number);
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) die("%s cannot be written", path);
  return file;
}

static uint64_t pages(const struct options *options, long number, const char *buffer) {
  int file = create_file(options, number);
  for (long done = 0, part; done < options->bytes; done += part) {
    part = options->bytes - done < options->buffer ? options->bytes - done : options->buffer;
    write_all(file, buffer, (size_t)part);
  }
  close(file);
  return (uint64_t)options->bytes;
}

static uint64_t download(const struct options *options, long number, char *buffer, char *second) {
  char target[1024];
  int connection = connect_to(options->url, target);
  int length = snprintf(buffer, LEAST_BUFFER, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
  write_all(connection, buffer, (size_t)length);
  int file = create_file(options, number);
  ssize_t count;
  char *body = read_head(connection, buffer, &count);
  uint64_t bytes = (uint64_t)(buffer + count - body);
  const char *field = strstr(buffer, "Content-Length: ");
  if (field == NULL) die("no Content-Length");
  uint64_t size = strtoull(field + strlen("Content-Length: "), NULL, 10);
  write_received(file, body, bytes, second);
  while (bytes < size && (count = read(connection, buffer, (size_t)options->buffer)) > 0) {
    write_received(file, buffer, (size_t)count, second);
    bytes += (uint64_t)count;
  }
  if (bytes != size) die("read");
  close(file);
  close(connection);
  return bytes;
}

static uint64_t upload(const struct options *options, char *buffer) {
  char target[1024];
  struct stat status;
  int file = open(options->file, O_RDONLY);
  if (file < 0 || fstat(file, &status) != 0) die("%s cannot be read", options->file);
  int connection = connect_to(options->url, target);
  int length = snprintf(buffer, LEAST_BUFFER, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %lld\r\n\r\n", target,
                        (long long)status.st_size);
  write_all(connection, buffer, (size_t)length);
  ssize_t count;
  while ((count = read(file, buffer, (size_t)options->buffer)) > 0) write_all(connection, buffer, (size_t)count);
  if (count < 0) die("read");
  read_head(connection, buffer, &count);
  close(file);
  close(connection);
  return (uint64_t)status.st_size;
}

struct work {
  const struct options *options;
  atomic_long next;
  atomic_ullong bytes;
};

/* Page-aligned. malloc returns addresses a few bytes after a page start, to which some processors copy at half speed. */
static char *allocate(size_t size) {
  char *buffer = aligned_alloc(4096, size);
  if (buffer == NULL) die("aligned_alloc");
  return buffer;
}

static void *work(void *argument) {
  struct work *work = argument;
  const struct options *options = work->options;
  char *buffer = allocate((size_t)options->buffer);
  char *second = options->twice ? allocate(SECOND_BUFFER) : NULL;
  memset(buffer, 7, (size_t)options->buffer);
  const char *command = options->command;
  long number;
  while ((number = atomic_fetch_add(&work->next, 1)) < options->count) {
    uint64_t bytes = strcmp(command, "pages") == 0    ? pages(options, number, buffer)
                     : strcmp(command, "upload") == 0 ? upload(options, buffer)
                                                      : download(options, number, buffer, second);
    atomic_fetch_add(&work->bytes, bytes);
  }
  free(second);
  free(buffer);
  return NULL;
}

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  if (options.buffer < LEAST_BUFFER) options.buffer = LEAST_BUFFER;
  struct work all = {.options = &options};
  pthread_t *threads = calloc((size_t)options.parallel, sizeof *threads);
  if (threads == NULL) die("calloc");
  struct measurement begin = measurement_begin();
  for (long i = 0; i < options.parallel; i++) {
    if (pthread_create(&threads[i], NULL, work, &all) != 0) die("pthread_create");
  }
  for (long i = 0; i < options.parallel; i++) pthread_join(threads[i], NULL);
  measurement_print(begin, all.bytes, options.count);
  free(threads);
  return 0;
}
