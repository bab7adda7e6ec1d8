import Foundation
import WXTransfer
import WXTransferTesting
import XCTest

/// The fake session behaves like the real one with the test server: both run the same list of scenarios.
final class DoublesTests: XCTestCase {
    /// What the server does: as a URL of the test server with options of the session, and as a script of the fake.
    private struct Scenario {
        var name: String
        var url: String
        var script: WXTransferFakeTransfer
        var options: (inout WXTransferSessionOptions) -> Void = { _ in }
        var download: (inout WXTransferDownloadRequest) -> Void = { _ in }
        var isUpload = false
        /// The path of an upload's file. `nil`: that of an existing file.
        var filePath: String?
        /// Runs after the first progress.
        var act: (@Sendable (any WXTransfers, _ abort: () -> Bool) throws -> Void)?
    }

    /// What an app observes of a transfer, without the parts that a script cannot predict.
    private struct Seen: Equatable {
        var events: [String]
        var result: [String]
        var canBeAborted: Bool
    }

    private let server = TestServer.shared
    private var stalled: String { server.faultPlain + "/fault/stall-in-body" }
    private let fine = WXTransferHeadersReceived()
    private let half = [WXTransferProgress(totalBytes: 65536, totalBytesExpected: 1_048_576, progress: 6)]

    private func failing(
        _ name: String, _ failure: WXTransferFakeFailure, _ url: String, answered: Bool = false, begun: Bool = false,
        options: @escaping (inout WXTransferSessionOptions) -> Void = { _ in },
        download: @escaping (inout WXTransferDownloadRequest) -> Void = { _ in }
    ) -> Scenario {
        let script = WXTransferFakeTransfer.failure(
            failure, headers: answered ? fine : nil, progress: begun ? half : [])
        return Scenario(name: name, url: url, script: script, options: options, download: download)
    }

    private func digest(_ length: Int) -> Scenario {
        Scenario(
            name: "the SHA-256 of \(length) bytes", url: server.plain + "/bytes/\(length)",
            script: .success(body: TestServer.pattern(length)), download: { $0.wantSHA256 = true })
    }

