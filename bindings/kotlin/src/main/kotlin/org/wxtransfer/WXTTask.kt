package org.wxtransfer

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.withContext

/**
 * The callbacks of one task, for those who pass them on to a page.
 *
 * Exactly one of [onSuccess] and [onFail] runs, then [onComplete]: also for an abort, a deadline and a session that
 * closes. [onHeadersReceived] and [onProgress] run before. Callbacks of one session never run at the same time. They run
 * on a thread of the session's own, or where its executor runs them; what is left when the session closes, on the thread
 * that closes it. All of the session may be used in them, but for [WXTransferSession.close]. What one throws goes to its
 * thread's handler for uncaught exceptions.
 */
public interface WXTCallbacks<in S : WXTSuccess> {
    /** `onHeadersReceived`: the final response's headers, once. */
    public fun onHeadersReceived(event: WXTHeadersReceived) {}

    /** `onProgressUpdate`: throttled, and only the newest; the last one before [onSuccess] has 100 %. */
    public fun onProgress(event: WXTProgress) {}

    /** `success`: the server has answered, with whatever status. */
    public fun onSuccess(result: S) {}

    /** `fail`: there is no answer. */
    public fun onFail(failure: WXTFailureException) {}

    /** `complete`: after either. */
    public fun onComplete() {}
}

internal object NoCallbacks : WXTCallbacks<WXTSuccess>

/** A task of a session: what `wx.uploadFile` and `wx.downloadFile` return. */
public class WXTTask<out S : WXTSuccess> internal constructor(
    private val session: Long,
    private val events: TaskEvents<S>,
) {
    /** How far it is: the newest value at once, then each new one that the collector has time for, until it ends. */
    public val progress: Flow<WXTProgress> = events.flowOf { it.progress }

    /** The final response's headers: one value, or none where no response came. */
    public val headers: Flow<WXTHeadersReceived> = events.flowOf { it.headers }

    /** Waits for the end. Cancelling the wait does not abort the task. Throws [WXTFailureException]. */
    public suspend fun await(): S = outsideCallbacks { events.result.await() }

    /** Aborts it, waiting or running: it then fails with `abort`. Any thread. `false` where it has ended already. */
    public fun abort(): Boolean = Native.taskAbort(session, events.id) == WXTStatus.OK.value
}

/**
 * Waits where a callback cannot go on with the caller's coroutine, as an immediate dispatcher would have it: what follows
 * would run in the callback, and [WXTransferSession.close] be refused. Nothing begins where the caller is cancelled.
 */
internal suspend fun <T> outsideCallbacks(wait: suspend () -> T): T = withContext(Dispatchers.Default) { wait() }

/** What has happened to a task so far. */
internal data class TaskState(val headers: WXTHeadersReceived?, val progress: WXTProgress?, val ended: Boolean)

/** Takes a task's events from native code and passes them on. */
internal abstract class TaskEvents<S : WXTSuccess>(@Volatile private var callbacks: WXTCallbacks<S>) : NativeCallbacks() {
    /** The task's number. A callback may abort the task before the function that starts it has returned. */
    @Volatile
    var id: Long = 0

    val result: CompletableDeferred<S> = CompletableDeferred()
    private val state = MutableStateFlow(TaskState(null, null, false))

    @Volatile
    private var outcome: Result<S>? = null

    /** Called once, after everything else. */
    @Volatile
    var whenEnded: ((Result<S>) -> Unit)? = null

    /** The values that [select] finds, as they change, until the task ends. Collected as [outsideCallbacks] waits. */
    fun <T : Any> flowOf(select: (TaskState) -> T?): Flow<T> = flow {
        var last: T? = null
        emitAll(
            state.transformWhile { now ->
                val value = select(now)
                if (value != null && value != last) {
                    last = value
                    emit(value)
                }
                !now.ended
            },
        )
    }.conflate().flowOn(Dispatchers.Default)

    override fun onHeadersReceived(task: Long, statusCode: Int, header: ByteArray, headerLengths: IntArray) = reporting {
        id = task
        val pairs = unpack(header, headerLengths).map { it.orEmpty() }.chunked(2) { (name, value) -> name to value }
        val event = WXTHeadersReceived(pairs, statusCode)
        state.update { it.copy(headers = event) }
        callbacks.onHeadersReceived(event)
    }

