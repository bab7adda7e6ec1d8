import Dispatch
import Foundation

/// The options of one launch of one mini program. The default of each option matches WeChat's behaviour.
public struct WXTransferSessionOptions: Sendable {
    /// The platform of the WeChat client whose quirks apply.
    public enum Platform: Sendable {
        // Generated from wxtransfer.h: cases WXT_PLATFORM_
        /// The WeChat client on iOS.
        case iOS
        /// The WeChat client on Android.
        case android
        /// Any other client, such as the developer tools.
        case other
        /// The WeChat client on HarmonyOS NEXT, whose `platform` in WeChat is `ohos`.
        case ohos
        // Generated until here
    }

    /// What a page may name as `filePath` of an upload.
    public enum PathPolicy: Sendable {
        // Generated from wxtransfer.h: cases WXT_PATHS_
        /// Pages may use `wxfile://` paths only.
        case sandbox
        /// `filePath` of an upload may also be an absolute path on the device.
        case native
        // Generated until here
    }

    /// Whether two sessions may have the same mini program's files.
    public enum StorageSharing: Sendable {
        // Generated from wxtransfer.h: cases WXT_STORAGE_
        /// Only one session at a time may use the mini program's directory. Opening a second one fails with
        /// ``WXTransferStatus/storageLocked``.
        ///
        /// If the directory is deleted while a session is open, the session creates it again at its next use. If both
        /// the directory and the mini program's entry under `locks/` are deleted, or the whole data directory, a
        /// session of another process can open before this session next uses its files. Until it closes, file calls of
        /// the first session fail.
        case exclusive
        /// Several sessions may use the mini program's directory. They share the saved files. Each session has its own
        /// temporary files.
        case shared
        // Generated until here
    }

    /// Which servers of the local network need no entry in a domain list.
    public enum LANPolicy: Sendable {
        // Generated from wxtransfer.h: cases WXT_LAN_
        /// Allow `http` and `https` to an IP address in a subnet of one of the device's network interfaces, but never
        /// to the device itself. Local names (`localhost`, `.local`) are refused. All other names need an entry in a
        /// domain list.
        case ownSubnets
        /// Allow no IP address and no local name.
        case off
        /// Allow `http` and `https` to every local address, to `localhost`, and to names that end in `.localhost` or
        /// `.local`, including the device itself. A public name may resolve to an address of the device. For
        /// development only.
        case allLocal
        // Generated until here
    }

    /// Whether an interrupted download continues where it stopped.
    public enum Resume: Sendable {
        // Generated from wxtransfer.h: cases WXT_RESUME_
        /// A download that breaks off fails, or starts from the beginning if ``WXTransferSessionOptions/maxRetries``
        /// allows another attempt.
        case off
        /// A download that breaks off continues in another attempt of the same task, before the task's deadline.
        case withinTask
        /// As ``WXTransferSessionOptions/Resume/withinTask``. In addition, the library keeps the partial file of a
        /// failed task, also if the task was aborted, interrupted or timed out. A later call with the same URL, headers
        /// and `filePath` continues it, in this or a later session, also after a crash. Partial files count against
        /// ``WXTransferSessionOptions/temporaryQuota`` and are deleted before other temporary files.
        /// ``WXTransferSession/discardPartials()`` deletes them.
        case acrossLaunches
        // Generated until here
    }

    /// A host and one public key that it may present. A host that has pins must present one of its pinned keys.
    public struct Pin: Sendable, Hashable {
        /// The exact host name, without scheme and port. An internationalised name may be given in Unicode or as
        /// punycode.
        public var host: String
        /// The SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4), 32 bytes.
        public var sha256: Data

        /// A pin for a host.
        public init(host: String, sha256: Data) {
            self.host = host
            self.sha256 = sha256
        }
    }

    /// The severity of a log message.
    public enum LogLevel: Sendable {
        // Generated from wxtransfer.h: cases WXT_LOG_
        /// A mistake of the host, the page or a server, or a failure that may need attention, such as a file that
        /// cannot be removed.
        case warning
        /// A decision of the library that helps to diagnose a problem.
        case info
        // Generated until here
    }

