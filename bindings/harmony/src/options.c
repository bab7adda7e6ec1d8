#include "options.h"

#define TABLE(what, list, type) {what, list, sizeof list / sizeof list[0], sizeof(type)}
#define FIELD(name, kind, type, field) {name, kind, false, offsetof(type, field), NO_FIELD, NULL, NULL}
#define REQUIRED(name, kind, type, field) {name, kind, true, offsetof(type, field), NO_FIELD, NULL, NULL}
#define CHOICE(name, type, field, choices) {name, MEMBER_CHOICE, false, offsetof(type, field), NO_FIELD, choices, NULL}
#define REQUIRED_CHOICE(name, type, field, choices) {name, MEMBER_CHOICE, true, offsetof(type, field), NO_FIELD, choices, NULL}
#define COUNTED(name, kind, type, field, count) {name, kind, false, offsetof(type, field), offsetof(type, count), NULL, NULL}
#define OBJECTS(name, type, field, count, element) \
  {name, MEMBER_OBJECTS, false, offsetof(type, field), offsetof(type, count), NULL, element}

static const Choice PLATFORM[] = {
    // Generated from wxtransfer.h: choices WXT_PLATFORM_
    {"ios", WXT_PLATFORM_IOS},
    {"android", WXT_PLATFORM_ANDROID},
    {"other", WXT_PLATFORM_OTHER},
    {"ohos", WXT_PLATFORM_OHOS},
    // Generated until here
    {NULL, 0},
};
static const Choice PATHS[] = {
    // Generated from wxtransfer.h: choices WXT_PATHS_
    {"sandbox", WXT_PATHS_SANDBOX},
    {"native", WXT_PATHS_NATIVE},
    // Generated until here
    {NULL, 0},
};
static const Choice STORAGE[] = {
    // Generated from wxtransfer.h: choices WXT_STORAGE_
    {"exclusive", WXT_STORAGE_EXCLUSIVE},
    {"shared", WXT_STORAGE_SHARED},
    // Generated until here
    {NULL, 0},
};
static const Choice LAN[] = {
    // Generated from wxtransfer.h: choices WXT_LAN_
    {"ownSubnets", WXT_LAN_OWN_SUBNETS},
    {"off", WXT_LAN_OFF},
    {"allLocal", WXT_LAN_ALL_LOCAL},
    // Generated until here
    {NULL, 0},
};
static const Choice RESUME[] = {
    // Generated from wxtransfer.h: choices WXT_RESUME_
    {"off", WXT_RESUME_OFF},
    {"withinTask", WXT_RESUME_WITHIN_TASK},
    {"acrossLaunches", WXT_RESUME_ACROSS_LAUNCHES},
    // Generated until here
    {NULL, 0},
};
static const Choice METHODS[] = {{"POST", WXT_METHOD_POST}, {"PUT", WXT_METHOD_PUT}, {NULL, 0}};
static const Choice NETWORKS[] = {
    {"other", WXT_NETWORK_OTHER}, {"none", WXT_NETWORK_NONE}, {"wifi", WXT_NETWORK_WIFI}, {"cellular", WXT_NETWORK_CELLULAR}, {NULL, 0}};

static const Member PIN[] = {
    REQUIRED("host", MEMBER_TEXT, WxtPin, host),
    COUNTED("sha256", MEMBER_BYTES, WxtPin, sha256, sha256_length),
};
static const Members PIN_MEMBERS = TABLE("pins", PIN, WxtPin);

