package org.wxtransfer

/** The call that [WXTransferSession.checkUrl] checks. */
public enum class WXTransferApi(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** `wx.uploadFile`. */
    UPLOAD(1),

    /** `wx.downloadFile`. */
    DOWNLOAD(2),
}

/** What a call with a URL and a header would do: `WxtUrlCheck` of the C interface. */
public class WXTransferUrlCheck internal constructor(
    /** The URL as it would be sent, including the query. `null` if it cannot be parsed. */
    public val url: String?,
    /** `true` if the rules allow the call. */
    public val allowed: Boolean,
    /** The `errno` of the failure, one of [WXTransferErrno]; [WXTransferErrno.OK] if the call is allowed. */
    public val errno: Int,
    /** The kind of the failure; `null` if the call is allowed. */
    public val category: WXTransferCategory?,
    /**
     * `downloadFile:ok` if the call is allowed, else the `errMsg` of the failure, such as `downloadFile:fail url not in domain
     * list`.
     */
    public val errMsg: String,
    /** What is wrong, in English, for a developer. Contains no query and no header value. `null` if the call is allowed. */
    public val detail: String?,
    /**
     * The rule that decided: `url`, `header`, or the session option to change for another decision, by its name in C:
     * `upload_domains`, `download_domains`, `skip_domain_check`, `allow_plain_http` or `lan_policy`. It is the first rule that
     * refuses the call. If none does, it is the rule that allows the server.
     */
    public val rule: String,
    /** The Referer that would be sent. */
    public val referer: String,
    /**
     * The names of the page's headers that would be dropped, with the page's spelling. An upload is assumed to be a form; a `raw`
     * upload keeps the page's `Content-Type`.
     */
    public val droppedHeaders: List<String>,
    /**
     * The quirks of old clients and base libraries that apply to the call: `header_ignored`, `fail_when_full`, `timeout_ignored`,
     * `file_path_ignored`, `no_progress`, `no_headers_event`, `no_profile`, `no_queue_times`, `no_lan`.
     */
    public val quirks: List<String>,
) {
    /** For logs: the URL without its query. */
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

    /** Makes a [WXTransferUrlCheck], for a test. It is that of a call which is allowed, unless [setFailure] is called. */
    public class Builder(
        private val errMsg: String,
        private val rule: String,
        private val referer: String,
    ) {
        private var errno = WXTransferErrno.OK
        private var category: WXTransferCategory? = null

        /** [WXTransferUrlCheck.url]. */
        @set:JvmSynthetic public var url: String? = null
        public fun setUrl(url: String?): Builder = apply { this.url = url }

        /** [WXTransferUrlCheck.detail]. */
        @set:JvmSynthetic public var detail: String? = null
        public fun setDetail(detail: String?): Builder = apply { this.detail = detail }

        /** [WXTransferUrlCheck.droppedHeaders]. */
        @set:JvmSynthetic public var droppedHeaders: List<String> = emptyList()
        public fun setDroppedHeaders(droppedHeaders: List<String>): Builder = apply { this.droppedHeaders = droppedHeaders }

        /** [WXTransferUrlCheck.quirks]. */
        @set:JvmSynthetic public var quirks: List<String> = emptyList()
        public fun setQuirks(quirks: List<String>): Builder = apply { this.quirks = quirks }

        /** The call is refused: [WXTransferUrlCheck.errno] and [WXTransferUrlCheck.category]. */
        public fun setFailure(errno: Int, category: WXTransferCategory): Builder = apply {
            this.errno = errno
            this.category = category
        }

        /** Makes the object from the current values. */
        public fun build(): WXTransferUrlCheck =
            WXTransferUrlCheck(
                url, category == null, errno, category, errMsg, detail, rule, referer, droppedHeaders.toList(), quirks.toList(),
            )
    }
}

/** Makes a [WXTransferUrlCheck] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferUrlCheck(
    errMsg: String,
    rule: String,
    referer: String,
    set: WXTransferUrlCheck.Builder.() -> Unit = {},
): WXTransferUrlCheck = WXTransferUrlCheck.Builder(errMsg, rule, referer).apply(set).build()

/**
 * Statistics of one session since it was opened: `WxtSessionStatistics` of the C interface. [tasksRunning], [tasksWaiting] and
 * [connectionsIdle] are current values. The other numbers never decrease.
 */
