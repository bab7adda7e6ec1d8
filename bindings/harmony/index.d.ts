/* The Node-API module libwxtransfer_napi.so. Every member has the meaning, range and default of the field of that name in
 * include/wxtransfer.h (`appId` is `app_id` there), which says more; "the header" below is that file. An object with a member that
 * is not listed here, or one of another type, is refused with a TypeError that names it. A member that is `undefined` or `null`
 * counts as missing. A string with half of a surrogate pair, which has no UTF-8, and bytes whose ArrayBuffer was transferred are
 * refused, too. A number of bytes is a whole number from 0 to 2^53 - 1, and a time in milliseconds one from 0 to 4,294,967,295.
 * Callbacks and promises belong to the thread that called `openSession`. */

/** The library's version, such as `0.2.0`. */
export const version: string;

/**
 * Opens a session: one launch of one mini program. Reads and writes the disk. Throws a `StatusError` if an option is refused; its
 * `detail` says which. See `wxt_session_open` in the header for all statuses.
 */
export const openSession: (options: SessionOptions) => Session;

/** A method throws this error if its call was refused. Nothing was started, and no callback follows. */
export interface StatusError extends Error {
  /** A `WXT_…` status of the header, such as 4: the session is closed. */
  status: number;
  /**
   * What is wrong, in English, for a developer; also in `message`. It names the field as the header spells it, such as
   * `low_speed_time`. It contains no string, list or path that was passed. Missing if the status alone says what is wrong, as 4
   * does.
   */
  detail?: string;
}

/** The kind of a failure: a `WXT_CATEGORY_…` of the header, which describes each. */
export type Category =
  // Generated from wxtransfer.h: words WXT_CATEGORY_
  | 'aborted'
  | 'timeout'
  | 'interrupted'
  | 'request'
  | 'policy'
  | 'limit'
  | 'nameResolution'
  | 'connect'
  | 'tls'
  | 'connectionClosed'
  | 'protocol'
  | 'file'
  | 'storage'
  | 'internal'
  | 'outOfResources'
  | 'integrity'
  // Generated until here
  ;

/** The failure of a task or of a file call, also of a file call that was refused. `message` is `errMsg`. */
export interface Failure extends Error {
  /** WeChat's text, such as `downloadFile:fail timeout`. */
  errMsg: string;
  /** WeChat's number, a `WXT_ERRNO_…` of the header. */
  errno: number;
  /** The same number as `errno`. Only a file call has it. */
  errCode?: number;
  /**
   * A `WXT_…` status of the header. Only a file call that was refused has it, such as a `writeFile` with a `position` but without
   * `mode: 'atPosition'`.
   */
  status?: number;
  /** The kind of the failure, for decisions of a program. */
  category: Category;
  /**
   * What happened, in English, for a developer. Contains no query and no header value. If a file call was refused for an argument,
   * it names the member.
   */
  detail: string;
  /** `true` if the same call may succeed later without a change. */
  retryable: boolean;
  /** The times of the task up to the failure. Missing for a file call, and in the cases in which a success has none. */
  profile?: Profile;
  /** The number of attempts that the task made. 0 if it ended in the queue. Missing for a file call. */
  attempts?: number;
  /** As in a success, for the last answer. Missing for a file call. */
  resumedFrom?: number;
}

