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

/** A task of a [WXTransferSession]. */
internal class NativeTask<out S : WXTransferSuccess>(private val events: TaskEvents<S>) : WXTransferTask<S> {
    override val progress = events.flowOf { it.progress }
    override val headers = events.flowOf { it.headers }

    override suspend fun await(): S = events.await()

    /** Waits for the end. Cancelling the wait aborts the task. */
    suspend fun awaitOrAbort(): S = events.await { abort() }

    override fun abort(): Boolean = events.call { Native.taskAbort(it, events.id) }

    override fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean {
        require(bytesPerSecond >= 0) { "the number of bytes is negative" }
        return events.call { Native.taskSetMaxBytesPerSecond(it, events.id, bytesPerSecond) }
    }
}

/**
 * Resumes a coroutine from a callback, but never inside the callback, as an unconfined or immediate dispatcher would. Otherwise the
 * code after the suspension would be part of the callback, and [WXTransferSession.close] would be refused there.
 */
private fun <T> CancellableContinuation<T>.resumeOutsideCallback(result: Result<T>) {
    val dispatcher = context[ContinuationInterceptor] as? CoroutineDispatcher
    if (dispatcher != null && dispatcher.isDispatchNeeded(context)) {
        resumeWith(result)
    } else {
        Dispatchers.IO.dispatch(EmptyCoroutineContext) { resumeWith(result) }
    }
}

/** The events of a task so far. */
internal data class TaskState(val headers: WXTransferHeadersReceived?, val progress: WXTransferProgress?, val ended: Boolean)

/** Takes a task's events from native code and passes them on. */
internal abstract class TaskEvents<S : WXTransferSuccess>(@Volatile private var callbacks: WXTransferCallbacks<S>) : NativeCallbacks() {
    /** The task's number. Every event sets it, because a callback may abort the task before the starting function returns. */
    @Volatile
    var id: Long = 0

    /** The task's session; `null` after the end of the task, so that a task that the app keeps does not keep the session open. */
    @Volatile
    var session: SessionHandle? = null

    val wantsTraces: Boolean = callbacks.wantsTraces

    private val state = MutableStateFlow(TaskState(null, null, false))

    @Volatile
    private var outcome: Result<S>? = null

    private val lock = Any()

    /** The coroutines that wait for the end; `null` after the end. */
    private var waiting: MutableSet<CancellableContinuation<S>>? = mutableSetOf()

    /** Calls native code with the session's number. `false` if the call fails or the task has ended. */
    fun call(call: (Long) -> Int): Boolean = session?.use(call) == WXTransferStatus.OK.value

    /** Waits for the end. Calls [whenCancelled] if the wait is cancelled. */
    suspend fun await(whenCancelled: () -> Unit = {}): S = suspendCancellableCoroutine { continuation ->
        val waits = synchronized(lock) { waiting?.add(continuation) != null }
        if (!waits) continuation.resumeWith(ensureOutcome())
        continuation.invokeOnCancellation {
            synchronized(lock) { waiting?.remove(continuation) }
            whenCancelled()
        }
    }

    /** The changing values that [select] returns, until the task ends. Computed on [Dispatchers.IO], never in a callback. */
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
        val event = WXTransferHeadersReceived(unpackPairs(header, headerLengths), statusCode)
        state.update { it.copy(headers = event) }
        callbacks.onHeadersReceived(event)
    }

    override fun onProgress(task: Long, totalBytes: Long, totalBytesExpected: Long, progress: Int) = reporting {
        id = task
        val event = WXTransferProgress(totalBytes, totalBytesExpected.takeIf { it >= 0 }, progress.takeIf { it >= 0 })
        state.update { it.copy(progress = event) }
        callbacks.onProgress(event)
    }

    override fun onTrace(task: Long, entry: ByteArray) = reporting {
        id = task
        callbacks.onTrace(WXTransferTrace(entry.decodeToString()))
    }

    override fun onSuccess(
        task: Long,
        numbers: LongArray,
        texts: ByteArray,
        textLengths: IntArray,
        header: ByteArray,
        headerLengths: IntArray,
        profileNumbers: LongArray?,
        profileTexts: ByteArray,
        profileTextLengths: IntArray,
    ) = reporting {
        id = task
        val profile = WXTransferProfile.of(profileNumbers, unpack(profileTexts, profileTextLengths))
        val values = NativeSuccess(numbers, unpack(texts, textLengths), unpackPairs(header, headerLengths), profile)
        val success = success(values)
        outcome = Result.success(success)
        callbacks.onSuccess(success)
    }

    /** Converts the values to the app's result. */
    protected abstract fun success(values: NativeSuccess): S

    override fun onFail(
        task: Long,
        numbers: LongArray,
        texts: ByteArray,
        textLengths: IntArray,
        profileNumbers: LongArray?,
        profileTexts: ByteArray,
        profileTextLengths: IntArray,
    ) = reporting {
        id = task
        val profile = WXTransferProfile.of(profileNumbers, unpack(profileTexts, profileTextLengths))
        val failure = NativeFailure(numbers, unpack(texts, textLengths), profile).run {
            WXTransferFailure(errMsg, errNo, category, detail, retryable, this.profile, attempts, resumedFrom)
        }
        outcome = Result.failure(failure)
        callbacks.onFail(failure)
    }

    override fun onComplete(task: Long) {
        ensureOutcome()
        reporting { callbacks.onComplete() }
    }

    /** If Java had no memory for the result, makes the task fail, so that no caller waits forever. */
    private fun ensureOutcome(): Result<S> = outcome ?: run {
        val detail = "no memory for the result"
        val category = WXTransferCategory.INTERNAL.value
        val lost = WXTransferFailure("$api:fail internal error", WXTransferErrno.INTERNAL, category, detail, false, null, 0, 0)
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
        // A task that the app keeps must not keep the callbacks, which refer to a page and its activity, nor the session.
        callbacks = NoCallbacks
        session = null
    }

    /** `uploadFile` or `downloadFile`. */
    protected abstract val api: String
}

internal class UploadEvents(callbacks: WXTransferCallbacks<WXTransferUploadSuccess>) : TaskEvents<WXTransferUploadSuccess>(callbacks) {
    override val api get() = "uploadFile"

    override fun success(values: NativeSuccess): WXTransferUploadSuccess = WXTransferUploadSuccess.Builder()
        .setErrMsg(values.errMsg)
        .setStatusCode(values.statusCode)
        .setData(values.data.orEmpty())
        .setDataLength(values.dataLength)
        .setHeader(values.header)
        .setProfile(values.profile)
        .setAttempts(values.attempts)
        .setResumedFrom(values.resumedFrom)
        .build()
}

internal class DownloadEvents(callbacks: WXTransferCallbacks<WXTransferDownloadSuccess>) :
    TaskEvents<WXTransferDownloadSuccess>(callbacks) {
    override val api get() = "downloadFile"

    override fun success(values: NativeSuccess): WXTransferDownloadSuccess = WXTransferDownloadSuccess.Builder()
        .setErrMsg(values.errMsg)
        .setStatusCode(values.statusCode)
        .setTempFilePath(values.tempFilePath)
        .setFilePath(values.filePath)
        .setNativePath(values.nativePath.orEmpty())
        .setDataLength(values.dataLength)
        .setHeader(values.header)
        .setProfile(values.profile)
        .setAttempts(values.attempts)
        .setResumedFrom(values.resumedFrom)
        .setSha256(values.sha256)
        .build()
}
