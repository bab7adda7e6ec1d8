package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** The parameters of `wx.downloadFile`: `WxtDownloadRequest` of the C interface. */
public class WXTransferDownloadRequest private constructor(private val values: Builder) {
    /** [Builder.url]. */
    public val url: String get() = values.url

    /** [Builder.header]. */
    public val header: List<Pair<String, String>> get() = values.header

    /** [Builder.filePath]. */
    public val filePath: String? get() = values.filePath

    /** [Builder.timeoutMillis]. */
    public val timeoutMillis: Long get() = values.timeoutMillis

    /** [timeoutMillis] as a duration. */
    public val timeout: Duration get() = values.timeout

    /** [Builder.disableProfile]. */
    public val disableProfile: Boolean get() = values.disableProfile

    /** [Builder.expectedSha256]. */
    public val expectedSha256: String? get() = values.expectedSha256

    /** [Builder.expectedLength]. */
    public val expectedLength: Long get() = values.expectedLength

    /** [Builder.wantSha256]. */
    public val wantSha256: Boolean get() = values.wantSha256

    /** [Builder.verifyDigest]. */
    public val verifyDigest: Boolean get() = values.verifyDigest

    /** [Builder.needsUnmetered]. */
    public val needsUnmetered: Boolean get() = values.needsUnmetered

    /** [Builder.maxBytesPerSecond]. */
    public val maxBytesPerSecond: Long get() = values.maxBytesPerSecond