export interface SessionOptions {
  // Generated from wxtransfer.h: members WxtSessionOptions
  /**
   * The mini program's appid. Part of the Referer and of the directory name. Allowed: letters, digits and `-._~`, but
   * not `.` or `..`.
   */
  appId: string;
  /**
   * The mini program's version, part of the Referer. Allowed characters as in `appId`. Default: `0`, the development
   * version.
   */
  appVersion?: string;
  /**
   * The user's id. Each user of a mini program has separate files. Any text of at most 83 bytes; a longer one may be
   * too long for a directory name. Optional. If `undefined`, the files belong to no user.
   */
  userId?: string;
  /** The client's platform: `'ios'`, `'android'`, `'ohos'` or `'other'`. */
  platform: 'ios' | 'android' | 'other' | 'ohos';
  /** Which paths pages may use: `'sandbox'` (default) or `'native'`. */
  pathPolicy?: 'sandbox' | 'native';
  /**
   * The version of the client app, numbers separated by dots, such as `8.0.50`. It decides which quirks of old clients
   * apply.
   */
  clientVersion: string;
  /**
   * The version of the base library, such as `2.10.0`. It decides which quirks of old base libraries apply. Optional.
   * If `undefined`, the newest base library is assumed.
   */
  baseLibraryVersion?: string;
  /**
   * The `User-Agent` of requests whose `header` has none. It must not contain control characters. Default:
   * `wxtransfer/<version>`.
   */
  userAgent?: string;
  /**
   * The Referer of every request: an `http` or `https` URL with a host, without user-info and fragment. `{appid}` and
   * `{version}` are replaced by `appId` and `appVersion`. At most 1,024 bytes after replacement. Default: WeChat's,
   * `https://servicewechat.com/{appid}/{version}/page-frame.html`. `docs/other-containers.md` lists those of other
   * containers.
   */
  referer?: string;
  /**
   * The URL scheme of every path that a page receives or passes. It replaces `wxfile` wherever this documentation says
   * `wxfile`. At most 32 lower-case letters and digits, starting with a letter and ending with `file`, but not `file`
   * alone. Default: `wxfile`.
   */
  pathScheme?: string;
  /** The absolute path of the directory for the files of all sessions. It is created if missing. */
  dataDirectory: string;
  /**
   * The number of uploads that run at the same time. Further ones wait in the queue. Any number. Default: 0, which
   * means 10.
   */
  maxConcurrentUploads?: number;
  /**
   * The number of downloads that run at the same time. Further ones wait in the queue. Any number. Default: 0, which
   * means 10.
   */
  maxConcurrentDownloads?: number;
  /**
   * The deadline of an upload whose request sets none, in milliseconds, counted from when the task leaves the queue:
   * `networkTimeout.uploadFile` of app.json. Any number; `maxTimeout` limits it. Default: 0, which means 60,000.
   */
  defaultUploadTimeout?: number;
  /**
   * The deadline of a download whose request sets none, in milliseconds, counted from when the task leaves the queue:
   * `networkTimeout.downloadFile` of app.json. Any number; `maxTimeout` limits it. Default: 0, which means 60,000.
   */
  defaultDownloadTimeout?: number;
  /**
   * The longest deadline that a task can have, in milliseconds, from 1 to 4,294,967,295 (49 days). Default: 0, which
   * means 60,000, as in WeChat. A longer `timeout` of a request, and a longer default, are reduced to this value. It
   * does not change the defaults. See `docs/long-transfers.md`.
   */
  maxTimeout?: number;
  /** The largest file that a download may produce, in bytes. Any number. Default: 0, which means 200 MiB. */
  maxDownloadSize?: number;
  /** The largest answer to an upload, in bytes. Any number. Default: 0, which means 16 MiB. */
  maxDataSize?: number;
  /**
   * The quota of saved files and `wxfile://usr` together, in bytes. Any number. Each file counts as at least 4 KiB.
   * Files that the host itself puts there are counted when the session opens, and again when the quota seems to be
   * exceeded. After a count of a thousand files and directories or more, the next count follows after 1 to 60 s.
   * Default: 0, which means 200 MiB.
   */
  storageQuota?: number;
  /**
   * The quota of temporary files, in bytes. Any number. Each file counts as at least 4 KiB. Default: 0, which means 4
   * GiB.
   */
  temporaryQuota?: number;
  /**
   * How many bytes of temporary files to keep when the session closes or the process crashes. The next session of the
   * same mini program and user takes them over under the same paths, and they count against its `temporaryQuota`. The
   * oldest files are deleted first. After a crash, the next session deletes them when it opens, by its own value of
   * this option. At most `temporaryQuota`. Default: 0, temporary files live for one session. WeChat's documentation
   * names 2 GiB. Temporary files are not flushed: after a power failure, one that was written shortly before may be
   * empty or incomplete.
   */
  temporaryRetention?: number;
  /** Whether several sessions may use the directory: `'exclusive'` (default) or `'shared'`. */
  storageSharing?: 'exclusive' | 'shared';
  /**
   * Which local addresses need no entry in a domain list: `'ownSubnets'` (default), `'off'` or `'allLocal'`. The
   * default follows WeChat from base library 2.4.0 on. With an older `baseLibraryVersion`, the default allows nothing.
   *
   * A redirect from a host name to an address of a subnet is refused, unless `skipDomainCheck` is set. A host name
   * that resolves to an address of the device itself is refused unless this is `'allLocal'`. The library reads the
   * interfaces at each call to an IP address, at each redirect to one, and for each new connection to a host name. On
   * Android this needs version 7 (API 24).
   */
  lanPolicy?: 'ownSubnets' | 'off' | 'allLocal';
  /** Set to `true` to allow `http` URLs beyond what `lanPolicy` allows. Default: `false` (`https` only). */
  allowPlainHttp?: boolean;
  /** Set to `true` to skip the check against the domain lists. For development only. Default: `false`. */
  skipDomainCheck?: boolean;
  /**
   * Set to `true` to never send an upload again once all of it was sent. Default: `false`, as in browsers: if a kept
   * connection ends before a byte of the answer, or the server ends it with the status 408 (RFC 9110 section 15.5.9),
   * the upload is sent once more on a new connection. The server may then have received the whole upload twice (RFC
   * 9110 section 9.2.2). After `networkChanged` has ended the connection, an upload that was sent completely is not
   * sent again. An upload that was only partly sent is sent again in every case.
   */
  sendUploadsOnce?: boolean;
  /**
   * The hosts that uploads may go to, each as `https://host`, `https://host:port` or `host[:port]`. An entry without a
   * scheme also allows `http` if `allowPlainHttp` is set. `http://host` requires `allowPlainHttp`. An invalid entry
   * fails the opening, and so does an IP address or a local name, such as `localhost`: `lanPolicy` allows these.
   * Default: `undefined`, no upload is allowed.
   */
  uploadDomains?: string[];
  /**
   * The hosts that downloads may come from. Entries as in `uploadDomains`. If the list is empty, no download is
   * allowed.
   */
  downloadDomains?: string[];
  /**
   * CA certificates in PEM, which replace the system's trust store. Default: `undefined`, the system's trust store is
   * used.
   */
  rootCertificates?: string;
  /**
   * The proxy, as `http://[user:password@]host[:port]`. The user name and the password are percent-encoded. The
   * default port is 80. Every connection goes through it with `CONNECT`. Default: `undefined`, no proxy. The library
   * never reads proxy settings of the environment.
   */
  proxy?: string;
  /**
   * The number of attempts that may follow a task's first one. Any number, but all must fit within the deadline.
   * Default: 0. See `docs/resume-and-retry.md`.
   *
   * A download is retried if the host name has no address, if no connection can be made, also within the time for one
   * attempt (an equal share of the time that is left, at least 10 s), if the connection ends before the whole answer
   * (also during the TLS handshake), if it stalls (`lowSpeedLimit`), or if the status is 408, 429, 502, 503 or 504. An
   * upload is retried for the same reasons, but only if no byte of a request left the device, or if `retryUploads` is
   * set. A pipe cannot be read again, so an upload from a pipe is retried only if no byte left the device.
   *
   * The task's result is that of the last attempt. A task that waits for its next attempt counts as running.
   */
  maxRetries?: number;
  /**
   * The longest wait before the second attempt, in milliseconds. Any number. Each wait is a random part of the longest
   * wait, which doubles with each attempt, up to 30 s. If the answer has a longer `Retry-After`, that is the wait. If
   * the wait would pass the deadline, no further attempt is made; this also holds while the deadline is suspended.
   * Default: 0, which means 500.
   */
  retryDelay?: number;
  /**
   * Set to `true` to also retry uploads that may have reached the server. Set it only if every server treats two
   * uploads with the same `Idempotency-Key` as one: the library sends this header with each upload, with the same
   * value in each attempt, unless the page sets it. It has no effect without `maxRetries`. Together with
   * `sendUploadsOnce`, opening fails with `WXT_INVALID_ARGUMENT`. Default: `false`.
   */
  retryUploads?: boolean;
  /**
   * Whether a download that breaks off continues where it stopped: `'off'` (default), `'withinTask'` or
   * `'acrossLaunches'`. See `docs/resume-and-retry.md`.
   *
   * The library requests the rest with `Range` and `If-Range`. It does so only if the first answer was a 200 of known
   * size without a content coding, came from the origin of the URL, and had a strong `ETag` or a `Last-Modified` at
   * least 60 s older than its `Date`, and if the page's headers have no `Range` and no `If-…`. An attempt that follows
   * one which received more of the file than any before does not count as a retry, so it needs no `maxRetries`.
   */
  resume?: 'off' | 'withinTask' | 'acrossLaunches';
  /**
   * The most bytes per second that all tasks of the session together may send and receive, including heads and TLS.
   * Default: 0, no limit. Any other value is valid. Tasks that could use more get equal shares; the unused share of a
   * task goes to the others. `setMaxBytesPerSecond` changes it. Deadlines are not extended: raise them with
   * `maxTimeout`. See `docs/rates.md`.
   */
  maxBytesPerSecond?: number;
  /**
   * The fewest bytes per second on a task's connection. If the connection is slower for `lowSpeedTime`, the task fails
   * with `WXT_ERRNO_TIMEOUT`, `'timeout'` and the detail `stalled`, retryable; or it is tried again, as after a closed
   * connection (`maxRetries`, `resume`). Only the time in which the task waits for its own connection counts,
   * including the wait for the response, but not the queue, look-ups, a wait for `maxBytesPerSecond`, or the wait for
   * a connection that `prepare` is opening. Default: 0, no minimum. `WXT_INVALID_ARGUMENT` if only one of this and
   * `lowSpeedTime` is set.
   */
  lowSpeedLimit?: number;
  /**
   * How long a connection may be slower than `lowSpeedLimit`, in milliseconds. Any number. Default: 0, no minimum
   * speed. `WXT_INVALID_ARGUMENT` if only one of the two is set.
   */
  lowSpeedTime?: number;
  /**
   * Set to `true` if transfers wait for the app's return instead of ending with `interrupted`. Default: `false`. See
   * `docs/long-transfers.md`.
   *
   * Deadlines are suspended from `enterBackground` to `enterForeground`. All connections end after 5 s in the
   * background, or at the return if the system suspended the app earlier. A download starts its next attempt at the
   * return: with `resume` it continues, else it starts anew. An upload of which a byte has left the device is sent
   * again if `retryUploads` and `maxRetries` are set, else it ends with `interrupted`. These attempts do not count as
   * retries, so a download needs no `maxRetries`. Calls in the background are accepted, and wait. `onHeadersReceived`
   * of a download comes when its body is complete.
   */
  waitInBackground?: boolean;
  // Generated until here
  /** Public keys that hosts must present, in addition to a valid certificate chain. Default: no pins. */
  pins?: Pin[];
  /**
   * Receives the session's log messages. Default: they are discarded. The function may refer to the session: a session that the
   * app has lost is collected together with the function.
   */
  log?: (entry: LogEntry) => void;
}

