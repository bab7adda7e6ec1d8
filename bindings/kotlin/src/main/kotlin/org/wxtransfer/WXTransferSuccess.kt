package org.wxtransfer

/** The result of a task that got an answer: `WxtSuccess` of the C interface. */
public sealed interface WXTransferSuccess {
    /** `uploadFile:ok` or `downloadFile:ok`. */
    public val errMsg: String

    /** The HTTP status. Any status is a success. */
    public val statusCode: Int

    /**
     * Of a download: the size of the file in bytes. Of an upload: the size of the answer's body in bytes, before it was converted
     * to text.
     */
    public val dataLength: Long

    /** The headers in the order of the response, including duplicates. Set on every base library. */
    public val header: List<Pair<String, String>>

    /** The values of `Set-Cookie`, one for each field. */
    public val cookies: List<String>
        get() = header.filter { (name, _) -> name.equals("Set-Cookie", ignoreCase = true) }.map { (_, value) -> value }

    /**
     * When the steps of the task happened. `null` if the request disables it, for a download on base libraries before 2.10.4, and
     * for an upload on base libraries before 3.5.0.
     */
    public val profile: WXTransferProfile?

    /** The number of attempts that the task made. */
    public val attempts: Int

    /**
     * With `resume`: how many bytes of a download's file existed before the final answer, which contained only the rest. 0 if
     * the final answer contained the whole file, and for an upload.
     */
    public val resumedFrom: Long
}

/** The result of an upload: the value that `success` of `wx.uploadFile` receives. */
public class WXTransferUploadSuccess private constructor(private val values: Builder) : WXTransferSuccess {
    override val errMsg: String get() = values.errMsg

    override val statusCode: Int get() = values.statusCode

    /** [Builder.data]. */
    public val data: String get() = values.data

    override val dataLength: Long get() = values.dataLength

    override val header: List<Pair<String, String>> get() = values.header

    override val profile: WXTransferProfile? get() = values.profile

    override val attempts: Int get() = values.attempts

    override val resumedFrom: Long get() = values.resumedFrom

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** A copy with the values that [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferUploadSuccess = toBuilder().apply(change).build()

    /** For logs: the answer by its length only, header names without their values. */
    override fun toString(): String = Redaction.text(
        "WXTransferUploadSuccess",
        "errMsg" to errMsg,
        "statusCode" to statusCode,
        "data" to Redaction.length(data),
        "dataLength" to dataLength,
        "header" to Redaction.names(header),
        "profile" to profile,
        "attempts" to attempts,
        "resumedFrom" to resumedFrom,
    )

    /** Makes an [WXTransferUploadSuccess]. */
    public class Builder : Cloneable {
        /** [WXTransferSuccess.errMsg]. */
        @set:JvmSynthetic public var errMsg: String = "uploadFile:ok"
        public fun setErrMsg(errMsg: String): Builder = apply { this.errMsg = errMsg }

        /** [WXTransferSuccess.statusCode]. */
        @set:JvmSynthetic public var statusCode: Int = 200
        public fun setStatusCode(statusCode: Int): Builder = apply { this.statusCode = statusCode }

        /** The answer's body as text. */
        @set:JvmSynthetic public var data: String = ""
        public fun setData(data: String): Builder = apply { this.data = data }

        /** [WXTransferSuccess.dataLength]. */
        @set:JvmSynthetic public var dataLength: Long = 0
        public fun setDataLength(dataLength: Long): Builder = apply { this.dataLength = dataLength }

        /** [WXTransferSuccess.header]. */
        @set:JvmSynthetic public var header: List<Pair<String, String>> = emptyList()
        public fun setHeader(header: List<Pair<String, String>>): Builder = apply { this.header = header }

        /** [WXTransferSuccess.profile]. */
        @set:JvmSynthetic public var profile: WXTransferProfile? = null
        public fun setProfile(profile: WXTransferProfile?): Builder = apply { this.profile = profile }

        /** [WXTransferSuccess.attempts]. */
        @set:JvmSynthetic public var attempts: Int = 1
        public fun setAttempts(attempts: Int): Builder = apply { this.attempts = attempts }

        /** [WXTransferSuccess.resumedFrom]. */
        @set:JvmSynthetic public var resumedFrom: Long = 0
        public fun setResumedFrom(resumedFrom: Long): Builder = apply { this.resumedFrom = resumedFrom }

        /** Makes the object from the current values. */
        public fun build(): WXTransferUploadSuccess = WXTransferUploadSuccess(clone())

        public override fun clone(): Builder = (super.clone() as Builder).setHeader(header.toList())
    }
}

/** Makes an [WXTransferUploadSuccess] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferUploadSuccess(set: WXTransferUploadSuccess.Builder.() -> Unit = {}): WXTransferUploadSuccess =
    WXTransferUploadSuccess.Builder().apply(set).build()

/** The result of a download: the value that `success` of `wx.downloadFile` receives. */
public class WXTransferDownloadSuccess private constructor(private val values: Builder) : WXTransferSuccess {
    override val errMsg: String get() = values.errMsg

