internal import CWxtransfer

/// The call that ``WXTransferSession/checkURL(_:_:header:)`` checks.
public enum WXTransferAPI: Sendable {
    /// `wx.uploadFile`.
    case upload
    /// `wx.downloadFile`.
    case download

    var cValue: Int32 {
        switch self {
        case .upload: WXT_API_UPLOAD
        case .download: WXT_API_DOWNLOAD
        }
    }
}

/// What a call with a URL and a header would do.
public struct WXTransferURLCheck: Hashable, Sendable {
    /// The URL as it would be sent, including the query. `nil` if it cannot be parsed.
    public let url: String?
    /// `true` if the rules allow the call.
    public let allowed: Bool
    /// `errno` of the failure, or ``WXTransferErrno/ok`` if the call is allowed.
    public let errno: WXTransferErrno
    /// The kind of the failure; `nil` if the call is allowed.
    public let category: WXTransferCategory?
    /// `downloadFile:ok` if the call is allowed, else `errMsg` of the failure, such as `downloadFile:fail url not in
    /// domain list`.
    public let errMsg: String
    /// What is wrong, in English, for a developer. Contains no query and no header value. `nil` if the call is allowed.
    public let detail: String?
    /// The rule that decided: `url`, `header`, or the session option to change for another decision, by its name in C:
    /// `upload_domains`, `download_domains`, `skip_domain_check`, `allow_plain_http` or `lan_policy`. It is the first
    /// rule that refuses the call. If none does, it is the rule that allows the server.
    public let rule: String
    /// The Referer that would be sent.
    public let referer: String
    /// The names of the page's headers that would be dropped, with the page's spelling. An upload is assumed to be a
    /// form; a `raw` upload keeps the page's `Content-Type`.
    public let droppedHeaders: [String]
    /// The quirks of old clients and base libraries that apply to the call: `header_ignored`, `fail_when_full`,
    /// `timeout_ignored`, `file_path_ignored`, `no_progress`, `no_headers_event`, `no_profile`, `no_queue_times`,
    /// `no_lan`.
    public let quirks: [String]

    /// A check that a test makes.
    public init(
        url: String?, allowed: Bool, errno: WXTransferErrno = .ok, category: WXTransferCategory? = nil,
        errMsg: String = "", detail: String? = nil, rule: String = "url", referer: String = "",
        droppedHeaders: [String] = [], quirks: [String] = []
    ) {
        (self.url, self.allowed, self.errno, self.category) = (url, allowed, errno, category)
        (self.errMsg, self.detail, self.rule, self.referer) = (errMsg, detail, rule, referer)
        (self.droppedHeaders, self.quirks) = (droppedHeaders, quirks)
    }

    init(_ check: WxtUrlCheck) {
        url = check.url.text
        allowed = check.allowed
        errno = WXTransferErrno(rawValue: check.err_no)
        category = check.category == 0 ? nil : WXTransferCategory(rawValue: check.category)
        errMsg = check.err_msg.text ?? ""
        detail = check.detail.text
        rule = check.rule.text ?? ""
        referer = check.referer.text ?? ""
        droppedHeaders = UnsafeBufferPointer(start: check.dropped_headers, count: check.dropped_header_count)
            .map { $0.text ?? "" }
        quirks = UnsafeBufferPointer(start: check.quirks, count: check.quirk_count).map { $0.text ?? "" }
    }
}

extension WXTransferURLCheck: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        [
            "url": url.map(Redaction.url), "allowed": allowed, "errno": errno, "category": category, "errMsg": errMsg,
            "detail": detail, "rule": rule, "referer": Redaction.url(referer), "droppedHeaders": droppedHeaders,
            "quirks": quirks,
        ]
    }
}

/// Statistics of one session since it was opened. `tasksRunning`, `tasksWaiting` and `connectionsIdle` are current
/// values. The other numbers never decrease.
public struct WXTransferSessionStatistics: Hashable, Sendable {
    // Generated from wxtransfer.h: properties WxtSessionStatistics
    /// Tasks that were started, including those that failed at once.
    public let tasksStarted: UInt64
    /// Tasks that ended with `onSuccess`. A task is counted here, or in the counters of failed tasks below, before its
    /// last callbacks run.
    public let tasksSucceeded: UInt64
    /// Tasks that ended with `onFail` and are not counted in the next three fields.
    public let tasksFailed: UInt64
    /// Tasks that ended with ``WXTransferCategory/aborted``.
    public let tasksAborted: UInt64
    /// Tasks that ended with ``WXTransferCategory/timeout``.
    public let tasksTimedOut: UInt64
    /// Tasks that ended with ``WXTransferCategory/interrupted``.
    public let tasksInterrupted: UInt64
    /// Tasks that run now, including those that wait for their next attempt.
    public let tasksRunning: UInt64
    /// Tasks that wait in a queue now.
    public let tasksWaiting: UInt64
    /// Attempts after a task's first one, because of ``WXTransferSessionOptions/maxRetries``, `resume` or
    /// ``WXTransferSessionOptions/waitInBackground``.
    public let retries: UInt64
    /// Bytes written to sockets, including heads and TLS.
    public let bytesSent: UInt64
    /// Bytes read from sockets, including heads and TLS.
    public let bytesReceived: UInt64
    /// Connections that were opened, including their TLS handshake. Those of ``WXTransferSession/prepare(_:)`` count.
    public let connectionsOpened: UInt64
    /// Requests that were given a kept connection, even if it turned out to be dead.
    public let connectionsReused: UInt64
    /// Connections that are open and unused now.
    public let connectionsIdle: UInt64
    /// Connections whose TLS handshake resumed an earlier session.
    public let tlsSessionsResumed: UInt64
    /// Look-ups of a name, in the system's or the host's resolver. Two look-ups of one name that were joined count as
    /// two.
    public let lookUps: UInt64
    /// Answers that contained the rest of a file, because of `resume`.
    public let resumed: UInt64
    // Generated until here

