package org.wxtransfer

import java.io.File
import java.nio.file.Path
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
import org.wxtransfer.testing.WXTFakeFailure
import org.wxtransfer.testing.WXTFakeTransfer
import org.wxtransfer.testing.WXTransferFakeSession

/** The fake does what the session does against the test server: one list of scenarios runs on both. */
class DoublesTest {
    @TempDir
    lateinit var directory: Path

    /** What the server does: as a URL of the test server with what the session has to be like, and as a script. */
    private class Scenario(
        val name: String,
        val url: String,
        val script: WXTFakeTransfer,
        val options: WXTSessionOptions.() -> WXTSessionOptions = { this },
        val download: WXTDownloadRequest.() -> WXTDownloadRequest = { this },
        val upload: (WXTUploadRequest.() -> WXTUploadRequest)? = null,
        val act: suspend WXTransfers.(WXTTask<*>) -> Unit = {},
    )

    private val stalled = TestServer.faultPlain + "/fault/stall-in-body"

    private fun failing(
        failure: WXTFakeFailure,
        url: String,
        options: WXTSessionOptions.() -> WXTSessionOptions = { this },
        download: WXTDownloadRequest.() -> WXTDownloadRequest = { this },
        headers: WXTHeadersReceived? = null,
        progress: List<WXTProgress> = emptyList(),
    ) = Scenario(failure.name, url, WXTFakeTransfer.failure(failure, headers, progress), options, download)

    private val half = listOf(WXTProgress(65536, 1048576, 6))
    private val fine = WXTHeadersReceived(emptyList(), 200)

    private val scenarios = listOf(
        Scenario("a download", TestServer.plain + "/bytes/1000", WXTFakeTransfer.success(pattern(1000))),
        Scenario("any status", TestServer.plain + "/status/404", WXTFakeTransfer.success("status 404\n", 404)),
        Scenario(
            "a download to a path",
            TestServer.plain + "/bytes/10",
            WXTFakeTransfer.success(pattern(10)),
            download = { copy(filePath = "wxfile://usr/a") },
        ),
        Scenario("an upload", TestServer.plain + "/bytes/10", WXTFakeTransfer.success(pattern(10)), upload = { this }),
        failing(WXTFakeFailure.TIMEOUT, stalled, download = { copy(timeout = 100) }, headers = fine, progress = half),
        failing(WXTFakeFailure.INVALID_URL, "https://user@localhost/"),
        failing(WXTFakeFailure.INVALID_URL_SCHEME, "ftp://localhost/"),
        failing(WXTFakeFailure.NOT_IN_DOMAIN_LIST, "https://example.com/"),
        failing(WXTFakeFailure.TOO_MANY_REDIRECTS, TestServer.plain + "/redirect/302?n=6"),
        failing(
            WXTFakeFailure.NAME_RESOLUTION,
            "https://api.example.com/",
            { copy(skipDomainCheck = true, resolver = WXTResolver { _, answer -> answer.finish(emptyList()) }) },
        ),
        failing(WXTFakeFailure.CONNECT, "http://127.0.0.1:1/"),
        failing(WXTFakeFailure.TLS, TestServer.tls + "/bytes/1", { copy(pins = listOf(WXTPin("localhost", ByteArray(32)))) }),
        failing(WXTFakeFailure.CONNECTION_CLOSED, TestServer.faultPlain + "/fault/truncate", headers = fine, progress = half),
        failing(WXTFakeFailure.PROTOCOL, TestServer.faultPlain + "/fault/garbage"),
        failing(
            WXTFakeFailure.INTEGRITY,
            TestServer.plain + "/bytes/10",
            download = { copy(expectedSha256 = "0".repeat(64)) },
            headers = fine,
        ),
        failing(WXTFakeFailure.FILE_TOO_LARGE, TestServer.plain + "/bytes/1000", { copy(maxDownloadSize = 999) }),
        failing(WXTFakeFailure.QUOTA_EXCEEDED, TestServer.plain + "/bytes/10000", { copy(temporaryQuota = 9999) }, headers = fine),
        Scenario(
            "FILE_NOT_FOUND",
            TestServer.plain + "/upload",
            WXTFakeTransfer.failure(WXTFakeFailure.FILE_NOT_FOUND),
            upload = { copy(filePath = "wxfile://tmp_0123456789abcdef0123456789abcdef") },
        ),
        Scenario("an abort", stalled, WXTFakeTransfer.endless(fine, half)) { task ->
            task.progress.first()
            assertTrue(task.abort())
        },
        Scenario(
            "an abort of an upload",
            TestServer.faultPlain + "/fault/stall-before-answer",
            WXTFakeTransfer.endless(progress = half),
            upload = { this },
        ) { task ->
            task.progress.first()
            assertTrue(task.abort())
        },
        Scenario("a close", stalled, WXTFakeTransfer.endless(fine, half)) { task ->
            task.progress.first()
            close()
        },
        // The five seconds of the background.
        Scenario("the background", stalled, WXTFakeTransfer.endless(fine, half)) { task ->
            task.progress.first()
            enterBackground()
        },
    )

