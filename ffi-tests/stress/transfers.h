/* Uploads with each kind of body, downloads, aborts, and a host's other calls. */

#ifndef STRESS_TRANSFERS_H
#define STRESS_TRANSFERS_H

#include "files.h"

enum { URL_SIZE = 256 };

static uint32_t trust_count, rate_count;

/* Mostly a server with random behaviour, which the number in the path chooses. */
static const char *some_url(Random *random, char *url) {
  const char *base = variable(one_in(random, 4) ? "WXT_RANDOM_TLS_URL" : "WXT_RANDOM_PLAIN_URL");
  uint32_t number = below(random, 1u << 30);
  static const char *const honest[] = {"/bytes/30000?gzip=1", "/redirect/302?n=2", "/drip?n=4&ms=5", "/bytes/9000?digest=0",
                                       "/bytes/100000", "/slow?ms=20"};
  switch (below(random, 64)) {
    case 0: snprintf(url, URL_SIZE, "%s%s", variable("WXT_PLAIN_URL"), honest[below(random, 6)]); break;
    case 1: snprintf(url, URL_SIZE, "%s%s", variable("WXT_TLS_URL"), honest[below(random, 6)]); break;
    case 2: snprintf(url, URL_SIZE, "%s/", variable("WXT_BLACK_HOLE_URL")); break;
    case 3: snprintf(url, URL_SIZE, "http://127.0.0.1:1/"); break;
    case 4: snprintf(url, URL_SIZE, "https://not-listed.example/"); break;
    case 5: snprintf(url, URL_SIZE, "no url"); break;
    case 10: snprintf(url, URL_SIZE, "%s%s", variable("WXT_MUTUAL_URL"), honest[below(random, 6)]); break;
    /* A small range, so that later calls find the partial files of earlier ones. */
    case 6:
    case 7:
    case 8:
    case 9: snprintf(url, URL_SIZE, "%s/resume/%u", base, number % 64); break;
    default: snprintf(url, URL_SIZE, "%s/random/%u", base, number); break;
  }
  return url;
}

static void start_some_download(Session *session, Random *random) {
  char url[URL_SIZE], path[PATH_SIZE];
  WxtPair header[2] = {{wxt_str("X-Stress"), wxt_str("1")}, {wxt_str("Accept-Encoding"), wxt_str("gzip")}};
  WxtDownloadRequest request = wxt_download_request();
  request.url = wxt_str(some_url(random, url));
  request.timeout = one_in(random, 2) ? patience * (1 + below(random, 300)) : 0;
  request.disable_profile = one_in(random, 2);
  request.header = header;
  request.header_count = below(random, 3);
  if (one_in(random, 4)) {
    snprintf(path, sizeof path, "wxfile://usr/d%u/f%u", below(random, 3), below(random, 4));
    request.file_path = wxt_str(path);
  }
  if (one_in(random, 16)) request.expected_sha256 = wxt_str("0000000000000000000000000000000000000000000000000000000000000000");
  if (one_in(random, 16)) request.expected_length = 1 + below(random, 20000);
  request.want_sha256 = one_in(random, 4);
  request.verify_digest = one_in(random, 4);
  request.needs_unmetered = one_in(random, 8);
  request.max_bytes_per_second = one_in(random, 8) ? 10000 + below(random, 1 << 20) : 0;
  request.priority = (int32_t)below(random, 5) - 2;
  WxtCallbacks callbacks;
  Task *task = begin_task(session, random, "download", &callbacks);
  if (task == NULL) return;
  WxtTaskId id = 0;
  WxtStatus status = wxt_download_file(session->handle, &request, &callbacks, &id, NULL);
  end_start(session, random, task, status, id);
}

/* A download that no server answers. */
static void start_endless_download(Session *session, Random *random) {
  char url[URL_SIZE];
  WxtDownloadRequest request = wxt_download_request();
  snprintf(url, sizeof url, "%s/", variable("WXT_BLACK_HOLE_URL"));
  request.url = wxt_str(url);
  request.timeout = 60000;
  WxtCallbacks callbacks;
  Task *task = begin_task(session, random, endless_download, &callbacks);
  if (task == NULL) return;
  WxtTaskId id = 0;
  WxtStatus status = wxt_download_file(session->handle, &request, &callbacks, &id, NULL);
  end_start(session, random, task, status, id);
}

/* The writing end of a pipe for an upload: its bytes come late, in pieces, or incompletely. */
typedef struct {
  int descriptor;
  uint32_t left;
  uint32_t pause;
} Feeder;

