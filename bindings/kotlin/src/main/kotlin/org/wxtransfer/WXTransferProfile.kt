package org.wxtransfer

/**
 * When a task did what, and on which connection: `WxtProfile` of the C interface, with WeChat's names. Times are
 * milliseconds since the Unix epoch and 0 where the step did not happen. What is `null` is left out for a page.
 */
public class WXTransferProfile private constructor(numbers: LongArray, texts: List<String?>) {
    // Generated from wxtransfer.h: properties WxtProfile
    /** The task was started. `null` on base libraries before 3.8.10. */
    public val invokeStart: Long? = numbers[0].orAbsent()

    /** The task entered the queue. `null` as [invokeStart]. */
    public val queueStart: Long? = numbers[1].orAbsent()

    /** A worker took the task. 0 if none did. `null` as [invokeStart]. */
    public val queueEnd: Long? = numbers[2].orAbsent()

    /** The last hop started. */
    public val fetchStart: Long = numbers[3]

    /** The first redirected request started. 0 without a redirect, and if one led to another origin. */
    public val redirectStart: Long = numbers[4]

    /** The last redirect was received. 0 as [redirectStart]. */
    public val redirectEnd: Long = numbers[5]

    /** Name resolution began. Equal to [fetchStart] on a kept connection, and if the host is an IP address. */
    public val domainLookUpStart: Long = numbers[6]

    /** Name resolution ended. Equal to [fetchStart] in the same cases as [domainLookUpStart]. */
    public val domainLookUpEnd: Long = numbers[7]

    /** Connecting began. Equal to [fetchStart] on a kept connection. */
    public val connectStart: Long = numbers[8]

    /** The connection is ready, including TLS. Equal to [fetchStart] on a kept connection. */
    public val connectEnd: Long = numbers[9]

    /** The TLS handshake began. 0 without TLS. Equal to [fetchStart] on a kept connection with TLS. */
    public val SSLconnectionStart: Long = numbers[10]

    /** The TLS handshake ended. 0 without TLS. Equal to [fetchStart] on a kept connection with TLS. */
    public val SSLconnectionEnd: Long = numbers[11]

    /** The first byte of the request was sent. */
    public val requestStart: Long = numbers[12]

    /** The last byte of the request was sent. */
    public val requestEnd: Long = numbers[13]

    /** The first byte of the answer was received. */
    public val responseStart: Long = numbers[14]

    /** The last byte of the answer was received. */
    public val responseEnd: Long = numbers[15]

    /** Bytes sent in the last hop, including heads, the proxy and TLS. */
    public val sendBytesCount: Long = numbers[16]

    /** Bytes received in the last hop, including heads, the proxy and TLS. */
    public val receivedBytedCount: Long = numbers[17]

    /**
     * The connection's smoothed round-trip time in milliseconds, as the system's TCP measured it (up to one second
     * ago). With a proxy, the round trip to the proxy. `null` if the system does not report it, or without an answer.
     */
    public val rtt: Long? = numbers[18].orAbsent()

    /**
     * The session's estimate of the milliseconds from the first byte of a request to the first byte of its answer.
     * Requests over 14600 bytes, TCP's initial window (RFC 6928), are not included. `null` while there is no
     * observation, or without an answer.
     *
     * An estimate starts as the first observation. Each later one moves it by an eighth of the difference (RFC 6298).
     * Tasks without a profile are not observed.
     */
    public val httpRttEstimate: Long? = numbers[19].orAbsent()

    /** The session's estimate of [rtt], in milliseconds. `null` as [httpRttEstimate]. */
    public val transportRttEstimate: Long? = numbers[20].orAbsent()

    /**
     * Kilobits per second of the answer's body, from its first byte to its last. `null` if less than 32 KiB arrived in
     * that time, or if the answer is not complete.
     */
    public val throughputKbps: Long? = numbers[21].orAbsent()

    /** The session's estimate of [throughputKbps]. `null` as [httpRttEstimate]. */
    public val downstreamThroughputKbpsEstimate: Long? = numbers[22].orAbsent()

    /**
     * 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g. Never `null`. WeChat's values 1 (offline) and 6 (end of the list) do not
     * occur. The types are the effective connection types of the Network Information API: slow-2g from 2000 ms
     * round-trip time or up to 50 kbit/s, 2g from 1400 ms or up to 70 kbit/s, 3g from 270 ms or up to 700 kbit/s. The
     * round-trip time is [transportRttEstimate], or [httpRttEstimate] if the former is `null`. The speed is
     * [downstreamThroughputKbpsEstimate].
     */
    public val estimate_nettype: Int = numbers[23].toInt()

    /** The IP address of the connection. `null` if there was none. */
    public val peerIP: String? = texts[0]

    /** `http1.1`. `null` if there was no connection. */
    public val protocol: String? = texts[1]

    /** The port of the connection. 0 if there was none. */
    public val port: Int = numbers[24].toInt()

    /** The connection was opened by an earlier task or an earlier hop. */
    public val socketReused: Boolean = numbers[25] != 0L

    /** Always `false`. There is no such mode. */
    public val usingHighPerformanceMode: Boolean = numbers[26] != 0L
    // Generated until here

    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferProfile",
        // Generated from wxtransfer.h: shown WxtProfile
        "invokeStart" to invokeStart,
        "queueStart" to queueStart,
        "queueEnd" to queueEnd,
        "fetchStart" to fetchStart,
        "redirectStart" to redirectStart,
        "redirectEnd" to redirectEnd,
        "domainLookUpStart" to domainLookUpStart,
        "domainLookUpEnd" to domainLookUpEnd,
        "connectStart" to connectStart,
        "connectEnd" to connectEnd,
        "SSLconnectionStart" to SSLconnectionStart,
        "SSLconnectionEnd" to SSLconnectionEnd,
        "requestStart" to requestStart,
        "requestEnd" to requestEnd,
        "responseStart" to responseStart,
        "responseEnd" to responseEnd,
        "sendBytesCount" to sendBytesCount,
        "receivedBytedCount" to receivedBytedCount,
        "rtt" to rtt,
        "httpRttEstimate" to httpRttEstimate,
        "transportRttEstimate" to transportRttEstimate,
        "throughputKbps" to throughputKbps,
        "downstreamThroughputKbpsEstimate" to downstreamThroughputKbpsEstimate,
        "estimate_nettype" to estimate_nettype,
        "peerIP" to peerIP,
        "protocol" to protocol,
        "port" to port,
        "socketReused" to socketReused,
        "usingHighPerformanceMode" to usingHighPerformanceMode,
        // Generated until here
    )

    internal companion object {
        /** The numbers and texts are in the order of the C struct. -1 is an absent number. No numbers are no profile. */
        fun of(numbers: LongArray?, texts: List<String?>): WXTransferProfile? = numbers?.let { WXTransferProfile(it, texts) }

        private fun Long.orAbsent(): Long? = takeIf { it != -1L }
    }
}
