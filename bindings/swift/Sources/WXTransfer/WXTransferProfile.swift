internal import CWxtransfer

/// When the steps of a task happened, and on which connection. Times are in milliseconds since the Unix epoch, and 0 if
/// the step did not happen. The names are WeChat's, including their spelling, so the JSON of this type is the page's
/// `profile`. Properties that are `nil` are missing in the JSON.
public struct WXTransferProfile: Hashable, Sendable, Encodable {
    // Generated from wxtransfer.h: properties WxtProfile
    /// The task was started. `nil` on base libraries before 3.8.10.
    public let invokeStart: UInt64?
    /// The task entered the queue. `nil` on base libraries before 3.8.10.
    public let queueStart: UInt64?
    /// A worker took the task. 0 if none did. `nil` on base libraries before 3.8.10.
    public let queueEnd: UInt64?
    /// The last hop started.
    public let fetchStart: UInt64
    /// The first redirected request started. 0 without a redirect, and if one led to another origin.
    public let redirectStart: UInt64
    /// The last redirect was received. 0 as ``redirectStart``.
    public let redirectEnd: UInt64
    /// Name resolution began. Equal to ``fetchStart`` on a kept connection, and if the host is an IP address.
    public let domainLookUpStart: UInt64
    /// Name resolution ended. Equal to ``fetchStart`` in the same cases as ``domainLookUpStart``.
    public let domainLookUpEnd: UInt64
    /// Connecting began. Equal to ``fetchStart`` on a kept connection.
    public let connectStart: UInt64
    /// The connection is ready, including TLS. Equal to ``fetchStart`` on a kept connection.
    public let connectEnd: UInt64
    /// The TLS handshake began. 0 without TLS. Equal to ``fetchStart`` on a kept connection with TLS.
    public let SSLconnectionStart: UInt64
    /// The TLS handshake ended. 0 without TLS. Equal to ``fetchStart`` on a kept connection with TLS.
    public let SSLconnectionEnd: UInt64
    /// The first byte of the request was sent.
    public let requestStart: UInt64
    /// The last byte of the request was sent.
    public let requestEnd: UInt64
    /// The first byte of the answer was received.
    public let responseStart: UInt64
    /// The last byte of the answer was received.
    public let responseEnd: UInt64
    /// Bytes sent in the last hop, including heads, the proxy and TLS.
    public let sendBytesCount: UInt64
    /// Bytes received in the last hop, including heads, the proxy and TLS.
    public let receivedBytedCount: UInt64
    /// The connection's smoothed round-trip time in milliseconds, as the system's TCP measured it (up to one second
    /// ago). With a proxy, the round trip to the proxy. `nil` if the system does not report it, or without an answer.
    public let rtt: UInt64?
    /// The session's estimate of the milliseconds from the first byte of a request to the first byte of its answer.
    /// Requests over 14600 bytes, TCP's initial window (RFC 6928), are not included. `nil` while there is no
    /// observation, or without an answer.
    ///
    /// An estimate starts as the first observation. Each later one moves it by an eighth of the difference (RFC 6298).
    /// ``WXTransferSession/networkChanged(_:)`` forgets it. Tasks without a profile are not observed.
    public let httpRttEstimate: UInt64?
    /// The session's estimate of ``rtt``, in milliseconds. `nil` while there is no observation, or without an answer.
    public let transportRttEstimate: UInt64?
    /// Kilobits per second of the answer's body, from its first byte to its last. `nil` if less than 32 KiB arrived in
    /// that time, or if the answer is not complete.
    public let throughputKbps: UInt64?
    /// The session's estimate of ``throughputKbps``. `nil` while there is no observation, or without an answer.
    public let downstreamThroughputKbpsEstimate: UInt64?
    /// 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g. Never `nil`. WeChat's values 1 (offline) and 6 (end of the list) do not
    /// occur. The types are the effective connection types of the Network Information API: slow-2g from 2000 ms
    /// round-trip time or up to 50 kbit/s, 2g from 1400 ms or up to 70 kbit/s, 3g from 270 ms or up to 700 kbit/s. The
    /// round-trip time is ``transportRttEstimate``, or ``httpRttEstimate`` if the former is `nil`. The speed is
    /// ``downstreamThroughputKbpsEstimate``.
    public let estimate_nettype: UInt64
    /// The IP address of the connection. `nil` if there was none.
    public let peerIP: String?
    /// `http1.1`. `nil` if there was no connection.
    public let `protocol`: String?
    /// The port of the connection. 0 if there was none.
    public let port: UInt16
    /// The connection was already open, from an earlier task, hop or attempt, or from
    /// ``WXTransferSession/prepare(_:)``.
    public let socketReused: Bool
    /// Always `false`. There is no such mode.
    public let usingHighPerformanceMode: Bool
    // Generated until here

