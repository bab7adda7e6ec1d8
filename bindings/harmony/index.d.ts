/* The Node-API module libwxtransfer_napi.so. Every member has the meaning, range and default of the field of that name in
 * include/wxtransfer.h (`appId` is `app_id` there), which says more. An object with a member that is not listed here, or one of
 * another type, is refused with a TypeError that names it. A member that is `undefined` or `null` counts as missing. A string with
 * half of a surrogate pair, which has no UTF-8, and bytes whose ArrayBuffer was transferred are refused, too. Everything runs on
 * the thread that called `openSession`. */

/** The library's version, such as `0.2.0`. */
export const version: string;

/**
 * Opens a session: one launch of one mini program. Reads and writes the disk. Throws a `StatusError` if an option is refused; its
 * `detail` says which.
 */
export const openSession: (options: SessionOptions) => Session;

/** What a method throws if its call was refused. Nothing was started, and no callback follows. */
export interface StatusError extends Error {
  /** A `WXT_…` status of the header, such as 4: the session is closed. */
  status: number;
  /**
   * What is wrong, in English, for a developer; also in `message`. It names the field as the header spells it, such as
   * `low_speed_time`. It has no text, list or path that was passed. Missing where the status says all, as 4 does.
   */
  detail?: string;
}

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

/** The failure of a task or a file call, also of a file call that was refused. `message` is `errMsg`. */
export interface Failure extends Error {
  /** WeChat's text, such as `downloadFile:fail timeout`. */
  errMsg: string;
  /** WeChat's number, a `WXT_ERRNO_…` of the header. */
  errno: number;
  /** The same number, of a file call. */
  errCode?: number;
  /** Of a file call that was refused, such as one with a `position` and no `mode: 'atPosition'`: the `WXT_…` status of the header. */
  status?: number;
  category: Category;
  /** What happened, in English, for a developer. If the call was refused, it names the member. */
  detail: string;
  /** The same call may succeed later without a change. */
  retryable: boolean;
  /** Of a task, as are the following. */
  profile?: Profile;
  attempts?: number;
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
   * names 2 GiB.
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
   * connection ends before a byte of the answer, the upload is sent once more on a new connection. The server may then
   * have received the whole upload twice (RFC 9110 section 9.2.2). After `networkChanged` has ended the connection, an
   * upload that was sent completely is not sent again. An upload that was only partly sent is sent again in every
   * case.
   */
  sendUploadsOnce?: boolean;
  /**
   * The hosts that uploads may go to, each as `https://host` or `https://host:port`. `http://host` requires
   * `allowPlainHttp`. If the list is empty, no upload is allowed. An invalid entry fails the opening, and so does an
   * IP address or a local name, such as `localhost`: `lanPolicy` allows these.
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
   * one which received more of the file does not count as a retry, so it needs no `maxRetries`.
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
  pins?: Pin[];
  /** Receives the session's log. It may refer to the session: a lost session is collected with it. */
  log?: (entry: LogEntry) => void;
}

export interface LogEntry {
  level: 'warning' | 'info';
  message: string;
}

export interface Pin {
  host: string;
  /** 32 bytes: the SHA-256 of the SubjectPublicKeyInfo. */
  sha256: Uint8Array | ArrayBuffer;
}

export interface Trust {
  rootCertificates?: string;
  pins?: Pin[];
}

export interface Network {
  kind?: 'other' | 'none' | 'wifi' | 'cellular';
  metered?: boolean;
  roaming?: boolean;
}

/**
 * Names and values, in an order that is kept. The list can have a name twice. A `Map`, or an object of a class, is refused with a
 * TypeError.
 */
export type Pairs = Record<string, string> | Array<[string, string]>;

export interface UploadRequest {
  url: string;
  filePath?: string;
  name?: string;
  header?: Pairs;
  formData?: Pairs;
  fileName?: string;
  timeout?: number;
  /** `false`: the result has no `profile`. Default: `true`. */
  enableProfile?: boolean;
  /** An open file. It is duplicated: the caller may close its own at once. */
  fileDescriptor?: number;
  fileLength?: number;
  needsUnmetered?: boolean;
  data?: Uint8Array | ArrayBuffer;
  parts?: UploadPart[];
  method?: 'POST' | 'PUT';
  raw?: boolean;
  maxBytesPerSecond?: number;
  priority?: number;
  success?: (result: UploadResult) => void;
  fail?: (failure: Failure) => void;
  complete?: (end: UploadResult | Failure) => void;
}

