package org.wxtransfer

import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.EmptyCoroutineContext
import kotlinx.coroutines.CancellableContinuation
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.emitAll
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.flow.update
import kotlinx.coroutines.suspendCancellableCoroutine

/**
 * The callbacks of one task, for those who pass them on to a page.
 *
 * Exactly one of [onSuccess] and [onFail] runs, then [onComplete]: also for an abort, a deadline and a session that
 * closes. [onHeadersReceived], [onProgress] and [onTrace] run before. Callbacks of one session never run at the same time. They run
 * on a thread of the session's own, or where its executor runs them; what is left when the session closes, on the thread
 * that closes it. All of the session may be used in them, but for [WXTransferSession.close]; no end of a task can be waited
 * for, since it would come after the callback. What one throws goes to its thread's handler for uncaught exceptions.
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

    /** Whether [onTrace] is to be called. Asked once, when the task is started; nothing is collected unless it is `true`. */
    public val wantsTraces: Boolean get() = false

    /** A request of the task is over: once for each, the redirected ones and those of failed attempts too. */
    public fun onTrace(event: WXTTrace) {}
}

internal object NoCallbacks : WXTCallbacks<WXTSuccess>

/** A task of a session: what `wx.uploadFile` and `wx.downloadFile` return. */
public interface WXTTask<out S : WXTSuccess> {
    /** How far it is: the newest value at once, then each new one that the collector has time for, until it ends. */
    public val progress: Flow<WXTProgress>

    /** The final response's headers: one value, or none where no response came. */
    public val headers: Flow<WXTHeadersReceived>

    /**
     * Waits for the end. Cancelling the wait does not abort the task. Collectors of [progress] and [headers] may have their last
     * value after this has returned. Throws [WXTFailureException].
     */
    public suspend fun await(): S

    /** Aborts it, waiting or running: it then fails with `abort`. Any thread. `false` where it has ended already. */
    public fun abort(): Boolean

    /**
     * Changes [WXTUploadRequest.maxBytesPerSecond], waiting or running; 0 is no limit but the session's. Any thread. `false` where it
     * has ended already.
     */
    public fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean
}

/** A task of a [WXTransferSession]. */
internal class NativeTask<out S : WXTSuccess>(private val session: Long, private val events: TaskEvents<S>) : WXTTask<S> {
    override val progress = events.flowOf { it.progress }
    override val headers = events.flowOf { it.headers }

    override suspend fun await(): S = events.await()

    /** Waits likewise; cancelling the wait aborts the task. */
    suspend fun awaitOrAbort(): S = events.await { abort() }

    override fun abort(): Boolean = Native.taskAbort(session, events.id) == WXTStatus.OK.value

    override fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean {
        require(bytesPerSecond >= 0) { "the number of bytes is negative" }
        return Native.taskSetMaxBytesPerSecond(session, events.id, bytesPerSecond) == WXTStatus.OK.value
    }
}

/**
 * Resumes a coroutine from a callback, but never in it, as an immediate dispatcher would have it: what follows would be part
 * of the callback, and [WXTransferSession.close] be refused.
 */
private fun <T> CancellableContinuation<T>.resumeOutsideCallback(result: Result<T>) {
    val dispatcher = context[ContinuationInterceptor] as? CoroutineDispatcher
    if (dispatcher != null && dispatcher.isDispatchNeeded(context)) {
        resumeWith(result)
    } else {
        Dispatchers.IO.dispatch(EmptyCoroutineContext) { resumeWith(result) }
    }
}

/** What has happened to a task so far. */
internal data class TaskState(val headers: WXTHeadersReceived?, val progress: WXTProgress?, val ended: Boolean)

/** Takes a task's events from native code and passes them on. */
internal abstract class TaskEvents<S : WXTSuccess>(@Volatile private var callbacks: WXTCallbacks<S>) : NativeCallbacks() {
    /** The task's number. A callback may abort the task before the function that starts it has returned. */
    @Volatile
    var id: Long = 0

    val wantsTraces: Boolean = callbacks.wantsTraces

    private val state = MutableStateFlow(TaskState(null, null, false))

