package org.wxtransfer

import kotlinx.coroutines.flow.Flow

/**
 * The callbacks of one task, for an app that passes the events on to a page.
 *
 * Exactly one of [onSuccess] and [onFail] runs, then [onComplete]. This also holds if the task is aborted or times out, or if the
 * session closes. [onHeadersReceived], [onProgress] and [onTrace] run before them. Callbacks of one session never run at the same
 * time. They run on a thread of the session, or on the session's executor if it has one. With an executor, callbacks that are
 * left when the session closes run on the thread that closes it. A callback may use the whole session, except
 * [WXTransferSession.close]. It must not wait for the end of a task, which comes only after the callback. An exception that a
 * callback throws goes to the thread's handler for uncaught exceptions.
 */
public interface WXTransferCallbacks<in S : WXTransferSuccess> {
    /** `onHeadersReceived`: the headers of the answer that becomes the result, at most once. */
    public fun onHeadersReceived(event: WXTransferHeadersReceived) {}

    /**
     * `onProgressUpdate`: throttled, so only the newest progress is reported. The last one before [onSuccess] has 100 %. The last
     * one before [onFail] has the last progress, unless the task was stopped or all bytes had been transferred.
     */
    public fun onProgress(event: WXTransferProgress) {}

    /** `success`: the server answered, with any HTTP status. */
    public fun onSuccess(result: S) {}

    /** `fail`: the task failed. [WXTransferFailure.category] says why. */
    public fun onFail(failure: WXTransferFailure) {}

    /** `complete`: runs after [onSuccess] or [onFail]. */
    public fun onComplete() {}

    /** Whether [onTrace] is called. Read once, when the task is started. Default: `false`, traces are not collected. */
    public val wantsTraces: Boolean get() = false

    /**
     * Runs for each request of the task, when the request is over. Redirected requests and those of failed attempts are included.
     */
    public fun onTrace(event: WXTransferTrace) {}
}

internal object NoCallbacks : WXTransferCallbacks<WXTransferSuccess>

/** A task of a session: the object that `wx.uploadFile` and `wx.downloadFile` return. */
public interface WXTransferTask<out S : WXTransferSuccess> {
    /**
     * The task's progress until its end: the newest value at once, then each new value, without those that came while the
     * collector was busy.
     */
    public val progress: Flow<WXTransferProgress>

    /** The final response's headers: one value, or none if there was no response. */
    public val headers: Flow<WXTransferHeadersReceived>

    /**
     * Waits for the end. Cancelling the wait does not abort the task. Collectors of [progress] and [headers] may receive their last
     * value after this function has returned. Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun await(): S

    /**
     * Aborts the task if it is waiting or running: the task then fails with `abort`. Any thread. Returns `false` if the task has
     * already ended.
     */
    public fun abort(): Boolean

    /**
     * Changes [WXTransferUploadRequest.Builder.maxBytesPerSecond] while the task waits or runs; 0 means no limit except the
     * session's. Any thread. Returns `false` if the task has already ended.
     */
    public fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean
}
