import Foundation
import WXTransfer
import XCTest

/// Cancelling the caller's `Task` aborts the transfer in every phase, and throws `CancellationError`.
final class CancellationTests: XCTestCase {
    private let server = TestServer.shared

    /// Runs `transfer` of `session` in a `Task`, cancels the `Task` when `reached` has returned, and checks how it ended.
    private func cancel<Success: Sendable>(
        _ session: WXTransferSession, _ transfer: @escaping @Sendable () async throws -> Success,
        when reached: () async -> Void = {}
    ) async throws {
        let before = try session.statistics().tasksAborted
        let task = Task { try await transfer() }
        await reached()
        task.cancel()
        await cancelled { try await task.value }
        XCTAssertEqual(try session.statistics().tasksAborted, before + 1)
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
        await cancelled { try await task.value }
        XCTAssertEqual(try session.statistics().tasksStarted, 0)
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
        let waiting = try session.downloadFileTask(.init(url: url + "/fault/close"))
        try await cancel(session) { try await waiting.resultOrAbort() }
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
        try await cancel(session) {
            try await session.downloadFile(.init(url: "https://name.test/"))
        } when: {
            for await _ in asked {}
        }
        // A late answer has no effect.
        answer.finish()
        try session.close()
    }

    func testDuringConnect() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let hole = try Listener(full: true)
        // The test cannot observe the connecting, so the task is started before.
        let connecting = try session.downloadFileTask(.init(url: "http://127.0.0.1:\(hole.port)/"))
        try await cancel(session) { try await connecting.resultOrAbort() }
    }

    func testDuringTheTLSHandshake() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let listener = try Listener(full: false)
        try await cancel(session) {
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
            try await cancel(session) {
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
        try await cancel(session) {
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
            try await cancel(session) {
                try await task.resultOrAbort()
            } when: {
                await recorder.wait { if case .progress = $0 { true } else { false } }
            }
        }
        XCTAssertEqual(directory.files(), [])
    }

    func testAnAbortWithoutACancelledCallerIsAFailure() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let task = try session.downloadFileTask(.init(url: server.faultPlain + "/fault/stall-in-body"))
        XCTAssertTrue(task.abort())
        let failure = try await failure { try await task.resultOrAbort() }
        XCTAssertEqual(failure.errMsg, "downloadFile:fail abort")
    }

    func testAFileCallOfACancelledCallerDoesNotBegin() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            for await _ in gate {}
            try await session.files.makeDirectory("wxfile://usr/a")
        }
        task.cancel()
        open.finish()
        await cancelled { try await task.value }
        let names = try await session.files.listDirectory("wxfile://usr")
        XCTAssertEqual(names, [])
    }

    func testCancellingAReaderOfTheResultDoesNotAbortTheTask() async throws {
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
