import WXTransfer

/// The failures that a page can receive, as the library reports them: `errno`, text, category and `retryable`.
public struct WXTransferFakeFailure: Sendable, Hashable {
    /// WeChat's number of the failure of an upload.
    public let uploadErrno: WXTransferErrno
    /// WeChat's number of the failure of a download.
    public let downloadErrno: WXTransferErrno
    /// The text after `uploadFile:fail ` or `downloadFile:fail `. For ``tooManyTasks``, the text of an upload.
    public let text: String
    /// The kind of the failure.
    public let category: WXTransferCategory
    /// Whether the same call may succeed later without a change.
    public let retryable: Bool
    /// The detail for developers, unless the test passes another one.
    public let detail: String
    private let downloadText: String
    /// 0 if the library finds the failure before the first attempt.
    private let attempts: UInt32

    private init(
        _ errno: WXTransferErrno, _ text: String, _ category: WXTransferCategory, _ retryable: Bool,
        download: WXTransferErrno? = nil, detail: String = "made by a test", downloadText: String? = nil,
        attempts: UInt32 = 1
    ) {
        (uploadErrno, downloadErrno) = (errno, download ?? errno)
        (self.text, self.category, self.retryable) = (text, category, retryable)
        (self.detail, self.downloadText, self.attempts) = (detail, downloadText ?? text, attempts)
    }

    /// `abort()`, a cancelled `Task` or a session that closes. In these cases a fake session makes the failure itself.
    public static let aborted = Self(.cancel, "abort", .aborted, false, download: .abortDownload)
    /// The deadline passed.
    public static let timeout = Self(.timeout, "timeout", .timeout, true)
    /// The connection was slower than `lowSpeedLimit` for `lowSpeedTime`.
    public static let stalled = Self(.timeout, "timeout", .timeout, true, detail: "stalled")
    /// In the background, or without a network, for more than 5 s.
    public static let interrupted = Self(.interrupted, "interrupted", .interrupted, true)
    /// A parameter is missing, here the file to send.
    public static let parameter = Self(
        .parameter, "parameter error: parameter.filePath should be String instead of Undefined;", .request, false,
        attempts: 0)
    /// A header or a form field cannot be sent, here the header `a b`.
    public static let invalidRequestData =
        Self(.invalidRequestData, "invalid request data header a b", .request, false, attempts: 0)
    /// The URL is malformed.
    public static let invalidURL = Self(.invalidURL, "invalid url", .request, false, attempts: 0)
    /// The URL has another scheme than `https` and `http`.
    public static let invalidURLScheme = Self(.invalidURLScheme, "url scheme is invalid", .request, false, attempts: 0)
    /// The host is in no domain list.
    public static let notInDomainList =
        Self(.notInDomainList, "url not in domain list", .policy, false, attempts: 0)
    /// Too many tasks at the same time, on an old base library that has no queue.
    public static let tooManyTasks = Self(
        .tooManyTasks, "exceed max upload connection count 10", .limit, true,
        downloadText: "exceed max download connection count 10", attempts: 0)
    /// The server sent too many redirects.
    public static let tooManyRedirects = Self(.tooManyRedirects, "exceed max redirect count", .limit, false)
    /// The host name has no address, for example because the device is offline.
    public static let nameResolution =
        Self(.network, "the name api.example.com has no address", .nameResolution, true)
    /// No connection could be made to the server.
    public static let connect = Self(.network, "cannot connect: Connection refused", .connect, true)
    /// The server's certificate is refused.
    public static let tls = Self(.network, "the certificate is not trusted", .tls, false)
    /// The server does not speak TLS, for example because a Wi-Fi network shows its login page.
    public static let notTLS = Self(.network, "the server does not speak TLS", .tls, true)
    /// The connection ended before the answer was complete.
    public static let connectionClosed = Self(.network, "the connection was closed", .connectionClosed, true)
    /// The server violated HTTP.
    public static let `protocol` = Self(.network, "the answer is no HTTP", .protocol, true)
    /// A downloaded file differs from what the request expects.
    public static let integrity = Self(.network, "the file is not the expected one", .integrity, true)
    /// No thread, descriptor or memory is left.
    public static let outOfResources =
        Self(.network, "out of resources: a thread for the transfer", .outOfResources, true, attempts: 0)
    /// The file to send does not exist.
    public static let fileNotFound = Self(.fileNotFound, "file not found", .file, false, attempts: 0)
    /// The file to send changed, or could not be read, while it was sent.
    public static let fileChanged =
        Self(.network, "the request body cannot be read: it is shorter than announced", .file, true)
    /// The path of the file to send is outside the sandbox.
    public static let permissionDenied =
        Self(.permissionDenied, "permission denied, open wxfile://usr/../photo.jpg", .file, false, attempts: 0)
    /// The path of a download must not be written.
    public static let targetDenied =
        Self(.targetDenied, "permission denied, open wxfile://usr/../photo.jpg", .file, false, attempts: 0)
    /// The directory of a download's path does not exist.
    public static let directoryNotFound =
        Self(.fileNotFound, "no such file or directory wxfile://usr/photos/1.jpg", .file, false, attempts: 0)
    /// The answer to an upload exceeds `maxDataSize`.
    public static let dataTooLarge = Self(.network, "the answer is larger than 16777216 bytes", .limit, false)
    /// A downloaded file exceeds `maxDownloadSize`.
    public static let fileTooLarge = Self(.fileTooLarge, "exceed max file size", .limit, false)
    /// A downloaded file cannot be stored, for example because the disk is full.
    public static let saveFile = Self(.saveFile, "save file error no space is left on the device", .storage, false)
    /// A downloaded file exceeds the storage quota.
    public static let quotaExceeded =
        Self(.quotaExceeded, "the maximum size of the file storage limit is exceeded", .storage, false)
    /// A bug of the library, which was caught.
    public static let `internal` = Self(.internal, "internal error", .internal, false)

    /// The failure of an upload. `detail` replaces the detail of this value.
    public func ofUpload(detail: String? = nil) -> WXTransferFailure {
        ofUpload(detail: detail, attempts: attempts)
    }

    /// The failure of a download. `detail` replaces the detail of this value.
    public func ofDownload(detail: String? = nil) -> WXTransferFailure {
        ofDownload(detail: detail, attempts: attempts)
    }

    func ofUpload(detail: String? = nil, attempts: UInt32) -> WXTransferFailure {
        WXTransferFailure(
            errMsg: "uploadFile:fail \(text)", errno: uploadErrno, category: category, detail: detail ?? self.detail,
            retryable: retryable, attempts: attempts)
    }

    func ofDownload(detail: String? = nil, attempts: UInt32) -> WXTransferFailure {
        WXTransferFailure(
            errMsg: "downloadFile:fail \(downloadText)", errno: downloadErrno, category: category,
            detail: detail ?? self.detail, retryable: retryable, attempts: attempts)
    }
}
