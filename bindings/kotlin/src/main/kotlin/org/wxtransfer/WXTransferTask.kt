package org.wxtransfer

import kotlinx.coroutines.flow.Flow

/**
 * The callbacks of one task, for those who pass them on to a page.
 *
 * Exactly one of [onSuccess] and [onFail] runs, then [onComplete]: also for an abort, a deadline and a session that
 * closes. [onHeadersReceived], [onProgress] and [onTrace] run before. Callbacks of one session never run at the same time. They run
 * on a thread of the session's own, or where its executor runs them; what is left when the session closes, on the thread
 * that closes it. All of the session may be used in them, but for [WXTransferSession.close]; no end of a task can be waited
 * for, since it would come after the callback. What one throws goes to its thread's handler for uncaught exceptions.
 */
public interface WXTransferCallbacks<in S : WXTransferSuccess> {
    /** `onHeadersReceived`: the final response's headers, once. */
    public fun onHeadersReceived(event: WXTransferHeadersReceived) {}

    /** `onProgressUpdate`: throttled, and only the newest; the last one before [onSuccess] has 100 %. */
    public fun onProgress(event: WXTransferProgress) {}

    /** `success`: the server has answered, with whatever status. */
    public fun onSuccess(result: S) {}

    /** `fail`: there is no answer. */
    public fun onFail(failure: WXTransferFailure) {}

    /** `complete`: after either. */
    public fun onComplete() {}

    /** Whether [onTrace] is to be called. Asked once, when the task is started; nothing is collected unless it is `true`. */
    public val wantsTraces: Boolean get() = false

    /** A request of the task is over: once for each, the redirected ones and those of failed attempts too. */
    public fun onTrace(event: WXTransferTrace) {}
}

internal object NoCallbacks : WXTransferCallbacks<WXTransferSuccess>

/** A task of a session: what `wx.uploadFile` and `wx.downloadFile` return. */
public interface WXTransferTask<out S : WXTransferSuccess> {
    /** How far it is: the newest value at once, then each new one that the collector has time for, until it ends. */
    public val progress: Flow<WXTransferProgress>

    /** The final response's headers: one value, or none where no response came. */
    public val headers: Flow<WXTransferHeadersReceived>

    /**
     * Waits for the end. Cancelling the wait does not abort the task. Collectors of [progress] and [headers] may have their last
     * value after this has returned. Throws [WXTransferFailure].
     */
    @Throws(WXTransferException::class)
    public suspend fun await(): S

    /** Aborts it, waiting or running: it then fails with `abort`. Any thread. `false` where it has ended already. */
    public fun abort(): Boolean

    /**
     * Changes [WXTransferUploadRequest.Builder.maxBytesPerSecond], waiting or running; 0 is no limit but the session's. Any thread.
     * `false` where it has ended already.
     */
    public fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean
}
