package org.wxtransfer

/** How far a task is: `WxtProgress` of the C interface. */
public data class WXTProgress(
    /** `totalBytesSent` of an upload or `totalBytesWritten` of a download. Never falls. */
    val totalBytes: Long,
    /** `totalBytesExpectedToSend` or `totalBytesExpectedToWrite`; `null` where nobody knows. */
    val totalBytesExpected: Long?,
    /** 0 to 100, or `null` where nobody knows. Never falls. */
    val progress: Int?,
)

/** The final response's head: `WxtHeadersReceived` of the C interface. */
public data class WXTHeadersReceived(
    /** The headers in the order of the response, duplicates kept. */
    val header: List<Pair<String, String>>,
    /** The HTTP status. */
    val statusCode: Int,
) {
    /** The first value of the header [name], in any letter case. */
    public operator fun get(name: String): String? = header.firstOrNull { it.first.equals(name, ignoreCase = true) }?.second

    /** For logs: header names without their values. */
    override fun toString(): String =
        Redaction.text("WXTHeadersReceived", "header" to Redaction.names(header), "statusCode" to statusCode)
}

/** The result of a task that got an answer: `WxtSuccess` of the C interface. */
public sealed interface WXTSuccess {
    /** `uploadFile:ok` or `downloadFile:ok`. */
    public val errMsg: String

    /** The HTTP status: any is a success. */
    public val statusCode: Int

    /** The downloaded file's size, or that of an upload's answer before it was read as text, in bytes. */
    public val dataLength: Long

    /** The headers in the order of the response, duplicates kept; on every base library. */
    public val header: List<Pair<String, String>>

    /** The values of `Set-Cookie`, one for each such header. */
    public val cookies: List<String>
        get() = header.filter { (name, _) -> name.equals("Set-Cookie", ignoreCase = true) }.map { (_, value) -> value }

    /** When the task did what. `null` if the request disables it, and on base libraries that have none. */
    public val profile: WXTProfile?

    /** How many attempts the task took. */
    public val attempts: Int

    /** How many bytes of a download's file were there before the answer, which is the rest. 0 if the file is of one answer. */
    public val resumedFrom: Long
}

/** What `success` of `wx.uploadFile` is given. */
public data class WXTUploadSuccess(
    override val errMsg: String = "uploadFile:ok",
    override val statusCode: Int = 200,
    /** The answer's body as text. */
    val data: String = "",
    override val dataLength: Long = 0,
    override val header: List<Pair<String, String>> = emptyList(),
    override val profile: WXTProfile? = null,
    override val attempts: Int = 1,
    override val resumedFrom: Long = 0,
) : WXTSuccess {
    /** For logs: the answer by its length only, header names without their values. */
    override fun toString(): String = Redaction.text(
        "WXTUploadSuccess",
        "errMsg" to errMsg,
        "statusCode" to statusCode,
        "data" to Redaction.length(data),
        "dataLength" to dataLength,
        "header" to Redaction.names(header),
        "profile" to profile,
        "attempts" to attempts,
        "resumedFrom" to resumedFrom,
    )
}

