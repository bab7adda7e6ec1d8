import Foundation
import WXTransfer
import WXTransferTesting
import XCTest

/// A screen of an app, which is given its transfers.
final class PhotoScreen {
    private let transfers: any WXTransfers
    var text = ""

    init(_ transfers: any WXTransfers) {
        self.transfers = transfers
    }

    func show(_ url: String) async throws {
        do {
            let photo = try await transfers.downloadFile(.init(url: url))
            // Any answer of a server is a success. The file of another status is an error page.
            text = photo.statusCode == 200 ? "\(photo.dataLength) bytes" : "No photo: status \(photo.statusCode)"
        } catch let failure as WXTransferFailure {
            text = failure.retryable ? "Try again" : "No photo: \(failure.errMsg)"
        }
    }
}

/// The program `wxtransfer-test-server`, for as long as this is held.
final class TransferTestServer {
    private let input = Pipe()
    private var addresses: [String: String] = [:]

    init(program: String) throws {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        var text = ""
        while !text.hasSuffix("ready\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { throw CocoaError(.executableLoad) }
            text += String(decoding: data, as: UTF8.self)
        }
        for words in text.split(separator: "\n").map({ $0.split(separator: " ", maxSplits: 1) }) where words.count == 2 {
            addresses[String(words[0])] = String(words[1])
        }
    }

    /// The program ends with its standard input.
    deinit { try? input.fileHandleForWriting.close() }

    func url(_ name: String) -> String { addresses[name] ?? "" }

    func certificates() throws -> String { try String(contentsOfFile: url("ca"), encoding: .utf8) }
}

/// The code of `docs/testing-your-app.md`.
final class PhotoScreenTests: XCTestCase {
    func testWithoutANetwork() async throws {
        let directory = try TemporaryDirectory()
        let session = WXTransferFakeSession(directory: directory.url)
        let screen = PhotoScreen(session)
        session.answer("https://example.com/1.jpg", .failure(.timeout), .success(body: Data("photo".utf8)))
        session.answer("https://example.com/2.jpg", .success(body: Data("not here".utf8), statusCode: 404))

        try await screen.show("https://example.com/1.jpg")
        XCTAssertEqual(screen.text, "Try again")
        try await screen.show("https://example.com/1.jpg")
        XCTAssertEqual(screen.text, "5 bytes")
        try await screen.show("https://example.com/2.jpg")
        XCTAssertEqual(screen.text, "No photo: status 404")
    }

    func testWithAServerThatMisbehaves() async throws {
        let program = try XCTUnwrap(ProcessInfo.processInfo.environment["WXTRANSFER_TEST_SERVER"])
        let server = try TransferTestServer(program: program)
        let directory = try TemporaryDirectory()
        var options = WXTransferSessionOptions(
            appID: "wx1234567890abcdef", platform: .iOS, clientVersion: "8.0.50", dataDirectory: directory.url)
        options.lanPolicy = .allLocal
        options.rootCertificates = try server.certificates()
        let session = try WXTransferSession(options)
        let screen = PhotoScreen(session)

        try await screen.show(server.url("fault-tls") + "/fault/reset")
        XCTAssertEqual(screen.text, "Try again")
        try await screen.show(server.url("tls") + "/bytes/5")
        XCTAssertEqual(screen.text, "5 bytes")
        try await screen.show(server.url("tls") + "/no-such-path")
        XCTAssertEqual(screen.text, "No photo: status 404")
        try session.close()
    }

    func testAfterAFailure() async throws {
        let program = try XCTUnwrap(ProcessInfo.processInfo.environment["WXTRANSFER_TEST_SERVER"])
        let server = try TransferTestServer(program: program)
        let directory = try TemporaryDirectory()
        var options = WXTransferSessionOptions(
            appID: "wx1234567890abcdef", platform: .iOS, clientVersion: "8.0.50", dataDirectory: directory.url)
        options.lanPolicy = .allLocal
        options.rootCertificates = try server.certificates()
        options.maxRetries = 1
        options.resume = .withinTask
        let session = try WXTransferSession(options)

        // The first answer is a 503, the second one a file.
        let status = server.url("fault-tls") + "/fault/status?times=1&code=503&retry-after=1"
        let retried = try await session.downloadFile(.init(url: status))
        XCTAssertEqual(retried.statusCode, 200)
        XCTAssertEqual(retried.attempts, 2)
        // The first answer ends after 64 KiB, and the second one is the rest.
        let truncated = server.url("fault-tls") + "/fault/truncate?times=1&ranges=yes"
        let resumed = try await session.downloadFile(.init(url: truncated))
        XCTAssertEqual(resumed.dataLength, 1_048_576)
        XCTAssertEqual(resumed.resumedFrom, 65_536)
        try session.close()
    }

    func testTheGuidePrintsThisCode() throws {
        func lines(_ code: String) -> String {
            code.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
        }
        let code = try lines(Repository.text("Tests/WXTransferTests/PhotoScreenTests.swift"))
        let blocks = try Repository.text("../../docs/testing-your-app.md").components(separatedBy: "```swift\n").dropFirst()
            .map { $0.components(separatedBy: "```")[0] }
        XCTAssertEqual(blocks.count, 4)
        for block in blocks {
            XCTAssertTrue(code.contains(lines(block)), block)
        }
    }
}