    @Volatile
    private var outcome: Result<S>? = null

    private val lock = Any()

    /** Those that wait for the end; `null` when it has come. */
    private var waiting: MutableSet<CancellableContinuation<S>>? = mutableSetOf()

    /** Waits for the end, or calls [whenCancelled]. */
    suspend fun await(whenCancelled: () -> Unit = {}): S = suspendCancellableCoroutine { continuation ->
        val waits = synchronized(lock) { waiting?.add(continuation) != null }
        if (!waits) continuation.resumeWith(ensureOutcome())
        continuation.invokeOnCancellation {
            synchronized(lock) { waiting?.remove(continuation) }
            whenCancelled()
        }
    }

    /** The values that [select] finds, as they change, until the task ends. Found elsewhere than in a callback. */
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
    }.conflate().flowOn(Dispatchers.IO)

    override fun onHeadersReceived(task: Long, statusCode: Int, header: ByteArray, headerLengths: IntArray) = reporting {
        id = task
        val event = WXTHeadersReceived(unpackPairs(header, headerLengths), statusCode)
        state.update { it.copy(headers = event) }
        callbacks.onHeadersReceived(event)
    }

    override fun onProgress(task: Long, totalBytes: Long, totalBytesExpected: Long, progress: Int) = reporting {
        id = task
        val event = WXTProgress(totalBytes, totalBytesExpected.takeIf { it >= 0 }, progress.takeIf { it >= 0 })
        state.update { it.copy(progress = event) }
        callbacks.onProgress(event)
    }

    override fun onTrace(task: Long, entry: ByteArray) = reporting {
        id = task
        callbacks.onTrace(WXTTrace(entry.decodeToString()))
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
        profileNumbers: LongArray?,
        peerIp: ByteArray?,
        protocol: ByteArray?,
        attempts: Int,
        resumedFrom: Long,
    ) = reporting {
        id = task
        val failure = WXTFailureException(
            errMsg.decodeToString(),
            errno,
            category,
            detail.decodeToString(),
            retryable,
            WXTProfile.of(profileNumbers, peerIp, protocol),
            attempts,
            resumedFrom,
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
        val lost = WXTFailureException("$api:fail internal error", WXTErrno.INTERNAL, WXTCategory.INTERNAL.value, detail, false, null, 0, 0)
        val failed = Result.failure<S>(lost)
        outcome = failed
        reporting { callbacks.onFail(lost) }
        failed
    }

    override fun release() = reporting {
        val outcome = ensureOutcome()
        state.update { it.copy(ended = true) }
        val waited = synchronized(lock) { waiting.also { waiting = null } }
        waited?.forEach { it.resumeOutsideCallback(outcome) }
        // Whoever keeps the task does not keep the page and its activity.
        callbacks = NoCallbacks
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
        header: ByteArray,
        headerLengths: IntArray,
        profileNumbers: LongArray?,
        peerIp: ByteArray?,
        protocol: ByteArray?,
        attempts: Int,
        resumedFrom: Long,
        sha256: ByteArray?,
    ) = reporting {
        val result = WXTUploadSuccess(
            errMsg.decodeToString(),
            statusCode,
            data?.decodeToString().orEmpty(),
            dataLength,
            unpackPairs(header, headerLengths),
            WXTProfile.of(profileNumbers, peerIp, protocol),
            attempts,
            resumedFrom,
        )
        succeeded(task, result)
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
        header: ByteArray,
        headerLengths: IntArray,
        profileNumbers: LongArray?,
        peerIp: ByteArray?,
        protocol: ByteArray?,
        attempts: Int,
        resumedFrom: Long,
        sha256: ByteArray?,
    ) = reporting {
        val result = WXTDownloadSuccess(
            errMsg.decodeToString(),
            statusCode,
            tempFilePath?.decodeToString(),
            filePath?.decodeToString(),
            nativePath?.decodeToString().orEmpty(),
            dataLength,
            unpackPairs(header, headerLengths),
            WXTProfile.of(profileNumbers, peerIp, protocol),
            attempts,
            resumedFrom,
            sha256?.decodeToString(),
        )
        succeeded(task, result)
    }
}
