import Dispatch
import Foundation

/// Everything about one launch of one mini program. What is left `nil` or empty is as WeChat does it.
public struct WXTransferSessionOptions: Sendable {
    /// The WeChat client whose quirks apply.
    public enum Platform: Sendable {
        /// `WXT_PLATFORM_IOS`: the WeChat client on iOS.
        case iOS
        /// `WXT_PLATFORM_ANDROID`: the WeChat client on Android.
        case android
        /// `WXT_PLATFORM_OTHER`: any other client, such as the developer tools.
        case other
        /// `WXT_PLATFORM_OHOS`: the WeChat client on HarmonyOS NEXT.
        case ohos
    }

    /// What a page may name as `filePath` of an upload.
    public enum PathPolicy: Sendable {
        /// `WXT_PATHS_SANDBOX`: `wxfile://` paths only.
        case sandbox
        /// `WXT_PATHS_NATIVE`: absolute paths of the device too.
        case native
    }

    /// Whether two sessions may have the same mini program's files.
    public enum StorageSharing: Sendable {
        /// `WXT_STORAGE_EXCLUSIVE`: a second session is refused with ``WXTransferStatus/storageLocked``.
        case exclusive
        /// `WXT_STORAGE_SHARED`: sessions share the saved files; each has temporary files of its own.
        case shared
    }

    /// What of the local network needs no entry in a domain list.
    public enum LANPolicy: Sendable {
        /// `WXT_LAN_OWN_SUBNETS`: `http` and `https` to an IP address in a subnet of one of the device's network interfaces, but
        /// never to the device itself: what WeChat allows from base library 2.4.0 on.
        case ownSubnets
        /// `WXT_LAN_OFF`: no IP address and no local name.
        case off
        /// `WXT_LAN_ALL_LOCAL`: every address of a local network and every local name, the device itself included. For
        /// development.
        case allLocal
    }

    /// Whether a download that breaks off goes on where it was.
    public enum Resume: Sendable {
        /// `WXT_RESUME_OFF`: it fails, or begins anew with `maxRetries`.
        case off
        /// `WXT_RESUME_WITHIN_TASK`: it goes on in another attempt of the same task.
        case withinTask
        /// `WXT_RESUME_ACROSS_LAUNCHES`: as `withinTask`; and what a task that failed has of its file is kept for the next call
        /// with the same URL, headers and `filePath`, of this session or a later one. `discardPartials` removes it.
        case acrossLaunches
    }

    /// A host and a public key that it may show. A host with pins must show one of them.
    public struct Pin: Sendable, Hashable {
        /// The exact host name.
        public var host: String
        /// 32 bytes: the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4).
        public var sha256: Data

        /// A pin for a host.
        public init(host: String, sha256: Data) {
            self.host = host
            self.sha256 = sha256
        }
    }

    /// How much a message of the log matters.
    public enum LogLevel: Sendable {
        /// `WXT_LOG_WARNING`: something that the page or the host did wrong and the library put right.
        case warning
        /// `WXT_LOG_INFO`: a decision that is worth knowing when something is looked into.
        case info
    }

