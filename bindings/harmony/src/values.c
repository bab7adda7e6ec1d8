#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const Choice CATEGORIES[] = {
    // Generated from wxtransfer.h: choices WXT_CATEGORY_
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
    // Generated until here
    {NULL, 0},
};

const Choice LOG_LEVELS[] = {
    // Generated from wxtransfer.h: choices WXT_LOG_
    {"warning", WXT_LOG_WARNING},
    {"info", WXT_LOG_INFO},
    // Generated until here
    {NULL, 0},
};

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

/* Defines a property of the object itself. An assignment would call a setter of the prototype, such as that of `__proto__`. */
static void define_value(napi_env env, napi_value object, const char *name, napi_value key, napi_value value) {
  const napi_property_attributes attributes = napi_writable | napi_enumerable | napi_configurable;
  napi_property_descriptor property = {.utf8name = name, .name = key, .value = value, .attributes = attributes};
  napi_define_properties(env, object, 1, &property);
}

void set_value(napi_env env, napi_value object, const char *name, napi_value value) {
  define_value(env, object, name, NULL, value);
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

/* Joins the values of `header[first]` and of the later headers with the same name. */
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
    if (!seen) define_value(env, object, NULL, text_value(env, header[i].name), joined_values(env, header, count, i));
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

/* Sets a number of a profile, unless it is absent. */
static void set_present(napi_env env, napi_value object, const char *name, uint64_t number) {
  if (number != WXT_PROFILE_ABSENT) set_number(env, object, name, (double)number);
}

napi_value profile_value(napi_env env, const WxtProfile *value) {
  napi_value object = NULL;
  napi_create_object(env, &object);
  // Generated from wxtransfer.h: values WxtProfile
  set_present(env, object, "invokeStart", value->invoke_start);
  set_present(env, object, "queueStart", value->queue_start);
  set_present(env, object, "queueEnd", value->queue_end);
  set_number(env, object, "fetchStart", (double)value->fetch_start);
  set_number(env, object, "redirectStart", (double)value->redirect_start);
  set_number(env, object, "redirectEnd", (double)value->redirect_end);
  set_number(env, object, "domainLookUpStart", (double)value->domain_look_up_start);
  set_number(env, object, "domainLookUpEnd", (double)value->domain_look_up_end);
  set_number(env, object, "connectStart", (double)value->connect_start);
  set_number(env, object, "connectEnd", (double)value->connect_end);
  set_number(env, object, "SSLconnectionStart", (double)value->ssl_connection_start);
  set_number(env, object, "SSLconnectionEnd", (double)value->ssl_connection_end);
  set_number(env, object, "requestStart", (double)value->request_start);
  set_number(env, object, "requestEnd", (double)value->request_end);
  set_number(env, object, "responseStart", (double)value->response_start);
  set_number(env, object, "responseEnd", (double)value->response_end);
  set_number(env, object, "sendBytesCount", (double)value->send_bytes_count);
  set_number(env, object, "receivedBytedCount", (double)value->received_byted_count);
  set_present(env, object, "rtt", value->rtt);
  set_present(env, object, "httpRttEstimate", value->http_rtt_estimate);
  set_present(env, object, "transportRttEstimate", value->transport_rtt_estimate);
  set_present(env, object, "throughputKbps", value->throughput_kbps);
  set_present(env, object, "downstreamThroughputKbpsEstimate", value->downstream_throughput_kbps_estimate);
  set_number(env, object, "estimate_nettype", (double)value->estimate_nettype);
  set_text(env, object, "peerIP", value->peer_ip);
  set_text(env, object, "protocol", value->protocol);
  set_number(env, object, "port", value->port);
  set_boolean(env, object, "socketReused", value->socket_reused);
  set_boolean(env, object, "usingHighPerformanceMode", value->using_high_performance_mode);
  // Generated until here
  return object;
}
