package org.wxtransfer

import java.io.File
import java.nio.file.Path
import java.util.Collections
import java.util.concurrent.Executor
import java.util.concurrent.LinkedBlockingQueue
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.junit.jupiter.api.io.TempDir
import org.wxtransfer.testing.WXTransferFakeFailure
import org.wxtransfer.testing.WXTransferFakeTransfer
import org.wxtransfer.testing.WXTransferFakeSession

/** The fake session behaves like the real one with the test server: both run the same list of scenarios. */
class DoublesTest {
    @TempDir
    lateinit var directory: Path

    /** What the server does: as a URL of the test server with options of the session, and as a script of the fake. */
    private class Scenario(
        val name: String,
        val url: String,
        val script: WXTransferFakeTransfer,
        val options: WXTransferSessionOptions.Builder.() -> Unit = {},
        val download: WXTransferDownloadRequest.() -> WXTransferDownloadRequest = { this },
        val upload: (WXTransferUploadRequest.() -> WXTransferUploadRequest)? = null,
        val act: suspend WXTransfers.(WXTransferTask<*>) -> Unit = {},
    )

    private val stalled = TestServer.faultPlain + "/fault/stall-in-body"

    private fun failing(
        failure: WXTransferFakeFailure,
        url: String,
        options: WXTransferSessionOptions.Builder.() -> Unit = {},
        download: WXTransferDownloadRequest.() -> WXTransferDownloadRequest = { this },
        headers: WXTransferHeadersReceived? = null,
        progress: List<WXTransferProgress> = emptyList(),
    ) = Scenario(failure.name, url, WXTransferFakeTransfer.failure(failure, headers, progress), options, download)

    private fun failingUpload(
        failure: WXTransferFakeFailure,
        url: String,
        options: WXTransferSessionOptions.Builder.() -> Unit = {},
        change: WXTransferUploadRequest.() -> WXTransferUploadRequest = { this },
        headers: WXTransferHeadersReceived? = null,
        progress: List<WXTransferProgress> = emptyList(),
    ) = Scenario(failure.name, url, WXTransferFakeTransfer.failure(failure, headers, progress), options, upload = change)

    /** A download of ten bytes. */
    private fun ofTen(name: String, change: WXTransferDownloadRequest.Builder.() -> Unit) = Scenario(
        name,
        TestServer.plain + "/bytes/10",
        WXTransferFakeTransfer.success(pattern(10)),
        download = { copy(change) },
    )

    private val half = listOf(WXTransferProgress(65536, 1048576, 6))
    private val fine = WXTransferHeadersReceived(emptyList(), 200)

