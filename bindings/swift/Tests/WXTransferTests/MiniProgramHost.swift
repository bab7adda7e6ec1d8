import Foundation
import WXTransfer

/// The transfers and files of one running mini program, which all of its pages share.
///
/// Everything of its pages happens on `scriptQueue`, the one queue on which the host calls the JavaScript engine.
final class MiniProgramHost: Sendable {
    private let session: WXTransferSession
    private let scriptQueue: DispatchQueue

    /// The options of a mini program. The other options keep WeChat's defaults.
    static func options(appID: String, version: String, domains: [String]) throws -> WXTransferSessionOptions {
        let support = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        var options = WXTransferSessionOptions(
            appID: appID, platform: .iOS, clientVersion: "8.0.50",
            dataDirectory: support.appendingPathComponent("mini-programs"))
        options.appVersion = version
        options.uploadDomains = domains
        options.downloadDomains = domains
        return options
    }

    /// Opens the session off the calling actor, for a caller on the main actor. Throws if that fails, for example because another
    /// session has the mini program's data: then there is no mini program to show.
    static func open(_ options: WXTransferSessionOptions, scriptQueue: DispatchQueue) async throws -> MiniProgramHost {
        try await Task.detached { try MiniProgramHost(options, scriptQueue: scriptQueue) }.value
    }

    /// Opens the session on the calling thread, which waits for the disk and must not be the main one.
    init(_ options: WXTransferSessionOptions, scriptQueue: DispatchQueue) throws {
        dispatchPrecondition(condition: .notOnQueue(.main))
        var options = options
        options.callbackQueue = scriptQueue
        session = try WXTransferSession(options)
        self.scriptQueue = scriptQueue
    }

    /// A page that has been loaded. `send` passes a message to it: `wxtransferReceive(message)`.
    func page(send: @escaping @Sendable (_ message: String) -> Void) -> MiniProgramPage {
        MiniProgramPage(session: session, scriptQueue: scriptQueue, send: send)
    }

    /// The path for `tempFilePaths[0]` of `wx.chooseImage`, after the user has chosen.
    func chosen(_ photo: URL) async throws -> String {
        try await session.importFile(nativePath: photo, mode: .copy).filePath
    }

    /// On `UIApplication.didEnterBackgroundNotification`.
    func enterBackground() throws {
        try session.enterBackground()
    }

    /// On `UIApplication.willEnterForegroundNotification`.
    func enterForeground() throws {
        try session.enterForeground()
    }

    /// When the user leaves the mini program. What still runs fails with `abort`; the temporary files are removed from the disk.
    func close() throws {
        // Closing runs the remaining closures on this queue.
        dispatchPrecondition(condition: .onQueue(scriptQueue))
        try session.close()
    }
}
