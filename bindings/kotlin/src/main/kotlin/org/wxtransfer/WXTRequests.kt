package org.wxtransfer

/** The parameters of `wx.uploadFile`: `WxtUploadRequest` of the C interface. */
public data class WXTUploadRequest(
    /** Where the file goes. */
    val url: String,
    /** The file, as a `wxfile://` path, or an absolute one under [WXTPathPolicy.NATIVE]. */
    val filePath: String? = null,
    /** The form's key of the file. Required, unless there are [parts] or it is [raw]. */
    val name: String = "",
    /** Request headers, in order. `Referer`, `Content-Type` and the connection's own are dropped. */
    val header: List<Pair<String, String>> = emptyList(),
    /** Further fields of the form, sent in this order before the file. */
    val formData: List<Pair<String, String>> = emptyList(),
    /** The `filename` that the server sees. `null` or empty is the last part of [filePath], else `blob`. */
    val fileName: String? = null,
    /** The deadline in milliseconds, from the moment the task leaves the queue. 0 is the session's default. */
    val timeout: Int = 0,
    /** A page's `enableProfile: false`: the result comes without a profile. */
    val disableProfile: Boolean = false,
    /**
     * An open descriptor of a file or a pipe, read from where it stands; [filePath] then only gives it a file name. It is
     * duplicated before the call returns: the app keeps, and closes, its own.
     */
    val fileDescriptor: Int? = null,
    /** How many bytes a pipe will give. A file's rest is its own length, and this is 0. */
    val fileLength: Long = 0,
    /**
     * The task waits in the queue while the network is metered or roaming, as [WXTransferSession.networkChanged] reported it. Its
     * deadline does not run meanwhile.
     */
    val needsUnmetered: Boolean = false,
    /** The content of the file; [filePath] then only gives it a file name. Send what is large from a file. */
    val data: ByteArray? = null,
    /** Several files, in the order in which they follow the fields, in place of the one above. At most 100. */
    val parts: List<WXTUploadPart> = emptyList(),
    /** The request's method. */
    val method: WXTMethod = WXTMethod.POST,
    /**
     * The body is the bytes of the file and nothing else, as presigned URLs of object stores want it. Its `Content-Type` is that of
     * [header], or missing. It has no [name], [fileName], [formData] and [parts].
     */
    val raw: Boolean = false,
    /**
     * How many bytes the task may send and receive per second, in both directions together. 0: no limit but the session's, which
     * counts as well. [WXTTask.setMaxBytesPerSecond] changes it.
     */
    val maxBytesPerSecond: Long = 0,
    /**
     * Of the uploads, or downloads, that wait in the queue, those with the highest number begin first, and those with the same in
     * the order of their calls. Any number.
     */
    val priority: Int = 0,
) {
    init {
        require(timeout >= 0 && fileLength >= 0 && maxBytesPerSecond >= 0) { "a number of the request is negative" }
    }

    /** For logs: header and form field names without their values, the URL without user-info and query. */
    override fun toString(): String = Redaction.text(
        "WXTUploadRequest",
        "url" to Redaction.url(url),
        "filePath" to filePath,
        "name" to name,
        "header" to Redaction.names(header),
        "formData" to Redaction.names(formData),
        "fileName" to fileName,
        "timeout" to timeout,
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
}

/** One file of an upload that has several: `WxtUploadPart` of the C interface. */
public class WXTUploadPart(
    /** The form's key of the file. */
    public val name: String,
    /** The file, as in [WXTUploadRequest.filePath]. */
    public val filePath: String? = null,
    /** The `filename` that the server sees. `null` or empty is the last part of [filePath], else `blob`. */
    public val fileName: String? = null,
    /** The `Content-Type` of the part. `null` or empty: the extension of the file name decides it. */
    public val mediaType: String? = null,
    /** The content of the file; [filePath] then only gives it a file name. */
    public val data: ByteArray? = null,
    /** As [WXTUploadRequest.fileDescriptor]. */
    public val fileDescriptor: Int? = null,
    /** As [WXTUploadRequest.fileLength]. */
    public val fileLength: Long = 0,
) {
    init {
        require(fileLength >= 0) { "the length is negative" }
    }

    /** For logs: the content by its length only. */
    override fun toString(): String = Redaction.text(
        "WXTUploadPart",
        "name" to name,
        "filePath" to filePath,
        "fileName" to fileName,
        "mediaType" to mediaType,
        "data" to Redaction.length(data),
        "fileDescriptor" to fileDescriptor,
        "fileLength" to fileLength,
    )
}

/** The method of an upload, `WXT_METHOD_…` of the C interface. */
public enum class WXTMethod(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** WeChat's. */
    POST(0),

    /** For presigned URLs of object stores. */
    PUT(1),
}

/** The parameters of `wx.downloadFile`: `WxtDownloadRequest` of the C interface. */
public data class WXTDownloadRequest(
    /** What to download. */
    val url: String,
    /** Request headers, in order. `Referer` and the connection's own are dropped. */
    val header: List<Pair<String, String>> = emptyList(),
    /** A `wxfile://usr/` path to store the file at. `null` is a temporary file. */
    val filePath: String? = null,
    /** The deadline in milliseconds, from the moment the task leaves the queue. 0 is the session's default. */
    val timeout: Int = 0,
    /** A page's `enableProfile: false`: the result comes without a profile. */
    val disableProfile: Boolean = false,
    /**
     * The SHA-256 of the file, as 64 hexadecimal digits; `null` is any. A file with another one does not appear, whatever the
     * status: the task fails with [WXTCategory.INTEGRITY].
     */
    val expectedSha256: String? = null,
    /** The length of the file in bytes; 0 is any. Another one fails likewise. */
    val expectedLength: Long = 0,
    /** The result has the SHA-256 of the file. */
    val wantSha256: Boolean = false,
    /**
     * A 200 that declares a digest of its body (`Repr-Digest`, `Content-MD5`, the CRC64 of COS and OSS) must have it, or the
     * task fails likewise.
     */
    val verifyDigest: Boolean = false,
    /** As in [WXTUploadRequest]. */
    val needsUnmetered: Boolean = false,
    /** As in [WXTUploadRequest]. */
    val maxBytesPerSecond: Long = 0,
    /** As in [WXTUploadRequest]. */
    val priority: Int = 0,
) {
    init {
        require(timeout >= 0 && expectedLength >= 0 && maxBytesPerSecond >= 0) { "a number of the request is negative" }
    }

    /** For logs: header names without their values, the URL without user-info and query. */
    override fun toString(): String = Redaction.text(
        "WXTDownloadRequest",
        "url" to Redaction.url(url),
        "header" to Redaction.names(header),
        "filePath" to filePath,
        "timeout" to timeout,
        "disableProfile" to disableProfile,
        "expectedSha256" to expectedSha256,
        "expectedLength" to expectedLength,
        "wantSha256" to wantSha256,
        "verifyDigest" to verifyDigest,
        "needsUnmetered" to needsUnmetered,
        "maxBytesPerSecond" to maxBytesPerSecond,
        "priority" to priority,
    )
}

/** Parts as `uploadFile` of [Native] takes them. */
internal class PartList(parts: List<WXTUploadPart>) {
    val texts = TextList(parts.flatMap { listOf(it.name, it.filePath, it.fileName, it.mediaType) })
    val data: Array<ByteArray?> = Array(parts.size) { parts[it].data }
    val numbers: LongArray =
        parts.flatMap { listOf(it.fileDescriptor?.toLong() ?: Long.MIN_VALUE, it.fileLength) }.toLongArray()
}

internal fun List<Pair<String, String>>.packed(): TextList = TextList(flatMap { listOf(it.first, it.second) })
