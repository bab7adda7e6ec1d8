import Foundation
@testable import WXTransfer
import XCTest

/// Cancelling the caller's `Task` aborts the transfer, in whatever phase it is.
final class CancellationTests: XCTestCase {
    private let server = TestServer.shared

    /// Runs `transfer` in a `Task`, which is cancelled once `reached` returns, and checks how it ended.
    private func cancel<Success: Sendable>(
        _ errno: WXTransferErrno, _ transfer: @escaping @Sendable () async throws -> Success,
        when reached: () async -> Void = {}
    ) async throws {
        let task = Task { try await transfer() }
        await reached()
        task.cancel()
        let failure = try await failure { try await task.value }
        XCTAssertEqual(failure.category, .aborted)
        XCTAssertEqual(failure.errno, errno)
        XCTAssertTrue(failure.errMsg.hasSuffix(":fail abort"), failure.errMsg)
        XCTAssertFalse(failure.retryable)
    }

    func testBeforeItStarts() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let url = server.faultPlain + "/fault/stall-before-answer"
        let task = Task {
            for await _ in gate {}
            return try await session.downloadFile(.init(url: url))
        }
        task.cancel()
        open.finish()
        let failure = try await failure { try await task.value }
        XCTAssertEqual(failure.errno, .abortDownload)
    }

    func testWhileItWaitsInTheQueue() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.maxConcurrentDownloads = 1
        let session = try WXTransferSession(options)
        let url = server.faultPlain
        let running = Recorder<WXTransferDownloadSuccess>()
        let first = try running.download(session, .init(url: url + "/fault/stall-in-body"))
        await running.wait { if case .headers = $0 { true } else { false } }
        try await cancel(.abortDownload) { try await session.downloadFile(.init(url: url + "/fault/close")) }
        XCTAssertTrue(first.abort(), "the first one goes on")
    }

    func testDuringNameResolution() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.skipDomainCheck = true
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let (answered, answer) = AsyncStream.makeStream(of: Void.self)
        options.resolver = { _ in
            ask.finish()
            for await _ in answered {}
            return []
        }
        let session = try WXTransferSession(options)
        try await cancel(.abortDownload) {
            try await session.downloadFile(.init(url: "https://name.test/"))
        } when: {
            for await _ in asked {}
        }
        // An answer that comes too late is harmless.
        answer.finish()
        try session.close()
    }

    func testDuringConnect() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let hole = try Listener(full: true)
        // Nothing can be seen of a connection that is not made.
        try await cancel(.abortDownload) {
            try await session.downloadFile(.init(url: "http://127.0.0.1:\(hole.port)/"))
        }
    }

    func testDuringTheTlsHandshake() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let listener = try Listener(full: false)
        try await cancel(.abortDownload) {
            try await session.downloadFile(.init(url: "https://127.0.0.1:\(listener.port)/"))
        } when: {
            await listener.firstByte()
        }
    }

    func testWhileSendingTheBody() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let file = try directory.file("large", Data(count: 32 << 20))
        for base in [server.faultPlain, server.faultTls] {
            let recorder = Recorder<WXTransferUploadSuccess>()
            let task = try recorder.upload(
                session, .init(url: base + "/fault/stall-in-upload", filePath: file.path, name: "file"))
            try await cancel(.cancel) {
                try await task.resultOrAbort()
            } when: {
                await recorder.wait { if case .progress = $0 { true } else { false } }
            }
            for case .complete(.success) in await recorder.all() { XCTFail("it was aborted") }
        }
    }

    func testWhileWaitingForTheAnswer() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let listener = try Listener(full: false)
        try await cancel(.abortDownload) {
            try await session.downloadFile(.init(url: "http://127.0.0.1:\(listener.port)/"))
        } when: {
            await listener.firstByte()
        }
    }

    func testWhileReceivingTheBody() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        for base in [server.faultPlain, server.faultTls] {
            let recorder = Recorder<WXTransferDownloadSuccess>()
            let task = try recorder.download(session, .init(url: base + "/fault/stall-in-body"))
            try await cancel(.abortDownload) {
                try await task.resultOrAbort()
            } when: {
                await recorder.wait { if case .progress = $0 { true } else { false } }
            }
        }
        XCTAssertEqual(directory.files(), [])
    }

    func testAReaderOfTheResultThatIsCancelledAbortsNothing() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let task = try session.downloadFileTask(.init(url: server.faultPlain + "/fault/stall-in-body"))
        let reader = Task { try await task.result }
        reader.cancel()
        for await _ in task.headers { break }
        XCTAssertTrue(task.abort(), "it was still running")
        let failure = try await failure { try await reader.value }
        XCTAssertEqual(failure.category, .aborted)
    }
}