    /** [Builder.priority]. */
    public val priority: Int get() = values.priority

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** A copy with the values that [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferDownloadRequest = toBuilder().apply(change).build()

    /** For logs: header names without their values, the URL without user-info and query. */
    override fun toString(): String = Redaction.text(
        "WXTransferDownloadRequest",
        "url" to Redaction.url(url),
        "header" to Redaction.names(header),
        "filePath" to filePath,
        "timeoutMillis" to timeoutMillis,
        "disableProfile" to disableProfile,
        "expectedSha256" to expectedSha256,
        "expectedLength" to expectedLength,
        "wantSha256" to wantSha256,
        "verifyDigest" to verifyDigest,
        "needsUnmetered" to needsUnmetered,
        "maxBytesPerSecond" to maxBytesPerSecond,
        "priority" to priority,
    )

    /** Makes a [WXTransferDownloadRequest]. */
    public class Builder(url: String) : Cloneable {
        /** What to download. An empty one fails with [WXTransferErrno.INVALID_URL]. */
        @set:JvmSynthetic public var url: String = url
        public fun setUrl(url: String): Builder = apply { this.url = url }

        /**
         * Request headers, sent in this order and with this spelling. `Referer` and headers of the connection such as `Host` are
         * dropped. Default: none.
         */
        @set:JvmSynthetic public var header: List<Pair<String, String>> = emptyList()
        public fun setHeader(header: List<Pair<String, String>>): Builder = apply { this.header = header }

        /** Appends to [header]. */
        public fun addHeader(name: String, value: String): Builder = apply { header += name to value }

        /** The `wxfile://usr/` path to store the file at. Default: `null`, a temporary file. */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /**
         * The deadline in milliseconds, counted from when the task leaves the queue. A value above
         * [WXTransferSessionOptions.Builder.maxTimeoutMillis] is reduced to it. Default: 0, the session's
         * [WXTransferSessionOptions.Builder.defaultDownloadTimeoutMillis].
         */
        @set:JvmSynthetic public var timeoutMillis: Long = 0
        public fun setTimeoutMillis(timeoutMillis: Long): Builder = apply { this.timeoutMillis = timeoutMillis }

        /** [timeoutMillis] as a duration. */
        public var timeout: Duration
            get() = timeoutMillis.milliseconds
            set(duration) {
                timeoutMillis = duration.toMillis()
            }

        /**
         * Set to `true` for a page's `enableProfile: false`: the result has no profile. Default: `false`, the result has one, as
         * in WeChat.
         */
        @set:JvmSynthetic public var disableProfile: Boolean = false
        public fun setDisableProfile(disableProfile: Boolean): Builder = apply { this.disableProfile = disableProfile }

        /**
         * The expected SHA-256 of the file, as 64 hexadecimal digits in upper or lower case. If the file has another one, the
         * task fails with [WXTransferCategory.INTEGRITY], whatever the HTTP status, and no file is created. Any other text fails
         * with [WXTransferErrno.PARAMETER], and nothing is sent. Default: `null`, not checked.
         */
        @set:JvmSynthetic public var expectedSha256: String? = null
        public fun setExpectedSha256(expectedSha256: String?): Builder = apply { this.expectedSha256 = expectedSha256 }

        /**
         * The expected length of the file in bytes. If the file has another length, the task fails with
         * [WXTransferCategory.INTEGRITY] as soon as the length is known, and no file is created. Default: 0, not checked.
         */
        @set:JvmSynthetic public var expectedLength: Long = 0
        public fun setExpectedLength(expectedLength: Long): Builder = apply { this.expectedLength = expectedLength }

        /**
         * Set to `true` to get the file's SHA-256 in [WXTransferDownloadSuccess]. Default: `false`, it is set only if
         * `expectedSha256` is.
         */
        @set:JvmSynthetic public var wantSha256: Boolean = false
        public fun setWantSha256(wantSha256: Boolean): Builder = apply { this.wantSha256 = wantSha256 }

        /**
         * Set to `true` to check the digest that a 200 answer declares of its body. If the body has another one, the task fails
         * with [WXTransferCategory.INTEGRITY], and no file is created. Default: `false`, not checked. See `docs/integrity.md`.
         *
         * If the answer declares several digests, the first one in this order is used: `Repr-Digest` with `sha-512`,
         * `Repr-Digest` with `sha-256`, `Content-MD5`, `x-cos-hash-crc64ecma`, `x-oss-hash-crc64ecma`. An answer without a digest
         * is not checked. With this option the request has `Accept-Encoding: identity`, unless [header] has `Accept-Encoding`.
         */
        @set:JvmSynthetic public var verifyDigest: Boolean = false
        public fun setVerifyDigest(verifyDigest: Boolean): Builder = apply { this.verifyDigest = verifyDigest }

        /**
         * Set to `true` to keep the task in the queue while the network is metered or roaming, as
         * [WXTransferSession.networkChanged] reported it. The deadline does not run meanwhile. If the network becomes metered
         * after the task has started, the task keeps its connection, but opens no other one: a redirect and its next attempt
         * wait. Default: `false`.
         */
        @set:JvmSynthetic public var needsUnmetered: Boolean = false
        public fun setNeedsUnmetered(needsUnmetered: Boolean): Builder = apply { this.needsUnmetered = needsUnmetered }

        /**
         * The most bytes per second that the task may send and receive together, including heads and TLS. Default: 0, no limit
         * except the session's, which always applies too. [WXTransferTask.setMaxBytesPerSecond] changes it.
         */
        @set:JvmSynthetic public var maxBytesPerSecond: Long = 0
        public fun setMaxBytesPerSecond(maxBytesPerSecond: Long): Builder = apply { this.maxBytesPerSecond = maxBytesPerSecond }

        /**
         * The priority in the queue of downloads: waiting tasks with the highest number start first, and tasks with the same
         * number in the order of their calls. Any number. Default: 0. A running task is never stopped for another.
         */
        @set:JvmSynthetic public var priority: Int = 0
        public fun setPriority(priority: Int): Builder = apply { this.priority = priority }

        /** Throws [IllegalArgumentException] if a number is negative. */
        public fun build(): WXTransferDownloadRequest {
            require(timeoutMillis >= 0 && expectedLength >= 0 && maxBytesPerSecond >= 0) { "a number of the request is negative" }
            return WXTransferDownloadRequest(clone())
        }

        public override fun clone(): Builder = (super.clone() as Builder).setHeader(header.toList())
    }
}

/** Makes a [WXTransferDownloadRequest] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferDownloadRequest(
    url: String,
    set: WXTransferDownloadRequest.Builder.() -> Unit = {},
): WXTransferDownloadRequest = WXTransferDownloadRequest.Builder(url).apply(set).build()