    private val scenarios = listOf(
        Scenario("a download", TestServer.plain + "/bytes/1000", WXTransferFakeTransfer.success(pattern(1000))),
        Scenario("any status", TestServer.plain + "/status/404", WXTransferFakeTransfer.success("status 404\n", 404)),
        Scenario(
            "a download to a path",
            TestServer.plain + "/bytes/10",
            WXTransferFakeTransfer.success(pattern(10)),
            download = { copy { filePath = "wxfile://usr/a" } },
        ),
        ofTen("a download to an empty path") { filePath = "" },
        ofTen("a SHA-256") { wantSha256 = true },
        ofTen("the expected SHA-256") {
            expectedSha256 = "56EC9EAE762E25E71BAE6324C2843868C4F9B69D22A63904767772591810FE76"
            expectedLength = 10
        },
        ofTen("another SHA-256 than expected") { expectedSha256 = "0".repeat(64) },
        ofTen("another length than expected") { expectedLength = 11 },
        Scenario("an upload", TestServer.plain + "/bytes/10", WXTransferFakeTransfer.success(pattern(10)), upload = { this }),
        failing(WXTransferFakeFailure.TIMEOUT, stalled, download = { copy { timeoutMillis = 2000 } }, headers = fine, progress = half),
        failing(
            WXTransferFakeFailure.STALLED,
            stalled,
            { lowSpeedLimit = 1000; lowSpeedTimeMillis = 2000 },
            headers = fine,
            progress = half,
        ),
        failingUpload(WXTransferFakeFailure.PARAMETER, TestServer.plain + "/upload", change = { copy { filePath = null } }),
        failing(WXTransferFakeFailure.INVALID_REQUEST_DATA, TestServer.plain, download = { copy { addHeader("a b", "c") } }),
        failing(WXTransferFakeFailure.INVALID_URL, "https://user@localhost/"),
        failing(WXTransferFakeFailure.INVALID_URL_SCHEME, "ftp://localhost/"),
        failing(WXTransferFakeFailure.NOT_IN_DOMAIN_LIST, "https://example.com/"),
        failing(WXTransferFakeFailure.TOO_MANY_REDIRECTS, TestServer.plain + "/redirect/302?n=6"),
        failing(
            WXTransferFakeFailure.NAME_RESOLUTION,
            "https://api.example.com/",
            { skipDomainCheck = true; resolver = WXTransferResolver { _, answer -> answer.finish(emptyList()) } },
        ),
        failing(WXTransferFakeFailure.CONNECT, "http://127.0.0.1:1/"),
        failing(WXTransferFakeFailure.TLS, TestServer.tls + "/bytes/1", { pins = listOf(WXTransferPin("localhost", ByteArray(32))) }),
        failing(WXTransferFakeFailure.NOT_TLS, TestServer.plain.replace("http:", "https:")),
        failing(WXTransferFakeFailure.CONNECTION_CLOSED, TestServer.faultPlain + "/fault/truncate", headers = fine, progress = half),
        failing(WXTransferFakeFailure.PROTOCOL, TestServer.faultPlain + "/fault/garbage"),
        failing(
            WXTransferFakeFailure.INTEGRITY,
            TestServer.plain + "/bytes/10",
            download = { copy { expectedSha256 = "0".repeat(64) } },
            headers = fine,
        ),
        failing(WXTransferFakeFailure.FILE_TOO_LARGE, TestServer.plain + "/bytes/1000", { maxDownloadSize = 999 }),
        failing(WXTransferFakeFailure.QUOTA_EXCEEDED, TestServer.plain + "/bytes/10000", { temporaryQuota = 9999 }, headers = fine),
        failing(WXTransferFakeFailure.TARGET_DENIED, TestServer.plain, download = { copy { filePath = "wxfile://usr/../photo.jpg" } }),
        failing(
            WXTransferFakeFailure.DIRECTORY_NOT_FOUND,
            TestServer.plain,
            download = { copy { filePath = "wxfile://usr/photos/1.jpg" } },
        ),
        failingUpload(
            WXTransferFakeFailure.FILE_NOT_FOUND,
            TestServer.plain + "/upload",
            change = { copy { filePath = "wxfile://tmp_0123456789abcdef0123456789abcdef" } },
        ),
        failingUpload(
            WXTransferFakeFailure.PERMISSION_DENIED,
            TestServer.plain + "/upload",
            change = { copy { filePath = "wxfile://usr/../photo.jpg" } },
        ),
        failingUpload(
            WXTransferFakeFailure.DATA_TOO_LARGE,
            TestServer.plain + "/bytes/1000",
            { maxDataSize = 999 },
            progress = half,
        ),
        Scenario("an abort", stalled, WXTransferFakeTransfer.endless(fine, half)) { task ->
            task.progress.first()
            assertTrue(task.abort())
        },
        Scenario(
            "an abort of an upload",
            TestServer.faultPlain + "/fault/stall-before-answer",
            WXTransferFakeTransfer.endless(progress = half),
            upload = { this },
        ) { task ->
            task.progress.first()
            assertTrue(task.abort())
        },
        Scenario("a close", stalled, WXTransferFakeTransfer.endless(fine, half)) { task ->
            task.progress.first()
            close()
        },
        // The real session interrupts after five seconds in the background.
        Scenario("the background", stalled, WXTransferFakeTransfer.endless(fine, half)) { task ->
            task.progress.first()
            enterBackground()
        },
    )

