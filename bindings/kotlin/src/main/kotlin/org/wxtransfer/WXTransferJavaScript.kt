package org.wxtransfer

import java.util.concurrent.Executor
import java.util.concurrent.RejectedExecutionException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.asExecutor
import org.json.JSONArray
import org.json.JSONException
import org.json.JSONObject

/**
 * The app's side of a page's `wx` calls, over messages in JSON: the reference implementation of `bindings/javascript.md`,
 * which describes the messages. The page's side is [pageScript].
 *
 * Make a new object for each page, and for each time that a page is loaded, because every load numbers its calls anew. All
 * pages of a mini program share its session.
 *
 * @param session The session of the page's mini program.
 * @param files The executor on which file calls run, which wait for the disk.
 * @param page Sends messages to the page.
 */
public class WXTransferJavaScript @JvmOverloads constructor(
    private val session: WXTransferSession,
    private val files: Executor = Dispatchers.IO.asExecutor(),
    private val page: Page,
) : AutoCloseable {
    /** Sends messages to a page. */
    public fun interface Page {
        /**
         * Passes a message to the page's `wxtransferReceive`. Called on any thread, but for one call never at the same time, and
         * also from inside [WXTransferJavaScript.receive]. It must pass the messages on in order, to the page's own thread, in a
         * later turn.
         */
        public fun send(message: String)
    }

    private val running = HashMap<Long, Running>()
    private val fileCalls = WXTransferJavaScriptFiles(session)

    /**
     * `true` after [close]. An earlier message may still be on its way to the page's thread: check this property there, and drop
     * the message if it is `true`.
     */
    public val isClosed: Boolean
        get() = closed

    @Volatile
    private var closed = false

    /** A call whose task was started or is about to be. */
    private class Running {
        var task: WXTransferTask<*>? = null
        var aborted = false
    }

    /**
     * Receives a message of the page's `wxtransferSend`. Any thread. Throws [IllegalArgumentException] if the message cannot be
     * read or the number of its call is not a whole number, because then there is no call to answer.
     */
    public fun receive(message: String) {
        val json = read(message)
        if (json.has("abort")) {
            abort(json.number("abort"))
            return
        }
        val call = Call(json.number("call"), json.optString("api"))
        val options = json.optJSONObject("options") ?: JSONObject()
        when (call.api) {
            "uploadFile" -> start(call) { upload(call, options) }
            "downloadFile" -> start(call) { download(call, options) }
            else -> onDisk(call, options)
        }
    }

    /**
     * Runs the file call of a message of the page's `wxtransferSendSync`, and returns the answer's text. Any thread; it waits
     * for the disk. Throws [IllegalArgumentException] for a message that cannot be read.
     */
    public fun receiveSync(message: String): String {
        val json = read(message)
        val api = json.optString("api")
        val answer = when (val outcome = run(api, json.optJSONObject("options") ?: JSONObject())) {
            is Outcome.Success -> JSONObject().put("success", outcome.result)
            is Outcome.Fail -> JSONObject().put("fail", outcome.result)
        }
        return answer.toString()
    }

    /** Aborts the transfers of a page that is closed or reloaded, and sends it no further messages. The session stays open. */
    override fun close() {
        val tasks = synchronized(running) {
            closed = true
            running.values.mapNotNull {
                it.aborted = true
                it.task
            }
        }
        tasks.forEach { it.abort() }
    }

    private fun read(message: String): JSONObject = try {
        JSONObject(message)
    } catch (_: JSONException) {
        // The text of the exception repeats the message, headers included.
        throw IllegalArgumentException("not a message of the page")
    } catch (nested: StackOverflowError) {
        // A page can nest lists deeper than the parser's stack allows.
        throw IllegalArgumentException("not a message of the page", nested)
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

    internal fun start(call: Call, begin: () -> WXTransferTask<*>) {
        // Added before the task begins: the last callback, which removes the entry, may run before `begin` returns.
        val entry = Running()
        synchronized(running) {
            // The page is gone, so no one would abort the task or receive its events.
            if (closed) return
            running[call.number] = entry
        }
        val task = try {
            begin()
        } catch (malformed: MalformedException) {
            forget(call)
            call.failed(malformed.reason, malformed.errno)
            return
        } catch (refused: WXTransferStatusException) {
            forget(call)
            call.refused(refused)
            return
        }
        val aborted = synchronized(running) {
            entry.task = task
            entry.aborted
        }
        // An `abort` arrived before the task existed.
        if (aborted) task.abort()
    }

    private fun forget(call: Call) {
        synchronized(running) { running.remove(call.number) }
    }

    private fun upload(call: Call, options: JSONObject): WXTransferTask<*> = session.uploadFile(
        WXTransferUploadRequest(options.text("url").orEmpty()) {
            filePath = options.text("filePath")
            name = options.text("name").orEmpty()
            header = options.pairs("header")
            formData = options.pairs("formData")
            fileName = options.text("fileName")
            timeoutMillis = options.milliseconds("timeout")
            disableProfile = options.opt("enableProfile") == false
        },
        object : Events<WXTransferUploadSuccess>(call, "totalBytesSent", "totalBytesExpectedToSend") {
            override fun json(result: WXTransferUploadSuccess) = JSONObject().put("data", result.data)
        },
    )

    private fun download(call: Call, options: JSONObject): WXTransferTask<*> = session.downloadFile(
        WXTransferDownloadRequest(options.text("url").orEmpty()) {
            header = options.pairs("header")
            filePath = options.text("filePath")
            timeoutMillis = options.milliseconds("timeout")
            disableProfile = options.opt("enableProfile") == false
        },
        object : Events<WXTransferDownloadSuccess>(call, "totalBytesWritten", "totalBytesExpectedToWrite") {
            override fun json(result: WXTransferDownloadSuccess) = JSONObject()
                .putOpt("tempFilePath", result.tempFilePath)
                .putOpt("filePath", result.filePath)
                .put("dataLength", result.dataLength)
        },
    )

    private fun onDisk(call: Call, options: JSONObject) {
        try {
            files.execute {
                try {
                    call.ended(run(call.api, options))
                } finally {
                    // The device may have no memory left for a large file.
                    if (!call.answered) call.failed("internal error")
                }
            }
        } catch (thrown: RuntimeException) {
            if (!call.answered) call.failed("not executed")
            // The app shut its executor down, which is not an error. Any other exception is a mistake of the app.
            if (thrown !is RejectedExecutionException) throw thrown
        }
    }

    private fun run(api: String, options: JSONObject): Outcome {
        val operation = fileCalls.call(api) ?: return failure(api, "not supported")
        return try {
            Outcome.Success(operation(options).put("errMsg", "$api:ok"))
        } catch (failure: WXTransferFailure) {
            // FileError has the number also as `errCode`.
            Outcome.Fail(json(failure).put("errCode", failure.errno))
        } catch (malformed: MalformedException) {
            failure(api, malformed.reason, malformed.errno)
        } catch (refused: WXTransferStatusException) {
            // The session is closed, or the app made a mistake. The page must get an answer in either case.
            failure(api, refused.message.orEmpty())
        }
    }

    private fun failure(api: String, reason: String, errno: Int = refusal(api)): Outcome {
        val result = JSONObject().put("errMsg", "$api:fail $reason").put("errno", errno)
        return Outcome.Fail(if (isTransfer(api)) result else result.put("errCode", errno))
    }

    /** The `errno` of a failure that does not come from the library. File calls have their own table (`FileError`). */
    private fun refusal(api: String): Int = if (isTransfer(api)) WXTransferErrno.INTERNAL else WXTransferErrno.SYSTEM_ERROR

    private fun isTransfer(api: String): Boolean = api == "uploadFile" || api == "downloadFile"

    private fun json(failure: WXTransferFailure): JSONObject =
        JSONObject().put("errMsg", failure.errMsg).put("errno", failure.errno)

    /** The result of a call. */
    internal sealed class Outcome {
        abstract val result: JSONObject

        class Success(override val result: JSONObject) : Outcome()

        class Fail(override val result: JSONObject) : Outcome()
    }

    /** One call of the page. Answers carry its number. */
    internal inner class Call(val number: Long, val api: String) {
        var answered = false
            private set

        fun event(name: String, result: JSONObject) = pass(message(name, result))

        private fun pass(message: String) {
            if (!isClosed) page.send(message)
        }

        private fun message(event: String, result: JSONObject?): String {
            val message = JSONObject().put("call", number).put("event", event).putOpt("result", result)
            return message.toString().replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
        }

        fun succeeded(errMsg: String, result: JSONObject) = ended(Outcome.Success(result.put("errMsg", errMsg)))

        fun failed(failure: WXTransferFailure) = ended(Outcome.Fail(json(failure)))

        fun failed(reason: String, errno: Int = refusal(api)) = ended(failure(api, reason, errno))

        /** The session is closed, or the app made a mistake. The page must get an answer in either case. */
        fun refused(refused: WXTransferStatusException) = failed(refused.message.orEmpty())

        /** Sends the result, then `complete`, for which the page's script repeats the result. */
        fun ended(outcome: Outcome) {
            // Both messages are made before one is sent, because the device may have no memory left for a large answer.
            val first = message(if (outcome is Outcome.Success) "success" else "fail", outcome.result)
            val last = message("complete", null)
            answered = true
            try {
                pass(first)
            } finally {
                pass(last)
            }
        }
    }

    private abstract inner class Events<S : WXTransferSuccess>(
        private val call: Call,
        private val totalName: String,
        private val expectedName: String,
    ) : WXTransferCallbacks<S> {
        abstract fun json(result: S): JSONObject

        override fun onHeadersReceived(event: WXTransferHeadersReceived) {
            val result = JSONObject().put("header", joined(event.header)).put("statusCode", event.statusCode)
            call.event("headersReceived", result)
        }

        override fun onProgress(event: WXTransferProgress) {
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

        override fun onFail(failure: WXTransferFailure) = call.failed(failure)

        override fun onComplete() {
            forget(call)
            if (!call.answered) call.failed("internal error")
        }
    }

    /** The page's script. */
    public companion object {
        /** The page's side: a script that defines the `wx` functions. Run it before the page's own script. */
        @JvmStatic
        public val pageScript: String by lazy {
            val stream = checkNotNull(WXTransferJavaScript::class.java.getResourceAsStream("wx.js")) { "wx.js is not packed" }
            stream.use { it.readBytes().decodeToString() }
        }
    }
}
