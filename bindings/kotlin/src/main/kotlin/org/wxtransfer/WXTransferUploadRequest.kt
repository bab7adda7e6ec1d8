package org.wxtransfer

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

/**
 * The parameters of `wx.uploadFile`: `WxtUploadRequest` of the C interface. The body is a multipart form with one file, unless
 * [parts] or [raw] is set. The file's content comes from [fileDescriptor] or [data] if one of them is set, else from [filePath].
 * See `docs/upload-bodies.md`.
 */
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

    /** A copy with the values that [change] sets. */
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
        /** Where to upload to. An empty one fails with [WXTransferErrno.INVALID_URL]. */
        @set:JvmSynthetic public var url: String = url
        public fun setUrl(url: String): Builder = apply { this.url = url }

        /**
         * The file to upload, as a `wxfile://` path, or as an absolute path with [WXTransferPathPolicy.NATIVE]. Required unless
         * [fileDescriptor], [data] or [parts] is set; with the first two it only provides the file name. Default: `null`.
         */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /** The form field name of the file. Required unless [parts] or [raw] is set. */
        @set:JvmSynthetic public var name: String = ""
        public fun setName(name: String): Builder = apply { this.name = name }

        /**
         * Request headers, sent in this order and with this spelling. `Referer`, `Content-Type` (unless [raw] is set) and headers
         * of the connection such as `Host` are dropped. Default: none.
         */
        @set:JvmSynthetic public var header: List<Pair<String, String>> = emptyList()
        public fun setHeader(header: List<Pair<String, String>>): Builder = apply { this.header = header }

        /** Appends to [header]. */
        public fun addHeader(name: String, value: String): Builder = apply { header += name to value }

        /** Further form fields, sent in this order before the file. Default: none. */
        @set:JvmSynthetic public var formData: List<Pair<String, String>> = emptyList()
        public fun setFormData(formData: List<Pair<String, String>>): Builder = apply { this.formData = formData }

        /** Appends to [formData]. */
        public fun addFormData(name: String, value: String): Builder = apply { formData += name to value }

        /**
         * The `filename` that the server receives. If `null` (default) or empty: the last component of [filePath], or `blob` if
         * there is none.
         */
        @set:JvmSynthetic public var fileName: String? = null
        public fun setFileName(fileName: String?): Builder = apply { this.fileName = fileName }

        /**
         * The deadline in milliseconds, counted from when the task leaves the queue. A value above
         * [WXTransferSessionOptions.Builder.maxTimeoutMillis] is reduced to it. Default: 0, the session's
         * [WXTransferSessionOptions.Builder.defaultUploadTimeoutMillis].
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
         * An open file or pipe whose content is uploaded; [filePath] then only provides the file name. A file is read from its
         * current offset. The descriptor is duplicated before the call returns: the app keeps its own and closes it. Default:
         * `null`, not used.
         */
        @set:JvmSynthetic public var fileDescriptor: Int? = null
        public fun setFileDescriptor(fileDescriptor: Int?): Builder = apply { this.fileDescriptor = fileDescriptor }

        /** The number of bytes to read from a pipe. Default: 0, for a regular file: everything from its offset to its end. */
        @set:JvmSynthetic public var fileLength: Long = 0
        public fun setFileLength(fileLength: Long): Builder = apply { this.fileLength = fileLength }

        /**
         * Set to `true` to keep the task in the queue while the network is metered or roaming, as
         * [WXTransferSession.networkChanged] reported it. The deadline does not run meanwhile. If the network becomes metered
         * after the task has started, the task keeps its connection, but opens no other one: a redirect and its next attempt
         * wait. Default: `false`.
         */
        @set:JvmSynthetic public var needsUnmetered: Boolean = false
        public fun setNeedsUnmetered(needsUnmetered: Boolean): Builder = apply { this.needsUnmetered = needsUnmetered }

        /**
         * The file's content in memory; [filePath] then only provides the file name. It is copied, so upload large content from a
         * file. An empty array is an empty file. Default: `null`, not used.
         */
        @set:JvmSynthetic public var data: ByteArray? = null
        public fun setData(data: ByteArray?): Builder = apply { this.data = data }

        /**
         * Several files of one form, sent in this order after the form fields. At most 100. If set, [filePath], [name],
         * [fileName], [data] and [fileDescriptor] must not be set. Default: empty, the single file that the properties above
         * describe.
         */
        @set:JvmSynthetic public var parts: List<WXTransferUploadPart> = emptyList()
        public fun setParts(parts: List<WXTransferUploadPart>): Builder = apply { this.parts = parts }

        /** The request's method. Default: [WXTransferMethod.POST], as in WeChat. */
        @set:JvmSynthetic public var method: WXTransferMethod = WXTransferMethod.POST
        public fun setMethod(method: WXTransferMethod): Builder = apply { this.method = method }

        /**
         * Set to `true` to send the bytes of the file alone as the body, as presigned URLs of object stores require. The
         * `Content-Type` is that of [header], or missing. [name], [fileName], [formData] and [parts] must then be empty. Default:
         * `false`, a multipart form.
         */
        @set:JvmSynthetic public var raw: Boolean = false
        public fun setRaw(raw: Boolean): Builder = apply { this.raw = raw }

        /**
         * The most bytes per second that the task may send and receive together, including heads and TLS. Default: 0, no limit
         * except the session's, which always applies too. [WXTransferTask.setMaxBytesPerSecond] changes it.
         */
        @set:JvmSynthetic public var maxBytesPerSecond: Long = 0
        public fun setMaxBytesPerSecond(maxBytesPerSecond: Long): Builder = apply { this.maxBytesPerSecond = maxBytesPerSecond }

        /**
         * The priority in the queue of uploads: waiting tasks with the highest number start first, and tasks with the same number
         * in the order of their calls. Any number. Default: 0. A running task is never stopped for another.
         */
        @set:JvmSynthetic public var priority: Int = 0
        public fun setPriority(priority: Int): Builder = apply { this.priority = priority }

        /** Throws [IllegalArgumentException] if a number is negative. */
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

