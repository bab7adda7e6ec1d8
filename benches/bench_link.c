/* Emulates a phone's link between two network namespaces: with limited rate, delay, jitter and loss.
 *
 *   bench_link SERVER_ADDRESS CLIENT_ADDRESS
 *
 * Makes a tun device with SERVER_ADDRESS in the current network namespace, and one with CLIENT_ADDRESS in a new namespace,
 * which is /proc/PID/ns/net. Needs root and /dev/net/tun. Prints `ready`. Ends when its standard input closes; both devices
 * and the new namespace end with it.
 *
 * Commands on the standard input, one per line; each is answered with one line:
 *
 *   set DOWN_KBIT UP_KBIT DELAY_MS JITTER_MS LOSS_PERCENT QUEUE_MS SEED
 *          the rates in kbit/s from and to the servers, the one-way delay, the largest random addition to it, the share of
 *          packets that are lost at random, the longest time that a packet may wait in the queue before it is dropped, and
 *          the seed of the random numbers. With the same seed, the same sequence of packets has the same fate.
 *   off    loses every packet, also packets under way
 *   on     restores the link
 *   count  prints the packets since the last `set`:
 *          `down_passed … down_lost … down_dropped … up_passed … up_lost … up_dropped …`
 */
#define _GNU_SOURCE /* unshare, ppoll */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  MTU = 1400,         /* of 1500 in mobile networks, minus their tunnel headers */
  DEVICE_QUEUE = 8192 /* packets that the kernel holds until they are read; the limited queue is `struct way` */
};
/* The tolerance of arrival times, so that one wake-up delivers several packets. */
static const unsigned long TIMER_SLACK_NS = 300 * 1000;

struct packet {
  struct packet *next;
  uint64_t arrival; /* ns */
  size_t length;
  char data[MTU];
};

/* One direction of the link. */
struct way {
  int input, output; /* tun devices */
  uint64_t rate;     /* bits a second */
  uint64_t random;   /* state of the random numbers */
  uint64_t departed; /* when the line becomes free, ns */
  struct packet *first, **last;
  uint64_t passed, lost, dropped;
};

static struct way down, up;
static uint64_t delay_ns, jitter_ns, queue_ns;
static double loss; /* 0 to 1 */
static bool is_off;