/** One log message. */
export interface LogEntry {
  /** `'warning'`: a mistake or a failure that may need attention. `'info'`: a decision that helps to diagnose a problem. */
  level: 'warning' | 'info';
  /** The text without a line end. Contains no query, header value or body. */
  message: string;
}

/** A host and one public key that it may present. A host that has pins must present one of its pinned keys. */
export interface Pin {
  /** The exact host name, without scheme and port. An internationalised name may be given in Unicode or as punycode. */
  host: string;
  /** The SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4), 32 bytes. */
  sha256: Uint8Array | ArrayBuffer;
}

/** The argument of `setTrust`. */
export interface Trust {
  /** CA certificates in PEM, which replace the system's trust store. Default: the system's trust store is used. */
  rootCertificates?: string;
  /** Public keys that hosts must present, in addition to a valid certificate chain. Default: no pins; earlier ones are removed. */
  pins?: Pin[];
}

/** The device's default network. */
export interface Network {
  /** The kind of network. Only `'none'` stops transfers. The other kinds differ only in the log. Default: `'other'`. */
  kind?: 'other' | 'none' | 'wifi' | 'cellular';
  /** Set to `true` if the user pays by use or wants to save data. Default: `false`. */
  metered?: boolean;
  /** Set to `true` if the network belongs to another operator than the user's own. Counts as metered. Default: `false`. */
  roaming?: boolean;
}

/**
 * Names and values, in an order that is kept. The list can have a name twice. A `Map`, or an object of a class, is refused with a
 * TypeError.
 */
export type Pairs = Record<string, string> | Array<[string, string]>;

/**
 * The parameters of `wx.uploadFile`. The body is a multipart form with one file, unless `parts` or `raw` is set. The file's
 * content comes from `fileDescriptor` or `data` if one of them is set, else from `filePath`. See `docs/upload-bodies.md`.
 */
