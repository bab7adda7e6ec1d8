import Foundation
import WXTransfer
import WXTransferTesting
import XCTest

/// A session's end leaves nothing behind and loses no callback, at any time.
final class LifetimeTests: XCTestCase {
    private let server = TestServer.shared

    /// Starts a download that stalls in the middle of its body. Only the caller keeps a reference to the session.
    private func stalled(_ session: WXTransferSession) async throws -> Recorder<WXTransferDownloadSuccess> {
        let recorder = Recorder<WXTransferDownloadSuccess>()
        try recorder.download(session, .init(url: server.faultPlain + "/fault/stall-in-body"))
        await recorder.wait { if case .headers = $0 { true } else { false } }
        return recorder
    }

    private func checkAborted(_ recorder: Recorder<WXTransferDownloadSuccess>) async {
        var ends: [WXTransferFailure] = []
        for case .complete(.failure(let failure)) in await recorder.all() {
            ends.append(failure)
        }
        XCTAssertEqual(ends.map(\.errMsg), ["downloadFile:fail abort"])
    }

    func testDroppingTheSessionAbortsItsTasks() async throws {
        let directory = try TemporaryDirectory()
        var session: WXTransferSession? = try WXTransferSession(testOptions(directory))
        weak var gone = session
        let recorders = try await [stalled(session!), stalled(session!)]
        session = nil
        XCTAssertNil(gone)
        for recorder in recorders {
            await checkAborted(recorder)
        }
        XCTAssertEqual(directory.files(), [])
        // The directory's lock is free, too.
        _ = try WXTransferSession(testOptions(directory))
    }