    private var scenarios: [Scenario] {
        [
            Scenario(
                name: "a download", url: server.plain + "/bytes/1000", script: .success(body: TestServer.pattern(1000))),
            Scenario(
                name: "any status", url: server.plain + "/status/404",
                script: .success(body: Data("status 404\n".utf8), statusCode: 404)),
            Scenario(
                name: "a download to a path", url: server.plain + "/bytes/10",
                script: .success(body: TestServer.pattern(10)), download: { $0.filePath = "wxfile://usr/a" }),
            Scenario(
                name: "a download to an empty path", url: server.plain + "/bytes/10",
                script: .success(body: TestServer.pattern(10)), download: { $0.filePath = "" }),
            // The lengths around which SHA-256 pads its blocks differently.
            digest(1), digest(55), digest(56), digest(63), digest(64), digest(1000),
            Scenario(
                name: "the expected SHA-256", url: server.plain + "/bytes/10", script: .success(body: TestServer.pattern(10)),
                download: {
                    $0.expectedSHA256 = "56EC9EAE762E25E71BAE6324C2843868C4F9B69D22A63904767772591810FE76"
                    $0.expectedLength = 10
                }),
            Scenario(
                name: "another SHA-256 than expected", url: server.plain + "/bytes/10",
                script: .success(body: TestServer.pattern(10)),
                download: { $0.expectedSHA256 = String(repeating: "0", count: 64) }),
            Scenario(
                name: "another length than expected", url: server.plain + "/bytes/10",
                script: .success(body: TestServer.pattern(10)), download: { $0.expectedLength = 11 }),
            Scenario(
                name: "an upload", url: server.plain + "/bytes/10", script: .success(body: TestServer.pattern(10)),
                isUpload: true),
            failing("timeout", .timeout, stalled, answered: true, begun: true, download: { $0.timeoutMilliseconds = 2000 }),
            failing(
                "stalled", .stalled, stalled, answered: true, begun: true,
                options: {
                    $0.lowSpeedLimit = 1000
                    $0.lowSpeedTimeMilliseconds = 2000
                }),
            failing(
                "invalidRequestData", .invalidRequestData, server.plain, download: { $0.header = ["a b": "c"] }),
            failing("invalidURL", .invalidURL, "https://user@localhost/"),
            failing("invalidURLScheme", .invalidURLScheme, "ftp://localhost/"),
            failing("notInDomainList", .notInDomainList, "https://example.com/"),
            failing("tooManyRedirects", .tooManyRedirects, server.plain + "/redirect/302?n=6"),
            failing(
                "nameResolution", .nameResolution, "https://api.example.com/",
                options: {
                    $0.skipDomainCheck = true
                    $0.resolver = { _ in [] }
                }),
            failing("connect", .connect, "http://127.0.0.1:1/"),
            failing(
                "tls", .tls, server.tls + "/bytes/1",
                options: { $0.pins = [.init(host: "localhost", sha256: Data(count: 32))] }),
            failing("notTLS", .notTLS, server.plain.replacingOccurrences(of: "http:", with: "https:")),
            failing(
                "connectionClosed", .connectionClosed, server.faultPlain + "/fault/truncate", answered: true, begun: true),
            failing("protocol", .protocol, server.faultPlain + "/fault/garbage"),
            failing(
                "integrity", .integrity, server.plain + "/bytes/10", answered: true,
                download: { $0.expectedSHA256 = String(repeating: "0", count: 64) }),
            failing(
                "fileTooLarge", .fileTooLarge, server.plain + "/bytes/1000", options: { $0.maxDownloadSize = 999 }),
            failing(
                "quotaExceeded", .quotaExceeded, server.plain + "/bytes/10000", answered: true,
                options: { $0.temporaryQuota = 9999 }),
            Scenario(
                name: "fileNotFound", url: server.plain + "/upload", script: .failure(.fileNotFound), isUpload: true,
                filePath: "wxfile://tmp_0123456789abcdef0123456789abcdef"),
            Scenario(
                name: "permissionDenied", url: server.plain + "/upload", script: .failure(.permissionDenied), isUpload: true,
                filePath: "wxfile://usr/../photo.jpg"),
            Scenario(
                name: "dataTooLarge", url: server.plain + "/bytes/1000",
                script: .failure(.dataTooLarge, progress: half), options: { $0.maxDataSize = 999 },
                isUpload: true),
            failing(
                "targetDenied", .targetDenied, server.plain, download: { $0.filePath = "wxfile://usr/../photo.jpg" }),
            failing(
                "directoryNotFound", .directoryNotFound, server.plain,
                download: { $0.filePath = "wxfile://usr/photos/1.jpg" }),
            Scenario(
                name: "an abort", url: stalled, script: .endless(headers: fine, progress: half),
                act: { _, abort in XCTAssertTrue(abort()) }),
            Scenario(
                name: "an abort of an upload", url: server.faultPlain + "/fault/stall-before-answer",
                script: .endless(progress: half), isUpload: true, act: { _, abort in XCTAssertTrue(abort()) }),
            Scenario(
                name: "a close", url: stalled, script: .endless(headers: fine, progress: half),
                act: { session, _ in try session.close() }),
            // The real session interrupts after five seconds in the background.
            Scenario(
                name: "the background", url: stalled, script: .endless(headers: fine, progress: half),
                act: { session, _ in try session.enterBackground() }),
        ]
    }

