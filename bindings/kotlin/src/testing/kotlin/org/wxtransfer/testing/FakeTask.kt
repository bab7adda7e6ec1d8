package org.wxtransfer.testing

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
import org.wxtransfer.WXTransferCallbacks
import org.wxtransfer.WXTransferFailure
import org.wxtransfer.WXTransferHeadersReceived
import org.wxtransfer.WXTransferProgress
import org.wxtransfer.WXTransferSuccess
import org.wxtransfer.WXTransferTask

/** The events of a task so far. */
private data class Seen(val headers: WXTransferHeadersReceived? = null, val progress: WXTransferProgress? = null, val ended: Boolean = false)

/** A task of a fake session. Its events run inside [run] and [end], one at a time. */
internal class FakeTask<S : WXTransferSuccess>(
    private val steps: List<Any>,
    private val scripted: Result<S>?,
    private val stopped: (WXTransferFakeFailure, attempts: Int) -> WXTransferFailure,
    private val callbacks: WXTransferCallbacks<S>,
    private val post: (() -> Unit) -> Unit,
    private val guarded: (() -> Unit) -> Unit,
    private val ended: (FakeTask<*>) -> Unit,
) : WXTransferTask<S> {
    private val seen = MutableStateFlow(Seen())
    private val lock = Any()
    private var outcome: Result<S>? = null

    /** The coroutines that wait for the end. */
    private val waiting = mutableSetOf<CancellableContinuation<S>>()
    private var stop: WXTransferFakeFailure? = null

    /** 0 if the task is stopped before it runs. */
    private var attempts = 0
    private var waits = false
    private var settled = false

    override val progress: Flow<WXTransferProgress> = flowOf { it.progress }
    override val headers: Flow<WXTransferHeadersReceived> = flowOf { it.headers }

    override suspend fun await(): S = await {}

    /** Waits for the end. Cancelling the wait aborts the task, as in the library: before `cancel` returns. */
    suspend fun awaitOrAbort(): S = await { abort() }

    private suspend fun await(whenCancelled: () -> Unit): S = suspendCancellableCoroutine { continuation ->
        val ended = synchronized(lock) { outcome ?: null.also { waiting.add(continuation) } }
        if (ended != null) continuation.resumeWith(ended)
        continuation.invokeOnCancellation {
            synchronized(lock) { waiting.remove(continuation) }
            whenCancelled()
        }
    }

    override fun abort(): Boolean = stop(WXTransferFakeFailure.ABORTED)

    /** Has no effect: a fake transfer has no rate. */
    override fun setMaxBytesPerSecond(bytesPerSecond: Long): Boolean {
        require(bytesPerSecond >= 0) { "the number of bytes is negative" }
        return synchronized(lock) { !settled }
    }

    /** Stops the task. An abort replaces another reason. Returns `false` if the result is settled. */
    fun stop(reason: WXTransferFakeFailure): Boolean {
        val ends = synchronized(lock) {
            if (settled) return false
            if (stop == null || reason == WXTransferFakeFailure.ABORTED) stop = reason
            waits.also { waits = false }
        }
        if (ends) post(::end)
        return true
    }

    /** Delivers all events, and the end if the script has one. */
    fun run() {
        synchronized(lock) { attempts = if (stop == null) 1 else 0 }
        for (step in steps) {
            if (synchronized(lock) { stop } != null) break
            when (step) {
                is WXTransferHeadersReceived -> {
                    seen.update { it.copy(headers = step) }
                    guarded { callbacks.onHeadersReceived(step) }
                }
                is WXTransferProgress -> {
                    seen.update { it.copy(progress = step) }
                    guarded { callbacks.onProgress(step) }
                }
            }
        }
        val goesOn = synchronized(lock) { (scripted == null && stop == null).also { waits = it } }
        if (!goesOn) end()
    }

    private fun end() {
        val result = synchronized(lock) {
            settled = true
            stop?.let { Result.failure(stopped(it, attempts)) } ?: checkNotNull(scripted)
        }
        guarded {
            result.fold(callbacks::onSuccess) { callbacks.onFail(it as WXTransferFailure) }
        }
        guarded(callbacks::onComplete)
        seen.update { it.copy(ended = true) }
        ended(this)
        val waited = synchronized(lock) {
            outcome = result
            waiting.toList().also { waiting.clear() }
        }
        waited.forEach { it.resumeOutsideCallback(result) }
    }

    /** Resumes a coroutine, but never inside the callback, as an unconfined or immediate dispatcher would. */
    private fun CancellableContinuation<S>.resumeOutsideCallback(result: Result<S>) {
        val dispatcher = context[ContinuationInterceptor] as? CoroutineDispatcher
        if (dispatcher != null && dispatcher.isDispatchNeeded(context)) {
            resumeWith(result)
        } else {
            Dispatchers.IO.dispatch(EmptyCoroutineContext) { resumeWith(result) }
        }
    }

    /** The changing values that [select] returns. Computed on [Dispatchers.IO], never in a callback. */
    private fun <T : Any> flowOf(select: (Seen) -> T?): Flow<T> = flow {
        var last: T? = null
        emitAll(
            seen.transformWhile { now ->
                val value = select(now)
                if (value != null && value != last) {
                    last = value
                    emit(value)
                }
                !now.ended
            },
        )
    }.conflate().flowOn(Dispatchers.IO)
}
