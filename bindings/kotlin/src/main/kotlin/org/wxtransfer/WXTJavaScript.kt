package org.wxtransfer

import java.util.concurrent.Executor
import java.util.concurrent.RejectedExecutionException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/**
 * The host's side of the `wx` calls of a page, over messages in JSON: the reference implementation of
 * `bindings/javascript.md`, which describes them. The page's side is [pageScript].
 *
 * @param session The page's mini program.
 * @param files Where `saveFile` and its like run, which wait for the disk.
 * @param send Takes a message for the page's `wxtransferReceive`, from any thread but one at a time for one call. It has
 * to pass them on in their order, to the page's own thread.
 */
public class WXTJavaScript(
    private val session: WXTransferSession,
    private val files: Executor = Dispatchers.IO.asExecutor(),
    private val send: (String) -> Unit,
) {
    private val running = HashMap<Long, Running>()

    /** A call whose task has begun, or is about to. */
    private class Running {
        var task: WXTTask<*>? = null
        var aborted = false
    }

    /**
     * Takes a message of the page's `wxtransferSend`. Any thread. Throws [IllegalArgumentException] for one that cannot be
     * read, or that names its call by no whole number: there is nothing to answer to.
     */
    public fun receive(message: String) {
        val json = try {
            JSONObject(message)
        } catch (_: JSONException) {
            // Its text repeats the message, headers included.
            throw IllegalArgumentException("not a message of the page")
        } catch (nested: StackOverflowError) {
            // A page can nest lists deeper than the reader's stack goes.
            throw IllegalArgumentException("not a message of the page", nested)
        }
        if (json.has("abort")) {
            abort(json.number("abort"))
            return
        }
        val call = Call(json.number("call"), json.optString("api"))
        val options = json.optJSONObject("options") ?: JSONObject()
        when (call.api) {
            "uploadFile" -> start(call) { upload(call, options) }
            "downloadFile" -> start(call) { download(call, options) }
            "saveFile" -> onDisk(call) {
                val file = session.saveFileBlocking(options.text("tempFilePath").orEmpty(), options.text("filePath"))
                JSONObject().put("savedFilePath", file.filePath)
            }
            "getSavedFileList" -> onDisk(call) {
                JSONObject().put("fileList", JSONArray(session.getSavedFileListBlocking().map(::savedFile)))
            }
            "getSavedFileInfo" -> onDisk(call) {
                val file = session.getSavedFileInfoBlocking(options.text("filePath").orEmpty())
                JSONObject().put("size", file.size).put("createTime", file.createTime)
            }
            "removeSavedFile" -> onDisk(call) {
                session.removeSavedFileBlocking(options.text("filePath").orEmpty())
                JSONObject()
            }
            else -> call.failed("not supported", WXTErrno.INTERNAL)
        }
    }

    private fun abort(number: Long) {
        val task = synchronized(running) {
            running[number]?.let {
                it.aborted = true
                it.task
            }
        }
        task?.abort()
    }

    internal fun start(call: Call, begin: () -> WXTTask<*>) {
        // Before the task begins: its last callback, which takes it out again, may come before `begin` returns.
        val entry = Running()
        synchronized(running) { running[call.number] = entry }
        val task = try {
            begin()
        } catch (malformed: MalformedException) {
            forget(call)
            call.failed("invalid request data ${malformed.message}", WXTErrno.INVALID_REQUEST_DATA)
            return
        } catch (refused: WXTStatusException) {
            forget(call)
            call.refused(refused)
            return
        }
        val aborted = synchronized(running) {
            entry.task = task
            entry.aborted
        }
        // An `abort` that came before there was a task.
        if (aborted) task.abort()
    }

    private fun forget(call: Call) {
        synchronized(running) { running.remove(call.number) }
    }

    private fun upload(call: Call, options: JSONObject): WXTTask<*> = session.uploadFile(
        WXTUploadRequest(
            url = options.text("url").orEmpty(),
            filePath = options.text("filePath"),
            name = options.text("name").orEmpty(),
            header = options.pairs("header"),
            formData = options.pairs("formData"),
            fileName = options.text("fileName"),
            timeout = options.milliseconds("timeout"),
            disableProfile = options.opt("enableProfile") == false,
        ),
        object : Events<WXTUploadSuccess>(call, "totalBytesSent", "totalBytesExpectedToSend") {
            override fun json(result: WXTUploadSuccess) = JSONObject().put("data", result.data)
        },
    )

    private fun download(call: Call, options: JSONObject): WXTTask<*> = session.downloadFile(
        WXTDownloadRequest(
            url = options.text("url").orEmpty(),
            header = options.pairs("header"),
            filePath = options.text("filePath"),
            timeout = options.milliseconds("timeout"),
            disableProfile = options.opt("enableProfile") == false,
        ),
        object : Events<WXTDownloadSuccess>(call, "totalBytesWritten", "totalBytesExpectedToWrite") {
            override fun json(result: WXTDownloadSuccess) = JSONObject()
                .putOpt("tempFilePath", result.tempFilePath)
                .putOpt("filePath", result.filePath)
                .put("dataLength", result.dataLength)
        },
    )

    private fun onDisk(call: Call, operation: () -> JSONObject) {
        try {
            files.execute { answerWith(call, operation) }
        } catch (thrown: RuntimeException) {
            if (!call.answered) call.failed("not executed", WXTErrno.INTERNAL)
            // An executor that was shut down is nothing to tell the app; all else is a mistake of its own.
            if (thrown !is RejectedExecutionException) throw thrown
        }
    }

    private fun answerWith(call: Call, operation: () -> JSONObject) {
        val result = try {
            operation()
        } catch (failure: WXTFailureException) {
            return call.failed(failure)
        } catch (refused: WXTStatusException) {
            return call.refused(refused)
        }
        call.succeeded("${call.api}:ok", result)
    }

    /** One call of the page's, which is answered under its number. */
    internal inner class Call(val number: Long, val api: String) {
        var answered = false
            private set

        fun event(name: String, result: JSONObject) = send(message(name, result))

        private fun message(event: String, result: JSONObject): String {
            val message = JSONObject().put("call", number).put("event", event).put("result", result)
            return message.toString().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        }

        fun succeeded(errMsg: String, result: JSONObject) = end("success", result.put("errMsg", errMsg))

        fun failed(failure: WXTFailureException) =
            end("fail", JSONObject().put("errMsg", failure.errMsg).put("errno", failure.errno))

        fun failed(reason: String, errno: Int) =
            end("fail", JSONObject().put("errMsg", "$api:fail $reason").put("errno", errno))

        /** The app closed the session, or has a mistake: the page cannot know, and must not wait for ever. */
        fun refused(refused: WXTStatusException) = failed(refused.message.orEmpty(), WXTErrno.INTERNAL)

        private fun end(event: String, result: JSONObject) {
            // Both before either is sent: a phone may have no memory for a large answer.
            val (first, last) = message(event, result) to message("complete", result)
            answered = true
            try {
                send(first)
            } finally {
                send(last)
            }
        }
    }

    private abstract inner class Events<S : WXTSuccess>(
        private val call: Call,
        private val totalName: String,
        private val expectedName: String,
    ) : WXTCallbacks<S> {
        abstract fun json(result: S): JSONObject

        override fun onHeadersReceived(event: WXTHeadersReceived) {
            val result = JSONObject().put("header", joined(event.header)).put("statusCode", event.statusCode)
            call.event("headersReceived", result)
        }

        override fun onProgress(event: WXTProgress) {
            val progress = JSONObject()
                .putOpt("progress", event.progress)
                .put(totalName, event.totalBytes)
                .putOpt(expectedName, event.totalBytesExpected)
            call.event("progressUpdate", progress)
        }

        override fun onSuccess(result: S) {
            val success = json(result)
                .put("statusCode", result.statusCode)
                .put("header", joined(result.header))
                .put("cookies", JSONArray(result.cookies))
                .putOpt("profile", result.profile?.json())
            call.succeeded(result.errMsg, success)
        }

        override fun onFail(failure: WXTFailureException) = call.failed(failure)

        override fun onComplete() {
            forget(call)
            if (!call.answered) call.failed("internal error", WXTErrno.INTERNAL)
        }
    }

    /** What a host needs of the library to serve a page. */
    public companion object {
        /** The page's side: a script that makes the `wx` functions, to be run before the page's own. */
        public val pageScript: String by lazy {
            val stream = checkNotNull(WXTJavaScript::class.java.getResourceAsStream("wx.js")) { "wx.js is not packed" }
            stream.use { it.readBytes().decodeToString() }
        }
    }
}

