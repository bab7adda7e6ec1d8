import Foundation
import WXTransfer
import XCTest

/// The guide's code does what it says.
final class MiniProgramHostTests: XCTestCase {
    private let server = TestServer.shared

    private struct Answer: Decodable {
        struct Profile: Decodable {
            let peerIP: String
            let receivedBytedCount: Int
        }
        struct Result: Decodable {
            let errMsg, data, tempFilePath, savedFilePath: String?
            let errno, statusCode, progress: Int?
            let header: [String: String]?
            let profile: Profile?
        }
        let call: Int
        let event: String
        let result: Result
    }

    func testThePageOfTheGuideUploadsAChosenPhotoAndSavesADownload() async throws {
        let directory = try TemporaryDirectory()
        let (messages, send) = AsyncStream.makeStream(of: String.self)
        let queue = DispatchQueue(label: "script")
        let host = try MiniProgramHost(testOptions(directory), scriptQueue: queue) { message in
            dispatchPrecondition(condition: .onQueue(queue))
            send.yield(message)
        }
        var reader = messages.makeAsyncIterator()
        /// The page's call, and the answers to it.
        func call(_ number: Int, _ api: String, _ options: [String: Any]) async throws -> [Answer] {
            let message: [String: Any] = ["call": number, "api": api, "options": options]
            let text = String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self)
            try queue.sync { try host.receive(text) }
            var answers: [Answer] = []
            repeat {
                let message = try await { try XCTUnwrap($0) }(reader.next())
                answers.append(try JSONDecoder().decode(Answer.self, from: Data(message.utf8)))
            } while answers.last?.event != "complete"
            XCTAssertTrue(answers.allSatisfy { $0.call == number })
            return answers
        }

        let photo = try await host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        let uploaded = try await call(1, "uploadFile", [
            "url": server.tls + "/upload", "filePath": photo, "name": "file", "timeout": 30_000,
            "formData": ["user": "test", "count": "3"], "header": ["token": "1"],
        ])
        XCTAssertEqual(uploaded.suffix(2).map(\.event), ["success", "complete"])
        let head = uploaded.first { $0.event == "headersReceived" }
        XCTAssertEqual(head?.result.header?["content-type"], "application/json")
        XCTAssertEqual(uploaded.last { $0.event == "progressUpdate" }?.result.progress, 100)
        let data = try XCTUnwrap(uploaded.first { $0.event == "success" }?.result.data)
        XCTAssertEqual(uploaded.last?.result.data, data)
        XCTAssertEqual(uploaded.last?.result.profile?.peerIP, "127.0.0.1")
        XCTAssertGreaterThan(try XCTUnwrap(uploaded.last?.result.profile?.receivedBytedCount), 0)
        XCTAssertTrue(data.contains("[\"count\",\"3\"],[\"user\",\"test\"]"), data)

        let downloaded = try await call(2, "downloadFile", ["url": server.tls + "/bytes/42", "timeout": 1e300])
        let path = try XCTUnwrap(downloaded.first { $0.event == "success" }?.result.tempFilePath)
        let saved = try await call(3, "saveFile", ["tempFilePath": path])
        XCTAssertEqual(saved.map(\.event), ["success", "complete"])
        XCTAssertTrue(saved[0].result.savedFilePath?.hasPrefix("wxfile://store_") == true)
        let again = try await call(4, "saveFile", ["tempFilePath": path])
        XCTAssertEqual(again.map(\.event), ["fail", "complete"])
        XCTAssertEqual(again[0].result.errno, 1301112)

        try host.enterBackground()
        let refused = try await call(5, "downloadFile", ["url": server.tls + "/bytes/42"])
        XCTAssertEqual(refused.map(\.event), ["fail", "complete"])
        XCTAssertEqual(refused[0].result.errMsg, "downloadFile:fail interrupted")
        try host.enterForeground()
        try host.close()
        for (number, api) in [(6, "uploadFile"), (7, "downloadFile"), (8, "saveFile")] {
            let late = try await call(number, api, ["url": server.tls, "tempFilePath": path])
            XCTAssertEqual(late.map(\.event), ["fail", "complete"])
            XCTAssertEqual(late[0].result.errMsg, "\(api):fail \(WXTransferStatus.sessionClosed)")
            XCTAssertEqual(late[0].result.errno, 4)
        }
    }

    func testThePageAbortsItsTask() async throws {
        let directory = try TemporaryDirectory()
        let (messages, send) = AsyncStream.makeStream(of: String.self)
        let queue = DispatchQueue(label: "script")
        let host = try MiniProgramHost(testOptions(directory), scriptQueue: queue) { send.yield($0) }
        let url = server.faultPlain + "/fault/stall-in-body"
        try queue.sync {
            try host.receive(#"{"call":7,"api":"downloadFile","options":{"url":"\#(url)"}}"#)
            try host.receive(#"{"abort":7}"#)
        }
        for await message in messages where message.contains("\"complete\"") {
            XCTAssertTrue(message.contains("downloadFile:fail abort"), message)
            break
        }
        try host.close()
    }
}
