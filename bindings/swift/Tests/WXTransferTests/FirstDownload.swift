import Foundation
import WXTransfer

/// The first lines of the guide.
func firstDownload(to directory: URL) async throws {
    var options = WXTransferSessionOptions(
        appID: "wx1234567890abcdef", platform: .iOS, clientVersion: "8.0.50", dataDirectory: directory)
    options.downloadDomains = ["https://example.com"]
    // Reads the disk, so this function is not one of the main actor.
    let session = try WXTransferSession(options)

    let success = try await session.downloadFile(.init(url: "https://example.com/photo.jpg"))
    print(success.statusCode, success.tempFilePath ?? "")
}
