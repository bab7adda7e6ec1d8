import Foundation
import WXTransfer

/// A session without a network, for an app's tests: each transfer does what the test has scripted, with the callbacks of a
/// real one in their order.
///
/// A transfer uses the next script for its URL, else the next one for any URL. If there is none, it fails with
/// ``WXTransferFakeFailure/internal``, and the detail says so. The library's delay of five seconds in the background and
/// without a network does not exist here: transfers are interrupted at once. A session without references aborts its
/// transfers.
public final class WXTransferFakeSession: WXTransfers, @unchecked Sendable {
    /// The size of an upload's body, if its script does not say.
    private static let uploadSize: UInt64 = 1000

    private let directory: URL
    private let headersAfterBody: Bool
    private let queue: DispatchQueue

    /// Held while callbacks run, so that they never run at the same time.
    private let delivery = NSLock()

    /// Guards the following properties.
    private let lock = NSLock()
    private var jobs: [@Sendable () -> Void] = []
    private var deliveringThread: Thread?
    private var byURL: [String: [WXTransferFakeTransfer]] = [:]
    private var inOrder: [WXTransferFakeTransfer] = []
    private var seenUploads: [WXTransferUploadRequest] = []
    private var seenDownloads: [WXTransferDownloadRequest] = []
    /// The tasks that have not ended.
    private var tasks: [any StoppableTask] = []
    private var lastNumber: UInt64 = 0
    private var isHidden = false
    private var isOffline = false
    private var isClosed = false

    /// A session that writes the files of downloads into `directory`, where they stay. Closures run on `callbackQueue`, which
    /// must be serial. `nil` (default): a queue of the session.
    ///
    /// Set `headersAfterBody` for the order of a session with `maxRetries`, `resume` or `waitInBackground`: the headers of a
    /// download come when its body is complete, before the progress of 100 %, or before its failure. An `endless` download
    /// has no headers then.
    public init(directory: URL, callbackQueue: DispatchQueue? = nil, headersAfterBody: Bool = false) {
        (self.directory, self.headersAfterBody) = (directory, headersAfterBody)
        queue = callbackQueue ?? DispatchQueue(label: "wxt-fake-delivery")
    }

    deinit {
        // Posted jobs retain the session, so all tasks that are left are waiting. Their last closures run on this thread.
        for task in tasks { task.stop(.aborted) }
    }

    /// The requests of all uploads, in the order of the calls.
    public var uploads: [WXTransferUploadRequest] { locked { seenUploads } }

    /// The requests of all downloads, in the order of the calls.
    public var downloads: [WXTransferDownloadRequest] { locked { seenDownloads } }

    /// Scripts the next transfers with `url`: each uses one script.
    public func answer(_ url: String, _ transfers: WXTransferFakeTransfer...) {
        locked { byURL[url, default: []] += transfers }
    }

    /// Scripts the next transfers whose URL has no script of its own: each uses one script.
    public func answerNext(_ transfers: WXTransferFakeTransfer...) {
        locked { inOrder += transfers }
    }

    /// Starts `wx.uploadFile`.
    public func uploadFileTask(
        _ request: WXTransferUploadRequest
    ) throws(WXTransferStatus) -> WXTransferUploadTask {
        try start(request, FakeClosures())
    }

    /// Starts `wx.downloadFile`.
    public func downloadFileTask(
        _ request: WXTransferDownloadRequest
    ) throws(WXTransferStatus) -> WXTransferDownloadTask {
        try start(request, FakeClosures())
    }

