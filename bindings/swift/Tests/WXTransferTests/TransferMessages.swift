import Foundation
import WXTransfer

/// The transfers of an app's screens, which reach them by the messages of `wx.js`. `deliver` is called on a queue of its own.
final class TransferMessages: Sendable {
    private let queue = DispatchQueue(label: "wxtransfer")
    private let host: MiniProgramHost
    private let screens: MiniProgramPage

    init(_ options: WXTransferSessionOptions, deliver: @escaping @Sendable (String) -> Void) throws {
        host = try MiniProgramHost(options, scriptQueue: queue)
        screens = host.page(send: deliver)
    }

    /// A message of the screens. A text that is no message is ignored: there is no call to answer.
    func send(_ text: String) {
        queue.async { [screens] in try? screens.receive(text) }
    }

    /// What the screens upload after the user has picked a photo: a path of a temporary file.
    func chosen(_ photo: URL) async throws -> String { try await host.chosen(photo) }

    func enterBackground() throws { try host.enterBackground() }

    func enterForeground() throws { try host.enterForeground() }

    /// Aborts the transfers. Waits for callbacks, so it must not be called by `deliver`.
    func close() throws {
        try queue.sync {
            screens.gone()
            try host.close()
        }
    }
}
