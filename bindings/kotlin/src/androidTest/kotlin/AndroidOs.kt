package android.os

import java.io.Closeable
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/** The part of Android's class that the tests need. */
class ParcelFileDescriptor(private val number: Int, private val onClose: () -> Unit = {}) : Closeable {
    fun getFd(): Int = number

    override fun close() = onClose()
}

/** A thread that runs commands. */
class Looper private constructor() {
    val thread: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "main looper").apply { isDaemon = true } }

    companion object {
        private val main = Looper()

        @JvmStatic
        fun getMainLooper(): Looper = main
    }
}

/** The part of Android's class that the tests need. */
class Handler(private val looper: Looper) {
    fun post(command: Runnable): Boolean = !looper.thread.isShutdown.also { if (!it) looper.thread.execute(command) }
}
