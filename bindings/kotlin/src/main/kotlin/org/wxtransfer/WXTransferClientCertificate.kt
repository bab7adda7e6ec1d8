package org.wxtransfer

import java.security.GeneralSecurityException
import java.security.NoSuchAlgorithmException
import java.security.PrivateKey
import java.security.Signature
import java.security.spec.MGF1ParameterSpec
import java.security.spec.PSSParameterSpec
import java.util.concurrent.Executor
import java.util.concurrent.atomic.AtomicLong

/**
 * A certificate with which the app identifies itself to servers (mutual TLS): `WxtClientCertificate` of the C interface. The
 * private key stays with the app, for example in the Android Keystore: the library asks [signer] for each signature.
 *
 * The certificate is sent only to a server in [hosts] that asks for one in the handshake.
 */
public class WXTransferClientCertificate private constructor(private val values: Builder) {
    /** [Builder.chain]. */
    public val chain: String get() = values.chain

    /** [Builder.hosts]. */
    public val hosts: List<String> get() = values.hosts

    /** [Builder.signer]. */
    public val signer: WXTransferSigner get() = values.signer

    /** [Builder.schemes]. */
    public val schemes: List<WXTransferSignatureScheme> get() = values.schemes

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** A copy with the values that [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferClientCertificate = toBuilder().apply(change).build()

    /** For logs: the hosts and schemes, and the length of the certificates. */
    override fun toString(): String = Redaction.text(
        "WXTransferClientCertificate",
        "chain" to Redaction.length(chain),
        "hosts" to hosts,
        "signer" to Redaction.presence(signer),
        "schemes" to schemes,
    )

    /** Makes a [WXTransferClientCertificate]. */
    public class Builder(chain: String, hosts: List<String>, signer: WXTransferSigner) : Cloneable {
        /** The app's certificate in PEM, followed by its issuers in order. Private keys in the text are ignored. */
        @set:JvmSynthetic public var chain: String = chain
        public fun setChain(chain: String): Builder = apply { this.chain = chain }

        /** The servers that may receive the certificate, on any port: exact host names without a scheme, or IP addresses. */
        @set:JvmSynthetic public var hosts: List<String> = hosts
        public fun setHosts(hosts: List<String>): Builder = apply { this.hosts = hosts }

        /** Signs with the private key. [WXTransferPrivateKeySigner] signs with a [PrivateKey]. */
        @set:JvmSynthetic public var signer: WXTransferSigner = signer
        public fun setSigner(signer: WXTransferSigner): Builder = apply { this.signer = signer }

        /**
         * The signature schemes that the key supports, the preferred one first. Default: empty, all schemes that the library
         * knows for the key, RSA-PSS before PKCS #1. A key of the Android Keystore supports only the digests and paddings that it
         * was generated with.
         */
        @set:JvmSynthetic public var schemes: List<WXTransferSignatureScheme> = emptyList()
        public fun setSchemes(schemes: List<WXTransferSignatureScheme>): Builder = apply { this.schemes = schemes }

        /** Makes the object from the current values. */
        public fun build(): WXTransferClientCertificate = WXTransferClientCertificate(clone())

        public override fun clone(): Builder {
            val copy = super.clone() as Builder
            copy.hosts = hosts.toList()
            copy.schemes = schemes.toList()
            return copy
        }
    }
}

/** Makes a [WXTransferClientCertificate] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferClientCertificate(
    chain: String,
    hosts: List<String>,
    signer: WXTransferSigner,
    set: WXTransferClientCertificate.Builder.() -> Unit = {},
): WXTransferClientCertificate = WXTransferClientCertificate.Builder(chain, hosts, signer).apply(set).build()

/** A signature scheme of a TLS handshake, `WXT_SCHEME_…` of the C interface. */
public enum class WXTransferSignatureScheme(
    /** The number in the C interface and in TLS. */
    public val value: Int,
    /** The algorithm of `java.security.Signature`, as Android names it. */
    public val algorithm: String,
) {
    /** RSA PKCS #1 v1.5 with SHA-256. TLS 1.2 only. */
    RSA_PKCS1_SHA256(0x0401, "SHA256withRSA"),

    /** RSA PKCS #1 v1.5 with SHA-384. TLS 1.2 only. */
    RSA_PKCS1_SHA384(0x0501, "SHA384withRSA"),

    /** RSA PKCS #1 v1.5 with SHA-512. TLS 1.2 only. */
    RSA_PKCS1_SHA512(0x0601, "SHA512withRSA"),

    /** ECDSA on the curve P-256 with SHA-256. The signature is in DER. */
    ECDSA_P256_SHA256(0x0403, "SHA256withECDSA"),

    /** ECDSA on the curve P-384 with SHA-384. The signature is in DER. */
    ECDSA_P384_SHA384(0x0503, "SHA384withECDSA"),

    /** RSA-PSS with SHA-256 and a salt of 32 bytes. */
    RSA_PSS_SHA256(0x0804, "SHA256withRSA/PSS"),

    /** RSA-PSS with SHA-384 and a salt of 48 bytes. */
    RSA_PSS_SHA384(0x0805, "SHA384withRSA/PSS"),

    /** RSA-PSS with SHA-512 and a salt of 64 bytes. */
    RSA_PSS_SHA512(0x0806, "SHA512withRSA/PSS"),

    /** Ed25519. */
    ED25519(0x0807, "Ed25519"),
}

/** Signs with the key of a client certificate. */
public fun interface WXTransferSigner {
    /**
     * Asks for the signature of [message] by [scheme]. [message] is not hashed yet. Called on a worker thread during a handshake,
     * possibly for several connections at once. It must return soon. The app answers with [WXTransferSigning.finish], on any
     * thread, before or after this function returns. An exception counts as "no signature".
     */
    public fun sign(scheme: WXTransferSignatureScheme, message: ByteArray, signing: WXTransferSigning)
}

/**
 * A request for a signature that a [WXTransferSigner] must answer. If it is never answered, its task waits until the deadline and
 * its memory leaks.
 */
public class WXTransferSigning internal constructor(signing: Long) {
    private val pending = AtomicLong(signing)

