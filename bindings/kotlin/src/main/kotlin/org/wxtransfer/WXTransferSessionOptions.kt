package org.wxtransfer

import java.util.concurrent.Executor
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/**
 * Everything about one launch of one mini program: `WxtSessionOptions` of the C interface.
 *
 * Whatever is left out has the value that WeChat's own client has. Numbers are not negative, and 0 is that value.
 */
public class WXTransferSessionOptions private constructor(internal val values: Builder) {
    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** The same with what [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferSessionOptions = toBuilder().apply(change).build()

    /**
     * For logs: the proxy without its credentials; the user, the `User-Agent` and the certificates by their length only; of
     * the app's own objects only whether they are set.
     */
    override fun toString(): String = with(values) {
        Redaction.text(
            "WXTransferSessionOptions",
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
            "defaultUploadTimeoutMillis" to defaultUploadTimeoutMillis,
            "defaultDownloadTimeoutMillis" to defaultDownloadTimeoutMillis,
            "maxTimeoutMillis" to maxTimeoutMillis,
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
            "retryDelayMillis" to retryDelayMillis,
            "retryUploads" to retryUploads,
            "resume" to resume,
            "maxBytesPerSecond" to maxBytesPerSecond,
            "lowSpeedLimit" to lowSpeedLimit,
            "lowSpeedTimeMillis" to lowSpeedTimeMillis,
            "waitInBackground" to waitInBackground,
            "clientCertificate" to clientCertificate,
        )
    }

    /** Makes a [WXTransferSessionOptions]. */
    public class Builder(appId: String, clientVersion: String, dataDirectory: String) : Cloneable {
        /**
         * The mini program's appid. Part of the Referer, and of its files' place. Letters, digits and `-._~`, but neither `.` nor
         * `..`.
         */
        @set:JvmSynthetic public var appId: String = appId
        public fun setAppId(appId: String): Builder = apply { this.appId = appId }

        /** The version of the client app, such as `8.0.50`: it decides which quirks apply. */
        @set:JvmSynthetic public var clientVersion: String = clientVersion
        public fun setClientVersion(clientVersion: String): Builder = apply { this.clientVersion = clientVersion }

        /** An absolute path to a directory for all sessions' files, such as one below `Context.filesDir`. */
        @set:JvmSynthetic public var dataDirectory: String = dataDirectory
        public fun setDataDirectory(dataDirectory: String): Builder = apply { this.dataDirectory = dataDirectory }

        /** The mini program's version, part of the Referer. `null` is `0`, the development version. */
        @set:JvmSynthetic public var appVersion: String? = null
        public fun setAppVersion(appVersion: String?): Builder = apply { this.appVersion = appVersion }

        /** The user, so that two users of one mini program have files of their own. */
        @set:JvmSynthetic public var userId: String? = null
        public fun setUserId(userId: String?): Builder = apply { this.userId = userId }

        /** The client that the app is; it decides which quirks apply. */
        @set:JvmSynthetic public var platform: WXTransferPlatform = WXTransferPlatform.ANDROID
        public fun setPlatform(platform: WXTransferPlatform): Builder = apply { this.platform = platform }

        /** Which paths a page may name. */
        @set:JvmSynthetic public var pathPolicy: WXTransferPathPolicy = WXTransferPathPolicy.SANDBOX
        public fun setPathPolicy(pathPolicy: WXTransferPathPolicy): Builder = apply { this.pathPolicy = pathPolicy }

        /** The version of the base library, such as `2.10.0`. `null` is the newest. */
        @set:JvmSynthetic public var baseLibraryVersion: String? = null
        public fun setBaseLibraryVersion(baseLibraryVersion: String?): Builder = apply { this.baseLibraryVersion = baseLibraryVersion }

        /** The `User-Agent` of every request. `null` is `wxtransfer/<version>`. */
        @set:JvmSynthetic public var userAgent: String? = null
        public fun setUserAgent(userAgent: String?): Builder = apply { this.userAgent = userAgent }

        /**
         * The Referer of every request: an `https` or `http` URL without user-info and fragment, in which `{appid}` and `{version}`
         * stand for [appId] and [appVersion]. `null` is WeChat's,
         * `https://servicewechat.com/{appid}/{version}/page-frame.html`.
         */
        @set:JvmSynthetic public var referer: String? = null
        public fun setReferer(referer: String?): Builder = apply { this.referer = referer }

        /**
         * The scheme of all paths that pages get and give, in place of `wxfile`: at most 32 lower-case letters and digits, a
         * letter first, that end in `file`, but not `file` itself. `null` is `wxfile`.
         */
        @set:JvmSynthetic public var pathScheme: String? = null
        public fun setPathScheme(pathScheme: String?): Builder = apply { this.pathScheme = pathScheme }

        /** Uploads at once; 0 is 10. */
        @set:JvmSynthetic public var maxConcurrentUploads: Int = 0
        public fun setMaxConcurrentUploads(maxConcurrentUploads: Int): Builder =
            apply { this.maxConcurrentUploads = maxConcurrentUploads }

        /** Downloads at once; 0 is 10. */
        @set:JvmSynthetic public var maxConcurrentDownloads: Int = 0
        public fun setMaxConcurrentDownloads(maxConcurrentDownloads: Int): Builder =
            apply { this.maxConcurrentDownloads = maxConcurrentDownloads }

        /** The deadline of an upload that names none, in milliseconds; 0 is 60,000: `networkTimeout.uploadFile` of app.json. */
        @set:JvmSynthetic public var defaultUploadTimeoutMillis: Long = 0
        public fun setDefaultUploadTimeoutMillis(defaultUploadTimeoutMillis: Long): Builder =
            apply { this.defaultUploadTimeoutMillis = defaultUploadTimeoutMillis }

        /** [defaultUploadTimeoutMillis] as a duration. */
        public var defaultUploadTimeout: Duration
            get() = defaultUploadTimeoutMillis.milliseconds
            set(duration) {
                defaultUploadTimeoutMillis = duration.toMillis()
            }

        /** The deadline of a download that names none, in milliseconds; 0 is 60,000: `networkTimeout.downloadFile` of app.json. */
        @set:JvmSynthetic public var defaultDownloadTimeoutMillis: Long = 0
        public fun setDefaultDownloadTimeoutMillis(defaultDownloadTimeoutMillis: Long): Builder =
            apply { this.defaultDownloadTimeoutMillis = defaultDownloadTimeoutMillis }

        /** [defaultDownloadTimeoutMillis] as a duration. */
        public var defaultDownloadTimeout: Duration
            get() = defaultDownloadTimeoutMillis.milliseconds
            set(duration) {
                defaultDownloadTimeoutMillis = duration.toMillis()
            }

        /**
         * The longest deadline of a task, in milliseconds; 0 is 60,000. A longer `timeout` of a request, and a longer default, count as
         * this. It does not change the defaults.
         */
        @set:JvmSynthetic public var maxTimeoutMillis: Long = 0
        public fun setMaxTimeoutMillis(maxTimeoutMillis: Long): Builder = apply { this.maxTimeoutMillis = maxTimeoutMillis }

        /** [maxTimeoutMillis] as a duration. */
        public var maxTimeout: Duration
            get() = maxTimeoutMillis.milliseconds
            set(duration) {
                maxTimeoutMillis = duration.toMillis()
            }

        /** The largest file that a download may have, in bytes; 0 is 200 MiB. */
        @set:JvmSynthetic public var maxDownloadSize: Long = 0
        public fun setMaxDownloadSize(maxDownloadSize: Long): Builder = apply { this.maxDownloadSize = maxDownloadSize }

        /** The largest answer of an upload, in bytes; 0 is 16 MiB. */
        @set:JvmSynthetic public var maxDataSize: Long = 0
        public fun setMaxDataSize(maxDataSize: Long): Builder = apply { this.maxDataSize = maxDataSize }

        /** What saved files and `wxfile://usr` may hold together, in bytes; 0 is 200 MiB. A file counts with 4 KiB at least. */
        @set:JvmSynthetic public var storageQuota: Long = 0
        public fun setStorageQuota(storageQuota: Long): Builder = apply { this.storageQuota = storageQuota }

        /** What temporary files may hold together, in bytes; 0 is 4 GiB. A file counts with 4 KiB at least. */
        @set:JvmSynthetic public var temporaryQuota: Long = 0
        public fun setTemporaryQuota(temporaryQuota: Long): Builder = apply { this.temporaryQuota = temporaryQuota }

        /**
         * How many bytes of temporary files stay when the session is closed, or crashes, for the next session of the mini program and
         * user, which takes their paths, too, and counts them against its [temporaryQuota]. The oldest go first. 0: temporary files
         * live for one session.
         */
        @set:JvmSynthetic public var temporaryRetention: Long = 0
        public fun setTemporaryRetention(temporaryRetention: Long): Builder = apply { this.temporaryRetention = temporaryRetention }

        /** Whether another session may have the same mini program's directory. */
        @set:JvmSynthetic public var storageSharing: WXTransferStorageSharing = WXTransferStorageSharing.EXCLUSIVE
        public fun setStorageSharing(storageSharing: WXTransferStorageSharing): Builder = apply { this.storageSharing = storageSharing }

        /** What of the local network needs no entry in a domain list. */
        @set:JvmSynthetic public var lanPolicy: WXTransferLanPolicy = WXTransferLanPolicy.OWN_SUBNETS
        public fun setLanPolicy(lanPolicy: WXTransferLanPolicy): Builder = apply { this.lanPolicy = lanPolicy }

        /** `http` URLs are allowed beyond what [lanPolicy] allows. */
        @set:JvmSynthetic public var allowPlainHttp: Boolean = false
        public fun setAllowPlainHttp(allowPlainHttp: Boolean): Builder = apply { this.allowPlainHttp = allowPlainHttp }

        /** The domain lists are not looked at. For development only. */
        @set:JvmSynthetic public var skipDomainCheck: Boolean = false
        public fun setSkipDomainCheck(skipDomainCheck: Boolean): Builder = apply { this.skipDomainCheck = skipDomainCheck }

        /**
         * Set to `true` to send every upload once only. Default: `false`, as browsers do it: an upload on a kept connection that
         * ends without a byte of an answer is sent once more on a new connection. The server may have received the first one
         * whole (RFC 9110 section 9.2.2).
         */
        @set:JvmSynthetic public var sendUploadsOnce: Boolean = false
        public fun setSendUploadsOnce(sendUploadsOnce: Boolean): Builder = apply { this.sendUploadsOnce = sendUploadsOnce }

        /**
         * The hosts that an upload may go to: `https://host`, or with `:port`. `http://host` needs [allowPlainHttp]. If it is
         * empty, no upload is allowed.
         */
        @set:JvmSynthetic public var uploadDomains: List<String> = emptyList()
        public fun setUploadDomains(uploadDomains: List<String>): Builder = apply { this.uploadDomains = uploadDomains }

        /** The hosts that a download may come from. */
        @set:JvmSynthetic public var downloadDomains: List<String> = emptyList()
        public fun setDownloadDomains(downloadDomains: List<String>): Builder = apply { this.downloadDomains = downloadDomains }

        /** Certificates in PEM that are trusted instead of the operating system's. */
        @set:JvmSynthetic public var rootCertificates: String? = null
        public fun setRootCertificates(rootCertificates: String?): Builder = apply { this.rootCertificates = rootCertificates }

        /** Public keys that a host must show, in addition to a valid chain. */
        @set:JvmSynthetic public var pins: List<WXTransferPin> = emptyList()
        public fun setPins(pins: List<WXTransferPin>): Builder = apply { this.pins = pins }

        /** `http://[user:password@]host:port` of a proxy that every connection goes through with `CONNECT`. */
        @set:JvmSynthetic public var proxy: String? = null
        public fun setProxy(proxy: String?): Builder = apply { this.proxy = proxy }

        /** The app's own name resolution. `null` is the system's. */
        @set:JvmSynthetic public var resolver: WXTransferResolver? = null
        public fun setResolver(resolver: WXTransferResolver?): Builder = apply { this.resolver = resolver }

        /**
         * Where callbacks run, such as the main thread's executor. `null` is a thread of the session's own. What it rejects runs
         * on a thread of the library's. What it takes it has to run: after one that it drops no callback comes, until
         * [WXTransferSession.close].
         */
        @set:JvmSynthetic public var executor: Executor? = null
        public fun setExecutor(executor: Executor?): Builder = apply { this.executor = executor }

        /** Where the log goes. `null` is nowhere. */
        @set:JvmSynthetic public var logger: WXTransferLogger? = null
        public fun setLogger(logger: WXTransferLogger?): Builder = apply { this.logger = logger }

        /**
         * How many attempts may follow the first one of a task, all within its deadline. 0: none. Downloads are tried again after
         * failures of the way to the server and the statuses 408, 429, 502, 503 and 504; uploads only while no byte of a request
         * has left, or with [retryUploads].
         */
        @set:JvmSynthetic public var maxRetries: Int = 0
        public fun setMaxRetries(maxRetries: Int): Builder = apply { this.maxRetries = maxRetries }

        /**
         * The longest wait before the second attempt, in milliseconds; 0 is 500. A wait is a random part of it, and it doubles with
         * each attempt. A `Retry-After` of the answer counts instead.
         */
        @set:JvmSynthetic public var retryDelayMillis: Long = 0
        public fun setRetryDelayMillis(retryDelayMillis: Long): Builder = apply { this.retryDelayMillis = retryDelayMillis }

        /** [retryDelayMillis] as a duration. */
        public var retryDelay: Duration
            get() = retryDelayMillis.milliseconds
            set(duration) {
                retryDelayMillis = duration.toMillis()
            }

        /**
         * Uploads that may have reached the server are tried again, too. Only for servers that handle two uploads with one
         * `Idempotency-Key` as one. With [sendUploadsOnce] the session is not opened.
         */
        @set:JvmSynthetic public var retryUploads: Boolean = false
        public fun setRetryUploads(retryUploads: Boolean): Builder = apply { this.retryUploads = retryUploads }

        /** Whether a download that breaks off goes on where it was. */
        @set:JvmSynthetic public var resume: WXTransferResume = WXTransferResume.OFF
        public fun setResume(resume: WXTransferResume): Builder = apply { this.resume = resume }

        /**
         * How many bytes all tasks may send and receive per second, together and in both directions. 0: no limit. Tasks that could use
         * more get equal shares. [WXTransferSession.setMaxBytesPerSecond] changes it.
         */
        @set:JvmSynthetic public var maxBytesPerSecond: Long = 0
        public fun setMaxBytesPerSecond(maxBytesPerSecond: Long): Builder = apply { this.maxBytesPerSecond = maxBytesPerSecond }

        /**
         * The fewest bytes per second of a connection. If it moves fewer for [lowSpeedTime], the task fails with
         * [WXTransferCategory.TIMEOUT] and the detail `stalled`, or is tried again. Neither the queue nor a wait for
         * [maxBytesPerSecond] counts. 0: no connection is too slow.
         */
        @set:JvmSynthetic public var lowSpeedLimit: Long = 0
        public fun setLowSpeedLimit(lowSpeedLimit: Long): Builder = apply { this.lowSpeedLimit = lowSpeedLimit }

        /** For how long a connection may be slower than [lowSpeedLimit], in milliseconds. Both are 0 or neither is. */
        @set:JvmSynthetic public var lowSpeedTimeMillis: Long = 0
        public fun setLowSpeedTimeMillis(lowSpeedTimeMillis: Long): Builder = apply { this.lowSpeedTimeMillis = lowSpeedTimeMillis }

        /** [lowSpeedTimeMillis] as a duration. */
        public var lowSpeedTime: Duration
            get() = lowSpeedTimeMillis.milliseconds
            set(duration) {
                lowSpeedTimeMillis = duration.toMillis()
            }

        /**
         * Transfers wait in the background for the app's return instead of ending with `interrupted`, and deadlines stand still from
         * [WXTransferSession.enterBackground] to [WXTransferSession.enterForeground]. After 5 s connections end. A download begins its
         * next attempt at the return; an upload that has begun to leave the device is sent again with [retryUploads], else it ends
         * with `interrupted`.
         */
        @set:JvmSynthetic public var waitInBackground: Boolean = false
        public fun setWaitInBackground(waitInBackground: Boolean): Builder = apply { this.waitInBackground = waitInBackground }

        /** A certificate for servers that ask the app who it is. `null` is none. */
        @set:JvmSynthetic public var clientCertificate: WXTransferClientCertificate? = null
        public fun setClientCertificate(clientCertificate: WXTransferClientCertificate?): Builder =
            apply { this.clientCertificate = clientCertificate }

        /** Throws [IllegalArgumentException] where a number is negative. */
        public fun build(): WXTransferSessionOptions {
            val counts = listOf(maxConcurrentUploads, maxConcurrentDownloads, maxRetries)
            val numbers = counts.map { it.toLong() } + listOf(
                defaultUploadTimeoutMillis, defaultDownloadTimeoutMillis, maxTimeoutMillis, retryDelayMillis, lowSpeedTimeMillis,
                maxDownloadSize, maxDataSize, storageQuota, temporaryQuota, temporaryRetention, maxBytesPerSecond, lowSpeedLimit,
            )
            require(numbers.all { it >= 0 }) { "a number of the options is negative" }
            return WXTransferSessionOptions(clone())
        }

        public override fun clone(): Builder {
            val copy = super.clone() as Builder
            copy.uploadDomains = uploadDomains.toList()
            copy.downloadDomains = downloadDomains.toList()
            copy.pins = pins.toList()
            return copy
        }
    }
}

/** A [WXTransferSessionOptions] with what [set] sets. */
@JvmSynthetic
public inline fun WXTransferSessionOptions(
    appId: String,
    clientVersion: String,
    dataDirectory: String,
    set: WXTransferSessionOptions.Builder.() -> Unit = {},
): WXTransferSessionOptions = WXTransferSessionOptions.Builder(appId, clientVersion, dataDirectory).apply(set).build()
