/*
 * Replaces Android's C library, so that a JVM on x86-64 Linux can load the library that was built for Android. Most
 * functions, constants and structs are the same in glibc. The functions below translate those that differ and are used.
 * Only for the tests.
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

/* The numbers of the names are those of Android's <bits/sysconf.h>. */
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

/* Android has the function of POSIX. glibc has another function with this name. */
int android_strerror_r(int number, char *text, size_t length) __asm__("strerror_r");
int android_strerror_r(int number, char *text, size_t length) {
  extern int __xpg_strerror_r(int, char *, size_t);
  return __xpg_strerror_r(number, text, length);
}

/* A symbol without a version is bound to glibc's oldest version, which does not allocate a buffer. */
char *android_realpath(const char *path, char *resolved) __asm__("realpath");
char *android_realpath(const char *path, char *resolved) {
  char *made = canonicalize_file_name(path);
  if (made == NULL || resolved == NULL) return made;
  strcpy(resolved, made);
  free(made);
  return resolved;
}

/* Android's struct addrinfo has another order of fields, so the look-up of a name always fails. */
int android_getaddrinfo(const char *, const char *, const void *, void **) __asm__("getaddrinfo");
int android_getaddrinfo(const char *node, const char *service, const void *hints, void **result) {
  (void)node, (void)service, (void)hints, (void)result;
  return 4; /* Android's EAI_FAIL */
}

/*
 * Loads the library so that the functions above are bound before glibc's. A later `System.loadLibrary` uses the same
 * copy. Returns an error message, or null.
 */
JNIEXPORT jstring JNICALL Java_org_wxtransfer_Bionic_load(JNIEnv *env, jclass class, jstring path) {
  const char *text = (*env)->GetStringUTFChars(env, path, NULL);
  (void)class;
  if (text == NULL) return NULL;
  library = dlopen(text, RTLD_NOW | RTLD_DEEPBIND);
  (*env)->ReleaseStringUTFChars(env, path, text);
  return library == NULL ? (*env)->NewStringUTF(env, dlerror()) : NULL;
}

/* Calls `wxt_android_init` with any object, which Kotlin's types do not allow. */
JNIEXPORT jint JNICALL Java_org_wxtransfer_Bionic_init(JNIEnv *env, jclass class, jboolean with_environment, jobject context) {
  int (*init)(void *, void *);
  (void)class;
  *(void **)&init = dlsym(library, "wxt_android_init");
  return init == NULL ? -1 : init(with_environment ? (void *)env : NULL, context);
}
