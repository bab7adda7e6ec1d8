/* The members of the objects that an app passes, and the fields of the C interface that they set. index.d.ts describes them. */
#ifndef WXTRANSFER_HARMONY_OPTIONS_H
#define WXTRANSFER_HARMONY_OPTIONS_H

#include "members.h"

typedef struct {
  WxtSessionOptions options;
  napi_value log;
} SessionSettings;

typedef struct {
  napi_value success;
  napi_value fail;
  napi_value complete;
} TaskFunctions;

typedef struct {
  WxtUploadRequest request;
  TaskFunctions functions;
} UploadSettings;

typedef struct {
  WxtDownloadRequest request;
  TaskFunctions functions;
} DownloadSettings;

typedef struct {
  WxtStr root_certificates;
  const WxtPin *pins;
  size_t pin_count;
} Trust;

extern const Members SESSION_MEMBERS;
extern const Members UPLOAD_MEMBERS;
extern const Members DOWNLOAD_MEMBERS;
extern const Members NETWORK_MEMBERS;
extern const Members TRUST_MEMBERS;
extern const Members RATE_MEMBERS; /* for read_argument */

#endif