/** What `success` of `wx.downloadFile` is given. */
public data class WXTDownloadSuccess(
    override val errMsg: String = "downloadFile:ok",
    override val statusCode: Int = 200,
    /** The temporary file of a download without `filePath`. */
    val tempFilePath: String? = null,
    /** The `filePath` of a download that had one. */
    val filePath: String? = null,
    /** The file's path on the device, for the app. */
    val nativePath: String = "",
    override val dataLength: Long = 0,
    override val header: List<Pair<String, String>> = emptyList(),
    override val profile: WXTProfile? = null,
    override val attempts: Int = 1,
    override val resumedFrom: Long = 0,
    /** The file's SHA-256 in lower-case hexadecimal digits. `null` unless the request wants or expects it. */
    val sha256: String? = null,
) : WXTSuccess {
    /** For logs: header names without their values. */
    override fun toString(): String = Redaction.text(
        "WXTDownloadSuccess",
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
}

/**
 * When a task did what, and on which connection: `WxtProfile` of the C interface, with WeChat's names. Times are
 * milliseconds since the Unix epoch and 0 where the step did not happen. What is `null` is left out for a page.
 */
public data class WXTProfile(
    /** The call came in. `null` on base libraries before 3.8.10. */
    val invokeStart: Long? = null,
    /** It began to wait for a worker. `null` likewise. */
    val queueStart: Long? = null,
    /** A worker took it. `null` likewise. */
    val queueEnd: Long? = null,
    /** The last hop began. */
    val fetchStart: Long = 0,
    /** The first redirected request began. 0 without a redirect, and if one led to another origin. */
    val redirectStart: Long = 0,
    /** The last redirect was received. 0 likewise. */
    val redirectEnd: Long = 0,
    /** Name resolution began; [fetchStart] on a kept connection, and if the host is an address. */
    val domainLookUpStart: Long = 0,
    /** Name resolution ended; [fetchStart] likewise. */
    val domainLookUpEnd: Long = 0,
    /** Connecting began; [fetchStart] on a kept connection. */
    val connectStart: Long = 0,
    /** The connection is ready, TLS included; [fetchStart] likewise. */
    val connectEnd: Long = 0,
    /** The TLS handshake began; [fetchStart] on a kept connection; 0 without TLS. */
    val SSLconnectionStart: Long = 0,
    /** The TLS handshake ended; likewise. */
    val SSLconnectionEnd: Long = 0,
    /** The first byte was sent. */
    val requestStart: Long = 0,
    /** The last byte was sent. */
    val requestEnd: Long = 0,
    /** The first byte of the answer came. */
    val responseStart: Long = 0,
    /** The last byte of the answer came. */
    val responseEnd: Long = 0,
    /** Bytes sent in the last hop, with heads, proxy and TLS. */
    val sendBytesCount: Long = 0,
    /** Bytes received in the last hop, with heads, proxy and TLS; WeChat's spelling. */
    val receivedBytedCount: Long = 0,
    /** The connection's round-trip time in milliseconds; `null` if the system does not tell, and without an answer. */
    val rtt: Long? = null,
    /** From a request to the first byte of its answer in milliseconds, the session's estimate; `null` if unknown. */
    val httpRttEstimate: Long? = null,
    /** The session's estimate of [rtt]; `null` if unknown. */
    val transportRttEstimate: Long? = null,
    /** The speed of the answer's body in kilobits a second; `null` if less than 32 KiB tell it. */
    val throughputKbps: Long? = null,
    /** The session's estimate of [throughputKbps]; `null` if unknown. */
    val downstreamThroughputKbpsEstimate: Long? = null,
    /** The kind of network: 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g; see `WxtProfile` for their bounds. */
    val estimate_nettype: Int = 0,
    /** The server's address. */
    val peerIP: String? = null,
    /** `http1.1`. */
    val protocol: String? = null,
    /** The server's port. */
    val port: Int = 0,
    /** The connection was an earlier task's. */
    val socketReused: Boolean = false,
    /** Always `false`: there is no such mode. */
    val usingHighPerformanceMode: Boolean = false,
) {
    internal companion object {
        /** Takes the numbers in the order of the C struct; -1 is an absent one. No numbers are no profile. */
        fun of(numbers: LongArray?, peerIp: ByteArray?, protocol: ByteArray?): WXTProfile? =
            numbers?.let { of(it, peerIp?.decodeToString(), protocol?.decodeToString()) }

        private fun of(numbers: LongArray, peerIp: String?, protocol: String?) = WXTProfile(
            invokeStart = numbers[0].orAbsent(),
            queueStart = numbers[1].orAbsent(),
            queueEnd = numbers[2].orAbsent(),
            fetchStart = numbers[3],
            redirectStart = numbers[4],
            redirectEnd = numbers[5],
            domainLookUpStart = numbers[6],
            domainLookUpEnd = numbers[7],
            connectStart = numbers[8],
            connectEnd = numbers[9],
            SSLconnectionStart = numbers[10],
            SSLconnectionEnd = numbers[11],
            requestStart = numbers[12],
            requestEnd = numbers[13],
            responseStart = numbers[14],
            responseEnd = numbers[15],
            sendBytesCount = numbers[16],
            receivedBytedCount = numbers[17],
            rtt = numbers[18].orAbsent(),
            httpRttEstimate = numbers[19].orAbsent(),
            transportRttEstimate = numbers[20].orAbsent(),
            throughputKbps = numbers[21].orAbsent(),
            downstreamThroughputKbpsEstimate = numbers[22].orAbsent(),
            estimate_nettype = numbers[23].toInt(),
            peerIP = peerIp,
            protocol = protocol,
            port = numbers[24].toInt(),
            socketReused = numbers[25] != 0L,
            usingHighPerformanceMode = numbers[26] != 0L,
        )

        private fun Long.orAbsent(): Long? = takeIf { it != -1L }
    }
}

/** One file of the mini program: `WxtFileInfo` of the C interface. */
public data class WXTFile(
    /** `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path. */
    val filePath: String,
    /** The same file's path on the device, for the app. Not to be kept. */
    val nativePath: String,
    /** The size in bytes. */
    val size: Long,
    /** Seconds since the Unix epoch; 0 where it is not asked for. */
    val createTime: Long,
)

/** What becomes of the app's own file at [WXTransferSession.importFile], `WXT_IMPORT_…` of the C interface. */
public enum class WXTImportMode(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** The app keeps its file: it is cloned where the file system can, else copied. */
    COPY(0),

    /** The app gives its file away: it is moved where that is possible, else copied and removed. */
    MOVE(1),
}
