package org.wxtransfer

import java.lang.management.ManagementFactory
import java.lang.ref.WeakReference
import java.nio.file.Path
import javax.management.ObjectName
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What the native library holds of the virtual machine, as the machine itself counts it. */
class JniTest {
    @TempDir
    lateinit var directory: Path

    /** The virtual machine's own: its compiler holds one for each method that it is at, and first uses of it leave some. */
    private val noise = 10

    /** Global references to objects, from the virtual machine's own report. */
    private fun globalReferences(): Int {
        val report = ManagementFactory.getPlatformMBeanServer().invoke(
            ObjectName("com.sun.management:type=DiagnosticCommand"),
            "threadPrint",
            arrayOf(emptyArray<String>()),
            arrayOf(Array<String>::class.java.name),
        ) as String
        return Regex("""JNI global refs: (\d+)""").find(report)!!.groupValues[1].toInt()
    }

    private suspend fun everything() = kotlinx.coroutines.coroutineScope {
        val pool = java.util.concurrent.Executors.newSingleThreadExecutor()
        val options = options(directory.resolve("data")).copy {
            executor = pool
            logger = WXTransferLogger { _, _ -> }
            resolver = WXTransferResolver { _, resolution -> resolution.finish(listOf("127.0.0.1", "no address")) }
        }
        val closed = WXTransferSession(options).use { session ->
            val file = session.temporaryFile(directory.resolve("mine"), pattern(1000))
            val tasks = List(20) { number ->
                async {
                    when (number % 4) {
                        0 -> session.uploadFile(WXTransferUploadRequest(TestServer.tls + "/upload") { filePath = file; name = "file" })
                        1 -> session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/1000"))
                        2 -> runCatching { session.downloadFile(WXTransferDownloadRequest("nonsense")) }
                        else -> runCatching {
                            session.downloadFile(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/truncate"))
                        }
                    }
                }
            }
            tasks.awaitAll()
            session.downloadFileTask(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-in-body")).abort()
            session.removeSavedFile(session.saveFile(file).filePath)
            runCatching { session.getSavedFileInfo("wxfile://store_00") }
            runCatching { WXTransferSession(options) }
            session.downloadFileTask(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-in-body"))
            session
        }
        runCatching { WXTransferSession(options.copy { appId = "" }) }
        assertFailsWith<WXTransferStatusException> { closed.downloadFileTask(WXTransferDownloadRequest("")) }
        assertFailsWith<WXTransferStatusException> { closed.uploadFileTask(WXTransferUploadRequest("") { filePath = null; name = "file" }) }
        pool.shutdown()
    }

    @Test
    fun `no reference and no thread is left`() = test {
        // The first time also loads classes.
        repeat(2) { everything() }
        val before = globalReferences()
        // What is left of one time, were there anything, is left twice as often as the noise is loud.
        repeat(2 * noise) { everything() }
        val after = globalReferences()
        assertTrue(after < before + noise, "$before references became $after")
        // This one ends on its own after the last session.
        Thread.getAllStackTraces().keys.find { it.name == "wxtransfer-dropped" }?.join(WAIT_LIMIT_SECONDS * 1000)
        val left = Thread.getAllStackTraces().keys.map { it.name }.filter { it.startsWith("wxt") }
        assertEquals(emptyList(), left)
    }

    @Test
    fun `a reference that is held is seen`() = test {
        val before = globalReferences()
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val recorder = Recorder<WXTransferDownloadSuccess>()
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder)
            recorder.end()
            assertTrue(Thread.getAllStackTraces().keys.any { it.name == "wxt-delivery" })
            repeat(2 * noise) { session.downloadFileTask(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-in-body")) }
            val during = globalReferences()
            assertTrue(during > before + noise, "$before references became $during")
        }
    }

    @Test
    fun `a task that has ended keeps no callbacks`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val (task, recorder) = start(session)
            assertEquals(5, task.await().dataLength)
            // When the next one has been delivered, so has all of the first.
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"))
            System.gc()
            assertNull(recorder.get())
            assertFalse(task.abort())
        }
    }

    /** In a frame of its own, which keeps nothing when it has gone. */
    private fun start(session: WXTransferSession): Pair<WXTransferTask<WXTransferDownloadSuccess>, WeakReference<Any>> {
        val recorder = Recorder<WXTransferDownloadSuccess>()
        return session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder) to WeakReference(recorder)
    }

    @Test
    fun `many headers and long text cross`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val header = List(90) { "X-Header-$it" to "v".repeat(50) + it }
            val file = session.temporaryFile(directory.resolve("mine"), pattern(10))
            val text = "😀\uD83D".repeat(200_000)
            val request = WXTransferUploadRequest(TestServer.plain + "/upload") {
                filePath = file
                name = "file"
                this.header = header
                formData = listOf("text" to text)
            }
            val data = session.uploadFile(request).data
            // Half an emoji is no text; it becomes a question mark, as everywhere in Java.
            assertTrue("😀?".repeat(200_000) in data)
            assertTrue("v".repeat(50) + "89" in data)
        }
    }

    @Test
    fun `a result that was lost on the way is a failure`() = test {
        val recorder = Recorder<WXTransferUploadSuccess>()
        val events = UploadEvents(recorder)
        events.onComplete(1)
        assertEquals(WXTransferCategory.INTERNAL, recorder.failure().category)
        events.release()
        assertEquals(recorder.failure(), runCatching { events.await() }.exceptionOrNull())
        assertEquals(2, recorder.events.size)
    }

    @Test
    fun `the library tells its version`() {
        val cargo = java.io.File(property("wxtransfer.root"), "Cargo.toml").readText()
        assertEquals(Regex("version = \"(.*)\"").find(cargo)!!.groupValues[1], WXTransferSession.version)
    }
}