    func testDroppingTheSessionOnItsOwnQueueAbortsItsTasks() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        let queue = DispatchQueue(label: "callbacks")
        options.callbackQueue = queue
        let holder = Holder(try WXTransferSession(options))
        let recorder = try await stalled(holder.session!)
        await withCheckedContinuation { continuation in
            queue.async {
                holder.drop()
                continuation.resume()
            }
        }
        await checkAborted(recorder)
    }

    func testDroppingTheSessionInItsCallbackAbortsItsTasks() async throws {
        let directory = try TemporaryDirectory()
        let holder = Holder(try WXTransferSession(testOptions(directory)))
        let recorder = try await stalled(holder.session!)
        try holder.session!.downloadFile(.init(url: server.plain + "/bytes/1")) { _ in holder.drop() }
        await checkAborted(recorder)
    }

    func testATaskRetainsItsSession() async throws {
        let directory = try TemporaryDirectory()
        let url = server.plain + "/slow?ms=100"
        let task = try WXTransferSession(testOptions(directory)).downloadFileTask(.init(url: url))
        let success = try await task.result
        XCTAssertTrue(FileManager.default.fileExists(atPath: success.nativePath.path))
    }

    func testAnEndedTaskRetainsNoClosure() async throws {
        let directory = try TemporaryDirectory()
        let fake = WXTransferFakeSession(directory: directory.url)
        fake.answerNext(.success(body: Data("x".utf8)))
        for session in [try WXTransferSession(testOptions(directory)), fake] as [any WXTransfers] {
            let (ends, send) = AsyncStream.makeStream(of: Void.self)
            var token: Token? = Token { send.finish() }
            let task = try session.downloadFile(.init(url: server.plain + "/bytes/1")) { [token] _ in _ = token }
            token = nil
            for await _ in ends {}
            let length = try await task.result.dataLength
            XCTAssertEqual(length, 1)
        }
    }

    func testDroppingAFakeSessionAbortsItsTasks() async throws {
        let directory = try TemporaryDirectory()
        var session: WXTransferFakeSession? = WXTransferFakeSession(directory: directory.url)
        session?.answerNext(.endless(headers: .init()), .endless(headers: .init()))
        let recorders = [Recorder<WXTransferDownloadSuccess>(), Recorder<WXTransferDownloadSuccess>()]
        for recorder in recorders {
            try recorder.download(session!, .init(url: "https://a.test/"))
            await recorder.wait { if case .headers = $0 { true } else { false } }
        }
        session = nil
        for recorder in recorders {
            await checkAborted(recorder)
        }
    }

    func testClosingRunsTheLastClosuresAndRefusesLaterCalls() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let recorder = try await stalled(session)
        try session.close()
        try session.close()
        await checkAborted(recorder)
        XCTAssertThrowsError(try session.downloadFileTask(.init(url: "https://a.test/"))) {
            XCTAssertEqual($0 as? WXTransferStatus, .sessionClosed)
        }
        XCTAssertThrowsError(try session.enterBackground()) {
            XCTAssertEqual($0 as? WXTransferStatus, .sessionClosed)
        }
        do {
            _ = try await session.getSavedFileList()
            XCTFail("the session is closed")
        } catch {
            XCTAssertEqual(error as? WXTransferStatus, .sessionClosed)
        }
    }

    func testClosingInACallbackIsRefused() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let (errors, send) = AsyncStream.makeStream(of: WXTransferStatus?.self)
        try session.downloadFile(.init(url: server.plain + "/bytes/1")) { [weak session] _ in
            do throws(WXTransferStatus) {
                try session?.close()
                send.yield(nil)
            } catch {
                send.yield(error)
            }
            send.finish()
        }
        var seen: [WXTransferStatus?] = []
        for await error in errors {
            seen.append(error)
        }
        XCTAssertEqual(seen, [.calledFromCallback])
        try session.close()
    }

    func testTheFirstTransferFindsAPreparedConnectionOpen() async throws {
        let directory = try TemporaryDirectory()
        let (opened, send) = AsyncStream.makeStream(of: Void.self)
        let (refused, sendRefused) = AsyncStream.makeStream(of: Void.self)
        var options = testOptions(directory)
        options.log = { _, message in
            if message.contains("is open before it is needed") { send.yield() }
            if message.contains("no connection to files.example.com") { sendRefused.yield() }
        }
        let session = try WXTransferSession(options)
        try session.prepare(server.tls)
        for await _ in opened { break }
        let result = try await session.downloadFile(.init(url: server.tls + "/bytes/5"))
        XCTAssertEqual(result.profile?.socketReused, true)
        try session.prepare("files.example.com")
        for await _ in refused { break }
        XCTAssertThrowsError(try session.prepare("")) {
            XCTAssertEqual($0 as? WXTransferStatus, .invalidArgument)
        }
        try session.close()
    }

    func testARequestThatNeedsAnUnmeteredNetworkWaitsAndWithoutANetworkAllWait() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        try session.networkChanged(.init(kind: .cellular, metered: true))
        var request = WXTransferDownloadRequest(url: server.plain + "/bytes/5")
        request.needsUnmetered = true
        request.timeoutMilliseconds = 500
        let task = try session.downloadFileTask(request)
        // This download takes longer than the deadline of the task that waits.
        _ = try await session.downloadFile(.init(url: server.plain + "/slow?ms=700"))
        try session.networkChanged(.init(kind: .wifi))
        _ = try await task.result

        try session.networkChanged(.init(kind: .none))
        let failure = try await failure { try await session.downloadFile(.init(url: server.plain + "/bytes/1")) }
        XCTAssertEqual(failure.errno, .interrupted)
        XCTAssertTrue(failure.retryable)
        try session.networkChanged(.init(kind: .other))
        _ = try await session.downloadFile(.init(url: server.plain + "/bytes/1"))
        try session.close()
    }

    func testTheBackgroundInterruptsAfterFiveSecondsUntilTheForeground() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        try session.enterBackground()
        _ = try await session.downloadFile(.init(url: server.plain + "/bytes/1"))
        // The first download has no answer when the five seconds are over. The second one starts after that.
        let listener = try Listener(full: false)
        for url in ["http://127.0.0.1:\(listener.port)/", server.plain + "/bytes/1"] {
            let failure = try await failure { try await session.downloadFile(.init(url: url)) }
            XCTAssertEqual(failure.errMsg, "downloadFile:fail interrupted")
            XCTAssertEqual(failure.errno, .interrupted)
            XCTAssertEqual(failure.category, .interrupted)
        }
        try session.enterForeground()
        _ = try await session.downloadFile(.init(url: server.plain + "/bytes/1"))
    }

    func testASecondSessionOnTheSameFilesIsRefusedUnlessBothShare() throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        do {
            let first = try WXTransferSession(options)
            XCTAssertThrowsError(try WXTransferSession(options)) {
                XCTAssertEqual($0 as? WXTransferStatus, .storageLocked)
            }
            try first.close()
        }
        options.storageSharing = .shared
        let (first, second) = (try WXTransferSession(options), try WXTransferSession(options))
        try first.close()
        try second.close()
    }
}

/// Retains a session until `drop` is called, on any thread.
private final class Holder: @unchecked Sendable {
    private let lock = NSLock()
    private var held: WXTransferSession?

    init(_ session: WXTransferSession) {
        held = session
    }

    var session: WXTransferSession? {
        lock.withLock { held }
    }

    func drop() {
        // The session is released outside the lock, because its end waits for callbacks.
        var last = lock.withLock { () -> WXTransferSession? in
            defer { held = nil }
            return held
        }
        last = nil
        _ = last
    }
}

/// Calls a closure when it is released.
private final class Token: Sendable {
    private let gone: @Sendable () -> Void

    init(_ gone: @escaping @Sendable () -> Void) {
        self.gone = gone
    }

    deinit {
        gone()
    }
}
