package org.wxtransfer

/** Which call [WXTransferSession.checkUrl] is about. */
public enum class WXTransferApi(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** `wx.uploadFile`. */
    UPLOAD(1),

    /** `wx.downloadFile`. */
    DOWNLOAD(2),
}

/** What would become of a call with a URL and a header: `WxtUrlCheck` of the C interface. */
public class WXTransferUrlCheck internal constructor(
    /** The URL as it would be sent, query included. `null` if it cannot be read. */
    public val url: String?,
    /** The rules allow the call. */
    public val allowed: Boolean,
    /** One of [WXTransferErrno]: of the failure, or [WXTransferErrno.OK]. */
    public val errno: Int,
    /** What kind of failure it is; `null` if the call is allowed. */
    public val category: WXTransferCategory?,
    /** Of the failure, such as `downloadFile:fail url not in domain list`; else `downloadFile:ok`. */
    public val errMsg: String,
    /** What is wrong, in words for a developer. Holds no query and no header value. `null` if the call is allowed. */
    public val detail: String?,
    /**
     * What decided: `url`, `header`, or the session's option by its name in C: `upload_domains`, `download_domains`,
     * `skip_domain_check`, `allow_plain_http` or `lan_policy`.
     */
    public val rule: String,
    /** The Referer that would be sent. */
    public val referer: String,
    /** The names of the page's headers that would not be sent. */
    public val droppedHeaders: List<String>,
    /** The quirks of old clients and base libraries that hold for the call. */
    public val quirks: List<String>,
) {    /** For logs: the URL without its query. */
    override fun toString(): String = Redaction.text(
        "WXTransferUrlCheck",
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
public class WXTransferSessionStatistics internal constructor(numbers: LongArray) {
    /** Tasks that were started, those included that failed at once. */
    public val tasksStarted: Long = numbers[0]

    /** Of them, tasks that succeeded. */
    public val tasksSucceeded: Long = numbers[1]

    /** Tasks that failed for another reason than the three below. */
    public val tasksFailed: Long = numbers[2]

    /** Tasks that were aborted. */
    public val tasksAborted: Long = numbers[3]

    /** Tasks whose deadline passed. */
    public val tasksTimedOut: Long = numbers[4]

    /** Tasks that the background interrupted. */
    public val tasksInterrupted: Long = numbers[5]

    /** Tasks that a thread works on now. */
    public val tasksRunning: Long = numbers[6]

    /** Tasks that wait in a queue now. */
    public val tasksWaiting: Long = numbers[7]

    /** Attempts after the first one of a task. */
    public val retries: Long = numbers[8]

    /** Bytes sent, with heads and TLS. */
    public val bytesSent: Long = numbers[9]

    /** Bytes received, with heads and TLS. */
    public val bytesReceived: Long = numbers[10]

    /** Connections that were opened. */
    public val connectionsOpened: Long = numbers[11]

    /** Requests that found their connection open. */
    public val connectionsReused: Long = numbers[12]

    /** Connections that are open now and that no task uses. */
    public val connectionsIdle: Long = numbers[13]

    /** Connections whose TLS handshake resumed the session of an earlier one. */
    public val tlsSessionsResumed: Long = numbers[14]

    /** Questions for the addresses of a name. */
    public val lookUps: Long = numbers[15]

    /** Answers that were the rest of a file, by `resume`. */
    public val resumed: Long = numbers[16]

    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferSessionStatistics",
        "tasksStarted" to tasksStarted,
        "tasksSucceeded" to tasksSucceeded,
        "tasksFailed" to tasksFailed,
        "tasksAborted" to tasksAborted,
        "tasksTimedOut" to tasksTimedOut,
        "tasksInterrupted" to tasksInterrupted,
        "tasksRunning" to tasksRunning,
        "tasksWaiting" to tasksWaiting,
        "retries" to retries,
        "bytesSent" to bytesSent,
        "bytesReceived" to bytesReceived,
        "connectionsOpened" to connectionsOpened,
        "connectionsReused" to connectionsReused,
        "connectionsIdle" to connectionsIdle,
        "tlsSessionsResumed" to tlsSessionsResumed,
        "lookUps" to lookUps,
        "resumed" to resumed,
    )

    internal companion object {
        /** How many there are. */
        const val COUNT = 17
    }
}

/** One request of a task, for developers: `WxtTrace` of the C interface. */
public class WXTransferTrace internal constructor(
    /** An object of JSON: an `entry` of HAR 1.2. It has no query, header value, field or body. */
    public val entry: String,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferTrace",
        "entry" to entry,
    )
}

/** What a check has come to; native code fills it before the check's function returns. */
internal class NativeUrlCheck {
    var check: WXTransferUrlCheck? = null
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
        check = WXTransferUrlCheck(
            url?.decodeToString(),
            allowed,
            errno,
            category.takeIf { it != 0 }?.let(WXTransferCategory::of),
            errMsg.decodeToString(),
            detail?.decodeToString(),
            rule.decodeToString(),
            referer.decodeToString(),
            unpack(droppedHeaders, droppedHeaderLengths).map { it.orEmpty() },
            unpack(quirks, quirkLengths).map { it.orEmpty() },
        )
    }
}