export interface UploadPart {
  name: string;
  filePath?: string;
  fileName?: string;
  mediaType?: string;
  data?: Uint8Array | ArrayBuffer;
  fileDescriptor?: number;
  fileLength?: number;
}

export interface DownloadRequest {
  url: string;
  filePath?: string;
  header?: Pairs;
  timeout?: number;
  /** `false`: the result has no `profile`. Default: `true`. */
  enableProfile?: boolean;
  expectedSha256?: string;
  expectedLength?: number;
  wantSha256?: boolean;
  verifyDigest?: boolean;
  needsUnmetered?: boolean;
  maxBytesPerSecond?: number;
  priority?: number;
  success?: (result: DownloadResult) => void;
  fail?: (failure: Failure) => void;
  complete?: (end: DownloadResult | Failure) => void;
}

/** What both kinds of tasks give. */
export interface TransferResult {
  errMsg: string;
  /** Any HTTP status is a success. */
  statusCode: number;
  /** Values of one name, whatever its case, are joined by `, ` under the first spelling. */
  header: Record<string, string>;
  /** The values of `Set-Cookie`. */
  cookies: string[];
  /** The size of the file, or of the upload's answer, in bytes. */
  dataLength: number;
  profile?: Profile;
  attempts: number;
  resumedFrom: number;
}

export interface UploadResult extends TransferResult {
  /** The answer's body. */
  data: string;
}

export interface DownloadResult extends TransferResult {
  /** Without `filePath`: for the page. */
  tempFilePath?: string;
  /** With `filePath`. */
  filePath?: string;
  /** The path on the device, for the host. */
  nativePath: string;
  sha256?: string;
}

/** WeChat's names, as at `WxtProfile`: times in milliseconds since the Unix epoch. A member that is not known is missing. */
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

export interface HeadersReceived {
  header: Record<string, string>;
  statusCode: number;
}

/** `progress` is 0 and the expected bytes are -1 if the total is unknown. */
export interface UploadProgress {
  progress: number;
  totalBytesSent: number;
  totalBytesExpectedToSend: number;
}

export interface DownloadProgress {
  progress: number;
  totalBytesWritten: number;
  totalBytesExpectedToWrite: number;
}

/**
 * A running upload or download. Its callbacks come in later turns: listeners, then one of `success` and `fail`, then `complete`,
 * also after an abort and when the session closes. Nothing is lost if the object is collected.
 */
export interface Task<Result, Progress> {
  /** Ends the task with `abort`. Has no effect after its end. */
  abort(): void;
  setMaxBytesPerSecond(bytesPerSecond: number): void;
  onProgressUpdate(listener: (progress: Progress) => void): void;
  /** Without a listener: removes all. */
  offProgressUpdate(listener?: (progress: Progress) => void): void;
  onHeadersReceived(listener: (headers: HeadersReceived) => void): void;
  offHeadersReceived(listener?: (headers: HeadersReceived) => void): void;
  /** A promise of what `success` or `fail` gets. The same one at each call. */
  result(): Promise<Result>;
}

export type UploadTask = Task<UploadResult, UploadProgress>;
export type DownloadTask = Task<DownloadResult, DownloadProgress>;

export interface FileInfo {
  filePath: string;
  nativePath: string;
  size: number;
  /** Seconds since the Unix epoch. 0 of imported and resolved files. */
  createTime: number;
}

export interface FileStats {
  /** With `recursive`: `/` for the directory itself. */
  path?: string;
  size: number;
  lastAccessedTime: number;
  lastModifiedTime: number;
  mode: number;
  isFile: boolean;
  isDirectory: boolean;
}

export interface Done {
  errMsg: string;
}

export interface OneFile extends Done {
  file: FileInfo;
}

