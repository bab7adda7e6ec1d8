package org.wxtransfer

import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class FailureTest {
    @TempDir
    lateinit var directory: Path

    private fun open(change: WXTSessionOptions.() -> WXTSessionOptions = { this }) =
        WXTransferSession(options(directory.resolve("data")).change())

    private suspend fun WXTransferSession.failedDownload(url: String, filePath: String? = null) =
        assertFailsWith<WXTFailureException>(url) { downloadFile(WXTDownloadRequest(url, filePath = filePath)) }

    @Test
    fun `what servers do wrong is a failure that may be tried again`() = test {
        open().use { session ->
            for ((fault, category) in listOf(
                "truncate" to WXTCategory.CONNECTION_CLOSED,
                "truncate-chunked" to WXTCategory.CONNECTION_CLOSED,
                "reset" to WXTCategory.CONNECTION_CLOSED,
                "close" to WXTCategory.CONNECTION_CLOSED,
                "garbage" to WXTCategory.PROTOCOL,
            )) {
                val failure = session.failedDownload("${TestServer.faultPlain}/fault/$fault")
                assertEquals(WXTErrno.NETWORK, failure.errno, fault)
                assertEquals(category, failure.category, "$fault: $failure")
                assertTrue(failure.retryable, "$fault: $failure")
                assertTrue(failure.detail.isNotEmpty() && failure.errMsg.startsWith("downloadFile:fail "), "$failure")
                assertEquals("${failure.errMsg} (${failure.detail})", failure.message)
                assertTrue(failure.profile!!.connectEnd > 0, "$failure")
            }
        }
    }

    @Test
    fun `what a page does wrong is a failure with WeChat's number`() = test {
        open { copy(downloadDomains = listOf("https://example.test")) }.use { session ->
            val url = TestServer.plain + "/bytes/5"
            assertEquals(WXTErrno.NOT_IN_DOMAIN_LIST, session.failedDownload("https://other.test/").errno)
            assertEquals("downloadFile:fail invalid url", session.failedDownload("nonsense").errMsg)
            assertEquals(WXTErrno.INVALID_URL_SCHEME, session.failedDownload("ftp://other.test/").errno)
            val nameless = assertFailsWith<WXTFailureException> { session.uploadFile(WXTUploadRequest(url, "wxfile://tmp_0", "")) }
            assertEquals(WXTErrno.INVALID_REQUEST_DATA, nameless.errno)
            val outside = session.failedDownload(url, "/etc/passwd")
            assertEquals(WXTErrno.TARGET_DENIED, outside.errno)
            assertEquals(WXTCategory.FILE, outside.category)
            assertFalse(outside.retryable)
            val header = assertFailsWith<WXTFailureException> {
                session.downloadFile(WXTDownloadRequest(url, listOf("X" to "a\r\nB: c")))
            }
            assertEquals(WXTErrno.INVALID_REQUEST_DATA, header.errno)
            val missing = assertFailsWith<WXTFailureException> {
                session.uploadFile(WXTUploadRequest(TestServer.plain + "/upload", "wxfile://tmp_00.jpg", "file"))
            }
            assertEquals("uploadFile:fail file not found", missing.errMsg)
            assertEquals(WXTErrno.FILE_NOT_FOUND, missing.errno)
            val late = assertFailsWith<WXTFailureException> {
                session.downloadFile(WXTDownloadRequest(TestServer.faultPlain + "/fault/stall-before-answer", timeout = 200))
            }
            assertEquals("downloadFile:fail timeout" to WXTErrno.TIMEOUT, late.errMsg to late.errno)
            assertTrue(late.retryable)
        }
    }

    @Test
    fun `a certificate that nobody signed is refused`() = test {
        // Another authority's certificate: the server's own is of no use.
        open { copy(pins = listOf(WXTPin("localhost", ByteArray(32)))) }.use { session ->
            assertEquals(WXTCategory.TLS, session.failedDownload(TestServer.tls + "/bytes/5").category)
        }
        open { copy(rootCertificates = null) }.use { session ->
            assertEquals(WXTCategory.TLS, session.failedDownload(TestServer.tls + "/bytes/5").category)
        }
    }

    @Test
    fun `limits hold`() = test {
        val limits: WXTSessionOptions.() -> WXTSessionOptions = {
            copy(maxDownloadSize = 20_000, temporaryQuota = 15_000, storageQuota = 7_000, maxDataSize = 10)
        }
        open(limits).use { session ->
            assertEquals(WXTErrno.FILE_TOO_LARGE, session.failedDownload(TestServer.plain + "/bytes/20001").errno)
            assertEquals(WXTErrno.QUOTA_EXCEEDED, session.failedDownload(TestServer.plain + "/bytes/15001").errno)
            val large = session.downloadFile(WXTDownloadRequest(TestServer.plain + "/bytes/10000")).tempFilePath!!
            val full = assertFailsWith<WXTFailureException> { session.saveFile(large) }
            assertEquals(WXTErrno.QUOTA_EXCEEDED to WXTCategory.STORAGE, full.errno to full.category)
            assertTrue(full.detail.isNotEmpty() && full.detail in full.message!!, "$full")
            val file = session.temporaryFile(directory.resolve("mine"), pattern(10))
            val failure = assertFailsWith<WXTFailureException> {
                session.uploadFile(WXTUploadRequest(TestServer.plain + "/upload", file, "file"))
            }
            assertEquals(WXTCategory.LIMIT, failure.category)
        }
    }

    @Test
    fun `what the app does wrong is refused with a status`() = test {
        fun status(change: WXTSessionOptions.() -> WXTSessionOptions) =
            assertFailsWith<WXTStatusException> { open(change) }.also { refused ->
                val words = refused.status.name.lowercase().split('_')
                assertTrue(refused.message!!.split(' ').containsAll(words), "$refused")
            }.status
        assertEquals(WXTStatus.INVALID_ARGUMENT, status { copy(appId = "") })
        assertEquals(WXTStatus.INVALID_ARGUMENT, status { copy(dataDirectory = "relative") })
        assertEquals(WXTStatus.INVALID_VERSION, status { copy(clientVersion = "eight") })
        assertEquals(WXTStatus.INVALID_VERSION, status { copy(baseLibraryVersion = "x") })
        assertEquals(WXTStatus.INVALID_DOMAIN, status { copy(uploadDomains = listOf("https://a.test/path")) })
        assertEquals(WXTStatus.INVALID_DOMAIN, status { copy(downloadDomains = listOf("https://a.test/path")) })
        assertEquals(WXTStatus.INVALID_CERTIFICATE, status { copy(rootCertificates = "none") })
        assertEquals(WXTStatus.INVALID_PIN, status { copy(pins = listOf(WXTPin("a.test", ByteArray(31)))) })
        assertEquals(WXTStatus.INVALID_PROXY, status { copy(proxy = "socks5://a.test") })
        assertEquals(WXTStatus.STORAGE_FAILED, status { copy(dataDirectory = "/dev/null/x") })
        open().use { assertEquals(WXTStatus.STORAGE_LOCKED, status { this }) }
        open { copy(storageSharing = WXTStorageSharing.SHARED) }.use {
            open { copy(storageSharing = WXTStorageSharing.SHARED) }.close()
        }
        assertFailsWith<IllegalArgumentException> { options(directory).copy(maxTimeout = -1) }
        open().use { session ->
            val closed = assertFailsWith<WXTStatusException> {
                session.uploadFile(WXTUploadRequest(TestServer.plain, name = "file", fileDescriptor = 1_000_000))
            }
            assertEquals(WXTStatus.INVALID_ARGUMENT, closed.status)
        }
    }

    @Test
    fun `the options of the page's client decide its quirks`() = test {
        open { copy(platform = WXTPlatform.IOS, clientVersion = "6.5.3") }.use { session ->
            val url = TestServer.plain + "/upload"
            val file = session.temporaryFile(directory.resolve("mine"), pattern(10))
            val request = WXTUploadRequest(url, file, "file", header = listOf("X-Mine" to "1"))
            assertTrue("X-Mine" !in session.uploadFile(request).data)
        }
        open { copy(pathPolicy = WXTPathPolicy.NATIVE, userAgent = "mine/1") }.use { session ->
            val path = directory.resolve("mine").resolve("file.bin").toString()
            val data = session.uploadFile(WXTUploadRequest(TestServer.plain + "/upload", path, "file")).data
            assertTrue("mine/1" in data, data)
        }
    }
}
