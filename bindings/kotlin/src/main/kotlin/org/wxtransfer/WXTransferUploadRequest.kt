package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/** The parameters of `wx.uploadFile`: `WxtUploadRequest` of the C interface. */
public class WXTransferUploadRequest private constructor(private val values: Builder) {
    /** [Builder.url]. */
    public val url: String get() = values.url

    /** [Builder.filePath]. */
    public val filePath: String? get() = values.filePath

    /** [Builder.name]. */
    public val name: String get() = values.name

    /** [Builder.header]. */
    public val header: List<Pair<String, String>> get() = values.header

    /** [Builder.formData]. */
    public val formData: List<Pair<String, String>> get() = values.formData

    /** [Builder.fileName]. */
    public val fileName: String? get() = values.fileName

    /** [Builder.timeoutMillis]. */
    public val timeoutMillis: Long get() = values.timeoutMillis

    /** [timeoutMillis] as a duration. */
    public val timeout: Duration get() = values.timeout

    /** [Builder.disableProfile]. */
    public val disableProfile: Boolean get() = values.disableProfile

    /** [Builder.fileDescriptor]. */
    public val fileDescriptor: Int? get() = values.fileDescriptor

    /** [Builder.fileLength]. */
    public val fileLength: Long get() = values.fileLength

    /** [Builder.needsUnmetered]. */
    public val needsUnmetered: Boolean get() = values.needsUnmetered

    /** [Builder.data]. */
    public val data: ByteArray? get() = values.data

    /** [Builder.parts]. */
    public val parts: List<WXTransferUploadPart> get() = values.parts

    /** [Builder.method]. */
    public val method: WXTransferMethod get() = values.method

    /** [Builder.raw]. */
    public val raw: Boolean get() = values.raw

    /** [Builder.maxBytesPerSecond]. */
    public val maxBytesPerSecond: Long get() = values.maxBytesPerSecond

