package android.net.http

import java.security.cert.X509Certificate
import javax.net.ssl.X509TrustManager

/** As much of Android's class as is used here, over the virtual machine's own trust manager. */
class X509TrustManagerExtensions(private val manager: X509TrustManager) {
    fun checkServerTrusted(chain: Array<X509Certificate>, authType: String, host: String): List<X509Certificate> {
        onQuestion(host)
        manager.checkServerTrusted(chain, authType)
        return chain.toList()
    }

    companion object {
        /** Called with the host of each question; what it throws is the answer. */
        @Volatile
        var onQuestion: (String) -> Unit = {}
    }
}
