internal import CWxtransfer

extension WXTransferSession {
    /// Starts `wx.uploadFile`, and returns the task, which provides the progress, the headers and the result.
    public func uploadFileTask(_ request: WXTransferUploadRequest) throws(WXTransferStatus) -> WXTransferUploadTask {
        try start(request, TaskClosures())
    }

    /// Starts `wx.downloadFile`, and returns the task, which provides the progress, the headers and the result.
    public func downloadFileTask(
        _ request: WXTransferDownloadRequest
    ) throws(WXTransferStatus) -> WXTransferDownloadTask {
        try start(request, TaskClosures())
    }

    /// `wx.uploadFile` with closures, for a host that calls a page's callbacks.
    ///
    /// The events run first, then exactly one of `success` and `fail`, then `complete`. The closures run on the session's
    /// `callbackQueue`, or on the thread that closes the session, and never at the same time. They may run before this
    /// function returns.
    ///
    /// `onTrace` receives a HAR entry of each request when the request is over. Without `onTrace`, no entries are
    /// collected.
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
        try start(request, TaskClosures(
            success: success, fail: fail, complete: complete,
            onProgressUpdate: onProgressUpdate, onHeadersReceived: onHeadersReceived, onTrace: onTrace))
    }

    /// `wx.downloadFile` with closures. They run like those of `uploadFile`.
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
        try start(request, TaskClosures(
            success: success, fail: fail, complete: complete,
            onProgressUpdate: onProgressUpdate, onHeadersReceived: onHeadersReceived, onTrace: onTrace))
    }

    private func start(
        _ request: WXTransferUploadRequest, _ closures: TaskClosures<WXTransferUploadSuccess>
    ) throws(WXTransferStatus) -> WXTransferUploadTask {
        let events = TaskEvents(closures) { WXTransferUploadSuccess($0) }
        return try start(events) { memory, callbacks, id, detail in
            var request = request.cRequest(in: memory)
            return wxt_upload_file(handle.pointer, &request, callbacks, id, detail)
        }
    }

    private func start(
        _ request: WXTransferDownloadRequest, _ closures: TaskClosures<WXTransferDownloadSuccess>
    ) throws(WXTransferStatus) -> WXTransferDownloadTask {
        let events = TaskEvents(closures) { WXTransferDownloadSuccess($0) }
        return try start(events) { memory, callbacks, id, detail in
            var request = request.cRequest(in: memory)
            return wxt_download_file(handle.pointer, &request, callbacks, id, detail)
        }
    }

    private func start<Success>(
        _ events: TaskEvents<Success>,
        _ start: (
            CMemory, UnsafePointer<WxtCallbacks>, UnsafeMutablePointer<WxtTaskId>, UnsafeMutablePointer<WxtStatusDetail>
        ) -> WxtStatus
    ) throws(WXTransferStatus) -> WXTransferTask<Success> {
        let key = TaskRegistry.add(events)
        var callbacks = TaskRegistry.callbacks(key, wantsTraces: events.wantsTraces)
        var id = WxtTaskId()
        do throws(WXTransferStatus) {
            try WXTransferStatus.checkExplained { detail in CMemory.with { start($0, &callbacks, &id, detail) } }
        } catch {
            // The call was refused, so no callback runs, not even `release`.
            TaskRegistry.remove(key)
            throw error
        }
        return WXTransferTask(id: id, session: self, events: events)
    }
}
