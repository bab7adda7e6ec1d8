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

/// What a session does with all of its tasks.
protocol StoppableTask: AnyObject, Sendable {
    @discardableResult
    func stop(_ reason: WXTransferFakeFailure) -> Bool
}

/// What happens to a task before its end.
enum FakeStep: Sendable {
    /// The answer's head comes.
    case headers(WXTransferHeadersReceived)
    /// It has come further.
    case progress(WXTransferProgress)
}

/// A task of a fake session. Its events run on whoever runs `run` and what it posts, one at a time.
final class FakeTask<Success: Sendable>: StoppableTask, @unchecked Sendable {
    let headers: AsyncStream<WXTransferHeadersReceived>
    let progress: AsyncStream<WXTransferProgress>
    private let headersContinuation: AsyncStream<WXTransferHeadersReceived>.Continuation
    private let progressContinuation: AsyncStream<WXTransferProgress>.Continuation
    private let steps: [FakeStep]
    /// `nil` never comes.
    private let scripted: Result<Success, WXTransferFailure>?
    private let stopped: @Sendable (WXTransferFakeFailure) -> WXTransferFailure
    private let closures: FakeClosures<Success>
    private let post: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// Guards what follows.
    private let lock = NSLock()
    private var reason: WXTransferFakeFailure?
    private var waits = false
    private var outcome: Result<Success, WXTransferFailure>?
    private var settled = false
    private var waiting: [CheckedContinuation<Result<Success, WXTransferFailure>, Never>] = []

    init(
        steps: [FakeStep], scripted: Result<Success, WXTransferFailure>?,
        stopped: @escaping @Sendable (WXTransferFakeFailure) -> WXTransferFailure, closures: FakeClosures<Success>,
        post: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        (self.steps, self.scripted, self.stopped) = (steps, scripted, stopped)
        (self.closures, self.post) = (closures, post)
        var headersContinuation: AsyncStream<WXTransferHeadersReceived>.Continuation!
        headers = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { headersContinuation = $0 }
        self.headersContinuation = headersContinuation
        var progressContinuation: AsyncStream<WXTransferProgress>.Continuation!
        progress = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { progressContinuation = $0 }
        self.progressContinuation = progressContinuation
    }

    /// Ends it with a failure, an abort before any other. `false` where its end is decided.
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

    /// Its end is not decided yet.
    var isRunning: Bool { locked { !settled } }

    /// All events up to the end, and the end unless there is none.
    func run() {
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
            // Without a script of its end it was stopped.
            return reason.map { .failure(stopped($0)) } ?? scripted ?? .failure(stopped(.aborted))
        }
        switch result {
        case .success(let success): closures.success?(success)
        case .failure(let failure): closures.fail?(failure)
        }
        closures.complete?(result)
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