    /**
     * Answers with a signature. `null` means that there is no signature: the user declined, or the key is gone. Any thread.
     * Answers after the first one are ignored.
     */
    public fun finish(signature: ByteArray?) {
        val signing = pending.getAndSet(0)
        if (signing != 0L) Native.signingFinish(signing, signature)
    }
}

/**
 * Signs with a key of the Android Keystore, or any other key that `java.security.Signature` accepts.
 *
 * @param key The key. It is used on the threads of [executor].
 * @param executor Where to sign. A handshake waits for the signature, and a Keystore is slow.
 */
public class WXTransferPrivateKeySigner(private val key: PrivateKey, private val executor: Executor) : WXTransferSigner {
    override fun sign(scheme: WXTransferSignatureScheme, message: ByteArray, signing: WXTransferSigning) {
        executor.execute {
            val signature = try {
                signature(scheme).run {
                    initSign(key)
                    update(message)
                    sign()
                }
            } catch (_: GeneralSecurityException) {
                // The key is gone, locked, or not made for this scheme. The task fails because there is no signature.
                null
            } catch (_: RuntimeException) {
                // Android's Keystore throws ProviderException and others of its kind.
                null
            }
            signing.finish(signature)
        }
    }

    /** For RSA-PSS, Android has one algorithm name per digest. Java has a single name, with the digest as a parameter. */
    private fun signature(scheme: WXTransferSignatureScheme): Signature = try {
        Signature.getInstance(scheme.algorithm)
    } catch (missing: NoSuchAlgorithmException) {
        val (digest, hash, salt) = when (scheme) {
            WXTransferSignatureScheme.RSA_PSS_SHA256 -> Triple("SHA-256", MGF1ParameterSpec.SHA256, 32)
            WXTransferSignatureScheme.RSA_PSS_SHA384 -> Triple("SHA-384", MGF1ParameterSpec.SHA384, 48)
            WXTransferSignatureScheme.RSA_PSS_SHA512 -> Triple("SHA-512", MGF1ParameterSpec.SHA512, 64)
            else -> throw missing
        }
        Signature.getInstance("RSASSA-PSS").apply { setParameter(PSSParameterSpec(digest, "MGF1", hash, salt, 1)) }
    }
}
