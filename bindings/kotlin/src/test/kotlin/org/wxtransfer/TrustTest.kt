package org.wxtransfer

import java.nio.file.Path
import java.security.KeyFactory
import java.security.PrivateKey
import java.security.spec.PKCS8EncodedKeySpec
import java.util.Base64
import java.util.concurrent.CountDownLatch
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Client certificates, and changes of root certificates and pins in an open session. */
class TrustTest {
    @TempDir
    lateinit var directory: Path

    private val keys: ExecutorService = Executors.newSingleThreadExecutor()
    private val request = WXTransferDownloadRequest(TestServer.mutualTls + "/bytes/5")

    @AfterEach
    fun end() = keys.shutdown()

    private fun certificate(name: String, signer: WXTransferSigner, vararg schemes: WXTransferSignatureScheme) =
        WXTransferClientCertificate(TestServer.file("client-$name.pem"), listOf("localhost"), signer) { this.schemes = schemes.toList() }

    private fun open(certificate: WXTransferClientCertificate?) =
        WXTransferSession(options(directory.resolve("data")).copy { clientCertificate = certificate })

    /** A private key, as an object of Java. */
    private fun key(name: String, algorithm: String): PrivateKey {
        val lines = TestServer.file("client-$name.key").lines().filter { it.isNotEmpty() && !it.startsWith("-----") }
        val der = Base64.getDecoder().decode(lines.joinToString(""))
        return KeyFactory.getInstance(algorithm).generatePrivate(PKCS8EncodedKeySpec(der))
    }

    private suspend fun WXTransferSession.failure() = assertFailsWith<WXTransferFailure> { downloadFile(request) }

    @Test
    fun `a server that asks for a certificate gets it, with a signature of the private key`() = test {
        for ((name, algorithm) in listOf("ecdsa" to "EC", "rsa" to "RSA")) {
            val signer = WXTransferPrivateKeySigner(key(name, algorithm), keys)
            open(certificate(name, signer)).use { assertEquals(5, it.downloadFile(request).dataLength, name) }
        }
    }

    @Test
    fun `without a client certificate the server refuses`() = test {
        open(null).use { session ->
            val failure = session.failure()
            assertEquals(WXTransferErrno.NETWORK to WXTransferCategory.TLS, failure.errno to failure.category)
            assertTrue("it wants a client certificate, and there is none for this host" in failure.detail, failure.detail)
        }
    }

    @Test
    fun `the key is asked for the scheme that the app sets`() = test {
        val asked = LinkedBlockingQueue<WXTransferSignatureScheme>()
        val signer = WXTransferPrivateKeySigner(key("rsa", "RSA"), keys)
        val noting = WXTransferSigner { scheme, message, signing ->
            asked.add(scheme)
            signer.sign(scheme, message, signing)
        }
        open(certificate("rsa", noting, WXTransferSignatureScheme.RSA_PSS_SHA512)).use { it.downloadFile(request) }
        assertEquals(listOf(WXTransferSignatureScheme.RSA_PSS_SHA512), asked.toList())
    }

    @Test
    fun `a missing signature is a failure, and an exception counts as a missing one`() = test {
        open(certificate("ecdsa", { _, _, signing -> repeat(2) { signing.finish(null) } })).use { session ->
            assertTrue("gave no signature" in session.failure().detail)
        }
        val uncaught = LinkedBlockingQueue<Throwable>()
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, thrown -> uncaught.add(thrown) }
        try {
            open(certificate("ecdsa", { _, _, _ -> error("no key") })).use { session ->
                assertTrue("gave no signature" in session.failure().detail)
            }
            assertEquals("no key", assertNotNull(uncaught.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS)).message)
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before)
        }
    }

    @Test
    fun `closing does not wait for a signature, and a late one is harmless`() = test {
        val asked = CountDownLatch(1)
        val questions = LinkedBlockingQueue<WXTransferSigning>()
        val session = open(certificate("ecdsa", { _, _, signing ->
            questions.add(signing)
            asked.countDown()
        }))
        val task = session.downloadFileTask(request)
        asked.awaitOrFail("the key is asked")
        session.close()
        assertEquals(WXTransferCategory.ABORTED, assertFailsWith<WXTransferFailure> { task.await() }.category)
        questions.single().finish(ByteArray(3))
    }

    @Test
    fun `setTrust applies to new connections`() = test {
        val download = WXTransferDownloadRequest(TestServer.tls + "/bytes/5")
        open(null).use { session ->
            assertEquals(5, session.downloadFile(download).dataLength)
            session.setTrust(TestServer.certificates, listOf(WXTransferPin("localhost", ByteArray(32))))
            val failure = assertFailsWith<WXTransferFailure> { session.downloadFile(download) }
            assertTrue("pinned keys" in failure.detail, failure.detail)
            val bad = assertFailsWith<WXTransferStatusException> { session.setTrust("no PEM", emptyList()) }
            assertEquals(WXTransferStatus.INVALID_CERTIFICATE, bad.status)
            val short = listOf(WXTransferPin("localhost", ByteArray(31)))
            val badPin = assertFailsWith<WXTransferStatusException> { session.setTrust(TestServer.certificates, short) }
            assertEquals(WXTransferStatus.INVALID_PIN, badPin.status)
            session.setTrust(TestServer.certificates, emptyList())
            assertEquals(5, session.downloadFile(download).dataLength)
        }
    }

    @Test
    fun `an invalid client certificate does not open a session`() {
        val signer = WXTransferPrivateKeySigner(key("ecdsa", "EC"), keys)
        for (bad in listOf(
            WXTransferClientCertificate("no PEM", listOf("localhost"), signer),
            WXTransferClientCertificate(TestServer.file("client-ecdsa.pem"), listOf("https://localhost"), signer),
            certificate("ecdsa", signer, WXTransferSignatureScheme.RSA_PSS_SHA256),
        )) {
            assertEquals(WXTransferStatus.INVALID_CERTIFICATE, assertFailsWith<WXTransferStatusException> { open(bad) }.status)
        }
        val nowhere = WXTransferClientCertificate(TestServer.file("client-ecdsa.pem"), emptyList(), signer)
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, assertFailsWith<WXTransferStatusException> { open(nowhere) }.status)
    }
}
