package org.wxtransfer

import java.nio.file.Path
import java.security.MessageDigest
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** A downloaded file that differs from what the request expects is not created. */
class IntegrityTest {
    @TempDir
    lateinit var directory: Path

    private val url = TestServer.tls + "/bytes/100000"
    private val sha256 = MessageDigest.getInstance("SHA-256").digest(pattern(100_000)).toHexString()

    @Test
    fun `each check reaches the library`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            assertNull(session.downloadFile(WXTransferDownloadRequest(url)).sha256)
            assertEquals(sha256, session.downloadFile(WXTransferDownloadRequest(url) { wantSha256 = true }).sha256)
            assertEquals(sha256, session.downloadFile(WXTransferDownloadRequest(url) { expectedSha256 = sha256.uppercase() }).sha256)
            assertEquals(100_000, session.downloadFile(WXTransferDownloadRequest(url) { expectedLength = 100_000 }).dataLength)
            assertNull(session.downloadFile(WXTransferDownloadRequest("$url?digest=1") { verifyDigest = true }).sha256)
            for ((request, reason) in listOf(
                WXTransferDownloadRequest(url) { expectedSha256 = "0".repeat(64) } to "has another SHA-256 than expected",
                WXTransferDownloadRequest(url) { expectedLength = 5 } to "has 100000 bytes in place of 5",
                WXTransferDownloadRequest("$url?digest=0") { verifyDigest = true } to "has another digest than Repr-Digest says",
            )) {
                val failure = assertFailsWith<WXTransferFailure> { session.downloadFile(request) }
                assertEquals(WXTransferCategory.INTEGRITY to true, failure.category to failure.retryable)
                assertEquals("the file $reason", failure.detail)
            }
        }
    }
}
