package android.net.http

import java.security.cert.X509Certificate
import javax.net.ssl.X509TrustManager

/** The part of Android's class that the tests need. It uses the virtual machine's trust manager. */
class X509TrustManagerExtensions(private val manager: X509TrustManager) {
    fun checkServerTrusted(chain: Array<X509Certificate>, authType: String, host: String): List<X509Certificate> {
        onQuestion(host)
        manager.checkServerTrusted(chain, authType)
        return chain.toList()
    }

    companion object {
        /** Called with the host of each check. An exception that it throws is the result of the check. */
        @Volatile
        var onQuestion: (String) -> Unit = {}
    }
}
