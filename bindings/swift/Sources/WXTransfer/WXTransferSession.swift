import Dispatch
internal import CWxtransfer

/// One launch of one mini program: its transfers and its files.
///
/// Everything may be called from any thread. A call throws ``WXTransferStatus`` if it is refused, and
/// ``WXTransferFailure`` for a failure that a page receives.
///
/// Close the session when the mini program ends. A session without references closes itself and aborts its tasks.
public final class WXTransferSession: Sendable {
    let handle: SessionHandle
    private let host: HostContext

    /// Opens a session: creates the mini program's directories, and takes over the temporary files that
    /// `temporaryRetention` keeps. Other temporary files of earlier launches are deleted: for at most 10 ms before this
    /// initialiser returns, the rest in the background. Reads and writes the disk, and makes no connection.
    public init(_ options: WXTransferSessionOptions) throws(WXTransferStatus) {
        let host = HostContext(options)
        var pointer: OpaquePointer?
        try WXTransferStatus.checkExplained { detail in
            CMemory.with { memory in
                var options = options.cOptions(in: memory, host: host)
                return wxt_session_open(&options, &pointer, detail)
            }
        }
        handle = SessionHandle(pointer: pointer)
        self.host = host
    }

    deinit {
        guard wxt_session_close(handle.pointer) == WXT_CALLED_FROM_CALLBACK else { return }
        // The last reference was released in a callback. Closing waits for callbacks, so another thread must do it.
        DispatchQueue.global().async { [handle, host] in
            _ = wxt_session_close(handle.pointer)
            withExtendedLifetime(host) {}
        }
    }

    /// The library's version, such as `0.2.0`.
    public static var version: String { String(cString: wxt_version()) }

    /// Closes the session: aborts the remaining tasks, runs their last closures, and deletes the temporary files that
    /// `temporaryRetention` does not keep. The closures run on this thread if the session has a `callbackQueue`, else
    /// on the session's thread. When it returns, no closure is running or will run. Closing again, or while another
    /// thread closes the session, returns at once.
    ///
    /// It waits for a closure that is running, so in a closure it throws ``WXTransferStatus/calledFromCallback``.
    public func close() throws(WXTransferStatus) {
        let status = wxt_session_close(handle.pointer)
        if status != WXT_SESSION_CLOSED {
            try WXTransferStatus.check(status)
        }
    }

    /// Opens a connection to `server` ahead of its first transfer: look-up, connect, TLS handshake. `server` is a URL,
    /// or a host with or without a port, which means `https`. The session's rules for uploads or those for downloads
    /// must allow it. Returns at once; the log reports a refusal or a failure. The connection is kept for 15 s, but not
    /// in the background.
    public func prepare(_ server: String) throws(WXTransferStatus) {
        try WXTransferStatus.check(CMemory.with { wxt_session_prepare(handle.pointer, $0.string(server)) })
    }

    /// Tells the session that the device has another network, or none. Call it at each change, and once after opening
    /// if requests set `needsUnmetered`. Idle connections are closed. Transfers whose local address no longer exists
    /// fail at once (`retryable`). Requests with `needsUnmetered` wait while the network is metered or roaming. With
    /// `.none` no task starts; after 5 s, all remaining tasks and every later call fail with `interrupted`.
    public func networkChanged(_ network: WXTransferNetwork) throws(WXTransferStatus) {
        var network = network.cNetwork
        try WXTransferStatus.checkExplained { wxt_session_network_changed(handle.pointer, &network, $0) }
    }

    /// Tells the session that the mini program entered the background. For 5 s calls are accepted as before. After
    /// that, remaining tasks and later calls fail with `interrupted`, or wait if `waitInBackground` is set.
    public func enterBackground() throws(WXTransferStatus) {
        try WXTransferStatus.check(wxt_session_enter_background(handle.pointer))
    }

    /// Tells the session that the mini program is in the foreground again: calls are accepted, and waiting tasks
    /// continue.
    public func enterForeground() throws(WXTransferStatus) {
        try WXTransferStatus.check(wxt_session_enter_foreground(handle.pointer))
    }

    /// Changes `maxBytesPerSecond` of the options; `nil` means no limit. The new limit applies at once, also to running
    /// tasks.
    public func setMaxBytesPerSecond(_ bytesPerSecond: UInt64?) throws(WXTransferStatus) {
        try WXTransferStatus.check(wxt_session_set_max_bytes_per_second(handle.pointer, bytesPerSecond ?? 0))
    }

    func setMaxBytesPerSecond(_ bytesPerSecond: UInt64?, of task: UInt64) -> Bool {
        wxt_task_set_max_bytes_per_second(handle.pointer, task, bytesPerSecond ?? 0) == WXT_OK
    }

    func abort(_ task: UInt64) -> Bool {
        wxt_task_abort(handle.pointer, task) == WXT_OK
    }
}

/// A session's handle in C. The pointer is a number that points to nothing, and every function accepts it on any thread.
struct SessionHandle: @unchecked Sendable {
    let pointer: OpaquePointer?
}
