package org.wxtransfer

import java.util.concurrent.Executor
import java.util.concurrent.atomic.AtomicLong

/**
 * Everything about one launch of one mini program: `WxtSessionOptions` of the C interface.
 *
 * Whatever is left out has the value that WeChat's own client has. Numbers are not negative, and 0 is that value.
 */
public data class WXTSessionOptions(
    /**
     * The mini program's appid. Part of the Referer, and of its files' place. Letters, digits and `-._~`, but neither `.` nor
     * `..`.
     */
    val appId: String,
    /** The version of the client app, such as `8.0.50`: it decides which quirks apply. */
    val clientVersion: String,
    /** An absolute path to a directory for all sessions' files, such as one below `Context.filesDir`. */
    val dataDirectory: String,
    /** The mini program's version, part of the Referer. `null` is `0`, the development version. */
    val appVersion: String? = null,
    /** The user, so that two users of one mini program have files of their own. */
    val userId: String? = null,
    /** The client that the app is; it decides which quirks apply. */
    val platform: WXTPlatform = WXTPlatform.ANDROID,
    /** Which paths a page may name. */
    val pathPolicy: WXTPathPolicy = WXTPathPolicy.SANDBOX,
    /** The version of the base library, such as `2.10.0`. `null` is the newest. */
    val baseLibraryVersion: String? = null,
    /** The `User-Agent` of every request. `null` is `wxtransfer/<version>`. */
    val userAgent: String? = null,
    /**
     * The Referer of every request: an `https` or `http` URL without user-info and fragment, in which `{appid}` and `{version}`
     * stand for [appId] and [appVersion]. `null` is WeChat's,
     * `https://servicewechat.com/{appid}/{version}/page-frame.html`.
     */
    val referer: String? = null,
    /**
     * The scheme of all paths that pages get and give, in place of `wxfile`: at most 32 lower-case letters and digits, a
     * letter first, that end in `file`, but not `file` itself. `null` is `wxfile`.
     */
    val pathScheme: String? = null,
    /** Uploads at once; 0 is 10. */
    val maxConcurrentUploads: Int = 0,
    /** Downloads at once; 0 is 10. */
    val maxConcurrentDownloads: Int = 0,
    /** The deadline of an upload that names none, in milliseconds; 0 is 60,000: `networkTimeout.uploadFile` of app.json. */
    val defaultUploadTimeout: Int = 0,
    /** The deadline of a download that names none, in milliseconds; 0 is 60,000: `networkTimeout.downloadFile` of app.json. */
    val defaultDownloadTimeout: Int = 0,
    /**
     * The longest deadline of a task, in milliseconds; 0 is 60,000. A longer `timeout` of a request, and a longer default, count as
     * this. It does not change the defaults.
     */
    val maxTimeout: Int = 0,
    /** The largest file that a download may have, in bytes; 0 is 200 MiB. */
    val maxDownloadSize: Long = 0,
    /** The largest answer of an upload, in bytes; 0 is 16 MiB. */
    val maxDataSize: Long = 0,
    /** What saved files and `wxfile://usr` may hold together, in bytes; 0 is 200 MiB. A file counts with 4 KiB at least. */
    val storageQuota: Long = 0,
    /** What temporary files may hold together, in bytes; 0 is 4 GiB. A file counts with 4 KiB at least. */
    val temporaryQuota: Long = 0,
    /**
     * How many bytes of temporary files stay when the session is closed, or crashes, for the next session of the mini program and
     * user, which takes their paths, too, and counts them against its [temporaryQuota]. The oldest go first. 0: temporary files
     * live for one session.
     */
    val temporaryRetention: Long = 0,
    /** Whether another session may have the same mini program's directory. */
    val storageSharing: WXTStorageSharing = WXTStorageSharing.EXCLUSIVE,
    /** What of the local network needs no entry in a domain list. */
    val lanPolicy: WXTLanPolicy = WXTLanPolicy.OWN_SUBNETS,
    /** `http` URLs are allowed beyond what [lanPolicy] allows. */
    val allowPlainHttp: Boolean = false,
    /** The domain lists are not looked at. For development only. */
    val skipDomainCheck: Boolean = false,
    /**
     * Set to `true` to send every upload once only. Default: `false`, as browsers do it: an upload on a kept connection that
     * ends without a byte of an answer is sent once more on a new connection. The server may have received the first one
     * whole (RFC 9110 section 9.2.2).
     */
    val sendUploadsOnce: Boolean = false,
    /**
     * The hosts that an upload may go to: `https://host`, or with `:port`. `http://host` needs [allowPlainHttp]. If it is
     * empty, no upload is allowed.
     */
    val uploadDomains: List<String> = emptyList(),
    /** The hosts that a download may come from. */
    val downloadDomains: List<String> = emptyList(),
    /** Certificates in PEM that are trusted instead of the operating system's. */
    val rootCertificates: String? = null,
    /** Public keys that a host must show, in addition to a valid chain. */
    val pins: List<WXTPin> = emptyList(),
    /** `http://[user:password@]host:port` of a proxy that every connection goes through with `CONNECT`. */
    val proxy: String? = null,
    /** The app's own name resolution. `null` is the system's. */
    val resolver: WXTResolver? = null,
    /**
     * Where callbacks run, such as the main thread's executor. `null` is a thread of the session's own. What it rejects runs
     * on a thread of the library's. What it takes it has to run: after one that it drops no callback comes, until
     * [WXTransferSession.close].
     */
    val executor: Executor? = null,
    /** Where the log goes. `null` is nowhere. */
    val logger: WXTLogger? = null,
    /**
     * How many attempts may follow the first one of a task, all within its deadline. 0: none. Downloads are tried again after
     * failures of the way to the server and the statuses 408, 429, 502, 503 and 504; uploads only while no byte of a request
     * has left, or with [retryUploads].
     */
    val maxRetries: Int = 0,
    /**
     * The longest wait before the second attempt, in milliseconds; 0 is 500. A wait is a random part of it, and it doubles with
     * each attempt. A `Retry-After` of the answer counts instead.
     */
    val retryDelay: Int = 0,
    /**
     * Uploads that may have reached the server are tried again, too. Only for servers that handle two uploads with one
     * `Idempotency-Key` as one. With [sendUploadsOnce] the session is not opened.
     */
    val retryUploads: Boolean = false,
    /** Whether a download that breaks off goes on where it was. */
    val resume: WXTResume = WXTResume.OFF,
    /**
     * How many bytes all tasks may send and receive per second, together and in both directions. 0: no limit. Tasks that could use
     * more get equal shares. [WXTransferSession.setMaxBytesPerSecond] changes it.
     */
    val maxBytesPerSecond: Long = 0,
    /**
     * The fewest bytes per second of a connection. If it moves fewer for [lowSpeedTime], the task fails with [WXTCategory.TIMEOUT] and
     * the detail `stalled`, or is tried again. Neither the queue nor a wait for [maxBytesPerSecond] counts. 0: no connection is too
     * slow.
     */
    val lowSpeedLimit: Long = 0,
    /** For how long a connection may be slower than [lowSpeedLimit], in milliseconds. Both are 0 or neither is. */
    val lowSpeedTime: Int = 0,
    /**
     * Transfers wait in the background for the app's return instead of ending with `interrupted`, and deadlines stand still from
     * [WXTransferSession.enterBackground] to [WXTransferSession.enterForeground]. After 5 s connections end. A download begins its
     * next attempt at the return; an upload that has begun to leave the device is sent again with [retryUploads], else it ends
     * with `interrupted`.
     */
    val waitInBackground: Boolean = false,
    /** A certificate for servers that ask the app who it is. `null` is none. */
    val clientCertificate: WXTClientCertificate? = null,
) {
    init {
        val times = listOf(defaultUploadTimeout, defaultDownloadTimeout, maxTimeout, retryDelay, lowSpeedTime)
        val counts = listOf(maxConcurrentUploads, maxConcurrentDownloads, maxRetries) + times
        val sizes = listOf(maxDownloadSize, maxDataSize, storageQuota, temporaryQuota, temporaryRetention)
        val rates = listOf(maxBytesPerSecond, lowSpeedLimit)
        require(counts.all { it >= 0 } && (sizes + rates).all { it >= 0 }) { "a number of the options is negative" }
    }

    /**
     * For logs: the proxy without its credentials; the user, the `User-Agent` and the certificates by their length only; of
     * the app's own objects only whether they are set.
     */
    override fun toString(): String = Redaction.text(
        "WXTSessionOptions",
        "appId" to appId,
        "clientVersion" to clientVersion,
        "dataDirectory" to dataDirectory,
        "appVersion" to appVersion,
        "userId" to Redaction.length(userId),
        "platform" to platform,
        "pathPolicy" to pathPolicy,
        "baseLibraryVersion" to baseLibraryVersion,
        "userAgent" to Redaction.length(userAgent),
        "referer" to referer,
        "pathScheme" to pathScheme,
        "maxConcurrentUploads" to maxConcurrentUploads,
        "maxConcurrentDownloads" to maxConcurrentDownloads,
        "defaultUploadTimeout" to defaultUploadTimeout,
        "defaultDownloadTimeout" to defaultDownloadTimeout,
        "maxTimeout" to maxTimeout,
        "maxDownloadSize" to maxDownloadSize,
        "maxDataSize" to maxDataSize,
        "storageQuota" to storageQuota,
        "temporaryQuota" to temporaryQuota,
        "temporaryRetention" to temporaryRetention,
        "storageSharing" to storageSharing,
        "lanPolicy" to lanPolicy,
        "allowPlainHttp" to allowPlainHttp,
        "skipDomainCheck" to skipDomainCheck,
        "sendUploadsOnce" to sendUploadsOnce,
        "uploadDomains" to uploadDomains.map(Redaction::url),
        "downloadDomains" to downloadDomains.map(Redaction::url),
        "rootCertificates" to Redaction.length(rootCertificates),
        "pins" to pins,
        "proxy" to Redaction.proxy(proxy),
        "resolver" to Redaction.presence(resolver),
        "executor" to Redaction.presence(executor),
        "logger" to Redaction.presence(logger),
        "maxRetries" to maxRetries,
        "retryDelay" to retryDelay,
        "retryUploads" to retryUploads,
        "resume" to resume,
        "maxBytesPerSecond" to maxBytesPerSecond,
        "lowSpeedLimit" to lowSpeedLimit,
        "lowSpeedTime" to lowSpeedTime,
        "waitInBackground" to waitInBackground,
        "clientCertificate" to clientCertificate,
    )
}

