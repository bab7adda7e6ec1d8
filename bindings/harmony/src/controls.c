#include "controls.h"

#include "options.h"

/* Throws if `status` is not WXT_OK; `detail` may be NULL. Otherwise an exception may be pending already. Returns NULL, which means
 * `undefined`. */
static napi_value finish(napi_env env, const char *what, WxtStatus status, const char *detail, Arena *arena) {
  arena_free(arena);
  if (status != WXT_OK) throw_status(env, what, status, detail);
  return NULL;
}

napi_value control_enter_background(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  Session *session = open_session_of(env, this_of_call(env, info, NULL));
  return session == NULL ? NULL : finish(env, "enterBackground", wxt_session_enter_background(session->handle), NULL, &arena);
}

napi_value control_enter_foreground(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  Session *session = open_session_of(env, this_of_call(env, info, NULL));
  return session == NULL ? NULL : finish(env, "enterForeground", wxt_session_enter_foreground(session->handle), NULL, &arena);
}

napi_value control_network_changed(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  napi_value argument = NULL;
  WxtNetwork network = wxt_network();
  WxtStatusDetail detail = wxt_status_detail();
  WxtStatus status = WXT_OK;
  napi_value this_value = this_of_call(env, info, &argument);
  bool whole = read_members(env, argument, &NETWORK_MEMBERS, &network, &arena);
  Session *session = whole ? open_session_of(env, this_value) : NULL;
  if (session != NULL) status = wxt_session_network_changed(session->handle, &network, &detail);
  return finish(env, NETWORK_MEMBERS.what, status, detail.text, &arena);
}

napi_value control_prepare(napi_env env, napi_callback_info info) {
  static const Member SERVER = {"server", MEMBER_TEXT, true, 0, NO_FIELD, NULL, NULL};
  static const Members SERVER_MEMBERS = {"prepare", &SERVER, 1, sizeof(WxtStr)};
  Arena arena = {NULL};
  napi_value argument = NULL;
  WxtStr server = {NULL, 0};
  WxtStatus status = WXT_OK;
  napi_value this_value = this_of_call(env, info, &argument);
  bool whole = read_argument(env, argument, &SERVER_MEMBERS, &server, &arena);
  Session *session = whole ? open_session_of(env, this_value) : NULL;
  if (session != NULL) status = wxt_session_prepare(session->handle, server);
  return finish(env, SERVER_MEMBERS.what, status, status == WXT_INVALID_ARGUMENT ? "server is empty" : NULL, &arena);
}

napi_value control_set_max_bytes_per_second(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  napi_value argument = NULL;
  uint64_t rate = 0;
  WxtStatus status = WXT_OK;
  napi_value this_value = this_of_call(env, info, &argument);
  bool whole = read_argument(env, argument, &RATE_MEMBERS, &rate, &arena);
  Session *session = whole ? open_session_of(env, this_value) : NULL;
  if (session != NULL) status = wxt_session_set_max_bytes_per_second(session->handle, rate);
  return finish(env, RATE_MEMBERS.what, status, NULL, &arena);
}

napi_value control_set_trust(napi_env env, napi_callback_info info) {
  Arena arena = {NULL};
  napi_value argument = NULL;
  Trust trust = {{NULL, 0}, NULL, 0};
  WxtStatusDetail detail = wxt_status_detail();
  WxtStatus status = WXT_OK;
  napi_value this_value = this_of_call(env, info, &argument);
  bool whole = read_members(env, argument, &TRUST_MEMBERS, &trust, &arena);
  Session *session = whole ? open_session_of(env, this_value) : NULL;
  if (session != NULL) status = wxt_session_set_trust(session->handle, trust.root_certificates, trust.pins, trust.pin_count, &detail);
  return finish(env, TRUST_MEMBERS.what, status, detail.text, &arena);
}
