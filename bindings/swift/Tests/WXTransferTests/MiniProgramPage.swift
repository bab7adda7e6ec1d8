import Foundation
import WXTransfer

/// One page, which runs `bindings/javascript/wx.js`; `bindings/javascript.md` describes its messages.
///
/// A page that is loaded anew counts its calls anew: it gets another `MiniProgramPage` of the same host.
final class MiniProgramPage: @unchecked Sendable {
    private let session: WXTransferSession
    private let scriptQueue: DispatchQueue
    private let send: @Sendable (_ message: String) -> Void
    private var aborts: [Int: () -> Void] = [:]
    private var isGone = false

    init(session: WXTransferSession, scriptQueue: DispatchQueue, send: @escaping @Sendable (String) -> Void) {
        self.session = session
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
            default: file(call, api, options)
            }
        } catch {
            // The call was refused, for example because the session is closed. The page must still get an answer, after
            // its call has returned.
            scriptQueue.async { [self] in complete(call, api, .failure(error)) }
        }
    }

    /// A file call that the page waits for: `wxtransferSendSync(text)`, which returns the answer.
    func receiveSync(_ text: String) throws -> String {
        dispatchPrecondition(condition: .onQueue(scriptQueue))
        let message = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        let api = message["api"] as? String ?? ""
        let call = FileCall(api, message["options"] as? [String: Any] ?? [:])
        let answer: [String: Any]
        switch waiting({ [session] in await call.result(session) }) {
        case .success(let result): answer = ["success": result]
        case .failure(let error): answer = ["fail": failure(api, error)]
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: answer), as: UTF8.self)
    }

    /// The page goes, or is loaded anew: its transfers are aborted, and it is sent nothing more.
    func gone() {
        dispatchPrecondition(condition: .onQueue(scriptQueue))
        isGone = true
        aborts.values.forEach { $0() }
    }

    private func uploadFile(_ call: Int, _ options: [String: Any]) throws -> () -> Void {
        // A parameter that is missing is the page's mistake, which the library tells the page through `fail`.
        var request = WXTransferUploadRequest(
            url: options["url"] as? String ?? "", filePath: options["filePath"] as? String ?? "",
            name: options["name"] as? String ?? "")
        request.header = try pairs(options, "header")
        request.formData = try pairs(options, "formData")
        request.fileName = options["fileName"] as? String
        request.timeoutMilliseconds = milliseconds(options["timeout"])
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
                answer(call, "headersReceived", ["header": $0.header.dictionary, "statusCode": $0.statusCode])
            },
            complete: { [self] in
                complete(call, "uploadFile", $0.mapError { $0 }.map { success in
                    var result: [String: Any] = [
                        "errMsg": success.errMsg, "data": success.data, "statusCode": success.statusCode,
                        "header": success.header.dictionary, "cookies": success.cookies,
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
        request.timeoutMilliseconds = milliseconds(options["timeout"])
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
                answer(call, "headersReceived", ["header": $0.header.dictionary, "statusCode": $0.statusCode])
            },
            complete: { [self] in
                complete(call, "downloadFile", $0.mapError { $0 }.map { success in
                    var result: [String: Any] = [
                        "errMsg": success.errMsg, "statusCode": success.statusCode,
                        "header": success.header.dictionary, "cookies": success.cookies,
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

    private func file(_ call: Int, _ api: String, _ options: [String: Any]) {
        let fileCall = FileCall(api, options)
        Task {
            let result = await fileCall.result(session)
            scriptQueue.async { [self] in complete(call, api, result.map { $0 }) }
        }
    }

    /// `success` or `fail`, and `complete` after it, which wx.js gives the same result.
    private func complete(_ call: Int, _ api: String, _ result: Result<[String: Any], any Error>) {
        aborts[call] = nil
        switch result {
        case .success(let success): answer(call, "success", success)
        case .failure(let error): answer(call, "fail", failure(api, error))
        }
        answer(call, "complete", nil)
    }

    private func failure(_ api: String, _ error: any Error) -> [String: Any] {
        let known = error as? WXTransferFailure
        let refusal = error as? Refusal
        let isTransfer = api == "uploadFile" || api == "downloadFile"
        // File calls have a table of failures of their own (FileError).
        let other = isTransfer ? WXTransferErrno.internal : .systemError
        let number = refusal?.errno ?? (known?.errno ?? other).rawValue
        var failure: [String: Any] = [
            "errMsg": known?.errMsg ?? "\(api):fail \(refusal?.reason ?? "\(error)")", "errno": number,
        ]
        if !isTransfer { failure["errCode"] = number }
        return failure
    }

    private func answer(_ call: Int, _ event: String, _ result: [String: Any]?) {
        var message: [String: Any] = ["call": call, "event": event]
        message["result"] = result
        guard !isGone, let json = try? JSONSerialization.data(withJSONObject: message) else { return }
        // They end a line where the message stands in a script.
        send(String(decoding: json, as: UTF8.self)
            .replacingOccurrences(of: "\u{2028}", with: "\\u2028")
            .replacingOccurrences(of: "\u{2029}", with: "\\u2029"))
    }

    /// The result of a file call, for which this thread waits.
    private func waiting(
        _ operation: @escaping @Sendable () async -> Result<[String: any Sendable], any Error>
    ) -> Result<[String: any Sendable], any Error> {
        final class Answer: @unchecked Sendable {
            var result: Result<[String: any Sendable], any Error> = .failure(CancellationError())
        }
        let (answer, done) = (Answer(), DispatchSemaphore(value: 0))
        Task.detached {
            answer.result = await operation()
            done.signal()
        }
        done.wait()
        return answer.result
    }

    /// A list of names with their values.
    private func pairs(_ options: [String: Any], _ parameter: String) throws -> WXTransferPairs {
        guard let list = options[parameter], !(list is NSNull) else { return [:] }
        guard let pairs = list as? [[String]], pairs.allSatisfy({ $0.count == 2 }) else {
            throw Refusal(reason: "invalid request data \(parameter)", errno: WXTransferErrno.invalidRequestData.rawValue)
        }
        return WXTransferPairs(pairs.map { WXTransferPair(name: $0[0], value: $0[1]) })
    }

    /// A message may hold any number.
    private func milliseconds(_ value: Any?) -> Int? {
        (value as? Double).map { Int(min(max($0, 0), Double(UInt32.max))) }
    }

    private func json(_ profile: WXTransferProfile) -> Any {
        (try? JSONSerialization.jsonObject(with: JSONEncoder().encode(profile))) ?? [:]
    }
}

/// What the library is not asked about.
private struct Refusal: Error {
    let reason: String
    let errno: Int32
}

/// A file call with the parameters that a message may have.
private struct FileCall: Sendable {
    let api: String
    private let texts: [String: String]
    private let numbers: [String: UInt64]
    private let isRecursive: Bool
    /// What of the message is not as `wx.js` writes it.
    private let refusal: Refusal?

    init(_ api: String, _ options: [String: Any]) {
        self.api = api
        texts = options.compactMapValues { $0 as? String }
        // A whole number that a `Double` of the page holds.
        numbers = options.compactMapValues { $0 as? UInt64 }.filter { $0.value < 1 << 53 }
        isRecursive = options["recursive"] as? Bool ?? false
        let isThere = { (name: String) in options[name] != nil }
        if isThere("recursive"), !(options["recursive"] is Bool) {
            refusal = invalid("recursive")
        } else if ["writeFile", "appendFile"].contains(api), texts["data"] == nil {
            refusal = invalid("data")
        } else if isThere("position"), numbers["position"] == nil {
            refusal = Refusal(reason: "value of position is out of range", errno: 1301009)
        } else if isThere("length"), numbers["length"] ?? 0 == 0 {
            refusal = Refusal(reason: "value of length is out of range", errno: 1301006)
        } else {
            refusal = nil
        }
    }

    func result(_ session: WXTransferSession) async -> Result<[String: any Sendable], any Error> {
        do {
            return .success(try await run(session).merging(["errMsg": "\(api):ok"]) { $1 })
        } catch {
            return .failure(error)
        }
    }

    /// A path that the library refuses where it is missing.
    private func path(_ name: String) -> String { texts[name] ?? "" }

    private func run(_ session: WXTransferSession) async throws -> [String: any Sendable] {
        if let refusal { throw refusal }
        let files = session.files
        switch api {
        case "access": try await files.access(path("path"))
        case "stat": return ["stats": try await stats(files)]
        case "unlink": try await files.unlink(path("filePath"))
        case "copyFile": try await files.copy(srcPath: path("srcPath"), destPath: path("destPath"))
        case "rename": try await files.rename(oldPath: path("oldPath"), newPath: path("newPath"))
        case "mkdir": try await files.makeDirectory(path("dirPath"), recursive: isRecursive)
        case "rmdir": try await files.removeDirectory(path("dirPath"), recursive: isRecursive)
        case "readdir": return ["files": try await files.listDirectory(path("dirPath"))]
        case "getFileInfo":
            let info = try await files.info(path("filePath"), digestAlgorithm: try digestAlgorithm())
            return ["size": info.size, "digest": info.digest]
        case "readFile":
            let isText = try isText()
            let data = try await files.read(
                path("filePath"), position: numbers["position"] ?? 0, length: numbers["length"] ?? 0)
            return ["data": isText ? String(decoding: data, as: UTF8.self) : data.base64EncodedString()]
        case "writeFile": try await files.write(path("filePath"), data: try content(), mode: .whole)
        case "appendFile": try await files.write(path("filePath"), data: try content(), mode: .append)
        case "saveFile":
            let saved = try await session.saveFile(tempFilePath: path("tempFilePath"), filePath: texts["filePath"])
            return ["savedFilePath": saved.filePath]
        case "getSavedFileList":
            return ["fileList": try await session.getSavedFileList().map { file -> [String: any Sendable] in
                ["filePath": file.filePath, "size": file.size, "createTime": file.createTime]
            }]
        case "getSavedFileInfo":
            let file = try await session.getSavedFileInfo(filePath: path("filePath"))
            return ["size": file.size, "createTime": file.createTime]
        case "removeSavedFile": try await session.removeSavedFile(filePath: path("filePath"))
        default: throw Refusal(reason: "not supported", errno: WXTransferErrno.systemError.rawValue)
        }
        return [:]
    }

    private func stats(_ files: WXTransferFiles) async throws -> any Sendable {
        let all = isRecursive ? try await files.statRecursive(path("path")) : [try await files.stat(path("path"))]
        let json = all.map { stats -> [String: any Sendable] in
            [
                "mode": stats.mode, "size": stats.size, "lastAccessedTime": stats.lastAccessedTime,
                "lastModifiedTime": stats.lastModifiedTime,
            ]
        }
        // A file alone has no path.
        if all.count == 1, all[0].path == nil { return json[0] }
        return zip(all, json).map { ["path": $0.path ?? "", "stats": $1] as [String: any Sendable] }
    }

    private func content() throws -> Data {
        let text = texts["data"] ?? ""
        if try isText() { return Data(text.utf8) }
        // Of WeChat's table of file failures (FileError); the library itself reads no base64.
        guard let data = Data(base64Encoded: text) else { throw Refusal(reason: "base64 encode error", errno: 1300203) }
        return data
    }

    private func isText() throws -> Bool {
        switch texts["encoding"] {
        case "utf8": true
        case "base64": false
        default: throw invalid("encoding")
        }
    }

    private func digestAlgorithm() throws -> WXTransferDigestAlgorithm {
        switch texts["digestAlgorithm"] {
        case "md5": .md5
        case "sha1": .sha1
        case "sha256": .sha256
        default: throw invalid("digestAlgorithm")
        }
    }
}

private func invalid(_ parameter: String) -> Refusal {
    Refusal(reason: "Invalid argument \(parameter)", errno: WXTransferErrno.invalidArgument.rawValue)
}