static void feed(void *data) {
  Feeder *feeder = data;
  char piece[2000] = {0};
  size_t length = feeder->left < sizeof piece ? feeder->left : sizeof piece;
  ssize_t written = write(feeder->descriptor, piece, length);
  if (written > 0) feeder->left -= (uint32_t)written;
  bool again = written > 0 || errno == EAGAIN;
  if (feeder->left > 0 && again) {
    do_later(feeder->pause, feed, feeder);
    return;
  }
  CHECK(close(feeder->descriptor) == 0);
  free(feeder);
}

/* The reading end. Most pipes are complete, some end early. */
static int some_pipe(Random *random, uint32_t length) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK(fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0);
  CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  Feeder *feeder = malloc(sizeof *feeder);
  CHECK(feeder != NULL);
  feeder->descriptor = ends[1];
  feeder->left = one_in(random, 8) ? length / 2 : length;
  feeder->pause = 1 + below(random, 10);
  do_later(below(random, 20), feed, feeder);
  return ends[0];
}

static const char *some_source(Session *session, Random *random, char *path) {
  if (one_in(random, 2)) return some_path(session, random, path);
  snprintf(path, URL_SIZE, "%s/%s", variable("WXT_DIRECTORY"), one_in(random, 8) ? "no such file" : "source");
  return path;
}

static void start_some_upload(Session *session, Random *random) {
  static const uint8_t bytes[8192] = {7, 7, 7};
  char url[URL_SIZE], path[URL_SIZE];
  WxtUploadRequest request = wxt_upload_request();
  WxtUploadPart parts[5];
  WxtPair fields[2] = {{wxt_str("a"), wxt_str("1")}, {wxt_str("key"), wxt_str("value")}};
  const char *what = "upload of a file";
  int descriptor = -1;
  memset(parts, 0, sizeof parts);
  request.url = wxt_str(some_url(random, url));
  request.timeout = one_in(random, 2) ? patience * (1 + below(random, 300)) : 0;
  request.disable_profile = one_in(random, 2);
  request.needs_unmetered = one_in(random, 8);
  request.max_bytes_per_second = one_in(random, 8) ? 10000 + below(random, 1 << 20) : 0;
  request.priority = (int32_t)below(random, 5) - 2;
  request.method = one_in(random, 4) ? WXT_METHOD_PUT : WXT_METHOD_POST;
  request.raw = one_in(random, 4);
  switch (below(random, 5)) {
    case 0: what = "upload of bytes", request.data = bytes, request.data_length = below(random, sizeof bytes); break;
    case 1: {
      uint32_t length = 1 + below(random, 30000);
      what = "upload of a pipe", descriptor = some_pipe(random, length), request.file_length = length;
      break;
    }
    case 2:
      snprintf(path, sizeof path, "%s/source", variable("WXT_DIRECTORY"));
      what = "upload of a descriptor", descriptor = open(path, O_RDONLY | O_CLOEXEC);
      CHECK(descriptor >= 0);
      break;
    case 3:
      what = "upload of parts", request.raw = 0, request.parts = parts, request.part_count = 1 + below(random, 5);
      some_source(session, random, path);
      for (size_t i = 0; i < request.part_count; i++) {
        parts[i].name = wxt_str("part");
        if (one_in(random, 2)) {
          parts[i].data = bytes, parts[i].data_length = below(random, sizeof bytes);
        } else {
          parts[i].file_path = wxt_str(path);
        }
      }
      break;
    default: request.file_path = wxt_str(some_source(session, random, path)); break;
  }
  request.has_file_descriptor = descriptor >= 0;
  request.file_descriptor = descriptor;
  if (!request.raw) {
    request.name = wxt_str(request.parts == NULL ? "file" : NULL);
    request.form_data = fields;
    request.form_data_count = below(random, 3);
  }
  WxtCallbacks callbacks;
  Task *task = begin_task(session, random, what, &callbacks);
  if (task != NULL) {
    WxtTaskId id = 0;
    WxtStatus status = wxt_upload_file(session->handle, &request, &callbacks, &id, NULL);
    end_start(session, random, task, status, id);
  }
  if (descriptor >= 0) CHECK(close(descriptor) == 0);
}

/* The number of a task that may still run, or 0. */
static uint32_t some_task(const Session *session, Random *random) {
  uint32_t number = SEEN(session->recent[below(random, RECENT)]);
  return __atomic_load_n(&tasks[number].state, __ATOMIC_SEQ_CST) == ACCEPTED ? number : 0;
}

