/* The Node-API module libwxtransfer_napi.so. Every member has the meaning, range and default of the field of that name in
 * include/wxtransfer.h (`appId` is `app_id` there), which says more. An object with a member that is not listed here, or one of
 * another type, is refused with a TypeError that names it. Everything runs on the thread that called `openSession`. */

/** The library's version, such as `0.1.0`. */
export const version: string;

/**
 * Opens a session: one launch of one mini program. Reads and writes the disk. Throws a `StatusError` if an option is refused; its
 * `detail` says which.
 */
export const openSession: (options: SessionOptions) => Session;

/** A call that was refused. Nothing was started, and no callback follows. */
export interface StatusError extends Error {
  /** A `WXT_…` status of the header, such as 4: the session is closed. */
  status: number;
  /**
   * What is wrong, in English, for a developer; also in `message`. It names the field as the header spells it, such as
   * `low_speed_time`. It has no text, list or path that was passed. Missing where the status says all.
   */
  detail?: string;
}

export type Category =
  'aborted' | 'timeout' | 'interrupted' | 'request' | 'policy' | 'limit' | 'nameResolution' | 'connect' | 'tls' |
  'connectionClosed' | 'protocol' | 'file' | 'storage' | 'internal' | 'outOfResources' | 'integrity';

/** The failure of a task or a file call. `message` is `errMsg`. */
export interface Failure extends Error {
  /** WeChat's text, such as `downloadFile:fail timeout`. */
  errMsg: string;
  /** WeChat's number, a `WXT_ERRNO_…` of the header. */
  errno: number;
  /** The same number, of a file call. */
  errCode?: number;
  category: Category;
  /** What happened, in English, for a developer. */
  detail: string;
  /** The same call may succeed later without a change. */
  retryable: boolean;
  /** Of a task, as are the following. */
  profile?: Profile;
  attempts?: number;
  resumedFrom?: number;
}

export interface SessionOptions {
  appId: string;
  appVersion?: string;
  userId?: string;
  /** The WeChat client whose quirks apply: `ohos` for HarmonyOS NEXT. */
  platform: 'ios' | 'android' | 'ohos' | 'other';
  pathPolicy?: 'sandbox' | 'native';
  clientVersion: string;
  baseLibraryVersion?: string;
  userAgent?: string;
  referer?: string;
  pathScheme?: string;
  /** An absolute path, such as `context.filesDir + '/wxtransfer'`. */
  dataDirectory: string;
  maxConcurrentUploads?: number;
  maxConcurrentDownloads?: number;
  /** Milliseconds, as all times are. */
  defaultUploadTimeout?: number;
  defaultDownloadTimeout?: number;
  maxTimeout?: number;
  /** Bytes, as all sizes are. */
  maxDownloadSize?: number;
  maxDataSize?: number;
  storageQuota?: number;
  temporaryQuota?: number;
  temporaryRetention?: number;
  storageSharing?: 'exclusive' | 'shared';
  lanPolicy?: 'ownSubnets' | 'off' | 'allLocal';
  allowPlainHttp?: boolean;
  skipDomainCheck?: boolean;
  sendUploadsOnce?: boolean;
  uploadDomains?: string[];
  downloadDomains?: string[];
  /** PEM. Default: the system's trust store. */
  rootCertificates?: string;
  pins?: Pin[];
  proxy?: string;
  maxRetries?: number;
  retryDelay?: number;
  retryUploads?: boolean;
  resume?: 'off' | 'withinTask' | 'acrossLaunches';
  maxBytesPerSecond?: number;
  lowSpeedLimit?: number;
  lowSpeedTime?: number;
  waitInBackground?: boolean;
  /** Receives the session's log. */
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

/** Names and values, in an order that is kept. The list can have a name twice. */
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
  invokeStart?: number;
  queueStart?: number;
  queueEnd?: number;
  fetchStart: number;
  redirectStart: number;
  redirectEnd: number;
  domainLookUpStart: number;
  domainLookUpEnd: number;
  connectStart: number;
  connectEnd: number;
  SSLconnectionStart: number;
  SSLconnectionEnd: number;
  requestStart: number;
  requestEnd: number;
  responseStart: number;
  responseEnd: number;
  sendBytesCount: number;
  receivedBytedCount: number;
  rtt?: number;
  httpRttEstimate?: number;
  transportRttEstimate?: number;
  throughputKbps?: number;
  downstreamThroughputKbpsEstimate?: number;
  estimate_nettype?: number;
  peerIP?: string;
  protocol?: string;
  port: number;
  socketReused: boolean;
  usingHighPerformanceMode: boolean;
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
 * `Failure`. A session that is lost is closed when it is collected, but not before its tasks and file calls have ended.
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
