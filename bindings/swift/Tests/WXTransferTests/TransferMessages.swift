import Foundation
import WXTransfer

/// The transfers of an app's screens, which reach them by the messages of `wx.js`. `deliver` is called on a queue of its own, on which
/// the session is opened too: opening reads the disk. Only `close()` waits.
final class TransferMessages: @unchecked Sendable {
    private let queue = DispatchQueue(label: "wxtransfer")
    /// Used on `queue` alone. If the session cannot be opened, every call fails with the reason.
    private lazy var opened = Result { [queue, options, deliver] in
        let host = try MiniProgramHost(options(), scriptQueue: queue)
        return (host: host, screens: host.page(send: deliver))
    }
    private let options: @Sendable () throws -> WXTransferSessionOptions
    private let deliver: @Sendable (String) -> Void

    init(
        _ options: @autoclosure @escaping @Sendable () throws -> WXTransferSessionOptions,
        deliver: @escaping @Sendable (String) -> Void
    ) {
        (self.options, self.deliver) = (options, deliver)
        queue.async { [self] in _ = opened }
    }

    /// A message of the screens. A text that is no message is ignored: there is no call to answer.
    func send(_ text: String) {
        queue.async { [self] in
            switch opened {
            case .success((_, let screens)): try? screens.receive(text)
            case .failure(let error): refuse(text, error)
            }
        }
    }

    private func refuse(_ text: String, _ error: any Error) {
        let message = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        guard let call = message?["call"] as? Int, let api = message?["api"] as? String else { return }
        let isTransfer = api == "uploadFile" || api == "downloadFile"
        let number = (isTransfer ? WXTransferErrno.internal : .systemError).rawValue
        var failure: [String: Any] = ["errMsg": "\(api):fail \(error)", "errno": number]
        if !isTransfer { failure["errCode"] = number }
        let answers: [[String: Any]] = [
            ["call": call, "event": "fail", "result": failure], ["call": call, "event": "complete"],
        ]
        for case let answer? in answers.map({ try? JSONSerialization.data(withJSONObject: $0) }) {
            deliver(String(decoding: answer, as: UTF8.self))
        }
    }

    /// What the screens upload after the user has picked a photo: a path of a temporary file.
    func chosen(_ photo: URL) async throws -> String {
        let host = try await withCheckedThrowingContinuation { continuation in
            queue.async { [self] in continuation.resume(with: opened.map { $0.host }) }
        }
        return try await host.chosen(photo)
    }

    func enterBackground() {
        // Without a session there is nothing to stop, and each call says why.
        queue.async { [self] in try? opened.get().host.enterBackground() }
    }

    func enterForeground() {
        queue.async { [self] in try? opened.get().host.enterForeground() }
    }

    /// Aborts the transfers. Waits for callbacks, so it must not be called by `deliver`.
    func close() throws {
        try queue.sync {
            guard case .success((let host, let screens)) = opened else { return }
            screens.gone()
            try host.close()
        }
    }
}
