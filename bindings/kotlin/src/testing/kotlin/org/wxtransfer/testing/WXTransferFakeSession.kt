package org.wxtransfer.testing

import java.io.File
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.locks.ReentrantLock
import kotlin.concurrent.withLock
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import org.wxtransfer.WXTCallbacks
import org.wxtransfer.WXTDownloadRequest
import org.wxtransfer.WXTDownloadSuccess
import org.wxtransfer.WXTFailureException
import org.wxtransfer.WXTNetwork
import org.wxtransfer.WXTNetworkKind
import org.wxtransfer.WXTProgress
import org.wxtransfer.WXTStatus
import org.wxtransfer.WXTStatusException
import org.wxtransfer.WXTSuccess
import org.wxtransfer.WXTTask
import org.wxtransfer.WXTUploadRequest
import org.wxtransfer.WXTUploadSuccess
import org.wxtransfer.WXTransfers

/**
 * A session without a network, for an app's tests: each transfer does what the test has scripted, with the callbacks of a real
 * one in their order. It needs no native library.
 *
 * A transfer takes the next script for its URL, else the next one for any URL. Where there is none, it fails with
 * [WXTFakeFailure.INTERNAL], whose detail says so. The five seconds of the background and of a missing network are over at once.
 *
 * @param directory where the files of downloads are written. They stay when the session is closed.
 * @param executor where callbacks run. `null` is a thread of the session's own.
 */
public class WXTransferFakeSession(private val directory: File, executor: Executor? = null) : WXTransfers {
    private val ownThread = if (executor == null) Executors.newSingleThreadExecutor(::daemon) else null
    private val executor: Executor = executor ?: checkNotNull(ownThread)
    private val jobs = ConcurrentLinkedQueue<() -> Unit>()

    /** Whoever runs callbacks has it: they never run at the same time. */
    private val delivery = ReentrantLock()

    private val lock = Any()
    private val byUrl = HashMap<String, ArrayDeque<WXTFakeTransfer>>()
    private val inOrder = ArrayDeque<WXTFakeTransfer>()
    private val seenUploads = ArrayList<WXTUploadRequest>()
    private val seenDownloads = ArrayList<WXTDownloadRequest>()
    private val running = LinkedHashSet<FakeTask<*>>()
    private var files = 0
    private var isHidden = false
    private var isOffline = false
    private var isClosed = false

    /** The uploads that were asked for, in their order. */
    public val uploads: List<WXTUploadRequest> get() = synchronized(lock) { seenUploads.toList() }

    /** The downloads that were asked for, in their order. */
    public val downloads: List<WXTDownloadRequest> get() = synchronized(lock) { seenDownloads.toList() }

    /** What the next transfers with [url] do, each once. */
    public fun answer(url: String, vararg transfers: WXTFakeTransfer) {
        synchronized(lock) { byUrl.getOrPut(url, ::ArrayDeque).addAll(transfers) }
    }

    /** What the next transfers do whose URL has no script, each once. */
    public fun answerNext(vararg transfers: WXTFakeTransfer) {
        synchronized(lock) { inOrder.addAll(transfers) }
    }

    override suspend fun uploadFile(request: WXTUploadRequest): WXTUploadSuccess = awaitOrAbort { uploadFileTask(request) }

    override suspend fun downloadFile(request: WXTDownloadRequest): WXTDownloadSuccess =
        awaitOrAbort { downloadFileTask(request) }

    override fun uploadFileTask(request: WXTUploadRequest): WXTTask<WXTUploadSuccess> =
        uploadFile(request, object : WXTCallbacks<WXTUploadSuccess> {})

    override fun downloadFileTask(request: WXTDownloadRequest): WXTTask<WXTDownloadSuccess> =
        downloadFile(request, object : WXTCallbacks<WXTDownloadSuccess> {})

    override fun uploadFile(
        request: WXTUploadRequest,
        callbacks: WXTCallbacks<WXTUploadSuccess>,
    ): WXTTask<WXTUploadSuccess> {
        val script = next(request.url) { seenUploads.add(request) }
        val steps = script.progress + listOfNotNull(rest(script, UPLOAD_SIZE), script.headers)
        val result = when (val end = script.end) {
            is WXTFakeTransfer.End.Success -> Result.success(uploadSuccess(end))
            is WXTFakeTransfer.End.Fails -> Result.failure(end.ofUpload)
            WXTFakeTransfer.End.Never -> null
        }
        return start(steps, result, { it.ofUpload() }, callbacks)
    }

