/* A host whose log callback prints its callers in the library as offsets into the library's file. Crash reports contain such offsets. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <wxtransfer.h>

static void on_log(void *context, int32_t level, WxtStr message) {
  void *frames[64];
  int count = backtrace(frames, 64), i;
  Dl_info info;
  (void)context, (void)level, (void)message;
  for (i = 0; i < count; i++) {
    if (dladdr(frames[i], &info) != 0 && strstr(info.dli_fname, "libwxtransfer") != NULL) {
      /* The return address is behind the call, and may belong to the next line. */
      printf("0x%lx\n", (unsigned long)((uintptr_t)frames[i] - (uintptr_t)info.dli_fbase - 1));
    }
  }
}

/* Exits with 0 if the options are refused. The library logs the refusal before the call returns. */
int main(void) {
  WxtSession *session;
  WxtSessionOptions options = wxt_session_options();
  WxtLogger logger = {NULL, on_log};
  /* Not the name of a directory. */
  options.app_id = wxt_str("..");
  options.platform = WXT_PLATFORM_ANDROID;
  options.client_version = wxt_str("8.0.50");
  options.data_directory = wxt_str("/nowhere");
  options.logger = logger;
  return wxt_session_open(&options, &session, NULL) == WXT_OK;
}
