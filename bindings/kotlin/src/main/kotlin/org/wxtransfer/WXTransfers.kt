package org.wxtransfer

/**
 * The transfers of one launch of one mini program: what an app's code asks for, so that its tests can give it a fake.
 *
 * [WXTransferSession] is the real one, and `WXTransferFakeSession` of `wxtransfer-testing` the fake. Files are not part of it:
 * they need no network, so that tests can have the real ones.
 */
public interface WXTransfers : AutoCloseable {
    /** Uploads a file, as `wx.uploadFile` does. Throws [WXTFailureException]. Cancelling aborts the task at once. */
    public suspend fun uploadFile(request: WXTUploadRequest): WXTUploadSuccess

    /** Downloads a file, as `wx.downloadFile` does. Throws [WXTFailureException]. Cancelling aborts the task at once. */
    public suspend fun downloadFile(request: WXTDownloadRequest): WXTDownloadSuccess

    /** Starts an upload. What is wrong with the request comes as the task's failure. Throws [WXTStatusException]. */
    public fun uploadFileTask(request: WXTUploadRequest): WXTTask<WXTUploadSuccess>

    /** Starts a download. What is wrong with the request comes as the task's failure. Throws [WXTStatusException]. */
    public fun downloadFileTask(request: WXTDownloadRequest): WXTTask<WXTDownloadSuccess>

    /** Starts an upload with callbacks, the first of which may run before this returns. Throws [WXTStatusException]. */
    public fun uploadFile(
        request: WXTUploadRequest,
        callbacks: WXTCallbacks<WXTUploadSuccess>,
    ): WXTTask<WXTUploadSuccess>

    /** Starts a download with callbacks, the first of which may run before this returns. Throws [WXTStatusException]. */
    public fun downloadFile(
        request: WXTDownloadRequest,
        callbacks: WXTCallbacks<WXTDownloadSuccess>,
    ): WXTTask<WXTDownloadSuccess>

    /** Has a connection to [server] opened ahead. Throws [WXTStatusException]. */
    public fun prepare(server: String)

    /** Tells that the device has another network, or none. Throws [WXTStatusException]. */
    public fun networkChanged(network: WXTNetwork)

    /** Tells that the mini program went to the background. Throws [WXTStatusException]. */
    public fun enterBackground()

    /** Tells that the mini program is back. Throws [WXTStatusException]. */
    public fun enterForeground()

    /** Ends it: aborts what is left and runs the last callbacks. Throws [WXTStatusException] when called from a callback. */
    override fun close()
}