    // Generated from wxtransfer.h: options WxtSessionOptions
    /// The mini program's appid. Part of the Referer and of the directory name. Allowed: letters, digits and `-._~`,
    /// but not `.` or `..`.
    public var appID: String
    /// The mini program's version, part of the Referer. Allowed characters as in ``appID``. Default: `0`, the
    /// development version.
    public var appVersion: String?
    /// The user's id. Each user of a mini program has separate files. Any text of at most 83 bytes; a longer one may be
    /// too long for a directory name. Optional. If `nil`, the files belong to no user.
    public var userID: String?
    /// The client's platform: ``WXTransferSessionOptions/Platform/iOS``, ``WXTransferSessionOptions/Platform/android``,
    /// ``WXTransferSessionOptions/Platform/ohos`` or ``WXTransferSessionOptions/Platform/other``.
    public var platform: Platform
    /// Which paths pages may use: ``WXTransferSessionOptions/PathPolicy/sandbox`` (default) or
    /// ``WXTransferSessionOptions/PathPolicy/native``.
    public var pathPolicy = PathPolicy.sandbox
    /// The version of the client app, numbers separated by dots, such as `8.0.50`. It decides which quirks of old
    /// clients apply.
    public var clientVersion: String
    /// The version of the base library, such as `2.10.0`. It decides which quirks of old base libraries apply.
    /// Optional. If `nil`, the newest base library is assumed.
    public var baseLibraryVersion: String?
    /// The `User-Agent` of requests whose `header` has none. It must not contain control characters. Default:
    /// `wxtransfer/<version>`.
    public var userAgent: String?
    /// The Referer of every request: an `http` or `https` URL with a host, without user-info and fragment. `{appid}`
    /// and `{version}` are replaced by ``appID`` and ``appVersion``. At most 1,024 bytes after replacement. Default:
    /// WeChat's, `https://servicewechat.com/{appid}/{version}/page-frame.html`. `docs/other-containers.md` lists those
    /// of other containers.
    public var referer: String?
    /// The URL scheme of every path that a page receives or passes. It replaces `wxfile` wherever this documentation
    /// says `wxfile`. At most 32 lower-case letters and digits, starting with a letter and ending with `file`, but not
    /// `file` alone. Default: `wxfile`.
    public var pathScheme: String?
    /// The number of uploads that run at the same time. Further ones wait in the queue. Any number. Default: `nil`,
    /// which means 10.
    public var maxConcurrentUploads: UInt32?
    /// The number of downloads that run at the same time. Further ones wait in the queue. Any number. Default: `nil`,
    /// which means 10.
    public var maxConcurrentDownloads: UInt32?
    /// The deadline of an upload whose request sets none, in milliseconds, counted from when the task leaves the queue:
    /// `networkTimeout.uploadFile` of app.json. Any number; ``maxTimeoutMilliseconds`` limits it. Default: `nil`, which
    /// means 60,000.
    public var defaultUploadTimeoutMilliseconds: Int?
    /// The deadline of a download whose request sets none, in milliseconds, counted from when the task leaves the
    /// queue: `networkTimeout.downloadFile` of app.json. Any number; ``maxTimeoutMilliseconds`` limits it. Default:
    /// `nil`, which means 60,000.
    public var defaultDownloadTimeoutMilliseconds: Int?
    /// The longest deadline that a task can have, in milliseconds, from 1 to 4,294,967,295 (49 days). Default: `nil`,
    /// which means 60,000, as in WeChat. A longer `timeout` of a request, and a longer default, are reduced to this
    /// value. It does not change the defaults. See `docs/long-transfers.md`.
    public var maxTimeoutMilliseconds: Int?
    /// The largest file that a download may produce, in bytes. Any number. Default: `nil`, which means 200 MiB.
    public var maxDownloadSize: UInt64?
    /// The largest answer to an upload, in bytes. Any number. Default: `nil`, which means 16 MiB.
    public var maxDataSize: UInt64?
    /// The quota of saved files and `wxfile://usr` together, in bytes. Any number. Each file counts as at least 4 KiB.
    /// Files that the host itself puts there are counted when the session opens, and again when the quota seems to be
    /// exceeded. After a count of a thousand files and directories or more, the next count follows after 1 to 60 s.
    /// Default: `nil`, which means 200 MiB.
    public var storageQuota: UInt64?
    /// The quota of temporary files, in bytes. Any number. Each file counts as at least 4 KiB. Default: `nil`, which
    /// means 4 GiB.
    public var temporaryQuota: UInt64?
    /// How many bytes of temporary files to keep when the session closes or the process crashes. The next session of
    /// the same mini program and user takes them over under the same paths, and they count against its
    /// ``temporaryQuota``. The oldest files are deleted first. After a crash, the next session deletes them when it
    /// opens, by its own value of this option. At most ``temporaryQuota``. Default: `nil`, temporary files live for one
    /// session. WeChat's documentation names 2 GiB. Temporary files are not flushed: after a power failure, one that
    /// was written shortly before may be empty or incomplete.
    public var temporaryRetention: UInt64?
    /// Whether several sessions may use the directory: ``WXTransferSessionOptions/StorageSharing/exclusive`` (default)
    /// or ``WXTransferSessionOptions/StorageSharing/shared``.
    public var storageSharing = StorageSharing.exclusive
    /// Which local addresses need no entry in a domain list: ``WXTransferSessionOptions/LANPolicy/ownSubnets``
    /// (default), ``WXTransferSessionOptions/LANPolicy/off`` or ``WXTransferSessionOptions/LANPolicy/allLocal``. The
    /// default follows WeChat from base library 2.4.0 on. With an older ``baseLibraryVersion``, the default allows
    /// nothing.
    ///
    /// A redirect from a host name to an address of a subnet is refused, unless ``skipDomainCheck`` is set. A host name
    /// that resolves to an address of the device itself is refused unless this is
    /// ``WXTransferSessionOptions/LANPolicy/allLocal``. The library reads the interfaces at each call to an IP address,
    /// at each redirect to one, and for each new connection to a host name. On Android this needs version 7 (API 24).
    public var lanPolicy = LANPolicy.ownSubnets
    /// Set to `true` to allow `http` URLs beyond what ``lanPolicy`` allows. Default: `false` (`https` only).
    public var allowPlainHTTP = false
    /// Set to `true` to skip the check against the domain lists. For development only. Default: `false`.
    public var skipDomainCheck = false
    /// Set to `true` to never send an upload again once all of it was sent. Default: `false`, as in browsers: if a kept
    /// connection ends before a byte of the answer, or the server ends it with the status 408 (RFC 9110 section
    /// 15.5.9), the upload is sent once more on a new connection. The server may then have received the whole upload
    /// twice (RFC 9110 section 9.2.2). After ``WXTransferSession/networkChanged(_:)`` has ended the connection, an
    /// upload that was sent completely is not sent again. An upload that was only partly sent is sent again in every
    /// case.
    public var sendUploadsOnce = false
    /// The hosts that uploads may go to, each as `https://host`, `https://host:port` or `host[:port]`. An entry without
    /// a scheme also allows `http` if ``allowPlainHTTP`` is set. `http://host` requires ``allowPlainHTTP``. An invalid
    /// entry fails the opening, and so does an IP address or a local name, such as `localhost`: ``lanPolicy`` allows
    /// these. Default: `nil`, no upload is allowed.
    public var uploadDomains: [String] = []
    /// The hosts that downloads may come from. Entries as in ``uploadDomains``. If the list is empty, no download is
    /// allowed.
    public var downloadDomains: [String] = []
    /// CA certificates in PEM, which replace the system's trust store. Default: `nil`, the system's trust store is
    /// used.
    public var rootCertificates: String?
    /// The proxy, as `http://[user:password@]host[:port]`. The user name and the password are percent-encoded. The
    /// default port is 80. Every connection goes through it with `CONNECT`. Default: `nil`, no proxy. The library never
    /// reads proxy settings of the environment.
    public var proxy: String?
    /// The number of attempts that may follow a task's first one. Any number, but all must fit within the deadline.
    /// Default: 0. See `docs/resume-and-retry.md`.
    ///
    /// A download is retried if the host name has no address, if no connection can be made, also within the time for
    /// one attempt (an equal share of the time that is left, at least 10 s), if the connection ends before the whole
    /// answer (also during the TLS handshake), if it stalls (``lowSpeedLimit``), or if the status is 408, 429, 502, 503
    /// or 504. An upload is retried for the same reasons, but only if no byte of a request left the device, or if
    /// ``retryUploads`` is set. A pipe cannot be read again, so an upload from a pipe is retried only if no byte left
    /// the device.
    ///
    /// The task's result is that of the last attempt. A task that waits for its next attempt counts as running.
    public var maxRetries: UInt32 = 0
    /// The longest wait before the second attempt, in milliseconds. Any number. Each wait is a random part of the
    /// longest wait, which doubles with each attempt, up to 30 s. If the answer has a longer `Retry-After`, that is the
    /// wait. If the wait would pass the deadline, no further attempt is made; this also holds while the deadline is
    /// suspended. Default: `nil`, which means 500.
    public var retryDelayMilliseconds: Int?
    /// Set to `true` to also retry uploads that may have reached the server. Set it only if every server treats two
    /// uploads with the same `Idempotency-Key` as one: the library sends this header with each upload, with the same
    /// value in each attempt, unless the page sets it. It has no effect without ``maxRetries``. Together with
    /// ``sendUploadsOnce``, opening fails with ``WXTransferStatus/invalidArgument``. Default: `false`.
    public var retryUploads = false
    /// Whether a download that breaks off continues where it stopped: ``WXTransferSessionOptions/Resume/off``
    /// (default), ``WXTransferSessionOptions/Resume/withinTask`` or ``WXTransferSessionOptions/Resume/acrossLaunches``.
    /// See `docs/resume-and-retry.md`.
    ///
    /// The library requests the rest with `Range` and `If-Range`. It does so only if the first answer was a 200 of
    /// known size without a content coding, came from the origin of the URL, and had a strong `ETag` or a
    /// `Last-Modified` at least 60 s older than its `Date`, and if the page's headers have no `Range` and no `If-…`. An
    /// attempt that follows one which received more of the file than any before does not count as a retry, so it needs
    /// no ``maxRetries``.
    public var resume = Resume.off
    /// The most bytes per second that all tasks of the session together may send and receive, including heads and TLS.
    /// Default: `nil`, no limit. Any other value is valid. Tasks that could use more get equal shares; the unused share
    /// of a task goes to the others. ``WXTransferSession/setMaxBytesPerSecond(_:)`` changes it. Deadlines are not
    /// extended: raise them with ``maxTimeoutMilliseconds``. See `docs/rates.md`.
    public var maxBytesPerSecond: UInt64?
    /// The fewest bytes per second on a task's connection. If the connection is slower for
    /// ``lowSpeedTimeMilliseconds``, the task fails with ``WXTransferErrno/timeout``, ``WXTransferCategory/timeout``
    /// and the detail `stalled`, retryable; or it is tried again, as after a closed connection (``maxRetries``,
    /// ``resume``). Only the time in which the task waits for its own connection counts, including the wait for the
    /// response, but not the queue, look-ups, a wait for ``maxBytesPerSecond``, or the wait for a connection that
    /// ``WXTransferSession/prepare(_:)`` is opening. Default: `nil`, no minimum. ``WXTransferStatus/invalidArgument``
    /// if only one of this and ``lowSpeedTimeMilliseconds`` is set.
    public var lowSpeedLimit: UInt64?
    /// How long a connection may be slower than ``lowSpeedLimit``, in milliseconds. Any number. Default: `nil`, no
    /// minimum speed. ``WXTransferStatus/invalidArgument`` if only one of the two is set.
    public var lowSpeedTimeMilliseconds: Int?
    /// Set to `true` if transfers wait for the app's return instead of ending with `interrupted`. Default: `false`. See
    /// `docs/long-transfers.md`.
    ///
    /// Deadlines are suspended from ``WXTransferSession/enterBackground()`` to ``WXTransferSession/enterForeground()``.
    /// All connections end after 5 s in the background, or at the return if the system suspended the app earlier. A
    /// download starts its next attempt at the return: with ``resume`` it continues, else it starts anew. An upload of
    /// which a byte has left the device is sent again if ``retryUploads`` and ``maxRetries`` are set, else it ends with
    /// `interrupted`. These attempts do not count as retries, so a download needs no ``maxRetries``. Calls in the
    /// background are accepted, and wait. `onHeadersReceived` of a download comes when its body is complete.
    public var waitInBackground = false
    // Generated until here