public class WXTransferSessionStatistics internal constructor(numbers: LongArray) {
    // Generated from wxtransfer.h: properties WxtSessionStatistics
    /** Tasks that were started, including those that failed at once. */
    public val tasksStarted: Long = numbers[0]

    /**
     * Tasks that ended with `onSuccess`. A task is counted here, or in the counters of failed tasks below, before its
     * last callbacks run.
     */
    public val tasksSucceeded: Long = numbers[1]

    /** Tasks that ended with `onFail` and are not counted in the next three fields. */
    public val tasksFailed: Long = numbers[2]

    /** Tasks that ended with [WXTransferCategory.ABORTED]. */
    public val tasksAborted: Long = numbers[3]

    /** Tasks that ended with [WXTransferCategory.TIMEOUT]. */
    public val tasksTimedOut: Long = numbers[4]

    /** Tasks that ended with [WXTransferCategory.INTERRUPTED]. */
    public val tasksInterrupted: Long = numbers[5]

    /** Tasks that run now, including those that wait for their next attempt. */
    public val tasksRunning: Long = numbers[6]

    /** Tasks that wait in a queue now. */
    public val tasksWaiting: Long = numbers[7]

    /**
     * Attempts after a task's first one, because of [WXTransferSessionOptions.Builder.maxRetries], `resume` or
     * [WXTransferSessionOptions.Builder.waitInBackground].
     */
    public val retries: Long = numbers[8]

    /** Bytes written to sockets, including heads and TLS. */
    public val bytesSent: Long = numbers[9]

    /** Bytes read from sockets, including heads and TLS. */
    public val bytesReceived: Long = numbers[10]

    /** Connections that were opened, including their TLS handshake. Those of [WXTransferSession.prepare] count. */
    public val connectionsOpened: Long = numbers[11]

    /** Requests that were given a kept connection, even if it turned out to be dead. */
    public val connectionsReused: Long = numbers[12]

    /** Connections that are open and unused now. */
    public val connectionsIdle: Long = numbers[13]

    /** Connections whose TLS handshake resumed an earlier session. */
    public val tlsSessionsResumed: Long = numbers[14]

    /**
     * Look-ups of a name, in the system's or the host's resolver. Two look-ups of one name that were joined count as
     * two.
     */
    public val lookUps: Long = numbers[15]