    /** What an app sees of a transfer, without what no script can know. */
    private data class Seen(val events: List<String>, val result: List<Any?>, val canBeAborted: Boolean)

    private suspend fun observe(session: WXTransfers, scenario: Scenario, filePath: String): Seen {
        val (seen, task) = if (scenario.upload != null) {
            val recorder = Recorder<WXTUploadSuccess>()
            val request = WXTUploadRequest(scenario.url, filePath, "file").run(scenario.upload)
            recorder to session.uploadFile(request, recorder)
        } else {
            val recorder = Recorder<WXTDownloadSuccess>()
            recorder to session.downloadFile(WXTDownloadRequest(scenario.url).run(scenario.download), recorder)
        }
        session.run { scenario.act(this, task) }
        val events = seen.end()
        val awaited = runCatching { task.await() }
        val headers = task.headers.toList()
        assertEquals(events.filterIsInstance<WXTHeadersReceived>(), headers)
        val progress = events.filterIsInstance<WXTProgress>()
        assertEquals(progress.map { it.totalBytes }.sorted(), progress.map { it.totalBytes })
        if (awaited.isSuccess) assertEquals(100, progress.last().progress)
        assertFalse(task.setMaxBytesPerSecond(1), "it has ended")
        assertEquals(awaited.getOrNull() ?: awaited.exceptionOrNull(), events[events.size - 2])
        val kinds = events.map {
            when (it) {
                is WXTHeadersReceived -> "headers ${it.statusCode}"
                is WXTProgress -> "progress"
                is WXTSuccess -> "success"
                is WXTFailureException -> "fail"
                else -> "complete"
            }
        }
        val result = awaited.fold(::ofSuccess) { ofFailure(it as WXTFailureException) }
        // Of progress it depends on the network how often it comes, and whether it comes before an upload's headers.
        return Seen(kinds.filter { it != "progress" } + kinds.filter { it == "progress" }.distinct(), result, task.abort())
    }

    private fun ofSuccess(success: WXTSuccess): List<Any?> = when (success) {
        is WXTUploadSuccess -> success.run { listOf(errMsg, statusCode, data, dataLength, attempts, resumedFrom) }
        is WXTDownloadSuccess -> success.run {
            val path = tempFilePath?.startsWith("wxfile://tmp_")
            listOf(errMsg, statusCode, path, filePath, File(nativePath).readText(), dataLength, attempts, resumedFrom)
        }
    }

    private fun ofFailure(failure: WXTFailureException): List<Any?> = failure.run {
        // What happened is in words of the moment where WeChat has none.
        val text = if (errno == WXTErrno.NETWORK) errMsg.substringBefore("fail ") else errMsg
        listOf(text, errno, category, retryable, resumedFrom)
    }