    /** What an app observes of a transfer, without the parts that a script cannot predict. */
    private data class Seen(val events: List<String>, val result: List<Any?>, val canBeAborted: Boolean)

    private suspend fun observe(session: WXTransfers, scenario: Scenario, filePath: String): Seen {
        val (seen, task) = if (scenario.upload != null) {
            val recorder = Recorder<WXTransferUploadSuccess>()
            val request = WXTransferUploadRequest(scenario.url) { this.filePath = filePath; this.name = "file" }.run(scenario.upload)
            recorder to session.uploadFile(request, recorder)
        } else {
            val recorder = Recorder<WXTransferDownloadSuccess>()
            recorder to session.downloadFile(WXTransferDownloadRequest(scenario.url).run(scenario.download), recorder)
        }
        session.run { scenario.act(this, task) }
        val events = seen.end()
        val awaited = runCatching { task.await() }
        val headers = task.headers.toList()
        assertEquals(events.filterIsInstance<WXTransferHeadersReceived>(), headers)
        val progress = events.filterIsInstance<WXTransferProgress>()
        assertEquals(progress.map { it.totalBytes }.sorted(), progress.map { it.totalBytes })
        if (awaited.isSuccess) assertEquals(100, progress.last().progress)
        assertFalse(task.setMaxBytesPerSecond(1), "it has ended")
        assertEquals(awaited.getOrNull() ?: awaited.exceptionOrNull(), events[events.size - 2])
        val kinds = events.map {
            when (it) {
                is WXTransferHeadersReceived -> "headers ${it.statusCode}"
                is WXTransferProgress -> "progress"
                is WXTransferSuccess -> "success"
                is WXTransferFailure -> "fail"
                else -> "complete"
            }
        }
        val result = awaited.fold(::ofSuccess) { ofFailure(it as WXTransferFailure) }
        // How often progress is reported, and whether it comes before an upload's headers, depends on the network.
        return Seen(kinds.filter { it != "progress" } + kinds.filter { it == "progress" }.distinct(), result, task.abort())
    }

    private fun ofSuccess(success: WXTransferSuccess): List<Any?> = when (success) {
        is WXTransferUploadSuccess -> success.run { listOf(errMsg, statusCode, data, dataLength, attempts, resumedFrom) }
        is WXTransferDownloadSuccess -> success.run {
            val path = tempFilePath?.let { Regex("wxfile://tmp_[0-9a-f]{32}(\\.[a-z0-9]{1,10})?").matches(it) }
            listOf(errMsg, statusCode, path, filePath, File(nativePath).readText(), dataLength, attempts, resumedFrom, sha256)
        }
    }

    private fun ofFailure(failure: WXTransferFailure): List<Any?> = failure.run {
        // For network failures, WeChat defines no text, so the library's text differs from the script's.
        val text = if (errno == WXTransferErrno.NETWORK) errMsg.substringBefore("fail ") else errMsg
        listOf(text, errno, category, retryable, attempts, resumedFrom)
    }

    @TestFactory
    fun `the fake behaves like the real session`(): List<DynamicTest> = scenarios.map { scenario ->
        dynamicTest(scenario.name) {
            test {
                val real = WXTransferSession(options(directory.resolve("real")).copy(scenario.options)).use { session ->
                    observe(session, scenario, session.temporaryFile(directory.resolve("mine"), pattern(10)))
                }
                val fake = WXTransferFakeSession(directory.resolve("fake").toFile()).use { session ->
                    session.answer(scenario.url, scenario.script)
                    observe(session, scenario, "wxfile://tmp_1")
                }
                assertEquals(real, fake)
                assertFalse(fake.canBeAborted)
            }
        }
    }

