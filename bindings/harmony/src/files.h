/* File calls of a session. Each runs on a thread of the environment's pool and returns a promise. */
#ifndef WXTRANSFER_HARMONY_FILES_H
#define WXTRANSFER_HARMONY_FILES_H

#include "session.h"

/* The arguments of all file calls. Each call names the members that it has. */
typedef struct {
  WxtStr path;
  WxtStr target; /* a second path, or a name */
  const uint8_t *data;
  size_t data_length;
  uint64_t position;
  uint64_t length;
  int32_t number; /* a mode, an algorithm or a descriptor */
  uint8_t recursive;
} Arguments;

/* The members, beside `errMsg`, of the object with which a file call's promise is resolved. */
enum { RETURNS_NOTHING = 0, RETURNS_FILE = 1, RETURNS_FILES = 2, RETURNS_STATS = 4, RETURNS_NAMES = 8, RETURNS_DIGEST = 16, RETURNS_DATA = 32 };

typedef struct FileFunction FileFunction;
typedef struct FileCall FileCall;

/* One running call. */
struct FileCall {
  Session *session;
  WxtSession *handle;
  const FileFunction *function;
  Arguments arguments;
  Arena arena;
  WxtStatus status;
  char reason[128]; /* of `status`, for an argument that is refused */
  /* A copy of what the library reported. Its memory is the arena's. */
  WxtFileResult result;
  napi_deferred promise;
  napi_async_work work;
};

/* A file call: its function of the C interface, and the members of its argument. */
struct FileFunction {
  WxtStatus (*run)(FileCall *call);
  unsigned returns; /* a set of RETURNS_… */
  Members members;
};

/* Ends with a NULL `run`. */
extern const FileFunction FILE_FUNCTIONS[];

/* WxtFileCallback of every file call, with the FileCall as user_data. Runs in the file function, on the pool's thread. */
void on_file_result(void *user_data, const WxtFileResult *result);

void define_file_methods(napi_env env, napi_value session);

#endif
