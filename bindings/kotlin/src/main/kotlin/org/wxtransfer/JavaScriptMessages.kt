package org.wxtransfer

import org.json.JSONArray
import org.json.JSONObject

/** The header as an object. Values of one name, in any letter case (RFC 9110 section 5.1), are joined under its first spelling. */
internal fun joined(header: List<Pair<String, String>>): JSONObject {
    val json = JSONObject()
    for (fields in header.groupBy { (name, _) -> name.lowercase() }.values) {
        json.put(fields.first().first, fields.joinToString { (_, value) -> value })
    }
    return json
}

internal fun WXTransferProfile.json(): JSONObject = JSONObject()
    // Generated from wxtransfer.h: json WxtProfile
    .putOpt("invokeStart", invokeStart)
    .putOpt("queueStart", queueStart)
    .putOpt("queueEnd", queueEnd)
    .put("fetchStart", fetchStart)
    .put("redirectStart", redirectStart)
    .put("redirectEnd", redirectEnd)
    .put("domainLookUpStart", domainLookUpStart)
    .put("domainLookUpEnd", domainLookUpEnd)
    .put("connectStart", connectStart)
    .put("connectEnd", connectEnd)
    .put("SSLconnectionStart", SSLconnectionStart)
    .put("SSLconnectionEnd", SSLconnectionEnd)
    .put("requestStart", requestStart)
    .put("requestEnd", requestEnd)
    .put("responseStart", responseStart)
    .put("responseEnd", responseEnd)
    .put("sendBytesCount", sendBytesCount)
    .put("receivedBytedCount", receivedBytedCount)
    .putOpt("rtt", rtt)
    .putOpt("httpRttEstimate", httpRttEstimate)
    .putOpt("transportRttEstimate", transportRttEstimate)
    .putOpt("throughputKbps", throughputKbps)
    .putOpt("downstreamThroughputKbpsEstimate", downstreamThroughputKbpsEstimate)
    .put("estimate_nettype", estimate_nettype)
    .putOpt("peerIP", peerIP)
    .putOpt("protocol", protocol)
    .put("port", port)
    .put("socketReused", socketReused)
    .put("usingHighPerformanceMode", usingHighPerformanceMode)
    // Generated until here

/** A parameter has a value that a message must not contain. */
internal class MalformedException(val reason: String, val errno: Int) : Exception(reason)

/** The number of a call. JSON does not distinguish 1.0 from 1. */
internal fun JSONObject.number(name: String): Long {
    val number = opt(name) as? Number
    require(number != null && number.toDouble() == number.toLong().toDouble()) { "$name is no whole number" }
    return number.toLong()
}

/** A text parameter; `null` if it is absent or not a text. */
internal fun JSONObject.text(name: String): String? = opt(name) as? String

/** The pairs of a list. Pairs are sent as a list because JSON keeps its order. */
internal fun JSONObject.pairs(name: String): List<Pair<String, String>> {
    if (isNull(name)) return emptyList()
    val list = opt(name) as? JSONArray ?: throw malformed(name)
    return List(list.length()) { index ->
        val pair = list.opt(index) as? JSONArray
        val (key, value) = pair?.opt(0) as? String to pair?.opt(1) as? String
        if (key == null || value == null || pair?.length() != 2) throw malformed(name)
        key to value
    }
}

private fun malformed(name: String) = MalformedException("invalid request data $name", WXTransferErrno.INVALID_REQUEST_DATA)

/** A time in milliseconds; 0, the default, if the value is absent, not a number, or negative. */
internal fun JSONObject.milliseconds(name: String): Long =
    (opt(name) as? Number)?.toDouble()?.toLong()?.coerceAtLeast(0) ?: 0
