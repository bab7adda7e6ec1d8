internal import CWxtransfer

/// A running `uploadFile` or `downloadFile`: what WeChat calls `UploadTask` and `DownloadTask`.
///
/// It goes on when nobody holds it. While it is held, it holds its session.
public final class WXTransferTask<Success: Sendable>: Sendable {
    /// The task's number: never 0, and never used twice.
    public let id: UInt64
    /// `onHeadersReceived`: the final response's head, once, then the end. For one reader.
    public let headers: AsyncStream<WXTransferHeadersReceived>
    /// `onProgressUpdate`: the newest progress whenever the reader asks, up to the task's end. For one reader.
    public let progress: AsyncStream<WXTransferProgress>

    private let end: @Sendable () async -> Result<Success, WXTransferFailure>
    private let stop: @Sendable () -> Bool
    private let setRate: @Sendable (UInt64?) -> Bool

    /// A task of a fake session: `end` waits for its result, `abort` says whether there was something to abort, and
    /// `setMaxBytesPerSecond` whether the task had not ended yet.
    public init(
        id: UInt64, headers: AsyncStream<WXTransferHeadersReceived>, progress: AsyncStream<WXTransferProgress>,
        end: @escaping @Sendable () async -> Result<Success, WXTransferFailure>, abort: @escaping @Sendable () -> Bool,
        setMaxBytesPerSecond: @escaping @Sendable (UInt64?) -> Bool
    ) {
        (self.id, self.headers, self.progress) = (id, headers, progress)
        (self.end, stop, setRate) = (end, abort, setMaxBytesPerSecond)
    }

    /// It does not hold `events`, whose closures may hold it.
    convenience init(id: UInt64, session: WXTransferSession, events: TaskEvents<Success>) {
        let outcome = events.outcome
        self.init(
            id: id, headers: events.headers, progress: events.progress,
            end: { await outcome.get() }, abort: { session.abort(id) },
            setMaxBytesPerSecond: { session.setMaxBytesPerSecond($0, of: id) })
    }

    /// What the task comes to. Any number of readers may wait for it; that one of them is cancelled does not abort it.
    public var result: Success {
        get async throws(WXTransferFailure) {
            switch await end() {
            case .success(let success): return success
            case .failure(let failure): throw failure
            }
        }
    }

    /// Aborts the task, waiting or running: it then fails with `abort`. Returns at once; whether there was something
    /// to abort.
    @discardableResult
    public func abort() -> Bool {
        stop()
    }

    /// Changes the request's `maxBytesPerSecond`, waiting or running; `nil` is no limit but the session's. Whether the task had
    /// not ended yet.
    @discardableResult
    public func setMaxBytesPerSecond(_ bytesPerSecond: UInt64?) -> Bool {
        setRate(bytesPerSecond)
    }

    /// The result, after all progress. Where the caller is cancelled before, the task is aborted, and this throws
    /// `CancellationError`.
    ///
    /// `onProgressUpdate` takes the place of a reader of ``progress``: it is given the newest progress whenever the caller has time
    /// for it. It runs on the caller's actor, such as the main one, whose state it may change.
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
    /// The kind and the number.
    public var description: String { "WXTransferTask<\(Success.self)>(id: \(id))" }
}

/// A running `uploadFile`.
public typealias WXTransferUploadTask = WXTransferTask<WXTransferUploadSuccess>
/// A running `downloadFile`.
public typealias WXTransferDownloadTask = WXTransferTask<WXTransferDownloadSuccess>