    /// `wx.uploadFile` with closures. `onTrace` is not called, because no request is made.
    @discardableResult
    public func uploadFile(
        _ request: WXTransferUploadRequest,
        success: (@Sendable (WXTransferUploadSuccess) -> Void)? = nil,
        fail: (@Sendable (WXTransferFailure) -> Void)? = nil,
        onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)? = nil,
        onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)? = nil,
        onTrace: (@Sendable (WXTransferTrace) -> Void)? = nil,
        complete: @escaping @Sendable (Result<WXTransferUploadSuccess, WXTransferFailure>) -> Void
    ) throws(WXTransferStatus) -> WXTransferUploadTask {
        try start(request, FakeClosures(
            success: success, fail: fail, onProgressUpdate: onProgressUpdate, onHeadersReceived: onHeadersReceived,
            complete: complete))
    }

    /// `wx.downloadFile` with closures. `onTrace` is not called, because no request is made.
    @discardableResult
    public func downloadFile(
        _ request: WXTransferDownloadRequest,
        success: (@Sendable (WXTransferDownloadSuccess) -> Void)? = nil,
        fail: (@Sendable (WXTransferFailure) -> Void)? = nil,
        onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)? = nil,
        onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)? = nil,
        onTrace: (@Sendable (WXTransferTrace) -> Void)? = nil,
        complete: @escaping @Sendable (Result<WXTransferDownloadSuccess, WXTransferFailure>) -> Void
    ) throws(WXTransferStatus) -> WXTransferDownloadTask {
        try start(request, FakeClosures(
            success: success, fail: fail, onProgressUpdate: onProgressUpdate, onHeadersReceived: onHeadersReceived,
            complete: complete))
    }

    /// Connects to nothing. Throws if the session is closed.
    public func prepare(_ server: String) throws(WXTransferStatus) {
        try checkOpen()
    }

    /// With `.none`, interrupts all transfers, and every later one until another network is reported.
    public func networkChanged(_ network: WXTransferNetwork) throws(WXTransferStatus) {
        try checkOpen()
        locked { isOffline = network.kind == .none }
        interrupt()
    }

    /// Interrupts all transfers, and every later one until the mini program is in the foreground again.
    public func enterBackground() throws(WXTransferStatus) {
        try checkOpen()
        locked { isHidden = true }
        interrupt()
    }

    /// Tells the session that the mini program is in the foreground again.
    public func enterForeground() throws(WXTransferStatus) {
        try checkOpen()
        locked { isHidden = false }
    }

    /// Aborts the remaining transfers, and runs their last closures on this thread.
    public func close() throws(WXTransferStatus) {
        if locked({ deliveringThread == Thread.current }) { throw .calledFromCallback }
        let left = locked { () -> [any StoppableTask] in
            isClosed = true
            return tasks
        }
        for task in left { task.stop(.aborted) }
        deliver()
    }

    private func checkOpen() throws(WXTransferStatus) {
        if locked({ isClosed }) { throw .sessionClosed }
    }

    private func interrupt() {
        for task in locked({ isHidden || isOffline ? tasks : [] }) { task.stop(.interrupted) }
    }

    private func start(
        _ request: WXTransferUploadRequest, _ closures: FakeClosures<WXTransferUploadSuccess>
    ) throws(WXTransferStatus) -> WXTransferUploadTask {
        let script = try next(request.url) { seenUploads.append(request) }
        let steps = script.fullProgress(size: Self.uploadSize).map(FakeStep.progress)
        let result: Result<WXTransferUploadSuccess, WXTransferFailure>? =
            switch script.end {
            case .success(let answer):
                .success(WXTransferUploadSuccess(
                    statusCode: answer.statusCode, data: String(decoding: answer.body, as: UTF8.self),
                    dataLength: UInt64(answer.body.count), header: answer.header, profile: answer.profile,
                    attempts: answer.attempts, resumedFrom: answer.resumedFrom))
            case .failure(let failure, _): .failure(failure)
            case .never: nil
            }
        return begin(steps + headers(script), result, { $0.ofUpload(attempts: $1) }, closures)
    }

    private func start(
        _ request: WXTransferDownloadRequest, _ closures: FakeClosures<WXTransferDownloadSuccess>
    ) throws(WXTransferStatus) -> WXTransferDownloadTask {
        let script = try next(request.url) { seenDownloads.append(request) }
        var progress = script.progress
        var result: Result<WXTransferDownloadSuccess, WXTransferFailure>?
        switch script.end {
        case .success(let answer):
            let body = answer.body
            result = stored(body, request).map {
                // Without a path, and with an empty one, the library makes a temporary file.
                let filePath = request.filePath?.isEmpty == false ? request.filePath : nil
                let wantsSHA256 = request.wantSHA256 || request.expectedSHA256 != nil
                progress = script.fullProgress(size: UInt64(body.count))
                return WXTransferDownloadSuccess(
                    statusCode: answer.statusCode,
                    tempFilePath: filePath == nil ? "wxfile://\($0.lastPathComponent)" : nil, filePath: filePath,
                    nativePath: $0, dataLength: UInt64(body.count), header: answer.header, profile: answer.profile,
                    attempts: answer.attempts, resumedFrom: answer.resumedFrom,
                    sha256: wantsSHA256 ? sha256(of: body) : nil)
            }
        case .failure(_, let failure): result = .failure(failure)
        case .never: break
        }
        let steps = downloadSteps(script, progress.map(FakeStep.progress))
        return begin(steps, result, { $0.ofDownload(attempts: $1) }, closures)
    }

    private func downloadSteps(_ script: WXTransferFakeTransfer, _ progress: [FakeStep]) -> [FakeStep] {
        if !headersAfterBody { return headers(script) + progress }
        switch script.end {
        // The progress of 100 % is reported with the end.
        case .success: return progress.dropLast() + headers(script) + progress.suffix(1)
        case .failure: return progress + headers(script)
        case .never: return progress
        }
    }

    private func headers(_ script: WXTransferFakeTransfer) -> [FakeStep] {
        script.headers.map { [.headers($0)] } ?? []
    }

    /// The file of a download, or the failure if the body is not the expected one or cannot be written.
    private func stored(_ body: Data, _ request: WXTransferDownloadRequest) -> Result<URL, WXTransferFailure> {
        if request.expectedLength > 0, request.expectedLength != body.count {
            let detail = "the file has \(body.count) bytes in place of \(request.expectedLength)"
            return .failure(WXTransferFakeFailure.integrity.ofDownload(detail: detail))
        }
        if let expected = request.expectedSHA256, expected.lowercased() != sha256(of: body) {
            let detail = "the file has another SHA-256 than expected"
            return .failure(WXTransferFakeFailure.integrity.ofDownload(detail: detail))
        }
        let digits = UUID().uuidString.replacingOccurrences(of: "-", with: "").lowercased()
        let file = directory.appendingPathComponent("tmp_\(digits)\(fileExtension(of: request.url))")
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try body.write(to: file)
            return .success(file)
        } catch {
            return .failure(WXTransferFakeFailure.saveFile.ofDownload(detail: "\(error)"))
        }
    }

    /// The extension in the last segment of a URL's path with its dot: at most ten letters and digits. Else an empty text.
    private func fileExtension(of url: String) -> String {
        let path = url.prefix { $0 != "?" && $0 != "#" }
        // The scheme, the two slashes and the host come before the path.
        guard let name = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(3).last,
            let dot = name.range(of: "(?<=.)\\.[A-Za-z0-9]{1,10}$", options: .regularExpression)
        else { return "" }
        return name[dot].lowercased()
    }

    private func next(_ url: String, _ note: () -> Void) throws(WXTransferStatus) -> WXTransferFakeTransfer {
        try checkOpen()
        return locked {
            note()
            if byURL[url]?.isEmpty == false { return byURL[url]!.removeFirst() }
            return inOrder.isEmpty ? .missing(url) : inOrder.removeFirst()
        }
    }

    private func begin<Success: Sendable>(
        _ steps: [FakeStep], _ result: Result<Success, WXTransferFailure>?,
        _ stopped: @escaping @Sendable (WXTransferFakeFailure, _ attempts: UInt32) -> WXTransferFailure,
        _ closures: FakeClosures<Success>
    ) -> WXTransferTask<Success> {
        let task = FakeTask(
            steps: steps, scripted: result, stopped: stopped, closures: closures,
            post: { [weak self] job in
                // Without the session, which only its deinitialiser can cause, the job runs here.
                if let self { self.post(job) } else { job() }
            },
            ended: { [weak self] task in self?.forget(task) })
        // Either `close` finds the task, or the task finds that the session is closed.
        let (id, isLate) = locked { () -> (UInt64, Bool) in
            tasks.append(task)
            lastNumber += 1
            return (lastNumber, isClosed)
        }
        if isLate { _ = task.stop(.aborted) }
        interrupt()
        post { task.run() }
        return WXTransferTask(
            id: id, headers: task.headers, progress: task.progress, end: { await task.result() },
            // A reference to the task keeps the session open, as in the library: without the session the end is lost.
            abort: { [self] in withExtendedLifetime(self) { task.stop(.aborted) } },
            setMaxBytesPerSecond: { _ in task.isRunning })
    }

    private func forget(_ task: any StoppableTask) {
        locked { tasks.removeAll { $0 === task } }
    }

    private func post(_ job: @escaping @Sendable () -> Void) {
        locked { jobs.append(job) }
        queue.async { [self] in deliver() }
    }

    private func deliver() {
        delivery.lock()
        defer { delivery.unlock() }
        locked { deliveringThread = Thread.current }
        while let job = locked({ jobs.isEmpty ? nil : jobs.removeFirst() }) { job() }
        locked { deliveringThread = nil }
    }

    private func locked<Value>(_ body: () -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }
}