static const Member SESSION[] = {
    // Generated from wxtransfer.h: members WxtSessionOptions
    REQUIRED("appId", MEMBER_TEXT, SessionSettings, options.app_id),
    FIELD("appVersion", MEMBER_TEXT, SessionSettings, options.app_version),
    FIELD("userId", MEMBER_TEXT, SessionSettings, options.user_id),
    REQUIRED_CHOICE("platform", SessionSettings, options.platform, PLATFORM),
    CHOICE("pathPolicy", SessionSettings, options.path_policy, PATHS),
    REQUIRED("clientVersion", MEMBER_TEXT, SessionSettings, options.client_version),
    FIELD("baseLibraryVersion", MEMBER_TEXT, SessionSettings, options.base_library_version),
    FIELD("userAgent", MEMBER_TEXT, SessionSettings, options.user_agent),
    FIELD("referer", MEMBER_TEXT, SessionSettings, options.referer),
    FIELD("pathScheme", MEMBER_TEXT, SessionSettings, options.path_scheme),
    REQUIRED("dataDirectory", MEMBER_TEXT, SessionSettings, options.data_directory),
    FIELD("maxConcurrentUploads", MEMBER_NUMBER, SessionSettings, options.max_concurrent_uploads),
    FIELD("maxConcurrentDownloads", MEMBER_NUMBER, SessionSettings, options.max_concurrent_downloads),
    FIELD("defaultUploadTimeout", MEMBER_NUMBER, SessionSettings, options.default_upload_timeout),
    FIELD("defaultDownloadTimeout", MEMBER_NUMBER, SessionSettings, options.default_download_timeout),
    FIELD("maxTimeout", MEMBER_NUMBER, SessionSettings, options.max_timeout),
    FIELD("maxDownloadSize", MEMBER_LONG, SessionSettings, options.max_download_size),
    FIELD("maxDataSize", MEMBER_LONG, SessionSettings, options.max_data_size),
    FIELD("storageQuota", MEMBER_LONG, SessionSettings, options.storage_quota),
    FIELD("temporaryQuota", MEMBER_LONG, SessionSettings, options.temporary_quota),
    FIELD("temporaryRetention", MEMBER_LONG, SessionSettings, options.temporary_retention),
    CHOICE("storageSharing", SessionSettings, options.storage_sharing, STORAGE),
    CHOICE("lanPolicy", SessionSettings, options.lan_policy, LAN),
    FIELD("allowPlainHttp", MEMBER_FLAG, SessionSettings, options.allow_plain_http),
    FIELD("skipDomainCheck", MEMBER_FLAG, SessionSettings, options.skip_domain_check),
    FIELD("sendUploadsOnce", MEMBER_FLAG, SessionSettings, options.send_uploads_once),
    COUNTED("uploadDomains", MEMBER_TEXTS, SessionSettings, options.upload_domains, options.upload_domain_count),
    COUNTED("downloadDomains", MEMBER_TEXTS, SessionSettings, options.download_domains, options.download_domain_count),
    FIELD("rootCertificates", MEMBER_TEXT, SessionSettings, options.root_certificates),
    FIELD("proxy", MEMBER_TEXT, SessionSettings, options.proxy),
    FIELD("maxRetries", MEMBER_NUMBER, SessionSettings, options.max_retries),
    FIELD("retryDelay", MEMBER_NUMBER, SessionSettings, options.retry_delay),
    FIELD("retryUploads", MEMBER_FLAG, SessionSettings, options.retry_uploads),
    CHOICE("resume", SessionSettings, options.resume, RESUME),
    FIELD("maxBytesPerSecond", MEMBER_LONG, SessionSettings, options.max_bytes_per_second),
    FIELD("lowSpeedLimit", MEMBER_LONG, SessionSettings, options.low_speed_limit),
    FIELD("lowSpeedTime", MEMBER_NUMBER, SessionSettings, options.low_speed_time),
    FIELD("waitInBackground", MEMBER_FLAG, SessionSettings, options.wait_in_background),
    // Generated until here
    OBJECTS("pins", SessionSettings, options.pins, options.pin_count, &PIN_MEMBERS),
    FIELD("log", MEMBER_FUNCTION, SessionSettings, log),
};
const Members SESSION_MEMBERS = TABLE("openSession", SESSION, SessionSettings);

static const Member PART[] = {
    REQUIRED("name", MEMBER_TEXT, WxtUploadPart, name),
    FIELD("filePath", MEMBER_TEXT, WxtUploadPart, file_path),
    FIELD("fileName", MEMBER_TEXT, WxtUploadPart, file_name),
    FIELD("mediaType", MEMBER_TEXT, WxtUploadPart, media_type),
    COUNTED("data", MEMBER_BYTES, WxtUploadPart, data, data_length),
    COUNTED("fileDescriptor", MEMBER_DESCRIPTOR, WxtUploadPart, file_descriptor, has_file_descriptor),
    FIELD("fileLength", MEMBER_LONG, WxtUploadPart, file_length),
};
static const Members PART_MEMBERS = TABLE("parts", PART, WxtUploadPart);

