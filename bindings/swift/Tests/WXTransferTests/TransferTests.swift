import Foundation
import WXTransfer
import XCTest

/// Requests reach the server completely, and answers reach the page completely.
final class TransferTests: XCTestCase {
    private let server = TestServer.shared

    /// The server's report of an upload.
    private struct Report: Decodable {
        struct File: Decodable {
            let name, filename: String
            let length: Int
        }
        let method: String
        let headers: [[String]]
        let parts: [String]
        let fields: [[String]]
        let files: [File]
    }

    private func report(_ success: WXTransferUploadSuccess) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(success.data.utf8))
    }

    func testAnUploadSendsFieldsThenTheFile() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let photo = try directory.file("照片 😀.jpg", TestServer.pattern(300_000))
        var request = WXTransferUploadRequest(url: server.tls + "/upload", filePath: photo.path, name: "file")
        request.header = ["X-Token": "1", "x-emoji": "a", "Referer": "https://other.test/"]
        request.formData = ["user": "test 😀", "empty": "", "user": "twice"]
        let success = try await session.uploadFile(request)
        XCTAssertEqual(success.errMsg, "uploadFile:ok")
        XCTAssertEqual(success.statusCode, 200)
        XCTAssertEqual(success.dataLength, UInt64(success.data.utf8.count))
        let profile = try XCTUnwrap(success.profile)
        XCTAssertEqual(profile.peerIP, "127.0.0.1")
        XCTAssertEqual(profile.protocol, "http1.1")
        XCTAssertGreaterThan(profile.sendBytesCount, 300_000)
        XCTAssertGreaterThan(profile.SSLconnectionEnd, 0)
        let report = try report(success)
        XCTAssertEqual(report.method, "POST")
        XCTAssertEqual(report.parts, ["user", "empty", "user", "file"])
        XCTAssertEqual(report.fields, [["user", "test 😀"], ["empty", ""], ["user", "twice"]])
        XCTAssertEqual(report.files.map(\.filename), ["照片 😀.jpg"])
        XCTAssertEqual(report.files.map(\.length), [300_000])
        let referers = report.headers.filter { $0[0].lowercased() == "referer" }.map { $0[1] }
        XCTAssertEqual(referers, ["https://servicewechat.com/wx1234567890abcdef/0/page-frame.html"])
        XCTAssertEqual(report.headers.filter { $0[0].lowercased() == "x-token" }.map { $0[1] }, ["1"])
    }

    /// Also on a base library that has no event for them.
    func testASuccessHasTheHeadersAndCookies() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("a", Data("a".utf8))
        for baseLibrary in ["2.0.9", nil] {
            var options = testOptions(directory)
            options.baseLibraryVersion = baseLibrary
            let session = try WXTransferSession(options)
            let url = server.tls + "/cookies"
            let downloaded = try await session.downloadFile(.init(url: url))
            let uploaded = try await session.uploadFile(.init(url: url, filePath: file.path, name: "file"))
            for (header, cookies) in [
                (downloaded.header, downloaded.cookies), (uploaded.header, uploaded.cookies),
            ] {
                XCTAssertEqual(cookies, ["a=1; Path=/", "b=2, 3"])
                XCTAssertEqual(header.values(ofHeader: "Vary"), ["Accept", "Origin"])
            }
            try session.close()
        }
    }

    func testAProfileShowsAKeptConnectionAndMeasurementsOfTheNetwork() async throws {
        let session = try WXTransferSession(testOptions(try TemporaryDirectory()))
        let large = try await session.downloadFile(.init(url: server.tls + "/bytes/3000000"))
        let first = try XCTUnwrap(large.profile)
        XCTAssertFalse(first.usingHighPerformanceMode)
        XCTAssertLessThan(try XCTUnwrap(first.rtt), 60_000)
        XCTAssertEqual(first.transportRttEstimate, first.rtt)
        XCTAssertGreaterThan(try XCTUnwrap(first.throughputKbps), 0)
        XCTAssertEqual(first.downstreamThroughputKbpsEstimate, first.throughputKbps)
        XCTAssertLessThan(try XCTUnwrap(first.httpRttEstimate), 60_000)
        XCTAssertTrue((2...5).contains(first.estimate_nettype))

        let small = try await session.downloadFile(.init(url: server.tls + "/bytes/1"))
        let second = try XCTUnwrap(small.profile)
        XCTAssertTrue(second.socketReused)
        let equal = [
            second.domainLookUpStart, second.domainLookUpEnd, second.connectStart, second.connectEnd,
            second.SSLconnectionStart, second.SSLconnectionEnd,
        ]
        XCTAssertEqual(equal, Array(repeating: second.fetchStart, count: 6))
        XCTAssertNil(second.throughputKbps)
        XCTAssertEqual(second.downstreamThroughputKbpsEstimate, first.throughputKbps)
    }

    func testAResultHasNoProfileIfTheRequestOrTheBaseLibraryHasNone() async throws {
        let directory = try TemporaryDirectory()
        let file = try directory.file("a", Data("a".utf8))
        for (baseLibrary, disables) in [(nil, false), (nil, true), ("3.4.9", false)] {
            var options = testOptions(directory)
            options.baseLibraryVersion = baseLibrary
            let session = try WXTransferSession(options)
            var download = WXTransferDownloadRequest(url: server.tls + "/bytes/1")
            download.disableProfile = disables
            var upload = WXTransferUploadRequest(url: server.tls + "/upload", filePath: file.path, name: "file")
            upload.disableProfile = disables
            let downloaded = try await session.downloadFile(download).profile
            let uploaded = try await session.uploadFile(upload).profile
            XCTAssertEqual(downloaded == nil, disables)
            XCTAssertEqual(uploaded == nil, disables || baseLibrary != nil)
            XCTAssertEqual(downloaded?.queueStart == nil, disables || baseLibrary != nil)
            try session.close()
        }
    }

    func testAnUploadOfADescriptorStartsAtItsOffset() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let file = try FileHandle(forReadingFrom: directory.file("whole", TestServer.pattern(1000)))
        try file.seek(toOffset: 400)
        let request = WXTransferUploadRequest(
            url: server.tls + "/upload", fileDescriptor: file.fileDescriptor, name: "file", fileName: "rest.bin")
        let report = try report(try await session.uploadFile(request))
        XCTAssertEqual(report.files.map(\.filename), ["rest.bin"])
        XCTAssertEqual(report.files.map(\.length), [600])
    }

    func testFileLengthBytesOfAPipeAreSent() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        // The writer stays open, so that only the length says where the file ends.
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: TestServer.pattern(6000))
        let request = WXTransferUploadRequest(
            url: server.tls + "/upload", fileDescriptor: pipe.fileHandleForReading.fileDescriptor, fileLength: 5000,
            name: "file")
        let report = try report(try await session.uploadFile(request))
        XCTAssertEqual(report.files.map(\.filename), ["blob"])
        XCTAssertEqual(report.files.map(\.length), [5000])
        withExtendedLifetime(pipe) {}
    }

    func testADownloadIsATemporaryFileUntilTheSessionCloses() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let success = try await session.downloadFile(.init(url: server.tls + "/bytes/200000?type=image/png"))
        XCTAssertEqual(success.errMsg, "downloadFile:ok")
        XCTAssertEqual(success.dataLength, 200_000)
        XCTAssertNil(success.filePath)
        let path = try XCTUnwrap(success.tempFilePath)
        XCTAssertTrue(path.hasPrefix("wxfile://tmp_") && path.hasSuffix(".png"), path)
        XCTAssertEqual(try Data(contentsOf: success.nativePath), TestServer.pattern(200_000))
        try session.close()
        XCTAssertFalse(FileManager.default.fileExists(atPath: success.nativePath.path))
    }

    func testADownloadIsStoredAtItsFilePath() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        try await session.files.makeDirectory("wxfile://usr/a")
        let success = try await session.downloadFile(
            .init(url: server.plain + "/bytes/10", filePath: "wxfile://usr/b.bin"))
        XCTAssertEqual(success.filePath, "wxfile://usr/b.bin")
        XCTAssertNil(success.tempFilePath)
        XCTAssertEqual(try Data(contentsOf: success.nativePath), TestServer.pattern(10))
    }

    func testAnyStatusIsASuccess() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        for status in [204, 404, 500] {
            let success = try await session.downloadFile(.init(url: server.plain + "/status/\(status)"))
            XCTAssertEqual(success.statusCode, status)
        }
    }

    func testHeadersAreReportedOnceWithTheirOrderAndDuplicates() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let task = try session.downloadFileTask(.init(url: server.tls + "/bytes/77?type=image/gif"))
        XCTAssertNotEqual(task.id, 0)
        var heads: [WXTransferHeadersReceived] = []
        for await head in task.headers {
            heads.append(head)
        }
        XCTAssertEqual(heads.map(\.statusCode), [200])
        let header = try XCTUnwrap(heads.first).header
        XCTAssertEqual(header["CONTENT-type"], "image/gif")
        XCTAssertEqual(header["content-length"], "77")
        XCTAssertNil(header["x-none"])
        let ended = try await task.result
        let again = try await task.result
        XCTAssertEqual(ended, again)
        XCTAssertFalse(task.abort(), "there is nothing to abort any more")
    }

    func testProgressNeverDecreasesAndEndsAt100() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let task = try session.downloadFileTask(.init(url: server.tls + "/bytes/3000000"))
        var last: WXTransferProgress?
        for await progress in task.progress {
            XCTAssertGreaterThanOrEqual(progress.totalBytes, last?.totalBytes ?? 0)
            XCTAssertEqual(progress.totalBytesExpected, 3_000_000)
            last = progress
        }
        XCTAssertEqual(last?.totalBytes, 3_000_000)
        XCTAssertEqual(last?.progress, 100)
        _ = try await task.result
    }

    func testAnUnknownTotalIsNil() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let recorder = Recorder<WXTransferDownloadSuccess>()
        try recorder.download(session, .init(url: server.plain + "/bytes/20000000?chunked=1"))
        var unknown = 0
        for case .progress(let progress) in await recorder.all() where progress.progress != 100 {
            XCTAssertNil(progress.totalBytesExpected)
            XCTAssertNil(progress.progress)
            unknown += 1
        }
        XCTAssertGreaterThan(unknown, 0)
    }

    func testClosuresRunInOrder() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let recorder = Recorder<WXTransferUploadSuccess>()
        let file = try directory.file("a.txt", Data("hello".utf8))
        try recorder.upload(session, .init(url: server.tls + "/upload", filePath: file.path, name: "file"))
        let names = await recorder.all().map { event in
            switch event {
            case .headers: "headers"
            case .progress: "progress"
            case .success: "success"
            case .fail: "fail"
            case .complete(.success): "complete"
            case .complete(.failure): "complete after fail"
            }
        }
        XCTAssertEqual(names.suffix(2), ["success", "complete"])
        XCTAssertEqual(names.filter { $0 == "headers" }.count, 1)
        XCTAssertTrue(names.contains("progress"))
        XCTAssertEqual(names.filter { $0.hasPrefix("fail") || $0.hasPrefix("success") }.count, 1)
    }

    func testFiftyTransfersAtOnce() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let file = try directory.file("up.bin", TestServer.pattern(20_000))
        let url = server.tls
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<50 {
                group.addTask {
                    if index.isMultiple(of: 2) {
                        let length = 10_000 + index
                        let success = try await session.downloadFile(.init(url: "\(url)/bytes/\(length)"))
                        XCTAssertEqual(try Data(contentsOf: success.nativePath), TestServer.pattern(length))
                    } else {
                        var request = WXTransferUploadRequest(
                            url: url + "/upload", filePath: file.path, name: "file")
                        request.formData = ["index": "\(index)"]
                        let success = try await session.uploadFile(request)
                        XCTAssertTrue(success.data.contains("\"\(index)\""), success.data)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    func testClosuresRunOnTheHostsQueue() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        let queue = DispatchQueue(label: "callbacks")
        options.callbackQueue = queue
        let session = try WXTransferSession(options)
        let (places, send) = AsyncStream.makeStream(of: Void.self)
        try session.downloadFile(.init(url: server.plain + "/bytes/10")) { _ in
            // Ends the test program if the queue is another one.
            dispatchPrecondition(condition: .onQueue(queue))
            send.finish()
        }
        for await _ in places {}
        try session.close()
    }

    func testTheHostsResolverAndLogAreCalled() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        let (messages, send) = AsyncStream.makeStream(of: String.self)
        options.skipDomainCheck = true
        options.resolver = { $0 == "example.test" ? ["::2", "127.0.0.1"].suffix(1) : [] }
        options.log = { level, message in send.yield("\(level) \(message)") }
        let session = try WXTransferSession(options)
        let port = try XCTUnwrap(URLComponents(string: server.tls)?.port)
        var request = WXTransferDownloadRequest(url: "https://example.test:\(port)/bytes/5")
        request.header = ["Referer": "x"]
        let success = try await session.downloadFile(request)
        XCTAssertEqual(success.dataLength, 5)
        let unknown = try await failure { try await session.downloadFile(.init(url: "https://unknown.test/")) }
        XCTAssertEqual(unknown.category, .nameResolution)
        XCTAssertEqual(unknown.errno, .network)
        try session.close()
        send.finish()
        var dropped = false
        for await message in messages where message.hasPrefix("warning") {
            dropped = dropped || message.lowercased().contains("referer")
        }
        XCTAssertTrue(dropped, "a dropped header is worth a warning")
    }
}
