package org.wxtransfer

/**
 * The transfers of one launch of one mini program: what an app's code asks for, so that its tests can give it a fake.
 *
 * [WXTransferSession] is the real one, and `WXTransferFakeSession` of `wxtransfer-testing` the fake. Files are not part of it:
 * they need no network, so that tests can have the real ones.
 */
public interface WXTransfers : AutoCloseable {
    /** Uploads a file, as `wx.uploadFile` does. Throws [WXTransferFailure]. Cancelling aborts the task at once. */
    @Throws(WXTransferException::class)
    public suspend fun uploadFile(request: WXTransferUploadRequest): WXTransferUploadSuccess

    /** Downloads a file, as `wx.downloadFile` does. Throws [WXTransferFailure]. Cancelling aborts the task at once. */
    @Throws(WXTransferException::class)
    public suspend fun downloadFile(request: WXTransferDownloadRequest): WXTransferDownloadSuccess

    /** Starts an upload. What is wrong with the request comes as the task's failure. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun uploadFileTask(request: WXTransferUploadRequest): WXTransferTask<WXTransferUploadSuccess>

    /** Starts a download. What is wrong with the request comes as the task's failure. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun downloadFileTask(request: WXTransferDownloadRequest): WXTransferTask<WXTransferDownloadSuccess>

    /** Starts an upload with callbacks, the first of which may run before this returns. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun uploadFile(
        request: WXTransferUploadRequest,
        callbacks: WXTransferCallbacks<WXTransferUploadSuccess>,
    ): WXTransferTask<WXTransferUploadSuccess>

    /** Starts a download with callbacks, the first of which may run before this returns. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun downloadFile(
        request: WXTransferDownloadRequest,
        callbacks: WXTransferCallbacks<WXTransferDownloadSuccess>,
    ): WXTransferTask<WXTransferDownloadSuccess>

    /** Opens a connection to [server] before a transfer needs it. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun prepare(server: String)

    /** Reports that the device has another network, or none. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun networkChanged(network: WXTransferNetwork)

    /** Reports that the mini program went to the background. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun enterBackground()

    /** Reports that the mini program is in the foreground again. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun enterForeground()

    /**
     * Closes the session: aborts the remaining tasks and runs their last callbacks. Throws [WXTransferStatusException] when
     * called from a callback.
     */
    @Throws(WXTransferStatusException::class)
    override fun close()
}
