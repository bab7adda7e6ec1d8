package org.wxtransfer

import java.util.concurrent.Executor
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
    private val tasks = HashMap<Long, WXTTask<*>?>()

    /** Takes a message of the page's `wxtransferSend`. Any thread. A message that cannot be read throws. */
    public fun receive(message: String) {
        val json = try {
            JSONObject(message)
        } catch (malformed: JSONException) {
            throw IllegalArgumentException("not a message of the page", malformed)
        }
        if (json.has("abort")) {
            abort(json.optLong("abort"))
            return
        }
        val call = Call(json.optLong("call"), json.optString("api"))
        val options = json.optJSONObject("options") ?: JSONObject()
        when (call.api) {
            "uploadFile" -> start(call, options) { upload(call, options) }
            "downloadFile" -> start(call, options) { download(call, options) }
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
        synchronized(tasks) { tasks[number] }?.abort()
    }

    private fun start(call: Call, options: JSONObject, begin: () -> WXTTask<*>) {
        // The struct has lists where the page may have given anything.
        for (name in listOf("header", "formData")) {
            if (options.has(name) && !options.isNull(name) && options.optJSONObject(name) == null) {
                call.failed("invalid request data $name", WXTErrno.INVALID_REQUEST_DATA)
                return
            }
        }
        // Before the task begins: its last callback, which takes it out again, may come before `begin` returns.
        synchronized(tasks) { tasks[call.number] = null }
        val task = try {
            begin()
        } catch (refused: WXTStatusException) {
            synchronized(tasks) { tasks.remove(call.number) }
            call.refused(refused)
            return
        }
        synchronized(tasks) { if (call.number in tasks) tasks[call.number] = task }
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
        ),
        object : Events<WXTDownloadSuccess>(call, "totalBytesWritten", "totalBytesExpectedToWrite") {
            override fun json(result: WXTDownloadSuccess) = JSONObject()
                .putOpt("tempFilePath", result.tempFilePath)
                .putOpt("filePath", result.filePath)
                .put("dataLength", result.dataLength)
        },
    )

    private fun onDisk(call: Call, operation: () -> JSONObject) = files.execute {
        try {
            call.succeeded("${call.api}:ok", operation())
        } catch (failure: WXTFailureException) {
            call.failed(failure)
        } catch (refused: WXTStatusException) {
            call.refused(refused)
        }
    }

    /** One call of the page's, which is answered under its number. */
    private inner class Call(val number: Long, val api: String) {
        fun event(name: String, result: JSONObject) {
            val message = JSONObject().put("call", number).put("event", name).put("result", result)
            send(message.toString().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))
        }

        fun succeeded(errMsg: String, result: JSONObject) = end("success", result.put("errMsg", errMsg))

        fun failed(failure: WXTFailureException) =
            end("fail", JSONObject().put("errMsg", failure.errMsg).put("errno", failure.errno))

        fun failed(reason: String, errno: Int) =
            end("fail", JSONObject().put("errMsg", "$api:fail $reason").put("errno", errno))

        /** The app closed the session, or has a mistake: the page cannot know, and must not wait for ever. */
        fun refused(refused: WXTStatusException) = failed(refused.message.orEmpty(), WXTErrno.INTERNAL)

        private fun end(event: String, result: JSONObject) {
            event(event, result)
            event("complete", result)
        }
    }

    private abstract inner class Events<S : WXTSuccess>(
        private val call: Call,
        private val totalName: String,
        private val expectedName: String,
    ) : WXTCallbacks<S> {
        abstract fun json(result: S): JSONObject

        override fun onHeadersReceived(event: WXTHeadersReceived) {
            val header = JSONObject()
            for ((name, value) in event.header) {
                val before = header.optString(name, "")
                header.put(name, if (header.has(name)) "$before, $value" else value)
            }
            call.event("headersReceived", JSONObject().put("header", header).put("statusCode", event.statusCode))
        }

        override fun onProgress(event: WXTProgress) {
            val progress = JSONObject()
                .putOpt("progress", event.progress)
                .put(totalName, event.totalBytes)
                .putOpt(expectedName, event.totalBytesExpected)
            call.event("progressUpdate", progress)
        }

        override fun onSuccess(result: S) {
            val success = json(result).put("statusCode", result.statusCode).put("profile", profile(result.profile))
            call.succeeded(result.errMsg, success)
        }

        override fun onFail(failure: WXTFailureException) = call.failed(failure)

        override fun onComplete() {
            synchronized(tasks) { tasks.remove(call.number) }
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

private fun profile(profile: WXTProfile): JSONObject = JSONObject()
    .put("invokeStart", profile.invokeStart)
    .put("queueStart", profile.queueStart)
    .put("queueEnd", profile.queueEnd)
    .put("fetchStart", profile.fetchStart)
    .put("redirectStart", profile.redirectStart)
    .put("redirectEnd", profile.redirectEnd)
    .put("domainLookUpStart", profile.domainLookUpStart)
    .put("domainLookUpEnd", profile.domainLookUpEnd)
    .put("connectStart", profile.connectStart)
    .put("connectEnd", profile.connectEnd)
    .put("SSLconnectionStart", profile.SSLconnectionStart)
    .put("SSLconnectionEnd", profile.SSLconnectionEnd)
    .put("requestStart", profile.requestStart)
    .put("requestEnd", profile.requestEnd)
    .put("responseStart", profile.responseStart)
    .put("responseEnd", profile.responseEnd)
    .put("sendBytesCount", profile.sendBytesCount)
    .put("receivedBytedCount", profile.receivedBytedCount)
    .putOpt("peerIP", profile.peerIP)
    .putOpt("protocol", profile.protocol)
    .put("port", profile.port)
    .put("socketReused", profile.socketReused)

/** A parameter as text; `null` where it is absent. */
private fun JSONObject.text(name: String): String? = if (isNull(name)) null else get(name).toString()

/** The members of an object in their order. */
private fun JSONObject.pairs(name: String): List<Pair<String, String>> {
    val members = optJSONObject(name) ?: return emptyList()
    return members.keys().asSequence().mapNotNull { key -> members.text(key)?.let { key to it } }.toList()
}

/** A time; the default, 0, for what is none. */
private fun JSONObject.milliseconds(name: String): Int =
    optDouble(name, 0.0).takeIf { it > 0 }?.coerceAtMost(Int.MAX_VALUE.toDouble())?.toInt() ?: 0
