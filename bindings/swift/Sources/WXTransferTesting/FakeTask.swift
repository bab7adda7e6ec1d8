import Foundation
import WXTransfer

/// The closures of one task of a fake session.
struct FakeClosures<Success: Sendable>: Sendable {
    var success: (@Sendable (Success) -> Void)?
    var fail: (@Sendable (WXTransferFailure) -> Void)?
    var onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)?
    var onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)?
    var complete: (@Sendable (Result<Success, WXTransferFailure>) -> Void)?
}

/// A task that its session can stop.
protocol StoppableTask: AnyObject, Sendable {
    @discardableResult
    func stop(_ reason: WXTransferFakeFailure) -> Bool
}

/// An event of a task before its end.
enum FakeStep: Sendable {
    /// The head of the answer was received.
    case headers(WXTransferHeadersReceived)
    /// The transfer has made progress.
    case progress(WXTransferProgress)
}

/// A task of a fake session. Its events run inside `run` and inside the jobs that it passes to `post`, one at a time.
final class FakeTask<Success: Sendable>: StoppableTask, @unchecked Sendable {
    let headers: AsyncStream<WXTransferHeadersReceived>
    let progress: AsyncStream<WXTransferProgress>
    private let headersContinuation: AsyncStream<WXTransferHeadersReceived>.Continuation
    private let progressContinuation: AsyncStream<WXTransferProgress>.Continuation
    private let steps: [FakeStep]
    /// The scripted result; `nil` if the task does not end by itself.
    private let scripted: Result<Success, WXTransferFailure>?
    private let stopped: @Sendable (WXTransferFakeFailure, _ attempts: UInt32) -> WXTransferFailure
    private let post: @Sendable (@escaping @Sendable () -> Void) -> Void
    private let ended: @Sendable (any StoppableTask) -> Void

    /// Used only where the events run. Empty after the end: a task that the app keeps must not retain the closures.
    private var closures: FakeClosures<Success>

    /// Guards the following properties.
    private let lock = NSLock()
    private var reason: WXTransferFakeFailure?
    /// 0 if the task is stopped before it runs.
    private var attempts: UInt32 = 0
    private var waits = false
    private var outcome: Result<Success, WXTransferFailure>?
    private var settled = false
    private var waiting: [CheckedContinuation<Result<Success, WXTransferFailure>, Never>] = []

    init(
        steps: [FakeStep], scripted: Result<Success, WXTransferFailure>?,
        stopped: @escaping @Sendable (WXTransferFakeFailure, _ attempts: UInt32) -> WXTransferFailure,
        closures: FakeClosures<Success>,
        post: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
        ended: @escaping @Sendable (any StoppableTask) -> Void
    ) {
        (self.steps, self.scripted, self.stopped) = (steps, scripted, stopped)
        (self.closures, self.post, self.ended) = (closures, post, ended)
        var headersContinuation: AsyncStream<WXTransferHeadersReceived>.Continuation!
        headers = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { headersContinuation = $0 }
        self.headersContinuation = headersContinuation
        var progressContinuation: AsyncStream<WXTransferProgress>.Continuation!
        progress = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { progressContinuation = $0 }
        self.progressContinuation = progressContinuation
    }

    /// Makes the task fail. An abort replaces an earlier reason. Returns `false` if the result is already settled.
    func stop(_ newReason: WXTransferFakeFailure) -> Bool {
        let (isStopped, ends) = locked { () -> (Bool, Bool) in
            if settled { return (false, false) }
            if reason == nil || newReason == .aborted { reason = newReason }
            defer { waits = false }
            return (true, waits)
        }
        if ends { post { self.end() } }
        return isStopped
    }

    /// `true` until the result is settled.
    var isRunning: Bool { locked { !settled } }

    /// Delivers all events, then the result, unless the task does not end by itself.
    func run() {
        locked { attempts = reason == nil ? 1 : 0 }
        for step in steps where locked({ reason == nil }) {
            switch step {
            case .headers(let event):
                closures.onHeadersReceived?(event)
                headersContinuation.yield(event)
            case .progress(let event):
                closures.onProgressUpdate?(event)
                progressContinuation.yield(event)
            }
        }
        let goesOn = locked { () -> Bool in
            waits = scripted == nil && reason == nil
            return waits
        }
        if !goesOn { end() }
    }

    func result() async -> Result<Success, WXTransferFailure> {
        await withCheckedContinuation { continuation in
            let outcome = locked { () -> Result<Success, WXTransferFailure>? in
                if self.outcome == nil { waiting.append(continuation) }
                return self.outcome
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
    }

    private func end() {
        let result = locked { () -> Result<Success, WXTransferFailure> in
            settled = true
            // A task without a scripted result ends only when it is stopped.
            return reason.map { .failure(stopped($0, attempts)) } ?? scripted ?? .failure(stopped(.aborted, attempts))
        }
        switch result {
        case .success(let success): closures.success?(success)
        case .failure(let failure): closures.fail?(failure)
        }
        closures.complete?(result)
        closures = FakeClosures()
        ended(self)
        headersContinuation.finish()
        progressContinuation.finish()
        let waiting = locked { () -> [CheckedContinuation<Result<Success, WXTransferFailure>, Never>] in
            outcome = result
            defer { self.waiting = [] }
            return self.waiting
        }
        for continuation in waiting { continuation.resume(returning: result) }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