    /** [Builder.priority]. */
    public val priority: Int get() = values.priority

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** The same with what [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferUploadRequest = toBuilder().apply(change).build()

    /** For logs: header and form field names without their values, the URL without user-info and query. */
    override fun toString(): String = Redaction.text(
        "WXTransferUploadRequest",
        "url" to Redaction.url(url),
        "filePath" to filePath,
        "name" to name,
        "header" to Redaction.names(header),
        "formData" to Redaction.names(formData),
        "fileName" to fileName,
        "timeoutMillis" to timeoutMillis,
        "disableProfile" to disableProfile,
        "fileDescriptor" to fileDescriptor,
        "fileLength" to fileLength,
        "needsUnmetered" to needsUnmetered,
        "data" to Redaction.length(data),
        "parts" to parts,
        "method" to method,
        "raw" to raw,
        "maxBytesPerSecond" to maxBytesPerSecond,
        "priority" to priority,
    )

    /** Makes an [WXTransferUploadRequest]. */
    public class Builder(url: String) : Cloneable {
        /** Where the file goes. */
        @set:JvmSynthetic public var url: String = url
        public fun setUrl(url: String): Builder = apply { this.url = url }

        /** The file, as a `wxfile://` path, or as an absolute path under [WXTransferPathPolicy.NATIVE]. */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /** The form field name of the file. Required, unless [parts] or [raw] is set. */
        @set:JvmSynthetic public var name: String = ""
        public fun setName(name: String): Builder = apply { this.name = name }

        /** Request headers, in order. `Referer`, `Content-Type` (unless [raw] is set) and headers of the connection are dropped. */
        @set:JvmSynthetic public var header: List<Pair<String, String>> = emptyList()
        public fun setHeader(header: List<Pair<String, String>>): Builder = apply { this.header = header }

        /** Appends to [header]. */
        public fun addHeader(name: String, value: String): Builder = apply { header += name to value }

        /** Further fields of the form, sent in this order before the file. */
        @set:JvmSynthetic public var formData: List<Pair<String, String>> = emptyList()
        public fun setFormData(formData: List<Pair<String, String>>): Builder = apply { this.formData = formData }

        /** Appends to [formData]. */
        public fun addFormData(name: String, value: String): Builder = apply { formData += name to value }

        /** The `filename` that the server sees. `null` or empty is the last part of [filePath], else `blob`. */
        @set:JvmSynthetic public var fileName: String? = null
        public fun setFileName(fileName: String?): Builder = apply { this.fileName = fileName }

        /**
         * The deadline in milliseconds, counted from when the task leaves the queue. Default: 0, the session's
         * [WXTransferSessionOptions.Builder.defaultUploadTimeoutMillis]. A value above
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
         * An open file or pipe; [filePath] then only provides the file name. A file is read from its current offset. The descriptor is
         * duplicated before the call returns: the app keeps, and closes, its own.
         */
        @set:JvmSynthetic public var fileDescriptor: Int? = null
        public fun setFileDescriptor(fileDescriptor: Int?): Builder = apply { this.fileDescriptor = fileDescriptor }

        /** The number of bytes to read from a pipe. For a regular file use 0: everything from its offset to its end. */
        @set:JvmSynthetic public var fileLength: Long = 0
        public fun setFileLength(fileLength: Long): Builder = apply { this.fileLength = fileLength }

        /**
         * The task waits in the queue while the network is metered or roaming, as [WXTransferSession.networkChanged] reported it. Its
         * deadline does not run meanwhile.
         */
        @set:JvmSynthetic public var needsUnmetered: Boolean = false
        public fun setNeedsUnmetered(needsUnmetered: Boolean): Builder = apply { this.needsUnmetered = needsUnmetered }

        /** The content of the file; [filePath] then only provides the file name. It is copied, so upload large content from a file. */
        @set:JvmSynthetic public var data: ByteArray? = null
        public fun setData(data: ByteArray?): Builder = apply { this.data = data }

        /** Several files of one form, sent in this order after the form fields, instead of the single file. At most 100. */
        @set:JvmSynthetic public var parts: List<WXTransferUploadPart> = emptyList()
        public fun setParts(parts: List<WXTransferUploadPart>): Builder = apply { this.parts = parts }

        /** The request's method. */
        @set:JvmSynthetic public var method: WXTransferMethod = WXTransferMethod.POST
        public fun setMethod(method: WXTransferMethod): Builder = apply { this.method = method }

        /**
         * The body is the bytes of the file alone, as presigned URLs of object stores require. Its `Content-Type` is that of
         * [header], or missing. [name], [fileName], [formData] and [parts] must then be empty.
         */
        @set:JvmSynthetic public var raw: Boolean = false
        public fun setRaw(raw: Boolean): Builder = apply { this.raw = raw }

        /**
         * The most bytes per second that the task may send and receive together. 0: no limit except the session's, which always applies
         * too. [WXTransferTask.setMaxBytesPerSecond] changes it.
         */
        @set:JvmSynthetic public var maxBytesPerSecond: Long = 0
        public fun setMaxBytesPerSecond(maxBytesPerSecond: Long): Builder = apply { this.maxBytesPerSecond = maxBytesPerSecond }

        /**
         * The priority in the queue of uploads, or of downloads: waiting tasks with the highest number start first, and tasks with the
         * same number in the order of their calls. Any number.
         */
        @set:JvmSynthetic public var priority: Int = 0
        public fun setPriority(priority: Int): Builder = apply { this.priority = priority }

        /** Throws [IllegalArgumentException] where a number is negative. */
        public fun build(): WXTransferUploadRequest {
            require(timeoutMillis >= 0 && fileLength >= 0 && maxBytesPerSecond >= 0) { "a number of the request is negative" }
            return WXTransferUploadRequest(clone())
        }

        public override fun clone(): Builder {
            val copy = super.clone() as Builder
            copy.header = header.toList()
            copy.formData = formData.toList()
            copy.parts = parts.toList()
            return copy
        }
    }
}

/** An [WXTransferUploadRequest] with what [set] sets. */
@JvmSynthetic
public inline fun WXTransferUploadRequest(
    url: String,
    set: WXTransferUploadRequest.Builder.() -> Unit = {},
): WXTransferUploadRequest = WXTransferUploadRequest.Builder(url).apply(set).build()

/** One file of an upload that has several: `WxtUploadPart` of the C interface. */
public class WXTransferUploadPart private constructor(private val values: Builder) {
    /** [Builder.name]. */
    public val name: String get() = values.name

