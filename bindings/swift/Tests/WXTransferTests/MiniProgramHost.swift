import Foundation
import WXTransfer

/// The transfers and files of one running mini program, for the page in its JavaScript engine.
///
/// The page runs `bindings/javascript/wx.js`, whose messages `bindings/javascript.md` describes; what that says of
/// values of the wrong type, and the other calls for saved files, are left out here. Everything happens on
/// `scriptQueue`, the one queue on which the host calls the engine.
final class MiniProgramHost: @unchecked Sendable {
    private let session: WXTransferSession
    private let scriptQueue: DispatchQueue
    private let send: @Sendable (_ message: String) -> Void
    private var aborts: [Int: () -> Void] = [:]

    /// The options of a mini program. Leave the rest as it is, and it is as WeChat does it.
    static func options(appId: String, version: String, domains: [String]) throws -> WXTransferSessionOptions {
        let support = try FileManager.default.url(
            for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
        var options = WXTransferSessionOptions(
            appId: appId, platform: .ios, clientVersion: "8.0.50",
            dataDirectory: support.appendingPathComponent("mini-programs"))
        options.appVersion = version
        options.uploadDomains = domains
        options.downloadDomains = domains
        return options
    }

    /// `send` passes a message to the page: `wxtransferReceive(message)`.
    init(
        _ options: WXTransferSessionOptions, scriptQueue: DispatchQueue, send: @escaping @Sendable (String) -> Void
    ) throws {
        var options = options
        options.callbackQueue = scriptQueue
        session = try WXTransferSession(options)
        self.scriptQueue = scriptQueue
        self.send = send
    }

    /// A message of the page: `wxtransferSend(text)`.
    func receive(_ text: String) throws {
        let message = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        if let call = message["abort"] as? Int {
            aborts[call]?()
        }
        guard let call = message["call"] as? Int, let object = message["options"] as? [String: Any] else { return }
        let api = message["api"] as? String ?? ""
        do {
            switch api {
            case "uploadFile": aborts[call] = try uploadFile(call, object)
            case "downloadFile": aborts[call] = try downloadFile(call, object)
            case "saveFile": saveFile(call, object)
            default: break
            }
        } catch {
            // The session is closed, say: the page cannot know, and must not wait for ever.
            complete(call, api, .failure(error))
        }
    }

    /// What the page is given as `tempFilePaths[0]` of `wx.chooseImage`, after the user has chosen.
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

    /// When the user leaves the mini program. What still runs fails with `abort`; the temporary files are removed.
    func close() throws {
        try session.close()
    }

    private func uploadFile(_ call: Int, _ object: [String: Any]) throws -> () -> Void {
        // A parameter that is missing is the page's mistake, which the library tells the page through `fail`.
        var request = WXTransferUploadRequest(
            url: object["url"] as? String ?? "", filePath: object["filePath"] as? String ?? "",
            name: object["name"] as? String ?? "")
        request.header = pairs(object["header"])
        request.formData = pairs(object["formData"])
        request.timeout = milliseconds(object["timeout"])
        let task = try session.uploadFile(
            request,
            onProgressUpdate: { [self] in
                var event: [String: Any] = ["totalBytesSent": $0.totalBytes]
                event["progress"] = $0.progress
                event["totalBytesExpectedToSend"] = $0.totalBytesExpected
                answer(call, "progressUpdate", event)
            },
            onHeadersReceived: { [self] in
                answer(call, "headersReceived", ["header": json($0.header), "statusCode": $0.statusCode])
            },
            complete: { [self] in
                complete(call, "uploadFile", $0.mapError { $0 }.map { success in
                    [
                        "errMsg": success.errMsg, "data": success.data, "statusCode": success.statusCode,
                        "profile": json(success.profile),
                    ]
                })
            })
        return { task.abort() }
    }

    private func downloadFile(_ call: Int, _ object: [String: Any]) throws -> () -> Void {
        var request = WXTransferDownloadRequest(
            url: object["url"] as? String ?? "", filePath: object["filePath"] as? String)
        request.header = pairs(object["header"])
        request.timeout = milliseconds(object["timeout"])
        let task = try session.downloadFile(
            request,
            onProgressUpdate: { [self] in
                var event: [String: Any] = ["totalBytesWritten": $0.totalBytes]
                event["progress"] = $0.progress
                event["totalBytesExpectedToWrite"] = $0.totalBytesExpected
                answer(call, "progressUpdate", event)
            },
            onHeadersReceived: { [self] in
                answer(call, "headersReceived", ["header": json($0.header), "statusCode": $0.statusCode])
            },
            complete: { [self] in
                complete(call, "downloadFile", $0.mapError { $0 }.map { success in
                    var result: [String: Any] = [
                        "errMsg": success.errMsg, "statusCode": success.statusCode,
                        "dataLength": success.dataLength, "profile": json(success.profile),
                    ]
                    result["tempFilePath"] = success.tempFilePath
                    result["filePath"] = success.filePath
                    return result
                })
            })
        return { task.abort() }
    }

    private func saveFile(_ call: Int, _ object: [String: Any]) {
        let (path, target) = (object["tempFilePath"] as? String ?? "", object["filePath"] as? String)
        Task {
            let result: Result<[String: any Sendable], any Error>
            do {
                let saved = try await session.saveFile(tempFilePath: path, filePath: target)
                result = .success(["errMsg": "saveFile:ok", "savedFilePath": saved.filePath])
            } catch {
                result = .failure(error)
            }
            scriptQueue.async { [self] in complete(call, "saveFile", result.map { $0 }) }
        }
    }

    /// `success` or `fail`, and `complete` after it.
    private func complete(_ call: Int, _ api: String, _ result: Result<[String: Any], any Error>) {
        aborts[call] = nil
        switch result {
        case .success(let success):
            answer(call, "success", success)
            answer(call, "complete", success)
        case .failure(let error):
            let known = error as? WXTransferFailure
            let failure: [String: Any] = [
                "errMsg": known?.errMsg ?? "\(api):fail \(error)",
                "errno": (known?.errno ?? .internal).rawValue,
            ]
            answer(call, "fail", failure)
            answer(call, "complete", failure)
        }
    }

    private func answer(_ call: Int, _ event: String, _ result: [String: Any]) {
        let message: [String: Any] = ["call": call, "event": event, "result": result]
        guard let text = try? JSONSerialization.data(withJSONObject: message) else { return }
        send(String(decoding: text, as: UTF8.self))
    }

    /// The members of a JavaScript object. Foundation's JSON has lost their order; headers and fields need none.
    private func pairs(_ object: Any?) -> WXTransferPairs {
        let members = object as? [String: String] ?? [:]
        return WXTransferPairs(members.sorted { $0.key < $1.key }.map { WXTransferPair(name: $0.key, value: $0.value) })
    }

    /// A page may give any number.
    private func milliseconds(_ value: Any?) -> UInt32? {
        (value as? Double).map { UInt32(min(max($0, 0), Double(UInt32.max))) }
    }

    private func json(_ header: WXTransferPairs) -> [String: String] {
        Dictionary(header.map { ($0.name, $0.value) }, uniquingKeysWith: { "\($0), \($1)" })
    }

    private func json(_ profile: WXTransferProfile) -> Any {
        (try? JSONSerialization.jsonObject(with: JSONEncoder().encode(profile))) ?? [:]
    }
}
