package org.wxtransfer

import java.io.File
import java.io.RandomAccessFile
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Executor
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.json.JSONObject
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class TransferTest {
    @TempDir
    lateinit var directory: Path

    private fun open(change: WXTransferSessionOptions.Builder.() -> Unit = {}) =
        WXTransferSession(options(directory.resolve("data")).copy(change))

    private suspend fun WXTransferSession.file(content: ByteArray, name: String = "file.bin") =
        temporaryFile(directory.resolve("mine"), content, name)

    @Test
    fun `an upload sends everything that the request contains`() = test {
        open { appVersion = "7" }.use { session ->
            val content = pattern(100_000)
            val result = session.uploadFile(
                WXTransferUploadRequest(TestServer.tls + "/upload") {
                    filePath = session.file(content)
                    name = "photo 😀"
                    header = listOf("X-One" to "1", "X-Two" to "2", "Referer" to "https://evil.test/")
                    formData = listOf("b" to "grüße 😀", "a" to "nul:\u0000:", "b" to "again")
                    fileName = "照片😀.png"
                },
            )
            assertEquals("uploadFile:ok", result.errMsg)
            assertEquals(200, result.statusCode)
            val seen = JSONObject(result.data)
            assertEquals(result.data.toByteArray().size.toLong(), result.dataLength)
            assertEquals("""["b","a","b","photo 😀"]""", seen.getJSONArray("parts").toString())
            val fields = seen.getJSONArray("fields").toString()
            assertTrue("grüße 😀" in fields && "nul:\\u0000:" in fields, fields)
            val file = seen.getJSONArray("files").getJSONObject(0)
            assertEquals("photo 😀", file.getString("name"))
            assertEquals("照片😀.png", file.getString("filename"))
            assertEquals("image/png", file.getString("content_type"))
            assertEquals(100_000, file.getInt("length"))
            val headers = seen.getJSONArray("headers").toString()
            assertTrue("""["X-One","1"],["X-Two","2"]""" in headers, headers)
            val referer = "https:\\/\\/servicewechat.com\\/wx0123456789abcdef\\/7\\/page-frame.html"
            assertTrue(referer in headers && "evil" !in headers, headers)
        }
    }

    @Test
    fun `a download becomes a temporary file, with its profile`() = test {
        open().use { session ->
            val result = session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/70000?type=image/png"))
            assertEquals("downloadFile:ok", result.errMsg)
            assertTrue(Regex("""wxfile://tmp_[0-9a-f]+\.png""").matches(result.tempFilePath!!), result.tempFilePath)
            assertNull(result.filePath)
            assertEquals(70_000, result.dataLength)
            assertContentEquals(pattern(70_000), File(result.nativePath).readBytes())
            val profile = result.profile!!
            val now = System.currentTimeMillis()
            val times = with(profile) {
                listOfNotNull(invokeStart, queueStart, queueEnd, connectStart, connectEnd, requestStart, responseStart, responseEnd)
            }
            assertEquals(times.sorted(), times)
            assertEquals(8, times.size)
            assertTrue(times.first() > now - 60_000 && times.last() <= now, "$profile")
            assertTrue(profile.SSLconnectionStart in profile.connectStart..profile.SSLconnectionEnd, "$profile")
            assertTrue(profile.receivedBytedCount > 70_000 && profile.sendBytesCount in 1..10_000, "$profile")
            assertEquals(TestServer.tls.substringAfterLast(':').toInt(), profile.port)
            assertEquals("http1.1", profile.protocol)
            assertTrue(profile.peerIP in listOf("127.0.0.1", "::1"), "$profile")
            assertFalse(profile.socketReused)
            val again = session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/1"))
            with(again.profile!!) {
                assertTrue(socketReused)
                val equal = listOf(domainLookUpStart, domainLookUpEnd, connectStart, connectEnd, SSLconnectionStart, SSLconnectionEnd)
                assertEquals(List(6) { fetchStart }, equal)
            }
        }
    }

    @Test
    fun `a profile has measurements of the network`() = test {
        open().use { session ->
            val first = session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/3000000")).profile!!
            assertTrue(first.rtt!! < 60_000 && first.throughputKbps!! > 0, "$first")
            assertEquals(listOf(first.rtt, first.throughputKbps), listOf(first.transportRttEstimate, first.downstreamThroughputKbpsEstimate))
            assertTrue(first.httpRttEstimate!! < 60_000 && first.estimate_nettype in 2..5, "$first")
            assertFalse(first.usingHighPerformanceMode)
            val second = session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/1")).profile!!
            assertEquals(listOf(null, first.throughputKbps), listOf(second.throughputKbps, second.downstreamThroughputKbpsEstimate))
        }
    }

    @Test
    fun `a result has no profile if the request or the base library has none`() = test {
        suspend fun profiles(session: WXTransferSession, disable: Boolean): List<WXTransferProfile?> {
            val url = TestServer.plain + "/upload"
            val upload = WXTransferUploadRequest(url) { filePath = session.file(pattern(1)); name = "file"; disableProfile = disable }
            val fails = WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-before-answer") { timeoutMillis = 200; disableProfile = disable }
            return listOf(
                session.downloadFile(WXTransferDownloadRequest(url) { disableProfile = disable }).profile,
                assertFailsWith<WXTransferFailure> { session.downloadFile(fails) }.profile,
                session.uploadFile(upload).profile,
            )
        }
        open().use { session ->
            assertEquals(List(3) { null }, profiles(session, true))
            assertTrue(profiles(session, false).all { it?.invokeStart != null && it.queueStart != null })
        }
        open { baseLibraryVersion = "3.4.9" }.use { session ->
            val (download, failed, upload) = profiles(session, false)
            assertNull(upload)
            for (profile in listOf(download!!, failed!!)) {
                assertEquals(List(3) { null }, with(profile) { listOf(invokeStart, queueStart, queueEnd) })
                assertTrue(profile.fetchStart > 0)
            }
        }
    }

    @Test
    fun `a success has the headers and cookies, also on a base library without the event`() = test {
        for (baseLibrary in listOf("2.0.9", null)) {
            open { baseLibraryVersion = baseLibrary }.use { session ->
                val url = TestServer.tls + "/cookies"
                val upload = WXTransferUploadRequest(url) { filePath = session.file(pattern(1)); name = "file" }
                for (result in listOf(session.downloadFile(WXTransferDownloadRequest(url)), session.uploadFile(upload))) {
                    assertEquals(listOf("a=1; Path=/", "b=2, 3"), result.cookies)
                    val varies = result.header.filter { (name, _) -> name.equals("Vary", ignoreCase = true) }
                    assertEquals(listOf("Accept", "Origin"), varies.map { (_, value) -> value })
                }
            }
        }
    }

    @Test
    fun `a download is stored at its filePath`() = test {
        open().use { session ->
            val request = WXTransferDownloadRequest(TestServer.plain + "/bytes/10") { filePath = "wxfile://usr/😀.bin" }
            val result = session.downloadFile(request)
            assertEquals("wxfile://usr/😀.bin", result.filePath)
            assertNull(result.tempFilePath)
            assertContentEquals(pattern(10), File(result.nativePath).readBytes())
            assertEquals(result.nativePath, session.resolvePath("wxfile://usr/😀.bin").nativePath)
        }
    }

    @Test
    fun `any status is a success, and text is decoded by its charset`() = test {
        open().use { session ->
            assertEquals(404, session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/status/404")).statusCode)
            val request = WXTransferUploadRequest(TestServer.plain + "/text?charset=gbk") { filePath = session.file(pattern(10)); name = "file" }
            assertEquals("你好，世界", session.uploadFile(request).data)
        }
    }

    @Test
    fun `a task reports its headers and its progress up to 100`() = test {
        open().use { session ->
            val task = session.downloadFileTask(WXTransferDownloadRequest(TestServer.plain + "/bytes/5000000"))
            val progress = async { task.progress.toList() }
            val headers = async { task.headers.toList() }
            task.await()
            val seen = progress.await()
            assertEquals(WXTransferProgress(5_000_000, 5_000_000, 100), seen.last())
            assertEquals(seen.sortedBy { it.totalBytes }, seen)
            assertEquals(200, headers.await().single().statusCode)
            assertEquals("5000000", headers.await().single()["content-LENGTH"])
            // A late collector receives the last value.
            assertEquals(listOf(seen.last()), task.progress.toList())
            assertFalse(task.abort())
        }
    }

    @Test
    fun `an unknown total is null`() = test {
        val head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        PhaseServer("\r\n\r\n", head.toByteArray()).use { server ->
            open().use { session ->
                val task = session.downloadFileTask(WXTransferDownloadRequest("http://${server.address}/"))
                assertEquals(WXTransferProgress(5, null, null), task.progress.first())
                assertTrue(task.abort())
            }
        }
    }

    @Test
    fun `a file can be given as a descriptor`() = test {
        open().use { session ->
            val path = Files.write(directory.resolve("picked.jpg"), pattern(5000))
            RandomAccessFile(path.toFile(), "r").use { file ->
                val descriptor = number(file.fd)
                val request = WXTransferUploadRequest(TestServer.plain + "/upload") {
                    name = "file"
                    fileName = "picked.jpg"
                    fileDescriptor = descriptor
                }
                val seen = JSONObject(session.uploadFile(request).data).getJSONArray("files").getJSONObject(0)
                assertEquals("picked.jpg" to 5000, seen.getString("filename") to seen.getInt("length"))
                // A file without `fileName` is sent with a file name, too.
                for ((other, name) in listOf(path.toString() to "picked.jpg", null to "blob")) {
                    val unnamed = session.uploadFile(request.copy { filePath = other; fileName = null })
                    val sent = JSONObject(unnamed.data).getJSONArray("files").getJSONObject(0)
                    assertEquals(name, sent.getString("filename"))
                }
                file.seek(0)
                val imported = session.importFileDescriptor(descriptor, name = "picked.jpg")
                assertEquals(5000, imported.size)
                assertTrue(imported.filePath.endsWith(".jpg"))
            }
        }
    }

    @Test
    fun `50 transfers at once`() = test {
        open().use { session ->
            val file = session.file(pattern(30_000))
            val uploads = List(25) {
                async { session.uploadFile(WXTransferUploadRequest(TestServer.tls + "/upload") { filePath = file; name = "file$it" }) }
            }
            val downloads = List(25) {
                async { session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/${30_000 + it}")) }
            }
            uploads.awaitAll().forEachIndexed { index, result ->
                val seen = JSONObject(result.data).getJSONArray("files").getJSONObject(0)
                assertEquals("file$index", seen.getString("name"))
                assertEquals(30_000, seen.getInt("length"))
            }
            val results = downloads.awaitAll()
            results.forEachIndexed { index, result ->
                assertContentEquals(pattern(30_000 + index), File(result.nativePath).readBytes())
            }
            assertEquals(25, results.map { it.tempFilePath }.toSet().size)
        }
    }

    @Test
    fun `a resolver and a logger of the app are called`() = test {
        val hosts = ArrayList<String>()
        val log = java.util.Collections.synchronizedList(ArrayList<String>())
        val resolver = WXTransferResolver { host, resolution ->
            hosts.add(host)
            Thread { resolution.finish(listOf("127.0.0.1")) }.start()
        }
        val port = TestServer.tls.substringAfterLast(':')
        open {
            this.resolver = resolver
            logger = WXTransferLogger { level, message -> log.add("$level $message") }
            downloadDomains = listOf("https://example.test:$port")
        }.use { session ->
            val request = WXTransferDownloadRequest("https://example.test:$port/bytes/5") { header = listOf("Referer" to "https://a.test/") }
            assertEquals(5, session.downloadFile(request).dataLength)
            session.downloadFile(WXTransferDownloadRequest("https://example.test:$port/redirect/302"))
        }
        assertEquals(listOf("example.test"), hosts)
        assertTrue(log.any { it.startsWith("WARNING") && "eferer" in it }, "$log")
        assertTrue(log.any { it.startsWith("INFO") && "redirects to" in it }, "$log")
    }

    @Test
    fun `the first transfer finds a prepared connection open`() = test {
        val opened = java.util.concurrent.CountDownLatch(1)
        val refused = java.util.concurrent.CountDownLatch(1)
        open {
            logger = WXTransferLogger { _, message ->
            if ("is open before it is needed" in message) opened.countDown()
            if ("no connection to files.example.com" in message) refused.countDown()
            }
        }.use { session ->
            session.prepare(TestServer.tls)
            assertTrue(opened.await(60, java.util.concurrent.TimeUnit.SECONDS))
            val result = session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/5"))
            assertEquals(true, result.profile?.socketReused)
            session.prepare("files.example.com")
            assertTrue(refused.await(60, java.util.concurrent.TimeUnit.SECONDS))
            assertFailsWith<WXTransferStatusException> { session.prepare("") }
        }
    }

    @Test
    fun `a request that needs an unmetered network waits for one, and without a network all wait`() = test {
        open().use { session ->
            session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.CELLULAR) { metered = true })
            val url = TestServer.plain + "/bytes/5"
            val download = session.downloadFileTask(WXTransferDownloadRequest(url) { timeoutMillis = 500; needsUnmetered = true })
            val upload = session.uploadFileTask(
                WXTransferUploadRequest(TestServer.plain + "/upload") {
                    filePath = session.file(pattern(1))
                    name = "file"
                    timeoutMillis = 500
                    needsUnmetered = true
                },
            )
            // This download takes longer than the deadline of the tasks that wait.
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/slow?ms=700"))
            session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.WIFI))
            assertEquals(5, download.await().dataLength)
            assertEquals(200, upload.await().statusCode)

            session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.NONE))
            val failure = assertFailsWith<WXTransferFailure> { session.downloadFile(WXTransferDownloadRequest(url)) }
            assertEquals(WXTransferErrno.INTERRUPTED, failure.errno)
            assertTrue(failure.retryable)
            session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.OTHER))
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(url)).dataLength)
        }
    }

    @Test
    fun `in the background calls are accepted for five seconds, then fail until the return`() = test {
        open().use { session ->
            session.enterBackground()
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5")).dataLength)
            for (target in listOf("/fault/stall-before-answer", "/fault/close")) {
                val failure = assertFailsWith<WXTransferFailure> {
                    session.downloadFile(WXTransferDownloadRequest(TestServer.faultPlain + target))
                }
                assertEquals(WXTransferErrno.INTERRUPTED, failure.errno)
                assertEquals("downloadFile:fail interrupted", failure.errMsg)
                assertEquals(WXTransferCategory.INTERRUPTED, failure.category)
            }
            session.enterForeground()
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5")).dataLength)
        }
    }

    @Test
    fun `files are saved, listed and removed`() = test {
        open().use { session ->
            val temporary = session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5")).tempFilePath!!
            val saved = session.saveFile(temporary)
            assertTrue(saved.filePath.startsWith("wxfile://store_"), saved.filePath)
            val gone = assertFailsWith<WXTransferFailure> { session.saveFile(temporary) }
            assertEquals("saveFile:fail tempFilePath file not exist", gone.errMsg)
            assertEquals(WXTransferErrno.TEMPORARY_FILE_NOT_EXIST, gone.errno)
            val listed = session.getSavedFileList().single()
            assertEquals(saved.filePath to 5L, listed.filePath to listed.size)
            assertTrue(listed.createTime > System.currentTimeMillis() / 1000 - 3600)
            assertEquals(listed.createTime, session.getSavedFileInfo(saved.filePath).createTime)
            session.removeSavedFile(saved.filePath)
            assertEquals(emptyList(), session.getSavedFileList())
            val other = session.file(pattern(9))
            assertEquals("wxfile://usr/x.bin", session.saveFile(other, "wxfile://usr/x.bin").filePath)
            val moved = Files.write(directory.resolve("given.txt"), pattern(3))
            assertTrue(session.importFile(moved.toString(), WXTransferImportMode.MOVE).filePath.endsWith(".txt"))
            assertFalse(Files.exists(moved))
        }
    }

    @Test
    fun `callbacks run on the executor, and their exceptions are reported`() = test {
        val pool = java.util.concurrent.Executors.newSingleThreadExecutor { Thread(it, "app") }
        val thrown = java.util.concurrent.LinkedBlockingQueue<Throwable>()
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, throwable -> thrown.add(throwable) }
        try {
            open { executor = pool }.use { session ->
                val recorder = Recorder<WXTransferDownloadSuccess> { error("from $it") }
                session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder).await()
                val events = recorder.end()
                assertEquals(setOf("app"), recorder.threads.map { it.name }.toSet())
                assertEquals(events.size, thrown.size)
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before)
            pool.shutdown()
        }
    }

    @Test
    fun `exceptions of a resolver, a logger or an executor are reported, and the task goes on`() = test {
        val thrown = java.util.concurrent.LinkedBlockingQueue<String>()
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, throwable ->
            thrown.add(throwable.message!!)
            // Java ignores an exception of this handler, and native code must ignore it, too.
            throw throwable
        }
        val resolver = WXTransferResolver { host, resolution ->
            if (host == "unknown.test") error("resolver")
            resolution.finish(listOf("127.0.0.1"))
            error("late resolver")
        }
        try {
            open {
                this.resolver = resolver
                logger = WXTransferLogger { _, _ -> error("logger") }
                executor = Executor { it.run(); it.run(); error("executor") }
                skipDomainCheck = true
            }.use { session ->
                val port = TestServer.plain.substringAfterLast(':')
                val request = WXTransferDownloadRequest("http://example.test:$port/bytes/5") { header = listOf("Referer" to "https://a.test/") }
                val recorder = Recorder<WXTransferDownloadSuccess>()
                assertEquals(5, session.downloadFile(request, recorder).await().dataLength)
                recorder.end()
                val failure = runCatching { session.downloadFile(WXTransferDownloadRequest("http://unknown.test/")) }.exceptionOrNull()
                assertEquals(WXTransferCategory.NAME_RESOLUTION, (failure as WXTransferFailure).category)
            }
            assertEquals(setOf("resolver", "late resolver", "logger", "executor"), thrown.toSet())
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before)
        }
    }

    @Test
    fun `callbacks still run after the executor was shut down`() = test {
        val pool = java.util.concurrent.Executors.newSingleThreadExecutor()
        open { executor = pool }.use { session ->
            pool.shutdown()
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5")).dataLength)
        }
    }

    @Test
    fun `jobs that an executor drops run when the session closes`() = test {
        val recorder = Recorder<WXTransferDownloadSuccess>()
        open { executor = Executor {} }.use { session ->
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder)
        }
        assertEquals(0, recorder.ended.count)
        recorder.end()
    }

    @Test
    fun `the thread that callbacks run on is attached once`() = test {
        open().use { session ->
            val recorders = List(5) { Recorder<WXTransferDownloadSuccess>() }
            recorders.forEach { session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), it) }
            recorders.forEach { it.end() }
            val threads = recorders.flatMap { it.threads }.toSet()
            assertEquals(listOf("wxt-delivery"), threads.map { it.name })
        }
    }

    @Test
    fun `a call needs no thread of the dispatcher on which it is awaited`() = test {
        open().use { session ->
            val request = WXTransferDownloadRequest(TestServer.plain + "/bytes/100")
            // One call for each thread of the dispatcher, all of which are blocked. The scope is one for which the test does not wait.
            val scope = CoroutineScope(Dispatchers.Default)
            val threads = List(Runtime.getRuntime().availableProcessors().coerceAtLeast(2)) {
                scope.async {
                    runBlocking {
                        val task = session.downloadFileTask(request)
                        session.downloadFile(request).dataLength + task.progress.toList().last().totalBytes + task.await().dataLength
                    }
                }
            }
            assertEquals(threads.map { 300L }, threads.awaitAll())
        }
    }

    @Test
    fun `calls of coroutines on one thread start in their order`() = test {
        open { maxConcurrentDownloads = 1 }.use { session ->
            repeat(10) {
                // The start times, in the order of the calls. Each download takes longer than 1 ms, the unit of these times.
                val served = List(12) {
                    async { session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/slow?ms=2")).profile?.requestStart }
                }.awaitAll().map { assertNotNull(it) }
                assertEquals(served.sorted().distinct(), served)
            }
        }
    }

    /** Like an app whose executor is the main thread, and whose coroutines continue there at once (`Main.immediate`). */
    @Test
    fun `a coroutine continues outside callbacks, and may close its session`() = test {
        val url = TestServer.plain + "/bytes/100"
        val waits = listOf<suspend (WXTransferSession) -> Unit>(
            { it.downloadFile(WXTransferDownloadRequest(url)) },
            { it.downloadFileTask(WXTransferDownloadRequest(url)).await() },
            { it.downloadFileTask(WXTransferDownloadRequest(url)).headers.first() },
            { it.downloadFileTask(WXTransferDownloadRequest(url)).progress.first() },
            { runCatching { it.downloadFile(WXTransferDownloadRequest("no address")) } },
        )
        for (wait in waits) {
            launch(Dispatchers.Unconfined) {
                WXTransferSession(options(directory.resolve("data"))).use { wait(it) }
            }.join()
        }
    }

    @Test
    fun `closing ends all tasks, and is refused in a callback`() = test {
        PhaseServer("\r\n\r\n").use { server ->
            val session = open()
            val inCallback = CountDownLatch(1)
            var refused: WXTransferStatus? = null
            val first = Recorder<WXTransferDownloadSuccess> {
                if (it == "complete") {
                    refused = assertFailsWith<WXTransferStatusException> { session.close() }.status
                    inCallback.countDown()
                }
            }
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), first)
            inCallback.awaitOrFail("the callback returns")
            assertEquals(WXTransferStatus.CALLED_FROM_CALLBACK, refused)

            val running = List(20) { Recorder<WXTransferDownloadSuccess>() }
            running.forEach { session.downloadFile(WXTransferDownloadRequest("http://${server.address}/"), it) }
            server.reached.awaitOrFail("a request is under way")
            session.close()
            // All callbacks have run by now.
            running.forEach {
                assertEquals(0, it.ended.count)
                assertEquals("downloadFile:fail abort", it.failure().errMsg)
            }
            session.close()
            val closed = assertFailsWith<WXTransferStatusException> {
                session.downloadFileTask(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"))
            }
            assertEquals(WXTransferStatus.SESSION_CLOSED, closed.status)
            assertFailsWith<WXTransferStatusException> { session.getSavedFileList() }
        }
    }
}
