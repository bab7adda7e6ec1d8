import Foundation
import WXTransfer
import XCTest

/// The check of a URL, the statistics of a session, and traces.
final class SeeingTests: XCTestCase {
    func testACheckAppliesTheRulesToAURL() throws {
        var options = testOptions(try TemporaryDirectory())
        options.clientVersion = "6.5.3"
        options.downloadDomains = ["https://cdn.example.com"]
        let session = try WXTransferSession(options)
        let allowed = try session.checkURL(
            .download, "https://cdn.example.com/a b?secret#part", header: ["X-Mine": "secret"])
        XCTAssertEqual(allowed.url, "https://cdn.example.com/a%20b?secret")
        XCTAssertTrue(allowed.allowed)
        XCTAssertEqual(allowed.errno, .ok)
        XCTAssertNil(allowed.category)
        XCTAssertNil(allowed.detail)
        XCTAssertEqual(allowed.errMsg, "downloadFile:ok")
        XCTAssertEqual(allowed.rule, "download_domains")
        XCTAssertEqual(allowed.referer, "https://servicewechat.com/wx1234567890abcdef/0/page-frame.html")
        XCTAssertEqual(allowed.droppedHeaders, ["X-Mine"])
        XCTAssertEqual(allowed.quirks, ["header_ignored"])
        XCTAssertFalse("\(allowed)".contains("secret"))

        let refused = try session.checkURL(.upload, "https://cdn.example.com/")
        XCTAssertFalse(refused.allowed)
        XCTAssertEqual(refused.errno, .notInDomainList)
        XCTAssertEqual(refused.category, .policy)
        XCTAssertEqual(refused.rule, "upload_domains")
        XCTAssertEqual(refused.detail, "the host is not in the domain list")
        let unreadable = try session.checkURL(.upload, "no URL")
        XCTAssertNil(unreadable.url)
        XCTAssertEqual(unreadable.rule, "url")
        try session.close()
        XCTAssertThrowsError(try session.checkURL(.upload, "https://cdn.example.com/"))
    }

    func testStatisticsCountTasksConnectionsAndBytes() async throws {
        let session = try WXTransferSession(testOptions(try TemporaryDirectory()))
        XCTAssertEqual(try session.statistics().tasksStarted, 0)
        for _ in 0..<2 {
            _ = try await session.downloadFile(.init(url: TestServer.shared.tls + "/bytes/1000"))
        }
        _ = try await failure { try await session.downloadFile(.init(url: "no URL")) }
        let now = try session.statistics()
        XCTAssertEqual([now.tasksStarted, now.tasksSucceeded, now.tasksFailed], [3, 2, 1])
        XCTAssertEqual([now.connectionsOpened, now.connectionsReused, now.lookUps], [1, 1, 1])
        XCTAssertGreaterThan(now.bytesReceived, 2000)
        XCTAssertGreaterThan(now.bytesSent, 0)
        try session.close()
        XCTAssertThrowsError(try session.statistics())
    }

    func testATaskIsTracedIfItHasAClosureForTraces() async throws {
        let session = try WXTransferSession(testOptions(try TemporaryDirectory()))
        var request = WXTransferDownloadRequest(url: TestServer.shared.tls + "/redirect/302?to=/bytes/10%3Fsecret")
        request.header = ["X-Mine": "secret"]
        let (traces, send) = AsyncStream.makeStream(of: WXTransferTrace.self)
        try session.downloadFile(
            request, onTrace: { send.yield($0) },
            complete: { _ in send.finish() })
        var entries: [String] = []
        for await trace in traces {
            entries.append(trace.entry)
        }
        XCTAssertEqual(entries.count, 2)
        let statuses = try entries.map { entry in
            let json = try JSONSerialization.jsonObject(with: Data(entry.utf8)) as? [String: Any]
            return (json?["response"] as? [String: Any])?["status"] as? Int
        }
        XCTAssertEqual(statuses, [302, 200])
        XCTAssertFalse(entries.contains { $0.contains("secret") }, "\(entries)")
        try session.close()
    }
}
