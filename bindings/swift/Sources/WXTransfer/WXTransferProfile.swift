internal import CWxtransfer

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

    /// A profile that a test makes.
    public init(
        invokeStart: UInt64? = nil, queueStart: UInt64? = nil, queueEnd: UInt64? = nil, fetchStart: UInt64 = 0,
        redirectStart: UInt64 = 0, redirectEnd: UInt64 = 0, domainLookUpStart: UInt64 = 0,
        domainLookUpEnd: UInt64 = 0, connectStart: UInt64 = 0, connectEnd: UInt64 = 0,
        SSLconnectionStart: UInt64 = 0, SSLconnectionEnd: UInt64 = 0, requestStart: UInt64 = 0,
        requestEnd: UInt64 = 0, responseStart: UInt64 = 0, responseEnd: UInt64 = 0, sendBytesCount: UInt64 = 0,
        receivedBytedCount: UInt64 = 0, rtt: UInt64? = nil, httpRttEstimate: UInt64? = nil,
        transportRttEstimate: UInt64? = nil, throughputKbps: UInt64? = nil,
        downstreamThroughputKbpsEstimate: UInt64? = nil, estimate_nettype: UInt64 = 0, peerIP: String? = nil,
        `protocol`: String? = "http1.1", port: UInt16 = 0, socketReused: Bool = false,
        usingHighPerformanceMode: Bool = false
    ) {
        (self.invokeStart, self.queueStart, self.queueEnd) = (invokeStart, queueStart, queueEnd)
        (self.fetchStart, self.redirectStart, self.redirectEnd) = (fetchStart, redirectStart, redirectEnd)
        (self.domainLookUpStart, self.domainLookUpEnd) = (domainLookUpStart, domainLookUpEnd)
        (self.connectStart, self.connectEnd) = (connectStart, connectEnd)
        (self.SSLconnectionStart, self.SSLconnectionEnd) = (SSLconnectionStart, SSLconnectionEnd)
        (self.requestStart, self.requestEnd, self.responseStart) = (requestStart, requestEnd, responseStart)
        (self.responseEnd, self.sendBytesCount, self.receivedBytedCount) = (responseEnd, sendBytesCount, receivedBytedCount)
        (self.rtt, self.httpRttEstimate, self.transportRttEstimate) = (rtt, httpRttEstimate, transportRttEstimate)
        (self.throughputKbps, self.estimate_nettype) = (throughputKbps, estimate_nettype)
        self.downstreamThroughputKbpsEstimate = downstreamThroughputKbpsEstimate
        (self.peerIP, self.protocol, self.port) = (peerIP, `protocol`, port)
        (self.socketReused, self.usingHighPerformanceMode) = (socketReused, usingHighPerformanceMode)
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
