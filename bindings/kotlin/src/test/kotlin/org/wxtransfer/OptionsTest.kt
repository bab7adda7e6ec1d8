package org.wxtransfer

import java.io.RandomAccessFile
import java.net.URI
import java.nio.file.Path
import java.security.MessageDigest
import java.security.SecureRandom
import java.security.cert.X509Certificate
import javax.net.ssl.SSLContext
import javax.net.ssl.SSLSocket
import javax.net.ssl.X509TrustManager
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlin.time.Duration
import kotlin.time.Duration.Companion.microseconds
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.withTimeout
import org.json.JSONObject
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Each option and parameter has its effect, tested apart from those with which it could be confused. */
class OptionsTest {
    @TempDir
    lateinit var directory: Path

    private val stalled = TestServer.faultPlain + "/fault/stall-before-answer"

    private fun open(change: WXTransferSessionOptions.Builder.() -> Unit = {}) =
        WXTransferSession(options(directory.resolve("data")).copy(change))

    private suspend fun WXTransferSession.file() = temporaryFile(directory.resolve("mine"), pattern(10))

    /** The failure of a call that must end long before the default deadline of a minute. */
    private suspend fun failure(call: suspend () -> WXTransferSuccess) =
        assertFailsWith<WXTransferFailure> { withTimeout(WAIT_LIMIT_SECONDS * 1000 / 3) { call() } }

    @Test
    fun `users of one mini program have separate saved files`() = test {
        val saved = open { userId = "one" }.use { it.saveFile(it.file()).filePath }
        open { userId = "two" }.use { assertEquals(emptyList(), it.getSavedFileList()) }
        open { userId = "one" }.use { assertEquals(listOf(saved), it.getSavedFileList().map(WXTransferFileInfo::filePath)) }
    }

    @Test
    fun `a call without a timeout has the default one, and only that one`() = test {
        open { defaultUploadTimeoutMillis = 100 }.use { session ->
            val upload = WXTransferUploadRequest(stalled) { filePath = session.file(); name = "file" }
            val download = session.downloadFileTask(WXTransferDownloadRequest(stalled))
            assertEquals(WXTransferErrno.TIMEOUT, failure { session.uploadFile(upload) }.errno)
            assertTrue(download.abort(), "an upload's is no download's")
        }
        open { defaultDownloadTimeoutMillis = 100 }.use { session ->
            val named = session.downloadFileTask(WXTransferDownloadRequest(stalled) { timeoutMillis = 50_000 })
            assertEquals(WXTransferErrno.TIMEOUT, failure { session.downloadFile(WXTransferDownloadRequest(stalled)) }.errno)
            assertTrue(named.abort(), "its own deadline has not passed")
            assertEquals(WXTransferCategory.ABORTED, failure { named.await() }.category)
        }
    }

    @Test
    fun `a value does not change with its builder or the app's list`() {
        val fields = mutableListOf("a" to "b")
        val builder = WXTransferUploadRequest.Builder(stalled).setHeader(fields).setFormData(fields)
        val request = builder.build()
        fields.add("c" to "d")
        builder.addHeader("e", "f").setUrl("https://a.test/").setPriority(1)
        assertEquals(listOf("a" to "b"), request.header)
        assertEquals(listOf("a" to "b"), request.formData)
        assertEquals(stalled to 0, request.url to request.priority)
        val changed = request.copy { addFormData("g", "h") }
        assertEquals(listOf("a" to "b", "g" to "h"), changed.formData)
        assertEquals(listOf("a" to "b"), request.formData)
    }

