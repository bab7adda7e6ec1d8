package org.wxtransfer

import java.util.concurrent.Executor
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/**
 * The options of one launch of one mini program: `WxtSessionOptions` of the C interface.
 *
 * The default of each option matches WeChat's behaviour. Numbers must not be negative.
 */
public class WXTransferSessionOptions private constructor(internal val values: Builder) {
    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** A copy with the values that [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferSessionOptions = toBuilder().apply(change).build()

    /**
     * For logs: the proxy without its credentials; of the user, the `User-Agent` and the certificates only the length; of the
     * app's own objects only whether they are set.
     */
    override fun toString(): String = with(values) {
        Redaction.text(
            "WXTransferSessionOptions",
            // Generated from wxtransfer.h: shown WxtSessionOptions
            "appId" to appId,
            "appVersion" to appVersion,
            "userId" to Redaction.length(userId),
            "platform" to platform,
            "pathPolicy" to pathPolicy,
            "clientVersion" to clientVersion,
            "baseLibraryVersion" to baseLibraryVersion,
            "userAgent" to Redaction.length(userAgent),
            "referer" to referer,
            "pathScheme" to pathScheme,
            "dataDirectory" to dataDirectory,
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
            "proxy" to Redaction.proxy(proxy),
            "maxRetries" to maxRetries,
            "retryDelayMillis" to retryDelayMillis,
            "retryUploads" to retryUploads,
            "resume" to resume,
            "maxBytesPerSecond" to maxBytesPerSecond,
            "lowSpeedLimit" to lowSpeedLimit,
            "lowSpeedTimeMillis" to lowSpeedTimeMillis,
            "waitInBackground" to waitInBackground,
            // Generated until here
            "pins" to pins,
            "resolver" to Redaction.presence(resolver),
            "executor" to Redaction.presence(executor),
            "logger" to Redaction.presence(logger),
            "clientCertificate" to clientCertificate,
        )
    }

    /** Makes a [WXTransferSessionOptions]. */
    public class Builder(appId: String, clientVersion: String, dataDirectory: String) : Cloneable {
        // Generated from wxtransfer.h: options WxtSessionOptions
        /**
         * The mini program's appid. Part of the Referer and of the directory name. Allowed: letters, digits and
         * `-._~`, but not `.` or `..`.
         */
        @set:JvmSynthetic public var appId: String = appId
        public fun setAppId(appId: String): Builder = apply { this.appId = appId }

        /**
         * The mini program's version, part of the Referer. Allowed characters as in [appId]. Default: `0`, the
         * development version.
         */
        @set:JvmSynthetic public var appVersion: String? = null
        public fun setAppVersion(appVersion: String?): Builder = apply { this.appVersion = appVersion }

        /**
         * The user's id. Each user of a mini program has separate files. Any text of at most 83 bytes; a longer one
         * may be too long for a directory name. Optional. If `null`, the files belong to no user.
         */
        @set:JvmSynthetic public var userId: String? = null
        public fun setUserId(userId: String?): Builder = apply { this.userId = userId }

        /** Which paths pages may use: [WXTransferPathPolicy.SANDBOX] (default) or [WXTransferPathPolicy.NATIVE]. */
        @set:JvmSynthetic public var pathPolicy: WXTransferPathPolicy = WXTransferPathPolicy.SANDBOX
        public fun setPathPolicy(pathPolicy: WXTransferPathPolicy): Builder = apply { this.pathPolicy = pathPolicy }

        /**
         * The version of the client app, numbers separated by dots, such as `8.0.50`. It decides which quirks of old
         * clients apply.
         */
        @set:JvmSynthetic public var clientVersion: String = clientVersion
        public fun setClientVersion(clientVersion: String): Builder = apply { this.clientVersion = clientVersion }

        /**
         * The version of the base library, such as `2.10.0`. It decides which quirks of old base libraries apply.
         * Optional. If `null`, the newest base library is assumed.
         */
        @set:JvmSynthetic public var baseLibraryVersion: String? = null
        public fun setBaseLibraryVersion(baseLibraryVersion: String?): Builder = apply { this.baseLibraryVersion = baseLibraryVersion }

        /**
         * The `User-Agent` of requests whose `header` has none. It must not contain control characters. Default:
         * `wxtransfer/<version>`.
         */
        @set:JvmSynthetic public var userAgent: String? = null
        public fun setUserAgent(userAgent: String?): Builder = apply { this.userAgent = userAgent }

        /**
         * The Referer of every request: an `http` or `https` URL with a host, without user-info and fragment.
         * `{appid}` and `{version}` are replaced by [appId] and [appVersion]. At most 1,024 bytes after replacement.
         * Default: WeChat's, `https://servicewechat.com/{appid}/{version}/page-frame.html`. `docs/other-containers.md`
         * lists those of other containers.
         */
        @set:JvmSynthetic public var referer: String? = null
        public fun setReferer(referer: String?): Builder = apply { this.referer = referer }

        /**
         * The URL scheme of every path that a page receives or passes. It replaces `wxfile` wherever this
         * documentation says `wxfile`. At most 32 lower-case letters and digits, starting with a letter and ending
         * with `file`, but not `file` alone. Default: `wxfile`.
         */
        @set:JvmSynthetic public var pathScheme: String? = null
        public fun setPathScheme(pathScheme: String?): Builder = apply { this.pathScheme = pathScheme }

        /** The absolute path of the directory for the files of all sessions. It is created if missing. */
        @set:JvmSynthetic public var dataDirectory: String = dataDirectory
        public fun setDataDirectory(dataDirectory: String): Builder = apply { this.dataDirectory = dataDirectory }

        /**
         * The number of uploads that run at the same time. Further ones wait in the queue. Any number. Default: 0,
         * which means 10.
         */
        @set:JvmSynthetic public var maxConcurrentUploads: Int = 0
        public fun setMaxConcurrentUploads(maxConcurrentUploads: Int): Builder = apply { this.maxConcurrentUploads = maxConcurrentUploads }

        /**
         * The number of downloads that run at the same time. Further ones wait in the queue. Any number. Default: 0,
         * which means 10.
         */
        @set:JvmSynthetic public var maxConcurrentDownloads: Int = 0
        public fun setMaxConcurrentDownloads(maxConcurrentDownloads: Int): Builder =
            apply { this.maxConcurrentDownloads = maxConcurrentDownloads }

        /**
         * The deadline of an upload whose request sets none, in milliseconds, counted from when the task leaves the
         * queue: `networkTimeout.uploadFile` of app.json. Any number; [maxTimeoutMillis] limits it. Default: 0, which
         * means 60,000.
         */
        @set:JvmSynthetic public var defaultUploadTimeoutMillis: Long = 0
        public fun setDefaultUploadTimeoutMillis(defaultUploadTimeoutMillis: Long): Builder =
            apply { this.defaultUploadTimeoutMillis = defaultUploadTimeoutMillis }

        /** [defaultUploadTimeoutMillis] as a duration. */
        public var defaultUploadTimeout: Duration
            get() = defaultUploadTimeoutMillis.milliseconds
            set(duration) {
                defaultUploadTimeoutMillis = duration.toMillis()
            }

        /**
         * The deadline of a download whose request sets none, in milliseconds, counted from when the task leaves the
         * queue: `networkTimeout.downloadFile` of app.json. Any number; [maxTimeoutMillis] limits it. Default: 0,
         * which means 60,000.
         */
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
         * The longest deadline that a task can have, in milliseconds, from 1 to 4,294,967,295 (49 days). Default: 0,
         * which means 60,000, as in WeChat. A longer `timeout` of a request, and a longer default, are reduced to this
         * value. It does not change the defaults. See `docs/long-transfers.md`.
         */
        @set:JvmSynthetic public var maxTimeoutMillis: Long = 0
        public fun setMaxTimeoutMillis(maxTimeoutMillis: Long): Builder = apply { this.maxTimeoutMillis = maxTimeoutMillis }

        /** [maxTimeoutMillis] as a duration. */
        public var maxTimeout: Duration
            get() = maxTimeoutMillis.milliseconds
            set(duration) {
                maxTimeoutMillis = duration.toMillis()
            }

        /** The largest file that a download may produce, in bytes. Any number. Default: 0, which means 200 MiB. */
        @set:JvmSynthetic public var maxDownloadSize: Long = 0
        public fun setMaxDownloadSize(maxDownloadSize: Long): Builder = apply { this.maxDownloadSize = maxDownloadSize }

        /** The largest answer to an upload, in bytes. Any number. Default: 0, which means 16 MiB. */
        @set:JvmSynthetic public var maxDataSize: Long = 0
        public fun setMaxDataSize(maxDataSize: Long): Builder = apply { this.maxDataSize = maxDataSize }

        /**
         * The quota of saved files and `wxfile://usr` together, in bytes. Any number. Each file counts as at least 4
         * KiB. Files that the host itself puts there are counted when the session opens, and again when the quota
         * seems to be exceeded. After a count of a thousand files and directories or more, the next count follows
         * after 1 to 60 s. Default: 0, which means 200 MiB.
         */
        @set:JvmSynthetic public var storageQuota: Long = 0
        public fun setStorageQuota(storageQuota: Long): Builder = apply { this.storageQuota = storageQuota }

        /**
         * The quota of temporary files, in bytes. Any number. Each file counts as at least 4 KiB. Default: 0, which
         * means 4 GiB.
         */
        @set:JvmSynthetic public var temporaryQuota: Long = 0
        public fun setTemporaryQuota(temporaryQuota: Long): Builder = apply { this.temporaryQuota = temporaryQuota }

        /**
         * How many bytes of temporary files to keep when the session closes or the process crashes. The next session
         * of the same mini program and user takes them over under the same paths, and they count against its
         * [temporaryQuota]. The oldest files are deleted first. After a crash, the next session deletes them when it
         * opens, by its own value of this option. At most [temporaryQuota]. Default: 0, temporary files live for one
         * session. WeChat's documentation names 2 GiB. Temporary files are not flushed: after a power failure, one
         * that was written shortly before may be empty or incomplete.
         */
        @set:JvmSynthetic public var temporaryRetention: Long = 0
        public fun setTemporaryRetention(temporaryRetention: Long): Builder = apply { this.temporaryRetention = temporaryRetention }

        /**
         * Whether several sessions may use the directory: [WXTransferStorageSharing.EXCLUSIVE] (default) or
         * [WXTransferStorageSharing.SHARED].
         */
        @set:JvmSynthetic public var storageSharing: WXTransferStorageSharing = WXTransferStorageSharing.EXCLUSIVE
        public fun setStorageSharing(storageSharing: WXTransferStorageSharing): Builder = apply { this.storageSharing = storageSharing }

        /**
         * Which local addresses need no entry in a domain list: [WXTransferLanPolicy.OWN_SUBNETS] (default),
         * [WXTransferLanPolicy.OFF] or [WXTransferLanPolicy.ALL_LOCAL]. The default follows WeChat from base library
         * 2.4.0 on. With an older [baseLibraryVersion], the default allows nothing.
         *
         * A redirect from a host name to an address of a subnet is refused, unless [skipDomainCheck] is set. A host
         * name that resolves to an address of the device itself is refused unless this is
         * [WXTransferLanPolicy.ALL_LOCAL]. The library reads the interfaces at each call to an IP address, at each
         * redirect to one, and for each new connection to a host name. On Android this needs version 7 (API 24).
         */
        @set:JvmSynthetic public var lanPolicy: WXTransferLanPolicy = WXTransferLanPolicy.OWN_SUBNETS
        public fun setLanPolicy(lanPolicy: WXTransferLanPolicy): Builder = apply { this.lanPolicy = lanPolicy }

        /** Set to `true` to allow `http` URLs beyond what [lanPolicy] allows. Default: `false` (`https` only). */
        @set:JvmSynthetic public var allowPlainHttp: Boolean = false
        public fun setAllowPlainHttp(allowPlainHttp: Boolean): Builder = apply { this.allowPlainHttp = allowPlainHttp }

        /** Set to `true` to skip the check against the domain lists. For development only. Default: `false`. */
        @set:JvmSynthetic public var skipDomainCheck: Boolean = false
        public fun setSkipDomainCheck(skipDomainCheck: Boolean): Builder = apply { this.skipDomainCheck = skipDomainCheck }

        /**
         * Set to `true` to never send an upload again once all of it was sent. Default: `false`, as in browsers: if a
         * kept connection ends before a byte of the answer, or the server ends it with the status 408 (RFC 9110
         * section 15.5.9), the upload is sent once more on a new connection. The server may then have received the
         * whole upload twice (RFC 9110 section 9.2.2). After [WXTransferSession.networkChanged] has ended the
         * connection, an upload that was sent completely is not sent again. An upload that was only partly sent is
         * sent again in every case.
         */
        @set:JvmSynthetic public var sendUploadsOnce: Boolean = false
        public fun setSendUploadsOnce(sendUploadsOnce: Boolean): Builder = apply { this.sendUploadsOnce = sendUploadsOnce }

        /**
         * The hosts that uploads may go to, each as `https://host`, `https://host:port` or `host[:port]`. An entry
         * without a scheme also allows `http` if [allowPlainHttp] is set. `http://host` requires [allowPlainHttp]. An
         * invalid entry fails the opening, and so does an IP address or a local name, such as `localhost`: [lanPolicy]
         * allows these. Default: `null`, no upload is allowed.
         */
        @set:JvmSynthetic public var uploadDomains: List<String> = emptyList()
        public fun setUploadDomains(uploadDomains: List<String>): Builder = apply { this.uploadDomains = uploadDomains }

        /**
         * The hosts that downloads may come from. Entries as in [uploadDomains]. If the list is empty, no download is
         * allowed.
         */
        @set:JvmSynthetic public var downloadDomains: List<String> = emptyList()
        public fun setDownloadDomains(downloadDomains: List<String>): Builder = apply { this.downloadDomains = downloadDomains }

        /**
         * CA certificates in PEM, which replace the system's trust store. Default: `null`, the system's trust store is
         * used.
         */
        @set:JvmSynthetic public var rootCertificates: String? = null
        public fun setRootCertificates(rootCertificates: String?): Builder = apply { this.rootCertificates = rootCertificates }

        /**
         * The proxy, as `http://[user:password@]host[:port]`. The user name and the password are percent-encoded. The
         * default port is 80. Every connection goes through it with `CONNECT`. Default: `null`, no proxy. The library
         * never reads proxy settings of the environment.
         */
        @set:JvmSynthetic public var proxy: String? = null
        public fun setProxy(proxy: String?): Builder = apply { this.proxy = proxy }

        /**
         * The number of attempts that may follow a task's first one. Any number, but all must fit within the deadline.
         * Default: 0. See `docs/resume-and-retry.md`.
         *
         * A download is retried if the host name has no address, if no connection can be made, also within the time
         * for one attempt (an equal share of the time that is left, at least 10 s), if the connection ends before the
         * whole answer (also during the TLS handshake), if it stalls ([lowSpeedLimit]), or if the status is 408, 429,
         * 502, 503 or 504. An upload is retried for the same reasons, but only if no byte of a request left the
         * device, or if [retryUploads] is set. A pipe cannot be read again, so an upload from a pipe is retried only
         * if no byte left the device.
         *
         * The task's result is that of the last attempt. A task that waits for its next attempt counts as running.
         */
        @set:JvmSynthetic public var maxRetries: Int = 0
        public fun setMaxRetries(maxRetries: Int): Builder = apply { this.maxRetries = maxRetries }

        /**
         * The longest wait before the second attempt, in milliseconds. Any number. Each wait is a random part of the
         * longest wait, which doubles with each attempt, up to 30 s. If the answer has a longer `Retry-After`, that is
         * the wait. If the wait would pass the deadline, no further attempt is made; this also holds while the
         * deadline is suspended. Default: 0, which means 500.
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
         * Set to `true` to also retry uploads that may have reached the server. Set it only if every server treats two
         * uploads with the same `Idempotency-Key` as one: the library sends this header with each upload, with the
         * same value in each attempt, unless the page sets it. It has no effect without [maxRetries]. Together with
         * [sendUploadsOnce], opening fails with [WXTransferStatus.INVALID_ARGUMENT]. Default: `false`.
         */
        @set:JvmSynthetic public var retryUploads: Boolean = false
        public fun setRetryUploads(retryUploads: Boolean): Builder = apply { this.retryUploads = retryUploads }

        /**
         * Whether a download that breaks off continues where it stopped: [WXTransferResume.OFF] (default),
         * [WXTransferResume.WITHIN_TASK] or [WXTransferResume.ACROSS_LAUNCHES]. See `docs/resume-and-retry.md`.
         *
         * The library requests the rest with `Range` and `If-Range`. It does so only if the first answer was a 200 of
         * known size without a content coding, came from the origin of the URL, and had a strong `ETag` or a
         * `Last-Modified` at least 60 s older than its `Date`, and if the page's headers have no `Range` and no
         * `If-…`. An attempt that follows one which received more of the file than any before does not count as a
         * retry, so it needs no [maxRetries].
         */
        @set:JvmSynthetic public var resume: WXTransferResume = WXTransferResume.OFF
        public fun setResume(resume: WXTransferResume): Builder = apply { this.resume = resume }

        /**
         * The most bytes per second that all tasks of the session together may send and receive, including heads and
         * TLS. Default: 0, no limit. Any other value is valid. Tasks that could use more get equal shares; the unused
         * share of a task goes to the others. [WXTransferSession.setMaxBytesPerSecond] changes it. Deadlines are not
         * extended: raise them with [maxTimeoutMillis]. See `docs/rates.md`.
         */
        @set:JvmSynthetic public var maxBytesPerSecond: Long = 0
        public fun setMaxBytesPerSecond(maxBytesPerSecond: Long): Builder = apply { this.maxBytesPerSecond = maxBytesPerSecond }

        /**
         * The fewest bytes per second on a task's connection. If the connection is slower for [lowSpeedTimeMillis],
         * the task fails with [WXTransferErrno.TIMEOUT], [WXTransferCategory.TIMEOUT] and the detail `stalled`,
         * retryable; or it is tried again, as after a closed connection ([maxRetries], [resume]). Only the time in
         * which the task waits for its own connection counts, including the wait for the response, but not the queue,
         * look-ups, a wait for [maxBytesPerSecond], or the wait for a connection that [WXTransferSession.prepare] is
         * opening. Default: 0, no minimum. [WXTransferStatus.INVALID_ARGUMENT] if only one of this and
         * [lowSpeedTimeMillis] is set.
         */
        @set:JvmSynthetic public var lowSpeedLimit: Long = 0
        public fun setLowSpeedLimit(lowSpeedLimit: Long): Builder = apply { this.lowSpeedLimit = lowSpeedLimit }

        /**
         * How long a connection may be slower than [lowSpeedLimit], in milliseconds. Any number. Default: 0, no
         * minimum speed. [WXTransferStatus.INVALID_ARGUMENT] if only one of the two is set.
         */
        @set:JvmSynthetic public var lowSpeedTimeMillis: Long = 0
        public fun setLowSpeedTimeMillis(lowSpeedTimeMillis: Long): Builder = apply { this.lowSpeedTimeMillis = lowSpeedTimeMillis }

        /** [lowSpeedTimeMillis] as a duration. */
        public var lowSpeedTime: Duration
            get() = lowSpeedTimeMillis.milliseconds
            set(duration) {
                lowSpeedTimeMillis = duration.toMillis()
            }

        /**
         * Set to `true` if transfers wait for the app's return instead of ending with `interrupted`. Default: `false`.
         * See `docs/long-transfers.md`.
         *
         * Deadlines are suspended from [WXTransferSession.enterBackground] to [WXTransferSession.enterForeground]. All
         * connections end after 5 s in the background, or at the return if the system suspended the app earlier. A
         * download starts its next attempt at the return: with [resume] it continues, else it starts anew. An upload
         * of which a byte has left the device is sent again if [retryUploads] and [maxRetries] are set, else it ends
         * with `interrupted`. These attempts do not count as retries, so a download needs no [maxRetries]. Calls in
         * the background are accepted, and wait. `onHeadersReceived` of a download comes when its body is complete.
         */
        @set:JvmSynthetic public var waitInBackground: Boolean = false
        public fun setWaitInBackground(waitInBackground: Boolean): Builder = apply { this.waitInBackground = waitInBackground }
        // Generated until here

        /** The platform of the WeChat client whose quirks apply. Default: [WXTransferPlatform.ANDROID]. */
        @set:JvmSynthetic public var platform: WXTransferPlatform = WXTransferPlatform.ANDROID
        public fun setPlatform(platform: WXTransferPlatform): Builder = apply { this.platform = platform }

        /** Public keys that hosts must present, in addition to a valid certificate chain. Default: empty, no pins. */
        @set:JvmSynthetic public var pins: List<WXTransferPin> = emptyList()
        public fun setPins(pins: List<WXTransferPin>): Builder = apply { this.pins = pins }

        /** The app's own name resolution. Default: `null`, the system's resolver. */
        @set:JvmSynthetic public var resolver: WXTransferResolver? = null
        public fun setResolver(resolver: WXTransferResolver?): Builder = apply { this.resolver = resolver }

        /**
         * Where callbacks run, such as the main thread's executor. Default: `null`, a thread of the session. Jobs that the
         * executor rejects run on a thread of the library. The executor must run every job that it accepts: if it drops one, no
         * further callback runs until [WXTransferSession.close].
         */
        @set:JvmSynthetic public var executor: Executor? = null
        public fun setExecutor(executor: Executor?): Builder = apply { this.executor = executor }

        /** Receives the session's log messages. Default: `null`, they are discarded. */
        @set:JvmSynthetic public var logger: WXTransferLogger? = null
        public fun setLogger(logger: WXTransferLogger?): Builder = apply { this.logger = logger }

        /** The app's own certificate for servers that ask for one (mutual TLS). Default: `null`, no certificate. */
        @set:JvmSynthetic public var clientCertificate: WXTransferClientCertificate? = null
        public fun setClientCertificate(clientCertificate: WXTransferClientCertificate?): Builder =
            apply { this.clientCertificate = clientCertificate }

        /** Throws [IllegalArgumentException] if a number is negative. */
        public fun build(): WXTransferSessionOptions {
            require(numbers().all { it >= 0 }) { "a number of the options is negative" }
            return WXTransferSessionOptions(clone())
        }

        /** All numbers in the order of the C struct, which `jni/src/structs.rs` expects. */
        internal fun numbers(): LongArray = longArrayOf(
            // Generated from wxtransfer.h: numbers WxtSessionOptions
            platform.value.toLong(),
            pathPolicy.value.toLong(),
            maxConcurrentUploads.toLong(),
            maxConcurrentDownloads.toLong(),
            defaultUploadTimeoutMillis.toNativeMillis(),
            defaultDownloadTimeoutMillis.toNativeMillis(),
            maxTimeoutMillis.toNativeMillis(),
            maxDownloadSize,
            maxDataSize,
            storageQuota,
            temporaryQuota,
            temporaryRetention,
            storageSharing.value.toLong(),
            lanPolicy.value.toLong(),
            if (allowPlainHttp) 1L else 0L,
            if (skipDomainCheck) 1L else 0L,
            if (sendUploadsOnce) 1L else 0L,
            maxRetries.toLong(),
            retryDelayMillis.toNativeMillis(),
            if (retryUploads) 1L else 0L,
            resume.value.toLong(),
            maxBytesPerSecond,
            lowSpeedLimit,
            lowSpeedTimeMillis.toNativeMillis(),
            if (waitInBackground) 1L else 0L,
            // Generated until here
        )

        /** All texts in the order of the C struct. */
        internal fun texts(): List<String?> = listOf(
            // Generated from wxtransfer.h: texts WxtSessionOptions
            appId,
            appVersion,
            userId,
            clientVersion,
            baseLibraryVersion,
            userAgent,
            referer,
            pathScheme,
            dataDirectory,
            rootCertificates,
            proxy,
            // Generated until here
        )

        public override fun clone(): Builder {
            val copy = super.clone() as Builder
            copy.uploadDomains = uploadDomains.toList()
            copy.downloadDomains = downloadDomains.toList()
            copy.pins = pins.toList()
            return copy
        }
    }
}

/** Makes a [WXTransferSessionOptions] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferSessionOptions(
    appId: String,
    clientVersion: String,
    dataDirectory: String,
    set: WXTransferSessionOptions.Builder.() -> Unit = {},
): WXTransferSessionOptions = WXTransferSessionOptions.Builder(appId, clientVersion, dataDirectory).apply(set).build()
