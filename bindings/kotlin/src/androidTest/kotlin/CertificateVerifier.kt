package org.rustls.platformverifier

import android.content.Context

/** What the app's copy of this class answers: the numbers are those that `rustls-platform-verifier` reads. */
class VerificationResult(@JvmField val code: Int, @JvmField val message: String?)

/** What it is asked. */
class Question(
    val context: Context,
    val serverName: String,
    val authMethod: String,
    val allowedEkus: List<String>,
    val ocspResponse: ByteArray?,
    val time: Long,
    val chain: List<ByteArray>,
)

/** Stands in for the class that asks Android: the same function, and the test gives the verdict. */
object CertificateVerifier {
    @Volatile
    var verdict: (Question) -> VerificationResult = { error("no test has a verdict") }

    @JvmStatic
    fun verifyCertificateChain(
        context: Context,
        serverName: String,
        authMethod: String,
        allowedEkus: Array<String>,
        ocspResponse: ByteArray?,
        time: Long,
        certChain: Array<ByteArray>,
    ): VerificationResult =
        verdict(Question(context, serverName, authMethod, allowedEkus.toList(), ocspResponse, time, certChain.toList()))
}
