package org.wxtransfer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext

/**
 * One launch of one mini program, with its transfers and its files.
 *
 * Every function may be called from any thread at any time, also from a callback; only [close], which waits for callbacks, throws
 * there. The suspending functions never block the thread that they are called on.
 *
 * @constructor Opens the session: creates the mini program's directories, and takes over the temporary files that
 * [WXTransferSessionOptions.Builder.temporaryRetention] keeps. Other temporary files of earlier launches are deleted: for at most
 * 10 ms before the constructor returns, the rest in the background. Reads and writes the disk, but makes no connection. Throws
 * [WXTransferStatusException].
 */
public class WXTransferSession @Throws(WXTransferStatusException::class) constructor(
    options: WXTransferSessionOptions,
) : WXTransfers {
    private val handle = SessionHandle(options.values)

    /** `wx.getFileSystemManager()`: the file calls of a page, except those for saved files. */
    public val files: WXTransferFiles = WXTransferFiles(handle)

    /** Uploads a file, as `wx.uploadFile` does. Throws [WXTransferFailure]. Cancelling aborts the task at once. */
    @Throws(WXTransferException::class)
    override suspend fun uploadFile(request: WXTransferUploadRequest): WXTransferUploadSuccess =
        awaitOrAbort { start(request, UploadEvents(NoCallbacks)) }

    /** Downloads a file, as `wx.downloadFile` does. Throws [WXTransferFailure]. Cancelling aborts the task at once. */
    @Throws(WXTransferException::class)
    override suspend fun downloadFile(request: WXTransferDownloadRequest): WXTransferDownloadSuccess =
        awaitOrAbort { start(request, DownloadEvents(NoCallbacks)) }

    /** Starts an upload. A mistake in the request is reported as the task's failure. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    override fun uploadFileTask(request: WXTransferUploadRequest): WXTransferTask<WXTransferUploadSuccess> =
        start(request, UploadEvents(NoCallbacks))

    /** Starts a download. A mistake in the request is reported as the task's failure. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    override fun downloadFileTask(request: WXTransferDownloadRequest): WXTransferTask<WXTransferDownloadSuccess> =
        start(request, DownloadEvents(NoCallbacks))

    /**
     * Starts an upload with callbacks. The first callback may run before this function returns. Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    override fun uploadFile(
        request: WXTransferUploadRequest,
        callbacks: WXTransferCallbacks<WXTransferUploadSuccess>,
    ): WXTransferTask<WXTransferUploadSuccess> = start(request, UploadEvents(callbacks))

    /**
     * Starts a download with callbacks. The first callback may run before this function returns. Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    override fun downloadFile(
        request: WXTransferDownloadRequest,
        callbacks: WXTransferCallbacks<WXTransferDownloadSuccess>,
    ): WXTransferTask<WXTransferDownloadSuccess> = start(request, DownloadEvents(callbacks))

    /**
     * `wx.saveFile`: moves a temporary file into the store, or to [filePath], a path under `wxfile://usr/`. A file at [filePath]
     * is replaced; its directory must exist. On success the temporary path becomes invalid; on failure the temporary file stays.
     * Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun saveFile(tempFilePath: String, filePath: String? = null): WXTransferFileInfo =
        onDisk { files.blocking.saveFile(tempFilePath, filePath) }

    /** `wx.getSavedFileList`: the files of the store, oldest first. Throws [WXTransferFailure]. */
    @Throws(WXTransferException::class)
    public suspend fun getSavedFileList(): List<WXTransferFileInfo> = onDisk { files.blocking.getSavedFileList() }

    /** `wx.getSavedFileInfo`: one file of the store. Throws [WXTransferFailure]. */
    @Throws(WXTransferException::class)
    public suspend fun getSavedFileInfo(filePath: String): WXTransferFileInfo = onDisk { files.blocking.getSavedFileInfo(filePath) }

    /** `wx.removeSavedFile`: deletes one file of the store. Throws [WXTransferFailure]. */
    @Throws(WXTransferException::class)
    public suspend fun removeSavedFile(filePath: String): Unit = onDisk { files.blocking.removeSavedFile(filePath) }

    /**
     * Makes a temporary file from a file of the app (a photo just taken), as `wx.chooseImage` does. [nativePath] is absolute. The
     * result's `filePath` is the page's `tempFilePath`. Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun importFile(nativePath: String, mode: WXTransferImportMode = WXTransferImportMode.COPY): WXTransferFileInfo =
        onDisk { files.blocking.importFile(nativePath, mode) }

    /**
     * Makes a temporary file from an open file or pipe, read from its current offset. [length] is the number of bytes to read; 0
     * means up to the end. [name] provides the extension. The descriptor is duplicated: the app keeps its own, and must not close
     * it before this function returns. Cancelling does not interrupt a read from a pipe. Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun importFileDescriptor(fileDescriptor: Int, length: Long = 0, name: String? = null): WXTransferFileInfo =
        onDisk { files.blocking.importFileDescriptor(fileDescriptor, length, name) }

    /**
     * Makes a temporary file from bytes in memory (a picture just drawn). [name] provides the extension. The result's `filePath`
     * is the page's `tempFilePath`. Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun importData(data: ByteArray, name: String? = null): WXTransferFileInfo =
        onDisk { files.blocking.importData(data, name) }

    /** Returns the path on the device of an existing `wxfile://` path, for example for a player. Throws [WXTransferFailure]. */
    @Throws(WXTransferException::class)
    public suspend fun resolvePath(filePath: String): WXTransferFileInfo =
        onDisk { files.blocking.resolvePath(filePath) }

    /**
     * Deletes the partial files that [WXTransferResume.ACROSS_LAUNCHES] has kept, for example at a logout. Downloads that are
     * running go on and can complete. If one of them fails or is aborted, or its session is closed, its file is not kept. Throws
     * [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    public suspend fun discardPartials(): Unit = onDisk { files.blocking.discardPartials() }

    /**
     * Changes [WXTransferSessionOptions.Builder.maxBytesPerSecond]; 0 means no limit. The new limit applies at once, also to
     * running tasks. Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    public fun setMaxBytesPerSecond(bytesPerSecond: Long) {
        require(bytesPerSecond >= 0) { "the number of bytes is negative" }
        checkStatus(handle.use { Native.sessionSetMaxBytesPerSecond(it, bytesPerSecond) })
    }

    /**
     * Opens a connection to [server] ahead of its first transfer: look-up, connect, TLS handshake. [server] is a URL, or a host
     * with or without a port, which means `https`. The session's rules for uploads or those for downloads must allow it. Returns
     * at once; the log reports a refusal or a failure. The connection is kept for 15 s, but not in the background. Throws
     * [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    override fun prepare(server: String): Unit = checkStatus(handle.use { Native.sessionPrepare(it, server.utf8()) })

    /**
     * Checks a URL and a header against the session's rules, in the order in which a call of [api] applies them. Starts no task.
     * Nothing is sent, looked up or connected. Throws [WXTransferStatusException].
     */
    @JvmOverloads
    @Throws(WXTransferStatusException::class)
    public fun checkUrl(api: WXTransferApi, url: String, header: List<Pair<String, String>> = emptyList()): WXTransferUrlCheck {
        val packed = header.packed()
        val result = NativeUrlCheck()
        checkStatus(handle.use { Native.checkUrl(it, api.value, url.utf8(), packed.bytes, packed.lengths, result) })
        return checkNotNull(result.check)
    }

    /** The session's statistics so far. The call is cheap. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    public fun statistics(): WXTransferSessionStatistics {
        val numbers = LongArray(WXTransferSessionStatistics.COUNT)
        checkStatus(handle.use { Native.sessionStatistics(it, numbers) })
        return WXTransferSessionStatistics(numbers)
    }

    /**
     * Replaces `rootCertificates` and `pins` of the options for new connections, both at once. [rootCertificates] is PEM; `null`
     * means the operating system's trust store. Idle connections are closed, connections that are being opened are opened again,
     * and tasks that have a connection continue on it. TLS sessions of the former trust are not resumed. Throws
     * [WXTransferStatusException]; then nothing has changed.
     */
    @Throws(WXTransferStatusException::class)
    public fun setTrust(rootCertificates: String?, pins: List<WXTransferPin>) {
        val roots = rootCertificates?.utf8()
        val list = PinList(pins)
        checkExplained { reason ->
            handle.use {
                Native.sessionSetTrust(it, roots, list.hosts.bytes, list.hosts.lengths, list.hashes, list.hashLengths, reason)
            }
        }
    }

    /**
     * Tells the session that the device has another network, or none. Call it at each change, and once after opening if requests
     * set `needsUnmetered`. Idle connections are closed. Transfers whose local address no longer exists fail at once
     * (`retryable`). Requests with `needsUnmetered` wait while the network is metered or roaming. With
     * [WXTransferNetwork.Kind.NONE] no task starts; after 5 s, all remaining tasks and every later call fail with `interrupted`.
     * Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    override fun networkChanged(network: WXTransferNetwork): Unit = checkExplained { reason ->
        handle.use { Native.sessionNetworkChanged(it, network.kind.value, network.metered, network.roaming, reason) }
    }

    /**
     * Tells the session that the mini program entered the background. For 5 s calls are accepted as before. After that, remaining
     * tasks and later calls fail with `interrupted`, or wait if [WXTransferSessionOptions.Builder.waitInBackground] is set.
     * Throws [WXTransferStatusException].
     */
    @Throws(WXTransferStatusException::class)
    override fun enterBackground(): Unit = checkStatus(handle.use(Native::sessionEnterBackground))

    /** Tells the session that the mini program is in the foreground again. Throws [WXTransferStatusException]. */
    @Throws(WXTransferStatusException::class)
    override fun enterForeground(): Unit = checkStatus(handle.use(Native::sessionEnterForeground))

    /**
     * Closes the session: aborts the remaining tasks, runs their last callbacks, deletes the temporary files that
     * [WXTransferSessionOptions.Builder.temporaryRetention] does not keep, and joins the session's threads. The callbacks run on
     * this thread if the session has an `executor`, else on the session's thread. Closing waits for a running callback, but not
     * for the executor, so it may be called on the executor's own thread. Closing again, or while another thread closes the
     * session, returns at once. Throws [WXTransferStatusException] if called from a callback.
     */
    @Throws(WXTransferStatusException::class)
    override fun close(): Unit = handle.close()

    private fun start(request: WXTransferUploadRequest, events: UploadEvents): NativeTask<WXTransferUploadSuccess> {
        val header = request.header.packed()
        val formData = request.formData.packed()
        val parts = PartList(request.parts)
        return started(events) { session, task, reason ->
            Native.uploadFile(
                session = session,
                url = request.url.utf8(),
                filePath = request.filePath?.utf8(),
                name = request.name.utf8(),
                header = header.bytes,
                headerLengths = header.lengths,
                formData = formData.bytes,
                formDataLengths = formData.lengths,
                fileName = request.fileName?.utf8(),
                timeout = request.timeoutMillis.toNativeMillis(),
                disableProfile = request.disableProfile,
                hasFileDescriptor = request.fileDescriptor != null,
                fileDescriptor = request.fileDescriptor ?: -1,
                fileLength = request.fileLength,
                wantsTraces = events.wantsTraces,
                needsUnmetered = request.needsUnmetered,
                data = request.data,
                partTexts = parts.texts.bytes,
                partTextLengths = parts.texts.lengths,
                partData = parts.data,
                partNumbers = parts.numbers,
                method = request.method.value,
                raw = request.raw,
                maxBytesPerSecond = request.maxBytesPerSecond,
                priority = request.priority,
                callbacks = events,
                task = task,
                reason = reason,
            )
        }
    }

    private fun start(request: WXTransferDownloadRequest, events: DownloadEvents): NativeTask<WXTransferDownloadSuccess> {
        val header = request.header.packed()
        return started(events) { session, task, reason ->
            Native.downloadFile(
                session = session,
                url = request.url.utf8(),
                header = header.bytes,
                headerLengths = header.lengths,
                filePath = request.filePath?.utf8(),
                timeout = request.timeoutMillis.toNativeMillis(),
                disableProfile = request.disableProfile,
                expectedSha256 = request.expectedSha256?.utf8(),
                expectedLength = request.expectedLength,
                wantSha256 = request.wantSha256,
                verifyDigest = request.verifyDigest,
                wantsTraces = events.wantsTraces,
                needsUnmetered = request.needsUnmetered,
                maxBytesPerSecond = request.maxBytesPerSecond,
                priority = request.priority,
                callbacks = events,
                task = task,
                reason = reason,
            )
        }
    }

    private fun <S : WXTransferSuccess> started(
        events: TaskEvents<S>,
        call: (Long, LongArray, Array<ByteArray?>) -> Int,
    ): NativeTask<S> {
        val task = LongArray(1)
        events.session = handle
        checkExplained { reason -> handle.use { call(it, task, reason) } }
        events.id = task[0]
        return NativeTask(events)
    }

    /** Waits for the result of the task that [start] starts. Starts nothing if the caller is already cancelled. */
    private suspend fun <S : WXTransferSuccess> awaitOrAbort(start: () -> NativeTask<S>): S {
        currentCoroutineContext().ensureActive()
        return start().awaitOrAbort()
    }

    private suspend fun <T> onDisk(operation: () -> T): T = withContext(Dispatchers.IO) { operation() }

    /** Constants of the library. */
    public companion object {
        /** The version of the native library, such as `0.2.0`. */
        @JvmStatic
        public val version: String get() = Native.version().decodeToString()
    }
}
