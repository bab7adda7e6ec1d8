package org.wxtransfer

import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import kotlin.concurrent.thread

/**
 * Closes the sessions that an app has dropped without closing them: they have threads, descriptors and the lock of their directory.
 *
 * Android has no `java.lang.ref.Cleaner` before version 13 (API 33). The thread is one of its own because closing waits for
 * callbacks, so that no thread of the app's may do it. It sleeps until the garbage collector has found a session, and there is none
 * where no session is open.
 */
internal object DroppedSessions {
    private val queue = ReferenceQueue<SessionHandle>()

    /** The open sessions. The collector enqueues only references that are themselves referred to. */
    private val watched = HashSet<Watch>()
    private var hasThread = false

    /** Refers to what outlives the handle, but not to the handle, which would keep it. */
    class Watch(handle: SessionHandle, val number: Long, val options: WXTransferSessionOptions.Builder) :
        PhantomReference<SessionHandle>(handle, queue)

    fun watch(handle: SessionHandle, number: Long, options: WXTransferSessionOptions.Builder): Watch {
        val watch = Watch(handle, number, options)
        synchronized(watched) {
            watched.add(watch)
            if (!hasThread) thread(isDaemon = true, name = "wxtransfer-dropped", block = ::closeDropped)
            hasThread = true
        }
        return watch
    }

    /** The session is closed. */
    fun forget(watch: Watch) {
        synchronized(watched) { watched.remove(watch) }
        // Wakes the thread, which ends after the last session.
        watch.enqueue()
    }

    private fun closeDropped() {
        do {
            val watch = next()
            val isOpen = synchronized(watched) { watched.remove(watch) }
            if (isOpen) close(watch)
            val isLast = synchronized(watched) { watched.isEmpty().also { hasThread = !it } }
        } while (!isLast)
    }

    private fun next(): Watch {
        while (true) {
            try {
                return queue.remove() as Watch
            } catch (_: InterruptedException) {
                // Nobody has a reason to.
            }
        }
    }

    private fun close(watch: Watch) {
        val message = "the session of ${watch.options.appId} was dropped without close(), and is closed here"
        reporting { watch.options.logger?.log(WXTransferLogLevel.WARNING, message) }
        // No task is left, and this is no callback: it cannot be refused.
        Native.sessionClose(watch.number)
    }
}