static void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fprintf(stderr, "bench_link: ");
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The next random number of a direction, in [0, 1): SplitMix64. */
static double random_of(struct way *way) {
  uint64_t bits = way->random += UINT64_C(0x9e3779b97f4a7c15);
  bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((bits ^ (bits >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

static void set_address(int descriptor, struct ifreq *request, unsigned long what, const char *text) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  if (inet_pton(AF_INET, text, &address.sin_addr) != 1) die("%s is no IPv4 address", text);
  memcpy(&request->ifr_addr, &address, sizeof address);
  if (ioctl(descriptor, what, request) != 0) die("the address of a device: %s", strerror(errno));
}

static void bring_up(int descriptor, struct ifreq *request) {
  request->ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(descriptor, SIOCSIFFLAGS, request) != 0) die("%s cannot be brought up: %s", request->ifr_name, strerror(errno));
}

/* Makes the device in the current namespace, and brings the loopback device up. */
static int open_device(const char *own_address, const char *other_address) {
  int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) die("/dev/net/tun: %s (modprobe tun)", strerror(errno));
  struct ifreq request = {.ifr_name = "link%d", .ifr_flags = IFF_TUN | IFF_NO_PI};
  if (ioctl(device, TUNSETIFF, &request) != 0) die("a tun device needs root: %s", strerror(errno));
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  if (descriptor < 0) die("a socket: %s", strerror(errno));
  set_address(descriptor, &request, SIOCSIFADDR, own_address);
  set_address(descriptor, &request, SIOCSIFDSTADDR, other_address);
  request.ifr_mtu = MTU;
  if (ioctl(descriptor, SIOCSIFMTU, &request) != 0) die("the MTU of a device: %s", strerror(errno));
  request.ifr_qlen = DEVICE_QUEUE;
  if (ioctl(descriptor, SIOCSIFTXQLEN, &request) != 0) die("the queue of a device: %s", strerror(errno));
  bring_up(descriptor, &request);
  struct ifreq loopback = {.ifr_name = "lo"};
  bring_up(descriptor, &loopback);
  close(descriptor);
  return device;
}

/* Returns the arrival time of a packet of `length` bytes; 0 if it does not arrive. */
static uint64_t fate(struct way *way, size_t length, uint64_t now) {
  double luck = random_of(way), lateness = random_of(way);
  uint64_t start = way->departed > now ? way->departed : now;
  if (is_off) {
    way->lost++;
    return 0;
  }
  if (start - now > queue_ns) {
    way->dropped++;
    return 0;
  }
  /* A lost packet still occupies the line. */
  way->departed = start + length * 8 * UINT64_C(1000000000) / way->rate;
  if (luck < loss) {
    way->lost++;
    return 0;
  }
  return way->departed + delay_ns + (uint64_t)(lateness * (double)jitter_ns);
}

static void take(struct way *way) {
  struct packet *packet = NULL;
  for (;;) {
    if (packet == NULL && (packet = malloc(sizeof *packet)) == NULL) die("no memory");
    ssize_t length = read(way->input, packet->data, sizeof packet->data);
    if (length <= 0) break;
    if (packet->data[0] >> 4 != 4) continue; /* IPv6, which the system sends by itself */
    packet->arrival = fate(way, (size_t)length, now_ns());
    if (packet->arrival == 0) continue;
    packet->length = (size_t)length;
    packet->next = NULL;
    *way->last = packet;
    way->last = &packet->next;
    packet = NULL;
  }
  free(packet);
}

/* Delivers in order, as mobile networks do: a packet waits for a delayed one before it. */
static void deliver(struct way *way, uint64_t now) {
  while (way->first != NULL && way->first->arrival <= now) {
    struct packet *packet = way->first;
    if ((way->first = packet->next) == NULL) way->last = &way->first;
    if (write(way->output, packet->data, packet->length) == (ssize_t)packet->length) way->passed++;
    free(packet);
  }
}

static void lose_all(struct way *way) {
  for (struct packet *packet = way->first, *next; packet != NULL; packet = next) {
    next = packet->next;
    way->lost++;
    free(packet);
  }
  way->first = NULL;
  way->last = &way->first;
}

static void reset(struct way *way, double kbit, uint64_t random) {
  way->rate = (uint64_t)(kbit * 1000);
  way->random = random;
  way->passed = way->lost = way->dropped = 0;
}

static void obey(char *line) {
  double down_kbit, up_kbit, delay, jitter, percent, queue;
  unsigned long long seed;
  line[strcspn(line, "\n")] = '\0';
  if (sscanf(line, "set %lf %lf %lf %lf %lf %lf %llu", &down_kbit, &up_kbit, &delay, &jitter, &percent, &queue, &seed) == 7) {
    if (down_kbit < 1 || up_kbit < 1) die("a rate has to be 1 kbit/s at least");
    delay_ns = (uint64_t)(delay * 1e6);
    jitter_ns = (uint64_t)(jitter * 1e6);
    queue_ns = (uint64_t)(queue * 1e6);
    loss = percent / 100;
    reset(&down, down_kbit, seed);
    reset(&up, up_kbit, ~seed);
  } else if (strcmp(line, "off") == 0) {
    is_off = true;
    lose_all(&down);
    lose_all(&up);
  } else if (strcmp(line, "on") == 0) {
    is_off = false;
  } else if (strcmp(line, "count") == 0) {
    printf("down_passed %llu down_lost %llu down_dropped %llu up_passed %llu up_lost %llu up_dropped %llu\n",
           (unsigned long long)down.passed, (unsigned long long)down.lost, (unsigned long long)down.dropped,
           (unsigned long long)up.passed, (unsigned long long)up.lost, (unsigned long long)up.dropped);
    fflush(stdout);
    return;
  } else {
    die("no such command: %s", line);
  }
  puts("ok");
  fflush(stdout);
}

/* Runs the complete commands in the input. Returns `false` at the end of the input. */
static bool read_commands(void) {
  static char text[1024];
  static size_t size;
  ssize_t count = read(STDIN_FILENO, text + size, sizeof text - 1 - size);
  if (count <= 0) return false;
  size += (size_t)count;
  text[size] = '\0';
  char *line = text;
  for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = '\0';
    obey(line);
  }
  size = strlen(line);
  if (size == sizeof text - 1) die("a command is too long");
  memmove(text, line, size + 1);
  return true;
}

static void wait_for_work(struct pollfd *watched, nfds_t count, uint64_t now) {
  uint64_t next = UINT64_MAX;
  if (down.first != NULL) next = down.first->arrival;
  if (up.first != NULL && up.first->arrival < next) next = up.first->arrival;
  uint64_t left = next > now ? next - now : 0;
  struct timespec limit = {.tv_sec = (time_t)(left / 1000000000), .tv_nsec = (long)(left % 1000000000)};
  if (ppoll(watched, count, next == UINT64_MAX ? NULL : &limit, NULL) < 0 && errno != EINTR) die("poll: %s", strerror(errno));
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: bench_link SERVER_ADDRESS CLIENT_ADDRESS\n");
    return 2;
  }
  prctl(PR_SET_TIMERSLACK, TIMER_SLACK_NS);
  int servers = open_device(argv[1], argv[2]);
  if (unshare(CLONE_NEWNET) != 0) die("a network namespace needs root: %s", strerror(errno));
  int clients = open_device(argv[2], argv[1]);
  down = (struct way){.input = servers, .output = clients, .rate = 1000000000, .last = &down.first};
  up = (struct way){.input = clients, .output = servers, .rate = 1000000000, .last = &up.first};
  queue_ns = 1000000000;
  puts("ready");
  fflush(stdout);
  struct pollfd watched[] = {
      {.fd = servers, .events = POLLIN}, {.fd = clients, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  for (;;) {
    uint64_t now = now_ns();
    deliver(&down, now);
    deliver(&up, now);
    wait_for_work(watched, 3, now);
    if (watched[0].revents != 0) take(&down);
    if (watched[1].revents != 0) take(&up);
    if (watched[2].revents != 0 && !read_commands()) return 0;
  }
}