    @Test
    fun `a duration is a number of milliseconds, and a short one does not become the default`() {
        for ((duration, millis) in listOf(
            Duration.ZERO to 0L, 1.microseconds to 1L, 2.milliseconds to 2L, 2001.microseconds to 3L, 3.minutes to 180_000L,
        )) {
            assertEquals(millis, WXTransferDownloadRequest(stalled) { timeout = duration }.timeoutMillis, "$duration")
        }
        val upload = WXTransferUploadRequest.Builder(stalled).setTimeoutMillis(1500).build()
        assertEquals(1500.milliseconds, upload.timeout)
        assertEquals(4_294_967_295, WXTransferUploadRequest(stalled) { timeout = Duration.INFINITE }.timeoutMillis.toNativeMillis())
        assertEquals(4_294_967_295, 4_294_967_295.toNativeMillis())
        assertFailsWith<IllegalArgumentException> { upload.copy { timeout = -1.microseconds } }
        val options = options(directory).toBuilder()
        options.apply {
            defaultUploadTimeout = 1.minutes
            defaultDownloadTimeout = 2.minutes
            maxTimeout = 3.minutes
            retryDelay = 4.minutes
            lowSpeedTime = 5.minutes
        }
        assertEquals(
            listOf(60_000L, 120_000L, 180_000L, 240_000L, 300_000L),
            options.run { listOf(defaultUploadTimeoutMillis, defaultDownloadTimeoutMillis, maxTimeoutMillis, retryDelayMillis, lowSpeedTimeMillis) },
        )
    }

    @Test
    fun `a negative time is refused, whatever its lower bits are`() {
        val changes = listOf<WXTransferSessionOptions.Builder.(Long) -> Unit>(
            { defaultUploadTimeoutMillis = it }, { defaultDownloadTimeoutMillis = it }, { maxTimeoutMillis = it },
            { retryDelayMillis = it }, { lowSpeedTimeMillis = it },
        )
        for (change in changes) {
            // The lower 32 bits of the second number are those of 1.
            for (millis in listOf(-1L, -4_294_967_295, Long.MIN_VALUE)) {
                assertFailsWith<IllegalArgumentException> { options(directory).copy { change(millis) } }
            }
            options(directory).copy { change(4_294_967_295) }
        }
    }

    @Test
    fun `no timeout exceeds the maximum`() = test {
        open { maxTimeoutMillis = 100 }.use { session ->
            val request = WXTransferDownloadRequest(stalled) { timeoutMillis = 50_000 }
            assertEquals(WXTransferErrno.TIMEOUT, failure { session.downloadFile(request) }.errno)
        }
    }

    @Test
    fun `an upload and a download end at their own timeout`() = test {
        open().use { session ->
            val upload = WXTransferUploadRequest(stalled) { filePath = session.file(); name = "file"; timeoutMillis = 100 }
            assertEquals(WXTransferErrno.TIMEOUT, failure { session.uploadFile(upload) }.errno)
            assertEquals(WXTransferErrno.TIMEOUT, failure { session.downloadFile(WXTransferDownloadRequest(stalled) { timeoutMillis = 100 }) }.errno)
        }
    }