    /// Numbers that a test makes.
    public init(
        // Generated from wxtransfer.h: parameters WxtSessionStatistics
        tasksStarted: UInt64 = 0,
        tasksSucceeded: UInt64 = 0,
        tasksFailed: UInt64 = 0,
        tasksAborted: UInt64 = 0,
        tasksTimedOut: UInt64 = 0,
        tasksInterrupted: UInt64 = 0,
        tasksRunning: UInt64 = 0,
        tasksWaiting: UInt64 = 0,
        retries: UInt64 = 0,
        bytesSent: UInt64 = 0,
        bytesReceived: UInt64 = 0,
        connectionsOpened: UInt64 = 0,
        connectionsReused: UInt64 = 0,
        connectionsIdle: UInt64 = 0,
        tlsSessionsResumed: UInt64 = 0,
        lookUps: UInt64 = 0,
        resumed: UInt64 = 0
        // Generated until here
    ) {
        // Generated from wxtransfer.h: assignments WxtSessionStatistics
        self.tasksStarted = tasksStarted
        self.tasksSucceeded = tasksSucceeded
        self.tasksFailed = tasksFailed
        self.tasksAborted = tasksAborted
        self.tasksTimedOut = tasksTimedOut
        self.tasksInterrupted = tasksInterrupted
        self.tasksRunning = tasksRunning
        self.tasksWaiting = tasksWaiting
        self.retries = retries
        self.bytesSent = bytesSent
        self.bytesReceived = bytesReceived
        self.connectionsOpened = connectionsOpened
        self.connectionsReused = connectionsReused
        self.connectionsIdle = connectionsIdle
        self.tlsSessionsResumed = tlsSessionsResumed
        self.lookUps = lookUps
        self.resumed = resumed
        // Generated until here
    }

    init(_ value: WxtSessionStatistics) {
        // Generated from wxtransfer.h: reading WxtSessionStatistics
        self.tasksStarted = value.tasks_started
        self.tasksSucceeded = value.tasks_succeeded
        self.tasksFailed = value.tasks_failed
        self.tasksAborted = value.tasks_aborted
        self.tasksTimedOut = value.tasks_timed_out
        self.tasksInterrupted = value.tasks_interrupted
        self.tasksRunning = value.tasks_running
        self.tasksWaiting = value.tasks_waiting
        self.retries = value.retries
        self.bytesSent = value.bytes_sent
        self.bytesReceived = value.bytes_received
        self.connectionsOpened = value.connections_opened
        self.connectionsReused = value.connections_reused
        self.connectionsIdle = value.connections_idle
        self.tlsSessionsResumed = value.tls_sessions_resumed
        self.lookUps = value.look_ups
        self.resumed = value.resumed
        // Generated until here
    }
}

/// A trace of one request, for developers.
public struct WXTransferTrace: Hashable, Sendable {
    /// A JSON object: an `entry` of HAR 1.2. It contains no form field and no body. Of the header values it contains
    /// only a plain `Range`, a known media type and the target of a redirect. Its URLs have no query and no fragment.
    public let entry: String

    /// A trace that a test makes.
    public init(entry: String) {
        self.entry = entry
    }

    init(_ event: WxtTrace) {
        entry = event.entry.text ?? ""
    }
}

extension WXTransferSession {
    /// Checks a URL and a header against the session's rules, in the order in which a call of `api` applies them. Starts no
    /// task. Nothing is sent, looked up or connected.
    public func checkURL(
        _ api: WXTransferAPI, _ url: String, header: WXTransferPairs = [:]
    ) throws(WXTransferStatus) -> WXTransferURLCheck {
        var result: WXTransferURLCheck?
        let status = withUnsafeMutablePointer(to: &result) { pointer in
            CMemory.with { memory in
                let pairs = memory.pairs(header)
                return wxt_check_url(
                    handle.pointer, api.cValue, memory.string(url), pairs.baseAddress, pairs.count, onURLCheck, pointer)
            }
        }
        try WXTransferStatus.check(status)
        guard let result else { throw WXTransferStatus.internal }
        return result
    }

    /// The session's statistics so far. The call is cheap.
    public func statistics() throws(WXTransferStatus) -> WXTransferSessionStatistics {
        var statistics = WxtSessionStatistics()
        statistics.struct_size = MemoryLayout<WxtSessionStatistics>.size
        try WXTransferStatus.check(wxt_session_statistics(handle.pointer, &statistics))
        return WXTransferSessionStatistics(statistics)
    }
}

/// Runs inside the function above. `userData` points to the result.
private func onURLCheck(userData: UnsafeMutableRawPointer?, event: UnsafePointer<WxtUrlCheck>?) {
    guard let result = userData?.assumingMemoryBound(to: WXTransferURLCheck?.self), let event else { return }
    result.pointee = WXTransferURLCheck(event.pointee)
}
