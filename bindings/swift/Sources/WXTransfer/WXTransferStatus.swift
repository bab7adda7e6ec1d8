internal import CWxtransfer

/// Why the library refused a call: a mistake of the host, or a state of the device. Nothing was started, and no
/// callback runs. What a page can get wrong is never a status but a ``WXTransferFailure``.
public struct WXTransferStatus: RawRepresentable, Error, Hashable, Sendable, CustomStringConvertible {
    /// The number in C: `WXT_…`.
    public let rawValue: Int32
    /// What is wrong, in English, for a developer. It names the field as the C header spells it, such as `low_speed_time` for
    /// `lowSpeedTime`, and is part of ``description``. It has no text, list or path that the app passed. `nil` where the status
    /// says all. Two statuses with the same number are equal, whatever their details.
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

    /// `WXT_INVALID_ARGUMENT`: a required value is missing, or a value is outside its range.
    public static let invalidArgument = Self(rawValue: WXT_INVALID_ARGUMENT)
    /// `WXT_INVALID_STRUCT_SIZE`: this binding is newer than the library that it is linked with.
    public static let invalidStructSize = Self(rawValue: WXT_INVALID_STRUCT_SIZE)
    /// `WXT_INVALID_UTF8`: a string of the options is not UTF-8, which no `String` of Swift can be.
    public static let invalidUTF8 = Self(rawValue: WXT_INVALID_UTF8)
    /// `WXT_SESSION_CLOSED`: the session is closing or closed.
    public static let sessionClosed = Self(rawValue: WXT_SESSION_CLOSED)
    /// `WXT_CALLED_FROM_CALLBACK`: a session cannot be closed from a callback.
    public static let calledFromCallback = Self(rawValue: WXT_CALLED_FROM_CALLBACK)
    /// `WXT_NOT_FOUND`: the task has ended.
    public static let notFound = Self(rawValue: WXT_NOT_FOUND)
    /// `WXT_INVALID_VERSION`: a version is not numbers separated by dots.
    public static let invalidVersion = Self(rawValue: WXT_INVALID_VERSION)
    /// `WXT_INVALID_DOMAIN`: an entry of a domain list is not a host with an optional port.
    public static let invalidDomain = Self(rawValue: WXT_INVALID_DOMAIN)
    /// `WXT_INVALID_CERTIFICATE`: `rootCertificates` holds no certificate, or one that cannot be read.
    public static let invalidCertificate = Self(rawValue: WXT_INVALID_CERTIFICATE)
    /// `WXT_INVALID_PIN`: a pin has no host, or its hash is not 32 bytes.
    public static let invalidPin = Self(rawValue: WXT_INVALID_PIN)
    /// `WXT_INVALID_PROXY`: `proxy` is not `http://[user:password@]host:port`.
    public static let invalidProxy = Self(rawValue: WXT_INVALID_PROXY)
    /// `WXT_STORAGE_FAILED`: the data directory cannot be created or used; ``detail`` says why.
    public static let storageFailed = Self(rawValue: WXT_STORAGE_FAILED)
    /// `WXT_STORAGE_LOCKED`: another open session has the same mini program's directory for itself.
    public static let storageLocked = Self(rawValue: WXT_STORAGE_LOCKED)
    /// `WXT_TRUST_STORE_UNAVAILABLE`: the operating system's trust store cannot be used.
    public static let trustStoreUnavailable = Self(rawValue: WXT_TRUST_STORE_UNAVAILABLE)
    /// `WXT_OUT_OF_RESOURCES`: no thread or descriptor could be created.
    public static let outOfResources = Self(rawValue: WXT_OUT_OF_RESOURCES)
    /// `WXT_INTERNAL`: a bug of the library, caught.
    public static let `internal` = Self(rawValue: WXT_INTERNAL)

    /// The status in words, and its detail, for a log.
    public var description: String {
        let text = String(cString: wxt_status_text(rawValue))
        return detail.map { "\(text): \($0)" } ?? text
    }

    /// Throws what is not `WXT_OK`.
    static func check(_ status: WxtStatus) throws(WXTransferStatus) {
        if status != WXT_OK {
            throw WXTransferStatus(rawValue: status)
        }
    }

    /// Throws what `call` returns and explains, unless that is `WXT_OK`.
    static func checkExplained(_ call: (UnsafeMutablePointer<WxtStatusDetail>) -> WxtStatus) throws(WXTransferStatus) {
        var detail = wxt_status_detail()
        let status = call(&detail)
        if status != WXT_OK {
            let text = withUnsafeBytes(of: detail.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            throw WXTransferStatus(rawValue: status, detail: text)
        }
    }
}
