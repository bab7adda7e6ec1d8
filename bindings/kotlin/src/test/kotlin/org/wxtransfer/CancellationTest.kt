package org.wxtransfer

import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancel
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A task is aborted in every phase, by `abort` and by cancelling a coroutine. */
class CancellationTest {
    @TempDir
    lateinit var directory: Path

    private val head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".toByteArray()

    private fun options() = options(directory.resolve("data")).copy { maxConcurrentDownloads = 1 }

    /** Aborts a download of [url] when [reached] says that it is in the phase that the test needs. */
    private fun abortedDownload(options: WXTransferSessionOptions, url: String, reached: CountDownLatch) = test {
        WXTransferSession(options).use { session ->
            val recorder = Recorder<WXTransferDownloadSuccess>()
            val task = session.downloadFile(WXTransferDownloadRequest(url), recorder)
            reached.awaitOrFail("the phase is reached")
            assertTrue(task.abort())
            val failure = recorder.failure()
            assertEquals("downloadFile:fail abort" to WXTransferErrno.ABORT_DOWNLOAD, failure.errMsg to failure.errno)
            assertEquals(WXTransferCategory.ABORTED, failure.category)
        }
    }

    /** Cancels a download of [url] in that phase. The next download shows that the only place for downloads is free again. */
    private fun cancelledDownload(options: WXTransferSessionOptions, url: String, reached: CountDownLatch) = test {
        WXTransferSession(options).use { session ->
            val job = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
                session.downloadFile(WXTransferDownloadRequest(url))
            }
            reached.awaitOrFail("the phase is reached")
            job.cancelAndJoin()
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5")).dataLength)
        }
    }

    @Test
    fun `while the name is looked up`() {
        for (run in listOf(::abortedDownload, ::cancelledDownload)) {
            val asked = CountDownLatch(1)
            var pending: WXTransferResolution? = null
            val resolver = WXTransferResolver { _, resolution ->
                pending = resolution
                asked.countDown()
            }
            val options = options().copy { this.resolver = resolver; skipDomainCheck = true }
            run(options, "http://example.test/", asked)
            // The session is closed. The first answer only frees memory, and the second one does nothing.
            repeat(2) { pending?.finish(listOf("127.0.0.1")) }
        }
    }

    @Test
    fun `before it begins`() = test {
        val asked = AtomicInteger()
        val resolver = WXTransferResolver { _, resolution ->
            asked.incrementAndGet()
            resolution.finish(emptyList())
        }
        WXTransferSession(options().copy { this.resolver = resolver; skipDomainCheck = true }).use { session ->
            // Many times, because a task that is started and aborted does not always reach the resolver.
            repeat(300) {
                launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
                    currentCoroutineContext().cancel()
                    session.downloadFile(WXTransferDownloadRequest("http://example.test/"))
                }.join()
            }
        }
        assertEquals(0, asked.get())
    }

    @Test
    fun `while connecting`() {
        BlackHole().use { hole ->
            for (run in listOf(::abortedDownload, ::cancelledDownload)) {
                // The test cannot observe the connecting; the task has at least started.
                run(options(), "http://${hole.address}/", CountDownLatch(0))
            }
        }
    }

    @Test
    fun `during the TLS handshake`() {
        for (run in listOf(::abortedDownload, ::cancelledDownload)) {
            PhaseServer("").use { run(options(), "https://${it.address}/", it.reached) }
        }
    }

    @Test
    fun `while the answer is awaited`() {
        for (run in listOf(::abortedDownload, ::cancelledDownload)) {
            PhaseServer("\r\n\r\n").use { run(options(), "http://${it.address}/", it.reached) }
        }
    }

    @Test
    fun `while the body is received`() {
        for (run in listOf(::abortedDownload, ::cancelledDownload)) {
            PhaseServer("\r\n\r\n", head + ByteArray(10)).use { run(options(), "http://${it.address}/", it.reached) }
        }
    }

    @Test
    fun `while the file is sent`() = test {
        WXTransferSession(options().copy { maxConcurrentUploads = 1 }).use { session ->
            val file = session.temporaryFile(directory.resolve("mine"), ByteArray(32 * 1024 * 1024))
            val request = WXTransferUploadRequest(TestServer.faultPlain + "/fault/stall-in-upload") { filePath = file; name = "file" }
            val task = session.uploadFileTask(request)
            task.progress.first { it.totalBytes > 0 }
            assertTrue(task.abort())
            val failure = runCatching { task.await() }.exceptionOrNull() as WXTransferFailure
            assertEquals("uploadFile:fail abort" to WXTransferErrno.CANCEL, failure.errMsg to failure.errno)

            // The same with a cancelled coroutine. The last upload shows that the only place for uploads is free again.
            PhaseServer("filename").use { server ->
                val job = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
                    session.uploadFile(request.copy { url = "http://${server.address}/" })
                }
                server.reached.awaitOrFail("the file is under way")
                job.cancelAndJoin()
            }
            assertEquals(200, session.uploadFile(request.copy { url = TestServer.plain + "/upload" }).statusCode)
        }
    }

    @Test
    fun `in the queue`() = test {
        PhaseServer("\r\n\r\n").use { server ->
            WXTransferSession(options()).use { session ->
                val first = session.downloadFileTask(WXTransferDownloadRequest("http://${server.address}/"))
                server.reached.awaitOrFail("the first is under way")
                val recorder = Recorder<WXTransferDownloadSuccess>()
                val second = session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder)
                assertTrue(second.abort())
                assertEquals("downloadFile:fail abort", recorder.failure().errMsg)
                assertEquals(0, recorder.failure().profile!!.queueEnd)
                val third = launch(Dispatchers.Default, CoroutineStart.UNDISPATCHED) {
                    session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"))
                }
                third.cancelAndJoin()
                assertTrue(first.abort())
            }
        }
    }

    @Test
    fun `in a callback`() = test {
        PhaseServer("\r\n\r\n", head).use { server ->
            WXTransferSession(options()).use { session ->
                var aborted = false
                lateinit var task: WXTransferTask<*>
                val known = CountDownLatch(1)
                val recorder = Recorder<WXTransferDownloadSuccess> {
                    if (it == "headers") {
                        known.awaitOrFail("the task is known")
                        aborted = task.abort()
                    }
                }
                task = session.downloadFile(WXTransferDownloadRequest("http://${server.address}/"), recorder)
                known.countDown()
                assertEquals("downloadFile:fail abort", recorder.failure().errMsg)
                assertTrue(aborted)
            }
        }
    }

    @Test
    fun `an aborted download leaves no file`() {
        `while the body is received`()
        val files = directory.toFile().walkTopDown().filter { it.isFile && it.length() > 0 }.map { it.name }.toList()
        assertTrue(files.none { it.startsWith("tmp_") || it.endsWith(".part") }, "$files")
    }
}
