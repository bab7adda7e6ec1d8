import Dispatch
import Foundation
internal import CWxtransfer

/// Calls a file function of C. Receives the session, memory for the arguments, the result callback and its `user_data`.
typealias FileOperation =
    @Sendable (OpaquePointer?, CMemory, WxtFileCallback, UnsafeMutableRawPointer) -> WxtStatus

/// The result of a file function.
struct FileResult: Sendable {
    let files: [WXTransferFileInfo]
    let stats: [WXTransferFileStats]
    let names: [String]
    let digest: String
    let data: Data

    init(_ result: WxtFileResult) {
        files = UnsafeBufferPointer(start: result.files, count: result.file_count).map { WXTransferFileInfo($0) }
        stats = UnsafeBufferPointer(start: result.stats, count: result.stats_count).map { WXTransferFileStats($0) }
        names = UnsafeBufferPointer(start: result.names, count: result.name_count).map { $0.text ?? "" }
        digest = result.digest.text ?? ""
        data = result.data.map { Data(bytes: $0, count: result.data_length) } ?? Data()
    }
}

extension WXTransferSession {
    /// Waits for the disk on a thread of the system's global dispatch queue.
    func onDisk<Value: Sendable>(_ operation: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            // Swift's own threads are as few as the processors, so they must not wait for the disk.
            DispatchQueue.global(qos: .userInitiated).async {
                continuation.resume(with: Result { try operation() })
            }
        }
    }

    /// Waits for the disk on the calling thread.
    func fileResult(_ operation: FileOperation) throws -> FileResult {
        var outcome: FileOutcome?
        let status = withUnsafeMutablePointer(to: &outcome) { pointer in
            CMemory.with { memory in
                operation(handle.pointer, memory, onResult, pointer)
            }
        }
        try WXTransferStatus.check(status)
        guard let outcome else { throw WXTransferStatus.internal }
        return try outcome.get()
    }
}

private typealias FileOutcome = Result<FileResult, WXTransferFailure>

/// Runs inside the file function. `userData` points to the caller's `outcome`.
private func onResult(userData: UnsafeMutableRawPointer?, event: UnsafePointer<WxtFileResult>?) {
    guard let outcome = userData?.assumingMemoryBound(to: FileOutcome?.self), let event = event?.pointee else { return }
    if event.err_no == WXT_ERRNO_OK {
        outcome.pointee = .success(FileResult(event))
    } else {
        outcome.pointee = .failure(WXTransferFailure(event))
    }
}
