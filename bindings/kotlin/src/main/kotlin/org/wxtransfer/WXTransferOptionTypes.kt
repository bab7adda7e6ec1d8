package org.wxtransfer

import java.util.concurrent.atomic.AtomicLong

/** A client's platform, `WXT_PLATFORM_…` of the C interface. */
public enum class WXTransferPlatform(
    /** The number in the C interface. */
    public val value: Int,
) {
    // Generated from wxtransfer.h: entries WXT_PLATFORM_
    /** The WeChat client on iOS. */
    IOS(1),

    /** The WeChat client on Android. */
    ANDROID(2),

    /** Any other client, such as the developer tools. */
    OTHER(3),

    /** The WeChat client on HarmonyOS NEXT, whose `platform` in WeChat is `ohos`. */
    OHOS(4),
    // Generated until here
}

/** Whether an interrupted download continues where it stopped, `WXT_RESUME_…` of the C interface. */
public enum class WXTransferResume(
    /** The number in the C interface. */
    public val value: Int,
) {
    // Generated from wxtransfer.h: entries WXT_RESUME_
    /**
     * A download that breaks off fails, or starts from the beginning if [WXTransferSessionOptions.Builder.maxRetries]
     * allows another attempt.
     */
    OFF(0),

    /** A download that breaks off continues in another attempt of the same task, before the task's deadline. */
    WITHIN_TASK(1),

    /**
     * As [WXTransferResume.WITHIN_TASK]. In addition, the library keeps the partial file of a failed task, also if the
     * task was aborted, interrupted or timed out. A later call with the same URL, headers and `filePath` continues it,
     * in this or a later session, also after a crash. Partial files count against
     * [WXTransferSessionOptions.Builder.temporaryQuota] and are deleted before other temporary files.
     * [WXTransferSession.discardPartials] deletes them.
     */
    ACROSS_LAUNCHES(2),
    // Generated until here
}

/** Which paths pages may use, `WXT_PATHS_…` of the C interface. */
public enum class WXTransferPathPolicy(
    /** The number in the C interface. */
    public val value: Int,
) {
    // Generated from wxtransfer.h: entries WXT_PATHS_
    /** Pages may use `wxfile://` paths only. */
    SANDBOX(0),

    /** `filePath` of an upload may also be an absolute path on the device. */
    NATIVE(1),
    // Generated until here
}

/** Which local addresses need no entry in a domain list, `WXT_LAN_…` of the C interface. */
public enum class WXTransferLanPolicy(
    /** The number in the C interface. */
    public val value: Int,
) {
    // Generated from wxtransfer.h: entries WXT_LAN_
    /**
     * Allow `http` and `https` to an IP address in a subnet of one of the device's network interfaces, but never to
     * the device itself. Local names (`localhost`, `.local`) are refused. All other names need an entry in a domain
     * list.
     */
    OWN_SUBNETS(0),

    /** Allow no IP address and no local name. */
    OFF(1),

    /**
     * Allow `http` and `https` to every local address, to `localhost`, and to names that end in `.localhost` or
     * `.local`, including the device itself. A public name may resolve to an address of the device. For development
     * only.
     */
    ALL_LOCAL(2),
    // Generated until here
}

/** Whether several sessions may use a mini program's directory, `WXT_STORAGE_…` of the C interface. */
public enum class WXTransferStorageSharing(
    /** The number in the C interface. */
    public val value: Int,
) {
    // Generated from wxtransfer.h: entries WXT_STORAGE_
    /**
     * Only one session at a time may use the mini program's directory. Opening a second one fails with
     * [WXTransferStatus.STORAGE_LOCKED].
     *
     * If the directory is deleted while a session is open, the session creates it again at its next use. If both the
     * directory and the mini program's entry under `locks/` are deleted, or the whole data directory, a session of
     * another process can open before this session next uses its files. Until it closes, file calls of the first
     * session fail.
     */
    EXCLUSIVE(0),

    /**
     * Several sessions may use the mini program's directory. They share the saved files. Each session has its own
     * temporary files.
     */
    SHARED(1),
    // Generated until here
}

/** A host and one public key that it may present. A host that has pins must present one of its pinned keys. */
public class WXTransferPin(
    /** The exact host name, without scheme and port. An internationalised name may be given in Unicode or as punycode. */
    public val host: String,
    /** The SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4), 32 bytes. */
    public val sha256: ByteArray,
) {
    /** For logs: the host only. */
    override fun toString(): String = Redaction.text("WXTransferPin", "host" to host)
}

/** The severity of a log message, `WXT_LOG_…` of the C interface. */
public enum class WXTransferLogLevel(
    /** The number in the C interface. */
    public val value: Int,
) {
    // Generated from wxtransfer.h: entries WXT_LOG_
    /**
     * A mistake of the host, the page or a server, or a failure that may need attention, such as a file that cannot be
     * removed.
     */
    WARNING(1),

    /** A decision of the library that helps to diagnose a problem. */
    INFO(2),
    // Generated until here
    ;

    internal companion object {
        fun of(value: Int): WXTransferLogLevel = entries.firstOrNull { it.value == value } ?: INFO
    }
}

/** Receives the log messages of a session. */
public fun interface WXTransferLogger {
    /** Receives one message, without a line end. Called from any thread. Messages contain no query, header value or body. */
    public fun log(level: WXTransferLogLevel, message: String)
}

/** The app's own name resolution, for example an HTTPDNS service. */
public fun interface WXTransferResolver {
    /**
     * Starts a look-up of the addresses of [host]. Called on a worker thread, possibly for several hosts at the same time. It
     * must return soon. The app answers with [WXTransferResolution.finish], on any thread, before or after this function returns.
     */
    public fun resolve(host: String, resolution: WXTransferResolution)
}

/** A look-up that a [WXTransferResolver] must answer. If it is never answered, its memory leaks. */
public class WXTransferResolution internal constructor(resolution: Long) {
    private val pending = AtomicLong(resolution)

    /**
     * Answers with IPv4 or IPv6 literals in order of preference. An empty list means that the host does not exist. Invalid
     * addresses are ignored. Any thread. Answers after the first one are ignored.
     */
    public fun finish(addresses: List<String>) {
        val resolution = pending.getAndSet(0)
        if (resolution == 0L) return
        val list = TextList(addresses)
        // The status only reports an invalid address, which is ignored, as documented above.
        Native.resolutionFinish(resolution, list.bytes, list.lengths)
    }
}
