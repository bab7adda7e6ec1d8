/// The transfers of one launch of one mini program: what an app's code asks for, so that its tests can give it a fake.
///
/// ``WXTransferSession`` is the real one, and `WXTransferFakeSession` of the module `WXTransferTesting` the fake. Files are not
/// part of it: they need no network, so that tests can have the real ones.
public protocol WXTransfers: AnyObject, Sendable {
    /// Starts `wx.uploadFile`, and returns what its progress, headers and result are read from.
    func uploadFileTask(_ request: WXTransferUploadRequest) throws(WXTransferStatus) -> WXTransferUploadTask

    /// Starts `wx.downloadFile`, and returns what its progress, headers and result are read from.
    func downloadFileTask(_ request: WXTransferDownloadRequest) throws(WXTransferStatus) -> WXTransferDownloadTask

    /// `wx.uploadFile` with closures: one of `success` and `fail`, then `complete`, and the events before.
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

    /// `wx.downloadFile` with closures, which run as those of `uploadFile` do.
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

    /// Has a connection to `server` opened ahead.
    func prepare(_ server: String) throws(WXTransferStatus)

    /// The device has another network, or none.
    func networkChanged(_ network: WXTransferNetwork) throws(WXTransferStatus)

    /// The mini program went to the background.
    func enterBackground() throws(WXTransferStatus)

    /// The mini program is back.
    func enterForeground() throws(WXTransferStatus)

    /// Ends it: aborts what is left and runs the last closures. In a callback it throws
    /// ``WXTransferStatus/calledFromCallback``.
    func close() throws(WXTransferStatus)
}

extension WXTransfers {
    /// `wx.uploadFile`, to its end. Where the caller's `Task` is cancelled, the upload is aborted, and this throws
    /// `CancellationError`.
    public func uploadFile(_ request: WXTransferUploadRequest) async throws -> WXTransferUploadSuccess {
        try Task.checkCancellation()
        return try await uploadFileTask(request).resultOrAbort()
    }

    /// `wx.downloadFile`, to its end. Where the caller's `Task` is cancelled, the download is aborted, and this throws
    /// `CancellationError`.
    public func downloadFile(_ request: WXTransferDownloadRequest) async throws -> WXTransferDownloadSuccess {
        try Task.checkCancellation()
        return try await downloadFileTask(request).resultOrAbort()
    }
}

extension WXTransferSession: WXTransfers {}
