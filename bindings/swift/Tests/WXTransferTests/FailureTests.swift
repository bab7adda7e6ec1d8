import Foundation
import WXTransfer
import XCTest

/// Failures and refusals are typed, and name WeChat's numbers and texts.
final class FailureTests: XCTestCase {
    private let server = TestServer.shared

    func testFailuresHaveTheirErrnoTextAndCategory() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.maxDownloadSize = 100
        let session = try WXTransferSession(options)
        typealias Row = (
            url: String, errno: WXTransferErrno, category: WXTransferCategory, retryable: Bool, text: String?
        )
        let rows: [Row] = [
            (server.faultTls + "/fault/close", .network, .connectionClosed, true, nil),
            (server.plain + "/bytes/101", .fileTooLarge, .limit, false, "exceed max file size"),
            ("https://example.com/", .notInDomainList, .policy, false, "url not in domain list"),
            ("ftp://example.com/", .invalidURLScheme, .request, false, "url scheme is invalid"),
            ("no url", .invalidURL, .request, false, "invalid url"),
            (server.plain + "/redirect/302?n=6", .tooManyRedirects, .limit, false, "exceed max redirect count"),
        ]
        for row in rows {
            let failure = try await failure { try await session.downloadFile(.init(url: row.url)) }
            XCTAssertEqual(failure.errno, row.errno, row.url)
            XCTAssertEqual(failure.category, row.category, row.url)
            XCTAssertEqual(failure.retryable, row.retryable, row.url)
            XCTAssertTrue(failure.errMsg.hasPrefix("downloadFile:fail "), failure.errMsg)
            if let text = row.text {
                XCTAssertEqual(failure.errMsg, "downloadFile:fail " + text)
            }
            XCTAssertNotNil(failure.profile)
        }
        XCTAssertEqual(directory.files(), [])
    }

    func testAFailedAttemptIsFollowedByAnotherWithMaxRetries() async throws {
        let directory = try TemporaryDirectory()
        let url = server.faultTls + "/fault/close"
        var options = testOptions(directory)
        for (retries, attempts) in [(UInt32(0), UInt32(1)), (2, 3)] {
            options.maxRetries = retries
            options.retryDelay = .milliseconds(1)
            options.resume = .acrossLaunches
            let session = try WXTransferSession(options)
            let failure = try await failure { try await session.downloadFile(.init(url: url)) }
            XCTAssertEqual(failure.attempts, attempts)
            XCTAssertEqual(failure.resumedFrom, 0)
            let result = try await session.downloadFile(.init(url: server.plain + "/bytes/5"))
            XCTAssertEqual(result.attempts, 1)
            XCTAssertEqual(result.resumedFrom, 0)
            try await session.discardPartials()
            try session.close()
        }
    }

    func testAStalledConnectionEndsTheTransferWithLowSpeedLimit() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.lowSpeedLimit = 100
        XCTAssertThrowsError(try WXTransferSession(options)) { XCTAssertEqual($0 as? WXTransferStatus, .invalidArgument) }
        options.lowSpeedTime = .milliseconds(200)
        let session = try WXTransferSession(options)
        let url = server.faultTls + "/fault/stall-in-body"
        let failure = try await failure { try await session.downloadFile(.init(url: url)) }
        XCTAssertEqual(failure.errno, .timeout)
        XCTAssertEqual(failure.category, .timeout)
        XCTAssertEqual(failure.detail, "stalled")
        XCTAssertTrue(failure.retryable)
        try session.close()
    }

    func testALimitOfBytesPerSecondCanBeChangedDuringATransfer() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.maxBytesPerSecond = 1
        let session = try WXTransferSession(options)
        var request = WXTransferDownloadRequest(url: server.plain + "/bytes/60000")
        let first = try session.downloadFileTask(request)
        try session.setMaxBytesPerSecond(nil)
        let result = try await first.result
        XCTAssertEqual(result.dataLength, 60000)
        request.maxBytesPerSecond = 1
        let second = try session.downloadFileTask(request)
        XCTAssertTrue(second.setMaxBytesPerSecond(nil))
        let other = try await second.result
        XCTAssertEqual(other.dataLength, 60000)
        XCTAssertFalse(second.setMaxBytesPerSecond(1))
        try session.close()
    }

    func testABodyCutOffIsAFailureAndNoFile() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        for target in ["truncate", "truncate-chunked", "reset"] {
            for base in [server.faultPlain, server.faultTls] {
                let url = "\(base)/fault/\(target)"
                let failure = try await failure { try await session.downloadFile(.init(url: url)) }
                XCTAssertEqual(failure.category, .connectionClosed, target)
            }
        }
        let garbage = try await failure {
            try await session.downloadFile(.init(url: server.faultPlain + "/fault/garbage"))
        }
        XCTAssertEqual(garbage.category, .protocol)
        XCTAssertEqual(directory.files(), [])
    }

    func testAnEarlyAnswerIsTheAnswer() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let file = try directory.file("large", Data(count: 4 << 20))
        let success = try await session.uploadFile(
            .init(url: server.faultPlain + "/fault/early-answer", filePath: file.path, name: "file"))
        XCTAssertEqual(success.statusCode, 413)
        XCTAssertEqual(success.data, "too large")
    }

    func testTheDeadlineIsATimeout() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        var request = WXTransferDownloadRequest(url: server.faultPlain + "/fault/stall-before-answer")
        request.timeout = .milliseconds(200)
        let failure = try await failure { try await session.downloadFile(request) }
        XCTAssertEqual(failure.errMsg, "downloadFile:fail timeout")
        XCTAssertEqual(failure.errno, .timeout)
        XCTAssertEqual(failure.category, .timeout)
        XCTAssertTrue(failure.retryable)
    }

    func testAMissingParameterIsAFailure() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let noName = try await failure {
            try await session.uploadFile(.init(url: server.tls + "/upload", filePath: "wxfile://tmp_1", name: ""))
        }
        XCTAssertEqual(noName.errno, .invalidRequestData)
        let noFile = try await failure {
            try await session.uploadFile(
                .init(url: server.tls + "/upload", filePath: directory.url.path + "/none", name: "file"))
        }
        XCTAssertEqual(noFile.errMsg, "uploadFile:fail file not found")
        XCTAssertEqual(noFile.errno, .fileNotFound)
    }

    func testAMistakeOfTheHostIsAStatus() throws {
        let directory = try TemporaryDirectory()
        func status(_ change: (inout WXTransferSessionOptions) -> Void) -> WXTransferStatus? {
            var options = testOptions(directory)
            change(&options)
            do throws(WXTransferStatus) {
                _ = try WXTransferSession(options)
                return nil
            } catch {
                return error
            }
        }
        XCTAssertNil(status { _ in })
        XCTAssertEqual(status { $0.appID = "" }, .invalidArgument)
        XCTAssertEqual(status { $0.clientVersion = "eight" }, .invalidVersion)
        XCTAssertEqual(status { $0.uploadDomains = ["https://ok.test", "://"] }, .invalidDomain)
        XCTAssertEqual(status { $0.rootCertificates = "none" }, .invalidCertificate)
        XCTAssertEqual(status { $0.pins = [.init(host: "a.test", sha256: Data(count: 31))] }, .invalidPin)
        XCTAssertEqual(status { $0.proxy = "socks://a" }, .invalidProxy)
        XCTAssertEqual(status { $0.dataDirectory = URL(fileURLWithPath: "/dev/null/x") }, .storageFailed)
        XCTAssertEqual(WXTransferStatus.storageLocked.description.isEmpty, false)
    }

    func testAStatusSaysWhatIsWrong() throws {
        let canary = "canary-of-this-test"
        let directory = try TemporaryDirectory()
        func refusal(_ change: (inout WXTransferSessionOptions) -> Void) -> WXTransferStatus? {
            var options = testOptions(directory)
            options.userID = canary
            options.userAgent = canary
            change(&options)
            do throws(WXTransferStatus) {
                _ = try WXTransferSession(options)
                return nil
            } catch {
                return error
            }
        }
        let refusals = [
            ("client_version", refusal { $0.clientVersion = canary }),
            ("upload_domains[1]", refusal { $0.uploadDomains = ["https://ok.test", "https://\(canary).test/path"] }),
            ("root_certificates", refusal { $0.rootCertificates = canary }),
            ("pins[0].sha256_length is 31", refusal { $0.pins = [.init(host: "\(canary).test", sha256: Data(count: 31))] }),
            ("proxy", refusal { $0.proxy = "socks://\(canary):\(canary)@a" }),
            ("data_directory", refusal { $0.dataDirectory = URL(fileURLWithPath: "/dev/null/\(canary)") }),
        ]
        for (field, status) in refusals {
            let status = try XCTUnwrap(status)
            let detail = try XCTUnwrap(status.detail)
            XCTAssertTrue(detail.contains(field), detail)
            XCTAssertTrue(status.description.hasSuffix(": \(detail)"), status.description)
            XCTAssertEqual(status.failureReason, status.description)
            XCTAssertFalse("\(status)\(String(reflecting: status))\(status.localizedDescription)".contains(canary), "\(status)")
        }
        let session = try WXTransferSession(testOptions(directory))
        XCTAssertThrowsError(try session.uploadFileTask(.init(url: server.tls, fileDescriptor: 1_000_000, name: "file"))) {
            XCTAssertEqual(($0 as? WXTransferStatus)?.detail, "file_descriptor is 1000000, which is not an open descriptor")
        }
        try session.close()
    }

    func testPinsAndDomainsReachTheLibrary() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.pins = [.init(host: "localhost", sha256: Data(repeating: 7, count: 32))]
        options.downloadDomains = ["https://example.test"]
        options.resolver = { $0 == "localhost" ? ["127.0.0.1"] : [] }
        let session = try WXTransferSession(options)
        let pinned = try await failure { try await session.downloadFile(.init(url: server.tls + "/bytes/1")) }
        XCTAssertEqual(pinned.category, .tls)
        let listed = try await failure { try await session.downloadFile(.init(url: "https://example.test/")) }
        XCTAssertEqual(listed.category, .nameResolution, "the list lets it pass")
    }
}