    /// A profile that a test makes.
    public init(
        // Generated from wxtransfer.h: parameters WxtProfile
        invokeStart: UInt64? = nil,
        queueStart: UInt64? = nil,
        queueEnd: UInt64? = nil,
        fetchStart: UInt64 = 0,
        redirectStart: UInt64 = 0,
        redirectEnd: UInt64 = 0,
        domainLookUpStart: UInt64 = 0,
        domainLookUpEnd: UInt64 = 0,
        connectStart: UInt64 = 0,
        connectEnd: UInt64 = 0,
        SSLconnectionStart: UInt64 = 0,
        SSLconnectionEnd: UInt64 = 0,
        requestStart: UInt64 = 0,
        requestEnd: UInt64 = 0,
        responseStart: UInt64 = 0,
        responseEnd: UInt64 = 0,
        sendBytesCount: UInt64 = 0,
        receivedBytedCount: UInt64 = 0,
        rtt: UInt64? = nil,
        httpRttEstimate: UInt64? = nil,
        transportRttEstimate: UInt64? = nil,
        throughputKbps: UInt64? = nil,
        downstreamThroughputKbpsEstimate: UInt64? = nil,
        estimate_nettype: UInt64 = 0,
        peerIP: String? = nil,
        `protocol`: String? = "http1.1",
        port: UInt16 = 0,
        socketReused: Bool = false,
        usingHighPerformanceMode: Bool = false
        // Generated until here
    ) {
        // Generated from wxtransfer.h: assignments WxtProfile
        self.invokeStart = invokeStart
        self.queueStart = queueStart
        self.queueEnd = queueEnd
        self.fetchStart = fetchStart
        self.redirectStart = redirectStart
        self.redirectEnd = redirectEnd
        self.domainLookUpStart = domainLookUpStart
        self.domainLookUpEnd = domainLookUpEnd
        self.connectStart = connectStart
        self.connectEnd = connectEnd
        self.SSLconnectionStart = SSLconnectionStart
        self.SSLconnectionEnd = SSLconnectionEnd
        self.requestStart = requestStart
        self.requestEnd = requestEnd
        self.responseStart = responseStart
        self.responseEnd = responseEnd
        self.sendBytesCount = sendBytesCount
        self.receivedBytedCount = receivedBytedCount
        self.rtt = rtt
        self.httpRttEstimate = httpRttEstimate
        self.transportRttEstimate = transportRttEstimate
        self.throughputKbps = throughputKbps
        self.downstreamThroughputKbpsEstimate = downstreamThroughputKbpsEstimate
        self.estimate_nettype = estimate_nettype
        self.peerIP = peerIP
        self.protocol = `protocol`
        self.port = port
        self.socketReused = socketReused
        self.usingHighPerformanceMode = usingHighPerformanceMode
        // Generated until here
    }

    init(_ value: WxtProfile) {
        // WXT_PROFILE_ABSENT is a macro of a macro, which Swift does not import.
        func present(_ number: UInt64) -> UInt64? { number == UInt64.max ? nil : number }
        // Generated from wxtransfer.h: reading WxtProfile
        self.invokeStart = present(value.invoke_start)
        self.queueStart = present(value.queue_start)
        self.queueEnd = present(value.queue_end)
        self.fetchStart = value.fetch_start
        self.redirectStart = value.redirect_start
        self.redirectEnd = value.redirect_end
        self.domainLookUpStart = value.domain_look_up_start
        self.domainLookUpEnd = value.domain_look_up_end
        self.connectStart = value.connect_start
        self.connectEnd = value.connect_end
        self.SSLconnectionStart = value.ssl_connection_start
        self.SSLconnectionEnd = value.ssl_connection_end
        self.requestStart = value.request_start
        self.requestEnd = value.request_end
        self.responseStart = value.response_start
        self.responseEnd = value.response_end
        self.sendBytesCount = value.send_bytes_count
        self.receivedBytedCount = value.received_byted_count
        self.rtt = present(value.rtt)
        self.httpRttEstimate = present(value.http_rtt_estimate)
        self.transportRttEstimate = present(value.transport_rtt_estimate)
        self.throughputKbps = present(value.throughput_kbps)
        self.downstreamThroughputKbpsEstimate = present(value.downstream_throughput_kbps_estimate)
        self.estimate_nettype = value.estimate_nettype
        self.peerIP = value.peer_ip.text
        self.protocol = value.protocol.text
        self.port = value.port
        self.socketReused = value.socket_reused
        self.usingHighPerformanceMode = value.using_high_performance_mode
        // Generated until here
    }
}
