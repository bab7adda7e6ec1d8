package org.wxtransfer

import java.io.File
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.wxtransfer.testing.WXTransferFakeFailure
import org.wxtransfer.testing.WXTransferFakeTransfer
import org.wxtransfer.testing.WXTransferFakeSession

/** A screen of an app, which is given its transfers. */
class PhotoScreen(private val transfers: WXTransfers) {
    var text = ""

    suspend fun show(url: String) {
        text = try {
            val photo = transfers.downloadFile(WXTransferDownloadRequest(url))
            // Any answer of a server is a success. The file of another status is an error page.
            if (photo.statusCode == 200) "${photo.dataLength} bytes" else "No photo: status ${photo.statusCode}"
        } catch (failure: WXTransferFailure) {
            if (failure.retryable) "Try again" else "No photo: ${failure.errMsg}"
        }
    }
}

/** The program `wxtransfer-test-server`, for as long as this is open. */
class TransferTestServer(program: String) : AutoCloseable {
    private val process = ProcessBuilder(program).redirectError(ProcessBuilder.Redirect.INHERIT).start()
    private val addresses = process.inputStream.bufferedReader().lineSequence().takeWhile { it != "ready" }
        .associate { it.substringBefore(' ') to it.substringAfter(' ') }

    val tls = addresses.getValue("tls")
    val faultTls = addresses.getValue("fault-tls")
    val certificates = File(addresses.getValue("ca")).readText()

    /** The program ends with its standard input. */
    override fun close() {
        process.outputStream.close()
        process.waitFor()
    }
}

/** The code of `docs/testing-your-app.md`. */
class PhotoScreenTest {
    @TempDir
    lateinit var directory: Path

    @Test
    fun `without a network`() = test {
        val session = WXTransferFakeSession(directory.toFile())
        val screen = PhotoScreen(session)
        session.answer("https://example.com/1.jpg", WXTransferFakeTransfer.failure(WXTransferFakeFailure.TIMEOUT), WXTransferFakeTransfer.success("photo"))
        session.answer("https://example.com/2.jpg", WXTransferFakeTransfer.success("not here", statusCode = 404))

        screen.show("https://example.com/1.jpg")
        assertEquals("Try again", screen.text)
        screen.show("https://example.com/1.jpg")
        assertEquals("5 bytes", screen.text)
        screen.show("https://example.com/2.jpg")
        assertEquals("No photo: status 404", screen.text)
    }

    @Test
    fun `with a server that misbehaves`() = test {
        TransferTestServer(System.getProperty("wxtransfer.server")).use { server ->
            val options = WXTransferSessionOptions(appId = "wx0123456789abcdef", clientVersion = "8.0.50", dataDirectory = directory.toString()) {
                lanPolicy = WXTransferLanPolicy.ALL_LOCAL
                rootCertificates = server.certificates
            }
            WXTransferSession(options).use { session ->
                val screen = PhotoScreen(session)
                screen.show(server.faultTls + "/fault/reset")
                assertEquals("Try again", screen.text)
                screen.show(server.tls + "/bytes/5")
                assertEquals("5 bytes", screen.text)
                screen.show(server.tls + "/no-such-path")
                assertEquals("No photo: status 404", screen.text)
            }
        }
    }

    @Test
    fun `after a failure`() = test {
        TransferTestServer(System.getProperty("wxtransfer.server")).use { server ->
            val options = WXTransferSessionOptions(appId = "wx0123456789abcdef", clientVersion = "8.0.50", dataDirectory = directory.toString()) {
                lanPolicy = WXTransferLanPolicy.ALL_LOCAL
                rootCertificates = server.certificates
                maxRetries = 1
                resume = WXTransferResume.WITHIN_TASK
            }
            WXTransferSession(options).use { session ->
                // The first answer is a 503, the second one a file.
                val unavailable = server.faultTls + "/fault/status?times=1&code=503&retry-after=1"
                val retried = session.downloadFile(WXTransferDownloadRequest(unavailable))
                assertEquals(200, retried.statusCode)
                assertEquals(2, retried.attempts)
                // The first answer ends after 64 KiB, and the second one is the rest.
                val truncated = server.faultTls + "/fault/truncate?times=1&ranges=yes"
                val resumed = session.downloadFile(WXTransferDownloadRequest(truncated))
                assertEquals(1_048_576, resumed.dataLength)
                assertEquals(65_536, resumed.resumedFrom)
            }
        }
    }

    @Test
    fun `the guide prints this code`() {
        val root = File(property("wxtransfer.root"))
        fun lines(code: String) = code.lines().map(String::trim).filter(String::isNotEmpty).joinToString("\n")
        val code = lines(File(root, "bindings/kotlin/src/test/kotlin/org/wxtransfer/PhotoScreenTest.kt").readText())
        val blocks = File(root, "docs/testing-your-app.md").readText().split("```kotlin\n").drop(1).map { it.substringBefore("```") }
        assertEquals(4, blocks.size)
        blocks.forEach { assertTrue(lines(it) in code, it) }
    }
}