export interface UploadRequest {
  /** Where to upload to. */
  url: string;
  /**
   * The file to upload, as a `wxfile://` path, or as an absolute path if `pathPolicy` is `'native'`. Required unless
   * `fileDescriptor`, `data` or `parts` is set; with the first two it only provides the file name.
   */
  filePath?: string;
  /** The form field name of the file. Required unless `parts` or `raw` is set. */
  name?: string;
  /**
   * Request headers, sent in this order and with this spelling. `Referer`, `Content-Type` (unless `raw` is set) and headers of the
   * connection such as `Host` are dropped. Default: none.
   */
  header?: Pairs;
  /** Further form fields, sent in this order before the file. Default: none. */
  formData?: Pairs;
  /** The `filename` that the server receives. Default: the last component of `filePath`, or `blob` if there is none. */
  fileName?: string;
  /**
   * The deadline in milliseconds, counted from when the task leaves the queue. A value above the session's `maxTimeout` is reduced
   * to it. Default: 0, the session's `defaultUploadTimeout`.
   */
  timeout?: number;
  /** Set to `false` for a result without `profile`. Default: `true`. */
  enableProfile?: boolean;
  /**
   * An open file or pipe whose content is uploaded. A file is read from its current offset. The descriptor is duplicated: the
   * caller may close its own when `uploadFile` has returned. Default: none.
   */
  fileDescriptor?: number;
  /** The number of bytes to read from a pipe. Default: 0, for a regular file: everything from its offset to its end. */
  fileLength?: number;
  /**
   * Set to `true` to keep the task in the queue while the network is metered or roaming, as `networkChanged` reported it. The
   * deadline does not run meanwhile. If the network becomes metered after the task has started, the task keeps its connection,
   * but opens no other one: a redirect and its next attempt wait. Default: `false`.
   */
  needsUnmetered?: boolean;
  /**
   * The file's content in memory, instead of `filePath` and `fileDescriptor`. It is copied, so upload large content from a file.
   * Zero bytes are an empty file. Default: none.
   */
  data?: Uint8Array | ArrayBuffer;
  /**
   * Several files of one form, sent in this order after the form fields. At most 100. If set, `filePath`, `name`, `fileName` and
   * `data` must be missing or empty, and `fileDescriptor` must be missing. Default: the single file that the members above
   * describe.
   */
  parts?: UploadPart[];
  /** The request's method: `'POST'`, as in WeChat, or `'PUT'`, for presigned URLs of object stores. Default: `'POST'`. */
  method?: 'POST' | 'PUT';
  /**
   * Set to `true` to send the bytes of the file alone as the body, as presigned URLs of object stores require. The `Content-Type`
   * is that of `header`, or missing. `name`, `fileName`, `formData` and `parts` must be missing or empty. Default: `false`, a
   * multipart form.
   */
  raw?: boolean;
  /**
   * The most bytes per second that the task may send and receive together, including heads and TLS. Default: 0, no limit except
   * the session's, which always applies too. `setMaxBytesPerSecond` of the task changes it.
   */
  maxBytesPerSecond?: number;
  /**
   * The priority in the queue of uploads: waiting tasks with the highest number start first, and tasks with the same number in the
   * order of their calls. A whole number from -2^31 to 2^31 - 1. Default: 0. A running task is never stopped for another.
   */
  priority?: number;
  /** Called when the server has answered, with any HTTP status. Default: not called. */
  success?: (result: UploadResult) => void;
  /** Called when the task has failed. Default: not called. */
  fail?: (failure: Failure) => void;
  /** Called after `success` or `fail`, with the same object. Default: not called. */
  complete?: (end: UploadResult | Failure) => void;
}

/**
 * One file of an upload with several files. Its content comes from `fileDescriptor` or `data` if one is set, else from `filePath`.
 */
export interface UploadPart {
  /** The form field name of the file. */
  name: string;
  /** The file to upload, as in `UploadRequest`. Default: none. */
  filePath?: string;
  /** The `filename` that the server receives. Default: the last component of `filePath`, or `blob`. */
  fileName?: string;
  /** The `Content-Type` of the part. Default: it follows from the extension of the file name. */
  mediaType?: string;
  /** The file's content in memory, as in `UploadRequest`. Default: none. */
  data?: Uint8Array | ArrayBuffer;
  /** An open file or pipe, as in `UploadRequest`. Default: none. */
  fileDescriptor?: number;
  /** The number of bytes to read from a pipe, as in `UploadRequest`. Default: 0, for a regular file. */
  fileLength?: number;
}

/** The parameters of `wx.downloadFile`. */
export interface DownloadRequest {
  /** What to download. */
  url: string;
  /** The `wxfile://usr/` path to store the file at. Default: a temporary file. */
  filePath?: string;
  /** Request headers, as in `UploadRequest`, but `Content-Type` is sent. Default: none. */
  header?: Pairs;
  /** The deadline in milliseconds, as in `UploadRequest`. Default: 0, the session's `defaultDownloadTimeout`. */
  timeout?: number;
  /** Set to `false` for a result without `profile`. Default: `true`. */
  enableProfile?: boolean;
  /**
   * The expected SHA-256 of the file, as 64 hexadecimal digits in upper or lower case. If the file has another one, the task fails
   * with the category `integrity`, whatever the status of the answer, and no file is created. Any other text fails with `errno`
   * 1001, and nothing is sent. Default: not checked.
   */
  expectedSha256?: string;
  /**
   * The expected length of the file in bytes. If the file has another length, the task fails with the category `integrity` as soon
   * as the length is known, and no file is created. Default: 0, not checked.
   */
  expectedLength?: number;
  /** Set to `true` to get the file's SHA-256 in the result. Default: `false`; it is set only if `expectedSha256` is. */
  wantSha256?: boolean;
  /**
   * Set to `true` to check the digest that a 200 answer declares of its body. If the body has another one, the task fails with the
   * category `integrity`, and no file is created. The first of these digests is used: `Repr-Digest` with `sha-512`, `Repr-Digest`
   * with `sha-256`, `Content-MD5`, `x-cos-hash-crc64ecma`, `x-oss-hash-crc64ecma`. An answer without a digest is not checked. The
   * request has `Accept-Encoding: identity`, unless `header` has `Accept-Encoding`. Default: `false`, not checked. See
   * `docs/integrity.md`.
   */
  verifyDigest?: boolean;
  /**
   * Set to `true` to keep the task in the queue while the network is metered or roaming, as in `UploadRequest`. Default: `false`.
   */
  needsUnmetered?: boolean;
  /** The most bytes per second of the task, as in `UploadRequest`. Default: 0, no limit except the session's. */
  maxBytesPerSecond?: number;
  /** The priority in the queue of downloads, as in `UploadRequest`. Default: 0. */
  priority?: number;
  /** Called when the server has answered, with any HTTP status. Default: not called. */
  success?: (result: DownloadResult) => void;
  /** Called when the task has failed. Default: not called. */
  fail?: (failure: Failure) => void;
  /** Called after `success` or `fail`, with the same object. Default: not called. */
  complete?: (end: DownloadResult | Failure) => void;
}

