import Foundation
internal import CWxtransfer

/// `onHeadersReceived`: the head of the final response.
public struct WXTransferHeadersReceived: Hashable, Sendable {
    /// `header`: in the order of the response, including duplicates.
    public let header: WXTransferPairs
    /// `statusCode`.
    public let statusCode: Int

    /// A head that a test makes.
    public init(header: WXTransferPairs = [:], statusCode: Int = 200) {
        (self.header, self.statusCode) = (header, statusCode)
    }

    init(_ event: WxtHeadersReceived) {
        header = WXTransferPairs(event.header, count: event.header_count)
        statusCode = Int(event.status_code)
    }
}

/// `onProgressUpdate`: the progress of a task. No value ever decreases.
public struct WXTransferProgress: Hashable, Sendable {
    /// Of an upload, `totalBytesSent`: the bytes of the request body that left the device's send buffer; at the end,
    /// all bytes that were put into that buffer. Of a download, `totalBytesWritten`: the bytes written to the file.
    public let totalBytes: UInt64
    /// `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`; `nil` while it is unknown.
    public let totalBytesExpected: UInt64?
    /// `progress`: in percent, 0 to 100; `nil` while it is unknown.
    public let progress: Int?

    /// A progress that a test makes.
    public init(totalBytes: UInt64, totalBytesExpected: UInt64?, progress: Int?) {
        (self.totalBytes, self.totalBytesExpected, self.progress) = (totalBytes, totalBytesExpected, progress)
    }

    init(_ event: WxtProgress) {
        totalBytes = event.total_bytes
        // WXT_TOTAL_UNKNOWN and WXT_PROGRESS_UNKNOWN are macros of macros, which Swift does not import.
        totalBytesExpected = event.total_bytes_expected == UInt64.max ? nil : event.total_bytes_expected
        progress = event.progress == UInt32.max ? nil : Int(event.progress)
    }
}

/// The result of an upload: the value that `success` of `uploadFile` receives.
public struct WXTransferUploadSuccess: Hashable, Sendable {
    /// `errMsg`: `uploadFile:ok`.
    public let errMsg: String
    /// `statusCode`: any HTTP status is a success.
    public let statusCode: Int
    /// `data`: the answer's body as text.
    public let data: String
    /// `dataLength`: the size of the answer's body in bytes, before it was converted to text.
    public let dataLength: UInt64
    /// `header`: in the order of the response, including duplicates. Set on every base library.
    public let header: WXTransferPairs
    /// `cookies`: the values of `Set-Cookie`, one for each field.
    public var cookies: [String] { header.values(ofHeader: "Set-Cookie") }
    /// `profile`: when the steps of the task happened. `nil` if the request disables it, and on base libraries before
    /// 3.5.0.
    public let profile: WXTransferProfile?
    /// The number of attempts that the task made.
    public let attempts: UInt32
    /// 0 for an upload.
    public let resumedFrom: UInt64

    /// A success that a test makes.
    public init(
        errMsg: String = "uploadFile:ok", statusCode: Int = 200, data: String = "", dataLength: UInt64 = 0,
        header: WXTransferPairs = [:], profile: WXTransferProfile? = nil, attempts: UInt32 = 1, resumedFrom: UInt64 = 0
    ) {
        (self.errMsg, self.statusCode, self.data, self.dataLength) = (errMsg, statusCode, data, dataLength)
        (self.header, self.profile, self.attempts, self.resumedFrom) = (header, profile, attempts, resumedFrom)
    }

    init(_ success: WxtSuccess) {
        errMsg = success.err_msg.text ?? ""
        statusCode = Int(success.status_code)
        data = success.data.text ?? ""
        dataLength = success.data_length
        header = WXTransferPairs(success.header, count: success.header_count)
        profile = success.profile.map { WXTransferProfile($0.pointee) }
        attempts = success.attempts
        resumedFrom = success.resumed_from
    }
}

/// The result of a download: the value that `success` of `downloadFile` receives.
public struct WXTransferDownloadSuccess: Hashable, Sendable {
    /// `errMsg`: `downloadFile:ok`.
    public let errMsg: String
    /// `statusCode`: any HTTP status is a success.
    public let statusCode: Int
    /// `tempFilePath`: the page's path if the request has no `filePath`; `nil` otherwise. Closing the session deletes
    /// the file, unless the session's `temporaryRetention` keeps it.
    public let tempFilePath: String?
    /// `filePath`: the page's path if the request has a `filePath`; `nil` otherwise.
    public let filePath: String?
    /// The downloaded file's path on the device, for the host. Do not store it: iOS moves an app's directory.
    public let nativePath: URL
    /// `dataLength`: the size of the file in bytes.
    public let dataLength: UInt64
    /// `header`: in the order of the response, including duplicates. Set on every base library.
    public let header: WXTransferPairs
    /// `cookies`: the values of `Set-Cookie`, one for each field.
    public var cookies: [String] { header.values(ofHeader: "Set-Cookie") }
    /// `profile`: when the steps of the task happened. `nil` if the request disables it, and on base libraries before
    /// 2.10.4.
    public let profile: WXTransferProfile?
    /// The number of attempts that the task made.
    public let attempts: UInt32
    /// With `resume`: how many bytes of the file existed before the final answer, which contained only the rest. 0 if the
    /// final answer contained the whole file.
    public let resumedFrom: UInt64
    /// The file's SHA-256 in lower-case hexadecimal digits; `nil` unless the request sets `wantSHA256` or
    /// `expectedSHA256`.
    public let sha256: String?

    /// A success that a test makes.
    public init(
        errMsg: String = "downloadFile:ok", statusCode: Int = 200, tempFilePath: String? = nil, filePath: String? = nil,
        nativePath: URL = URL(fileURLWithPath: "/"), dataLength: UInt64 = 0, header: WXTransferPairs = [:],
        profile: WXTransferProfile? = nil, attempts: UInt32 = 1, resumedFrom: UInt64 = 0, sha256: String? = nil
    ) {
        (self.errMsg, self.statusCode, self.tempFilePath, self.filePath) = (errMsg, statusCode, tempFilePath, filePath)
        (self.nativePath, self.dataLength, self.header, self.profile) = (nativePath, dataLength, header, profile)
        (self.attempts, self.resumedFrom, self.sha256) = (attempts, resumedFrom, sha256)
    }

    init(_ success: WxtSuccess) {
        errMsg = success.err_msg.text ?? ""
        statusCode = Int(success.status_code)
        tempFilePath = success.temp_file_path.text
        filePath = success.file_path.text
        nativePath = URL(fileURLWithPath: success.native_path.text ?? "")
        dataLength = success.data_length
        header = WXTransferPairs(success.header, count: success.header_count)
        profile = success.profile.map { WXTransferProfile($0.pointee) }
        attempts = success.attempts
        resumedFrom = success.resumed_from
        sha256 = success.sha256.text
    }
}

extension WXTransferProgress: CustomStringConvertible {
    /// Such as `512 of 1024 bytes (50 %)`, without unknown values.
    public var description: String {
        "\(totalBytes)\(totalBytesExpected.map { " of \($0)" } ?? "") bytes\(progress.map { " (\($0) %)" } ?? "")"
    }
}

extension WXTransferUploadSuccess: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        [
            "errMsg": errMsg, "statusCode": statusCode, "data": Redaction.length(data), "dataLength": dataLength,
            "header": header, "profile": profile, "attempts": attempts,
            "resumedFrom": resumedFrom,
        ]
    }
}