    @Test
    fun `the fake has each failure of a transfer in the table of the documentation`() {
        var errno = 0
        val rows = File(property("wxtransfer.root"), "docs/failures.md").readLines().filter { it.startsWith("| ") }.map { row ->
            val cells = row.split('|').map(String::trim)
            errno = cells[1].substringBefore(' ').toIntOrNull() ?: errno
            errno to cells[4].trim('`')
        }
        // Failures of file calls have larger numbers. A success has no category.
        val expected = rows.filter { (errno, category) -> errno in 1..<1_300_000 && category != "–" }.toSet()
        val made = WXTransferFakeFailure.entries.flatMap { failure ->
            listOf(failure.uploadErrno, failure.downloadErrno).map { it to failure.category.name }
        }
        assertEquals(expected, made.filter { (errno, _) -> errno < 1_300_000 }.toSet())
        assertTrue(expected.size > 20, "the reader finds them")
    }

    @Test
    fun `a failure has its own detail unless the test has another`() {
        assertEquals("stalled", WXTransferFakeFailure.STALLED.ofDownload().detail)
        assertEquals("another", WXTransferFakeFailure.STALLED.ofUpload("another").detail)
        WXTransferFakeFailure.TOO_MANY_TASKS.run {
            assertEquals("uploadFile:fail exceed max upload connection count 10", ofUpload().errMsg)
            assertEquals("downloadFile:fail exceed max download connection count 10", ofDownload().errMsg)
            assertEquals(listOf(0, 0), listOf(ofUpload().attempts, ofDownload().attempts), "it is refused before its first attempt")
        }
    }

    /** The body comes in pieces, so there is progress before its end. */
    @Test
    fun `headers come before or after the body`() = test {
        val url = TestServer.plain + "/drip?n=10&ms=100"
        val begun = listOf(WXTransferProgress(1, 10, 10))
        val orders = listOf(
            listOf("headers", "progress", "success", "complete"),
            listOf("progress", "headers", "progress", "success", "complete"),
        )
        orders.forEachIndexed { retries, expected ->
            val options = options(directory.resolve("real")).copy { maxRetries = retries }
            val real = WXTransferSession(options).use { order(it, url) }
            val after = retries > 0
            WXTransferFakeSession(directory.resolve("fake").toFile(), headersAfterBody = after).use { session ->
                session.answerNext(
                    WXTransferFakeTransfer.success(pattern(10), progress = begun),
                    WXTransferFakeTransfer.failure(WXTransferFakeFailure.CONNECTION_CLOSED, fine, half),
                    WXTransferFakeTransfer.endless(fine, half),
                )
                assertEquals(listOf(expected, expected), listOf(real, order(session, url)))
                val end = listOf("fail", "complete")
                assertEquals((if (after) listOf("progress", "headers") else listOf("headers", "progress")) + end, order(session, url))
                val aborted = order(session, url) { it.progress.first(); it.abort() }
                assertEquals((if (after) listOf("progress") else listOf("headers", "progress")) + end, aborted)
            }
        }
    }

    /** The callbacks of a download by their names. Several in a row with the same name are one. */
    private suspend fun order(session: WXTransfers, url: String, act: suspend (WXTransferTask<*>) -> Unit = {}): List<String> {
        val names = Collections.synchronizedList(ArrayList<String>())
        val ended = java.util.concurrent.CountDownLatch(1)
        val recorder = Recorder<WXTransferDownloadSuccess> {
            if (names.lastOrNull() != it) names += it
            if (it == "complete") ended.countDown()
        }
        act(session.downloadFile(WXTransferDownloadRequest(url), recorder))
        ended.awaitOrFail("the task ends")
        return names
    }