    private func watch<Success: Sendable & Hashable>(
        _ session: any WXTransfers, _ scenario: Scenario, _ recorder: Recorder<Success>, _ task: WXTransferTask<Success>,
        _ shown: (Success) throws -> [String]
    ) async throws -> Seen {
        var all: [Recorder<Success>.Event] = []
        var acted = false
        for await event in recorder.events {
            all.append(event)
            if case .progress = event, !acted {
                acted = true
                try scenario.act?(session) { task.abort() }
            }
            if case .complete = event { recorder.send.finish() }
        }
        var (events, last, hasProgress): ([String], WXTransferProgress?, Bool) = ([], nil, false)
        for event in all {
            switch event {
            case .headers(let head): events.append("headers \(head.statusCode)")
            case .progress(let progress):
                XCTAssertGreaterThanOrEqual(progress.totalBytes, last?.totalBytes ?? 0)
                (last, hasProgress) = (progress, true)
            case .success: events.append("success")
            case .fail: events.append("fail")
            case .complete: events.append("complete")
            }
        }
        // How often progress is reported, and whether it comes before an upload's headers, depends on the network.
        if hasProgress { events.append("progress") }
        var result: [String]
        do {
            result = try await shown(task.result)
            XCTAssertEqual(last?.progress, 100)
        } catch let failure as WXTransferFailure {
            // For network failures, WeChat defines no text, so the library's text differs from the script's.
            let text = failure.errno == .network ? failure.errMsg.components(separatedBy: "fail ")[0] : failure.errMsg
            result = [
                text, "\(failure.errno)", "\(failure.category)", "\(failure.retryable)", "\(failure.attempts)",
                "\(failure.resumedFrom)",
            ]
        }
        XCTAssertFalse(task.setMaxBytesPerSecond(1), "it has ended")
        return Seen(events: events, result: result, canBeAborted: task.abort())
    }

    private func observe(_ session: any WXTransfers, _ scenario: Scenario, filePath: String) async throws -> Seen {
        if scenario.isUpload {
            let request = WXTransferUploadRequest(
                url: scenario.url, filePath: scenario.filePath ?? filePath, name: "file")
            let recorder = Recorder<WXTransferUploadSuccess>()
            return try await watch(session, scenario, recorder, recorder.upload(session, request)) {
                [$0.errMsg, "\($0.statusCode)", $0.data, "\($0.dataLength)", "\($0.attempts)", "\($0.resumedFrom)"]
            }
        }
        var request = WXTransferDownloadRequest(url: scenario.url)
        scenario.download(&request)
        let recorder = Recorder<WXTransferDownloadSuccess>()
        return try await watch(session, scenario, recorder, recorder.download(session, request)) {
            let isTemporary = $0.tempFilePath.map {
                $0.range(of: "^wxfile://tmp_[0-9a-f]{32}(\\.[a-z0-9]{1,10})?$", options: .regularExpression) != nil
            }
            let content = try Data(contentsOf: $0.nativePath).base64EncodedString()
            return [
                $0.errMsg, "\($0.statusCode)", "\(isTemporary as Any)", $0.filePath ?? "", content, "\($0.dataLength)",
                "\($0.attempts)", "\($0.resumedFrom)", $0.sha256 ?? "",
            ]
        }
    }

    func testTheFakeBehavesLikeTheRealSession() async throws {
        for scenario in scenarios {
            let directory = try TemporaryDirectory()
            var options = testOptions(directory)
            scenario.options(&options)
            let session = try WXTransferSession(options)
            let photo = try directory.file("photo.jpg", TestServer.pattern(10))
            let path = try await session.importFile(nativePath: photo, mode: .copy).filePath
            let real = try await observe(session, scenario, filePath: path)
            try session.close()

            let fakeSession = WXTransferFakeSession(directory: directory.url.appendingPathComponent("fake"))
            fakeSession.answer(scenario.url, scenario.script)
            let fake = try await observe(fakeSession, scenario, filePath: "wxfile://tmp_1")
            try fakeSession.close()
            XCTAssertEqual(real, fake, scenario.name)
            XCTAssertFalse(fake.canBeAborted, scenario.name)
        }
    }

