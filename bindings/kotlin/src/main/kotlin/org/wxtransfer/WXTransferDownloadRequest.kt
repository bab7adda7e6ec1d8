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

    /** The same with what [change] sets. */
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
        /** What to download. */
        @set:JvmSynthetic public var url: String = url
        public fun setUrl(url: String): Builder = apply { this.url = url }

        /** Request headers, in order. `Referer` and the connection's own are dropped. */
        @set:JvmSynthetic public var header: List<Pair<String, String>> = emptyList()
        public fun setHeader(header: List<Pair<String, String>>): Builder = apply { this.header = header }

        /** Appends to [header]. */
        public fun addHeader(name: String, value: String): Builder = apply { header += name to value }

        /** A `wxfile://usr/` path to store the file at. `null` is a temporary file. */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /**
         * The deadline in milliseconds, counted from when the task leaves the queue. Default: 0, the session's
         * [WXTransferSessionOptions.Builder.defaultDownloadTimeoutMillis]. A value above
         * [WXTransferSessionOptions.Builder.maxTimeoutMillis] is reduced to it.
         */
        @set:JvmSynthetic public var timeoutMillis: Long = 0
        public fun setTimeoutMillis(timeoutMillis: Long): Builder = apply { this.timeoutMillis = timeoutMillis }

        /** [timeoutMillis] as a duration. */
        public var timeout: Duration
            get() = timeoutMillis.milliseconds
            set(duration) {
                timeoutMillis = duration.toMillis()
            }

        /** A page's `enableProfile: false`: the result comes without a profile. */
        @set:JvmSynthetic public var disableProfile: Boolean = false
        public fun setDisableProfile(disableProfile: Boolean): Builder = apply { this.disableProfile = disableProfile }

        /**
         * The expected SHA-256 of the file, as 64 hexadecimal digits. If the file has another one, the task fails with
         * [WXTransferCategory.INTEGRITY], whatever the HTTP status, and no file is created. `null`: not checked.
         */
        @set:JvmSynthetic public var expectedSha256: String? = null
        public fun setExpectedSha256(expectedSha256: String?): Builder = apply { this.expectedSha256 = expectedSha256 }

        /** The expected length of the file in bytes. If the file has another length, the task fails likewise. 0: not checked. */
        @set:JvmSynthetic public var expectedLength: Long = 0
        public fun setExpectedLength(expectedLength: Long): Builder = apply { this.expectedLength = expectedLength }

        /** The result has the SHA-256 of the file. */
        @set:JvmSynthetic public var wantSha256: Boolean = false
        public fun setWantSha256(wantSha256: Boolean): Builder = apply { this.wantSha256 = wantSha256 }

        /**
         * Checks the digest that a 200 answer declares of its body (`Repr-Digest`, `Content-MD5`, the CRC64 of COS and OSS). If the body
         * has another one, the task fails likewise.
         */
        @set:JvmSynthetic public var verifyDigest: Boolean = false
        public fun setVerifyDigest(verifyDigest: Boolean): Builder = apply { this.verifyDigest = verifyDigest }

        /** As in [WXTransferUploadRequest]. */
        @set:JvmSynthetic public var needsUnmetered: Boolean = false
        public fun setNeedsUnmetered(needsUnmetered: Boolean): Builder = apply { this.needsUnmetered = needsUnmetered }

        /** As in [WXTransferUploadRequest]. */
        @set:JvmSynthetic public var maxBytesPerSecond: Long = 0
        public fun setMaxBytesPerSecond(maxBytesPerSecond: Long): Builder = apply { this.maxBytesPerSecond = maxBytesPerSecond }

        /** As in [WXTransferUploadRequest]. */
        @set:JvmSynthetic public var priority: Int = 0
        public fun setPriority(priority: Int): Builder = apply { this.priority = priority }

        /** Throws [IllegalArgumentException] where a number is negative. */
        public fun build(): WXTransferDownloadRequest {
            require(timeoutMillis >= 0 && expectedLength >= 0 && maxBytesPerSecond >= 0) { "a number of the request is negative" }
            return WXTransferDownloadRequest(clone())
        }

        public override fun clone(): Builder = (super.clone() as Builder).setHeader(header.toList())
    }
}

/** A [WXTransferDownloadRequest] with what [set] sets. */
@JvmSynthetic
public inline fun WXTransferDownloadRequest(
    url: String,
    set: WXTransferDownloadRequest.Builder.() -> Unit = {},
): WXTransferDownloadRequest = WXTransferDownloadRequest.Builder(url).apply(set).build()