    @Test
    fun `files have names of the library, and a real session imports them`() = test {
        val names = listOf(
            "/b.c/photo.JPG?a=/x.png#.gif" to ".jpg", "/a.b/photo" to "", "/.jpg" to "", "/a.toolongsuffix" to "",
            "/a.b-c" to "", "" to "", "/a.mp3/" to "",
        )
        WXTransferSession(options(directory.resolve("real"))).use { real ->
            WXTransferFakeSession(directory.resolve("fake").toFile()).use { fake ->
                for ((path, suffix) in names) {
                    fake.answerNext(WXTransferFakeTransfer.success("photo"))
                    val photo = fake.downloadFile(WXTransferDownloadRequest("https://a.test$path"))
                    val name = File(photo.nativePath).name
                    assertEquals("wxfile://$name", photo.tempFilePath)
                    assertTrue(Regex("tmp_[0-9a-f]{32}" + Regex.escape(suffix)).matches(name), "$path: $name")

                    val unknown = assertFailsWith<WXTransferFailure> { real.saveFile("wxfile://$name") }
                    assertEquals(WXTransferErrno.TEMPORARY_FILE_NOT_EXIST, unknown.errno)
                    val saved = real.saveFile(real.importFile(photo.nativePath).filePath)
                    assertEquals("photo", File(saved.nativePath).readText())
                }
            }
        }
    }

    @Test
    fun `a script has the attempts and the profile of its success`() = test {
        WXTransferFakeSession(directory.toFile()).use { session ->
            val profile = WXTransferProfile { socketReused = true }
            session.answerNext(
                WXTransferFakeTransfer.success(pattern(9), attempts = 2, resumedFrom = 4, profile = profile),
                WXTransferFakeTransfer.success(attempts = 3, profile = profile),
                WXTransferFakeTransfer.success(),
            )
            val resumed = session.downloadFile(WXTransferDownloadRequest("https://a.test/"))
            assertEquals(listOf<Any?>(2, 4L, 9L, profile), resumed.run { listOf(attempts, resumedFrom, dataLength, this.profile) })
            val upload = WXTransferUploadRequest("https://a.test/") { filePath = "wxfile://tmp_1"; name = "file" }
            assertEquals(listOf<Any?>(3, 0L, profile), session.uploadFile(upload).run { listOf(attempts, resumedFrom, this.profile) })
            assertEquals(listOf<Any?>(1, 0L, null), session.uploadFile(upload).run { listOf(attempts, resumedFrom, this.profile) })
        }
    }

    /** Like an app whose coroutines continue at once. The test runs the callbacks, on its own thread. */
    @Test
    fun `a coroutine continues outside callbacks, and may close its session`() = test {
        val request = WXTransferDownloadRequest("https://a.test/")
        val waits = listOf<suspend (WXTransfers) -> Unit>(
            { it.downloadFile(request) },
            { it.downloadFileTask(request).await() },
            { it.downloadFileTask(request).headers.first() },
            { it.downloadFileTask(request).progress.first() },
        )
        for (wait in waits) {
            val callbacks = LinkedBlockingQueue<Runnable>()
            val session = WXTransferFakeSession(directory.toFile(), Executor(callbacks::add))
            session.answerNext(WXTransferFakeTransfer.success("x"))
            val call = async(Dispatchers.Unconfined) { session.use { wait(it) } }
            callbacks.take().run()
            call.await()
        }
    }

    @Test
    fun `cancelling aborts before it returns`() = test {
        val callbacks = LinkedBlockingQueue<Runnable>()
        WXTransferFakeSession(directory.toFile(), Executor(callbacks::add)).use { session ->
            session.answerNext(WXTransferFakeTransfer.endless())
            // The dispatcher is this thread's, which runs no other coroutine until the test suspends.
            val call = async(start = CoroutineStart.UNDISPATCHED) { session.downloadFile(WXTransferDownloadRequest("https://a.test/")) }
            callbacks.take().run()
            call.cancel()
            assertEquals(1, callbacks.size, "the callbacks of the abort")
        }
    }

