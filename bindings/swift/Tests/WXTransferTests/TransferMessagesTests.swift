import Foundation
import WXTransfer
import XCTest

/// The class of `docs/react-native.md` and `docs/flutter.md`.
final class TransferMessagesTests: XCTestCase {
    func testAScreenDownloads() async throws {
        let directory = try TemporaryDirectory()
        let (texts, deliver) = AsyncStream.makeStream(of: String.self)
        let options = testOptions(directory)
        let messages = TransferMessages(options) { deliver.yield($0) }
        messages.send("no message")
        messages.send(#"{"call":1,"api":"downloadFile","options":{"url":"\#(TestServer.shared.plain)/bytes/5"}}"#)
        var status: Int?
        for await text in texts {
            let message = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            XCTAssertEqual(message["call"] as? Int, 1)
            let result = message["result"] as? [String: Any]
            status = result?["statusCode"] as? Int ?? status
            if message["event"] as? String == "complete" { break }
        }
        XCTAssertEqual(status, 200)

        let path = try await messages.chosen(directory.file("photo.jpg", Data("photo".utf8)))
        XCTAssertTrue(path.hasPrefix("wxfile://tmp_"), path)
        messages.enterBackground()
        messages.enterForeground()
        try messages.close()
    }

    func testCallsOfASessionThatCannotBeOpenedFail() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.downloadDomains = ["https://localhost"]
        let invalid = options
        let (texts, deliver) = AsyncStream.makeStream(of: String.self)
        let messages = TransferMessages(invalid) { deliver.yield($0) }
        messages.send("no message")
        messages.send(#"{"call":7,"api":"downloadFile","options":{"url":"https://localhost/"}}"#)
        var answers = texts.makeAsyncIterator()
        for event in ["fail", "complete"] {
            let text = await answers.next()
            let message = try XCTUnwrap(JSONSerialization.jsonObject(with: Data(try XCTUnwrap(text).utf8)) as? [String: Any])
            XCTAssertEqual(message["call"] as? Int, 7)
            XCTAssertEqual(message["event"] as? String, event)
            guard event == "fail" else { continue }
            let result = try XCTUnwrap(message["result"] as? [String: Any])
            let errMsg = try XCTUnwrap(result["errMsg"] as? String)
            XCTAssertTrue(errMsg.hasPrefix("downloadFile:fail ") && errMsg.contains("download_domains[0]"), errMsg)
            XCTAssertEqual(result["errno"] as? Int, 4)
        }
        do {
            _ = try await messages.chosen(directory.file("photo.jpg", Data("photo".utf8)))
            XCTFail("a file was imported without a session")
        } catch let refused as WXTransferStatus {
            XCTAssertEqual(refused, .invalidDomain)
        }
        try messages.close()
    }

    func testTheGuidePrintsThisClass() throws {
        let code = try Repository.text("Tests/WXTransferTests/TransferMessages.swift")
        let guide = try Repository.text("../../docs/react-native.md")
        XCTAssertTrue(guide.contains("```swift\n\(code)```"), "docs/react-native.md prints other code")
    }
}
