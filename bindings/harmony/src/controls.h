/* Methods of a session that only pass a value on. */
#ifndef WXTRANSFER_HARMONY_CONTROLS_H
#define WXTRANSFER_HARMONY_CONTROLS_H

#include "session.h"

napi_value control_enter_background(napi_env env, napi_callback_info info);
napi_value control_enter_foreground(napi_env env, napi_callback_info info);
napi_value control_network_changed(napi_env env, napi_callback_info info);
napi_value control_prepare(napi_env env, napi_callback_info info);
napi_value control_set_max_bytes_per_second(napi_env env, napi_callback_info info);
napi_value control_set_trust(napi_env env, napi_callback_info info);

#endif