    /// The body comes in pieces, so there is progress before its end.
    func testHeadersComeBeforeOrAfterTheBody() async throws {
        let url = server.plain + "/drip?n=10&ms=100"
        let begun = [WXTransferProgress(totalBytes: 1, totalBytesExpected: 10, progress: 10)]
        for (retries, expected) in [
            (0, ["headers", "progress", "success", "complete"]),
            (1, ["progress", "headers", "progress", "success", "complete"]),
        ] {
            let directory = try TemporaryDirectory()
            var options = testOptions(directory)
            options.maxRetries = UInt32(retries)
            let session = try WXTransferSession(options)
            let real = try await order(session, url)
            try session.close()
            let fake = WXTransferFakeSession(directory: directory.url, headersAfterBody: retries > 0)
            fake.answerNext(.success(body: TestServer.pattern(10), progress: begun))
            let faked = try await order(fake, url)
            XCTAssertEqual([real, faked], [expected, expected])

            fake.answerNext(.failure(.connectionClosed, headers: fine, progress: half))
            let failed = try await order(fake, url)
            try fake.close()
            XCTAssertEqual(failed, (retries > 0 ? ["progress", "headers"] : ["headers", "progress"]) + ["fail", "complete"])
        }
    }

    /// The callbacks of a download by their names. Several in a row with the same name are one.
    private func order(_ session: any WXTransfers, _ url: String) async throws -> [String] {
        let recorder = Recorder<WXTransferDownloadSuccess>()
        try recorder.download(session, .init(url: url))
        return await names(recorder.all())
    }

    private func names(_ events: [Recorder<WXTransferDownloadSuccess>.Event]) -> [String] {
        events.reduce(into: []) { names, event in
            let name = switch event {
            case .headers: "headers"
            case .progress: "progress"
            case .success: "success"
            case .fail: "fail"
            case .complete: "complete"
            }
            if names.last != name { names.append(name) }
        }
    }

    func testClosuresThatAreNotNeededAreLeftOut() async throws {
        let directory = try TemporaryDirectory()
        let real = try WXTransferSession(testOptions(directory))
        let fake = WXTransferFakeSession(directory: directory.url)
        fake.answerNext(.success(body: Data("abc".utf8)), .success(body: Data("abc".utf8)), .success(body: Data("abc".utf8)))
        for session in [real, fake] as [any WXTransfers] {
            let (ends, send) = AsyncStream.makeStream(of: UInt64.self)
            let download = WXTransferDownloadRequest(url: server.plain + "/bytes/3")
            let upload = WXTransferUploadRequest(
                url: server.plain + "/bytes/3", parts: [.init(name: "file", data: Data("x".utf8))])
            try session.downloadFile(download, success: { send.yield($0.dataLength) }, complete: nil)
            try session.uploadFile(upload, success: { send.yield($0.dataLength) }, complete: nil)
            // A trailing closure is `complete`.
            try session.downloadFile(download) { send.yield(try! $0.get().dataLength) }
            var lengths: [UInt64] = []
            for await length in ends {
                lengths.append(length)
                if lengths.count == 3 { break }
            }
            XCTAssertEqual(lengths, [3, 3, 3])
            try session.close()
        }
        // The same calls with the type of each class.
        XCTAssertThrowsError(try real.downloadFile(.init(url: stalled), success: { _ in }, complete: nil))
        XCTAssertThrowsError(try fake.downloadFile(.init(url: stalled)) { _ in })
    }

