import Foundation
internal import CWxtransfer

/// `onHeadersReceived`: the final response's head.
public struct WXTransferHeadersReceived: Hashable, Sendable {
    /// `header`: in the order of the response, duplicates kept.
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

/// `onProgressUpdate`: how far a task is. No value ever falls.
public struct WXTransferProgress: Hashable, Sendable {
    /// `totalBytesSent` of an upload: bytes of the request's body that left the device's buffers, and at the end those
    /// that went into them; `totalBytesWritten` of a download: bytes written to the file.
    public let totalBytes: UInt64
    /// `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`; `nil` while nobody knows.
    public let totalBytesExpected: UInt64?
    /// `progress`: 0 to 100; `nil` while nobody knows.
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

/// What `uploadFile` hands to `success`.
public struct WXTransferUploadSuccess: Hashable, Sendable {
    /// `errMsg`: `uploadFile:ok`.
    public let errMsg: String
    /// `statusCode`: any HTTP status is a success.
    public let statusCode: Int
    /// `data`: the answer's body as text.
    public let data: String
    /// `dataLength`: the length of the answer's body before it was read as text, in bytes.
    public let dataLength: UInt64
    /// `header`: in the order of the response, duplicates kept; on every base library.
    public let header: WXTransferPairs
    /// `cookies`: the values of `Set-Cookie`, one for each such header.
    public var cookies: [String] { header.values(ofHeader: "Set-Cookie") }
    /// `profile`: when the task did what; `nil` if the request disables it, and on base libraries that have none.
    public let profile: WXTransferProfile?
    /// How many attempts the task took.
    public let attempts: UInt32
    /// How many bytes of a download's file were there before the answer, which is the rest; 0 if the file is of one answer.
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

/// What `downloadFile` hands to `success`.
public struct WXTransferDownloadSuccess: Hashable, Sendable {
    /// `errMsg`: `downloadFile:ok`.
    public let errMsg: String
    /// `statusCode`: any HTTP status is a success.
    public let statusCode: Int
    /// `tempFilePath`: the file, where the request named no `filePath`. It is gone when the session closes.
    public let tempFilePath: String?
    /// `filePath`: the file, where the request named it.
    public let filePath: String?
    /// The file's place on the device, for the host. Not to be kept: iOS moves an app's directory.
    public let nativePath: URL
    /// `dataLength`: the file's size in bytes.
    public let dataLength: UInt64
    /// `header`: in the order of the response, duplicates kept; on every base library.
    public let header: WXTransferPairs
    /// `cookies`: the values of `Set-Cookie`, one for each such header.
    public var cookies: [String] { header.values(ofHeader: "Set-Cookie") }
    /// `profile`: when the task did what; `nil` if the request disables it, and on base libraries that have none.
    public let profile: WXTransferProfile?
    /// How many attempts the task took.
    public let attempts: UInt32
    /// How many bytes of a download's file were there before the answer, which is the rest; 0 if the file is of one answer.
    public let resumedFrom: UInt64
    /// The file's SHA-256 in lower-case hexadecimal digits; `nil` unless the request wants or expects it.
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

/// When a task did what, and on which connection. Times are milliseconds since the Unix epoch, and 0 where the step
/// did not happen. The names are WeChat's, its spelling included, so that its JSON is the page's `profile`, which lacks what
/// is `nil`.
public struct WXTransferProfile: Hashable, Sendable, Encodable {
    /// The call came in; `nil` on base libraries before 3.8.10.
    public let invokeStart: UInt64?
    /// It began to wait for a worker; `nil` likewise.
    public let queueStart: UInt64?
    /// A worker took it; `nil` likewise.
    public let queueEnd: UInt64?
    /// The last hop began.
    public let fetchStart: UInt64
    /// The first redirected request began; 0 without a redirect, and if one led to another origin.
    public let redirectStart: UInt64
    /// The last redirect was received; 0 likewise.
    public let redirectEnd: UInt64
    /// The name resolution began; `fetchStart` on a kept connection, and if the host is an address.
    public let domainLookUpStart: UInt64
    /// The name resolution ended; `fetchStart` likewise.
    public let domainLookUpEnd: UInt64
    /// The connection began; `fetchStart` on a kept one.
    public let connectStart: UInt64
    /// The connection was ready, TLS included; `fetchStart` likewise.
    public let connectEnd: UInt64
    /// The TLS handshake began; `fetchStart` on a kept connection; 0 without TLS.
    public let SSLconnectionStart: UInt64
    /// The TLS handshake ended; likewise.
    public let SSLconnectionEnd: UInt64
    /// The first byte was sent.
    public let requestStart: UInt64
    /// The last byte was sent.
    public let requestEnd: UInt64
    /// The first byte of the answer came.
    public let responseStart: UInt64
    /// The last byte of the answer came.
    public let responseEnd: UInt64
    /// Bytes sent in the last hop, with heads, proxy and TLS.
    public let sendBytesCount: UInt64
    /// Bytes received in the last hop, with heads, proxy and TLS.
    public let receivedBytedCount: UInt64
    /// The connection's round-trip time in milliseconds; `nil` if the system does not tell, and without an answer.
    public let rtt: UInt64?
    /// From a request to the first byte of its answer in milliseconds, the session's estimate; `nil` if unknown.
    public let httpRttEstimate: UInt64?
    /// The session's estimate of `rtt`; `nil` if unknown.
    public let transportRttEstimate: UInt64?
    /// The speed of the answer's body in kilobits a second; `nil` if less than 32 KiB tell it.
    public let throughputKbps: UInt64?
    /// The session's estimate of `throughputKbps`; `nil` if unknown.
    public let downstreamThroughputKbpsEstimate: UInt64?
    /// The kind of network: 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g; see `WxtProfile` for their bounds.
    public let estimate_nettype: UInt64
    /// The server's address; `nil` where there was no connection.
    public let peerIP: String?
    /// `http1.1`; `nil` where there was no connection.
    public let `protocol`: String?
    /// The server's port; 0 where there was no connection.
    public let port: UInt16
    /// The connection was an earlier task's.
    public let socketReused: Bool
    /// Always `false`: there is no such mode.
    public let usingHighPerformanceMode: Bool

