package org.wxtransfer

/**
 * When a task did what, and on which connection: `WxtProfile` of the C interface, with WeChat's names. Times are
 * milliseconds since the Unix epoch and 0 where the step did not happen. What is `null` is left out for a page.
 */
public class WXTransferProfile private constructor(numbers: LongArray, peerIp: ByteArray?, protocol: ByteArray?) {
    /** The call came in. `null` on base libraries before 3.8.10. */
    public val invokeStart: Long? = numbers[0].orAbsent()

    /** It began to wait for a worker. `null` likewise. */
    public val queueStart: Long? = numbers[1].orAbsent()

    /** A worker took it. `null` likewise. */
    public val queueEnd: Long? = numbers[2].orAbsent()

    /** The last hop began. */
    public val fetchStart: Long = numbers[3]

    /** The first redirected request began. 0 without a redirect, and if one led to another origin. */
    public val redirectStart: Long = numbers[4]

    /** The last redirect was received. 0 likewise. */
    public val redirectEnd: Long = numbers[5]

    /** Name resolution began; [fetchStart] on a kept connection, and if the host is an address. */
    public val domainLookUpStart: Long = numbers[6]

    /** Name resolution ended; [fetchStart] likewise. */
    public val domainLookUpEnd: Long = numbers[7]

    /** Connecting began; [fetchStart] on a kept connection. */
    public val connectStart: Long = numbers[8]

    /** The connection is ready, TLS included; [fetchStart] likewise. */
    public val connectEnd: Long = numbers[9]

    /** The TLS handshake began; [fetchStart] on a kept connection; 0 without TLS. */
    public val SSLconnectionStart: Long = numbers[10]

    /** The TLS handshake ended; likewise. */
    public val SSLconnectionEnd: Long = numbers[11]

    /** The first byte was sent. */
    public val requestStart: Long = numbers[12]

    /** The last byte was sent. */
    public val requestEnd: Long = numbers[13]

    /** The first byte of the answer came. */
    public val responseStart: Long = numbers[14]

    /** The last byte of the answer came. */
    public val responseEnd: Long = numbers[15]

    /** Bytes sent in the last hop, with heads, proxy and TLS. */
    public val sendBytesCount: Long = numbers[16]

    /** Bytes received in the last hop, with heads, proxy and TLS; WeChat's spelling. */
    public val receivedBytedCount: Long = numbers[17]

    /** The connection's round-trip time in milliseconds; `null` if the system does not tell, and without an answer. */
    public val rtt: Long? = numbers[18].orAbsent()

    /** From a request to the first byte of its answer in milliseconds, the session's estimate; `null` if unknown. */
    public val httpRttEstimate: Long? = numbers[19].orAbsent()

    /** The session's estimate of [rtt]; `null` if unknown. */
    public val transportRttEstimate: Long? = numbers[20].orAbsent()

    /** The speed of the answer's body in kilobits a second; `null` if less than 32 KiB tell it. */
    public val throughputKbps: Long? = numbers[21].orAbsent()

    /** The session's estimate of [throughputKbps]; `null` if unknown. */
    public val downstreamThroughputKbpsEstimate: Long? = numbers[22].orAbsent()

    /** The kind of network: 0 unknown, 2 slow-2g, 3 2g, 4 3g, 5 4g; see `WxtProfile` for their bounds. */
    public val estimate_nettype: Int = numbers[23].toInt()

    /** The server's address. */
    public val peerIP: String? = peerIp?.decodeToString()

    /** `http1.1`. */
    public val protocol: String? = protocol?.decodeToString()

    /** The server's port. */
    public val port: Int = numbers[24].toInt()

    /** The connection was an earlier task's. */
    public val socketReused: Boolean = numbers[25] != 0L

    /** Always `false`: there is no such mode. */
    public val usingHighPerformanceMode: Boolean = numbers[26] != 0L

    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferProfile",
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
    )

    internal companion object {
        /** Takes the numbers in the order of the C struct; -1 is an absent one. No numbers are no profile. */
        fun of(numbers: LongArray?, peerIp: ByteArray?, protocol: ByteArray?): WXTransferProfile? =
            numbers?.let { WXTransferProfile(it, peerIp, protocol) }

        private fun Long.orAbsent(): Long? = takeIf { it != -1L }
    }
}
