import Foundation
import WXTransfer

/// The transfers of an app's screens, which reach them by the messages of `wx.js`. `deliver` is called on a queue of its own.
final class TransferMessages: Sendable {
    private let queue = DispatchQueue(label: "wxtransfer")
    /// If the session cannot be opened, every call fails with the reason.
    private let opened: Result<(host: MiniProgramHost, screens: MiniProgramPage), any Error>
    private let deliver: @Sendable (String) -> Void

    init(_ options: @autoclosure () throws -> WXTransferSessionOptions, deliver: @escaping @Sendable (String) -> Void) {
        self.deliver = deliver
        opened = Result { [queue] in
            let host = try MiniProgramHost(options(), scriptQueue: queue)
            return (host, host.page(send: deliver))
        }
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
    func chosen(_ photo: URL) async throws -> String { try await opened.get().host.chosen(photo) }

    func enterBackground() throws { try opened.get().host.enterBackground() }

    func enterForeground() throws { try opened.get().host.enterForeground() }

    /// Aborts the transfers. Waits for callbacks, so it must not be called by `deliver`.
    func close() throws {
        guard case .success((let host, let screens)) = opened else { return }
        try queue.sync {
            screens.gone()
            try host.close()
        }
    }
}
