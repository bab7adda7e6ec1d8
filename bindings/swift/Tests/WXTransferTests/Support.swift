import Foundation
import WXTransfer
import XCTest

/// A directory that is removed at the end of a test.
final class TemporaryDirectory: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("wxtransfer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// A file that the host owns.
    func file(_ name: String, _ content: Data) throws -> URL {
        let file = url.appendingPathComponent(name)
        try content.write(to: file)
        return file
    }

    /// All files below that are not empty.
    func files() -> [String] {
        let all = FileManager.default.enumerator(atPath: url.path)?.compactMap { $0 as? String } ?? []
        return all.filter { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: url.appendingPathComponent(name).path)
            let regular = attributes?[.type] as? FileAttributeType == .typeRegular
            return regular && (attributes?[.size] as? Int ?? 0) > 0
        }
    }
}

/// Options of a session that may use the test server.
func testOptions(_ directory: TemporaryDirectory) -> WXTransferSessionOptions {
    var options = WXTransferSessionOptions(
        appID: "wx1234567890abcdef", platform: .iOS, clientVersion: "8.0.50",
        dataDirectory: directory.url.appendingPathComponent("data"))
    options.pathPolicy = .native
    options.lanPolicy = .allLocal
    options.allowPlainHTTP = true
    options.rootCertificates = TestServer.shared.certificate
    return options
}

/// The failure that `operation` throws.
func failure<Value>(
    file: StaticString = #filePath, line: UInt = #line, _ operation: () async throws -> Value
) async throws -> WXTransferFailure {
    do {
        let value = try await operation()
        XCTFail("a failure was expected, not \(value)", file: file, line: line)
        throw CancellationError()
    } catch let failure as WXTransferFailure {
        return failure
    }
}

/// Checks that `operation` throws `CancellationError`.
func cancelled<Value>(
    file: StaticString = #filePath, line: UInt = #line, _ operation: () async throws -> Value
) async {
    do {
        let value = try await operation()
        XCTFail("it was to be cancelled, and ended with \(value)", file: file, line: line)
    } catch {
        XCTAssertTrue(error is CancellationError, "\(error)", file: file, line: line)
    }
}

/// Records the arguments of a task's closures, in order.
final class Recorder<Success: Sendable>: Sendable {
    enum Event: Sendable {
        case headers(WXTransferHeadersReceived)
        case progress(WXTransferProgress)
        case success(Success)
        case fail(WXTransferFailure)
        case complete(Result<Success, WXTransferFailure>)
    }

    let events: AsyncStream<Event>
    let send: AsyncStream<Event>.Continuation

    init() {
        (events, send) = AsyncStream.makeStream(of: Event.self)
    }

    /// All events up to `complete`.
    func all() async -> [Event] {
        var all: [Event] = []
        for await event in events {
            all.append(event)
            if case .complete = event { send.finish() }
        }
        return all
    }

    /// Waits for the first event for which `condition` is true. If there is none, the task ends at its deadline.
    func wait(file: StaticString = #filePath, line: UInt = #line, _ condition: (Event) -> Bool) async {
        for await event in events {
            if condition(event) { return }
            if case .complete(let result) = event {
                return XCTFail("the task ended before: \(result)", file: file, line: line)
            }
        }
    }
}

extension Recorder where Success == WXTransferDownloadSuccess {
    @discardableResult
    func download(
        _ session: any WXTransfers, _ request: WXTransferDownloadRequest
    ) throws -> WXTransferDownloadTask {
        try session.downloadFile(
            request,
            success: { [send] in send.yield(.success($0)) },
            fail: { [send] in send.yield(.fail($0)) },
            onProgressUpdate: { [send] in send.yield(.progress($0)) },
            onHeadersReceived: { [send] in send.yield(.headers($0)) },
            onTrace: nil,
            complete: { [send] in send.yield(.complete($0)) })
    }
}

extension Recorder where Success == WXTransferUploadSuccess {
    @discardableResult
    func upload(_ session: any WXTransfers, _ request: WXTransferUploadRequest) throws -> WXTransferUploadTask {
        try session.uploadFile(
            request,
            success: { [send] in send.yield(.success($0)) },
            fail: { [send] in send.yield(.fail($0)) },
            onProgressUpdate: { [send] in send.yield(.progress($0)) },
            onHeadersReceived: { [send] in send.yield(.headers($0)) },
            onTrace: nil,
            complete: { [send] in send.yield(.complete($0)) })
    }
}

/// The header and the documents that belong to the package, found from this file.
enum Repository {
    static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)
    }

    /// The sources of modules, by the names of their files.
    static func sources(_ modules: String...) throws -> [String: String] {
        var sources: [String: String] = [:]
        for module in modules {
            let directory = package.appendingPathComponent("Sources/\(module)")
            for file in try FileManager.default.contentsOfDirectory(atPath: directory.path) where file.hasSuffix(".swift") {
                sources[file] = try String(contentsOf: directory.appendingPathComponent(file), encoding: .utf8)
            }
        }
        return sources
    }
}
