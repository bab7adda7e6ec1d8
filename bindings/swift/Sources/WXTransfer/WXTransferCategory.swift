internal import CWxtransfer

/// What kind of failure it is. A later version may know more kinds, so a `switch` over them needs a `default`.
public struct WXTransferCategory: RawRepresentable, Hashable, Sendable {
    /// The number in C: `WXT_CATEGORY_…`.
    public let rawValue: Int32

    /// The category with this number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The page or the closing session stopped the task.
    public static let aborted = Self(rawValue: WXT_CATEGORY_ABORTED)
    /// The deadline passed.
    public static let timeout = Self(rawValue: WXT_CATEGORY_TIMEOUT)
    /// The mini program was in the background for too long.
    public static let interrupted = Self(rawValue: WXT_CATEGORY_INTERRUPTED)
    /// A parameter is missing or malformed, the URL included.
    public static let request = Self(rawValue: WXT_CATEGORY_REQUEST)
    /// A rule of the host forbids the URL.
    public static let policy = Self(rawValue: WXT_CATEGORY_POLICY)
    /// Too many tasks or redirects, or a body over its limit.
    public static let limit = Self(rawValue: WXT_CATEGORY_LIMIT)
    /// The host name has no address.
    public static let nameResolution = Self(rawValue: WXT_CATEGORY_NAME_RESOLUTION)
    /// No connection could be made, a proxy's included.
    public static let connect = Self(rawValue: WXT_CATEGORY_CONNECT)
    /// The TLS handshake failed, or the certificate was refused.
    public static let tls = Self(rawValue: WXT_CATEGORY_TLS)
    /// The connection ended before the answer was complete.
    public static let connectionClosed = Self(rawValue: WXT_CATEGORY_CONNECTION_CLOSED)
    /// The server broke HTTP's rules.
    public static let `protocol` = Self(rawValue: WXT_CATEGORY_PROTOCOL)
    /// The file to send cannot be read or changed while it was sent, or a path is outside the sandbox.
    public static let file = Self(rawValue: WXT_CATEGORY_FILE)
    /// The answer cannot be stored: quota, disk, permission.
    public static let storage = Self(rawValue: WXT_CATEGORY_STORAGE)
    /// A bug of the library, caught.
    public static let `internal` = Self(rawValue: WXT_CATEGORY_INTERNAL)
    /// No thread, descriptor or memory is left. The same call may succeed when others have ended.
    public static let outOfResources = Self(rawValue: WXT_CATEGORY_OUT_OF_RESOURCES)
    /// A downloaded file is not what the request expects or the server declares. It does not appear.
    public static let integrity = Self(rawValue: WXT_CATEGORY_INTEGRITY)
}

extension WXTransferCategory: CustomStringConvertible {
    /// The name, such as `timeout`; `category 99` for a number that this version has no name for.
    public var description: String {
        switch self {
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
        default: "category \(rawValue)"
        }
    }
}
