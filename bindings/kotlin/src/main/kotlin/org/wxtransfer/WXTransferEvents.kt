package org.wxtransfer

/** How far a task is: `WxtProgress` of the C interface. */
public class WXTransferProgress(
    /** `totalBytesSent` of an upload or `totalBytesWritten` of a download. Never falls. */
    public val totalBytes: Long,
    /** `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`; `null` while it is unknown. */
    public val totalBytesExpected: Long?,
    /** 0 to 100, or `null` while it is unknown. Never decreases. */
    public val progress: Int?,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferProgress",
        "totalBytes" to totalBytes,
        "totalBytesExpected" to totalBytesExpected,
        "progress" to progress,
    )

    /** Compares the numbers, so that a `StateFlow` passes on only changes. */
    override fun equals(other: Any?): Boolean =
        other is WXTransferProgress && totalBytes == other.totalBytes &&
            totalBytesExpected == other.totalBytesExpected && progress == other.progress

    override fun hashCode(): Int = 31 * totalBytes.hashCode() + progress.hashCode()
}

/** The final response's head: `WxtHeadersReceived` of the C interface. */
public class WXTransferHeadersReceived(
    /** The headers in the order of the response, duplicates kept. */
    public val header: List<Pair<String, String>>,
    /** The HTTP status. */
    public val statusCode: Int,
) {
    /** The first value of the header [name], in any letter case. */
    public operator fun get(name: String): String? = header.firstOrNull { it.first.equals(name, ignoreCase = true) }?.second

    /** For logs: header names without their values. */
    override fun toString(): String =
        Redaction.text("WXTransferHeadersReceived", "header" to Redaction.names(header), "statusCode" to statusCode)
}

/** One file of the mini program: `WxtFileInfo` of the C interface. */
public class WXTransferFileInfo @JvmOverloads constructor(
    /** `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path. */
    public val filePath: String,
    /** The file's current path on the device, for the app. Do not store it. */
    public val nativePath: String,
    /** The size in bytes. */
    public val size: Long,
    /** Seconds since the Unix epoch; 0 for files returned by import and resolve, which do not set it. */
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

    /** All values are equal: for a list of saved files that is shown and updated. */
    override fun equals(other: Any?): Boolean =
        other is WXTransferFileInfo && filePath == other.filePath && nativePath == other.nativePath &&
            size == other.size && createTime == other.createTime

    override fun hashCode(): Int = filePath.hashCode()
}

/** What [WXTransferSession.importFile] does with the app's own file, `WXT_IMPORT_…` of the C interface. */
public enum class WXTransferImportMode(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** The app keeps its file. The library clones it if the file system can, else copies it. */
    COPY(0),

    /** The app gives its file away. The library moves it if possible, else copies and removes it. */
    MOVE(1),
}