    override fun onProgress(task: Long, totalBytes: Long, totalBytesExpected: Long, progress: Int) = reporting {
        id = task
        val event = WXTProgress(totalBytes, totalBytesExpected.takeIf { it >= 0 }, progress.takeIf { it >= 0 })
        state.update { it.copy(progress = event) }
        callbacks.onProgress(event)
    }

    protected fun succeeded(task: Long, result: S) {
        id = task
        outcome = Result.success(result)
        reporting { callbacks.onSuccess(result) }
    }

    override fun onFail(
        task: Long,
        errMsg: ByteArray,
        errno: Int,
        category: Int,
        detail: ByteArray,
        retryable: Boolean,
        profileNumbers: LongArray,
        peerIp: ByteArray?,
        protocol: ByteArray?,
    ) = reporting {
        id = task
        val failure = WXTFailureException(
            errMsg.decodeToString(),
            errno,
            WXTCategory.of(category),
            detail.decodeToString(),
            retryable,
            WXTProfile.of(profileNumbers, peerIp, protocol),
        )
        outcome = Result.failure(failure)
        callbacks.onFail(failure)
    }

    override fun onComplete(task: Long) {
        ensureOutcome()
        reporting { callbacks.onComplete() }
    }

    /** Fails the task where Java had no memory for its result: nobody may wait for ever. */
    private fun ensureOutcome(): Result<S> = outcome ?: run {
        val detail = "no memory for the result"
        val lost = WXTFailureException("$api:fail internal error", WXTErrno.INTERNAL, WXTCategory.INTERNAL, detail, false, null)
        val failed = Result.failure<S>(lost)
        outcome = failed
        reporting { callbacks.onFail(lost) }
        failed
    }

    override fun release() = reporting {
        val outcome = ensureOutcome()
        state.update { it.copy(ended = true) }
        outcome.fold(result::complete, result::completeExceptionally)
        whenEnded?.invoke(outcome)
        // Whoever keeps the task does not keep the page and its activity.
        callbacks = NoCallbacks
        whenEnded = null
    }

    /** `uploadFile` or `downloadFile`. */
    protected abstract val api: String
}

internal class UploadEvents(callbacks: WXTCallbacks<WXTUploadSuccess>) : TaskEvents<WXTUploadSuccess>(callbacks) {
    override val api get() = "uploadFile"

    override fun onSuccess(
        task: Long,
        errMsg: ByteArray,
        statusCode: Int,
        data: ByteArray?,
        tempFilePath: ByteArray?,
        filePath: ByteArray?,
        nativePath: ByteArray?,
        dataLength: Long,
        profileNumbers: LongArray,
        peerIp: ByteArray?,
        protocol: ByteArray?,
    ) = reporting {
        val profile = WXTProfile.of(profileNumbers, peerIp, protocol)
        val text = data?.decodeToString().orEmpty()
        succeeded(task, WXTUploadSuccess(errMsg.decodeToString(), statusCode, text, dataLength, profile))
    }
}

internal class DownloadEvents(callbacks: WXTCallbacks<WXTDownloadSuccess>) : TaskEvents<WXTDownloadSuccess>(callbacks) {
    override val api get() = "downloadFile"

    override fun onSuccess(
        task: Long,
        errMsg: ByteArray,
        statusCode: Int,
        data: ByteArray?,
        tempFilePath: ByteArray?,
        filePath: ByteArray?,
        nativePath: ByteArray?,
        dataLength: Long,
        profileNumbers: LongArray,
        peerIp: ByteArray?,
        protocol: ByteArray?,
    ) = reporting {
        val result = WXTDownloadSuccess(
            errMsg.decodeToString(),
            statusCode,
            tempFilePath?.decodeToString(),
            filePath?.decodeToString(),
            nativePath?.decodeToString().orEmpty(),
            dataLength,
            WXTProfile.of(profileNumbers, peerIp, protocol),
        )
        succeeded(task, result)
    }
}
