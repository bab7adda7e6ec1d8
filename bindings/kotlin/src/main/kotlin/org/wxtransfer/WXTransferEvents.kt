package org.wxtransfer

/** The progress of a task: `WxtProgress` of the C interface. */
public class WXTransferProgress(
    /**
     * Of an upload, `totalBytesSent`: the bytes of the request body that left the device's send buffer; at the end, all bytes
     * that were put into that buffer. Of a download, `totalBytesWritten`: the bytes written to the file. Never decreases.
     */
    public val totalBytes: Long,
    /** `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`; `null` while it is unknown. */
    public val totalBytesExpected: Long?,
    /** In percent, 0 to 100, or `null` while it is unknown. Never decreases. */
    public val progress: Int?,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferProgress",
        "totalBytes" to totalBytes,
        "totalBytesExpected" to totalBytesExpected,
        "progress" to progress,
    )

    /** Compares the numbers, so that a `StateFlow` emits only changes. */
    override fun equals(other: Any?): Boolean =
        other is WXTransferProgress && totalBytes == other.totalBytes &&
            totalBytesExpected == other.totalBytesExpected && progress == other.progress

    override fun hashCode(): Int = 31 * totalBytes.hashCode() + progress.hashCode()
}

/** The head of the final response: `WxtHeadersReceived` of the C interface. */
public class WXTransferHeadersReceived(
    /** The headers in the order of the response, including duplicates. */
    public val header: List<Pair<String, String>>,
    /** The HTTP status. */
    public val statusCode: Int,
) {
    /** The first value of the header [name], ignoring case. */
    public operator fun get(name: String): String? = header.firstOrNull { it.first.equals(name, ignoreCase = true) }?.second

    /** For logs: header names without their values. */
    override fun toString(): String =
        Redaction.text("WXTransferHeadersReceived", "header" to Redaction.names(header), "statusCode" to statusCode)
}

/** One file of the mini program: `WxtFileInfo` of the C interface. */
public class WXTransferFileInfo @JvmOverloads constructor(
    /** `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path. */
    public val filePath: String,
    /** The path of the same file on the device, for the app. Do not store it. */
    public val nativePath: String,
    /** The size in bytes. */
    public val size: Long,
    /** In seconds since the Unix epoch. 0 for files returned by import and resolve, which do not set it. */
    public val createTime: Long = 0,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferFileInfo",
        "filePath" to filePath,
        "nativePath" to nativePath,
        "size" to size,
        "createTime" to createTime,
    )

    /** Compares all values, so that a displayed list of saved files can be updated. */
    override fun equals(other: Any?): Boolean =
        other is WXTransferFileInfo && filePath == other.filePath && nativePath == other.nativePath &&
            size == other.size && createTime == other.createTime

    override fun hashCode(): Int = filePath.hashCode()
}

/** How [WXTransferSession.importFile] treats the app's file, `WXT_IMPORT_…` of the C interface. */
public enum class WXTransferImportMode(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** The app keeps its file. It is cloned if the file system can clone, otherwise copied. */
    COPY(0),

    /** The app gives up its file. It is moved if possible, otherwise copied and deleted. */
    MOVE(1),
}