    /// The directory for the files of all sessions. It is created if missing.
    public var dataDirectory: URL
    /// Public keys that hosts must present, in addition to a valid certificate chain. Default: empty, no pins.
    public var pins: [Pin] = []
    /// The host's own name resolution. It returns IPv4 or IPv6 literals in order of preference. An empty list means
    /// that the host does not exist. It may be called for several hosts at the same time. Default: `nil`, the system's
    /// resolver.
    public var resolver: (@Sendable (_ host: String) async -> [String])?
    /// A serial queue on which closures run, such as the main queue. Default: `nil`, a thread of the session. With a
    /// queue, closures that are left when the session closes run on the thread that closes it.
    public var callbackQueue: DispatchQueue?
    /// Receives the session's log messages. Called from any thread, possibly from several at the same time. Messages
    /// contain no query, header value or body. Default: `nil`, messages are discarded.
    public var log: (@Sendable (_ level: LogLevel, _ message: String) -> Void)?
    /// The app's own certificate for servers that ask for one (mutual TLS). Default: `nil`, no certificate.
    public var clientCertificate: ClientCertificate?

    /// Options with the required values. All others have their default.
    public init(appID: String, platform: Platform, clientVersion: String, dataDirectory: URL) {
        self.appID = appID
        self.platform = platform
        self.clientVersion = clientVersion
        self.dataDirectory = dataDirectory
    }
}
