/* The least that a plain download can cost: one request, then read(2) from the socket and write(2) to a file. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { BUFFER_SIZE = 256 * 1024 };

int main(int argc, char **argv) {
  struct options options = parse_options(argc, argv);
  unsigned port;
  char target[1024];
  if (sscanf(options.url, "http://localhost:%u%1023s", &port, target) != 2) die("http://localhost:PORT/… only");
  char path[4096];
  snprintf(path, sizeof path, "%s/raw", options.directory);
  char *buffer = malloc(BUFFER_SIZE);
  struct measurement begin = measurement_begin();
  int socket_descriptor = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_descriptor, (struct sockaddr *)&address, sizeof address) != 0) die("connect");
  int length = snprintf(buffer, BUFFER_SIZE, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
  if (write(socket_descriptor, buffer, (size_t)length) != length) die("write");
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) die("%s cannot be written", path);
  ssize_t count = read(socket_descriptor, buffer, BUFFER_SIZE - 1);
  if (count <= 0) die("no answer");
  buffer[count] = '\0';
  char *body = strstr(buffer, "\r\n\r\n");
  if (body == NULL || strncmp(buffer, "HTTP/1.1 200", 12) != 0) die("no such file");
  body += 4;
  uint64_t bytes = (uint64_t)(buffer + count - body);
  if (write(file, body, bytes) != (ssize_t)bytes) die("write");
  while ((count = read(socket_descriptor, buffer, BUFFER_SIZE)) > 0) {
    if (write(file, buffer, (size_t)count) != count) die("write");
    bytes += (uint64_t)count;
  }
  if (count < 0) die("read");
  close(file);
  measurement_print(begin, bytes, 1);
  return 0;
}