    override fun downloadFile(
        request: WXTDownloadRequest,
        callbacks: WXTCallbacks<WXTDownloadSuccess>,
    ): WXTTask<WXTDownloadSuccess> {
        val script = next(request.url) { seenDownloads.add(request) }
        val length = (script.end as? WXTFakeTransfer.End.Success)?.body?.size ?: 0
        val steps = listOfNotNull(script.headers) + script.progress + listOfNotNull(rest(script, length.toLong()))
        val result = when (val end = script.end) {
            is WXTFakeTransfer.End.Success -> Result.success(downloadSuccess(request, end))
            is WXTFakeTransfer.End.Fails -> Result.failure(end.ofDownload)
            WXTFakeTransfer.End.Never -> null
        }
        return start(steps, result, { it.ofDownload() }, callbacks)
    }

    override fun prepare(server: String): Unit = checkOpen()

    override fun networkChanged(network: WXTNetwork) {
        checkOpen()
        synchronized(lock) { isOffline = network.kind == WXTNetworkKind.NONE }
        interrupt()
    }

    override fun enterBackground() {
        checkOpen()
        synchronized(lock) { isHidden = true }
        interrupt()
    }

    override fun enterForeground() {
        checkOpen()
        synchronized(lock) { isHidden = false }
    }

    override fun close() {
        if (delivery.isHeldByCurrentThread) throw WXTStatusException(WXTStatus.CALLED_FROM_CALLBACK)
        val left = synchronized(lock) {
            isClosed = true
            running.toList()
        }
        left.forEach { it.abort() }
        // What the executor has not run yet.
        deliver()
        ownThread?.shutdown()
    }

    private fun checkOpen() {
        if (synchronized(lock) { isClosed }) throw WXTStatusException(WXTStatus.SESSION_CLOSED)
    }

    private fun interrupt() {
        val interrupted = synchronized(lock) { if (isHidden || isOffline) running.toList() else emptyList() }
        interrupted.forEach { it.stop(WXTFakeFailure.INTERRUPTED) }
    }

    private fun next(url: String, note: () -> Unit): WXTFakeTransfer = synchronized(lock) {
        checkOpen()
        note()
        byUrl[url]?.removeFirstOrNull() ?: inOrder.removeFirstOrNull() ?: WXTFakeTransfer.missing(url)
    }

    private fun <S : WXTSuccess> start(
        steps: List<Any>,
        result: Result<S>?,
        stopped: (WXTFakeFailure) -> WXTFailureException,
        callbacks: WXTCallbacks<S>,
    ): WXTTask<S> {
        val task = FakeTask(steps, result, stopped, callbacks, ::post, ::guarded) { ended ->
            synchronized(lock) { running.remove(ended) }
        }
        // `close` has seen the task, or the task sees that the session is closed.
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

    private fun deliver() = delivery.withLock {
        while (true) (jobs.poll() ?: break)()
    }

    /** As the library: what a callback throws goes to its thread's handler. */
    private fun guarded(callback: () -> Unit) {
        try {
            callback()
        } catch (thrown: Throwable) {
            val thread = Thread.currentThread()
            thread.uncaughtExceptionHandler.uncaughtException(thread, thrown)
        }
    }

    private suspend fun <S : WXTSuccess> awaitOrAbort(begin: () -> WXTTask<S>): S {
        currentCoroutineContext().ensureActive()
        val task = begin()
        try {
            return task.await()
        } catch (cancelled: CancellationException) {
            task.abort()
            throw cancelled
        }
    }

    /** The progress of 100 % before a success. */
    private fun rest(script: WXTFakeTransfer, size: Long): WXTProgress? {
        if (script.end !is WXTFakeTransfer.End.Success || script.progress.lastOrNull()?.progress == COMPLETE) return null
        val total = script.progress.lastOrNull()?.totalBytesExpected ?: size
        return WXTProgress(total, total, COMPLETE)
    }

    private fun uploadSuccess(end: WXTFakeTransfer.End.Success) = WXTUploadSuccess(
        statusCode = end.statusCode,
        data = end.body.decodeToString(),
        dataLength = end.body.size.toLong(),
        header = end.header,
    )

    private fun downloadSuccess(request: WXTDownloadRequest, end: WXTFakeTransfer.End.Success): WXTDownloadSuccess {
        val number = synchronized(lock) { ++files }
        directory.mkdirs()
        val file = File(directory, "tmp_$number").apply { writeBytes(end.body) }
        return WXTDownloadSuccess(
            statusCode = end.statusCode,
            tempFilePath = if (request.filePath == null) "wxfile://${file.name}" else null,
            filePath = request.filePath,
            nativePath = file.path,
            dataLength = end.body.size.toLong(),
            header = end.header,
        )
    }

    private companion object {
        /** What an upload seems to send, where its script does not say. */
        const val UPLOAD_SIZE = 1000L
        const val COMPLETE = 100

        fun daemon(run: Runnable) = Thread(run, "wxt-fake-delivery").apply { isDaemon = true }
    }
}
