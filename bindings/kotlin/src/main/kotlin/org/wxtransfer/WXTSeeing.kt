package org.wxtransfer

/** Which call [WXTransferSession.checkUrl] is about. */
public enum class WXTApi(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** `wx.uploadFile`. */
    UPLOAD(1),

    /** `wx.downloadFile`. */
    DOWNLOAD(2),
}

/** What would become of a call with a URL and a header: `WxtUrlCheck` of the C interface. */
public data class WXTUrlCheck(
    /** The URL as it would be sent, query included. `null` if it cannot be read. */
    val url: String?,
    /** The rules allow the call. */
    val allowed: Boolean,
    /** One of [WXTErrno]: of the failure, or [WXTErrno.OK]. */
    val errno: Int,
    /** What kind of failure it is; `null` if the call is allowed. */
    val category: WXTCategory?,
    /** Of the failure, such as `downloadFile:fail url not in domain list`; else `downloadFile:ok`. */
    val errMsg: String,
    /** What is wrong, in words for a developer. Holds no query and no header value. `null` if the call is allowed. */
    val detail: String?,
    /**
     * What decided: `url`, `header`, or the session's option by its name in C: `upload_domains`, `download_domains`,
     * `skip_domain_check`, `allow_plain_http` or `lan_policy`.
     */
    val rule: String,
    /** The Referer that would be sent. */
    val referer: String,
    /** The names of the page's headers that would not be sent. */
    val droppedHeaders: List<String>,
    /** The quirks of old clients and base libraries that hold for the call. */
    val quirks: List<String>,
) {
    /** For logs: the URL without its query. */
    override fun toString(): String = Redaction.text(
        "WXTUrlCheck",
        "url" to url?.let(Redaction::url),
        "allowed" to allowed,
        "errno" to errno,
        "category" to category,
        "errMsg" to errMsg,
        "detail" to detail,
        "rule" to rule,
        "referer" to Redaction.url(referer),
        "droppedHeaders" to droppedHeaders,
        "quirks" to quirks,
    )
}

/**
 * Numbers of one session since it was opened: `WxtSessionStatistics` of the C interface. Each but [tasksRunning], [tasksWaiting] and
 * [connectionsIdle], which are of now, only grows.
 */
public data class WXTSessionStatistics(
    /** Tasks that were started, those included that failed at once. */
    val tasksStarted: Long,
    /** Of them, tasks that succeeded. */
    val tasksSucceeded: Long,
    /** Tasks that failed for another reason than the three below. */
    val tasksFailed: Long,
    /** Tasks that were aborted. */
    val tasksAborted: Long,
    /** Tasks whose deadline passed. */
    val tasksTimedOut: Long,
    /** Tasks that the background interrupted. */
    val tasksInterrupted: Long,
    /** Tasks that a thread works on now. */
    val tasksRunning: Long,
    /** Tasks that wait in a queue now. */
    val tasksWaiting: Long,
    /** Attempts after the first one of a task. */
    val retries: Long,
    /** Bytes sent, with heads and TLS. */
    val bytesSent: Long,
    /** Bytes received, with heads and TLS. */
    val bytesReceived: Long,
    /** Connections that were opened. */
    val connectionsOpened: Long,
    /** Requests that found their connection open. */
    val connectionsReused: Long,
    /** Connections that are open now and that no task uses. */
    val connectionsIdle: Long,
    /** Connections whose TLS handshake resumed the session of an earlier one. */
    val tlsSessionsResumed: Long,
    /** Questions for the addresses of a name. */
    val lookUps: Long,
    /** Answers that were the rest of a file, by `resume`. */
    val resumed: Long,
) {
    internal companion object {
        /** How many there are. */
        const val COUNT = 17

        fun of(numbers: LongArray): WXTSessionStatistics = numbers.iterator().run {
            WXTSessionStatistics(
                nextLong(), nextLong(), nextLong(), nextLong(), nextLong(), nextLong(), nextLong(), nextLong(),
                nextLong(), nextLong(), nextLong(), nextLong(), nextLong(), nextLong(), nextLong(), nextLong(),
                nextLong(),
            )
        }
    }
}

/** One request of a task, for developers: `WxtTrace` of the C interface. */
public data class WXTTrace(
    /** An object of JSON: an `entry` of HAR 1.2. It has no query, header value, field or body. */
    val entry: String,
)

/** What a check has come to; native code fills it before the check's function returns. */
internal class NativeUrlCheck {
    var check: WXTUrlCheck? = null
        private set

    fun set(
        url: ByteArray?,
        allowed: Boolean,
        errno: Int,
        category: Int,
        errMsg: ByteArray,
        detail: ByteArray?,
        rule: ByteArray,
        referer: ByteArray,
        droppedHeaders: ByteArray,
        droppedHeaderLengths: IntArray,
        quirks: ByteArray,
        quirkLengths: IntArray,
    ) {
        check = WXTUrlCheck(
            url?.decodeToString(),
            allowed,
            errno,
            category.takeIf { it != 0 }?.let(WXTCategory::of),
            errMsg.decodeToString(),
            detail?.decodeToString(),
            rule.decodeToString(),
            referer.decodeToString(),
            unpack(droppedHeaders, droppedHeaderLengths).map { it.orEmpty() },
            unpack(quirks, quirkLengths).map { it.orEmpty() },
        )
    }
}
