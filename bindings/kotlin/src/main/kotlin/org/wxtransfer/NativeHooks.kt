package org.wxtransfer

import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.atomic.AtomicBoolean

/** The functions that native code calls for a session. They must not throw. */
internal class NativeHooks(private val options: WXTransferSessionOptions.Builder) {
    /** Passes [job] to the app's executor. The job runs exactly once, unless the executor drops it. */
    fun post(job: Long) {
        val run = Once { Native.runJob(job) }
        try {
            (options.executor ?: return run.run()).execute(run)
        } catch (_: RejectedExecutionException) {
            // The executor was shut down before the session was closed. Callbacks must run nevertheless.
            run.run()
        } catch (thrown: Throwable) {
            reportUncaught(thrown)
            run.run()
        }
    }

    fun log(level: Int, message: ByteArray) = reporting {
        options.logger?.log(WXTransferLogLevel.of(level), message.decodeToString())
    }

    fun resolve(host: ByteArray, resolution: Long) {
        val answer = WXTransferResolution(resolution)
        try {
            (options.resolver ?: return answer.finish(emptyList())).resolve(host.decodeToString(), answer)
        } catch (thrown: Throwable) {
            answer.finish(emptyList())
            reportUncaught(thrown)
        }
    }

    fun sign(scheme: Int, message: ByteArray, signing: Long) {
        val answer = WXTransferSigning(signing)
        try {
            val known = WXTransferSignatureScheme.entries.firstOrNull { it.value == scheme } ?: return answer.finish(null)
            (options.clientCertificate ?: return answer.finish(null)).signer.sign(known, message, answer)
        } catch (thrown: Throwable) {
            answer.finish(null)
            reportUncaught(thrown)
        }
    }
}

/** A job that runs at most once, even if an executor runs it again. */
private class Once(private val body: () -> Unit) : Runnable {
    private val ran = AtomicBoolean()

    override fun run() {
        if (ran.compareAndSet(false, true)) body()
    }
}

/** Runs code of the app. An exception goes to the thread's handler for uncaught exceptions, as in Java. */
internal inline fun reporting(body: () -> Unit) {
    try {
        body()
    } catch (thrown: Throwable) {
        reportUncaught(thrown)
    }
}

internal fun reportUncaught(thrown: Throwable) {
    val thread = Thread.currentThread()
    try {
        thread.uncaughtExceptionHandler?.uncaughtException(thread, thrown)
    } catch (_: Throwable) {
        // Java, too, ignores an exception that the handler throws.
    }
}
