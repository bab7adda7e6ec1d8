import Foundation
import WXTransfer
import XCTest

/// A downloaded file that differs from what the request expects is not created.
final class IntegrityTests: XCTestCase {
    private let url = TestServer.shared.tls + "/bytes/100000"

    func testEachCheckReachesTheLibrary() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        var request = WXTransferDownloadRequest(url: url)
        let plain = try await session.downloadFile(request)
        XCTAssertNil(plain.sha256)
        request.wantSHA256 = true
        // The digest by the library's file call, for comparison.
        let wanted = try await session.downloadFile(request)
        let path = try XCTUnwrap(wanted.tempFilePath)
        let sha256 = try await session.files.info(path, digestAlgorithm: .sha256).digest
        XCTAssertEqual(wanted.sha256, sha256)
        request = WXTransferDownloadRequest(url: url + "?digest=1")
        request.expectedSHA256 = sha256.uppercased()
        request.expectedLength = 100_000
        request.verifyDigest = true
        let expected = try await session.downloadFile(request)
        XCTAssertEqual(expected.sha256, sha256)

        request.expectedSHA256 = String(repeating: "0", count: 64)
        try await check(session, request, "has another SHA-256 than expected")
        request = WXTransferDownloadRequest(url: url)
        request.expectedLength = 5
        try await check(session, request, "has 100000 bytes in place of 5")
        request = WXTransferDownloadRequest(url: url + "?digest=0")
        request.verifyDigest = true
        try await check(session, request, "has another digest than Repr-Digest says")
    }

    private func check(_ session: WXTransferSession, _ request: WXTransferDownloadRequest, _ reason: String) async throws {
        let failure = try await failure { try await session.downloadFile(request) }
        XCTAssertEqual(failure.category, .integrity)
        XCTAssertTrue(failure.retryable)
        XCTAssertEqual(failure.detail, "the file " + reason)
    }
}
