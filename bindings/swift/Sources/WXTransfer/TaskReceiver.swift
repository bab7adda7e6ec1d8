internal import CWxtransfer

/// The caller's closures for one task.
struct TaskClosures<Success: Sendable>: Sendable {
    var success: (@Sendable (Success) -> Void)?
    var fail: (@Sendable (WXTransferFailure) -> Void)?
    var complete: (@Sendable (Result<Success, WXTransferFailure>) -> Void)?
    var onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)?
    var onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)?
    /// If it is `nil`, traces are not collected.
    var onTrace: (@Sendable (WXTransferTrace) -> Void)?
}

/// Receives the events of a task's C callbacks.
protocol TaskReceiver: Sendable {
    func headersReceived(_ event: WxtHeadersReceived)
    func progress(_ event: WxtProgress)
    var wantsTraces: Bool { get }
    func traced(_ event: WxtTrace)
    func completed(_ event: WxtCompletion)
}

/// Passes the events of one task on to its closures, streams and result, in the order in which they arrive.
final class TaskEvents<Success: Sendable>: TaskReceiver {
    let headers: AsyncStream<WXTransferHeadersReceived>
    let progress: AsyncStream<WXTransferProgress>
    let outcome = TaskOutcome<Success>()
    private let headersContinuation: AsyncStream<WXTransferHeadersReceived>.Continuation
    private let progressContinuation: AsyncStream<WXTransferProgress>.Continuation
    private let closures: TaskClosures<Success>
    private let convert: @Sendable (WxtSuccess) -> Success

    init(_ closures: TaskClosures<Success>, convert: @escaping @Sendable (WxtSuccess) -> Success) {
        self.closures = closures
        self.convert = convert
        // A slow reader receives only the newest progress, and does not delay the transfer.
        var headersContinuation: AsyncStream<WXTransferHeadersReceived>.Continuation!
        headers = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { headersContinuation = $0 }
        self.headersContinuation = headersContinuation
        var progressContinuation: AsyncStream<WXTransferProgress>.Continuation!
        progress = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { progressContinuation = $0 }
        self.progressContinuation = progressContinuation
    }

    func headersReceived(_ event: WxtHeadersReceived) {
        let event = WXTransferHeadersReceived(event)
        closures.onHeadersReceived?(event)
        headersContinuation.yield(event)
    }

    func progress(_ event: WxtProgress) {
        let event = WXTransferProgress(event)
        closures.onProgressUpdate?(event)
        progressContinuation.yield(event)
    }

    var wantsTraces: Bool { closures.onTrace != nil }

    func traced(_ event: WxtTrace) {
        closures.onTrace?(WXTransferTrace(event))
    }

    func completed(_ event: WxtCompletion) {
        let result: Result<Success, WXTransferFailure>
        if let success = event.success {
            let success = convert(success.pointee)
            result = .success(success)
            closures.success?(success)
        } else {
            // The header promises either a success or a failure.
            let failure = WXTransferFailure(event.failure.pointee)
            result = .failure(failure)
            closures.fail?(failure)
        }
        closures.complete?(result)
        headersContinuation.finish()
        progressContinuation.finish()
        outcome.set(result)
    }
}

/// The result of a task, which any number of callers may wait for.
final class TaskOutcome<Success: Sendable>: Sendable {
    private typealias Waiting = CheckedContinuation<Result<Success, WXTransferFailure>, Never>

    private enum State: Sendable {
        case running([Waiting])
        case ended(Result<Success, WXTransferFailure>)
    }

    private let state = Locked(State.running([]))

    func set(_ result: Result<Success, WXTransferFailure>) {
        let waiting: [Waiting] = state.withLock { state in
            guard case .running(let waiting) = state else { return [] }
            state = .ended(result)
            return waiting
        }
        for continuation in waiting {
            continuation.resume(returning: result)
        }
    }

    func get() async -> Result<Success, WXTransferFailure> {
        await withCheckedContinuation { continuation in
            let result: Result<Success, WXTransferFailure>? = state.withLock { state in
                switch state {
                case .ended(let result):
                    return result
                case .running(let waiting):
                    state = .running(waiting + [continuation])
                    return nil
                }
            }
            if let result {
                continuation.resume(returning: result)
            }
        }
    }
}

/// The receivers of all running tasks. C receives a key instead of a pointer. The lock makes the writes of the starting
/// thread visible to the thread that calls back, and a key never dangles.
enum TaskRegistry {
    private struct State: Sendable {
        var receivers: [UInt: any TaskReceiver] = [:]
        var lastKey: UInt = 0
    }

    private static let state = Locked(State())

    static func add(_ receiver: any TaskReceiver) -> UInt {
        state.withLock { state in
            state.lastKey += 1
            state.receivers[state.lastKey] = receiver
            return state.lastKey
        }
    }

    static func remove(_ key: UInt) {
        // Released outside the lock: the closures may own objects that take this lock when they are deinitialised.
        let removed = state.withLock { $0.receivers.removeValue(forKey: key) }
        withExtendedLifetime(removed) {}
    }

    /// The C callbacks that find their receiver under `key`.
    static func callbacks(_ key: UInt, wantsTraces: Bool) -> WxtCallbacks {
        var callbacks = wxt_callbacks()
        callbacks.user_data = UnsafeMutableRawPointer(bitPattern: key)
        callbacks.on_headers_received = onHeadersReceived
        callbacks.on_progress = onProgress
        callbacks.on_complete = onComplete
        callbacks.release = release
        if wantsTraces { callbacks.on_trace = onTrace }
        return callbacks
    }

    static func receiver(_ key: UnsafeMutableRawPointer?) -> (any TaskReceiver)? {
        state.withLock { $0.receivers[UInt(bitPattern: key)] }
    }
}

private func onHeadersReceived(key: UnsafeMutableRawPointer?, _: WxtTaskId, event: UnsafePointer<WxtHeadersReceived>?) {
    if let event { TaskRegistry.receiver(key)?.headersReceived(event.pointee) }
}

private func onProgress(key: UnsafeMutableRawPointer?, _: WxtTaskId, event: UnsafePointer<WxtProgress>?) {
    if let event { TaskRegistry.receiver(key)?.progress(event.pointee) }
}

private func onTrace(key: UnsafeMutableRawPointer?, _: WxtTaskId, event: UnsafePointer<WxtTrace>?) {
    if let event { TaskRegistry.receiver(key)?.traced(event.pointee) }
}

private func onComplete(key: UnsafeMutableRawPointer?, _: WxtTaskId, event: UnsafePointer<WxtCompletion>?) {
    if let event { TaskRegistry.receiver(key)?.completed(event.pointee) }
}

private func release(key: UnsafeMutableRawPointer?) {
    TaskRegistry.remove(UInt(bitPattern: key))
}
