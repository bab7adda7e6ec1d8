/// The transfers of one launch of one mini program. An app's code that uses this protocol can be tested with a fake.
///
/// ``WXTransferSession`` is the real implementation, and `WXTransferFakeSession` of the module `WXTransferTesting` is
/// the fake. The protocol has no file calls: tests use those of a real session, which needs no network for them. The file of
/// a fake's download is not in the store of that session until the test imports it with
/// ``WXTransferSession/importFile(nativePath:mode:)``.
public protocol WXTransfers: AnyObject, Sendable {
    /// Starts `wx.uploadFile`, and returns the task, which provides the progress, the headers and the result.
    func uploadFileTask(_ request: WXTransferUploadRequest) throws(WXTransferStatus) -> WXTransferUploadTask

    /// Starts `wx.downloadFile`, and returns the task, which provides the progress, the headers and the result.
    func downloadFileTask(_ request: WXTransferDownloadRequest) throws(WXTransferStatus) -> WXTransferDownloadTask

    /// `wx.uploadFile` with closures. The events run first, then one of `success` and `fail`, then `complete`.
    @discardableResult
    func uploadFile(
        _ request: WXTransferUploadRequest,
        success: (@Sendable (WXTransferUploadSuccess) -> Void)?,
        fail: (@Sendable (WXTransferFailure) -> Void)?,
        onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)?,
        onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)?,
        onTrace: (@Sendable (WXTransferTrace) -> Void)?,
        complete: @escaping @Sendable (Result<WXTransferUploadSuccess, WXTransferFailure>) -> Void
    ) throws(WXTransferStatus) -> WXTransferUploadTask

    /// `wx.downloadFile` with closures. They run like those of `uploadFile`.
    @discardableResult
    func downloadFile(
        _ request: WXTransferDownloadRequest,
        success: (@Sendable (WXTransferDownloadSuccess) -> Void)?,
        fail: (@Sendable (WXTransferFailure) -> Void)?,
        onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)?,
        onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)?,
        onTrace: (@Sendable (WXTransferTrace) -> Void)?,
        complete: @escaping @Sendable (Result<WXTransferDownloadSuccess, WXTransferFailure>) -> Void
    ) throws(WXTransferStatus) -> WXTransferDownloadTask

    /// Opens a connection to `server` ahead of its first transfer.
    func prepare(_ server: String) throws(WXTransferStatus)

    /// Tells the session that the device has another network, or none.
    func networkChanged(_ network: WXTransferNetwork) throws(WXTransferStatus)

    /// Tells the session that the mini program entered the background.
    func enterBackground() throws(WXTransferStatus)

    /// Tells the session that the mini program is in the foreground again.
    func enterForeground() throws(WXTransferStatus)

    /// Closes the session: aborts the remaining tasks and runs their last closures. Throws
    /// ``WXTransferStatus/calledFromCallback`` in a callback.
    func close() throws(WXTransferStatus)
}

extension WXTransfers {
    /// `wx.uploadFile`: waits for the result. If the caller's `Task` is cancelled, the upload is aborted, and this
    /// function throws `CancellationError`.
    public func uploadFile(_ request: WXTransferUploadRequest) async throws -> WXTransferUploadSuccess {
        try Task.checkCancellation()
        return try await uploadFileTask(request).resultOrAbort()
    }

    /// `wx.downloadFile`: waits for the result. If the caller's `Task` is cancelled, the download is aborted, and this
    /// function throws `CancellationError`.
    public func downloadFile(_ request: WXTransferDownloadRequest) async throws -> WXTransferDownloadSuccess {
        try Task.checkCancellation()
        return try await downloadFileTask(request).resultOrAbort()
    }

    /// `wx.uploadFile` with only some of the closures. `complete` may be `nil`.
    @discardableResult
    public func uploadFile(
        _ request: WXTransferUploadRequest,
        success: (@Sendable (WXTransferUploadSuccess) -> Void)? = nil,
        fail: (@Sendable (WXTransferFailure) -> Void)? = nil,
        onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)? = nil,
        onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)? = nil,
        onTrace: (@Sendable (WXTransferTrace) -> Void)? = nil,
        complete: (@Sendable (Result<WXTransferUploadSuccess, WXTransferFailure>) -> Void)?
    ) throws(WXTransferStatus) -> WXTransferUploadTask {
        // This is the protocol's function: there, `complete` is not optional.
        let complete: @Sendable (Result<WXTransferUploadSuccess, WXTransferFailure>) -> Void = complete ?? { _ in }
        return try uploadFile(
            request, success: success, fail: fail, onProgressUpdate: onProgressUpdate,
            onHeadersReceived: onHeadersReceived, onTrace: onTrace, complete: complete)
    }

    /// `wx.downloadFile` with only some of the closures. `complete` may be `nil`.
    @discardableResult
    public func downloadFile(
        _ request: WXTransferDownloadRequest,
        success: (@Sendable (WXTransferDownloadSuccess) -> Void)? = nil,
        fail: (@Sendable (WXTransferFailure) -> Void)? = nil,
        onProgressUpdate: (@Sendable (WXTransferProgress) -> Void)? = nil,
        onHeadersReceived: (@Sendable (WXTransferHeadersReceived) -> Void)? = nil,
        onTrace: (@Sendable (WXTransferTrace) -> Void)? = nil,
        complete: (@Sendable (Result<WXTransferDownloadSuccess, WXTransferFailure>) -> Void)?
    ) throws(WXTransferStatus) -> WXTransferDownloadTask {
        let complete: @Sendable (Result<WXTransferDownloadSuccess, WXTransferFailure>) -> Void = complete ?? { _ in }
        return try downloadFile(
            request, success: success, fail: fail, onProgressUpdate: onProgressUpdate,
            onHeadersReceived: onHeadersReceived, onTrace: onTrace, complete: complete)
    }
}

extension WXTransferSession: WXTransfers {}
