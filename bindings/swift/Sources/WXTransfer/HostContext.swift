import Dispatch
internal import CWxtransfer

/// What the library calls back into for a whole session: the queue, the resolver and the log.
final class HostContext: Sendable {
    let callbackQueue: DispatchQueue?
    let resolver: (@Sendable (String) async -> [String])?
    let log: (@Sendable (WXTransferSessionOptions.LogLevel, String) -> Void)?

    init(_ options: WXTransferSessionOptions) {
        callbackQueue = options.callbackQueue
        resolver = options.resolver
        log = options.log
    }

    /// Sets the C callbacks of those that there are. They hold no reference: the session does.
    func fill(_ options: inout WxtSessionOptions) {
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
    }

    static func from(_ context: UnsafeMutableRawPointer?) -> HostContext {
        // The library gives back what `fill` gave it, until the session is closed.
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

private func writeLog(context: UnsafeMutableRawPointer?, level: Int32, message: WxtStr) {
    HostContext.from(context).log?(WXTransferSessionOptions.LogLevel(level), message.text ?? "")
}

/// A call that the library wants made on the host's queue. The header allows any thread.
private struct PostedJob: @unchecked Sendable {
    let job: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let data: UnsafeMutableRawPointer?
}

/// A question of the library to the host's resolver. The header allows the answer from any thread.
private struct Question: @unchecked Sendable {
    let resolution: OpaquePointer?

    /// Answers, which has to happen once. An address that cannot be read counts as not given.
    func finish(_ addresses: [String]) {
        CMemory.with { memory in
            let addresses = memory.strings(addresses)
            _ = wxt_resolution_finish(resolution, addresses.baseAddress, addresses.count)
        }
    }
}