/** A client, `WXT_PLATFORM_…` of the C interface. */
public enum class WXTPlatform(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** The WeChat client on iOS. */
    IOS(1),

    /** The WeChat client on Android. */
    ANDROID(2),

    /** Any other client, such as the developer tools. */
    OTHER(3),
}

/** Whether a download that breaks off goes on where it was, `WXT_RESUME_…` of the C interface. */
public enum class WXTResume(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** It fails, or begins anew with [WXTSessionOptions.maxRetries]. */
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
public enum class WXTPathPolicy(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A page may name `wxfile://` paths only. */
    SANDBOX(0),

    /** `filePath` may also be an absolute path of the device. */
    NATIVE(1),
}

/** What of the local network needs no entry in a domain list, `WXT_LAN_…` of the C interface. */
public enum class WXTLanPolicy(
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
public enum class WXTStorageSharing(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A second session on the same directory is refused with [WXTStatus.STORAGE_LOCKED]. */
    EXCLUSIVE(0),

    /** Sessions share the saved files; each has temporary files of its own. */
    SHARED(1),
}

/** A host and a public key that it may show. A host with pins must show one of them. */
public class WXTPin(
    /** The exact host name. */
    public val host: String,
    /** 32 bytes: the SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469 §2.4). */
    public val sha256: ByteArray,
) {
    /** For logs: the host only. */
    override fun toString(): String = Redaction.text("WXTPin", "host" to host)
}

/** How much a message of the log matters, `WXT_LOG_…` of the C interface. */
public enum class WXTLogLevel(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** Something that the page or the app did wrong and the library put right. */
    WARNING(1),

    /** A decision that is worth knowing when something is looked into. */
    INFO(2),
    ;

    internal companion object {
        fun of(value: Int): WXTLogLevel = entries.firstOrNull { it.value == value } ?: INFO
    }
}

/** Takes the log of a session. */
public fun interface WXTLogger {
    /** Takes one message, without a line end, from any thread. It holds no query, header value or body. */
    public fun log(level: WXTLogLevel, message: String)
}

/** The app's own name resolution, an HTTPDNS service, say. */
public fun interface WXTResolver {
    /**
     * Asks for the addresses of [host]. Called on a worker thread, for several hosts at once; it has to return soon.
     * The answer is given by [WXTResolution.finish], from any thread, before or after this returned.
     */
    public fun resolve(host: String, resolution: WXTResolution)
}

/** A question to a [WXTResolver]. Each has to be answered, or its memory is lost. */
public class WXTResolution internal constructor(resolution: Long) {
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
