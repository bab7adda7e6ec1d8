#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Choice CATEGORIES[] = {
    {"aborted", WXT_CATEGORY_ABORTED},
    {"timeout", WXT_CATEGORY_TIMEOUT},
    {"interrupted", WXT_CATEGORY_INTERRUPTED},
    {"request", WXT_CATEGORY_REQUEST},
    {"policy", WXT_CATEGORY_POLICY},
    {"limit", WXT_CATEGORY_LIMIT},
    {"nameResolution", WXT_CATEGORY_NAME_RESOLUTION},
    {"connect", WXT_CATEGORY_CONNECT},
    {"tls", WXT_CATEGORY_TLS},
    {"connectionClosed", WXT_CATEGORY_CONNECTION_CLOSED},
    {"protocol", WXT_CATEGORY_PROTOCOL},
    {"file", WXT_CATEGORY_FILE},
    {"storage", WXT_CATEGORY_STORAGE},
    {"internal", WXT_CATEGORY_INTERNAL},
    {"outOfResources", WXT_CATEGORY_OUT_OF_RESOURCES},
    {"integrity", WXT_CATEGORY_INTEGRITY},
    {NULL, 0},
};

const Choice LOG_LEVELS[] = {{"warning", WXT_LOG_WARNING}, {"info", WXT_LOG_INFO}, {NULL, 0}};

napi_value text_value(napi_env env, WxtStr text) {
  napi_value value = NULL;
  napi_create_string_utf8(env, text.len == 0 ? "" : text.ptr, text.len, &value);
  return value;
}

napi_value choice_value(napi_env env, const Choice *choices, int32_t number) {
  for (; choices->name != NULL; choices++) {
    if (choices->number == number) return text_value(env, wxt_str(choices->name));
  }
  return text_value(env, wxt_str("unknown"));
}

