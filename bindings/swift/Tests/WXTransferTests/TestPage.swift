import Foundation
import WXTransfer
import XCTest

/// A message to a page.
struct PageAnswer: Decodable {
    struct Profile: Decodable {
        let peerIP: String
        let receivedBytedCount: Int
    }
    struct File: Decodable {
        let filePath: String
        let size, createTime: Int
    }
    struct Result: Decodable {
        var errMsg, data, digest, tempFilePath, savedFilePath: String?
        var filePath: String?
        var errno, errCode, statusCode, progress, size, createTime, dataLength: Int?
        var totalBytesSent, totalBytesExpectedToSend, totalBytesWritten, totalBytesExpectedToWrite: Int?
        var header: [String: String]?
        var cookies: [String]?
        var profile: Profile?
        var files: [String]?
        var fileList: [File]?
    }
    let call: Int
    let event: String
    var result = Result()

    private enum CodingKeys: String, CodingKey {
        case call, event, result
    }

    init(from decoder: any Decoder) throws {
        let message = try decoder.container(keyedBy: CodingKeys.self)
        call = try message.decode(Int.self, forKey: .call)
        event = try message.decode(String.self, forKey: .event)
        if let result = try message.decodeIfPresent(Result.self, forKey: .result) { self.result = result }
    }
}

/// A page and its host.
final class TestPage {
    let host: MiniProgramHost
    private let page: MiniProgramPage
    let queue: DispatchQueue
    private var reader: AsyncStream<String>.Iterator
    private var lastCall = 0

    private let finish: () -> Void

    convenience init(_ options: WXTransferSessionOptions) throws {
        let queue = DispatchQueue(label: "script")
        self.init(try MiniProgramHost(options, scriptQueue: queue), queue)
    }

    private init(_ host: MiniProgramHost, _ queue: DispatchQueue) {
        let (messages, send) = AsyncStream.makeStream(of: String.self)
        reader = messages.makeAsyncIterator()
        finish = { send.finish() }
        self.queue = queue
        self.host = host
        page = host.page { message in
            dispatchPrecondition(condition: .onQueue(queue))
            send.yield(message)
        }
    }

    /// Another page of the same mini program.
    func nextPage() -> TestPage { TestPage(host, queue) }

    /// The unread messages. No message follows.
    func rest() async -> [String] {
        queue.sync { finish() }
        var rest: [String] = []
        while let message = await reader.next() { rest.append(message) }
        return rest
    }

    func send(_ message: String) throws {
        try queue.sync { try page.receive(message) }
    }

    func sendSync(_ message: String) throws -> String {
        try queue.sync { try page.receiveSync(message) }
    }

    /// Sends a message and calls `gone` in the same turn of the queue, so that no answer can come in between.
    func sendAndGo(_ message: String) throws {
        try queue.sync {
            try page.receive(message)
            page.gone()
        }
    }

    func close() throws {
        try queue.sync { try host.close() }
    }

    /// The next answer. Checks that its text does not break a script's line.
    func answer() async throws -> PageAnswer {
        let message = try await { try XCTUnwrap($0) }(reader.next())
        XCTAssertFalse(message.contains { $0 == "\u{2028}" || $0 == "\u{2029}" }, message)
        return try JSONDecoder().decode(PageAnswer.self, from: Data(message.utf8))
    }

    /// All answers to a call, the last of which is `complete`.
    func answers(to call: Int) async throws -> [PageAnswer] {
        var answers: [PageAnswer] = []
        repeat {
            answers.append(try await answer())
        } while answers.last?.event != "complete"
        XCTAssertTrue(answers.allSatisfy { $0.call == call })
        let ends = answers.filter { ["success", "fail"].contains($0.event) }
        XCTAssertEqual(ends.count, 1)
        XCTAssertEqual(ends.first?.event, answers.dropLast().last?.event, "only complete comes after it")
        XCTAssertNil(answers.last?.result.errMsg, "complete has no result of its own")
        if let result = ends.first?.result { answers[answers.count - 1].result = result }
        return answers
    }

    func call(_ api: String, _ options: [String: Any] = [:]) async throws -> [PageAnswer] {
        lastCall += 1
        let message: [String: Any] = ["call": lastCall, "api": api, "options": options]
        try send(String(decoding: try JSONSerialization.data(withJSONObject: message), as: UTF8.self))
        return try await answers(to: lastCall)
    }
}
