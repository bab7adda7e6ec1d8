package org.wxtransfer;

import android.net.http.X509TrustManagerExtensions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Asks Android whether a server's certificates are trusted. The native library finds this class and {@link #verify} by
 * their names (src/platform/trust_store/android.rs).
 *
 * <p>Android's own trust manager decides. So the app's network security config applies, with its certificate authorities,
 * those of users, and pins. That manager knows revoked keys from a list on the device. This class asks no server and fetches
 * no list, so a certificate is never refused for lack of an answer. The native library checks an OCSP response that the
 * server staples.
 *
 * <p>This class is written in Java so that an app in C, which needs no other class, does not need Kotlin's library.
 */
final class CertificateVerifier {
    // The first byte of an answer. The native library has the same numbers.
    static final byte TRUSTED = 0;
    static final byte EXPIRED = 1;
    static final byte NOT_YET_VALID = 2;
    static final byte UNTRUSTED = 3;
    static final byte REVOKED = 4;
    static final byte WRONG_PURPOSE = 5;
    static final byte MALFORMED = 6;
    /** Android refuses the certificates for another reason, which the text names. */
    static final byte REFUSED = 7;
    /** Android's trust manager failed; the text says why. */
    static final byte UNAVAILABLE = 8;

    /** The key exchange, which in TLS 1.3 does not depend on the certificate. Android's manager accepts any non-empty text. */
    private static final String AUTH_TYPE = "UNKNOWN";

    /** Extended key usages that a server's certificate may have (RFC 5280 section 4.2.1.12): for servers, and for anything. */
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String ANY_PURPOSE = "2.5.29.37.0";

    /** It follows changes by the user and the system. {@code null} until the first call. */
    private static X509TrustManagerExtensions trustManager;

    private CertificateVerifier() {}

    /**
     * Whether Android trusts a server, for this host. Whether the certificate names the host is not checked here.
     *
     * @param chain the certificates that the server sent, in DER, its own first
     * @param host the name or address of the URL
     * @return one of the numbers above; after {@link #REFUSED} and {@link #UNAVAILABLE} a text in UTF-8
     */
    static byte[] verify(byte[][] chain, String host) {
        X509Certificate[] certificates = new X509Certificate[chain.length];
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (int index = 0; index < chain.length; index++) {
                certificates[index] = (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(chain[index]));
            }
        } catch (CertificateException unreadable) {
            return answer(MALFORMED, null);
        }
        try {
            trustManager().checkServerTrusted(certificates, AUTH_TYPE, host);
            return answer(TRUSTED, null);
        } catch (CertificateException refused) {
            return refusal(refused, certificates[0]);
        } catch (GeneralSecurityException | RuntimeException unavailable) {
            return answer(UNAVAILABLE, unavailable.toString());
        }
    }

    private static synchronized X509TrustManagerExtensions trustManager() throws GeneralSecurityException {
        if (trustManager == null) {
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init((KeyStore) null);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager) {
                    trustManager = new X509TrustManagerExtensions((X509TrustManager) manager);
                    return trustManager;
                }
            }
            throw new KeyStoreException("there is no trust manager for X.509");
        }
        return trustManager;
    }

    /** The causes of Android's exception say why the certificates are refused. */
    private static byte[] refusal(CertificateException refused, X509Certificate server) {
        boolean hasNoAnchor = false;
        for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateExpiredException) {
                return answer(EXPIRED, null);
            }
            if (cause instanceof CertificateNotYetValidException) {
                return answer(NOT_YET_VALID, null);
            }
            // The class exists since Android 7. If revocation could not be determined, no cause has this class.
            if (cause.getClass().getName().equals("java.security.cert.CertificateRevokedException")) {
                return answer(REVOKED, null);
            }
            hasNoAnchor |= isWithoutAnchor(cause);
        }
        if (!isForServers(server)) {
            return answer(WRONG_PURPOSE, null);
        }
        if (hasNoAnchor) {
            return answer(UNTRUSTED, null);
        }
        String message = refused.getMessage();
        return answer(REFUSED, message == null ? refused.toString() : message);
    }

    /** Android reports it only by the text. The virtual machine of a desktop throws an exception of another class. */
    private static boolean isWithoutAnchor(Throwable cause) {
        String message = cause.getMessage();
        return cause instanceof CertPathBuilderException
                || cause instanceof CertPathValidatorException && message != null && message.startsWith("Trust anchor ");
    }

    private static boolean isForServers(X509Certificate certificate) {
        try {
            List<String> purposes = certificate.getExtendedKeyUsage();
            return purposes == null || purposes.contains(SERVER_AUTH) || purposes.contains(ANY_PURPOSE);
        } catch (CertificateException unreadable) {
            return true;
        }
    }

    private static byte[] answer(byte number, String text) {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.write(number);
        if (text != null) {
            // The lines after the first may contain whole chains.
            byte[] line = text.split("\n", 2)[0].getBytes(StandardCharsets.UTF_8);
            answer.write(line, 0, line.length);
        }
        return answer.toByteArray();
    }
}
