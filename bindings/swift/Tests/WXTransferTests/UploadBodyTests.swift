import Foundation
import WXTransfer
import XCTest

/// Uploads of several files, of bytes, and of a raw file.
final class UploadBodyTests: XCTestCase {
    private let server = TestServer.shared

    private struct Report: Decodable {
        struct File: Decodable {
            let name, filename, content_type: String
            let length: Int
        }
        let method: String
        let headers: [[String]]
        let parts: [String]?
        let files: [File]?
        let length: Int?
    }

    private func report(_ success: WXTransferUploadSuccess) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(success.data.utf8))
    }

    func testEachPartArrivesWithItsContentNameAndType() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let photo = try await session.importData(TestServer.pattern(70_000), name: "photo.png")
        XCTAssertTrue(photo.filePath.hasSuffix(".png"))
        let opened = try FileHandle(forReadingFrom: try directory.file("opened", TestServer.pattern(10)))
        var request = WXTransferUploadRequest(
            url: server.tls + "/upload",
            parts: [
                .init(name: "photo", filePath: photo.filePath),
                .init(name: "json", data: Data("{}".utf8), fileName: "a.json", mediaType: "text/😀"),
                .init(name: "empty", data: Data()),
                .init(name: "opened", fileDescriptor: opened.fileDescriptor, fileName: "o.txt"),
            ])
        request.formData = ["user": "test"]
        let report = try report(try await session.uploadFile(request))
        XCTAssertEqual(report.parts, ["user", "photo", "json", "empty", "opened"])
        let files = try XCTUnwrap(report.files)
        XCTAssertEqual(files.map(\.length), [70_000, 2, 0, 10])
        XCTAssertEqual(files.dropFirst().map(\.filename), ["a.json", "blob", "o.txt"])
        XCTAssertEqual(
            files.map(\.content_type), ["image/png", "text/😀", "application/octet-stream", "text/plain"])
    }

    func testTooManyPartsAreRefused() async throws {
        let session = try WXTransferSession(testOptions(try TemporaryDirectory()))
        let parts = (0..<101).map { WXTransferUploadPart(name: "p", data: TestServer.pattern($0)) }
        let success = try await session.uploadFile(.init(url: server.tls + "/upload", parts: Array(parts[..<100])))
        XCTAssertEqual(try report(success).files?.map(\.length), Array(0..<100))
        do {
            _ = try await session.uploadFile(.init(url: server.tls + "/upload", parts: parts))
            XCTFail("101 parts are too many")
        } catch let status as WXTransferStatus {
            XCTAssertEqual(status, .invalidArgument)
        }
    }

    func testARawBodyIsTheFileAndNothingElse() async throws {
        let session = try WXTransferSession(testOptions(try TemporaryDirectory()))
        let file = try await session.importData(TestServer.pattern(1000))
        var request = WXTransferUploadRequest(url: server.tls + "/raw", rawFilePath: file.filePath, method: .put)
        request.header = ["Content-Type": "image/heic"]
        for typed in [true, false] {
            let report = try report(try await session.uploadFile(request))
            XCTAssertEqual(report.method, "PUT")
            XCTAssertEqual(report.length, 1000)
            let types = report.headers.filter { $0[0].lowercased() == "content-type" }.map { $0[1] }
            XCTAssertEqual(types, typed ? ["image/heic"] : [])
            request.header = [:]
            request.data = TestServer.pattern(1000)
        }
    }
}
