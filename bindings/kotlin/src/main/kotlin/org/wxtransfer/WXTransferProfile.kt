package org.wxtransfer

/**
 * When the steps of a task happened, and on which connection: `WxtProfile` of the C interface, with WeChat's names. Times are in
 * milliseconds since the Unix epoch, and 0 if the step did not happen. A property is `null` if a page's `profile` does not have
 * it.
 */
public class WXTransferProfile private constructor(numbers: LongArray, texts: List<String?>) {
    // Generated from wxtransfer.h: properties WxtProfile
    /** The task was started. `null` on base libraries before 3.8.10. */
    public val invokeStart: Long? = numbers[0].orAbsent()

    /** The task entered the queue. `null` on base libraries before 3.8.10. */
    public val queueStart: Long? = numbers[1].orAbsent()

    /** A worker took the task. 0 if none did. `null` on base libraries before 3.8.10. */
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
     * [WXTransferSession.networkChanged] forgets it. Tasks without a profile are not observed.
     */
    public val httpRttEstimate: Long? = numbers[19].orAbsent()

    /** The session's estimate of [rtt], in milliseconds. `null` while there is no observation, or without an answer. */
    public val transportRttEstimate: Long? = numbers[20].orAbsent()

    /**
     * Kilobits per second of the answer's body, from its first byte to its last. `null` if less than 32 KiB arrived in
     * that time, or if the answer is not complete.
     */
    public val throughputKbps: Long? = numbers[21].orAbsent()

    /** The session's estimate of [throughputKbps]. `null` while there is no observation, or without an answer. */
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

    /** The connection was already open, from an earlier task, hop or attempt, or from [WXTransferSession.prepare]. */
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

    /** Makes a [WXTransferProfile], for a test. Default of each property: `null`, 0 or `false`. */
    public class Builder {
        // Generated from wxtransfer.h: builder WxtProfile
        /** [WXTransferProfile.invokeStart]. */
        @set:JvmSynthetic public var invokeStart: Long? = null
        public fun setInvokeStart(invokeStart: Long?): Builder = apply { this.invokeStart = invokeStart }

        /** [WXTransferProfile.queueStart]. */
        @set:JvmSynthetic public var queueStart: Long? = null
        public fun setQueueStart(queueStart: Long?): Builder = apply { this.queueStart = queueStart }

        /** [WXTransferProfile.queueEnd]. */
        @set:JvmSynthetic public var queueEnd: Long? = null
        public fun setQueueEnd(queueEnd: Long?): Builder = apply { this.queueEnd = queueEnd }

        /** [WXTransferProfile.fetchStart]. */
        @set:JvmSynthetic public var fetchStart: Long = 0
        public fun setFetchStart(fetchStart: Long): Builder = apply { this.fetchStart = fetchStart }

        /** [WXTransferProfile.redirectStart]. */
        @set:JvmSynthetic public var redirectStart: Long = 0
        public fun setRedirectStart(redirectStart: Long): Builder = apply { this.redirectStart = redirectStart }

        /** [WXTransferProfile.redirectEnd]. */
        @set:JvmSynthetic public var redirectEnd: Long = 0
        public fun setRedirectEnd(redirectEnd: Long): Builder = apply { this.redirectEnd = redirectEnd }

        /** [WXTransferProfile.domainLookUpStart]. */
        @set:JvmSynthetic public var domainLookUpStart: Long = 0
        public fun setDomainLookUpStart(domainLookUpStart: Long): Builder = apply { this.domainLookUpStart = domainLookUpStart }

        /** [WXTransferProfile.domainLookUpEnd]. */
        @set:JvmSynthetic public var domainLookUpEnd: Long = 0
        public fun setDomainLookUpEnd(domainLookUpEnd: Long): Builder = apply { this.domainLookUpEnd = domainLookUpEnd }

        /** [WXTransferProfile.connectStart]. */
        @set:JvmSynthetic public var connectStart: Long = 0
        public fun setConnectStart(connectStart: Long): Builder = apply { this.connectStart = connectStart }

        /** [WXTransferProfile.connectEnd]. */
        @set:JvmSynthetic public var connectEnd: Long = 0
        public fun setConnectEnd(connectEnd: Long): Builder = apply { this.connectEnd = connectEnd }

        /** [WXTransferProfile.SSLconnectionStart]. */
        @set:JvmSynthetic public var SSLconnectionStart: Long = 0
        public fun setSSLconnectionStart(SSLconnectionStart: Long): Builder = apply { this.SSLconnectionStart = SSLconnectionStart }

        /** [WXTransferProfile.SSLconnectionEnd]. */
        @set:JvmSynthetic public var SSLconnectionEnd: Long = 0
        public fun setSSLconnectionEnd(SSLconnectionEnd: Long): Builder = apply { this.SSLconnectionEnd = SSLconnectionEnd }

        /** [WXTransferProfile.requestStart]. */
        @set:JvmSynthetic public var requestStart: Long = 0
        public fun setRequestStart(requestStart: Long): Builder = apply { this.requestStart = requestStart }

        /** [WXTransferProfile.requestEnd]. */
        @set:JvmSynthetic public var requestEnd: Long = 0
        public fun setRequestEnd(requestEnd: Long): Builder = apply { this.requestEnd = requestEnd }

        /** [WXTransferProfile.responseStart]. */
        @set:JvmSynthetic public var responseStart: Long = 0
        public fun setResponseStart(responseStart: Long): Builder = apply { this.responseStart = responseStart }