/* `url`, `filePath` and `name` are not required here: the library reports a page's mistakes through `fail`. */
static const Member UPLOAD[] = {
    FIELD("url", MEMBER_TEXT, UploadSettings, request.url),
    FIELD("filePath", MEMBER_TEXT, UploadSettings, request.file_path),
    FIELD("name", MEMBER_TEXT, UploadSettings, request.name),
    COUNTED("header", MEMBER_PAIRS, UploadSettings, request.header, request.header_count),
    COUNTED("formData", MEMBER_PAIRS, UploadSettings, request.form_data, request.form_data_count),
    FIELD("fileName", MEMBER_TEXT, UploadSettings, request.file_name),
    FIELD("timeout", MEMBER_NUMBER, UploadSettings, request.timeout),
    FIELD("enableProfile", MEMBER_NEGATED_FLAG, UploadSettings, request.disable_profile),
    COUNTED("fileDescriptor", MEMBER_DESCRIPTOR, UploadSettings, request.file_descriptor, request.has_file_descriptor),
    FIELD("fileLength", MEMBER_LONG, UploadSettings, request.file_length),
    FIELD("needsUnmetered", MEMBER_FLAG, UploadSettings, request.needs_unmetered),
    COUNTED("data", MEMBER_BYTES, UploadSettings, request.data, request.data_length),
    OBJECTS("parts", UploadSettings, request.parts, request.part_count, &PART_MEMBERS),
    CHOICE("method", UploadSettings, request.method, METHODS),
    FIELD("raw", MEMBER_FLAG, UploadSettings, request.raw),
    FIELD("maxBytesPerSecond", MEMBER_LONG, UploadSettings, request.max_bytes_per_second),
    FIELD("priority", MEMBER_SIGNED, UploadSettings, request.priority),
    FIELD("success", MEMBER_FUNCTION, UploadSettings, functions.success),
    FIELD("fail", MEMBER_FUNCTION, UploadSettings, functions.fail),
    FIELD("complete", MEMBER_FUNCTION, UploadSettings, functions.complete),
};
const Members UPLOAD_MEMBERS = TABLE("uploadFile", UPLOAD, UploadSettings);

static const Member DOWNLOAD[] = {
    FIELD("url", MEMBER_TEXT, DownloadSettings, request.url),
    FIELD("filePath", MEMBER_TEXT, DownloadSettings, request.file_path),
    COUNTED("header", MEMBER_PAIRS, DownloadSettings, request.header, request.header_count),
    FIELD("timeout", MEMBER_NUMBER, DownloadSettings, request.timeout),
    FIELD("enableProfile", MEMBER_NEGATED_FLAG, DownloadSettings, request.disable_profile),
    FIELD("expectedSha256", MEMBER_TEXT, DownloadSettings, request.expected_sha256),
    FIELD("expectedLength", MEMBER_LONG, DownloadSettings, request.expected_length),
    FIELD("wantSha256", MEMBER_FLAG, DownloadSettings, request.want_sha256),
    FIELD("verifyDigest", MEMBER_FLAG, DownloadSettings, request.verify_digest),
    FIELD("needsUnmetered", MEMBER_FLAG, DownloadSettings, request.needs_unmetered),
    FIELD("maxBytesPerSecond", MEMBER_LONG, DownloadSettings, request.max_bytes_per_second),
    FIELD("priority", MEMBER_SIGNED, DownloadSettings, request.priority),
    FIELD("success", MEMBER_FUNCTION, DownloadSettings, functions.success),
    FIELD("fail", MEMBER_FUNCTION, DownloadSettings, functions.fail),
    FIELD("complete", MEMBER_FUNCTION, DownloadSettings, functions.complete),
};
const Members DOWNLOAD_MEMBERS = TABLE("downloadFile", DOWNLOAD, DownloadSettings);

static const Member NETWORK[] = {
    CHOICE("kind", WxtNetwork, kind, NETWORKS),
    FIELD("metered", MEMBER_FLAG, WxtNetwork, metered),
    FIELD("roaming", MEMBER_FLAG, WxtNetwork, roaming),
};
const Members NETWORK_MEMBERS = TABLE("networkChanged", NETWORK, WxtNetwork);

static const Member TRUST[] = {
    FIELD("rootCertificates", MEMBER_TEXT, Trust, root_certificates),
    OBJECTS("pins", Trust, pins, pin_count, &PIN_MEMBERS),
};
const Members TRUST_MEMBERS = TABLE("setTrust", TRUST, Trust);

static const Member RATE[] = {{"bytesPerSecond", MEMBER_LONG, true, 0, NO_FIELD, NULL, NULL}};
const Members RATE_MEMBERS = TABLE("setMaxBytesPerSecond", RATE, uint64_t);
