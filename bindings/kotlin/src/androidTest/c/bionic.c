/*
 * Lets a JVM on x86-64 Linux load the library that was built for Android: stands in for Android's C library, whose
 * functions, constants and structs are mostly those of glibc here. What differs and is used is translated below; the rest
 * is glibc's own. Not for use outside of the tests.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <jni.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *library;

volatile int *__errno(void) { return __errno_location(); }

/* Android's names for what is asked for, <bits/sysconf.h> there. */
long android_sysconf(int name) __asm__("sysconf");
long android_sysconf(int name) {
  switch (name) {
    case 0x27: /* _SC_PAGESIZE */
    case 0x28: /* _SC_PAGE_SIZE */
      return getpagesize();
    case 0x61: /* _SC_NPROCESSORS_ONLN */
      return 1;
    default:
      errno = EINVAL;
      return -1;
  }
}

/* The form of POSIX there; glibc has another under this name. */
int android_strerror_r(int number, char *text, size_t length) __asm__("strerror_r");
int android_strerror_r(int number, char *text, size_t length) {
  extern int __xpg_strerror_r(int, char *, size_t);
  return __xpg_strerror_r(number, text, length);
}

/* A reference without a version gets glibc's oldest form, which makes no buffer. */
char *android_realpath(const char *path, char *resolved) __asm__("realpath");
char *android_realpath(const char *path, char *resolved) {
  char *made = canonicalize_file_name(path);
  if (made == NULL || resolved == NULL) return made;
  strcpy(resolved, made);
  free(made);
  return resolved;
}

/* The fields of struct addrinfo stand in another order there, so no name has an address. */
int android_getaddrinfo(const char *, const char *, const void *, void **) __asm__("getaddrinfo");
int android_getaddrinfo(const char *node, const char *service, const void *hints, void **result) {
  (void)node, (void)service, (void)hints, (void)result;
  return 4; /* EAI_FAIL there */
}

/*
 * Loads the library so that it finds the functions above before glibc's. `System.loadLibrary` then gets the same one.
 * Gives what went wrong, or null.
 */
JNIEXPORT jstring JNICALL Java_org_wxtransfer_Bionic_load(JNIEnv *env, jclass class, jstring path) {
  const char *text = (*env)->GetStringUTFChars(env, path, NULL);
  (void)class;
  if (text == NULL) return NULL;
  library = dlopen(text, RTLD_NOW | RTLD_DEEPBIND);
  (*env)->ReleaseStringUTFChars(env, path, text);
  return library == NULL ? (*env)->NewStringUTF(env, dlerror()) : NULL;
}

/* `wxt_android_init` with whatever object, which Kotlin's types would not let through. */
JNIEXPORT jint JNICALL Java_org_wxtransfer_Bionic_init(JNIEnv *env, jclass class, jboolean with_environment, jobject context) {
  int (*init)(void *, void *);
  (void)class;
  *(void **)&init = dlsym(library, "wxt_android_init");
  return init == NULL ? -1 : init(with_environment ? (void *)env : NULL, context);
}
