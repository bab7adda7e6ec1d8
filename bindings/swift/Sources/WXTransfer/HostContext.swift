import Dispatch
import Foundation
internal import CWxtransfer

/// The objects of the app that the library uses during a session: the queue, the resolver, the log and the certificate.
final class HostContext: Sendable {
    let callbackQueue: DispatchQueue?
    let resolver: (@Sendable (String) async -> [String])?
    let log: (@Sendable (WXTransferSessionOptions.LogLevel, String) -> Void)?
    let clientCertificate: WXTransferSessionOptions.ClientCertificate?

    init(_ options: WXTransferSessionOptions) {
        callbackQueue = options.callbackQueue
        resolver = options.resolver
        log = options.log
        clientCertificate = options.clientCertificate
    }

    /// Sets the C callbacks for the options that the app has set. They do not retain this object; the session does.
    func fill(_ options: inout WxtSessionOptions, in memory: CMemory) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        if callbackQueue != nil {
            options.executor = WxtExecutor(context: context, post: post)
        }
        if resolver != nil {
            options.resolver = WxtResolver(context: context, resolve: resolve)
        }
        if log != nil {
            options.logger = WxtLogger(context: context, log: writeLog)
        }
        if let clientCertificate {
            options.client_certificate = clientCertificate.cCertificate(in: memory, context: context, sign: sign)
        }
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> HostContext {
        // `fill` passed this pointer. The session keeps the object alive until it is closed.
        Unmanaged.fromOpaque(context!).takeUnretainedValue()
    }
}

private func post(
    context: UnsafeMutableRawPointer?, job: (@convention(c) (UnsafeMutableRawPointer?) -> Void)?,
    data: UnsafeMutableRawPointer?
) {
    guard let job else { return }
    let posted = PostedJob(job: job, data: data)
    HostContext.from(context).callbackQueue?.async { posted.job(posted.data) }
}

private func resolve(context: UnsafeMutableRawPointer?, host: WxtStr, resolution: OpaquePointer?) {
    let question = Question(resolution: resolution)
    guard let resolver = HostContext.from(context).resolver else { return question.finish([]) }
    let name = host.text ?? ""
    Task { question.finish(await resolver(name)) }
}

private func sign(
    context: UnsafeMutableRawPointer?, scheme: UInt16, message: UnsafePointer<UInt8>?, length: Int,
    signing: OpaquePointer?
) {
    let question = SigningQuestion(signing: signing)
    guard let certificate = HostContext.from(context).clientCertificate,
        let scheme = WXTransferSessionOptions.SignatureScheme(rawValue: scheme)
    else { return question.finish(nil) }
    // The library's bytes are valid only during this call.
    let message = Data(UnsafeBufferPointer(start: message, count: length))
    Task { question.finish(await certificate.sign(scheme, message)) }
}

private func writeLog(context: UnsafeMutableRawPointer?, level: Int32, message: WxtStr) {
    HostContext.from(context).log?(WXTransferSessionOptions.LogLevel(level), message.text ?? "")
}

/// A job that the library posts to the host's queue. The header allows any thread.
private struct PostedJob: @unchecked Sendable {
    let job: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let data: UnsafeMutableRawPointer?
}

/// A request for a signature by the host's key. The header allows the answer from any thread.
private struct SigningQuestion: @unchecked Sendable {
    let signing: OpaquePointer?

    /// Answers the request. Must be called exactly once.
    func finish(_ signature: Data?) {
        CMemory.with { memory in
            let bytes = memory.bytes(signature ?? Data())
            _ = wxt_signing_finish(signing, bytes.baseAddress, bytes.count)
        }
    }
}

/// A request to the host's resolver. The header allows the answer from any thread.
private struct Question: @unchecked Sendable {
    let resolution: OpaquePointer?

    /// Answers the request. Must be called exactly once. Invalid addresses are ignored.
    func finish(_ addresses: [String]) {
        CMemory.with { memory in
            let addresses = memory.strings(addresses)
            _ = wxt_resolution_finish(resolution, addresses.baseAddress, addresses.count)
        }
    }
}
