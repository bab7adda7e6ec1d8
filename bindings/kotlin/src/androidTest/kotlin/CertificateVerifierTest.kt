package org.wxtransfer

import android.content.Context
import android.net.http.X509TrustManagerExtensions
import java.nio.file.Files
import java.nio.file.Path
import java.security.cert.CRLReason
import java.security.cert.CertPathValidatorException
import java.security.cert.CertificateException
import java.security.cert.CertificateRevokedException
import java.util.Date
import javax.security.auth.x500.X500Principal
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Order
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/**
 * The verifier's class and the library that was built for Android, in handshakes with OpenSSL's servers. The virtual machine's
 * trust manager replaces Android's. Runs after `AndroidTest`, which needs a library that was not initialised.
 */
@Order(2)
class CertificateVerifierTest {
    companion object {
        @JvmStatic
        @BeforeAll
        fun initialise() {
            assertNull(Bionic.load(property("wxtransfer.library")))
            Chains.trustRoots()
            WXTransferAndroid.init(Context())
        }
    }

    @TempDir
    lateinit var directory: Path

    @AfterEach
    fun noQuestionsSeen() {
        X509TrustManagerExtensions.onQuestion = {}
    }

    /** Opens a new session, so that no TLS session is resumed. */
    private fun <T> withSession(body: (WXTransferSession) -> T): T = WXTransferSession(
        options(directory.resolve("data")).copy {
            rootCertificates = null
            skipDomainCheck = true
            // The replacement for Android's C library resolves no names.
            resolver = WXTransferResolver { _, resolution -> resolution.finish(listOf("127.0.0.1")) }
        },
    ).use(body)

    private fun download(session: WXTransferSession, url: String) = test {
        val result = session.downloadFile(WXTransferDownloadRequest(url))
        assertContentEquals(Chains.content, Files.readAllBytes(Path.of(result.nativePath)))
    }

    private fun failure(url: String): WXTransferFailure = withSession { session ->
        assertFailsWith<WXTransferFailure> { test { session.downloadFile(WXTransferDownloadRequest(url)) } }
    }

    /** Checks that the failure has the category and the errno of certificates, as on all systems. */
    private fun assertRefused(detail: String, failure: WXTransferFailure) {
        assertEquals(WXTransferErrno.NETWORK to WXTransferCategory.TLS, failure.errno to failure.category, "$failure")
        assertEquals(detail, failure.detail)
    }

    @Test
    fun `certificates with an address of a CRL or of an OCSP responder are trusted, and the address is not used`() {
        val hosts = mutableListOf<String>()
        X509TrustManagerExtensions.onQuestion = { hosts += it }
        val names = listOf("crl-only", "ocsp-only", "stapled-good", "long")
        for (name in names) Chains.serve(name) { url -> withSession { download(it, url) } }
        assertEquals(names.map { "$it.example.test" }, hosts)
        Chains.assertNoRevocationTraffic()
    }

    @Test
    fun `each invalid chain is refused with its reason, and no server is asked about it`() {
        for ((name, detail) in mapOf(
            "revoked" to
                "the certificate for revoked.example.test was revoked, as the OCSP response of the server itself says",
            "expired" to "the certificate for expired.example.test expired on 2025-04-01",
            "not-yet-valid" to
                "the certificate for not-yet-valid.example.test is not valid before 2089-01-01",
            "wrong-host" to
                "the server of wrong-host.example.test has a certificate that is for another host: other.example.test",
            "untrusted" to "the certificate for untrusted.example.test is not issued by a trusted authority: " +
                "its issuer is \"unknown-authority\"",
            "for-clients" to "the certificate for for-clients.example.test or one above it is not for servers: " +
                "its extended key usage does not name server authentication",
            "alone" to "the certificate for alone.example.test is not issued by a trusted authority, and the certificate " +
                "of its issuer \"crl-authority\" was not sent",
        )) {
            assertRefused(detail, Chains.serve(name) { failure(it) })
        }
        Chains.assertNoRevocationTraffic()
    }

    /** The exceptions are those of Android's classes: Conscrypt, the network security config, the revocation check. */
    @Test
    fun `Android's exception decides the reason of the refusal`() {
        val path = { message: String, cause: Throwable? -> CertificateException(CertPathValidatorException(message, cause)) }
        val revoked =
            CertificateRevokedException(Date(), CRLReason.KEY_COMPROMISE, X500Principal("CN=ocsp-authority"), emptyMap())
        val certificate = "the certificate for stapled-good.example.test"
        val refused = "Android refuses $certificate"
        Chains.serve("stapled-good") { url ->
            for ((thrown, detail) in listOf(
                path("Trust anchor for certification path not found.", null) to
                    "$certificate is not issued by a trusted authority: its issuer is \"ocsp-authority\"",
                path("Certificate has been revoked", revoked) to "$certificate was revoked",
                CertificateException("Pin verification failed\nfor a chain") to "$refused: Pin verification failed",
                // An unknown revocation status does not mean that the certificate was revoked.
                CertificateException("Unable to determine revocation status", CertPathValidatorException("no answer")) to
                    "$refused: Unable to determine revocation status",
                CertificateException() to "$refused: java.security.cert.CertificateException",
            )) {
                X509TrustManagerExtensions.onQuestion = { throw thrown }
                assertRefused(detail, failure(url))
            }
        }
    }

    @Test
    fun `an exception of Android ends only the download`() {
        val unavailable = "the TLS connection failed: Android cannot be asked about a certificate: "
        Chains.serve("crl-only") { url ->
            for ((thrown, detail) in listOf(
                IllegalArgumentException("by the test") to "java.lang.IllegalArgumentException: by the test",
                IllegalStateException() to "java.lang.IllegalStateException",
                StackOverflowError("by the test") to "java.lang.StackOverflowError: by the test",
                NoClassDefFoundError() to "java.lang.NoClassDefFoundError",
            )) {
                X509TrustManagerExtensions.onQuestion = { throw thrown }
                assertRefused(unavailable + detail, failure(url))
            }
            X509TrustManagerExtensions.onQuestion = {}
            withSession { download(it, url) }
        }
    }

    @Test
    fun `bytes that are not a certificate have an answer of their own`() {
        assertContentEquals(
            byteArrayOf(CertificateVerifier.MALFORMED),
            CertificateVerifier.verify(arrayOf("no certificate".toByteArray()), "example.test"),
        )
    }

    /** The URL has an IP address, because for the resolver the thread would be attached, too, and stay attached. */
    @Test
    fun `a thread of the library is attached only during a check, with its own name`() {
        val during = mutableListOf<String>()
        X509TrustManagerExtensions.onQuestion = { during += "$it on ${Thread.currentThread().name}" }
        withSession { session ->
            test { session.downloadFile(WXTransferDownloadRequest(TestServer.tls.replace("localhost", "127.0.0.1") + "/bytes/1000")) }
            assertEquals(listOf("127.0.0.1 on wxt-download"), during)
            val attached = Thread.getAllStackTraces().keys.map { it.name }.filter { it.startsWith("wxt-") }
            assertEquals(listOf("wxt-delivery"), attached, "the one that calls back")
        }
    }
}
