package org.wxtransfer

import java.util.concurrent.atomic.AtomicLong

/** A client, `WXT_PLATFORM_…` of the C interface. */
public enum class WXTransferPlatform(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** The WeChat client on iOS. */
    IOS(1),

    /** The WeChat client on Android. */
    ANDROID(2),

    /** Any other client, such as the developer tools. */
    OTHER(3),

    /** The WeChat client on HarmonyOS NEXT. */
    OHOS(4),
}

/** Whether a download that breaks off goes on where it was, `WXT_RESUME_…` of the C interface. */
public enum class WXTransferResume(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** It fails, or begins anew with [WXTransferSessionOptions.Builder.maxRetries]. */
    OFF(0),

    /** It goes on in another attempt of the same task. */
    WITHIN_TASK(1),

    /**
     * As [WITHIN_TASK]; and what a task that failed has of its file is kept for the next call with the same URL, headers and
     * `filePath`, of this session or a later one. [WXTransferSession.discardPartials] removes it.
     */
    ACROSS_LAUNCHES(2),
}

/** Which paths a page may name, `WXT_PATHS_…` of the C interface. */
public enum class WXTransferPathPolicy(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A page may name `wxfile://` paths only. */
    SANDBOX(0),

    /** `filePath` may also be an absolute path of the device. */
    NATIVE(1),
}

/** What of the local network needs no entry in a domain list, `WXT_LAN_…` of the C interface. */
public enum class WXTransferLanPolicy(
    /** The number in the C interface. */
    public val value: Int,
) {
    /**
     * `http` and `https` to an IP address in a subnet of one of the device's network interfaces, but never to the device itself:
     * what WeChat allows from base library 2.4.0 on. Android tells its interfaces from version 7 (API 24) on.
     */
    OWN_SUBNETS(0),

    /** No IP address and no local name. */
    OFF(1),

    /** Every address of a local network and every local name, the device itself included. For development. */
    ALL_LOCAL(2),
}

/** Whether sessions share a mini program's directory, `WXT_STORAGE_…` of the C interface. */
public enum class WXTransferStorageSharing(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A second session on the same directory is refused with [WXTransferStatus.STORAGE_LOCKED]. */
    EXCLUSIVE(0),

    /** Sessions share the saved files; each has temporary files of its own. */
    SHARED(1),
}

/** A host and a public key that it may show. A host with pins must show one of them. */
public class WXTransferPin(
    /** The exact host name. */
    public val host: String,
    /** 32 bytes: the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4). */
    public val sha256: ByteArray,
) {
    /** For logs: the host only. */
    override fun toString(): String = Redaction.text("WXTransferPin", "host" to host)
}

/** How much a message of the log matters, `WXT_LOG_…` of the C interface. */
public enum class WXTransferLogLevel(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** Something that the page or the app did wrong and the library put right. */
    WARNING(1),

    /** A decision that is worth knowing when something is looked into. */
    INFO(2),
    ;

    internal companion object {
        fun of(value: Int): WXTransferLogLevel = entries.firstOrNull { it.value == value } ?: INFO
    }
}

/** Takes the log of a session. */
public fun interface WXTransferLogger {
    /** Takes one message, without a line end, from any thread. It holds no query, header value or body. */
    public fun log(level: WXTransferLogLevel, message: String)
}

/** The app's own name resolution, an HTTPDNS service, say. */
public fun interface WXTransferResolver {
    /**
     * Asks for the addresses of [host]. Called on a worker thread, for several hosts at once; it has to return soon.
     * The answer is given by [WXTransferResolution.finish], from any thread, before or after this returned.
     */
    public fun resolve(host: String, resolution: WXTransferResolution)
}

/** A question to a [WXTransferResolver]. Each has to be answered, or its memory is lost. */
public class WXTransferResolution internal constructor(resolution: Long) {
    private val pending = AtomicLong(resolution)

    /**
     * Answers with IPv4 or IPv6 literals in the order of preference; none is "no such host". What cannot be read is left
     * out. Any thread; an answer after the first one is ignored.
     */
    public fun finish(addresses: List<String>) {
        val resolution = pending.getAndSet(0)
        if (resolution == 0L) return
        val list = TextList(addresses)
        // The status only says that an address could not be read, which is documented to be no error here.
        Native.resolutionFinish(resolution, list.bytes, list.lengths)
    }
}