    override val statusCode: Int get() = values.statusCode

    /** [Builder.tempFilePath]. */
    public val tempFilePath: String? get() = values.tempFilePath

    /** [Builder.filePath]. */
    public val filePath: String? get() = values.filePath

    /** [Builder.nativePath]. */
    public val nativePath: String get() = values.nativePath

    override val dataLength: Long get() = values.dataLength

    override val header: List<Pair<String, String>> get() = values.header

    override val profile: WXTransferProfile? get() = values.profile

    override val attempts: Int get() = values.attempts

    override val resumedFrom: Long get() = values.resumedFrom

    /** [Builder.sha256]. */
    public val sha256: String? get() = values.sha256

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** A copy with the values that [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferDownloadSuccess = toBuilder().apply(change).build()

    /** For logs: header names without their values. */
    override fun toString(): String = Redaction.text(
        "WXTransferDownloadSuccess",
        "errMsg" to errMsg,
        "statusCode" to statusCode,
        "tempFilePath" to tempFilePath,
        "filePath" to filePath,
        "nativePath" to nativePath,
        "dataLength" to dataLength,
        "header" to Redaction.names(header),
        "profile" to profile,
        "attempts" to attempts,
        "resumedFrom" to resumedFrom,
        "sha256" to sha256,
    )

    /** Makes a [WXTransferDownloadSuccess]. */
    public class Builder : Cloneable {
        /** [WXTransferSuccess.errMsg]. */
        @set:JvmSynthetic public var errMsg: String = "downloadFile:ok"
        public fun setErrMsg(errMsg: String): Builder = apply { this.errMsg = errMsg }

        /** [WXTransferSuccess.statusCode]. */
        @set:JvmSynthetic public var statusCode: Int = 200
        public fun setStatusCode(statusCode: Int): Builder = apply { this.statusCode = statusCode }

        /** The page's path of a download without `filePath`. `null` otherwise. */
        @set:JvmSynthetic public var tempFilePath: String? = null
        public fun setTempFilePath(tempFilePath: String?): Builder = apply { this.tempFilePath = tempFilePath }

        /** The page's path of a download with `filePath`. `null` otherwise. */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /** The downloaded file's path on the device, for the app. */
        @set:JvmSynthetic public var nativePath: String = ""
        public fun setNativePath(nativePath: String): Builder = apply { this.nativePath = nativePath }

        /** [WXTransferSuccess.dataLength]. */
        @set:JvmSynthetic public var dataLength: Long = 0
        public fun setDataLength(dataLength: Long): Builder = apply { this.dataLength = dataLength }

        /** [WXTransferSuccess.header]. */
        @set:JvmSynthetic public var header: List<Pair<String, String>> = emptyList()
        public fun setHeader(header: List<Pair<String, String>>): Builder = apply { this.header = header }

        /** [WXTransferSuccess.profile]. */
        @set:JvmSynthetic public var profile: WXTransferProfile? = null
        public fun setProfile(profile: WXTransferProfile?): Builder = apply { this.profile = profile }

        /** [WXTransferSuccess.attempts]. */
        @set:JvmSynthetic public var attempts: Int = 1
        public fun setAttempts(attempts: Int): Builder = apply { this.attempts = attempts }

        /** [WXTransferSuccess.resumedFrom]. */
        @set:JvmSynthetic public var resumedFrom: Long = 0
        public fun setResumedFrom(resumedFrom: Long): Builder = apply { this.resumedFrom = resumedFrom }

        /**
         * The file's SHA-256 in lower-case hexadecimal digits. `null` unless the request sets `wantSha256` or `expectedSha256`.
         */
        @set:JvmSynthetic public var sha256: String? = null
        public fun setSha256(sha256: String?): Builder = apply { this.sha256 = sha256 }

        /** Makes the object from the current values. */
        public fun build(): WXTransferDownloadSuccess = WXTransferDownloadSuccess(clone())

        public override fun clone(): Builder = (super.clone() as Builder).setHeader(header.toList())
    }
}

/** Makes a [WXTransferDownloadSuccess] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferDownloadSuccess(set: WXTransferDownloadSuccess.Builder.() -> Unit = {}): WXTransferDownloadSuccess =
    WXTransferDownloadSuccess.Builder().apply(set).build()
