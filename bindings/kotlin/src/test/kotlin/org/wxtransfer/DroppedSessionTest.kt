package org.wxtransfer

import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A session that the app no longer references is closed when nothing needs it. */
class DroppedSessionTest {
    @TempDir
    lateinit var directory: Path

    private val log = LinkedBlockingQueue<String>()

    private fun options() = options(directory.resolve("data")).copy {
        logger = WXTransferLogger { level, message -> log.add("$level $message") }
    }

    /** The first warning that is logged while the garbage collector runs, or `null` if there is none after [rounds] runs. */
    private fun collect(rounds: Int): String? {
        repeat(rounds) {
            System.gc()
            generateSequence { log.poll(100, TimeUnit.MILLISECONDS) }.firstOrNull { it.startsWith("WARNING") }?.let { return it }
        }
        return null
    }

    private fun warning() = assertNotNull(collect(WAIT_LIMIT_SECONDS.toInt() * 10), "the collector finds the session")

    /** Opens the directory's next session, which is refused while the previous one is open. */
    private fun reopen() {
        val limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_LIMIT_SECONDS)
        while (true) {
            val refused = runCatching { WXTransferSession(options()).close() }.exceptionOrNull() as WXTransferStatusException? ?: return
            assertEquals(WXTransferStatus.STORAGE_LOCKED, refused.status)
            assertTrue(System.nanoTime() < limit, "the lock is free in the end")
        }
    }

    /** A function of its own, so that no variable of the test refers to the session. */
    private fun openAndClose() = WXTransferSession(options()).close()

    @Test
    fun `a dropped session is closed, and the log says so`() {
        WXTransferSession(options())
        assertEquals("WARNING the session of wx0123456789abcdef was dropped without close(), and is closed here", warning())
        reopen()
    }

    @Test
    fun `a session that was closed is not reported as dropped`() {
        openAndClose()
        assertNull(collect(5))
    }

    @Test
    fun `a task keeps its session open until its end`() {
        val recorder = Recorder<WXTransferDownloadSuccess>()
        val request = WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-in-body")
        val task = WXTransferSession(options()).downloadFile(request, recorder)
        assertNull(collect(3), "the task needs it")
        assertTrue(task.abort())
        assertEquals(WXTransferCategory.ABORTED, recorder.failure().category)
        warning()
        assertFalse(task.abort(), "the app still has the task")
        reopen()
    }

    @Test
    fun `the files object keeps its session open`() {
        useFiles()
        warning()
    }

    private fun useFiles() {
        val files = WXTransferSession(options()).files.blocking
        assertNull(collect(3))
        assertEquals(emptyList(), files.getSavedFileList())
    }
}
