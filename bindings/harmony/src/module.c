/* The exports of libwxtransfer_napi.so. index.d.ts describes them. */
#include "session.h"

static const Method FUNCTIONS[] = {{"openSession", session_open}, {NULL, NULL}};

static napi_value start_module(napi_env env, napi_value exports) {
  set_text(env, exports, "version", wxt_str(wxt_version()));
  define_methods(env, exports, FUNCTIONS);
  return exports;
}

#ifdef __OHOS__
static napi_module module = {.nm_version = 1, .nm_register_func = start_module, .nm_modname = "wxtransfer_napi"};

__attribute__((constructor)) static void register_module(void) { napi_module_register(&module); }
#else
NAPI_MODULE(wxtransfer_napi, start_module)
#endif
