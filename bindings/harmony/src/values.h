/* Makes JavaScript values from C values. A function of Node-API fails only while an exception is pending or the environment ends;
 * the value is then missing, and nothing else depends on it. */
#ifndef WXTRANSFER_HARMONY_VALUES_H
#define WXTRANSFER_HARMONY_VALUES_H

#ifdef __OHOS__
#include <napi/native_api.h>
#else
#include <node_api.h>
#endif

#include "wxtransfer.h"

/* A word of JavaScript and the number of the C interface that it stands for. Lists end with a NULL name. */
typedef struct {
  const char *name;
  int32_t number;
} Choice;

extern const Choice CATEGORIES[];
extern const Choice LOG_LEVELS[];

napi_value text_value(napi_env env, WxtStr text);
napi_value choice_value(napi_env env, const Choice *choices, int32_t number);

/* Each sets one member, of the object itself: no code of the app runs. An absent text is left out. */
void set_value(napi_env env, napi_value object, const char *name, napi_value value);
void set_text(napi_env env, napi_value object, const char *name, WxtStr text);
void set_number(napi_env env, napi_value object, const char *name, double number);
void set_boolean(napi_env env, napi_value object, const char *name, bool value);

/* An Error whose `message` and `errMsg` are `err_msg`, with `errno`, `category`, `detail` and `retryable`. */
napi_value failure_value(napi_env env, WxtStr err_msg, int32_t err_no, int32_t category, WxtStr detail, bool retryable);

/* Throws an Error with `status` and, if there is one, `detail`. `what` is the function that was called. */
void throw_status(napi_env env, const char *what, WxtStatus status, const char *detail);

/* `header` of an event: values of one name, whatever its case, are joined by ", " under the first spelling. */
napi_value header_value(napi_env env, const WxtPair *header, size_t count);
/* `cookies`: the values of `Set-Cookie`, one for each field. */
napi_value cookies_value(napi_env env, const WxtPair *header, size_t count);
napi_value profile_value(napi_env env, const WxtProfile *profile);

#endif