/** The members that the results of uploads and downloads share. */
export interface TransferResult {
  /** `uploadFile:ok` or `downloadFile:ok`. */
  errMsg: string;
  /** The HTTP status. Any status is a success. */
  statusCode: number;
  /** The answer's headers. Values of one name, whatever its case, are joined by `, ` under the first spelling. */
  header: Record<string, string>;
  /** The values of `Set-Cookie`, one for each field. */
  cookies: string[];
  /** Of a download: the size of the file in bytes. Of an upload: the size of the answer's body in bytes, before it became text. */
  dataLength: number;
  /**
   * When the steps of the task happened. Missing if `enableProfile` is `false`, for a download on base libraries before 2.10.4,
   * and for an upload on base libraries before 3.5.0.
   */
  profile?: Profile;
  /** The number of attempts that the task made. 1 without `maxRetries`, `resume` and `waitInBackground`. */
  attempts: number;
  /**
   * With `resume`: how many bytes of the file existed before the final answer, which contained only the rest. 0 if the final
   * answer contained the whole file, and for an upload.
   */
  resumedFrom: number;
}

/** The result of an upload. */
export interface UploadResult extends TransferResult {
  /** The answer's body as text. */
  data: string;
}

/** The result of a download. */
export interface DownloadResult extends TransferResult {
  /** The page's path of a download without `filePath`. Missing otherwise. */
  tempFilePath?: string;
  /** The page's path of a download with `filePath`. Missing otherwise. */
  filePath?: string;
  /** The downloaded file's path on the device, for the host. */
  nativePath: string;
  /** The file's SHA-256 in lower-case hexadecimal digits. Missing unless the request sets `wantSha256` or `expectedSha256`. */
  sha256?: string;
}

/**
 * When the steps of a task happened, and on which connection. The names are WeChat's. Times are in milliseconds since the Unix
 * epoch, and 0 if the step did not happen. A member is missing if the system, the transfer or the base library does not provide
 * it.
 */
export interface Profile {
  // Generated from wxtransfer.h: members WxtProfile
  /** The task was started. `undefined` on base libraries before 3.8.10. */
  invokeStart?: number;
  /** The task entered the queue. `undefined` on base libraries before 3.8.10. */
  queueStart?: number;
  /** A worker took the task. 0 if none did. `undefined` on base libraries before 3.8.10. */
  queueEnd?: number;
  /** The last hop started. */
  fetchStart: number;
  /** The first redirected request started. 0 without a redirect, and if one led to another origin. */
  redirectStart: number;
  /** The last redirect was received. 0 as `redirectStart`. */
  redirectEnd: number;
  /** Name resolution began. Equal to `fetchStart` on a kept connection, and if the host is an IP address. */
  domainLookUpStart: number;
  /** Name resolution ended. Equal to `fetchStart` in the same cases as `domainLookUpStart`. */
  domainLookUpEnd: number;
  /** Connecting began. Equal to `fetchStart` on a kept connection. */
  connectStart: number;
  /** The connection is ready, including TLS. Equal to `fetchStart` on a kept connection. */
  connectEnd: number;
  /** The TLS handshake began. 0 without TLS. Equal to `fetchStart` on a kept connection with TLS. */
  SSLconnectionStart: number;
  /** The TLS handshake ended. 0 without TLS. Equal to `fetchStart` on a kept connection with TLS. */
  SSLconnectionEnd: number;
  /** The first byte of the request was sent. */
  requestStart: number;
  /** The last byte of the request was sent. */
  requestEnd: number;
  /** The first byte of the answer was received. */
  responseStart: number;
  /** The last byte of the answer was received. */
  responseEnd: number;
  /** Bytes sent in the last hop, including heads, the proxy and TLS. */
  sendBytesCount: number;
  /** Bytes received in the last hop, including heads, the proxy and TLS. */
  receivedBytedCount: number;
  /**
   * The connection's smoothed round-trip time in milliseconds, as the system's TCP measured it (up to one second ago).
   * With a proxy, the round trip to the proxy. `undefined` if the system does not report it, or without an answer.
   */
  rtt?: number;
  /**
   * The session's estimate of the milliseconds from the first byte of a request to the first byte of its answer.
   * Requests over 14600 bytes, TCP's initial window (RFC 6928), are not included. `undefined` while there is no
   * observation, or without an answer.
   *
   * An estimate starts as the first observation. Each later one moves it by an eighth of the difference (RFC 6298).
   * `networkChanged` forgets it. Tasks without a profile are not observed.
   */
  httpRttEstimate?: number;
  /** The session's estimate of `rtt`, in milliseconds. `undefined` while there is no observation, or without an answer. */
  transportRttEstimate?: number;
  /**
   * Kilobits per second of the answer's body, from its first byte to its last. `undefined` if less than 32 KiB arrived
   * in that time, or if the answer is not complete.
   */
  throughputKbps?: number;
  /** The session's estimate of `throughputKbps`. `undefined` while there is no observation, or without an answer. */
  downstreamThroughputKbpsEstimate?: number;
  /**
   * 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g. Never `undefined`. WeChat's values 1 (offline) and 6 (end of the list) do
   * not occur. The types are the effective connection types of the Network Information API: slow-2g from 2000 ms
   * round-trip time or up to 50 kbit/s, 2g from 1400 ms or up to 70 kbit/s, 3g from 270 ms or up to 700 kbit/s. The
   * round-trip time is `transportRttEstimate`, or `httpRttEstimate` if the former is `undefined`. The speed is
   * `downstreamThroughputKbpsEstimate`.
   */
  estimate_nettype: number;
  /** The IP address of the connection. `undefined` if there was none. */
  peerIP?: string;
  /** `http1.1`. `undefined` if there was no connection. */
  protocol?: string;
  /** The port of the connection. 0 if there was none. */
  port: number;
  /** The connection was already open, from an earlier task, hop or attempt, or from `prepare`. */
  socketReused: boolean;
  /** Always `false`. There is no such mode. */
  usingHighPerformanceMode: boolean;
  // Generated until here
}

