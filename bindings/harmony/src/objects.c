/* References, calls and native objects. */
#include "session.h"

void call_function(napi_env env, napi_value function, napi_value argument) {
  napi_value undefined = NULL, exception = NULL;
  bool pending = false;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, function, 1, &argument, NULL);
  napi_is_exception_pending(env, &pending);
  if (pending && napi_get_and_clear_last_exception(env, &exception) == napi_ok) napi_fatal_exception(env, exception);
}

void call_reference(napi_env env, napi_ref function, napi_value argument) {
  napi_value value = NULL;
  if (function == NULL || napi_get_reference_value(env, function, &value) != napi_ok || value == NULL) return;
  call_function(env, value, argument);
}

napi_ref keep(napi_env env, napi_value value) {
  napi_ref reference = NULL;
  if (value != NULL) napi_create_reference(env, value, 1, &reference);
  return reference;
}

void drop(napi_env env, napi_ref *reference) {
  if (*reference != NULL) napi_delete_reference(env, *reference);
  *reference = NULL;
}

napi_value this_of_call(napi_env env, napi_callback_info info, napi_value *argument) {
  napi_value this_value = NULL;
  size_t count = argument == NULL ? 0 : 1;
  napi_get_cb_info(env, info, &count, argument, &this_value, NULL);
  return this_value;
}

void define_method(napi_env env, napi_value object, const char *name, napi_callback call, const void *data) {
  napi_property_descriptor property = {.utf8name = name, .method = call, .attributes = napi_default, .data = (void *)data};
  napi_define_properties(env, object, 1, &property);
}

void define_methods(napi_env env, napi_value object, const Method *methods) {
  for (; methods->name != NULL; methods++) define_method(env, object, methods->name, methods->call, NULL);
}

bool bind_native(napi_env env, napi_value object, void *native, const napi_type_tag *tag, napi_finalize finalize) {
  return napi_type_tag_object(env, object, tag) == napi_ok && napi_wrap(env, object, native, finalize, NULL, NULL) == napi_ok;
}

void *native_of(napi_env env, napi_value object, const napi_type_tag *tag) {
  void *native = NULL;
  bool same = false;
  napi_valuetype type = napi_undefined;
  napi_typeof(env, object, &type);
  if (type != napi_object || napi_check_object_type_tag(env, object, tag, &same) != napi_ok || !same) return NULL;
  return napi_unwrap(env, object, &native) == napi_ok ? native : NULL;
}
