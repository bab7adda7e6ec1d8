package org.wxtransfer

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.json.JSONObject
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What a host sees of its sessions. */
class SeeingTest {
    @TempDir
    lateinit var directory: Path

    private fun open(change: (WXTSessionOptions) -> WXTSessionOptions = { it }) =
        WXTransferSession(change(options(directory.resolve("data"))))

    @Test
    fun `a check says what the rules make of a URL`() {
        val session = open {
            it.copy(downloadDomains = listOf("https://cdn.example.com"), clientVersion = "6.5.3", platform = WXTPlatform.IOS)
        }
        session.use {
            val header = listOf("X-Mine" to "secret")
            val allowed = session.checkUrl(WXTApi.DOWNLOAD, "https://cdn.example.com/a b?secret#part", header)
            assertEquals(
                WXTUrlCheck(
                    "https://cdn.example.com/a%20b?secret", true, WXTErrno.OK, null, "downloadFile:ok", null, "download_domains",
                    "https://servicewechat.com/wx0123456789abcdef/0/page-frame.html", listOf("X-Mine"), listOf("header_ignored"),
                ),
                allowed,
            )
            assertFalse("secret" in "$allowed", "$allowed")
            val refused = session.checkUrl(WXTApi.UPLOAD, "https://cdn.example.com/")
            assertEquals(WXTErrno.NOT_IN_DOMAIN_LIST to WXTCategory.POLICY, refused.errno to refused.category)
            assertEquals(Triple(false, "upload_domains", "the host is not in the domain list"), Triple(refused.allowed, refused.rule, refused.detail))
            val unreadable = session.checkUrl(WXTApi.UPLOAD, "no URL")
            assertNull(unreadable.url)
            assertEquals("url" to "uploadFile:fail invalid url", unreadable.rule to unreadable.errMsg)
        }
        assertFailsWith<WXTStatusException> { session.checkUrl(WXTApi.UPLOAD, "https://cdn.example.com/") }
    }

    @Test
    fun `statistics count what the session has done`() = test {
        val session = open()
        session.use {
            assertEquals(WXTSessionStatistics.of(LongArray(WXTSessionStatistics.COUNT)), session.statistics())
            repeat(2) { session.downloadFile(WXTDownloadRequest(TestServer.tls + "/bytes/1000")) }
            assertFailsWith<WXTFailureException> { session.downloadFile(WXTDownloadRequest("no URL")) }
            val now = session.statistics()
            assertEquals(listOf(3L, 2L, 1L), listOf(now.tasksStarted, now.tasksSucceeded, now.tasksFailed))
            assertEquals(listOf(1L, 1L, 1L), listOf(now.connectionsOpened, now.connectionsReused, now.lookUps))
            assertTrue(now.bytesReceived > 2000, "$now")
        }
        assertFailsWith<WXTStatusException> { session.statistics() }
    }

    @Test
    fun `a task is traced if its callbacks want it`() {
        class Tracing(override val wantsTraces: Boolean) : WXTCallbacks<WXTSuccess> {
            val recorder = Recorder<WXTSuccess>()
            val traces = mutableListOf<WXTTrace>()

            override fun onTrace(event: WXTTrace) {
                assertTrue(recorder.events.none { it is WXTSuccess }, "before the result")
                traces.add(event)
            }

            override fun onSuccess(result: WXTSuccess) = recorder.onSuccess(result)
            override fun onFail(failure: WXTFailureException) = recorder.onFail(failure)
            override fun onComplete() = recorder.onComplete()
        }
        open().use { session ->
            val request = WXTDownloadRequest(
                TestServer.tls + "/redirect/302?to=/bytes/10%3Fsecret", header = listOf("X-Mine" to "secret"),
            )
            val traced = Tracing(true)
            session.downloadFile(request, traced)
            traced.recorder.end()
            val entries = traced.traces.map { JSONObject(it.entry) }
            assertEquals(listOf(302, 200), entries.map { it.getJSONObject("response").getInt("status") })
            assertEquals(TestServer.tls + "/bytes/10", entries[1].getJSONObject("request").getString("url"))
            assertFalse(traced.traces.any { "secret" in it.entry }, "${traced.traces}")
            val untraced = Tracing(false)
            session.downloadFile(request, untraced)
            untraced.recorder.end()
            assertTrue(untraced.traces.isEmpty())
        }
    }
}
