import Foundation
import WXTransfer

/// The code of the articles in `WXTransfer.docc`, which DocumentationTests compares. The rest of it is in PhotoScreenTests and
/// MainActorTests.
enum ArticleCode {
    enum Shown: Equatable {
        case photo(URL)
        case message(String, canBeTriedAgain: Bool)
        case nothing
    }

    static func gettingStarted(_ directory: URL) async throws {
        var options = WXTransferSessionOptions(
            appID: "wx1234567890abcdef", platform: .iOS, clientVersion: "8.0.50", dataDirectory: directory)
        options.uploadDomains = ["https://example.com"]
        options.downloadDomains = ["https://example.com"]
        let session = try WXTransferSession(options)

        let download = try await session.downloadFile(.init(url: "https://example.com/photo.jpg"))
        let type = download.header["content-type"]
        let upload = try await session.uploadFile(
            .init(url: "https://example.com/upload", filePath: download.tempFilePath ?? "", name: "file", formData: ["album": "1"]))
        print(type ?? "", upload.data)
    }

    /// The place of a saved photo, and the names of a directory.
    static func files(_ session: WXTransferSession, _ photo: URL) async throws -> (URL, [String]) {
        let chosen = try await session.importFile(nativePath: photo, mode: .copy)
        let saved = try await session.saveFile(tempFilePath: chosen.filePath)
        let viewed = try await session.resolvePath(saved.filePath).nativePath

        try await session.files.makeDirectory("wxfile://usr/notes")
        try await session.files.write("wxfile://usr/notes/1.txt", data: Data("hello".utf8))
        let names = try await session.files.listDirectory("wxfile://usr/notes")
        return (viewed, names)
    }

    static func failures(_ transfers: any WXTransfers, _ url: String) async throws -> Shown {
        do {
            return .photo(try await transfers.downloadFile(.init(url: url)).nativePath)
        } catch is CancellationError {
            return .nothing
        } catch let failure as WXTransferFailure {
            return .message(failure.localizedDescription, canBeTriedAgain: failure.retryable)
        }
    }

    static func rates(_ session: WXTransferSession, _ url: String) async throws -> WXTransferDownloadSuccess {
        var request = WXTransferDownloadRequest(url: url)
        request.maxBytesPerSecond = 200_000
        request.priority = 1
        let task = try session.downloadFileTask(request)
        task.setMaxBytesPerSecond(nil)
        try session.setMaxBytesPerSecond(1_000_000)
        return try await task.result
    }

    static func options(_ options: inout WXTransferSessionOptions, key: Data, nextKey: Data) {
        options.lowSpeedLimit = 1_000
        options.lowSpeedTime = .seconds(20)

        options.pins = [.init(host: "api.example.com", sha256: key), .init(host: "api.example.com", sha256: nextKey)]

        options.maxTimeout = .seconds(600)

        options.waitInBackground = true
        options.resume = .acrossLaunches
    }

    static func request(_ request: inout WXTransferDownloadRequest) {
        request.timeout = .seconds(300)
    }

    static func trust(_ session: WXTransferSession, nextKey: Data) throws {
        try session.setTrust(rootCertificates: nil, pins: [.init(host: "api.example.com", sha256: nextKey)])
    }
}
