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

/** The check of a URL, the statistics of a session, and traces. */
class SeeingTest {
    @TempDir
    lateinit var directory: Path

    private fun open(change: WXTransferSessionOptions.Builder.() -> Unit = {}) =
        WXTransferSession(options(directory.resolve("data")).copy(change))

    @Test
    fun `a check applies the rules to a URL`() {
        val session = open {
            downloadDomains = listOf("https://cdn.example.com")
            clientVersion = "6.5.3"
            platform = WXTransferPlatform.IOS
        }
        session.use {
            val header = listOf("X-Mine" to "secret")
            val allowed = session.checkUrl(WXTransferApi.DOWNLOAD, "https://cdn.example.com/a b?secret#part", header)
            assertEquals(
                WXTransferUrlCheck(
                    "https://cdn.example.com/a%20b?secret", true, WXTransferErrno.OK, null, "downloadFile:ok", null, "download_domains",
                    "https://servicewechat.com/wx0123456789abcdef/0/page-frame.html", listOf("X-Mine"), listOf("header_ignored"),
                ).toString(),
                allowed.toString(),
            )
            assertEquals("https://cdn.example.com/a%20b?secret", allowed.url)
            assertFalse("secret" in "$allowed", "$allowed")
            val refused = session.checkUrl(WXTransferApi.UPLOAD, "https://cdn.example.com/")
            assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST to WXTransferCategory.POLICY, refused.errno to refused.category)
            assertEquals(Triple(false, "upload_domains", "the host is not in the domain list"), Triple(refused.allowed, refused.rule, refused.detail))
            val unreadable = session.checkUrl(WXTransferApi.UPLOAD, "no URL")
            assertNull(unreadable.url)
            assertEquals("url" to "uploadFile:fail invalid url", unreadable.rule to unreadable.errMsg)
        }
        assertFailsWith<WXTransferStatusException> { session.checkUrl(WXTransferApi.UPLOAD, "https://cdn.example.com/") }
    }

    @Test
    fun `a test makes a check of a URL`() {
        val allowed = WXTransferUrlCheck("downloadFile:ok", "download_domains", "https://servicewechat.com/wx1/1/page-frame.html") {
            url = "https://cdn.example.com/a"
            quirks = listOf("no_profile")
        }
        assertEquals(Triple(true, WXTransferErrno.OK, null), Triple(allowed.allowed, allowed.errno, allowed.category))
        assertEquals(Triple("https://cdn.example.com/a", null, listOf("no_profile")), Triple(allowed.url, allowed.detail, allowed.quirks))
        assertEquals("downloadFile:ok" to "download_domains", allowed.errMsg to allowed.rule)
        assertEquals("https://servicewechat.com/wx1/1/page-frame.html", allowed.referer)
        val refused = WXTransferUrlCheck.Builder("uploadFile:fail url not in domain list", "upload_domains", allowed.referer)
            .setFailure(WXTransferErrno.NOT_IN_DOMAIN_LIST, WXTransferCategory.POLICY)
            .setDetail("the host is not in the domain list")
            .setDroppedHeaders(listOf("Referer"))
            .build()
        assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST to WXTransferCategory.POLICY, refused.errno to refused.category)
        assertEquals(Triple(false, "the host is not in the domain list", listOf("Referer")), Triple(refused.allowed, refused.detail, refused.droppedHeaders))
        assertNull(refused.url)
    }

    @Test
    fun `statistics count tasks, connections and bytes`() = test {
        val session = open()
        session.use {
            assertEquals(WXTransferSessionStatistics().toString(), session.statistics().toString())
            repeat(2) { session.downloadFile(WXTransferDownloadRequest(TestServer.tls + "/bytes/1000")) }
            assertFailsWith<WXTransferFailure> { session.downloadFile(WXTransferDownloadRequest("no URL")) }
            val now = session.statistics()
            assertEquals(listOf(3L, 2L, 1L), listOf(now.tasksStarted, now.tasksSucceeded, now.tasksFailed))
            assertEquals(listOf(1L, 1L, 1L), listOf(now.connectionsOpened, now.connectionsReused, now.lookUps))
            assertTrue(now.bytesReceived > 2000, "$now")
        }
        assertFailsWith<WXTransferStatusException> { session.statistics() }
    }

    @Test
    fun `a task is traced if its callbacks want it`() {
        class Tracing(override val wantsTraces: Boolean) : WXTransferCallbacks<WXTransferSuccess> {
            val recorder = Recorder<WXTransferSuccess>()
            val traces = mutableListOf<WXTransferTrace>()

            override fun onTrace(event: WXTransferTrace) {
                assertTrue(recorder.events.none { it is WXTransferSuccess }, "before the result")
                traces.add(event)
            }

            override fun onSuccess(result: WXTransferSuccess) = recorder.onSuccess(result)
            override fun onFail(failure: WXTransferFailure) = recorder.onFail(failure)
            override fun onComplete() = recorder.onComplete()
        }
        open().use { session ->
            val request = WXTransferDownloadRequest(TestServer.tls + "/redirect/302?to=/bytes/10%3Fsecret") { header = listOf("X-Mine" to "secret") }
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
