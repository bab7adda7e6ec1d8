internal import CWxtransfer

/// The kind of a failure. A later version may know more kinds, so a `switch` over them needs a `default`.
public struct WXTransferCategory: RawRepresentable, Hashable, Sendable {
    /// The number in C: `WXT_CATEGORY_…`.
    public let rawValue: Int32

    /// The category with this number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    // Generated from wxtransfer.h: constants WXT_CATEGORY_
    /// The page aborted the task, or the session closed.
    public static let aborted = Self(rawValue: WXT_CATEGORY_ABORTED)
    /// The deadline passed, or the connection stalled (see ``WXTransferSessionOptions/lowSpeedLimit``).
    public static let timeout = Self(rawValue: WXT_CATEGORY_TIMEOUT)
    /// The mini program was in the background, or without a network, for too long. See ``WXTransferErrno/interrupted``.
    public static let interrupted = Self(rawValue: WXT_CATEGORY_INTERRUPTED)
    /// A parameter, including the URL, is missing or malformed.
    public static let request = Self(rawValue: WXT_CATEGORY_REQUEST)
    /// A rule of the session forbids the URL: the domain list, plain `http`, the local network.
    public static let policy = Self(rawValue: WXT_CATEGORY_POLICY)
    /// There are too many tasks or redirects, or a body exceeds its limit.
    public static let limit = Self(rawValue: WXT_CATEGORY_LIMIT)
    /// The host name has no address.
    public static let nameResolution = Self(rawValue: WXT_CATEGORY_NAME_RESOLUTION)
    /// No connection could be made to the server or the proxy.
    public static let connect = Self(rawValue: WXT_CATEGORY_CONNECT)
    /// The TLS handshake failed, or the certificate was rejected.
    public static let tls = Self(rawValue: WXT_CATEGORY_TLS)
    /// The connection ended before the answer was complete.
    public static let connectionClosed = Self(rawValue: WXT_CATEGORY_CONNECTION_CLOSED)
    /// The server violated HTTP.
    public static let `protocol` = Self(rawValue: WXT_CATEGORY_PROTOCOL)
    /// The file to send cannot be read, or it changed while it was sent. Or a path does not suit the call: it is
    /// missing, outside the sandbox, of the wrong kind, or exists already.
    public static let file = Self(rawValue: WXT_CATEGORY_FILE)
    /// A file cannot be stored or read: quota, disk, permission, or another error of the system. Also: `saveFile` finds
    /// no temporary file.
    public static let storage = Self(rawValue: WXT_CATEGORY_STORAGE)
    /// A bug of the library, which was caught.
    public static let `internal` = Self(rawValue: WXT_CATEGORY_INTERNAL)
    /// No thread, descriptor or memory is left. Retryable: the same call may succeed when others have ended.
    public static let outOfResources = Self(rawValue: WXT_CATEGORY_OUT_OF_RESOURCES)
    /// A downloaded file differs from `expectedLength` or `expectedSha256`, or from the digest that `verifyDigest`
    /// checks. No file is created. Retryable: the file may have been damaged on its way.
    public static let integrity = Self(rawValue: WXT_CATEGORY_INTEGRITY)
    // Generated until here
}

extension WXTransferCategory: CustomStringConvertible {
    /// The name, such as `timeout`; `category 99` for a number that this version has no name for.
    public var description: String {
        switch self {
        // Generated from wxtransfer.h: names WXT_CATEGORY_
        case .aborted: "aborted"
        case .timeout: "timeout"
        case .interrupted: "interrupted"
        case .request: "request"
        case .policy: "policy"
        case .limit: "limit"
        case .nameResolution: "nameResolution"
        case .connect: "connect"
        case .tls: "tls"
        case .connectionClosed: "connectionClosed"
        case .protocol: "protocol"
        case .file: "file"
        case .storage: "storage"
        case .internal: "internal"
        case .outOfResources: "outOfResources"
        case .integrity: "integrity"
        // Generated until here
        default: "category \(rawValue)"
        }
    }
}