void set_value(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

void set_text(napi_env env, napi_value object, const char *name, WxtStr text) {
  if (text.ptr != NULL) set_value(env, object, name, text_value(env, text));
}

void set_number(napi_env env, napi_value object, const char *name, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  set_value(env, object, name, value);
}

void set_boolean(napi_env env, napi_value object, const char *name, bool boolean) {
  napi_value value = NULL;
  napi_get_boolean(env, boolean, &value);
  set_value(env, object, name, value);
}

napi_value failure_value(napi_env env, WxtStr err_msg, int32_t err_no, int32_t category, WxtStr detail, bool retryable) {
  napi_value error = NULL;
  napi_create_error(env, NULL, text_value(env, err_msg), &error);
  set_text(env, error, "errMsg", err_msg);
  set_number(env, error, "errno", err_no);
  set_value(env, error, "category", choice_value(env, CATEGORIES, category));
  set_value(env, error, "detail", text_value(env, detail));
  set_boolean(env, error, "retryable", retryable);
  return error;
}

void throw_status(napi_env env, const char *what, WxtStatus status, const char *detail) {
  char message[1024];
  napi_value error = NULL;
  bool detailed = detail != NULL && detail[0] != '\0';
  snprintf(message, sizeof message, "%s: %s%s%s", what, wxt_status_text(status), detailed ? ": " : "", detailed ? detail : "");
  napi_create_error(env, NULL, text_value(env, wxt_str(message)), &error);
  set_number(env, error, "status", status);
  if (detailed) set_text(env, error, "detail", wxt_str(detail));
  napi_throw(env, error);
}

static unsigned char lower(char letter) {
  return (unsigned char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

static bool same_name(WxtStr a, WxtStr b) {
  if (a.len != b.len) return false;
  for (size_t i = 0; i < a.len; i++) {
    if (lower(a.ptr[i]) != lower(b.ptr[i])) return false;
  }
  return true;
}

/* The values of `header[first]` and the later ones of the same name. */
static napi_value joined_values(napi_env env, const WxtPair *header, size_t count, size_t first) {
  size_t length = 0;
  for (size_t i = first; i < count; i++) {
    if (same_name(header[i].name, header[first].name)) length += header[i].value.len + 2;
  }
  char *text = malloc(length);
  if (text == NULL) return text_value(env, header[first].value);
  size_t end = 0;
  for (size_t i = first; i < count; i++) {
    if (!same_name(header[i].name, header[first].name)) continue;
    if (i > first) {
      memcpy(text + end, ", ", 2);
      end += 2;
    }
    if (header[i].value.len > 0) memcpy(text + end, header[i].value.ptr, header[i].value.len);
    end += header[i].value.len;
  }
  WxtStr joined = {text, end};
  napi_value value = text_value(env, joined);
  free(text);
  return value;
}

napi_value header_value(napi_env env, const WxtPair *header, size_t count) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  for (size_t i = 0; i < count; i++) {
    bool seen = false;
    for (size_t earlier = 0; earlier < i && !seen; earlier++) seen = same_name(header[earlier].name, header[i].name);
    if (!seen) napi_set_property(env, object, text_value(env, header[i].name), joined_values(env, header, count, i));
  }
  return object;
}

napi_value cookies_value(napi_env env, const WxtPair *header, size_t count) {
  napi_value list = NULL;
  uint32_t length = 0;
  napi_create_array(env, &list);
  for (size_t i = 0; i < count; i++) {
    if (same_name(header[i].name, wxt_str("set-cookie"))) napi_set_element(env, list, length++, text_value(env, header[i].value));
  }
  return list;
}

/* WeChat's names of the numbers of a profile. */
#define NUMBER(name, field) {name, offsetof(WxtProfile, field)}
static const struct {
  const char *name;
  size_t offset;
} PROFILE_NUMBERS[] = {
    NUMBER("invokeStart", invoke_start),
    NUMBER("queueStart", queue_start),
    NUMBER("queueEnd", queue_end),
    NUMBER("fetchStart", fetch_start),
    NUMBER("redirectStart", redirect_start),
    NUMBER("redirectEnd", redirect_end),
    NUMBER("domainLookUpStart", domain_look_up_start),
    NUMBER("domainLookUpEnd", domain_look_up_end),
    NUMBER("connectStart", connect_start),
    NUMBER("connectEnd", connect_end),
    NUMBER("SSLconnectionStart", ssl_connection_start),
    NUMBER("SSLconnectionEnd", ssl_connection_end),
    NUMBER("requestStart", request_start),
    NUMBER("requestEnd", request_end),
    NUMBER("responseStart", response_start),
    NUMBER("responseEnd", response_end),
    NUMBER("sendBytesCount", send_bytes_count),
    NUMBER("receivedBytedCount", received_byted_count),
    NUMBER("rtt", rtt),
    NUMBER("httpRttEstimate", http_rtt_estimate),
    NUMBER("transportRttEstimate", transport_rtt_estimate),
    NUMBER("throughputKbps", throughput_kbps),
    NUMBER("downstreamThroughputKbpsEstimate", downstream_throughput_kbps_estimate),
    NUMBER("estimate_nettype", estimate_nettype),
};

napi_value profile_value(napi_env env, const WxtProfile *profile) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  for (size_t i = 0; i < sizeof PROFILE_NUMBERS / sizeof PROFILE_NUMBERS[0]; i++) {
    uint64_t number;
    memcpy(&number, (const char *)profile + PROFILE_NUMBERS[i].offset, sizeof number);
    if (number != WXT_PROFILE_ABSENT) set_number(env, object, PROFILE_NUMBERS[i].name, (double)number);
  }
  set_text(env, object, "peerIP", profile->peer_ip);
  set_text(env, object, "protocol", profile->protocol);
  set_number(env, object, "port", profile->port);
  set_boolean(env, object, "socketReused", profile->socket_reused);
  set_boolean(env, object, "usingHighPerformanceMode", profile->using_high_performance_mode);
  return object;
}