    /// The mini program's appid. Part of the Referer, and of its files' place. Letters, digits and `-._~`, but neither `.`
    /// nor `..`.
    public var appID: String
    /// The mini program's version, part of the Referer; `nil` is `0`, the development version.
    public var appVersion: String?
    /// The user, so that two users of one mini program have files of their own.
    public var userID: String?
    /// The platform of the WeChat client that the host stands in for.
    public var platform: Platform
    /// What a page may name as `filePath` of an upload.
    public var pathPolicy = PathPolicy.sandbox
    /// The version of the WeChat client, such as `8.0.50`: it decides which quirks apply.
    public var clientVersion: String
    /// The version of the base library, such as `2.10.0`; `nil` is the newest.
    public var baseLibraryVersion: String?
    /// The `User-Agent` of every request; `nil` is `wxtransfer/<version>`.
    public var userAgent: String?
    /// The Referer of every request: an `https` or `http` URL with a host, without user-info and fragment, in which `{appid}` and
    /// `{version}` stand for `appID` and `appVersion`, and of at most 1,024 bytes with these; `nil` is WeChat's, `https://servicewechat.com/{appid}/{version}/page-frame.html`.
    public var referer: String?
    /// The scheme of all paths that pages get and give, in place of `wxfile`: at most 32 lower-case letters and digits, a
    /// letter first, that end in `file`, but not `file` itself; `nil` is `wxfile`.
    public var pathScheme: String?
    /// A directory for all sessions' files. It is created where it is missing.
    public var dataDirectory: URL
    /// Uploads at once; `nil` is 10.
    public var maxConcurrentUploads: UInt32?
    /// Downloads at once; `nil` is 10.
    public var maxConcurrentDownloads: UInt32?
    /// The deadline of an upload that names none, in milliseconds; `nil` is 60,000: `networkTimeout.uploadFile` of app.json.
    public var defaultUploadTimeoutMilliseconds: Int?
    /// The deadline of a download that names none, in milliseconds; `nil` is 60,000: `networkTimeout.downloadFile` of app.json.
    public var defaultDownloadTimeoutMilliseconds: Int?
    /// The longest deadline of a task, in milliseconds; `nil` is 60,000. A longer `timeout` of a request, and a longer default,
    /// count as this. It does not change the defaults.
    public var maxTimeoutMilliseconds: Int?
    /// The largest file that a download may have, in bytes; `nil` is 200 MiB.
    public var maxDownloadSize: UInt64?
    /// The largest answer of an upload, in bytes; `nil` is 16 MiB.
    public var maxDataSize: UInt64?
    /// What saved files and `wxfile://usr` may hold together, in bytes; `nil` is 200 MiB. A file counts with 4 KiB at least.
    public var storageQuota: UInt64?
    /// What temporary files may hold together, in bytes; `nil` is 4 GiB. A file counts with 4 KiB at least.
    public var temporaryQuota: UInt64?
    /// How many bytes of temporary files stay when the session is closed, or crashes, for the next session of the mini program
    /// and user, which takes their paths, too, and counts them against its `temporaryQuota`. The oldest go first. `nil` or 0:
    /// temporary files live for one session.
    public var temporaryRetention: UInt64?
    /// Whether two sessions may have the same mini program's files.
    public var storageSharing = StorageSharing.exclusive
    /// What of the local network needs no entry in a domain list.
    public var lanPolicy = LANPolicy.ownSubnets
    /// `http` URLs are allowed beyond what `lanPolicy` allows.
    public var allowPlainHTTP = false
    /// The domain lists are not looked at. For development only.
    public var skipDomainCheck = false
    /// Set to `true` to send every upload once only. Default: `false`, as browsers do it: an upload on a kept connection
    /// that ends without a byte of an answer is sent once more on a new connection. The server may have received the
    /// first one whole (RFC 9110 section 9.2.2).
    public var sendUploadsOnce = false
    /// The hosts that an upload may go to: `https://host`, or with `:port`. `http://host` needs `allowPlainHTTP`. If it is
    /// empty, no upload is allowed.
    public var uploadDomains: [String] = []
    /// The hosts that a download may come from.
    public var downloadDomains: [String] = []
    /// Certificates in PEM that are trusted instead of the operating system's.
    public var rootCertificates: String?
    /// Public keys that a host must show, in addition to a valid chain.
    public var pins: [Pin] = []
    /// `http://[user:password@]host:port` of a proxy that every connection goes through with `CONNECT`. The
    /// environment is never asked.
    public var proxy: String?
    /// The host's own name resolution: IPv4 or IPv6 literals in the order of preference, none for "no such host".
    /// Several hosts may be asked for at once. `nil` is the system's.
    public var resolver: (@Sendable (_ host: String) async -> [String])?
    /// Where closures run, a serial queue such as the main one; `nil` is a thread of the session's own. What is left when
    /// the session closes runs on the thread that closes it.
    public var callbackQueue: DispatchQueue?
    /// Where the log goes, called from any thread, several at once. A message holds no query, header value or body.
    public var log: (@Sendable (_ level: LogLevel, _ message: String) -> Void)?
    /// How many attempts may follow the first one of a task, all within its deadline. Default: 0, none. Downloads are tried
    /// again after failures of the way to the server and the statuses 408, 429, 502, 503 and 504; uploads only while no byte
    /// of a request has left, or with `retryUploads`.
    public var maxRetries: UInt32 = 0
    /// The longest wait before the second attempt, in milliseconds; `nil` is 500. A wait is a random part of it, and it
    /// doubles with each attempt. A `Retry-After` of the answer counts instead.
    public var retryDelayMilliseconds: Int?
    /// Set to `true` to try uploads again that may have reached the server. Default: `false`. Only for servers that handle two
    /// uploads with one `Idempotency-Key` as one. With `sendUploadsOnce` the session is not opened.
    public var retryUploads = false
    /// Whether a download that breaks off goes on where it was.
    public var resume = Resume.off
    /// How many bytes all tasks may send and receive per second, together and in both directions; `nil` is no limit. Tasks that
    /// could use more get equal shares. ``WXTransferSession/setMaxBytesPerSecond(_:)`` changes it.
    public var maxBytesPerSecond: UInt64?
    /// The fewest bytes per second of a connection; `nil`: no connection is too slow. If it moves fewer for `lowSpeedTime`, the
    /// task fails with ``WXTransferCategory/timeout`` and the detail `stalled`, or is tried again. Neither the queue nor a wait
    /// for `maxBytesPerSecond` counts.
    public var lowSpeedLimit: UInt64?
    /// For how long a connection may be slower than `lowSpeedLimit`, in milliseconds. Both are set or neither is.
    public var lowSpeedTimeMilliseconds: Int?
    /// Set to `true` to have transfers wait in the background for the app's return instead of ending with `interrupted`. Default:
    /// `false`. Deadlines stand still from `enterBackground` to `enterForeground`. After 5 s connections end. A download begins its
    /// next attempt at the return; an upload that has begun to leave the device is sent again with `retryUploads`, else it ends
    /// with `interrupted`.
    public var waitInBackground = false
    /// A certificate for servers that ask the app who it is; `nil` is none.
    public var clientCertificate: ClientCertificate?

    /// The options that every session needs; the others keep WeChat's values.
    public init(appID: String, platform: Platform, clientVersion: String, dataDirectory: URL) {
        self.appID = appID
        self.platform = platform
        self.clientVersion = clientVersion
        self.dataDirectory = dataDirectory
    }
}