    @Test
    fun `with an executor that runs callbacks at once, a result needs no other thread`() = test {
        WXTransferFakeSession(directory.toFile(), Executor(Runnable::run)).use { session ->
            session.answerNext(WXTransferFakeTransfer.success("x"))
            val call = async(start = CoroutineStart.UNDISPATCHED) { session.downloadFile(WXTransferDownloadRequest("https://a.test/")) }
            assertTrue(call.isCompleted)
        }
    }

    /** Runs [check] on both sessions, with a transfer that does not end. */
    private suspend fun onBoth(check: suspend (WXTransfers, WXTransferDownloadRequest) -> Unit) {
        WXTransferSession(options(directory.resolve("real"))).use { check(it, WXTransferDownloadRequest(stalled)) }
        WXTransferFakeSession(directory.resolve("fake").toFile()).use { session ->
            session.answerNext(*Array(3) { WXTransferFakeTransfer.endless(fine, half) })
            check(session, WXTransferDownloadRequest(stalled))
        }
    }

    @Test
    fun `a directory that cannot be written is a failure of the download`() = test {
        val file = directory.resolve("no directory").toFile().apply { writeText("") }
        WXTransferFakeSession(file).use { session ->
            session.answerNext(WXTransferFakeTransfer.success("x"))
            val recorder = Recorder<WXTransferDownloadSuccess>()
            session.downloadFile(WXTransferDownloadRequest("https://a.test/"), recorder)
            val events = recorder.end()
            assertEquals(emptyList(), events.filterIsInstance<WXTransferProgress>(), "nothing was stored")
            assertEquals(WXTransferErrno.SAVE_FILE, (events[events.size - 2] as WXTransferFailure).errno)
        }
    }

