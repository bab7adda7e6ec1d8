import Foundation
import WXTransfer
import XCTest

/// The guide's code does what it says, and answers each call of a page once.
final class MiniProgramHostTests: XCTestCase {
    private let server = TestServer.shared

    private struct Answer: Decodable {
        struct Profile: Decodable {
            let peerIP: String
            let receivedBytedCount: Int
        }
        struct File: Decodable {
            let filePath: String
            let size, createTime: Int
        }
        struct Result: Decodable {
            let errMsg, data, tempFilePath, savedFilePath: String?
            let filePath: String?
            let errno, statusCode, progress, size, createTime, dataLength: Int?
            let totalBytesSent, totalBytesExpectedToSend, totalBytesWritten, totalBytesExpectedToWrite: Int?
            let header: [String: String]?
            let profile: Profile?
            let fileList: [File]?
        }
        let call: Int
        let event: String
        let result: Result
    }

    /// A page and its host.
    private final class Page {
        let host: MiniProgramHost
        let queue = DispatchQueue(label: "script")
        private var reader: AsyncStream<String>.Iterator
        private var lastCall = 0

        init(_ options: WXTransferSessionOptions) throws {
            let (messages, send) = AsyncStream.makeStream(of: String.self)
            let queue = queue
            reader = messages.makeAsyncIterator()
            host = try MiniProgramHost(options, scriptQueue: queue) { message in
                dispatchPrecondition(condition: .onQueue(queue))
                send.yield(message)
            }
        }

        func send(_ message: String) throws {
            try queue.sync { try host.receive(message) }
        }

        func close() throws {
            try queue.sync { try host.close() }
        }

        /// The next answer, whose text no script breaks at.
        func answer() async throws -> Answer {
            let message = try await { try XCTUnwrap($0) }(reader.next())
            XCTAssertFalse(message.contains { $0 == "\u{2028}" || $0 == "\u{2029}" }, message)
            return try JSONDecoder().decode(Answer.self, from: Data(message.utf8))
        }

        /// All answers to a call, the last of which is `complete`.
        func answers(to call: Int) async throws -> [Answer] {
            var answers: [Answer] = []
            repeat {
                answers.append(try await answer())
            } while answers.last?.event != "complete"
            XCTAssertTrue(answers.allSatisfy { $0.call == call })
            let ends = answers.filter { ["success", "fail"].contains($0.event) }
            XCTAssertEqual(ends.count, 1)
            XCTAssertEqual(ends.first?.event, answers.dropLast().last?.event, "only complete comes after it")
            XCTAssertEqual(ends.first?.result.errMsg, answers.last?.result.errMsg)
            return answers
        }

