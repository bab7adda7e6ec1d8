package org.wxtransfer.testing

import java.io.File
import java.io.IOException
import java.security.MessageDigest
import java.util.UUID
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import org.wxtransfer.WXTransferCallbacks
import org.wxtransfer.WXTransferDownloadRequest
import org.wxtransfer.WXTransferDownloadSuccess
import org.wxtransfer.WXTransferException
import org.wxtransfer.WXTransferFailure
import org.wxtransfer.WXTransferNetwork
import org.wxtransfer.WXTransferProgress
import org.wxtransfer.WXTransferStatus
import org.wxtransfer.WXTransferStatusException
import org.wxtransfer.WXTransferSuccess
import org.wxtransfer.WXTransferTask
import org.wxtransfer.WXTransferUploadRequest
import org.wxtransfer.WXTransferUploadSuccess
import org.wxtransfer.WXTransfers

/**
 * A session without a network, for an app's tests: each transfer does what the test has scripted, with the callbacks of a real
 * one in their order. It needs no native library.
 *
 * A transfer uses the next script for its URL, else the next one for any URL. If there is none, it fails with
 * [WXTransferFakeFailure.INTERNAL], and the detail says so. The library's delay of five seconds in the background and without a
 * network does not exist here: transfers are interrupted at once.
 *
 * @param directory where the files of downloads are written. They stay when the session is closed.
 * @param executor where callbacks run. `null` (default): a thread of the session.
 * @param headersAfterBody set to `true` for the order of a session with `maxRetries`, `resume` or `waitInBackground`: the headers
 * of a download come when its body is complete, before the progress of 100 %, or before its failure. An `endless` download has
 * no headers then. Default: `false`.
 */