    /** Answers that contained the rest of a file, because of `resume`. */
    public val resumed: Long = numbers[16]
    // Generated until here

    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferSessionStatistics",
        // Generated from wxtransfer.h: shown WxtSessionStatistics
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
        // Generated until here
    )

    /** Makes a [WXTransferSessionStatistics], for a test. Default of each property: 0. */
    public class Builder {
        // Generated from wxtransfer.h: builder WxtSessionStatistics
        /** [WXTransferSessionStatistics.tasksStarted]. */
        @set:JvmSynthetic public var tasksStarted: Long = 0
        public fun setTasksStarted(tasksStarted: Long): Builder = apply { this.tasksStarted = tasksStarted }

        /** [WXTransferSessionStatistics.tasksSucceeded]. */
        @set:JvmSynthetic public var tasksSucceeded: Long = 0
        public fun setTasksSucceeded(tasksSucceeded: Long): Builder = apply { this.tasksSucceeded = tasksSucceeded }

        /** [WXTransferSessionStatistics.tasksFailed]. */
        @set:JvmSynthetic public var tasksFailed: Long = 0
        public fun setTasksFailed(tasksFailed: Long): Builder = apply { this.tasksFailed = tasksFailed }

        /** [WXTransferSessionStatistics.tasksAborted]. */
        @set:JvmSynthetic public var tasksAborted: Long = 0
        public fun setTasksAborted(tasksAborted: Long): Builder = apply { this.tasksAborted = tasksAborted }

        /** [WXTransferSessionStatistics.tasksTimedOut]. */
        @set:JvmSynthetic public var tasksTimedOut: Long = 0
        public fun setTasksTimedOut(tasksTimedOut: Long): Builder = apply { this.tasksTimedOut = tasksTimedOut }

        /** [WXTransferSessionStatistics.tasksInterrupted]. */
        @set:JvmSynthetic public var tasksInterrupted: Long = 0
        public fun setTasksInterrupted(tasksInterrupted: Long): Builder = apply { this.tasksInterrupted = tasksInterrupted }

        /** [WXTransferSessionStatistics.tasksRunning]. */
        @set:JvmSynthetic public var tasksRunning: Long = 0
        public fun setTasksRunning(tasksRunning: Long): Builder = apply { this.tasksRunning = tasksRunning }

        /** [WXTransferSessionStatistics.tasksWaiting]. */
        @set:JvmSynthetic public var tasksWaiting: Long = 0
        public fun setTasksWaiting(tasksWaiting: Long): Builder = apply { this.tasksWaiting = tasksWaiting }

        /** [WXTransferSessionStatistics.retries]. */
        @set:JvmSynthetic public var retries: Long = 0
        public fun setRetries(retries: Long): Builder = apply { this.retries = retries }

        /** [WXTransferSessionStatistics.bytesSent]. */
        @set:JvmSynthetic public var bytesSent: Long = 0
        public fun setBytesSent(bytesSent: Long): Builder = apply { this.bytesSent = bytesSent }

        /** [WXTransferSessionStatistics.bytesReceived]. */
        @set:JvmSynthetic public var bytesReceived: Long = 0
        public fun setBytesReceived(bytesReceived: Long): Builder = apply { this.bytesReceived = bytesReceived }

        /** [WXTransferSessionStatistics.connectionsOpened]. */
        @set:JvmSynthetic public var connectionsOpened: Long = 0
        public fun setConnectionsOpened(connectionsOpened: Long): Builder = apply { this.connectionsOpened = connectionsOpened }

        /** [WXTransferSessionStatistics.connectionsReused]. */
        @set:JvmSynthetic public var connectionsReused: Long = 0
        public fun setConnectionsReused(connectionsReused: Long): Builder = apply { this.connectionsReused = connectionsReused }

        /** [WXTransferSessionStatistics.connectionsIdle]. */
        @set:JvmSynthetic public var connectionsIdle: Long = 0
        public fun setConnectionsIdle(connectionsIdle: Long): Builder = apply { this.connectionsIdle = connectionsIdle }

        /** [WXTransferSessionStatistics.tlsSessionsResumed]. */
        @set:JvmSynthetic public var tlsSessionsResumed: Long = 0
        public fun setTlsSessionsResumed(tlsSessionsResumed: Long): Builder = apply { this.tlsSessionsResumed = tlsSessionsResumed }

        /** [WXTransferSessionStatistics.lookUps]. */
        @set:JvmSynthetic public var lookUps: Long = 0
        public fun setLookUps(lookUps: Long): Builder = apply { this.lookUps = lookUps }

        /** [WXTransferSessionStatistics.resumed]. */
        @set:JvmSynthetic public var resumed: Long = 0
        public fun setResumed(resumed: Long): Builder = apply { this.resumed = resumed }
        // Generated until here

        /** Makes the object from the current values. */
        public fun build(): WXTransferSessionStatistics = WXTransferSessionStatistics(
            longArrayOf(
                // Generated from wxtransfer.h: numbers WxtSessionStatistics
                tasksStarted,
                tasksSucceeded,
                tasksFailed,
                tasksAborted,
                tasksTimedOut,
                tasksInterrupted,
                tasksRunning,
                tasksWaiting,
                retries,
                bytesSent,
                bytesReceived,
                connectionsOpened,
                connectionsReused,
                connectionsIdle,
                tlsSessionsResumed,
                lookUps,
                resumed,
                // Generated until here
            ),
        )
    }

    internal companion object {
        /** The number of statistics. */
        // Generated from wxtransfer.h: count WxtSessionStatistics
        const val COUNT = 17
        // Generated until here
    }
}

/** Makes a [WXTransferSessionStatistics] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferSessionStatistics(
    set: WXTransferSessionStatistics.Builder.() -> Unit = {},
): WXTransferSessionStatistics = WXTransferSessionStatistics.Builder().apply(set).build()

/** A trace of one request, for developers: `WxtTrace` of the C interface. */
public class WXTransferTrace(
    /**
     * A JSON object: an `entry` of HAR 1.2. It contains no form field and no body. Of the header values it contains only a plain
     * `Range`, a known media type and the target of a redirect. Its URLs have no query and no fragment.
     */
    public val entry: String,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferTrace",
        "entry" to entry,
    )
}

/** The result of a check. Native code fills it before the function of the check returns. */
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