/** The head of the final response. */
export interface HeadersReceived {
  /** The headers, as in the result. */
  header: Record<string, string>;
  /** The HTTP status. */
  statusCode: number;
}

/** The progress of an upload. */
export interface UploadProgress {
  /** The progress in percent, 0 to 100. 0 if the total is unknown. */
  progress: number;
  /** The bytes of the request body that left the device's send buffer; at the end, all bytes that were put into that buffer. */
  totalBytesSent: number;
  /** The length of the request body in bytes, or -1 if it is unknown. */
  totalBytesExpectedToSend: number;
}

/** The progress of a download. */
export interface DownloadProgress {
  /** The progress in percent, 0 to 100. 0 if the total is unknown. */
  progress: number;
  /** The bytes written to the file. */
  totalBytesWritten: number;
  /** The length of the file in bytes, or -1 if it is unknown. */
  totalBytesExpectedToWrite: number;
}

/**
 * A running upload or download. Its callbacks come in later turns: listeners, then one of `success` and `fail`, then `complete`,
 * also after an abort and when the session closes. If the app drops the object, the task goes on and its callbacks still run.
 */
export interface Task<Result, Progress> {
  /** Ends the task with `abort` (`wxt_task_abort`). Has no effect after its end. */
  abort(): void;
  /**
   * Changes the request's `maxBytesPerSecond` at once; 0 means no limit except the session's. Has no effect after the task's end.
   */
  setMaxBytesPerSecond(bytesPerSecond: number): void;
  /** Adds a listener of the progress. Progress is throttled: only the newest is reported. Has no effect after the task's end. */
  onProgressUpdate(listener: (progress: Progress) => void): void;
  /** Removes a listener of the progress, or all if `listener` is missing. */
  offProgressUpdate(listener?: (progress: Progress) => void): void;
  /** Adds a listener of the headers of the answer that becomes the result. Has no effect after the task's end. */
  onHeadersReceived(listener: (headers: HeadersReceived) => void): void;
  /** Removes a listener of the headers, or all if `listener` is missing. */
  offHeadersReceived(listener?: (headers: HeadersReceived) => void): void;
  /**
   * Returns a promise that is resolved with what `success` receives, or rejected with what `fail` receives. Each call returns the
   * same promise.
   */
  result(): Promise<Result>;
}

export type UploadTask = Task<UploadResult, UploadProgress>;
export type DownloadTask = Task<DownloadResult, DownloadProgress>;

/** One file of the mini program. */
export interface FileInfo {
  /** The `wxfile://` path. */
  filePath: string;
  /** The path of the same file on the device, for the host. */
  nativePath: string;
  /** The size in bytes. */
  size: number;
  /**
   * When the file was created, in seconds since the Unix epoch. 0 for files returned by `importFile`, `importFileDescriptor`,
   * `importData`, `resolvePath` and `getFileInfo`, which do not set it.
   */
  createTime: number;
}

/** The attributes of a file or directory. */
export interface FileStats {
  /**
   * With `recursive`, for a directory: `/` for the directory itself, `/a` and `/a/b` for its contents. Missing without
   * `recursive`, and for a file.
   */
  path?: string;
  /** The size in bytes. */
  size: number;
  /** In seconds since the Unix epoch. Many systems update it only roughly. */
  lastAccessedTime: number;
  /** In seconds since the Unix epoch. */
  lastModifiedTime: number;
  /** POSIX `st_mode`: the file type and the permissions. */
  mode: number;
  /** It is a regular file. */
  isFile: boolean;
  /** It is a directory. */
  isDirectory: boolean;
}

/** The result of a file call. */
export interface Done {
  /** The name of the call and `:ok`, such as `unlink:ok`. */
  errMsg: string;
}

/** The result of a file call that returns one file. */
export interface OneFile extends Done {
  file: FileInfo;
}

/** The result of `getSavedFileList`. */
export interface FileList extends Done {
  /** The files of the store, oldest first. */
  files: FileInfo[];
}

/** The result of `stat`. */
export interface StatsList extends Done {
  /** One element; with `recursive`, for a directory: the directory and everything in it, ordered by path. */
  stats: FileStats[];
}

/** The result of `readdir`. */
export interface NameList extends Done {
  /** The names in the directory, ordered by their bytes. */
  names: string[];
}

/** The result of `getFileInfo`. */
export interface FileDigest extends OneFile {
  /** The digest in lower-case hexadecimal digits. */
  digest: string;
}

/** The result of `readFile`. */
export interface FileData extends Done {
  data: ArrayBuffer;
}

export interface SaveFileOptions {
  /** The path of a temporary file. */
  tempFilePath: string;
  /** A path below `wxfile://usr/`. Default: the store of saved files. */
  filePath?: string;
}

export interface FilePathOptions {
  /** The `wxfile://` path of the file. */
  filePath: string;
}

export interface ImportFileOptions {
  /** The absolute path of the host's file on the device. */
  nativePath: string;
  /**
   * `'copy'`: the host keeps its file. `'move'`: the host gives up its file, which is moved if possible, otherwise copied and
   * deleted. Default: `'copy'`.
   */
  mode?: 'copy' | 'move';
}