    func testFilesHaveNamesOfTheLibraryAndARealSessionImportsThem() async throws {
        let directory = try TemporaryDirectory()
        let fake = WXTransferFakeSession(directory: directory.url)
        let real = try WXTransferSession(testOptions(directory))
        for (path, suffix) in [
            ("/b.c/photo.JPG?a=/x.png#.gif", ".jpg"), ("/a.b/photo", ""), ("/.jpg", ""), ("/a.toolongsuffix", ""),
            ("/a.b-c", ""), ("", ""), ("/a.mp3/", ""),
        ] {
            fake.answerNext(.success(body: TestServer.pattern(5)))
            let photo = try await fake.downloadFile(.init(url: "https://a.test" + path))
            let name = try XCTUnwrap(photo.tempFilePath?.components(separatedBy: "wxfile://").last)
            XCTAssertEqual(name, photo.nativePath.lastPathComponent)
            let form = "^tmp_[0-9a-f]{32}\(suffix.replacingOccurrences(of: ".", with: "\\."))$"
            XCTAssertNotNil(name.range(of: form, options: .regularExpression), "\(path): \(name)")

            let unknown = try await failure { try await real.saveFile(tempFilePath: "wxfile://" + name) }
            XCTAssertEqual(unknown.errno, .temporaryFileNotExist)
            let imported = try await real.importFile(nativePath: photo.nativePath, mode: .copy)
            let saved = try await real.saveFile(tempFilePath: imported.filePath)
            XCTAssertEqual(try Data(contentsOf: saved.nativePath), TestServer.pattern(5))
        }
        try real.close()
        try fake.close()
    }

    func testAScriptHasTheAttemptsAndTheProfileOfItsSuccess() async throws {
        let directory = try TemporaryDirectory()
        let session = WXTransferFakeSession(directory: directory.url)
        let profile = WXTransferProfile(socketReused: true)
        session.answerNext(
            .success(body: TestServer.pattern(9), attempts: 2, resumedFrom: 4, profile: profile),
            .success(attempts: 3, profile: profile), .success())
        let resumed = try await session.downloadFile(.init(url: "https://a.test/"))
        XCTAssertEqual([UInt64(resumed.attempts), resumed.resumedFrom, resumed.dataLength], [2, 4, 9])
        XCTAssertEqual(resumed.profile, profile)
        let upload = WXTransferUploadRequest(url: "https://a.test/", filePath: "wxfile://tmp_1", name: "file")
        let repeated = try await session.uploadFile(upload)
        XCTAssertEqual([UInt64(repeated.attempts), repeated.resumedFrom], [3, 0])
        XCTAssertEqual(repeated.profile, profile)
        let plain = try await session.uploadFile(upload)
        XCTAssertEqual(plain.attempts, 1)
        XCTAssertNil(plain.profile)
        try session.close()
    }

    /// Runs a check on both sessions, with transfers that do not end.
    private func onBoth(_ check: (any WXTransfers, WXTransferDownloadRequest) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        try await check(session, .init(url: stalled))
        try session.close()
        let fake = WXTransferFakeSession(directory: directory.url.appendingPathComponent("fake"))
        let script = WXTransferFakeTransfer.endless(headers: fine, progress: half)
        fake.answerNext(script, script, script)
        try await check(fake, .init(url: stalled))
        try fake.close()
    }

    func testAReferenceToATaskKeepsItsSessionOpen() async throws {
        let directory = try TemporaryDirectory()
        let queue = DispatchQueue(label: "callbacks")
        let script = WXTransferFakeTransfer.endless(headers: fine, progress: half)
        let sessions: [() throws -> any WXTransfers] = [
            {
                var options = testOptions(directory)
                options.callbackQueue = queue
                return try WXTransferSession(options)
            },
            {
                let fake = WXTransferFakeSession(
                    directory: directory.url.appendingPathComponent("fake"), callbackQueue: queue)
                fake.answerNext(script)
                return fake
            },
        ]
        for session in sessions {
            // Only the task is kept.
            let task = try session().downloadFileTask(.init(url: stalled))
            for await _ in task.progress { break }
            // After this, no callback that still runs can hold the session.
            await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
            XCTAssertTrue(task.abort())
            let aborted = try await failure { try await task.result }
            XCTAssertEqual(aborted.category, .aborted)
        }
    }

