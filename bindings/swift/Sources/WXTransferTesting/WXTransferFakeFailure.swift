import WXTransfer

/// The failures that a page can be told, each as the library tells it: the errno, the text, the category, `retryable`.
public struct WXTransferFakeFailure: Sendable, Hashable {
    /// WeChat's number of the failure of an upload.
    public let uploadErrno: WXTransferErrno
    /// WeChat's number of the failure of a download.
    public let downloadErrno: WXTransferErrno
    /// What follows `uploadFile:fail ` or `downloadFile:fail `.
    public let text: String
    /// The kind.
    public let category: WXTransferCategory
    /// Whether the same call may succeed later.
    public let retryable: Bool

    private init(
        _ errno: WXTransferErrno, _ text: String, _ category: WXTransferCategory, _ retryable: Bool,
        download: WXTransferErrno? = nil
    ) {
        (uploadErrno, downloadErrno) = (errno, download ?? errno)
        (self.text, self.category, self.retryable) = (text, category, retryable)
    }

    /// `abort()`, a cancelled `Task` or a session that closes. In these cases a fake session makes the failure itself.
    public static let aborted = Self(.cancel, "abort", .aborted, false, download: .abortDownload)
    /// The deadline passed.
    public static let timeout = Self(.timeout, "timeout", .timeout, true)
    /// In the background, or without a network, for more than 5 s.
    public static let interrupted = Self(.interrupted, "interrupted", .interrupted, true)
    /// The URL is malformed.
    public static let invalidURL = Self(.invalidURL, "invalid url", .request, false)
    /// The URL has another scheme than `https` and `http`.
    public static let invalidURLScheme = Self(.invalidURLScheme, "url scheme is invalid", .request, false)
    /// The host is in no domain list.
    public static let notInDomainList = Self(.notInDomainList, "url not in domain list", .policy, false)
    /// More redirects than are followed.
    public static let tooManyRedirects = Self(.tooManyRedirects, "exceed max redirect count", .limit, false)
    /// The host name has no address: the device is offline, say.
    public static let nameResolution =
        Self(.network, "the name api.example.com has no address", .nameResolution, true)
    /// No connection to the server.
    public static let connect = Self(.network, "cannot connect: Connection refused", .connect, true)
    /// The server's certificate is refused.
    public static let tls = Self(.network, "the certificate is not trusted", .tls, false)
    /// The connection ended before the answer was whole.
    public static let connectionClosed = Self(.network, "the connection was closed", .connectionClosed, true)
    /// The answer is no HTTP.
    public static let `protocol` = Self(.network, "the answer is no HTTP", .protocol, true)
    /// A downloaded file is not what the request expects.
    public static let integrity = Self(.network, "the file is not the expected one", .integrity, true)
    /// No thread, descriptor or memory is left.
    public static let outOfResources =
        Self(.network, "out of resources: a thread for the transfer", .outOfResources, true)
    /// The file to send does not exist.
    public static let fileNotFound = Self(.fileNotFound, "file not found", .file, false)
    /// A download over the size limit.
    public static let fileTooLarge = Self(.fileTooLarge, "exceed max file size", .limit, false)
    /// A download cannot be stored: a full disk, say.
    public static let saveFile = Self(.saveFile, "save file error no space is left on the device", .storage, false)
    /// A download over the quota.
    public static let quotaExceeded =
        Self(.quotaExceeded, "the maximum size of the file storage limit is exceeded", .storage, false)
    /// A bug of the library, caught.
    public static let `internal` = Self(.internal, "internal error", .internal, false)

    /// The failure of an upload.
    public func ofUpload(detail: String = "made by a test") -> WXTransferFailure {
        WXTransferFailure(
            errMsg: "uploadFile:fail \(text)", errno: uploadErrno, category: category, detail: detail, retryable: retryable)
    }

    /// The failure of a download.
    public func ofDownload(detail: String = "made by a test") -> WXTransferFailure {
        WXTransferFailure(
            errMsg: "downloadFile:fail \(text)", errno: downloadErrno, category: category, detail: detail,
            retryable: retryable)
    }
}
