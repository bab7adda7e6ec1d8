package org.wxtransfer

/**
 * The transfers of one launch of one mini program. An app's code that uses this interface can be tested with a fake.
 *
 * [WXTransferSession] is the real implementation, and `WXTransferFakeSession` of `wxtransfer-testing` is the fake. The interface
 * has no file calls: tests use those of a real session, which needs no network for them. The file of a fake's download is not in
 * the store of that session until the test imports it with [WXTransferSession.importFile].
 */
public interface WXTransfers : AutoCloseable {
    /** Uploads a file, as `wx.uploadFile` does. Throws [WXTransferFailure]. Cancelling aborts the task at once. */
    @Throws(WXTransferException::class)
    public suspend fun uploadFile(request: WXTransferUploadRequest): WXTransferUploadSuccess

    /** Downloads a file, as `wx.downloadFile` does. Throws [WXTransferFailure]. Cancelling aborts the task at once. */
    @Throws(WXTransferException::class)
    public suspend fun downloadFile(request: WXTransferDownloadRequest): WXTransferDownloadSuccess

    /** Starts an upload. A mistake in the request is reported as the task's failure. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun uploadFileTask(request: WXTransferUploadRequest): WXTransferTask<WXTransferUploadSuccess>

    /** Starts a download. A mistake in the request is reported as the task's failure. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun downloadFileTask(request: WXTransferDownloadRequest): WXTransferTask<WXTransferDownloadSuccess>

    /**
     * Starts an upload with callbacks. The first callback may run before this function returns. Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    public fun uploadFile(
        request: WXTransferUploadRequest,
        callbacks: WXTransferCallbacks<WXTransferUploadSuccess>,
    ): WXTransferTask<WXTransferUploadSuccess>

    /**
     * Starts a download with callbacks. The first callback may run before this function returns. Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    public fun downloadFile(
        request: WXTransferDownloadRequest,
        callbacks: WXTransferCallbacks<WXTransferDownloadSuccess>,
    ): WXTransferTask<WXTransferDownloadSuccess>

    /** Opens a connection to [server] ahead of its first transfer. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun prepare(server: String)

    /** Tells the session that the device has another network, or none. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun networkChanged(network: WXTransferNetwork)

    /** Tells the session that the mini program entered the background. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun enterBackground()

    /** Tells the session that the mini program is in the foreground again. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun enterForeground()

    /**
     * Closes the session: aborts the remaining tasks and runs their last callbacks. Throws [WXTransferStatusException] if called
     * from a callback.
     */
    @Throws(WXTransferStatusException::class)
    override fun close()
}