/** Makes an [WXTransferUploadRequest] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferUploadRequest(
    url: String,
    set: WXTransferUploadRequest.Builder.() -> Unit = {},
): WXTransferUploadRequest = WXTransferUploadRequest.Builder(url).apply(set).build()

/**
 * One file of an upload with several files: `WxtUploadPart` of the C interface. Its content comes from [fileDescriptor] or [data]
 * if one of them is set, else from [filePath].
 */
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

    /** A copy with the values that [change] sets. */
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

        /** The file to upload, as in [WXTransferUploadRequest.filePath]. Default: `null`. */
        @set:JvmSynthetic public var filePath: String? = null
        public fun setFilePath(filePath: String?): Builder = apply { this.filePath = filePath }

        /**
         * The `filename` that the server receives. If `null` (default) or empty: the last component of [filePath], or `blob` if
         * there is none.
         */
        @set:JvmSynthetic public var fileName: String? = null
        public fun setFileName(fileName: String?): Builder = apply { this.fileName = fileName }

        /** The `Content-Type` of the part. If `null` (default) or empty, it follows from the extension of the file name. */
        @set:JvmSynthetic public var mediaType: String? = null
        public fun setMediaType(mediaType: String?): Builder = apply { this.mediaType = mediaType }

        /** The file's content in memory; [filePath] then only provides the file name. Default: `null`, not used. */
        @set:JvmSynthetic public var data: ByteArray? = null
        public fun setData(data: ByteArray?): Builder = apply { this.data = data }

        /** An open file or pipe, as in [WXTransferUploadRequest.fileDescriptor]. Default: `null`, not used. */
        @set:JvmSynthetic public var fileDescriptor: Int? = null
        public fun setFileDescriptor(fileDescriptor: Int?): Builder = apply { this.fileDescriptor = fileDescriptor }

        /**
         * The number of bytes to read from a pipe, as in [WXTransferUploadRequest.fileLength]. Default: 0, for a regular file.
         */
        @set:JvmSynthetic public var fileLength: Long = 0
        public fun setFileLength(fileLength: Long): Builder = apply { this.fileLength = fileLength }

        /** Throws [IllegalArgumentException] if a number is negative. */
        public fun build(): WXTransferUploadPart {
            require(fileLength >= 0) { "the length is negative" }
            return WXTransferUploadPart(clone())
        }

        public override fun clone(): Builder = super.clone() as Builder
    }
}

/** Makes a [WXTransferUploadPart] with the values that [set] sets. */
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
    /** POST, as WeChat does. */
    POST(0),

    /** PUT, for presigned URLs of object stores. */
    PUT(1),
}

/** Parts in the form that `uploadFile` of [Native] expects. */
internal class PartList(parts: List<WXTransferUploadPart>) {
    val texts = TextList(parts.flatMap { listOf(it.name, it.filePath, it.fileName, it.mediaType) })
    val data: Array<ByteArray?> = Array(parts.size) { parts[it].data }
    val numbers: LongArray =
        parts.flatMap { listOf(it.fileDescriptor?.toLong() ?: Long.MIN_VALUE, it.fileLength) }.toLongArray()
}

internal fun List<Pair<String, String>>.packed(): TextList = TextList(flatMap { listOf(it.first, it.second) })
