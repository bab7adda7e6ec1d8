import Foundation
import WXTransfer
import XCTest

/// `saveFile` and its like.
final class FileTests: XCTestCase {
    private let server = TestServer.shared

    func testASavedFileIsThereInTheNextLaunch() async throws {
        let directory = try TemporaryDirectory()
        var session = try WXTransferSession(testOptions(directory))
        let downloaded = try await session.downloadFile(.init(url: server.plain + "/bytes/1234?type=audio/amr"))
        let temporary = try XCTUnwrap(downloaded.tempFilePath)
        let before = UInt64(Date().timeIntervalSince1970)
        let saved = try await session.saveFile(tempFilePath: temporary)
        XCTAssertTrue(saved.filePath.hasPrefix("wxfile://store_"), saved.filePath)
        XCTAssertFalse(FileManager.default.fileExists(atPath: downloaded.nativePath.path), "it was moved")
        try session.close()

        session = try WXTransferSession(testOptions(directory))
        let list = try await session.getSavedFileList()
        XCTAssertEqual(list.map(\.filePath), [saved.filePath])
        XCTAssertEqual(list.map(\.size), [1234])
        XCTAssertTrue((before...before + 60).contains(list[0].createTime))
        let info = try await session.getSavedFileInfo(filePath: saved.filePath)
        XCTAssertEqual(info, list[0])
        XCTAssertEqual(try Data(contentsOf: info.nativePath), TestServer.pattern(1234))
        try await session.removeSavedFile(filePath: saved.filePath)
        let left = try await session.getSavedFileList()
        XCTAssertEqual(left, [])
    }

    func testASavedFileMayHaveAPathInUsr() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let downloaded = try await session.downloadFile(.init(url: server.plain + "/bytes/9"))
        let saved = try await session.saveFile(
            tempFilePath: XCTUnwrap(downloaded.tempFilePath), filePath: "wxfile://usr/voice.amr")
        XCTAssertEqual(saved.filePath, "wxfile://usr/voice.amr")
        let resolved = try await session.resolvePath("wxfile://usr/voice.amr")
        XCTAssertEqual(try Data(contentsOf: resolved.nativePath), TestServer.pattern(9))
    }

    func testFailuresHaveWeChatsTextAndNumber() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let unknown = try await failure { try await session.saveFile(tempFilePath: "wxfile://tmp_0.png") }
        XCTAssertEqual(unknown.errMsg, "saveFile:fail tempFilePath file not exist")
        XCTAssertEqual(unknown.errno, .temporaryFileNotExist)
        XCTAssertNil(unknown.profile)
        XCTAssertFalse(unknown.detail.isEmpty)
        let outside = try await failure { try await session.removeSavedFile(filePath: "wxfile://usr/../x") }
        XCTAssertEqual(outside.errno, .permissionDenied)
        XCTAssertEqual(outside.category, .file)
    }

    func testAFileOfTheHostIsImportedAndUploaded() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        options.pathPolicy = .sandbox
        let session = try WXTransferSession(options)
        let photo = try directory.file("photo 😀.jpg", TestServer.pattern(5000))
        let copied = try await session.importFile(nativePath: photo, mode: .copy)
        XCTAssertTrue(copied.filePath.hasPrefix("wxfile://tmp_") && copied.filePath.hasSuffix(".jpg"), copied.filePath)
        XCTAssertTrue(FileManager.default.fileExists(atPath: photo.path))
        let success = try await session.uploadFile(
            .init(url: server.tls + "/upload", filePath: copied.filePath, name: "file"))
        XCTAssertTrue(success.data.contains("\"length\":5000"), success.data)
        _ = try await session.importFile(nativePath: photo, mode: .move)
        XCTAssertFalse(FileManager.default.fileExists(atPath: photo.path))
    }

    func testAPipeIsImported() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let pipe = Pipe()
        let content = TestServer.pattern(3000)
        try pipe.fileHandleForWriting.write(contentsOf: content)
        try pipe.fileHandleForWriting.close()
        let imported = try await session.importFile(
            fileDescriptor: pipe.fileHandleForReading.fileDescriptor, name: "a.png")
        XCTAssertTrue(imported.filePath.hasSuffix(".png"), imported.filePath)
        XCTAssertEqual(try Data(contentsOf: imported.nativePath), content)
    }
}
