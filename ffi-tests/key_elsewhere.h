/*
 * A private key outside of this process, as in a Keychain or a Keystore. The test server has the key, and signs messages with it
 * (`POST /sign/{key}/{scheme}`).
 */

#ifndef KEY_ELSEWHERE_H
#define KEY_ELSEWHERE_H

/* Must precede the system's headers. */
#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Signs with the named key, and returns the length of the signature. Blocks, as real keys do. */
static inline size_t sign_elsewhere(const char *key, uint16_t scheme, const uint8_t *message, size_t message_length,
                                    uint8_t *signature, size_t size) {
  int peer = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(peer >= 0);
  struct sockaddr_in address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(strrchr(variable("WXT_PLAIN_URL"), ':') + 1));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(peer, (struct sockaddr *)&address, sizeof address) == 0);

  char head[256];
  int length = snprintf(head, sizeof head,
                        "POST /sign/%s/%u HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %lu\r\n\r\n",
                        key, (unsigned)scheme, (unsigned long)message_length);
  CHECK(write(peer, head, (size_t)length) == length);
  CHECK(write(peer, message, message_length) == (ssize_t)message_length);

  char answer[4096];
  size_t received = 0;
  ssize_t count;
  while ((count = read(peer, answer + received, sizeof answer - 1 - received)) > 0) {
    received += (size_t)count;
  }
  CHECK(count == 0);
  CHECK(close(peer) == 0);
  answer[received] = '\0';
  CHECK(strncmp(answer, "HTTP/1.1 200 ", strlen("HTTP/1.1 200 ")) == 0);
  char *body = strstr(answer, "\r\n\r\n");
  CHECK(body != NULL);
  body += 4;
  size_t body_length = received - (size_t)(body - answer);
  CHECK(body_length > 0 && body_length <= size);
  memcpy(signature, body, body_length);
  return body_length;
}

#endif