        func call(_ api: String, _ options: [String: Any] = [:]) async throws -> [Answer] {
            lastCall += 1
            let message: [String: Any] = ["call": lastCall, "api": api, "options": options]
            try send(String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self))
            return try await answers(to: lastCall)
        }
    }

    func testThePageOfTheGuideUploadsAChosenPhotoAndSavesADownload() async throws {
        let directory = try TemporaryDirectory()
        let page = try Page(testOptions(directory))
        let photo = try await page.host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        let uploaded = try await page.call("uploadFile", [
            "url": server.tls + "/upload", "filePath": photo, "name": "file", "timeout": 30_000, "fileName": "😀.jpg",
            "formData": [["user", "test\u{2028}"], ["count", "3"], ["user", "again"]], "header": [["token", "1"]],
        ])
        let head = uploaded.first { $0.event == "headersReceived" }
        XCTAssertEqual(head?.result.header?["content-type"], "application/json")
        let sent = try XCTUnwrap(uploaded.last { $0.event == "progressUpdate" }).result
        XCTAssertEqual(sent.progress, 100)
        XCTAssertGreaterThan(try XCTUnwrap(sent.totalBytesSent), 100)
        XCTAssertEqual(sent.totalBytesSent, sent.totalBytesExpectedToSend)
        let data = try XCTUnwrap(uploaded.first { $0.event == "success" }?.result.data)
        XCTAssertEqual(uploaded.last?.result.data, data)
        XCTAssertEqual(uploaded.last?.result.profile?.peerIP, "127.0.0.1")
        XCTAssertGreaterThan(try XCTUnwrap(uploaded.last?.result.profile?.receivedBytedCount), 0)
        XCTAssertTrue(data.contains(#""parts":["user","count","user","file"]"#), data)
        XCTAssertTrue(data.contains("test\u{2028}") && data.contains("😀.jpg"), data)

        let downloaded = try await page.call("downloadFile", ["url": server.tls + "/bytes/42", "timeout": 1e300])
        let path = try XCTUnwrap(downloaded.first { $0.event == "success" }?.result.tempFilePath)
        XCTAssertEqual(downloaded.last?.result.dataLength, 42)
        let written = try XCTUnwrap(downloaded.last { $0.event == "progressUpdate" }).result
        XCTAssertEqual([written.totalBytesWritten, written.totalBytesExpectedToWrite, written.progress], [42, 42, 100])
        let named = try await page.call("downloadFile", ["url": server.tls + "/bytes/1", "filePath": "wxfile://usr/a"])
        XCTAssertEqual(named.last?.result.filePath, "wxfile://usr/a")
        XCTAssertNil(named.last?.result.tempFilePath)
        let saved = try await page.call("saveFile", ["tempFilePath": path])
        let store = try XCTUnwrap(saved[0].result.savedFilePath)
        XCTAssertTrue(store.hasPrefix("wxfile://store_"), store)
        let again = try await page.call("saveFile", ["tempFilePath": path])
        XCTAssertEqual(again[0].result.errno, 1301112)
        let list = try await page.call("getSavedFileList")
        XCTAssertEqual(list[0].result.fileList?.map(\.filePath), [store])
        XCTAssertEqual(list[0].result.fileList?.map(\.size), [42])
        let info = try await page.call("getSavedFileInfo", ["filePath": store])
        XCTAssertEqual(info[0].result.size, 42)
        XCTAssertEqual(info[0].result.createTime, list[0].result.fileList?.first?.createTime)
        let removed = try await page.call("removeSavedFile", ["filePath": store])
        XCTAssertEqual(removed.map(\.result.errMsg), ["removeSavedFile:ok", "removeSavedFile:ok"])
        let left = try await page.call("getSavedFileList")
        XCTAssertEqual(left[0].result.fileList?.count, 0)

        try page.host.enterBackground()
        let taken = try await page.call("downloadFile", ["url": server.tls + "/bytes/42"])
        XCTAssertEqual(taken.last?.result.dataLength, 42)
        try page.host.enterForeground()
        try page.close()
        for api in ["uploadFile", "downloadFile", "saveFile", "getSavedFileList", "getSavedFileInfo", "removeSavedFile"] {
            let late = try await page.call(api, ["url": server.tls, "tempFilePath": path, "filePath": store])
            XCTAssertEqual(late[0].result.errMsg, "\(api):fail \(WXTransferStatus.sessionClosed)")
            XCTAssertEqual(late[0].result.errno, 4)
        }
    }

    func testTheOptionsOfTheGuideAreThoseOfTheMiniProgram() async throws {
        let port = try XCTUnwrap(URLComponents(string: server.tls)?.port)
        let domain = "https://example.test:\(port)"
        var options = try MiniProgramHost.options(appId: "wx1234567890abcdef", version: "12", domains: [domain])
        let support = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
        XCTAssertTrue(options.dataDirectory.path.hasPrefix(support.path + "/"), options.dataDirectory.path)
        // Only what makes this machine answer for that domain.
        let directory = try TemporaryDirectory()
        options.dataDirectory = directory.url
        options.rootCertificates = server.certificate
        options.resolver = { _ in ["127.0.0.1"] }
        let strict = try Page(options)
        var upload = ["filePath": try await strict.host.chosen(directory.file("photo.jpg", Data())), "name": "file"]
        for url in ["https://other.test:\(port)/", server.tls, server.plain] {
            for (api, options) in [("uploadFile", upload), ("downloadFile", [:])] {
                let refused = try await strict.call(api, options.merging(["url": url]) { $1 })
                XCTAssertEqual(refused.map(\.event), ["fail", "complete"], "\(api) \(url)")
            }
        }
        try strict.close()
        // The device itself may stand for a domain only where the local network is allowed.
        options.lanPolicy = .allLocal
        let page = try Page(options)
        upload["filePath"] = try await page.host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        let uploaded = try await page.call("uploadFile", upload.merging(["url": domain + "/upload"]) { $1 })
        let data = try XCTUnwrap(uploaded.last?.result.data, uploaded.last?.result.errMsg ?? "no answer")
        XCTAssertTrue(data.contains("https://servicewechat.com/wx1234567890abcdef/12/page-frame.html"), data)
        let downloaded = try await page.call("downloadFile", ["url": domain + "/bytes/42"])
        XCTAssertEqual(downloaded.last?.result.dataLength, 42)
    }

    func testCallsHaveTheTimeoutThatThePageNames() async throws {
        let directory = try TemporaryDirectory()
        let page = try Page(testOptions(directory))
        let photo = try await page.host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        let stalled = server.faultPlain + "/fault/stall-before-answer"
        // It has begun before the others and has the default: theirs would end after it.
        try page.send(#"{"call":100,"api":"downloadFile","options":{"url":"\#(stalled)"}}"#)
        let upload = try await page.call("uploadFile", [
            "url": stalled, "filePath": photo, "name": "file", "timeout": 100,
        ])
        XCTAssertEqual(upload.last?.result.errMsg, "uploadFile:fail timeout")
        let download = try await page.call("downloadFile", ["url": stalled, "timeout": 100])
        XCTAssertEqual(download.last?.result.errMsg, "downloadFile:fail timeout")
        try page.send(#"{"abort":100}"#)
        let aborted = try await page.answers(to: 100)
        XCTAssertEqual(aborted.last?.result.errMsg, "downloadFile:fail abort")
    }

    func testHeadersComeWithTheirStatusAndValuesOfOneNameTogether() async throws {
        let directory = try TemporaryDirectory()
        let page = try Page(testOptions(directory))
        let photo = try await page.host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        for (api, options) in [("uploadFile", ["filePath": photo, "name": "file"]), ("downloadFile", [:])] {
            let url = ["url": server.plain + "/status/404"]
            let answers = try await page.call(api, options.merging(url) { $1 })
            XCTAssertEqual(answers.filter { $0.event == "headersReceived" }.map(\.result.statusCode), [404], api)
        }
        let listener = try Listener(full: false)
        async let answered: Void = listener.answer(
            "HTTP/1.1 200 OK\r\nX-A: one\r\nX-B: two\r\nx-a: three\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let answers = try await page.call("downloadFile", ["url": "http://127.0.0.1:\(listener.port)/"])
        await answered
        let header = try XCTUnwrap(answers.first { $0.event == "headersReceived" }?.result.header)
        XCTAssertEqual(
            header, ["X-A": "one, three", "X-B": "two", "Content-Length": "0", "Connection": "close"])
    }

    func testAPageLearnsOfItsSavedFilesWhatTheLibraryKnows() async throws {
        let directory = try TemporaryDirectory()
        let page = try Page(testOptions(directory))
        let before = Int(Date().timeIntervalSince1970)
        var stored: [String] = []
        for (length, target) in [(10, nil), (20, "wxfile://usr/kept.txt")] {
            let photo = try await page.host.chosen(directory.file("\(length).txt", TestServer.pattern(length)))
            var options = ["tempFilePath": photo]
            options["filePath"] = target
            let saved = try await page.call("saveFile", options)
            stored.append(try XCTUnwrap(saved.last?.result.savedFilePath))
        }
        XCTAssertEqual(stored[1], "wxfile://usr/kept.txt")
        let list = try await page.call("getSavedFileList")
        let info = try await page.call("getSavedFileInfo", ["filePath": stored[0]])
        let after = Int(Date().timeIntervalSince1970)
        let file = try XCTUnwrap(list.last?.result.fileList?.first)
        XCTAssertEqual(list.last?.result.fileList?.count, 1)
        XCTAssertEqual(file.filePath, stored[0])
        XCTAssertEqual([file.size, info.last?.result.size], [10, 10])
        XCTAssertTrue((before...after).contains(file.createTime), "\(file.createTime)")
        XCTAssertEqual(info.last?.result.createTime, file.createTime)
    }

    func testMessagesThatAreNotAsDescribedAreAnswered() async throws {
        let directory = try TemporaryDirectory()
        let page = try Page(testOptions(directory))
        let rows: [(message: String, failure: String, errno: Int)] = [
            (
                #""api":"uploadFile""#,
                "uploadFile:fail parameter error: parameter.name should be String instead of Undefined;", 1001
            ),
            (#""api":"downloadFile","options":{"url":7}"#, "downloadFile:fail invalid url", 600009),
            (#""api":"downloadFile","options":[]"#, "downloadFile:fail invalid url", 600009),
            (#""api":"shareFile","options":{}"#, "shareFile:fail not supported", 4),
            (#""none":0"#, ":fail not supported", 4),
            (#""api":"saveFile","options":{}"#, "saveFile:fail tempFilePath file not exist", 1301112),
            (
                #""api":"downloadFile","options":{"header":{"a":"b"}}"#,
                "downloadFile:fail invalid request data header", 600010
            ),
            (
                #""api":"downloadFile","options":{"header":[["a"]]}"#,
                "downloadFile:fail invalid request data header", 600010
            ),
            (
                #""api":"downloadFile","options":{"header":[["a","b","c"]]}"#,
                "downloadFile:fail invalid request data header", 600010
            ),
            (
                #""api":"uploadFile","options":{"formData":[["a",1]]}"#,
                "uploadFile:fail invalid request data formData", 600010
            ),
            (
                #""api":"downloadFile","options":{"url":"https://a.test/","header":null,"timeout":-1e99}"#,
                "downloadFile:fail url not in domain list", 600002
            ),
        ]
        for (number, row) in rows.enumerated() {
            try page.send("{\"call\":\(number),\(row.message)}")
            let answers = try await page.answers(to: number)
            XCTAssertEqual(answers.map(\.event), ["fail", "complete"], row.message)
            XCTAssertEqual(answers[0].result.errMsg, row.failure, row.message)
            XCTAssertEqual(answers[0].result.errno, row.errno, row.message)
        }
        XCTAssertThrowsError(try page.send("none"))
        // What names no call cannot be answered.
        try page.send("[]")
        try page.send(#"{"abort":99}"#)
    }

    func testThePageAbortsItsTask() async throws {
        let directory = try TemporaryDirectory()
        let page = try Page(testOptions(directory))
        let url = server.faultPlain + "/fault/stall-in-body"
        try page.send(#"{"call":7,"api":"downloadFile","options":{"url":"\#(url)"}}"#)
        try page.send(#"{"abort":7}"#)
        let answers = try await page.answers(to: 7)
        XCTAssertEqual(answers.last?.result.errMsg, "downloadFile:fail abort")
        try page.send(#"{"abort":7}"#)
    }

    func testClosingAnswersWhatRunsAndWhatWaits() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.maxConcurrentDownloads = 1
        let page = try Page(options)
        let url = server.faultPlain + "/fault/stall-in-body"
        for call in 1...3 {
            try page.send(#"{"call":\#(call),"api":"downloadFile","options":{"url":"\#(url)"}}"#)
        }
        try page.send(#"{"call":4,"api":"getSavedFileList","options":{}}"#)
        try page.close()
        // The list is made on another thread, and may be answered between the others.
        var events: [Int: [String]] = [:]
        while events.values.filter({ $0.last == "complete" }).count < 4 {
            let answer = try await page.answer()
            events[answer.call, default: []].append(answer.event)
        }
        for call in 1...3 {
            XCTAssertEqual(events[call]?.filter { $0 != "headersReceived" && $0 != "progressUpdate" }, ["fail", "complete"])
        }
        XCTAssertEqual(events[4]?.count, 2)
    }
}