    @Test
    fun `a closed session refuses calls`() = test {
        onBoth { session, request ->
            session.close()
            session.close()
            val calls = listOf<suspend () -> Unit>(
                { session.downloadFile(request) },
                { session.uploadFileTask(WXTransferUploadRequest(request.url) { filePath = "wxfile://tmp_1"; name = "file" }) },
                { session.prepare("localhost") },
                { session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.WIFI)) },
                { session.enterBackground() },
                { session.enterForeground() },
            )
            for (call in calls) {
                assertEquals(WXTransferStatus.SESSION_CLOSED, assertFailsWith<WXTransferStatusException> { call() }.status)
            }
        }
    }

    @Test
    fun `a session cannot be closed from a callback`() = test {
        onBoth { session, request ->
            var refused: WXTransferStatus? = null
            val recorder = Recorder<WXTransferDownloadSuccess> { event ->
                if (event == "headers") refused = runCatching { session.close() }.exceptionOrNull().let { (it as WXTransferStatusException).status }
            }
            val task = session.downloadFile(request, recorder)
            task.progress.first()
            task.abort()
            recorder.end()
            assertEquals(WXTransferStatus.CALLED_FROM_CALLBACK, refused)
        }
    }

    @Test
    fun `a cancelled coroutine aborts its transfer`() = test {
        onBoth { session, request ->
            val call = async(Dispatchers.IO, CoroutineStart.UNDISPATCHED) { session.downloadFile(request) }
            call.cancelAndJoin()
            val other = Recorder<WXTransferDownloadSuccess>()
            // Callbacks of one session run in order, so the first transfer has ended when the second one ends.
            session.downloadFile(request, other).abort()
            assertEquals(WXTransferErrno.ABORT_DOWNLOAD, other.failure().errno)
        }
    }

    @Test
    fun `a callback may abort, and start the next transfer`() = test {
        onBoth { session, request ->
            val next = Recorder<WXTransferDownloadSuccess>()
            lateinit var task: WXTransferTask<WXTransferDownloadSuccess>
            val started = java.util.concurrent.CountDownLatch(1)
            val first = Recorder<WXTransferDownloadSuccess> { event ->
                started.awaitOrFail("the task is known")
                if (event == "headers") task.abort()
                if (event == "complete") session.downloadFile(request, next).abort()
            }
            task = session.downloadFile(request, first)
            started.countDown()
            assertEquals(WXTransferErrno.ABORT_DOWNLOAD, first.failure().errno)
            assertEquals(WXTransferErrno.ABORT_DOWNLOAD, next.failure().errno)
        }
    }

    @Test
    fun `callbacks of a transfer that a callback starts run after it`() = test {
        for (executor in listOf(null, Executor(Runnable::run))) {
            WXTransferFakeSession(directory.toFile(), executor).use { session ->
                session.answerNext(WXTransferFakeTransfer.failure(WXTransferFakeFailure.CONNECTION_CLOSED), WXTransferFakeTransfer.success("x"))
                val request = WXTransferDownloadRequest("https://a.test/")
                val events = Collections.synchronizedList(ArrayList<String>())
                val second = Recorder<WXTransferDownloadSuccess> { events += "second $it" }
                val first = Recorder<WXTransferDownloadSuccess> { event ->
                    if (event == "fail") session.downloadFile(request, second)
                    events += "first $event"
                }
                session.downloadFile(request, first)
                first.end()
                second.end()
                // The last event may be recorded after the end is known.
                val seen = synchronized(events) { events.filter { it != "second complete" } }
                assertEquals(listOf("first fail", "first complete", "second headers", "second progress", "second success"), seen)
            }
        }
    }

    @Test
    fun `files of two sessions in one directory differ`() = test {
        val files = List(2) { number ->
            WXTransferFakeSession(directory.toFile()).use { session ->
                session.answerNext(WXTransferFakeTransfer.success("$number"))
                session.downloadFile(WXTransferDownloadRequest("https://a.test/")).nativePath
            }
        }
        assertEquals(listOf("0", "1"), files.map { File(it).readText() })
    }

    @Test
    fun `scripts are used by URL, then in order, each once`() = test {
        WXTransferFakeSession(directory.toFile()).use { session ->
            session.answerNext(WXTransferFakeTransfer.success("any"), WXTransferFakeTransfer.success("last"))
            session.answer("https://a.test/", WXTransferFakeTransfer.success("a"))
            val texts = listOf("https://b.test/", "https://a.test/", "https://a.test/").map { url ->
                session.uploadFile(WXTransferUploadRequest(url) { filePath = "wxfile://tmp_1"; name = "file" }).data
            }
            assertEquals(listOf("any", "a", "last"), texts)
            val missing = assertFailsWith<WXTransferFailure> { session.downloadFile(WXTransferDownloadRequest("https://a.test/")) }
            assertEquals(WXTransferCategory.INTERNAL, missing.category)
            assertTrue("no script is left" in missing.detail)
            assertEquals(listOf(3, 1), listOf(session.uploads.size, session.downloads.size))
        }
    }

    @Test
    fun `without a network all transfers are interrupted until there is one`() = test {
        WXTransferFakeSession(directory.toFile()).use { session ->
            session.answerNext(WXTransferFakeTransfer.endless(), WXTransferFakeTransfer.success("x"), WXTransferFakeTransfer.success("y"))
            val task = session.downloadFileTask(WXTransferDownloadRequest("https://a.test/"))
            session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.NONE))
            assertEquals(WXTransferErrno.INTERRUPTED, assertFailsWith<WXTransferFailure> { task.await() }.errno)
            val refused = assertFailsWith<WXTransferFailure> { session.downloadFile(WXTransferDownloadRequest("https://a.test/")) }
            assertEquals(WXTransferErrno.INTERRUPTED, refused.errno)
            assertEquals(0, refused.attempts, "it did not begin")
            session.networkChanged(WXTransferNetwork(WXTransferNetwork.Kind.WIFI))
            assertEquals(200, session.downloadFile(WXTransferDownloadRequest("https://a.test/")).statusCode)
        }
    }
}
