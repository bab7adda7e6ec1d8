internal import CWxtransfer

/// Why the library refused a call: a mistake of the host, or a state of the device. Nothing was started, and no
/// closure runs. A mistake of a page is reported as a ``WXTransferFailure``, never as a status.
public struct WXTransferStatus: RawRepresentable, Error, Hashable, Sendable, CustomStringConvertible {
    /// The number in C: `WXT_…`.
    public let rawValue: Int32
    /// What is wrong, in English, for a developer. It names the field as the C header does, such as `low_speed_time`
    /// for `lowSpeedTime`, and contains no string, list or path that the app passed. ``description`` includes it. `nil`
    /// if the status alone says what is wrong. Two statuses with the same number are equal, whatever their details.
    public let detail: String?

    /// The status with this number.
    public init(rawValue: Int32) {
        self.init(rawValue: rawValue, detail: nil)
    }

    private init(rawValue: Int32, detail: String?) {
        self.rawValue = rawValue
        self.detail = detail
    }

    /// Compares the numbers.
    public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

    /// Hashes the number.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }

    // Generated from wxtransfer.h: constants WXT_
    /// A required value is missing, or a value is out of its range.
    public static let invalidArgument = Self(rawValue: WXT_INVALID_ARGUMENT)
    /// This binding and the library that it calls are of different versions.
    public static let invalidStructSize = Self(rawValue: WXT_INVALID_STRUCT_SIZE)
    /// A string of the options is not UTF-8.
    public static let invalidUTF8 = Self(rawValue: WXT_INVALID_UTF8)
    /// The session is closing or closed.
    public static let sessionClosed = Self(rawValue: WXT_SESSION_CLOSED)
    /// ``WXTransferSession/close()`` was called from a callback. It waits for callbacks, so it would wait for itself.
    public static let calledFromCallback = Self(rawValue: WXT_CALLED_FROM_CALLBACK)
    /// The task has ended.
    public static let notFound = Self(rawValue: WXT_NOT_FOUND)
    /// ``WXTransferSessionOptions/clientVersion`` or ``WXTransferSessionOptions/baseLibraryVersion`` is not a list of
    /// numbers separated by dots.
    public static let invalidVersion = Self(rawValue: WXT_INVALID_VERSION)
    /// A domain list has an entry that is not a host with an optional port, or that is an `http` entry without
    /// ``WXTransferSessionOptions/allowPlainHTTP``.
    public static let invalidDomain = Self(rawValue: WXT_INVALID_DOMAIN)
    /// ``WXTransferSessionOptions/rootCertificates`` contains no certificate or an unreadable one, or
    /// ``WXTransferSessionOptions/clientCertificate`` cannot be used.
    public static let invalidCertificate = Self(rawValue: WXT_INVALID_CERTIFICATE)
    /// A pin has no valid host, or its hash is not 32 bytes long.
    public static let invalidPin = Self(rawValue: WXT_INVALID_PIN)
    /// `proxy` is not `http://[user:password@]host[:port]`.
    public static let invalidProxy = Self(rawValue: WXT_INVALID_PROXY)
    /// The data directory cannot be created or used, or a partial file cannot be deleted.
    public static let storageFailed = Self(rawValue: WXT_STORAGE_FAILED)
    /// Another open session uses the same mini program's directory, and one of the two is
    /// ``WXTransferSessionOptions/StorageSharing/exclusive``.
    public static let storageLocked = Self(rawValue: WXT_STORAGE_LOCKED)
    /// The system's trust store cannot be used. On Android, `wxt_android_init` has not succeeded.
    public static let trustStoreUnavailable = Self(rawValue: WXT_TRUST_STORE_UNAVAILABLE)
    /// No thread, descriptor or memory is left. The same call may succeed later.
    public static let outOfResources = Self(rawValue: WXT_OUT_OF_RESOURCES)
    /// A bug of the library, which was caught. Nothing was started.
    public static let `internal` = Self(rawValue: WXT_INTERNAL)
    // Generated until here

    /// The status in words, and its detail, for a log.
    public var description: String {
        let text = String(cString: wxt_status_text(rawValue))
        return detail.map { "\(text): \($0)" } ?? text
    }

    /// Throws `status` unless it is `WXT_OK`.
    static func check(_ status: WxtStatus) throws(WXTransferStatus) {
        if status != WXT_OK {
            throw WXTransferStatus(rawValue: status)
        }
    }

    /// Throws the status that `call` returns, with the detail that `call` writes, unless the status is `WXT_OK`.
    static func checkExplained(_ call: (UnsafeMutablePointer<WxtStatusDetail>) -> WxtStatus) throws(WXTransferStatus) {
        var detail = wxt_status_detail()
        let status = call(&detail)
        if status != WXT_OK {
            let text = withUnsafeBytes(of: detail.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw WXTransferStatus(rawValue: status, detail: text)
        }
    }
}