static void abort_some(Session *session, Random *random) {
  uint32_t number = some_task(session, random);
  if (number == 0) return;
  WxtStatus status = wxt_task_abort(session->handle, SEEN(tasks[number].id));
  if (status == WXT_OK) {
    __atomic_store_n(&tasks[number].abort_accepted, 1, __ATOMIC_RELAXED);
  } else if (status != WXT_NOT_FOUND) {
    check_refusal(session, status, "wxt_task_abort");
  }
}

/* The roots of the servers, sometimes with a pin that no server has. */
static WxtStatus change_trust(Session *session, Random *random) {
  static const uint8_t zeros[32] = {0};
  WxtPin pin = {wxt_str("localhost"), zeros, sizeof zeros};
  ADD(trust_count, 1);
  return wxt_session_set_trust(session->handle, local_options().root_certificates, &pin, one_in(random, 8), NULL);
}

static WxtStatus change_rate(Session *session, Random *random) {
  uint64_t rate = one_in(random, 2) ? 0 : 10000 + below(random, 1 << 20);
  uint32_t number = some_task(session, random);
  ADD(rate_count, 1);
  if (number == 0 || one_in(random, 2)) return wxt_session_set_max_bytes_per_second(session->handle, rate);
  WxtStatus status = wxt_task_set_max_bytes_per_second(session->handle, SEEN(tasks[number].id), rate);
  return status == WXT_NOT_FOUND ? WXT_OK : status;
}

static void on_check(void *user_data, const WxtUrlCheck *result) {
  CHECK(result->struct_size == sizeof *result);
  ++*(unsigned *)user_data;
}

/* A host's calls other than transfers and file calls. */
static void tell(Session *session, Random *random) {
  WxtStatus status = WXT_OK;
  char url[URL_SIZE];
  switch (below(random, 16)) {
    case 0: status = wxt_session_enter_background(session->handle); break;
    case 1:
    case 2: status = wxt_session_enter_foreground(session->handle); break;
    case 3:
    case 4:
    case 5: {
      WxtNetwork network = wxt_network();
      network.kind = one_in(random, 8) ? WXT_NETWORK_NONE : WXT_NETWORK_WIFI;
      network.metered = one_in(random, 4);
      status = wxt_session_network_changed(session->handle, &network, NULL);
      break;
    }
    case 6: status = wxt_session_prepare(session->handle, wxt_str(variable(one_in(random, 2) ? "WXT_RANDOM_TLS_URL" : "WXT_PLAIN_URL"))); break;
    case 7: status = wxt_discard_partials(session->handle, NULL); break;
    case 9: status = change_trust(session, random); break;
    case 10:
    case 11: status = change_rate(session, random); break;
    case 8: {
      unsigned results = 0;
      status = wxt_check_url(session->handle, one_in(random, 2) ? WXT_API_UPLOAD : WXT_API_DOWNLOAD, wxt_str(some_url(random, url)),
                             NULL, 0, on_check, &results);
      if (results != (status == WXT_OK)) broken_session(session, "wxt_check_url gave no result, or two");
      break;
    }
    default: {
      WxtSessionStatistics statistics;
      memset(&statistics, 0, sizeof statistics);
      statistics.struct_size = sizeof statistics;
      uint32_t completed = SEEN(session->completed);
      status = wxt_session_statistics(session->handle, &statistics);
      uint64_t ended = statistics.tasks_succeeded + statistics.tasks_failed + statistics.tasks_aborted +
                       statistics.tasks_timed_out + statistics.tasks_interrupted;
      if (status == WXT_OK && ended < completed) broken_session(session, "the statistics count fewer ends than callbacks reported");
      break;
    }
  }
  if (status != WXT_OK) check_refusal(session, status, "a call about the session");
}

static void act_in_callback(Task *task, Random *random) {
  Session *session = &sessions[task->session];
  if (SEEN(winding_down)) return;
  switch (below(random, 8)) {
    case 0: start_some_download(session, random); break;
    case 1: start_some_upload(session, random); break;
    case 2:
    case 3: abort_some(session, random); break;
    case 4: tell(session, random); break;
    case 5: call_files(session, random); break;
    default: {
      /* A callback must not close any session, because closing waits for callbacks. */
      WxtStatus status = wxt_session_close(session->handle);
      bool closing = status == WXT_SESSION_CLOSED && SEEN(session->closing);
      if (status != WXT_CALLED_FROM_CALLBACK && !closing) broken(task, "a close from a callback was not refused with WXT_CALLED_FROM_CALLBACK");
      break;
    }
  }
}

#endif
