internal import CWxtransfer

/// A running `uploadFile` or `downloadFile`: WeChat's `UploadTask` or `DownloadTask`.
///
/// The task continues if no reference to it is left. A reference to the task keeps its session open.
public final class WXTransferTask<Success: Sendable>: Sendable {
    /// The task's number: never 0, and never used twice.
    public let id: UInt64
    /// `onHeadersReceived`: yields the head of the final response once, then ends. For one reader.
    public let headers: AsyncStream<WXTransferHeadersReceived>
    /// `onProgressUpdate`: yields the newest progress whenever the reader asks, until the task ends. For one reader.
    public let progress: AsyncStream<WXTransferProgress>

    private let end: @Sendable () async -> Result<Success, WXTransferFailure>
    private let stop: @Sendable () -> Bool
    private let setRate: @Sendable (UInt64?) -> Bool

    /// A task of a fake session. `end` waits for the task's result. `abort` returns whether the task could be aborted, and
    /// `setMaxBytesPerSecond` whether the task had not ended yet.
    public init(
        id: UInt64, headers: AsyncStream<WXTransferHeadersReceived>, progress: AsyncStream<WXTransferProgress>,
        end: @escaping @Sendable () async -> Result<Success, WXTransferFailure>, abort: @escaping @Sendable () -> Bool,
        setMaxBytesPerSecond: @escaping @Sendable (UInt64?) -> Bool
    ) {
        (self.id, self.headers, self.progress) = (id, headers, progress)
        (self.end, stop, setRate) = (end, abort, setMaxBytesPerSecond)
    }

    /// The task does not retain `events`, because their closures may retain the task.
    convenience init(id: UInt64, session: WXTransferSession, events: TaskEvents<Success>) {
        let outcome = events.outcome
        self.init(
            id: id, headers: events.headers, progress: events.progress,
            end: { await outcome.get() }, abort: { session.abort(id) },
            setMaxBytesPerSecond: { session.setMaxBytesPerSecond($0, of: id) })
    }

    /// The task's result. Any number of readers may wait for it. Cancelling a reader does not abort the task.
    public var result: Success {
        get async throws(WXTransferFailure) {
            switch await end() {
            case .success(let success): return success
            case .failure(let failure): throw failure
            }
        }
    }

    /// Aborts the task if it is waiting or running: the task then fails with `abort`. Returns at once: `true` if the task
    /// was aborted, `false` if it had already ended.
    @discardableResult
    public func abort() -> Bool {
        stop()
    }

    /// Changes the request's `maxBytesPerSecond` while the task waits or runs; `nil` means no limit except the session's.
    /// Returns `false` if the task had already ended.
    @discardableResult
    public func setMaxBytesPerSecond(_ bytesPerSecond: UInt64?) -> Bool {
        setRate(bytesPerSecond)
    }

    /// Returns the result, after all progress was read. If the caller is cancelled before that, the task is aborted, and
    /// this function throws `CancellationError`.
    ///
    /// `onProgressUpdate` replaces a reader of ``progress``: it receives the newest progress, without values that came while
    /// the caller was busy. It runs on the caller's actor, such as the main actor, and may change the actor's state.
    public func resultOrAbort(
        isolation: isolated (any Actor)? = #isolation, onProgressUpdate: (WXTransferProgress) -> Void = { _ in }
    ) async throws -> Success {
        do {
            return try await withTaskCancellationHandler {
                for await event in progress { onProgressUpdate(event) }
                return try await result
            } onCancel: {
                abort()
            }
        } catch let failure as WXTransferFailure where failure.category == .aborted && Task.isCancelled {
            throw CancellationError()
        }
    }
}

extension WXTransferTask: CustomStringConvertible {
    /// The task's type and number.
    public var description: String { "WXTransferTask<\(Success.self)>(id: \(id))" }
}

/// A running `uploadFile`.
public typealias WXTransferUploadTask = WXTransferTask<WXTransferUploadSuccess>
/// A running `downloadFile`.
public typealias WXTransferDownloadTask = WXTransferTask<WXTransferDownloadSuccess>
