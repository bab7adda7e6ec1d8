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

    private fun open(change: WXTransferSessionOptions.Builder.() -> Unit = {}) =
        WXTransferSession(options(directory.resolve("data")).copy(change))

    private suspend fun WXTransferSession.failedDownload(url: String, filePath: String? = null) =
        assertFailsWith<WXTransferFailure>(url) { downloadFile(WXTransferDownloadRequest(url) { this.filePath = filePath }) }

    @Test
    fun `a server's mistake is a retryable failure`() = test {
        open().use { session ->
            for ((fault, category) in listOf(
                "truncate" to WXTransferCategory.CONNECTION_CLOSED,
                "truncate-chunked" to WXTransferCategory.CONNECTION_CLOSED,
                "reset" to WXTransferCategory.CONNECTION_CLOSED,
                "close" to WXTransferCategory.CONNECTION_CLOSED,
                "garbage" to WXTransferCategory.PROTOCOL,
            )) {
                val failure = session.failedDownload("${TestServer.faultPlain}/fault/$fault")
                assertEquals(WXTransferErrno.NETWORK, failure.errno, fault)
                assertEquals(category, failure.category, "$fault: $failure")
                assertTrue(failure.retryable, "$fault: $failure")
                assertTrue(failure.detail.isNotEmpty() && failure.errMsg.startsWith("downloadFile:fail "), "$failure")
                assertEquals("${failure.errMsg} (${failure.detail})", failure.message)
                assertTrue(failure.profile!!.connectEnd > 0, "$failure")
            }
        }
    }

    @Test
    fun `a page's mistake is a failure with WeChat's number`() = test {
        open { downloadDomains = listOf("https://example.test") }.use { session ->
            val url = TestServer.plain + "/bytes/5"
            assertEquals(WXTransferErrno.NOT_IN_DOMAIN_LIST, session.failedDownload("https://other.test/").errno)
            assertEquals("downloadFile:fail invalid url", session.failedDownload("nonsense").errMsg)
            assertEquals(WXTransferErrno.INVALID_URL_SCHEME, session.failedDownload("ftp://other.test/").errno)
            val nameless = assertFailsWith<WXTransferFailure> { session.uploadFile(WXTransferUploadRequest(url) { filePath = "wxfile://tmp_0"; name = "" }) }
            assertEquals(WXTransferErrno.INVALID_REQUEST_DATA, nameless.errno)
            val outside = session.failedDownload(url, "/etc/passwd")
            assertEquals(WXTransferErrno.TARGET_DENIED, outside.errno)
            assertEquals(WXTransferCategory.FILE, outside.category)
            assertFalse(outside.retryable)
            val header = assertFailsWith<WXTransferFailure> {
                session.downloadFile(WXTransferDownloadRequest(url) { this.header = listOf("X" to "a\r\nB: c") })
            }
            assertEquals(WXTransferErrno.INVALID_REQUEST_DATA, header.errno)
            val missing = assertFailsWith<WXTransferFailure> {
                session.uploadFile(WXTransferUploadRequest(TestServer.plain + "/upload") { filePath = "wxfile://tmp_00.jpg"; name = "file" })
            }
            assertEquals("uploadFile:fail file not found", missing.errMsg)
            assertEquals(WXTransferErrno.FILE_NOT_FOUND, missing.errno)
            val late = assertFailsWith<WXTransferFailure> {
                session.downloadFile(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-before-answer") { timeoutMillis = 200 })
            }
            assertEquals("downloadFile:fail timeout" to WXTransferErrno.TIMEOUT, late.errMsg to late.errno)
            assertTrue(late.retryable)
        }
    }

    @Test
    fun `a server whose key is not pinned or whose root is not trusted is refused`() = test {
        // The root is trusted, but the server's key is not the pinned one.
        open { pins = listOf(WXTransferPin("localhost", ByteArray(32))) }.use { session ->
            assertEquals(WXTransferCategory.TLS, session.failedDownload(TestServer.tls + "/bytes/5").category)
        }
        open { rootCertificates = null }.use { session ->
            assertEquals(WXTransferCategory.TLS, session.failedDownload(TestServer.tls + "/bytes/5").category)
        }
    }

    @Test
    fun `sizes and quotas are limited`() = test {
        val limits: WXTransferSessionOptions.Builder.() -> Unit = {
            maxDownloadSize = 20_000
            temporaryQuota = 15_000
            storageQuota = 7_000
            maxDataSize = 10
        }
        open(limits).use { session ->
            assertEquals(WXTransferErrno.FILE_TOO_LARGE, session.failedDownload(TestServer.plain + "/bytes/20001").errno)
            assertEquals(WXTransferErrno.QUOTA_EXCEEDED, session.failedDownload(TestServer.plain + "/bytes/15001").errno)
            val large = session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/10000")).tempFilePath!!
            val full = assertFailsWith<WXTransferFailure> { session.saveFile(large) }
            assertEquals(WXTransferErrno.QUOTA_EXCEEDED to WXTransferCategory.STORAGE, full.errno to full.category)
            assertTrue(full.detail.isNotEmpty() && full.detail in full.message!!, "$full")
            val file = session.temporaryFile(directory.resolve("mine"), pattern(10))
            val failure = assertFailsWith<WXTransferFailure> {
                session.uploadFile(WXTransferUploadRequest(TestServer.plain + "/upload") { filePath = file; name = "file" })
            }
            assertEquals(WXTransferCategory.LIMIT, failure.category)
        }
    }

    @Test
    fun `an app's mistake is refused with a status`() = test {
        fun status(change: WXTransferSessionOptions.Builder.() -> Unit) =
            assertFailsWith<WXTransferStatusException> { open(change) }.also { refused ->
                val words = refused.status.name.lowercase().split('_')
                assertTrue(refused.message!!.split(' ', ':').containsAll(words), "$refused")
            }.status
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, status { appId = "" })
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, status { dataDirectory = "relative" })
        assertEquals(WXTransferStatus.INVALID_VERSION, status { clientVersion = "eight" })
        assertEquals(WXTransferStatus.INVALID_VERSION, status { baseLibraryVersion = "x" })
        assertEquals(WXTransferStatus.INVALID_DOMAIN, status { uploadDomains = listOf("https://a.test/path") })
        assertEquals(WXTransferStatus.INVALID_DOMAIN, status { downloadDomains = listOf("https://a.test/path") })
        assertEquals(WXTransferStatus.INVALID_CERTIFICATE, status { rootCertificates = "none" })
        assertEquals(WXTransferStatus.INVALID_PIN, status { pins = listOf(WXTransferPin("a.test", ByteArray(31))) })
        assertEquals(WXTransferStatus.INVALID_PROXY, status { proxy = "socks5://a.test" })
        assertEquals(WXTransferStatus.STORAGE_FAILED, status { dataDirectory = "/dev/null/x" })
        open().use { assertEquals(WXTransferStatus.STORAGE_LOCKED, status {}) }
        open { storageSharing = WXTransferStorageSharing.SHARED }.use {
            open { storageSharing = WXTransferStorageSharing.SHARED }.close()
        }
        assertFailsWith<IllegalArgumentException> { options(directory).copy { maxTimeoutMillis = -1 } }
        open().use { session ->
            val closed = assertFailsWith<WXTransferStatusException> {
                session.uploadFile(WXTransferUploadRequest(TestServer.plain) { name = "file"; fileDescriptor = 1_000_000 })
            }
            assertEquals(WXTransferStatus.INVALID_ARGUMENT, closed.status)
            assertEquals("file_descriptor is 1000000, which is not an open descriptor", closed.detail)
        }
    }

    @Test
    fun `a refusal says what is wrong, and contains no text of the app`() = test {
        val canary = "canary-of-this-test"
        fun refusal(change: WXTransferSessionOptions.Builder.() -> Unit) = assertFailsWith<WXTransferStatusException> {
            open {
                userId = canary
                userAgent = canary
                change()
            }
        }
        val refusals = listOf(
            "client_version" to refusal { clientVersion = canary },
            "upload_domains[1]" to refusal { uploadDomains = listOf("https://a.test", "https://$canary.test/path") },
            "root_certificates" to refusal { rootCertificates = canary },
            "pins[0].sha256_length is 31" to refusal { pins = listOf(WXTransferPin("$canary.test", ByteArray(31))) },
            "proxy" to refusal { proxy = "socks5://$canary:$canary@a.test" },
            "low_speed_time is 200" to refusal { lowSpeedTimeMillis = 200 },
            "data_directory" to refusal { dataDirectory = "/dev/null/$canary" },
        )
        for ((field, refused) in refusals) {
            assertTrue(field in refused.detail!!, "$refused")
            assertTrue(refused.message!!.endsWith(": ${refused.detail}"), "$refused")
            assertTrue(canary !in refused.toString(), "$refused")
        }
        open().use { session ->
            val trust = assertFailsWith<WXTransferStatusException> { session.setTrust(canary, emptyList()) }
            assertTrue("root_certificates" in trust.detail!! && canary !in trust.toString(), "$trust")
        }
        assertEquals(null, WXTransferStatusException(WXTransferStatus.INVALID_PROXY).detail)
    }

    @Test
    fun `platform and client version decide the quirks`() = test {
        open { platform = WXTransferPlatform.IOS; clientVersion = "6.5.3" }.use { session ->
            val url = TestServer.plain + "/upload"
            val file = session.temporaryFile(directory.resolve("mine"), pattern(10))
            val request = WXTransferUploadRequest(url) { filePath = file; name = "file"; header = listOf("X-Mine" to "1") }
            assertTrue("X-Mine" !in session.uploadFile(request).data)
        }
        open { pathPolicy = WXTransferPathPolicy.NATIVE; userAgent = "mine/1" }.use { session ->
            val path = directory.resolve("mine").resolve("file.bin").toString()
            val data = session.uploadFile(WXTransferUploadRequest(TestServer.plain + "/upload") { filePath = path; name = "file" }).data
            assertTrue("mine/1" in data, data)
        }
    }
}
