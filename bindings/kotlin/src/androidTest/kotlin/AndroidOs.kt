package android.os

import java.io.Closeable
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/** As much of Android's class as is used here. */
class ParcelFileDescriptor(private val number: Int, private val onClose: () -> Unit = {}) : Closeable {
    fun getFd(): Int = number

    override fun close() = onClose()
}

/** A thread that does what it is given. */
class Looper private constructor() {
    val thread: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, "main looper").apply { isDaemon = true } }

    companion object {
        private val main = Looper()

        @JvmStatic
        fun getMainLooper(): Looper = main
    }
}

/** As much of Android's class as is used here. */
class Handler(private val looper: Looper) {
    fun post(command: Runnable): Boolean = !looper.thread.isShutdown.also { if (!it) looper.thread.execute(command) }
}