        /** [WXTransferProfile.responseEnd]. */
        @set:JvmSynthetic public var responseEnd: Long = 0
        public fun setResponseEnd(responseEnd: Long): Builder = apply { this.responseEnd = responseEnd }

        /** [WXTransferProfile.sendBytesCount]. */
        @set:JvmSynthetic public var sendBytesCount: Long = 0
        public fun setSendBytesCount(sendBytesCount: Long): Builder = apply { this.sendBytesCount = sendBytesCount }

        /** [WXTransferProfile.receivedBytedCount]. */
        @set:JvmSynthetic public var receivedBytedCount: Long = 0
        public fun setReceivedBytedCount(receivedBytedCount: Long): Builder = apply { this.receivedBytedCount = receivedBytedCount }

        /** [WXTransferProfile.rtt]. */
        @set:JvmSynthetic public var rtt: Long? = null
        public fun setRtt(rtt: Long?): Builder = apply { this.rtt = rtt }

        /** [WXTransferProfile.httpRttEstimate]. */
        @set:JvmSynthetic public var httpRttEstimate: Long? = null
        public fun setHttpRttEstimate(httpRttEstimate: Long?): Builder = apply { this.httpRttEstimate = httpRttEstimate }

        /** [WXTransferProfile.transportRttEstimate]. */
        @set:JvmSynthetic public var transportRttEstimate: Long? = null
        public fun setTransportRttEstimate(transportRttEstimate: Long?): Builder =
            apply { this.transportRttEstimate = transportRttEstimate }

        /** [WXTransferProfile.throughputKbps]. */
        @set:JvmSynthetic public var throughputKbps: Long? = null
        public fun setThroughputKbps(throughputKbps: Long?): Builder = apply { this.throughputKbps = throughputKbps }

        /** [WXTransferProfile.downstreamThroughputKbpsEstimate]. */
        @set:JvmSynthetic public var downstreamThroughputKbpsEstimate: Long? = null
        public fun setDownstreamThroughputKbpsEstimate(downstreamThroughputKbpsEstimate: Long?): Builder =
            apply { this.downstreamThroughputKbpsEstimate = downstreamThroughputKbpsEstimate }

        /** [WXTransferProfile.estimate_nettype]. */
        @set:JvmSynthetic public var estimate_nettype: Int = 0
        public fun setEstimate_nettype(estimate_nettype: Int): Builder = apply { this.estimate_nettype = estimate_nettype }

        /** [WXTransferProfile.peerIP]. */
        @set:JvmSynthetic public var peerIP: String? = null
        public fun setPeerIP(peerIP: String?): Builder = apply { this.peerIP = peerIP }

        /** [WXTransferProfile.protocol]. */
        @set:JvmSynthetic public var protocol: String? = "http1.1"
        public fun setProtocol(protocol: String?): Builder = apply { this.protocol = protocol }

        /** [WXTransferProfile.port]. */
        @set:JvmSynthetic public var port: Int = 0
        public fun setPort(port: Int): Builder = apply { this.port = port }

        /** [WXTransferProfile.socketReused]. */
        @set:JvmSynthetic public var socketReused: Boolean = false
        public fun setSocketReused(socketReused: Boolean): Builder = apply { this.socketReused = socketReused }

        /** [WXTransferProfile.usingHighPerformanceMode]. */
        @set:JvmSynthetic public var usingHighPerformanceMode: Boolean = false
        public fun setUsingHighPerformanceMode(usingHighPerformanceMode: Boolean): Builder =
            apply { this.usingHighPerformanceMode = usingHighPerformanceMode }
        // Generated until here

        /** Makes the object from the current values. */
        public fun build(): WXTransferProfile {
            val numbers = longArrayOf(
                // Generated from wxtransfer.h: numbers WxtProfile
                invokeStart ?: -1,
                queueStart ?: -1,
                queueEnd ?: -1,
                fetchStart,
                redirectStart,
                redirectEnd,
                domainLookUpStart,
                domainLookUpEnd,
                connectStart,
                connectEnd,
                SSLconnectionStart,
                SSLconnectionEnd,
                requestStart,
                requestEnd,
                responseStart,
                responseEnd,
                sendBytesCount,
                receivedBytedCount,
                rtt ?: -1,
                httpRttEstimate ?: -1,
                transportRttEstimate ?: -1,
                throughputKbps ?: -1,
                downstreamThroughputKbpsEstimate ?: -1,
                estimate_nettype.toLong(),
                port.toLong(),
                if (socketReused) 1L else 0L,
                if (usingHighPerformanceMode) 1L else 0L,
                // Generated until here
            )
            val texts = listOf(
                // Generated from wxtransfer.h: texts WxtProfile
                peerIP,
                protocol,
                // Generated until here
            )
            return WXTransferProfile(numbers, texts)
        }
    }

    internal companion object {
        /** The numbers and texts are in the order of the C struct. -1 is an absent number. If [numbers] is `null`, there is no profile. */
        fun of(numbers: LongArray?, texts: List<String?>): WXTransferProfile? = numbers?.let { WXTransferProfile(it, texts) }

        private fun Long.orAbsent(): Long? = takeIf { it != -1L }
    }
}

/** Makes a [WXTransferProfile] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferProfile(set: WXTransferProfile.Builder.() -> Unit = {}): WXTransferProfile =
    WXTransferProfile.Builder().apply(set).build()
