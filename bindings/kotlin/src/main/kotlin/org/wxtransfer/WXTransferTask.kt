package org.wxtransfer

import kotlinx.coroutines.flow.Flow

/**
 * The callbacks of one task, for an app that passes the events on to a page.
 *
 * Exactly one of [onSuccess] and [onFail] runs, then [onComplete]; this also holds for an abort, a deadline and a session that
 * closes. [onHeadersReceived], [onProgress] and [onTrace] run before. Callbacks of one session never run at the same time. They
 * run on a thread of the session, or on the session's executor if it has one. With an executor, callbacks that are left when the
 * session closes run on the thread that closes it. A callback may use the whole session, except [WXTransferSession.close]. It must
 * not wait for the end of a task, which comes only after the callback. An exception that a callback throws goes to the thread's
 * handler for uncaught exceptions.
 */
public interface WXTransferCallbacks<in S : WXTransferSuccess> {
    /** `onHeadersReceived`: the final response's headers, once. */
    public fun onHeadersReceived(event: WXTransferHeadersReceived) {}

    /** `onProgressUpdate`: only the newest progress, at a limited rate. The last one before [onSuccess] has 100 %. */
    public fun onProgress(event: WXTransferProgress) {}

    /** `success`: the server has answered, with any HTTP status. */
    public fun onSuccess(result: S) {}

    /** `fail`: there is no complete answer. */
    public fun onFail(failure: WXTransferFailure) {}

    /** `complete`: after [onSuccess] or [onFail]. */
    public fun onComplete() {}

    /** Whether [onTrace] is to be called. Asked once, when the task is started; nothing is collected unless it is `true`. */
    public val wantsTraces: Boolean get() = false

    /** A request of the task is over. Runs once for each request, including redirected ones and those of failed attempts. */
    public fun onTrace(event: WXTransferTrace) {}
}

internal object NoCallbacks : WXTransferCallbacks<WXTransferSuccess>

/** A task of a session: what `wx.uploadFile` and `wx.downloadFile` return. */
public interface WXTransferTask<out S : WXTransferSuccess> {
    /** The task's progress: the newest value at once, then each new value that the collector has time for, until the task ends. */
    public val progress: Flow<WXTransferProgress>

    /** The final response's headers: one value, or none if no response came. */
    public val headers: Flow<WXTransferHeadersReceived>

    /**
     * Waits for the end. Cancelling the wait does not abort the task. Collectors of [progress] and [headers] may receive their last
     * value after this function has returned. Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun await(): S

    /** Aborts the task, waiting or running: it then fails with `abort`. Any thread. `false` if the task has already ended. */
    public fun abort(): Boolean

    /**
     * Changes [WXTransferUploadRequest.Builder.maxBytesPerSecond], while the task waits or runs; 0: no limit except the session's.
     * Any thread. `false` if the task has already ended.
     */
    public fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean
}