private fun savedFile(file: WXTFile): JSONObject =
    JSONObject().put("filePath", file.filePath).put("size", file.size).put("createTime", file.createTime)

/** The header as an object: values of one name, whatever its case (RFC 9110 section 5.1), joined under the first. */
private fun joined(header: List<Pair<String, String>>): JSONObject {
    val json = JSONObject()
    for (fields in header.groupBy { (name, _) -> name.lowercase() }.values) {
        json.put(fields.first().first, fields.joinToString { (_, value) -> value })
    }
    return json
}

internal fun WXTProfile.json(): JSONObject = JSONObject()
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

/** A parameter that is not what a message may hold. */
private class MalformedException(parameter: String) : Exception(parameter)

/** The number of a call. JSON has one kind of numbers, so that 1.0 is 1. */
private fun JSONObject.number(name: String): Long {
    val number = opt(name) as? Number
    require(number != null && number.toDouble() == number.toLong().toDouble()) { "$name is no whole number" }
    return number.toLong()
}

/** A parameter that is text; `null` where it is absent. */
private fun JSONObject.text(name: String): String? = opt(name) as? String

/** The pairs of a list, whose order JSON keeps. */
private fun JSONObject.pairs(name: String): List<Pair<String, String>> {
    if (isNull(name)) return emptyList()
    val list = opt(name) as? JSONArray ?: throw MalformedException(name)
    return List(list.length()) { index ->
        val pair = list.opt(index) as? JSONArray
        val (key, value) = pair?.opt(0) as? String to pair?.opt(1) as? String
        if (key == null || value == null || pair?.length() != 2) throw MalformedException(name)
        key to value
    }
}

/** A time; the default, 0, for what is none. */
private fun JSONObject.milliseconds(name: String): Int =
    (opt(name) as? Number)?.toDouble()?.toInt()?.coerceAtLeast(0) ?: 0