    /// A profile that a test makes, of which only the times of the request and its connection matter to most.
    public init(
        fetchStart: UInt64 = 0, requestStart: UInt64 = 0, requestEnd: UInt64 = 0, responseStart: UInt64 = 0,
        responseEnd: UInt64 = 0, sendBytesCount: UInt64 = 0, receivedBytedCount: UInt64 = 0, peerIP: String? = nil,
        port: UInt16 = 0, socketReused: Bool = false
    ) {
        (self.fetchStart, self.requestStart, self.requestEnd) = (fetchStart, requestStart, requestEnd)
        (self.responseStart, self.responseEnd) = (responseStart, responseEnd)
        (self.sendBytesCount, self.receivedBytedCount) = (sendBytesCount, receivedBytedCount)
        (self.peerIP, self.port, self.socketReused) = (peerIP, port, socketReused)
        (invokeStart, queueStart, queueEnd) = (nil, nil, nil)
        (redirectStart, redirectEnd) = (0, 0)
        (domainLookUpStart, domainLookUpEnd, connectStart, connectEnd) = (fetchStart, fetchStart, fetchStart, fetchStart)
        (SSLconnectionStart, SSLconnectionEnd) = (0, 0)
        (rtt, httpRttEstimate, transportRttEstimate) = (nil, nil, nil)
        (throughputKbps, downstreamThroughputKbpsEstimate, estimate_nettype) = (nil, nil, 0)
        (self.protocol, usingHighPerformanceMode) = ("http1.1", false)
    }

    init(_ profile: WxtProfile) {
        // WXT_PROFILE_ABSENT is a macro of a macro, which Swift does not import.
        func present(_ number: UInt64) -> UInt64? { number == UInt64.max ? nil : number }
        invokeStart = present(profile.invoke_start)
        queueStart = present(profile.queue_start)
        queueEnd = present(profile.queue_end)
        fetchStart = profile.fetch_start
        redirectStart = profile.redirect_start
        redirectEnd = profile.redirect_end
        domainLookUpStart = profile.domain_look_up_start
        domainLookUpEnd = profile.domain_look_up_end
        connectStart = profile.connect_start
        connectEnd = profile.connect_end
        SSLconnectionStart = profile.ssl_connection_start
        SSLconnectionEnd = profile.ssl_connection_end
        requestStart = profile.request_start
        requestEnd = profile.request_end
        responseStart = profile.response_start
        responseEnd = profile.response_end
        sendBytesCount = profile.send_bytes_count
        receivedBytedCount = profile.received_byted_count
        rtt = present(profile.rtt)
        httpRttEstimate = present(profile.http_rtt_estimate)
        transportRttEstimate = present(profile.transport_rtt_estimate)
        throughputKbps = present(profile.throughput_kbps)
        downstreamThroughputKbpsEstimate = present(profile.downstream_throughput_kbps_estimate)
        estimate_nettype = profile.estimate_nettype
        peerIP = profile.peer_ip.text
        `protocol` = profile.protocol.text
        port = profile.port
        socketReused = profile.socket_reused
        usingHighPerformanceMode = profile.using_high_performance_mode
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