    func testAnUnwritableDirectoryIsAFailureOfTheDownload() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("no directory", Data())
        let session = WXTransferFakeSession(directory: file)
        session.answerNext(.success(body: Data("x".utf8)))
        let recorder = Recorder<WXTransferDownloadSuccess>()
        try recorder.download(session, .init(url: "https://a.test/"))
        let events = await recorder.all()
        for event in events {
            if case .progress = event { XCTFail("nothing was stored") }
        }
        guard case .complete(.failure(let failure)) = events.last else { return XCTFail("\(events)") }
        XCTAssertEqual(failure.errno, .saveFile)
        try session.close()
    }

    func testAClosedSessionRefusesCalls() async throws {
        try await onBoth { session, request in
            try session.close()
            try session.close()
            let calls: [() throws -> Void] = [
                { _ = try session.downloadFileTask(request) },
                { _ = try session.uploadFileTask(.init(url: request.url, filePath: "wxfile://tmp_1", name: "file")) },
                { try session.prepare("localhost") },
                { try session.networkChanged(.init(kind: .wifi)) },
                { try session.enterBackground() },
                { try session.enterForeground() },
            ]
            for call in calls {
                XCTAssertThrowsError(try call()) { XCTAssertEqual($0 as? WXTransferStatus, .sessionClosed) }
            }
        }
    }

    func testASessionCannotBeClosedFromACallback() async throws {
        try await onBoth { session, request in
            let (refusals, send) = AsyncStream.makeStream(of: WXTransferStatus?.self)
            let task = try session.downloadFile(
                request, success: nil, fail: nil, onProgressUpdate: nil,
                onHeadersReceived: { _ in
                    do {
                        try session.close()
                        send.yield(nil)
                    } catch { send.yield(error as? WXTransferStatus) }
                }, onTrace: nil, complete: { _ in send.finish() })
            var first: WXTransferStatus??
            for await refusal in refusals {
                first = first ?? refusal
                task.abort()
            }
            XCTAssertEqual(first, .calledFromCallback)
        }
    }

    func testACancelledTaskAbortsItsTransfer() async throws {
        try await onBoth { session, request in
            let call = Task { try await session.downloadFile(request) }
            call.cancel()
            await cancelled { try await call.value }
        }
    }

    func testScriptsAreUsedByURLThenInOrderEachOnce() async throws {
        let directory = try TemporaryDirectory()
        let session = WXTransferFakeSession(directory: directory.url)
        session.answerNext(.success(body: Data("any".utf8)), .success(body: Data("last".utf8)))
        session.answer("https://a.test/", .success(body: Data("a".utf8)))
        var texts: [String] = []
        for url in ["https://b.test/", "https://a.test/", "https://a.test/"] {
            texts.append(try await session.uploadFile(.init(url: url, filePath: "wxfile://tmp_1", name: "file")).data)
        }
        XCTAssertEqual(texts, ["any", "a", "last"])
        let missing = try await failure { try await session.downloadFile(.init(url: "https://a.test/")) }
        XCTAssertEqual(missing.category, .internal)
        XCTAssertTrue(missing.detail.contains("no script is left"))
        XCTAssertEqual([session.uploads.count, session.downloads.count], [3, 1])
        try session.close()
    }

    func testWithoutANetworkAllTransfersAreInterruptedUntilThereIsOne() async throws {
        let directory = try TemporaryDirectory()
        let session = WXTransferFakeSession(directory: directory.url)
        session.answerNext(.endless(), .success(), .success())
        let task = try session.downloadFileTask(.init(url: "https://a.test/"))
        try session.networkChanged(.init(kind: .none))
        let interrupted = try await failure { try await task.result }
        let refused = try await failure { try await session.downloadFile(.init(url: "https://a.test/")) }
        XCTAssertEqual([interrupted.errno, refused.errno], [.interrupted, .interrupted])
        XCTAssertEqual(refused.attempts, 0, "it did not begin")
        try session.networkChanged(.init(kind: .wifi))
        let statusCode = try await session.downloadFile(.init(url: "https://a.test/")).statusCode
        XCTAssertEqual(statusCode, 200)
        try session.close()
    }
}