    /** [Builder.filePath]. */
    public val filePath: String? get() = values.filePath

    /** [Builder.fileName]. */
    public val fileName: String? get() = values.fileName

    /** [Builder.mediaType]. */
    public val mediaType: String? get() = values.mediaType

    /** [Builder.data]. */
    public val data: ByteArray? get() = values.data

    /** [Builder.fileDescriptor]. */
    public val fileDescriptor: Int? get() = values.fileDescriptor

    /** [Builder.fileLength]. */
    public val fileLength: Long get() = values.fileLength

    /** A builder with the same values. Kotlin has [copy]. */
    public fun toBuilder(): Builder = values.clone()

    /** The same with what [change] sets. */
    @JvmSynthetic
    public inline fun copy(change: Builder.() -> Unit): WXTransferUploadPart = toBuilder().apply(change).build()

    /** For logs: the content by its length only. */
    override fun toString(): String = Redaction.text(
        "WXTransferUploadPart",
        "name" to name,
        "filePath" to filePath,
        "fileName" to fileName,
        "mediaType" to mediaType,
        "data" to Redaction.length(data),
        "fileDescriptor" to fileDescriptor,
        "fileLength" to fileLength,
    )

    /** Makes a [WXTransferUploadPart]. */
    public class Builder(name: String) : Cloneable {
        /** The form field name of the file. */
        @set:JvmSynthetic public var name: String = name
        public fun setName(name: String): Builder = apply { this.name = name }

        /** The file, as in [WXTransferUploadRequest.filePath]. */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /** The `filename` that the server sees. `null` or empty is the last part of [filePath], else `blob`. */
        @set:JvmSynthetic public var fileName: String? = null
        public fun setFileName(fileName: String?): Builder = apply { this.fileName = fileName }

        /** The `Content-Type` of the part. `null` or empty: the extension of the file name decides it. */
        @set:JvmSynthetic public var mediaType: String? = null
        public fun setMediaType(mediaType: String?): Builder = apply { this.mediaType = mediaType }

        /** The content of the file; [filePath] then only provides the file name. */
        @set:JvmSynthetic public var data: ByteArray? = null
        public fun setData(data: ByteArray?): Builder = apply { this.data = data }

        /** As [WXTransferUploadRequest.fileDescriptor]. */
        @set:JvmSynthetic public var fileDescriptor: Int? = null
        public fun setFileDescriptor(fileDescriptor: Int?): Builder = apply { this.fileDescriptor = fileDescriptor }

        /** As [WXTransferUploadRequest.fileLength]. */
        @set:JvmSynthetic public var fileLength: Long = 0
        public fun setFileLength(fileLength: Long): Builder = apply { this.fileLength = fileLength }

        /** Throws [IllegalArgumentException] where a number is negative. */
        public fun build(): WXTransferUploadPart {
            require(fileLength >= 0) { "the length is negative" }
            return WXTransferUploadPart(clone())
        }

        public override fun clone(): Builder = super.clone() as Builder
    }
}

/** A [WXTransferUploadPart] with what [set] sets. */
@JvmSynthetic
public inline fun WXTransferUploadPart(
    name: String,
    set: WXTransferUploadPart.Builder.() -> Unit = {},
): WXTransferUploadPart = WXTransferUploadPart.Builder(name).apply(set).build()

/** The method of an upload, `WXT_METHOD_…` of the C interface. */
public enum class WXTransferMethod(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** WeChat's. */
    POST(0),

    /** For presigned URLs of object stores. */
    PUT(1),
}

/** Parts as `uploadFile` of [Native] takes them. */
internal class PartList(parts: List<WXTransferUploadPart>) {
    val texts = TextList(parts.flatMap { listOf(it.name, it.filePath, it.fileName, it.mediaType) })
    val data: Array<ByteArray?> = Array(parts.size) { parts[it].data }
    val numbers: LongArray =
        parts.flatMap { listOf(it.fileDescriptor?.toLong() ?: Long.MIN_VALUE, it.fileLength) }.toLongArray()
}

internal fun List<Pair<String, String>>.packed(): TextList = TextList(flatMap { listOf(it.first, it.second) })