    @Test
    fun `uploads and downloads have separate limits of concurrency`() = test {
        open { maxConcurrentUploads = 1; maxConcurrentDownloads = 2 }.use { session ->
            val file = session.file()
            val uploads = List(2) { session.uploadFileTask(WXTransferUploadRequest(stalled) { filePath = file; name = "file" }) }
            val downloads = List(3) { session.downloadFileTask(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-in-body")) }
            // The running tasks have made progress. The tasks that wait in the queue are aborted first.
            uploads[0].progress.first()
            downloads.take(2).forEach { it.progress.first() }
            for ((tasks, places) in listOf(uploads to 1, downloads to 2)) {
                val left = tasks.reversed().map { task ->
                    assertTrue(task.abort())
                    failure { task.await() }.profile!!.queueEnd!! > 0
                }
                assertEquals(List(tasks.size - places) { false } + List(places) { true }, left)
            }
        }
    }

    @Test
    fun `the default platform is Android`() {
        assertEquals(WXTransferPlatform.ANDROID, WXTransferSessionOptions("wx0", clientVersion = "8.0.50", dataDirectory = "/").toBuilder().platform)
    }

    @Test
    fun `an old base library has its quirks`() = test {
        open { baseLibraryVersion = "1.3.9" }.use { session ->
            val task = session.downloadFileTask(WXTransferDownloadRequest(TestServer.plain + "/bytes/10") { filePath = "wxfile://usr/a" })
            assertNull(task.await().filePath)
            assertEquals(emptyList(), task.progress.toList())
        }
    }

    @Test
    fun `plain http and local addresses are refused unless an option allows them`() = test {
        val (plain, secure) = TestServer.plain + "/bytes/5" to TestServer.tls + "/bytes/5"
        val off = WXTransferLanPolicy.OFF
        open { allowPlainHttp = false; lanPolicy = off; skipDomainCheck = true }.use { session ->
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(secure)).dataLength)
            assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST, failure { session.downloadFile(WXTransferDownloadRequest(plain)) }.errno)
        }
        for (policy in listOf(WXTransferLanPolicy.OWN_SUBNETS, off)) {
            open { lanPolicy = policy }.use { session ->
                val refused = failure { session.downloadFile(WXTransferDownloadRequest(plain)) }
                assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST, refused.errno, "the device itself")
            }
        }
        // A local address may use plain http.
        open { allowPlainHttp = false }.use { session ->
            assertEquals(5, session.downloadFile(WXTransferDownloadRequest(plain)).dataLength)
        }
    }

    @Test
    fun `the app can set the Referer and the path scheme of another container`() = test {
        val template = "https://tmaservice.developer.toutiao.com?appid={appid}&version={version}"
        open { referer = template; pathScheme = "ttfile"; appVersion = "7" }.use { session ->
            val file = session.file()
            assertTrue(file.startsWith("ttfile://tmp_"), file)
            val seen = session.uploadFile(WXTransferUploadRequest(TestServer.plain + "/upload") { filePath = file; name = "file" }).data
            assertTrue(seen.contains("appid=wx0123456789abcdef&version=7"), seen)
            val target = WXTransferDownloadRequest(TestServer.plain + "/bytes/5") { filePath = "ttfile://usr/a" }
            assertEquals("ttfile://usr/a", session.downloadFile(target).filePath)
            val wechat = target.copy { filePath = "wxfile://usr/a" }
            assertEquals(WXTransferErrno.TARGET_DENIED, failure { session.downloadFile(wechat) }.errno)
        }
        for (change in listOf<WXTransferSessionOptions.Builder.() -> Unit>({ referer = "{x}" }, { pathScheme = "http" })) {
            assertEquals(WXTransferStatus.INVALID_ARGUMENT, assertFailsWith<WXTransferStatusException> { open(change) }.status)
        }
    }

    @Test
    fun `temporary files stay for the next session with temporaryRetention`() = test {
        val path = open { temporaryRetention = 100_000 }.use { it.file() }
        open { temporaryRetention = 100_000 }.use { assertEquals(10, it.resolvePath(path).size) }
        open().use { session -> assertFailsWith<WXTransferFailure> { session.resolvePath(path) } }
    }

    @Test
    fun `the domain lists are checked unless skipDomainCheck is set`() = test {
        val port = URI(TestServer.tls).port
        val request = WXTransferDownloadRequest("https://example.test:$port/bytes/5")
        val resolver = WXTransferResolver { _, resolution -> resolution.finish(listOf("127.0.0.1")) }
        open { this.resolver = resolver }.use { session ->
            assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST, failure { session.downloadFile(request) }.errno)
        }
        open { this.resolver = resolver; skipDomainCheck = true }.use { session ->
            assertEquals(5, session.downloadFile(request).dataLength)
        }
        open { this.resolver = resolver; uploadDomains = listOf("https://example.test:$port") }.use { session ->
            assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST, failure { session.downloadFile(request) }.errno)
            val upload = WXTransferUploadRequest("https://example.test:$port/upload") { filePath = session.file(); name = "file" }
            assertEquals(200, session.uploadFile(upload).statusCode)
        }
    }

    @Test
    fun `an upload on a kept connection is sent once more unless sendUploadsOnce is set`() = test {
        suspend fun WXTransferSession.uploadTwice(server: OneAnswerServer): WXTransferUploadSuccess {
            val upload = WXTransferUploadRequest(server.url) { filePath = file(); name = "file" }
            assertEquals(200, uploadFile(upload).statusCode)
            return uploadFile(upload)
        }
        OneAnswerServer().use { server ->
            open().use { session -> assertEquals(200, session.uploadTwice(server).statusCode) }
            open { sendUploadsOnce = true }.use { session ->
                assertEquals(WXTransferCategory.CONNECTION_CLOSED, failure { session.uploadTwice(server) }.category)
            }
        }
    }

    @Test
    fun `a failed upload is tried again only with retryUploads`() = test {
        suspend fun WXTransferSession.upload(server: BreakingServer) = WXTransferUploadRequest(server.url) { filePath = file(); name = "file" }
        BreakingServer().use { server ->
            open { maxRetries = 3; retryDelayMillis = 1 }.use { session ->
                val failure = failure { session.uploadFile(session.upload(server)) }
                assertEquals(WXTransferCategory.CONNECTION_CLOSED to 1, failure.category to failure.attempts)
            }
        }
        BreakingServer().use { server ->
            open { maxRetries = 3; retryDelayMillis = 1; retryUploads = true }.use { session ->
                val result = session.uploadFile(session.upload(server))
                assertEquals(200 to 2, result.statusCode to result.attempts)
            }
        }
        val contradiction = assertFailsWith<WXTransferStatusException> { open { retryUploads = true; sendUploadsOnce = true } }
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, contradiction.status)
    }

    @Test
    fun `a download that breaks off continues with resume`() = test {
        for (resume in listOf(WXTransferResume.WITHIN_TASK, WXTransferResume.ACROSS_LAUNCHES)) {
            HalfServer().use { server ->
                open { this.resume = resume }.use { session ->
                    val result = session.downloadFile(WXTransferDownloadRequest(server.url))
                    assertEquals(listOf<Any>(200, 10L, 2, 5L), result.run { listOf(statusCode, dataLength, attempts, resumedFrom) })
                    assertEquals("0123456789", java.io.File(result.nativePath).readText())
                    session.discardPartials()
                }
            }
        }
        HalfServer().use { server ->
            open().use { session -> assertEquals(1, failure { session.downloadFile(WXTransferDownloadRequest(server.url)) }.attempts) }
        }
    }

    /** At 30,000 bytes per second, the body takes two seconds, less the quarter of a second that a limit lets through at once. */
    private suspend fun assertTakesItsTime(download: suspend (WXTransferDownloadRequest) -> WXTransferDownloadSuccess) {
        val begin = System.nanoTime()
        assertEquals(60_000, download(WXTransferDownloadRequest(TestServer.tls + "/bytes/60000")).dataLength)
        assertTrue(System.nanoTime() - begin >= 1_750_000_000, "${System.nanoTime() - begin}")
    }

    @Test
    fun `no transfer is faster than maxBytesPerSecond`() = test {
        open { maxBytesPerSecond = 30_000 }.use { session -> assertTakesItsTime { session.downloadFile(it) } }
        open().use { session ->
            assertTakesItsTime { session.downloadFile(it.copy { maxBytesPerSecond = 30_000 }) }
            val upload = WXTransferUploadRequest(TestServer.plain + "/upload") {
                filePath = session.file()
                name = "file"
                maxBytesPerSecond = 1
                timeoutMillis = 100
            }
            assertEquals(WXTransferErrno.TIMEOUT, failure { session.uploadFile(upload) }.errno)
        }
    }

    @Test
    fun `a limit can be changed during a transfer`() = test {
        val request = WXTransferDownloadRequest(TestServer.plain + "/bytes/60000")
        open { maxBytesPerSecond = 1 }.use { session ->
            val task = session.downloadFileTask(request)
            session.setMaxBytesPerSecond(0)
            assertEquals(60_000, task.await().dataLength)
            val slow = session.downloadFileTask(request.copy { maxBytesPerSecond = 1 })
            assertTrue(slow.setMaxBytesPerSecond(0))
            assertEquals(60_000, slow.await().dataLength)
            assertEquals(false, slow.setMaxBytesPerSecond(1), "it has ended")
            assertFailsWith<IllegalArgumentException> { slow.setMaxBytesPerSecond(-1) }
            assertFailsWith<IllegalArgumentException> { session.setMaxBytesPerSecond(-1) }
        }
        assertFailsWith<IllegalArgumentException> { request.copy { maxBytesPerSecond = -1 } }
        assertFailsWith<IllegalArgumentException> { open { lowSpeedLimit = -1 } }
    }

    @Test
    fun `a stalled connection ends the transfer with lowSpeedLimit`() = test {
        open { lowSpeedLimit = 100; lowSpeedTimeMillis = 200 }.use { session ->
            val failure = failure { session.downloadFile(WXTransferDownloadRequest(stalled)) }
            assertEquals(listOf(WXTransferErrno.TIMEOUT, WXTransferCategory.TIMEOUT), listOf<Any>(failure.errno, failure.category))
            assertEquals("stalled" to true, failure.detail to failure.retryable)
        }
        val half = assertFailsWith<WXTransferStatusException> { open { lowSpeedTimeMillis = 200 } }
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, half.status)
    }

    @Test
    fun `a higher priority leaves the queue first`() = test {
        open { maxConcurrentDownloads = 1; maxConcurrentUploads = 1 }.use { session ->
            val file = session.file()
            val (download, upload) = TestServer.plain + "/bytes/5" to TestServer.plain + "/upload"
            val held = listOf(
                session.downloadFileTask(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-in-body")),
                session.uploadFileTask(WXTransferUploadRequest(stalled) { filePath = file; name = "file" }),
            )
            held.forEach { it.progress.first() }
            val ended = java.util.Collections.synchronizedList(mutableListOf<String>())
            fun <S : WXTransferSuccess> noting(name: String) = object : WXTransferCallbacks<S> {
                override fun onComplete() {
                    ended += name
                }
            }
            val tasks = listOf(0, 2, -1, 2).flatMapIndexed { index, priority ->
                listOf(
                    session.downloadFile(WXTransferDownloadRequest(download) { this.priority = priority }, noting("down $index")),
                    session.uploadFile(WXTransferUploadRequest(upload) { filePath = file; name = "file"; this.priority = priority }, noting("up $index")),
                )
            }
            held.forEach { assertTrue(it.abort()) }
            tasks.forEach { it.await() }
            for (api in listOf("down", "up")) {
                assertEquals(listOf(1, 3, 0, 2).map { "$api $it" }, ended.filter { it.startsWith(api) })
            }
        }
    }

    @Test
    fun `a download that fails in the background waits for the return with waitInBackground`() = test {
        val waits = CompletableDeferred<Unit>()
        val logger = WXTransferLogger { _, message -> if ("when the app is back" in message) waits.complete(Unit) }
        val closing = WXTransferDownloadRequest(TestServer.faultPlain + "/fault/close")
        open { waitInBackground = true; this.logger = logger }.use { session ->
            session.enterBackground()
            val task = session.downloadFileTask(closing)
            waits.await()
            session.enterForeground()
            assertEquals(WXTransferCategory.CONNECTION_CLOSED to 2, failure { task.await() }.let { it.category to it.attempts })
        }
        open().use { session ->
            session.enterBackground()
            assertEquals(1, failure { session.downloadFile(closing) }.attempts)
        }
    }

    @Test
    fun `a page may use a path of the device only with PathPolicy NATIVE`() = test {
        open { pathPolicy = WXTransferPathPolicy.NATIVE }.use { session ->
            session.file()
            val upload = WXTransferUploadRequest(TestServer.plain + "/upload") { filePath = directory.resolve("mine/file.bin").toString(); name = "file" }
            assertEquals(200, session.uploadFile(upload).statusCode)
        }
        open().use { session ->
            val upload = WXTransferUploadRequest(TestServer.plain + "/upload") { filePath = directory.resolve("mine/file.bin").toString(); name = "file" }
            assertEquals(WXTransferErrno.PERMISSION_DENIED, failure { session.uploadFile(upload) }.errno)
        }
    }

    @Test
    fun `each limit applies by itself`() = test {
        val thousand = WXTransferDownloadRequest(TestServer.plain + "/bytes/1000")
        open { maxDownloadSize = 999 }.use { session ->
            assertEquals(WXTransferErrno.FILE_TOO_LARGE, failure { session.downloadFile(thousand) }.errno)
        }
        open { temporaryQuota = 999 }.use { session ->
            assertEquals(WXTransferErrno.QUOTA_EXCEEDED, failure { session.downloadFile(thousand) }.errno)
        }
        open { storageQuota = 999 }.use { session ->
            val temporary = session.downloadFile(thousand).tempFilePath!!
            val refused = assertFailsWith<WXTransferFailure> { session.saveFile(temporary) }
            assertEquals(WXTransferErrno.QUOTA_EXCEEDED, refused.errno)
        }
        open { maxDataSize = 9 }.use { session ->
            val file = session.file()
            val upload = WXTransferUploadRequest(TestServer.plain + "/bytes/10") { filePath = file; name = "file" }
            assertEquals(WXTransferCategory.LIMIT, failure { session.uploadFile(upload) }.category)
            assertEquals(9, session.uploadFile(upload.copy { url = TestServer.plain + "/bytes/9" }).dataLength)
            assertEquals(1000, session.downloadFile(thousand).dataLength)
        }
    }

    /** The SHA-256 of the test server's SubjectPublicKeyInfo, the form in which Java encodes a public key. */
    private fun publicKeyHash(): ByteArray {
        val trusting = object : X509TrustManager {
            override fun checkClientTrusted(chain: Array<X509Certificate>, type: String) {}
            override fun checkServerTrusted(chain: Array<X509Certificate>, type: String) {}
            override fun getAcceptedIssuers() = emptyArray<X509Certificate>()
        }
        val context = SSLContext.getInstance("TLS").apply { init(null, arrayOf(trusting), SecureRandom()) }
        val server = URI(TestServer.tls)
        val key = context.socketFactory.createSocket(server.host, server.port).use {
            (it as SSLSocket).session.peerCertificates[0].publicKey
        }
        return MessageDigest.getInstance("SHA-256").digest(key.encoded)
    }

    @Test
    fun `a host must present one of its pinned keys`() = test {
        val (right, wrong) = publicKeyHash() to ByteArray(32)
        suspend fun download(vararg pins: Pair<String, ByteArray>) =
            open { this.pins = pins.map { WXTransferPin(it.first, it.second) } }.use { session ->
                session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/5")).dataLength
            }
        assertEquals(5, download("example.test" to wrong, "localhost" to right))
        val refused = assertFailsWith<WXTransferFailure> { download("example.test" to right, "localhost" to wrong) }
        assertEquals(WXTransferCategory.TLS, refused.category)
    }

    @Test
    fun `fileLength bytes of a pipe are sent`() = test {
        open().use { session ->
            val pipe = directory.resolve("pipe")
            assertEquals(0, ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
            RandomAccessFile(pipe.toFile(), "rw").use { ends ->
                ends.write(pattern(6000))
                // The writer stays open, so that only the length says where the file ends.
                val request = WXTransferUploadRequest(TestServer.plain + "/upload") {
                    name = "file"
                    fileName = "pipe.bin"
                    fileDescriptor = number(ends.fd)
                    fileLength = 5000
                }
                val seen = JSONObject(session.uploadFile(request).data).getJSONArray("files").getJSONObject(0)
                assertEquals("pipe.bin" to 5000, seen.getString("filename") to seen.getInt("length"))
            }
        }
    }
}
