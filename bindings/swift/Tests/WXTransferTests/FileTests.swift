import Foundation
import WXTransfer
import XCTest

/// File calls of a session.
final class FileTests: XCTestCase {
    private let server = TestServer.shared

    func testASavedFileExistsInTheNextLaunch() async throws {
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

    func testAPagesFilesAreWrittenReadMovedAndRemoved() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let files = session.files
        try await files.makeDirectory("wxfile://usr/\u{56fe}/a", recursive: true)
        try await files.write("wxfile://usr/\u{56fe}/b.txt", data: Data("hello".utf8))
        try await files.write("wxfile://usr/\u{56fe}/b.txt", data: Data(" world".utf8), mode: .append)
        try await files.write("wxfile://usr/\u{56fe}/b.txt", data: Data("W".utf8), mode: .at(position: 6))
        let whole = try await files.read("wxfile://usr/\u{56fe}/b.txt")
        XCTAssertEqual(whole, Data("hello World".utf8))
        let part = try await files.read("wxfile://usr/\u{56fe}/b.txt", position: 6, length: 3)
        XCTAssertEqual(part, Data("Wor".utf8))
        try await files.access("wxfile://usr/\u{56fe}/b.txt")
        let stats = try await files.stat("wxfile://usr/\u{56fe}/b.txt")
        XCTAssertEqual(stats.size, 11)
        XCTAssertTrue(stats.isFile && !stats.isDirectory && stats.mode & 0o777 == 0o600, "\(stats)")
        XCTAssertGreaterThan(stats.lastModifiedTime, UInt64(Date().timeIntervalSince1970) - 3600)
        XCTAssertNil(stats.path)
        let tree = try await files.statRecursive("wxfile://usr/\u{56fe}")
        XCTAssertEqual(tree.map(\.path), ["/", "/a", "/b.txt"])
        XCTAssertEqual(tree.map(\.isDirectory), [true, true, false])
        try await files.copy(srcPath: "wxfile://usr/\u{56fe}/b.txt", destPath: "wxfile://usr/\u{56fe}/c\u{1f600}")
        try await files.rename(oldPath: "wxfile://usr/\u{56fe}/b.txt", newPath: "wxfile://usr/\u{56fe}/a/b.txt")
        let names = try await files.listDirectory("wxfile://usr/\u{56fe}")
        XCTAssertEqual(names, ["a", "c\u{1f600}"])
        try await files.unlink("wxfile://usr/\u{56fe}/c\u{1f600}")
        try await files.removeDirectory("wxfile://usr/\u{56fe}", recursive: true)
        // The blocking functions call the same functions of the library.
        XCTAssertEqual(try blockingNames(session), [])
        try await files.write("wxfile://usr/empty", data: Data())
        let empty = try await files.read("wxfile://usr/empty")
        XCTAssertEqual(empty, Data())
    }

    private func blockingNames(_ session: WXTransferSession) throws -> [String] {
        try session.files.blocking.listDirectory("wxfile://usr")
    }

    /// The digests of "abc" are those of RFC 1321 and FIPS 180-4.
    func testDigestsAreThoseOfTheStandards() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        try await session.files.write("wxfile://usr/abc", data: Data("abc".utf8))
        let digests: [(WXTransferDigestAlgorithm, String)] = [
            (.md5, "900150983cd24fb0d6963f7d28e17f72"),
            (.sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ]
        for (algorithm, digest) in digests {
            let info = try await session.files.info("wxfile://usr/abc", digestAlgorithm: algorithm)
            XCTAssertEqual(info.size, 3)
            XCTAssertEqual(info.digest, digest)
        }
    }

    func testManyBytesAreWrittenAndReadUnchanged() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let content = TestServer.pattern(3_000_001)
        try await session.files.write("wxfile://usr/a", data: content)
        let whole = try await session.files.read("wxfile://usr/a")
        XCTAssertEqual(whole, content)
        // A slice, whose bytes do not begin at 0.
        try await session.files.write("wxfile://usr/a", data: content[1_000_000..<1_000_003])
        let slice = try await session.files.read("wxfile://usr/a")
        XCTAssertEqual(slice, content[1_000_000..<1_000_003])
    }

    func testAFailureHasWeChatsNumber() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let files = session.files
        try await files.makeDirectory("wxfile://usr/d/inside", recursive: true)
        try await files.write("wxfile://usr/a", data: Data("12345".utf8))
        let cases: [(String, WXTransferErrno, () async throws -> Void)] = [
            ("access:fail no such file or directory wxfile://usr/b", .fileNotFound, { try await files.access("wxfile://usr/b") }),
            ("unlink:fail operation not permitted wxfile://usr/d", .operationNotPermitted, { try await files.unlink("wxfile://usr/d") }),
            ("mkdir:fail file already exists wxfile://usr/d", .fileAlreadyExists, { try await files.makeDirectory("wxfile://usr/d") }),
            ("rmdir:fail directory not empty wxfile://usr/d", .directoryNotEmpty, { try await files.removeDirectory("wxfile://usr/d") }),
            ("readdir:fail not a directory wxfile://usr/a", .notADirectory, { _ = try await files.listDirectory("wxfile://usr/a") }),
            ("readFile:fail value of position is out of range", .positionOutOfRange, { _ = try await files.read("wxfile://usr/a", position: 5) }),
            ("writeFile:fail illegal operation on a directory, open wxfile://usr/d", .illegalOperationOnDirectory, {
                try await files.write("wxfile://usr/d", data: Data())
            }),
            ("rename:fail Is a directory wxfile://usr/d", .isADirectory, {
                try await files.rename(oldPath: "wxfile://usr/a", newPath: "wxfile://usr/d")
            }),
        ]
        for (errMsg, errno, call) in cases {
            let failed = try await failure(call)
            XCTAssertEqual(failed.errMsg, errMsg)
            XCTAssertEqual(failed.errno, errno)
        }
        try session.close()
        do {
            try await files.access("wxfile://usr")
            XCTFail("the session is closed")
        } catch let status as WXTransferStatus {
            XCTAssertEqual(status, .sessionClosed)
        }
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