public class WXTransferFakeSession @JvmOverloads constructor(
    private val directory: File,
    executor: Executor? = null,
    private val headersAfterBody: Boolean = false,
) : WXTransfers {
    private val ownThread = if (executor == null) Executors.newSingleThreadExecutor(::daemon) else null
    private val executor: Executor = executor ?: checkNotNull(ownThread)
    private val jobs = ConcurrentLinkedQueue<() -> Unit>()

    /** Held while callbacks run, so that they never run at the same time. */
    private val delivery = ReentrantLock()

    private val lock = Any()
    private val byUrl = HashMap<String, ArrayDeque<WXTransferFakeTransfer>>()
    private val inOrder = ArrayDeque<WXTransferFakeTransfer>()
    private val seenUploads = ArrayList<WXTransferUploadRequest>()
    private val seenDownloads = ArrayList<WXTransferDownloadRequest>()
    private val running = LinkedHashSet<FakeTask<*>>()
    private var isHidden = false
    private var isOffline = false
    private var isClosed = false

    /** The requests of all uploads, in the order of the calls. */
    public val uploads: List<WXTransferUploadRequest> get() = synchronized(lock) { seenUploads.toList() }

    /** The requests of all downloads, in the order of the calls. */
    public val downloads: List<WXTransferDownloadRequest> get() = synchronized(lock) { seenDownloads.toList() }

    /** Scripts the next transfers with [url]: each uses one script. */
    public fun answer(url: String, vararg transfers: WXTransferFakeTransfer) {
        synchronized(lock) { byUrl.getOrPut(url, ::ArrayDeque).addAll(transfers) }
    }

    /** Scripts the next transfers whose URL has no script of its own: each uses one script. */
    public fun answerNext(vararg transfers: WXTransferFakeTransfer) {
        synchronized(lock) { inOrder.addAll(transfers) }
    }

    @Throws(WXTransferException::class)
    override suspend fun uploadFile(request: WXTransferUploadRequest): WXTransferUploadSuccess =
        awaitOrAbort { start(request, object : WXTransferCallbacks<WXTransferUploadSuccess> {}) }

    @Throws(WXTransferException::class)
    override suspend fun downloadFile(request: WXTransferDownloadRequest): WXTransferDownloadSuccess =
        awaitOrAbort { start(request, object : WXTransferCallbacks<WXTransferDownloadSuccess> {}) }

    @Throws(WXTransferStatusException::class)
    override fun uploadFileTask(request: WXTransferUploadRequest): WXTransferTask<WXTransferUploadSuccess> =
        uploadFile(request, object : WXTransferCallbacks<WXTransferUploadSuccess> {})

    @Throws(WXTransferStatusException::class)
    override fun downloadFileTask(request: WXTransferDownloadRequest): WXTransferTask<WXTransferDownloadSuccess> =
        downloadFile(request, object : WXTransferCallbacks<WXTransferDownloadSuccess> {})

    @Throws(WXTransferStatusException::class)
    override fun uploadFile(
        request: WXTransferUploadRequest,
        callbacks: WXTransferCallbacks<WXTransferUploadSuccess>,
    ): WXTransferTask<WXTransferUploadSuccess> = start(request, callbacks)

    @Throws(WXTransferStatusException::class)
    override fun downloadFile(
        request: WXTransferDownloadRequest,
        callbacks: WXTransferCallbacks<WXTransferDownloadSuccess>,
    ): WXTransferTask<WXTransferDownloadSuccess> = start(request, callbacks)

    private fun start(
        request: WXTransferUploadRequest,
        callbacks: WXTransferCallbacks<WXTransferUploadSuccess>,
    ): FakeTask<WXTransferUploadSuccess> {
        val script = next(request.url) { seenUploads.add(request) }
        val steps = script.progress + listOfNotNull(rest(script, UPLOAD_SIZE), script.headers)
        val result = when (val end = script.end) {
            is WXTransferFakeTransfer.End.Success -> Result.success(uploadSuccess(end))
            is WXTransferFakeTransfer.End.Fails -> Result.failure(end.ofUpload)
            WXTransferFakeTransfer.End.Never -> null
        }
        return start(steps, result, { failure, attempts -> failure.ofUpload(attempts = attempts) }, callbacks)
    }

    private fun start(
        request: WXTransferDownloadRequest,
        callbacks: WXTransferCallbacks<WXTransferDownloadSuccess>,
    ): FakeTask<WXTransferDownloadSuccess> {
        val script = next(request.url) { seenDownloads.add(request) }
        val result = when (val end = script.end) {
            is WXTransferFakeTransfer.End.Success -> downloadResult(request, end)
            is WXTransferFakeTransfer.End.Fails -> Result.failure(end.ofDownload)
            WXTransferFakeTransfer.End.Never -> null
        }
        val rest = result?.getOrNull()?.let { rest(script, it.dataLength) }
        val steps = downloadSteps(script, script.progress + listOfNotNull(rest))
        return start(steps, result, { failure, attempts -> failure.ofDownload(attempts = attempts) }, callbacks)
    }

    private fun downloadSteps(script: WXTransferFakeTransfer, progress: List<WXTransferProgress>): List<Any> {
        val headers = listOfNotNull(script.headers)
        if (!headersAfterBody) return headers + progress
        return when (script.end) {
            // The progress of 100 % is reported with the end.
            is WXTransferFakeTransfer.End.Success -> progress.dropLast(1) + headers + progress.takeLast(1)
            is WXTransferFakeTransfer.End.Fails -> progress + headers
            WXTransferFakeTransfer.End.Never -> progress
        }
    }

    @Throws(WXTransferStatusException::class)
    override fun prepare(server: String): Unit = checkOpen()

    @Throws(WXTransferStatusException::class)
    override fun networkChanged(network: WXTransferNetwork) {
        checkOpen()
        synchronized(lock) { isOffline = network.kind == WXTransferNetwork.Kind.NONE }
        interrupt()
    }

    @Throws(WXTransferStatusException::class)
    override fun enterBackground() {
        checkOpen()
        synchronized(lock) { isHidden = true }
        interrupt()
    }

    @Throws(WXTransferStatusException::class)
    override fun enterForeground() {
        checkOpen()
        synchronized(lock) { isHidden = false }
    }

    @Throws(WXTransferStatusException::class)
    override fun close() {
        if (delivery.isHeldByCurrentThread) throw WXTransferStatusException(WXTransferStatus.CALLED_FROM_CALLBACK)
        val left = synchronized(lock) {
            isClosed = true
            running.toList()
        }
        left.forEach { it.abort() }
        // Runs the callbacks that the executor has not run yet.
        deliver()
        ownThread?.shutdown()
    }

    private fun checkOpen() {
        if (synchronized(lock) { isClosed }) throw WXTransferStatusException(WXTransferStatus.SESSION_CLOSED)
    }

    private fun interrupt() {
        val interrupted = synchronized(lock) { if (isHidden || isOffline) running.toList() else emptyList() }
        interrupted.forEach { it.stop(WXTransferFakeFailure.INTERRUPTED) }
    }

    private fun next(url: String, note: () -> Unit): WXTransferFakeTransfer = synchronized(lock) {
        checkOpen()
        note()
        byUrl[url]?.removeFirstOrNull() ?: inOrder.removeFirstOrNull() ?: WXTransferFakeTransfer.missing(url)
    }

    private fun <S : WXTransferSuccess> start(
        steps: List<Any>,
        result: Result<S>?,
        stopped: (WXTransferFakeFailure, attempts: Int) -> WXTransferFailure,
        callbacks: WXTransferCallbacks<S>,
    ): FakeTask<S> {
        val task = FakeTask(steps, result, stopped, callbacks, ::post, ::guarded) { ended ->
            synchronized(lock) { running.remove(ended) }
        }
        // Either `close` finds the task, or the task finds that the session is closed.
        val isLate = synchronized(lock) {
            running.add(task)
            isClosed
        }
        if (isLate) task.abort()
        interrupt()
        post(task::run)
        return task
    }

    private fun post(job: () -> Unit) {
        jobs.add(job)
        try {
            executor.execute(::deliver)
        } catch (closed: RejectedExecutionException) {
            // The session's own thread has ended.
            deliver()
        }
    }

    /** Runs the jobs in order. One that a callback adds runs after that callback, whatever the executor. */
    private fun deliver() {
        if (delivery.isHeldByCurrentThread) return
        delivery.withLock {
            while (true) (jobs.poll() ?: break)()
        }
    }

    /** As in the library, an exception of a callback goes to the thread's handler. */
    private fun guarded(callback: () -> Unit) {
        try {
            callback()
        } catch (thrown: Throwable) {
            val thread = Thread.currentThread()
            thread.uncaughtExceptionHandler.uncaughtException(thread, thrown)
        }
    }

    private suspend fun <S : WXTransferSuccess> awaitOrAbort(begin: () -> FakeTask<S>): S {
        currentCoroutineContext().ensureActive()
        return begin().awaitOrAbort()
    }

    /** The progress of 100 % before a success. */
    private fun rest(script: WXTransferFakeTransfer, size: Long): WXTransferProgress? {
        if (script.end !is WXTransferFakeTransfer.End.Success || script.progress.lastOrNull()?.progress == COMPLETE) return null
        val total = script.progress.lastOrNull()?.totalBytesExpected ?: size
        return WXTransferProgress(total, total, COMPLETE)
    }

    private fun uploadSuccess(end: WXTransferFakeTransfer.End.Success) = WXTransferUploadSuccess {
        statusCode = end.statusCode
        data = end.body.decodeToString()
        dataLength = end.body.size.toLong()
        header = end.header
        profile = end.profile
        attempts = end.attempts
        resumedFrom = end.resumedFrom
    }

    /** Writes the file of a download, if the body is the expected one. */
    private fun downloadResult(
        request: WXTransferDownloadRequest,
        end: WXTransferFakeTransfer.End.Success,
    ): Result<WXTransferDownloadSuccess> {
        val length = end.body.size.toLong()
        val digest = if (request.wantSha256 || request.expectedSha256 != null) sha256Of(end.body) else null
        if (request.expectedLength > 0 && request.expectedLength != length) {
            return differs("has $length bytes in place of ${request.expectedLength}")
        }
        if (request.expectedSha256?.equals(digest, ignoreCase = true) == false) return differs("has another SHA-256 than expected")
        // Files stay when a session is closed, so another session must not choose the same name.
        val digits = UUID.randomUUID().toString().replace("-", "")
        val file = File(directory, "tmp_$digits${extensionOf(request.url)}")
        try {
            directory.mkdirs()
            file.writeBytes(end.body)
        } catch (error: IOException) {
            return Result.failure(WXTransferFakeFailure.SAVE_FILE.ofDownload(error.toString()))
        }
        // Without a path, and with an empty one, the library makes a temporary file.
        val path = request.filePath?.ifEmpty { null }
        val success = WXTransferDownloadSuccess {
            statusCode = end.statusCode
            tempFilePath = if (path == null) "wxfile://${file.name}" else null
            filePath = path
            nativePath = file.path
            dataLength = length
            header = end.header
            profile = end.profile
            attempts = end.attempts
            resumedFrom = end.resumedFrom
            sha256 = digest
        }
        return Result.success(success)
    }

    /** The extension in the last segment of a URL's path with its dot: at most ten letters and digits. Else an empty text. */
    private fun extensionOf(url: String): String {
        // The scheme, the two slashes and the host come before the path.
        val name = url.split('?', '#').first().split('/').drop(3).lastOrNull().orEmpty()
        return EXTENSION.find(name)?.value.orEmpty().lowercase()
    }

    private fun differs(how: String): Result<WXTransferDownloadSuccess> =
        Result.failure(WXTransferFakeFailure.INTEGRITY.ofDownload("the file $how"))

    private fun sha256Of(body: ByteArray): String =
        MessageDigest.getInstance("SHA-256").digest(body).joinToString("") { "%02x".format(it) }

    private companion object {
        /** The size of an upload's body, if its script does not say. */
        const val UPLOAD_SIZE = 1000L
        const val COMPLETE = 100
        val EXTENSION = Regex("(?<=.)\\.[A-Za-z0-9]{1,10}$")

        fun daemon(run: Runnable) = Thread(run, "wxt-fake-delivery").apply { isDaemon = true }
    }
}