export interface ImportFileDescriptorOptions {
  /** An open file or pipe, read from its current offset. It must stay open until the promise is settled. */
  fileDescriptor: number;
  /** The number of bytes to read. Default: 0, up to the end. */
  length?: number;
  /** A file name that provides the extension of the temporary file. Default: no extension. */
  name?: string;
}

export interface ImportDataOptions {
  /** The content of the temporary file. */
  data: Uint8Array | ArrayBuffer;
  /** A file name that provides the extension of the temporary file. Default: no extension. */
  name?: string;
}

export interface AccessOptions {
  /** The `wxfile://` path of a file or directory. */
  path: string;
}

export interface StatOptions {
  /** The `wxfile://` path of a file or directory. */
  path: string;
  /** Set to `true` for the attributes of a directory and of everything in it. Default: `false`. */
  recursive?: boolean;
}

export interface CopyFileOptions {
  /** The `wxfile://` path of the file to copy. */
  srcPath: string;
  /** The path of the copy, below `wxfile://usr/`. */
  destPath: string;
}

export interface RenameOptions {
  /** The path of a file or directory below `wxfile://usr/`. */
  oldPath: string;
  /** The new path, below `wxfile://usr/`. */
  newPath: string;
}

export interface ReaddirOptions {
  /** The path of a directory: `wxfile://usr`, or one below it. */
  dirPath: string;
}

/** The argument of `mkdir` and `rmdir`. */
export interface DirectoryOptions {
  /** The path of a directory below `wxfile://usr/`. */
  dirPath: string;
  /** Set to `true` to also make missing parents (`mkdir`), or to also remove the contents (`rmdir`). Default: `false`. */
  recursive?: boolean;
}

export interface GetFileInfoOptions {
  /** The `wxfile://` path of the file. */
  filePath: string;
  /** The algorithm of the digest. Default: `'md5'`. */
  digestAlgorithm?: 'md5' | 'sha1' | 'sha256';
}

export interface ReadFileOptions {
  /** The `wxfile://` path of the file. */
  filePath: string;
  /** The offset of the first byte to read. It must be less than the file's length; 0 is valid for an empty file. Default: 0. */
  position?: number;
  /**
   * The most bytes to read, at most the file's length. If `position` plus `length` exceeds the file's length, the bytes up to the
   * end are read. Default: 0, up to the end.
   */
  length?: number;
}

export interface WriteFileOptions {
  /** The path of a file below `wxfile://usr/`. */
  filePath: string;
  /** The bytes to write, at most 100 MiB. */
  data: Uint8Array | ArrayBuffer;
  /**
   * `'whole'`: the bytes replace the whole content, and a missing file is created. `'append'`: the bytes are appended to an
   * existing file. `'atPosition'`: the bytes are written into an existing file, starting at `position`. Default: `'whole'`.
   */
  mode?: 'whole' | 'append' | 'atPosition';
  /**
   * The offset of the first byte to write, for `'atPosition'`: at most the file's length. With the other modes it must be 0.
   * Default: 0.
   */
  position?: number;
}

/**
 * A session. Methods throw a `StatusError` after `close`. A session that the app has lost is closed when it is collected, but not
 * before its tasks and file calls have ended.
 *
 * A file call works on another thread and returns a promise. If the call fails, the promise is rejected with a `Failure`, which
 * has a `status` if the call was refused. The comment of each file call lists the `errno` of its failures, and names the function
 * of the header that describes them. `WxtFileResult` of the header lists further failures that every file call can have.
 */
export interface Session {
  /**
   * Starts `wx.uploadFile` (`wxt_upload_file`). A mistake of the page and a failure of the network come through `fail`. Throws a
   * `StatusError` if the request sets members that exclude each other, has more than 100 `parts`, or has a `fileDescriptor` that
   * is not open, and if no descriptor or memory is left.
   */
  uploadFile(request: UploadRequest): UploadTask;
  /** Starts `wx.downloadFile` (`wxt_download_file`). A mistake of the page and a failure of the network come through `fail`. */
  downloadFile(request: DownloadRequest): DownloadTask;

  /**
   * `wx.saveFile`: moves a temporary file into the store, or to `filePath`, where it replaces an existing file. The temporary path
   * is invalid afterwards. On failure the temporary file stays. Failures: 1301112 (no such temporary file), 1300014 (a path that
   * the page may not use), 1300036 (name too long), 1300002 (the directory of `filePath` does not exist), 1300020 (a component of
   * the path is a file), 1300021 (`filePath` is a directory), 1300202 (the quota is exceeded, or the disk is full). See
   * `wxt_save_file`.
   */
  saveFile(options: SaveFileOptions): Promise<OneFile>;
  /**
   * `wx.getSavedFileList`: the files of the store, oldest first, without those under `wxfile://usr/`. See
   * `wxt_get_saved_file_list`.
   */
  getSavedFileList(): Promise<FileList>;
  /**
   * `wx.getSavedFileInfo`: one file of the store. Failures: 1300002 (no such file), 1300014 (a path that the page may not use),
   * 1300036 (name too long). See `wxt_get_saved_file_info`.
   */
  getSavedFileInfo(options: FilePathOptions): Promise<OneFile>;
  /** `wx.removeSavedFile`: deletes one file of the store. Failures as for `getSavedFileInfo`. See `wxt_remove_saved_file`. */
  removeSavedFile(options: FilePathOptions): Promise<Done>;