    @TestFactory
    fun `the fake does what the session does`(): List<DynamicTest> = scenarios.map { scenario ->
        dynamicTest(scenario.name) {
            test {
                val real = WXTransferSession(options(directory.resolve("real")).run(scenario.options)).use { session ->
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

    /** Both, with a transfer that does not end. */
    private suspend fun onBoth(check: suspend (WXTransfers, WXTDownloadRequest) -> Unit) {
        WXTransferSession(options(directory.resolve("real"))).use { check(it, WXTDownloadRequest(stalled)) }
        WXTransferFakeSession(directory.resolve("fake").toFile()).use { session ->
            session.answerNext(*Array(3) { WXTFakeTransfer.endless(fine, half) })
            check(session, WXTDownloadRequest(stalled))
        }
    }

    @Test
    fun `a closed session takes no call`() = test {
        onBoth { session, request ->
            session.close()
            session.close()
            val calls = listOf<suspend () -> Unit>(
                { session.downloadFile(request) },
                { session.uploadFileTask(WXTUploadRequest(request.url, "wxfile://tmp_1", "file")) },
                { session.prepare("localhost") },
                { session.networkChanged(WXTNetwork(WXTNetworkKind.WIFI)) },
                { session.enterBackground() },
                { session.enterForeground() },
            )
            for (call in calls) {
                assertEquals(WXTStatus.SESSION_CLOSED, assertFailsWith<WXTStatusException> { call() }.status)
            }
        }
    }

    @Test
    fun `a session cannot be closed from a callback`() = test {
        onBoth { session, request ->
            var refused: WXTStatus? = null
            val recorder = Recorder<WXTDownloadSuccess> { event ->
                if (event == "headers") refused = runCatching { session.close() }.exceptionOrNull().let { (it as WXTStatusException).status }
            }
            val task = session.downloadFile(request, recorder)
            task.progress.first()
            task.abort()
            recorder.end()
            assertEquals(WXTStatus.CALLED_FROM_CALLBACK, refused)
        }
    }

    @Test
    fun `a cancelled coroutine aborts its transfer`() = test {
        onBoth { session, request ->
            val call = async(Dispatchers.IO, CoroutineStart.UNDISPATCHED) { session.downloadFile(request) }
            call.cancelAndJoin()
            val other = Recorder<WXTDownloadSuccess>()
            // The callbacks of one session come in order.
            session.downloadFile(request, other).abort()
            assertEquals(WXTErrno.ABORT_DOWNLOAD, other.failure().errno)
        }
    }

    @Test
    fun `a callback may abort, and start the next transfer`() = test {
        onBoth { session, request ->
            val next = Recorder<WXTDownloadSuccess>()
            lateinit var task: WXTTask<WXTDownloadSuccess>
            val started = java.util.concurrent.CountDownLatch(1)
            val first = Recorder<WXTDownloadSuccess> { event ->
                started.awaitOrFail("the task is known")
                if (event == "headers") task.abort()
                if (event == "complete") session.downloadFile(request, next).abort()
            }
            task = session.downloadFile(request, first)
            started.countDown()
            assertEquals(WXTErrno.ABORT_DOWNLOAD, first.failure().errno)
            assertEquals(WXTErrno.ABORT_DOWNLOAD, next.failure().errno)
        }
    }

    @Test
    fun `scripts are taken by URL, then in order, each once`() = test {
        WXTransferFakeSession(directory.toFile()).use { session ->
            session.answerNext(WXTFakeTransfer.success("any"), WXTFakeTransfer.success("last"))
            session.answer("https://a.test/", WXTFakeTransfer.success("a"))
            val texts = listOf("https://b.test/", "https://a.test/", "https://a.test/").map { url ->
                session.uploadFile(WXTUploadRequest(url, "wxfile://tmp_1", "file")).data
            }
            assertEquals(listOf("any", "a", "last"), texts)
            val missing = assertFailsWith<WXTFailureException> { session.downloadFile(WXTDownloadRequest("https://a.test/")) }
            assertEquals(WXTCategory.INTERNAL, missing.category)
            assertTrue("no script is left" in missing.detail)
            assertEquals(listOf(3, 1), listOf(session.uploads.size, session.downloads.size))
        }
    }

    @Test
    fun `without a network all is interrupted until there is one`() = test {
        WXTransferFakeSession(directory.toFile()).use { session ->
            session.answerNext(WXTFakeTransfer.endless(), WXTFakeTransfer.success("x"), WXTFakeTransfer.success("y"))
            val task = session.downloadFileTask(WXTDownloadRequest("https://a.test/"))
            session.networkChanged(WXTNetwork(WXTNetworkKind.NONE))
            assertEquals(WXTErrno.INTERRUPTED, assertFailsWith<WXTFailureException> { task.await() }.errno)
            val refused = assertFailsWith<WXTFailureException> { session.downloadFile(WXTDownloadRequest("https://a.test/")) }
            assertEquals(WXTErrno.INTERRUPTED, refused.errno)
            session.networkChanged(WXTNetwork(WXTNetworkKind.WIFI))
            assertEquals(200, session.downloadFile(WXTDownloadRequest("https://a.test/")).statusCode)
        }
    }
}
