import Foundation
import WXTransfer

/// The transfers and files of one running mini program, for the page in its JavaScript engine.
///
/// The page runs `bindings/javascript/wx.js`, whose messages `bindings/javascript.md` describes. Everything happens on
/// `scriptQueue`, the one queue on which the host calls the engine, and each call of the page is answered there.
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
        dispatchPrecondition(condition: .onQueue(scriptQueue))
        let message = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        if let call = message["abort"] as? Int {
            aborts[call]?()
        }
        guard let call = message["call"] as? Int else { return }
        let api = message["api"] as? String ?? ""
        let options = message["options"] as? [String: Any] ?? [:]
        do {
            switch api {
            case "uploadFile": aborts[call] = try uploadFile(call, options)
            case "downloadFile": aborts[call] = try downloadFile(call, options)
            case "saveFile", "getSavedFileList", "getSavedFileInfo", "removeSavedFile": file(call, api, options)
            default: throw Refusal(reason: "not supported", errno: .internal)
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
        // What closing delivers, it delivers here.
        dispatchPrecondition(condition: .onQueue(scriptQueue))
        try session.close()
    }

    private func uploadFile(_ call: Int, _ options: [String: Any]) throws -> () -> Void {
        // A parameter that is missing is the page's mistake, which the library tells the page through `fail`.
        var request = WXTransferUploadRequest(
            url: options["url"] as? String ?? "", filePath: options["filePath"] as? String ?? "",
            name: options["name"] as? String ?? "")
        request.header = try pairs(options, "header")
        request.formData = try pairs(options, "formData")
        request.fileName = options["fileName"] as? String
        request.timeout = milliseconds(options["timeout"])
        request.disableProfile = options["enableProfile"] as? Bool == false
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
                    var result: [String: Any] = [
                        "errMsg": success.errMsg, "data": success.data, "statusCode": success.statusCode,
                        "header": json(success.header), "cookies": success.cookies,
                    ]
                    result["profile"] = success.profile.map(json)
                    return result
                })
            })
        return { task.abort() }
    }

    private func downloadFile(_ call: Int, _ options: [String: Any]) throws -> () -> Void {
        var request = WXTransferDownloadRequest(
            url: options["url"] as? String ?? "", filePath: options["filePath"] as? String)
        request.header = try pairs(options, "header")
        request.timeout = milliseconds(options["timeout"])
        request.disableProfile = options["enableProfile"] as? Bool == false
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
                        "header": json(success.header), "cookies": success.cookies,
                        "dataLength": success.dataLength,
                    ]
                    result["profile"] = success.profile.map(json)
                    result["tempFilePath"] = success.tempFilePath
                    result["filePath"] = success.filePath
                    return result
                })
            })
        return { task.abort() }
    }

    /// `saveFile` and its like, which wait for the disk.
    private func file(_ call: Int, _ api: String, _ options: [String: Any]) {
        let (temporary, path) = (options["tempFilePath"] as? String ?? "", options["filePath"] as? String)
        Task {
            var result: Result<[String: any Sendable], any Error>
            do {
                var success: [String: any Sendable] = ["errMsg": "\(api):ok"]
                switch api {
                case "saveFile":
                    success["savedFilePath"] = try await session.saveFile(
                        tempFilePath: temporary, filePath: path).filePath
                case "getSavedFileList":
                    success["fileList"] = try await session.getSavedFileList().map { file -> [String: any Sendable] in
                        ["filePath": file.filePath, "size": file.size, "createTime": file.createTime]
                    }
                case "getSavedFileInfo":
                    let file = try await session.getSavedFileInfo(filePath: path ?? "")
                    success["size"] = file.size
                    success["createTime"] = file.createTime
                default:
                    try await session.removeSavedFile(filePath: path ?? "")
                }
                result = .success(success)
            } catch {
                result = .failure(error)
            }
            scriptQueue.async { [self, result] in complete(call, api, result.map { $0 }) }
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
            let refusal = error as? Refusal
            let failure: [String: Any] = [
                "errMsg": known?.errMsg ?? "\(api):fail \(refusal?.reason ?? "\(error)")",
                "errno": (known?.errno ?? refusal?.errno ?? .internal).rawValue,
            ]
            answer(call, "fail", failure)
            answer(call, "complete", failure)
        }
    }

    private func answer(_ call: Int, _ event: String, _ result: [String: Any]) {
        let message: [String: Any] = ["call": call, "event": event, "result": result]
        guard let json = try? JSONSerialization.data(withJSONObject: message) else { return }
        // They end a line where the message stands in a script.
        send(String(decoding: json, as: UTF8.self)
            .replacingOccurrences(of: "\u{2028}", with: "\\u2028")
            .replacingOccurrences(of: "\u{2029}", with: "\\u2029"))
    }

    /// What the library is not asked about.
    private struct Refusal: Error {
        let reason: String
        let errno: WXTransferErrno
    }

    /// A list of names with their values.
    private func pairs(_ options: [String: Any], _ parameter: String) throws -> WXTransferPairs {
        guard let list = options[parameter], !(list is NSNull) else { return [:] }
        guard let pairs = list as? [[String]], pairs.allSatisfy({ $0.count == 2 }) else {
            throw Refusal(reason: "invalid request data \(parameter)", errno: .invalidRequestData)
        }
        return WXTransferPairs(pairs.map { WXTransferPair(name: $0[0], value: $0[1]) })
    }

    /// A message may hold any number.
    private func milliseconds(_ value: Any?) -> UInt32? {
        (value as? Double).map { UInt32(min(max($0, 0), Double(UInt32.max))) }
    }

    private func json(_ header: WXTransferPairs) -> [String: String] {
        // Field names are case-insensitive (RFC 9110 §5.1).
        let joined = Dictionary(grouping: header, by: { $0.name.lowercased() }).values
        return Dictionary(uniqueKeysWithValues: joined.map { fields in
            (fields[0].name, fields.map(\.value).joined(separator: ", "))
        })
    }

    private func json(_ profile: WXTransferProfile) -> Any {
        (try? JSONSerialization.jsonObject(with: JSONEncoder().encode(profile))) ?? [:]
    }
}
