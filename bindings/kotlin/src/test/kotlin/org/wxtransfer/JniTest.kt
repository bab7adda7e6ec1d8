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

/** References and threads of the virtual machine that the native library holds, as the virtual machine counts them. */
class JniTest {
    @TempDir
    lateinit var directory: Path

    /** The virtual machine's own references: its compiler holds one for each method that it compiles, and first uses leave some. */
    private val noise = 10

    /** The number of global references to objects, from the virtual machine's report. */
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
        // The first run also loads classes.
        repeat(2) { everything() }
        val before = globalReferences()
        // A reference that each run leaks is counted 2 * noise times, so the noise cannot hide it.
        repeat(2 * noise) { everything() }
        val after = globalReferences()
        assertTrue(after < before + noise, "$before references became $after")
        // This thread ends by itself after the last session.
        Thread.getAllStackTraces().keys.find { it.name == "wxtransfer-dropped" }?.join(WAIT_LIMIT_SECONDS * 1000)
        val left = Thread.getAllStackTraces().keys.map { it.name }.filter { it.startsWith("wxt") }
        assertEquals(emptyList(), left)
    }

    @Test
    fun `a reference that is held is counted`() = test {
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
            // When the next download has been delivered, all callbacks of the first one have run.
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"))
            System.gc()
            assertNull(recorder.get())
            assertFalse(task.abort())
        }
    }

    /** A function of its own, so that no variable of the test refers to the recorder. */
    private fun start(session: WXTransferSession): Pair<WXTransferTask<WXTransferDownloadSuccess>, WeakReference<Any>> {
        val recorder = Recorder<WXTransferDownloadSuccess>()
        return session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder) to WeakReference(recorder)
    }

    @Test
    fun `many headers and long texts are passed on`() = test {
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
            // Half a surrogate pair has no UTF-8. It becomes a question mark, as everywhere in Java.
            assertTrue("😀?".repeat(200_000) in data)
            assertTrue("v".repeat(50) + "89" in data)
        }
    }

    @Test
    fun `a result that was lost becomes a failure`() = test {
        val recorder = Recorder<WXTransferUploadSuccess>()
        val events = UploadEvents(recorder)
        events.onComplete(1)
        assertEquals(WXTransferCategory.INTERNAL, recorder.failure().category)
        events.release()
        assertEquals(recorder.failure(), runCatching { events.await() }.exceptionOrNull())
        assertEquals(2, recorder.events.size)
    }

    @Test
    fun `the library returns its version`() {
        val cargo = java.io.File(property("wxtransfer.root"), "Cargo.toml").readText()
        assertEquals(Regex("version = \"(.*)\"").find(cargo)!!.groupValues[1], WXTransferSession.version)
    }
}
