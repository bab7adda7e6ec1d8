import Foundation
import WXTransfer
import WXTransferTesting
import XCTest

/// What an app shows, on the main actor.
@MainActor
final class PhotoModel {
    private let transfers: any WXTransfers
    private(set) var percent = 0
    private(set) var photo: URL?

    init(_ transfers: any WXTransfers) {
        self.transfers = transfers
    }

    func load(_ url: String) async throws {
        let task = try transfers.downloadFileTask(.init(url: url))
        photo = try await task.resultOrAbort { self.percent = $0.progress ?? 0 }.nativePath
    }
}

/// State of the main actor changes with a transfer, in Swift 6 language mode and without a warning.
final class MainActorTests: XCTestCase {
    func testProgressChangesAModel() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let fake = WXTransferFakeSession(directory: directory.url)
        fake.answerNext(.success(body: TestServer.pattern(1000)))
        for transfers in [session, fake] as [any WXTransfers] {
            try await showPhoto(transfers)
            try transfers.close()
        }
    }

    func testAModelReadsTheStreamsOfItsTask() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        try await readStreams(session)
    }

    func testClosuresOnTheMainQueueAreOnTheMainActor() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.callbackQueue = .main
        let session = try WXTransferSession(options)
        try await runClosures(session)
    }

    func testACancelledModelAbortsItsTransfer() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let task = try session.downloadFileTask(.init(url: TestServer.shared.faultPlain + "/fault/stall-in-body"))
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let reader = Task { @MainActor in
            try await task.resultOrAbort { _ in begin.finish() }
        }
        for await _ in begun {}
        reader.cancel()
        await cancelled { try await reader.value }
        XCTAssertFalse(task.abort(), "it has ended")
    }
}

@MainActor
private func showPhoto(_ transfers: any WXTransfers) async throws {
    let model = PhotoModel(transfers)
    try await model.load(TestServer.shared.tls + "/bytes/1000")
    XCTAssertEqual(model.percent, 100)
    XCTAssertEqual(try Data(contentsOf: XCTUnwrap(model.photo)), TestServer.pattern(1000))
}

@MainActor
private func readStreams(_ session: WXTransferSession) async throws {
    let seen = Seen()
    let task = try session.downloadFileTask(.init(url: TestServer.shared.tls + "/bytes/1000"))
    for await head in task.headers { seen.status = head.statusCode }
    for await progress in task.progress { seen.percent = progress.progress ?? 0 }
    let length = try await task.result.dataLength
    XCTAssertEqual([seen.percent, seen.status, Int(length)], [100, 200, 1000])
}

@MainActor
private func runClosures(_ session: WXTransferSession) async throws {
    let seen = Seen()
    let task = try session.downloadFile(
        .init(url: TestServer.shared.tls + "/bytes/1000"),
        onProgressUpdate: { progress in MainActor.assumeIsolated { seen.percent = progress.progress ?? 0 } },
        complete: { _ in MainActor.assumeIsolated { seen.isComplete = true } })
    _ = try await task.result
    XCTAssertEqual(seen.percent, 100)
    XCTAssertTrue(seen.isComplete)
}

@MainActor
private final class Seen {
    var percent = 0
    var status = 0
    var isComplete = false
}
