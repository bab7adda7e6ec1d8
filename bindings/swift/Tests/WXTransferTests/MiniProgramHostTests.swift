import Foundation
import WXTransfer
import XCTest

/// The guide's code works as described, and answers each call of a page once.
final class MiniProgramHostTests: XCTestCase {
    private let server = TestServer.shared

    func testThePageOfTheGuideUploadsAChosenPhotoAndSavesADownload() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
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
        let cookies = try await page.call("downloadFile", ["url": server.tls + "/cookies"])
        XCTAssertEqual(cookies.last?.result.cookies, ["a=1; Path=/", "b=2, 3"])
        XCTAssertEqual(cookies.last?.result.header?["vary"], "Accept, Origin")
        XCTAssertNotNil(cookies.last?.result.profile)
        let bare = try await page.call("downloadFile", ["url": server.tls + "/bytes/1", "enableProfile": false])
        XCTAssertEqual(bare.last?.result.statusCode, 200)
        XCTAssertNil(bare.last?.result.profile)
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
            let errMsg = try XCTUnwrap(late[0].result.errMsg)
            XCTAssertTrue(errMsg.hasPrefix("\(api):fail \(WXTransferStatus.sessionClosed)"), errMsg)
            XCTAssertEqual(late[0].result.errno, api == "uploadFile" || api == "downloadFile" ? 4 : 1300201)
        }
    }

    func testTheOptionsOfTheGuideAreThoseOfTheMiniProgram() async throws {
        let port = try XCTUnwrap(URLComponents(string: server.tls)?.port)
        let domain = "https://example.test:\(port)"
        var options = try MiniProgramHost.options(appID: "wx1234567890abcdef", version: "12", domains: [domain])
        let support = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
        XCTAssertTrue(options.dataDirectory.path.hasPrefix(support.path + "/"), options.dataDirectory.path)
        // Changes only the options by which this machine serves that domain.
        let directory = try TemporaryDirectory()
        options.dataDirectory = directory.url
        options.rootCertificates = server.certificate
        options.resolver = { _ in ["127.0.0.1"] }
        let strict = try TestPage(options)
        var upload = ["filePath": try await strict.host.chosen(directory.file("photo.jpg", Data())), "name": "file"]
        for url in ["https://other.test:\(port)/", server.tls, server.plain] {
            for (api, options) in [("uploadFile", upload), ("downloadFile", [:])] {
                let refused = try await strict.call(api, options.merging(["url": url]) { $1 })
                XCTAssertEqual(refused.map(\.event), ["fail", "complete"], "\(api) \(url)")
            }
        }
        try strict.close()
        // A domain may resolve to the device itself only with this policy.
        options.lanPolicy = .allLocal
        let page = try TestPage(options)
        upload["filePath"] = try await page.host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        let uploaded = try await page.call("uploadFile", upload.merging(["url": domain + "/upload"]) { $1 })
        let data = try XCTUnwrap(uploaded.last?.result.data, uploaded.last?.result.errMsg ?? "no answer")
        XCTAssertTrue(data.contains("https://servicewechat.com/wx1234567890abcdef/12/page-frame.html"), data)
        let downloaded = try await page.call("downloadFile", ["url": domain + "/bytes/42"])
        XCTAssertEqual(downloaded.last?.result.dataLength, 42)
    }

    func testCallsHaveTheTimeoutThatThePageSets() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
        let photo = try await page.host.chosen(directory.file("photo.jpg", TestServer.pattern(100)))
        let stalled = server.faultPlain + "/fault/stall-before-answer"
        // This call starts first and has the default timeout. Calls with the default timeout would end after it.
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

    func testHeadersHaveTheirStatusAndValuesOfOneNameAreJoined() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
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

    func testAPageReceivesTheAttributesOfItsSavedFiles() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
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

    func testMessagesThatAreNotAsDescribedGetAFailure() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
        let rows: [(message: String, failure: String, errno: Int)] = [
            (#""api":"uploadFile""#, "uploadFile:fail invalid request data name", 600010),
            (#""api":"downloadFile","options":{"url":7}"#, "downloadFile:fail invalid url", 600009),
            (#""api":"downloadFile","options":[]"#, "downloadFile:fail invalid url", 600009),
            (#""api":"shareFile","options":{}"#, "shareFile:fail not supported", 1300201),
            (#""none":0"#, ":fail not supported", 1300201),
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
        // A message without the number of a call cannot be answered.
        try page.send("[]")
        try page.send(#"{"abort":99}"#)
    }

    func testAPageWorksWithItsFiles() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
        let file = "wxfile://usr/d/a"
        let made = try await page.call("mkdir", ["dirPath": "wxfile://usr/d"])
        XCTAssertEqual(made[0].result.errMsg, "mkdir:ok")
        _ = try await page.call("writeFile", ["filePath": file, "data": "é😀", "encoding": "utf8"])
        _ = try await page.call("appendFile", ["filePath": file, "data": "AP8=", "encoding": "base64"])
        let read = try await page.call("readFile", ["filePath": file, "encoding": "base64", "position": 2])
        XCTAssertEqual(read[0].result.data, "8J+YgAD/")
        let info = try await page.call("getFileInfo", ["filePath": file, "digestAlgorithm": "md5"])
        XCTAssertEqual([info[0].result.size, info[0].result.digest?.count], [8, 32])
        _ = try await page.call("copyFile", ["srcPath": file, "destPath": "wxfile://usr/d/b"])
        _ = try await page.call("rename", ["oldPath": "wxfile://usr/d/b", "newPath": "wxfile://usr/d/c"])
        let listed = try await page.call("readdir", ["dirPath": "wxfile://usr/d"])
        XCTAssertEqual(listed[0].result.files, ["a", "c"])
        _ = try await page.call("unlink", ["filePath": "wxfile://usr/d/c"])
        let missing = try await page.call("access", ["path": "wxfile://usr/d/c"])
        XCTAssertEqual([missing[0].result.errno, missing[0].result.errCode], [1300002, 1300002])
        for (api, options, failure, code) in [
            ("readFile", ["filePath": file, "encoding": "utf7"], "Invalid argument encoding", 1300022),
            ("getFileInfo", ["filePath": file], "Invalid argument digestAlgorithm", 1300022),
            ("writeFile", ["filePath": file, "encoding": "base64", "data": "a"], "base64 encode error", 1300203),
            ("writeFile", ["filePath": file, "encoding": "utf8"], "Invalid argument data", 1300022),
            ("appendFile", ["filePath": file, "encoding": "utf8", "data": 5], "Invalid argument data", 1300022),
            ("rmdir", ["dirPath": "wxfile://usr/d", "recursive": "true"], "Invalid argument recursive", 1300022),
            ("readFile", ["filePath": file, "encoding": "utf8", "position": -1], "value of position is out of range", 1301009),
            ("readFile", ["filePath": file, "encoding": "utf8", "position": 0.5], "value of position is out of range", 1301009),
            ("readFile", ["filePath": file, "encoding": "utf8", "length": 0], "value of length is out of range", 1301006),
        ] as [(String, [String: any Sendable], String, Int)] {
            let refused = try await page.call(api, options)
            XCTAssertEqual(refused[0].result.errMsg, "\(api):fail \(failure)")
            XCTAssertEqual([refused[0].result.errno, refused[0].result.errCode], [code, code])
        }
        let removed = try await page.call("rmdir", ["dirPath": "wxfile://usr/d", "recursive": true])
        XCTAssertEqual(removed[0].result.errMsg, "rmdir:ok")
    }

    func testSynchronousCallsReturnTheirAnswer() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
        func answer(_ api: String, _ options: [String: Any]) throws -> [String: [String: Any]] {
            let message = try JSONSerialization.data(withJSONObject: ["api": api, "options": options])
            let answer = try page.sendSync(String(decoding: message, as: UTF8.self))
            return try XCTUnwrap(JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: [String: Any]])
        }
        _ = try answer("mkdir", ["dirPath": "wxfile://usr/d/e", "recursive": true])
        _ = try answer("writeFile", ["filePath": "wxfile://usr/d/a", "data": "abc", "encoding": "utf8"])
        let read = try answer("readFile", ["filePath": "wxfile://usr/d/a", "encoding": "utf8"])
        XCTAssertEqual(read["success"]?["data"] as? String, "abc")
        XCTAssertEqual(read["success"]?["errMsg"] as? String, "readFile:ok")
        let stats = try answer("stat", ["path": "wxfile://usr/d/a"])["success"]?["stats"] as? [String: Int]
        XCTAssertEqual(stats?["size"], 3)
        XCTAssertEqual(stats.map { $0["mode", default: 0] & 0o170000 }, 0o100000)
        let all = try answer("stat", ["path": "wxfile://usr/d", "recursive": true])["success"]?["stats"]
        XCTAssertEqual((all as? [[String: Any]])?.map { $0["path"] as? String }, ["/", "/a", "/e"])
        let missing = try answer("unlink", ["filePath": "wxfile://usr/none"])
        XCTAssertEqual(missing["fail"]?["errCode"] as? Int, 1300002)
        let unknown = try answer("downloadFile", ["url": server.plain])
        XCTAssertEqual(unknown["fail"]?["errMsg"] as? String, "downloadFile:fail not supported")
    }

    func testAPageThatIsGoneReceivesNothing() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
        let new = page.nextPage()
        let url = server.faultPlain + "/fault/stall-in-body"
        try page.sendAndGo(#"{"call":1,"api":"downloadFile","options":{"url":"\#(url)"}}"#)
        try page.send(#"{"call":2,"api":"getSavedFileList","options":{}}"#)
        // The session stays open for the next page.
        let list = try await new.call("getSavedFileList")
        XCTAssertEqual(list[0].result.fileList?.count, 0)
        try page.close()
        let nothing = await page.rest()
        XCTAssertEqual(nothing, [])
    }

    func testThePageAbortsItsTask() async throws {
        let directory = try TemporaryDirectory()
        let page = try TestPage(testOptions(directory))
        let url = server.faultPlain + "/fault/stall-in-body"
        try page.send(#"{"call":7,"api":"downloadFile","options":{"url":"\#(url)"}}"#)
        try page.send(#"{"abort":7}"#)
        let answers = try await page.answers(to: 7)
        XCTAssertEqual(answers.last?.result.errMsg, "downloadFile:fail abort")
        try page.send(#"{"abort":7}"#)
    }

    func testClosingAnswersRunningAndWaitingCalls() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.maxConcurrentDownloads = 1
        let page = try TestPage(options)
        let url = server.faultPlain + "/fault/stall-in-body"
        for call in 1...3 {
            try page.send(#"{"call":\#(call),"api":"downloadFile","options":{"url":"\#(url)"}}"#)
        }
        try page.send(#"{"call":4,"api":"getSavedFileList","options":{}}"#)
        try page.close()
        // The file call runs on another thread, so its answer may come between the others.
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