  /**
   * Makes a temporary file from a file of the host, as `wx.chooseImage` does. `filePath` of the result is the page's
   * `tempFilePath`. Failures: 1300002 (no such file), 1300014 (a path that is not absolute, or not a regular file), 1300021 (a
   * directory), 1300202 (the quota is exceeded, or the disk is full). See `wxt_import_file`.
   */
  importFile(options: ImportFileOptions): Promise<OneFile>;
  /**
   * Makes a temporary file from an open file or pipe. Waits for the other end of a pipe; if the session closes meanwhile, the call
   * fails with `abort`. Failures: 1300009 (neither a file nor a pipe, or fewer than `length` bytes), 1300202 (the quota is
   * exceeded, or the disk is full). The call is refused if the descriptor is not open. See `wxt_import_file_descriptor`.
   */
  importFileDescriptor(options: ImportFileDescriptorOptions): Promise<OneFile>;
  /**
   * Makes a temporary file from bytes in memory. Failures: 1300202 (the quota is exceeded, or the disk is full). See
   * `wxt_import_data`.
   */
  importData(options: ImportDataOptions): Promise<OneFile>;
  /**
   * Returns the path on the device of an existing `wxfile://` path, for the host. Failures as for `access`. See
   * `wxt_resolve_path`.
   */
  resolvePath(options: FilePathOptions): Promise<OneFile>;

  /**
   * Whether a file or directory exists: if not, the promise is rejected. Failures: 1300002 (it does not exist), 1300014 (a path
   * that the page may not use), 1300020 (a component of the path is a file), 1300036 (name or path too long). See
   * `wxt_file_access`.
   */
  access(options: AccessOptions): Promise<Done>;
  /** The size, times and kind of a file or directory. Failures as for `access`. See `wxt_file_stat`. */
  stat(options: StatOptions): Promise<StatsList>;
  /**
   * Deletes a file under `wxfile://usr`. Failures: those of `access`; also 1300001 (a directory). See `wxt_file_unlink`.
   */
  unlink(options: FilePathOptions): Promise<Done>;
  /**
   * Makes `destPath` a copy of `srcPath`, in one step. Failures: those of `access`; also 1300021 (a directory), 1300202 (the quota
   * is exceeded, or the disk is full). See `wxt_file_copy`.
   */
  copyFile(options: CopyFileOptions): Promise<Done>;
  /**
   * Moves a file or directory under `wxfile://usr`, in one step. A file may replace a file, and a directory an empty directory.
   * Failures: those of `access`; also 1300021 (a file would replace a directory), 1300020 (a directory would replace a file),
   * 1300066 (the directory to replace contains files), 1300022 (a directory would be moved below itself). See `wxt_file_rename`.
   */
  rename(options: RenameOptions): Promise<Done>;
  /**
   * Makes a directory under `wxfile://usr`. Failures: those of `access`; also 1301005 (it exists), 1300202 (the quota is
   * exceeded). See `wxt_file_make_directory`.
   */
  mkdir(options: DirectoryOptions): Promise<Done>;
  /**
   * Removes a directory under `wxfile://usr`, but not `wxfile://usr` itself. Failures: those of `access`; also 1300066 (it
   * contains files), 1300020 (a file). See `wxt_file_remove_directory`.
   */
  rmdir(options: DirectoryOptions): Promise<Done>;
  /** The names in a directory. Failures: those of `access`; also 1300020 (a file). See `wxt_file_list_directory`. */
  readdir(options: ReaddirOptions): Promise<NameList>;
  /**
   * The size and digest of a file, both of the same content. Failures: those of `access`; also 1300021 (a directory). See
   * `wxt_file_info`.
   */
  getFileInfo(options: GetFileInfoOptions): Promise<FileDigest>;
  /**
   * Reads bytes of a file. Failures: those of `access`; also 1301009 (`position` is not before the end of the file), 1301006
   * (`length` exceeds the file's length), 1300202 (more than 100 MiB), 1300021 (a directory). See `wxt_file_read`.
   */
  readFile(options: ReadFileOptions): Promise<FileData>;
  /**
   * Writes a file under `wxfile://usr`, which is replaced in one step. Failures: those of `access`; also 1301003 (a directory),
   * 1301009 (`position` is after the end), 1300202 (the quota is exceeded, the disk is full, or more than 100 MiB). The call is
   * refused if `position` is not 0 and `mode` is not `'atPosition'`. See `wxt_file_write`.
   */
  writeFile(options: WriteFileOptions): Promise<Done>;

  /**
   * Tells the session that the mini program entered the background; call it in `onBackground` of the ability. After 5 s, tasks and
   * later calls fail with `interrupted`, or wait if `waitInBackground` is set. Throws a `StatusError` with status 15 if no thread
   * is left. See `wxt_session_enter_background`.
   */
  enterBackground(): void;
  /**
   * Tells the session that the mini program is in the foreground again; call it in `onForeground`. See
   * `wxt_session_enter_foreground`.
   */
  enterForeground(): void;
  /**
   * Tells the session that the device's network changed or is gone. Call it whenever the system reports a change, and once after
   * opening if requests set `needsUnmetered`. Throws a `StatusError` with status 15 if `kind` is `'none'` and no thread is left;
   * nothing has changed then. See `wxt_session_network_changed`.
   */
  networkChanged(network: Network): void;
  /**
   * Opens a connection to `server` ahead of its first transfer. `server` is a host with or without a port, which means `https`, or
   * a URL. Returns at once; the log reports a refusal by the session's rules or a failure. Throws a `StatusError` with status 1 if
   * `server` is empty. See `wxt_session_prepare`.
   */
  prepare(server: string): void;
  /**
   * Changes `maxBytesPerSecond` of the session's options at once; 0 means no limit. See `wxt_session_set_max_bytes_per_second`.
   */
  setMaxBytesPerSecond(bytesPerSecond: number): void;
  /**
   * Replaces `rootCertificates` and `pins` of the session's options for new connections, both at once. Throws a `StatusError` with
   * status 9 (invalid certificate), 10 (invalid pin) or 14 (the system's trust store cannot be used); nothing has changed then.
   * See `wxt_session_set_trust`.
   */
  setTrust(trust: Trust): void;

  /**
   * Aborts the remaining tasks and closes the session. When the promise is resolved, all callbacks have run and no more will. Each
   * call returns the same promise.
   */
  close(): Promise<void>;
}