export interface FileList extends Done {
  files: FileInfo[];
}

export interface StatsList extends Done {
  stats: FileStats[];
}

export interface NameList extends Done {
  names: string[];
}

export interface FileDigest extends OneFile {
  digest: string;
}

export interface FileData extends Done {
  data: ArrayBuffer;
}


export interface SaveFileOptions {
  tempFilePath: string;
  /** Below `wxfile://usr/`. Default: the store of saved files. */
  filePath?: string;
}

export interface FilePathOptions {
  filePath: string;
}

export interface ImportFileOptions {
  nativePath: string;
  mode?: 'copy' | 'move';
}

export interface ImportFileDescriptorOptions {
  /** It must stay open until the promise is settled. */
  fileDescriptor: number;
  length?: number;
  name?: string;
}

export interface ImportDataOptions {
  data: Uint8Array | ArrayBuffer;
  name?: string;
}

export interface AccessOptions {
  path: string;
}

export interface StatOptions {
  path: string;
  recursive?: boolean;
}

export interface CopyFileOptions {
  srcPath: string;
  destPath: string;
}

export interface RenameOptions {
  oldPath: string;
  newPath: string;
}

export interface ReaddirOptions {
  dirPath: string;
}

/** Of `mkdir` and `rmdir`. */
export interface DirectoryOptions {
  dirPath: string;
  recursive?: boolean;
}

export interface GetFileInfoOptions {
  filePath: string;
  digestAlgorithm?: 'md5' | 'sha1' | 'sha256';
}

export interface ReadFileOptions {
  filePath: string;
  position?: number;
  length?: number;
}

export interface WriteFileOptions {
  filePath: string;
  data: Uint8Array | ArrayBuffer;
  mode?: 'whole' | 'append' | 'atPosition';
  position?: number;
}

/**
 * A session. Methods throw a `StatusError` after `close`. A file call works on another thread, and its promise is rejected with a
 * `Failure`, which has a `status` if the call was refused. A session that is lost is closed when it is collected, but not before its tasks and file calls have ended.
 */
export interface Session {
  uploadFile(request: UploadRequest): UploadTask;
  downloadFile(request: DownloadRequest): DownloadTask;

  saveFile(options: SaveFileOptions): Promise<OneFile>;
  getSavedFileList(): Promise<FileList>;
  getSavedFileInfo(options: FilePathOptions): Promise<OneFile>;
  removeSavedFile(options: FilePathOptions): Promise<Done>;

  /** Makes a temporary file of the page from a file, a descriptor or bytes of the host. */
  importFile(options: ImportFileOptions): Promise<OneFile>;
  importFileDescriptor(options: ImportFileDescriptorOptions): Promise<OneFile>;
  importData(options: ImportDataOptions): Promise<OneFile>;
  resolvePath(options: FilePathOptions): Promise<OneFile>;

  access(options: AccessOptions): Promise<Done>;
  stat(options: StatOptions): Promise<StatsList>;
  unlink(options: FilePathOptions): Promise<Done>;
  copyFile(options: CopyFileOptions): Promise<Done>;
  rename(options: RenameOptions): Promise<Done>;
  mkdir(options: DirectoryOptions): Promise<Done>;
  rmdir(options: DirectoryOptions): Promise<Done>;
  readdir(options: ReaddirOptions): Promise<NameList>;
  getFileInfo(options: GetFileInfoOptions): Promise<FileDigest>;
  readFile(options: ReadFileOptions): Promise<FileData>;
  writeFile(options: WriteFileOptions): Promise<Done>;

  /** The mini program is hidden: in `onBackground` of the ability. */
  enterBackground(): void;
  /** In `onForeground`. */
  enterForeground(): void;
  /** Call it when the device's network changes. */
  networkChanged(network: Network): void;
  /** Opens a connection ahead of its first transfer. */
  prepare(server: string): void;
  setMaxBytesPerSecond(bytesPerSecond: number): void;
  setTrust(trust: Trust): void;

  /**
   * Aborts the remaining tasks and closes the session. When the promise is resolved, all callbacks have run and no more will. The
   * same promise at each call.
   */
  close(): Promise<void>;
}
