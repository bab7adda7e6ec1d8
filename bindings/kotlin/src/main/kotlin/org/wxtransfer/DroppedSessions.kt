package org.wxtransfer

import java.lang.ref.PhantomReference
import java.lang.ref.ReferenceQueue
import kotlin.concurrent.thread

/**
 * Closes the sessions that an app has dropped without closing them, because they hold threads, descriptors and the lock of their
 * directory.
 *
 * `java.lang.ref.Cleaner` exists on Android only since version 13 (API 33). Closing waits for callbacks, so it has a thread of its
 * own and does not block one of the app's threads. The thread sleeps until the garbage collector finds a dropped session, and ends
 * when no session is open.
 */
internal object DroppedSessions {
    private val queue = ReferenceQueue<SessionHandle>()

    /** The open sessions. The collector enqueues a reference object only if the object itself is reachable. */
    private val watched = HashSet<Watch>()
    private var hasThread = false

    /** Refers to what is needed to close the session, but not strongly to the handle, which could then never be collected. */
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

    /** Call this when the session is closed. */
    fun forget(watch: Watch) {
        synchronized(watched) { watched.remove(watch) }
        // Wakes the thread, which ends if this was the last session.
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
                // No code interrupts this thread on purpose.
            }
        }
    }

    private fun close(watch: Watch) {
        val message = "the session of ${watch.options.appId} was dropped without close(), and is closed here"
        reporting { watch.options.logger?.log(WXTransferLogLevel.WARNING, message) }
        // The session has no task, and this is not a callback, so closing cannot be refused.
        Native.sessionClose(watch.number)
    }
}
