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
 * One for each page, and for each time that it is loaded: every one of them counts its own calls. All pages of a mini
 * program share its session.
 *
 * @param session The page's mini program.
 * @param files Where file calls run, which wait for the disk.
 * @param page The way to the page.
 */
public class WXTransferJavaScript @JvmOverloads constructor(
    private val session: WXTransferSession,
    private val files: Executor = Dispatchers.IO.asExecutor(),
    private val page: Page,
) : AutoCloseable {
    /** The way to a page. */
    public fun interface Page {
        /**
         * Takes a message for the page's `wxtransferReceive`, from any thread but one at a time for one call, and also from inside
         * [WXTransferJavaScript.receive]. It has to pass them on in their order, to the page's own thread, in a later turn.
         */
        public fun send(message: String)
    }

    private val running = HashMap<Long, Running>()
    private val fileCalls = WXTransferJavaScriptFiles(session)

    /**
     * The page has gone. A message that was sent before may still be on its way to the page's thread: look there, and
     * drop it.
     */
    public val isClosed: Boolean
        get() = closed

    @Volatile
    private var closed = false

    /** A call whose task has begun, or is about to. */
    private class Running {
        var task: WXTransferTask<*>? = null
        var aborted = false
    }

    /**
     * Takes a message of the page's `wxtransferSend`. Any thread. Throws [IllegalArgumentException] for one that cannot be
     * read, or that names its call by no whole number: there is nothing to answer to.
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

    /** The page goes, or is loaded anew: its transfers are aborted, and it is sent nothing more. The session stays open. */
    override fun close() {
        closed = true
        val tasks = synchronized(running) {
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
        // Its text repeats the message, headers included.
        throw IllegalArgumentException("not a message of the page")
    } catch (nested: StackOverflowError) {
        // A page can nest lists deeper than the reader's stack goes.
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
        // Before the task begins: its last callback, which takes it out again, may come before `begin` returns.
        val entry = Running()
        synchronized(running) { running[call.number] = entry }
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
        // An `abort` that came before there was a task.
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
                    // A phone may have no memory for a large file.
                    if (!call.answered) call.failed("internal error")
                }
            }
        } catch (thrown: RuntimeException) {
            if (!call.answered) call.failed("not executed")
            // An executor that was shut down is nothing to tell the app; all else is a mistake of its own.
            if (thrown !is RejectedExecutionException) throw thrown
        }
    }

    private fun run(api: String, options: JSONObject): Outcome {
        val operation = fileCalls.call(api) ?: return failure(api, "not supported")
        return try {
            Outcome.Success(operation(options).put("errMsg", "$api:ok"))
        } catch (failure: WXTransferFailure) {
            // FileError has the number as `errCode`.
            Outcome.Fail(json(failure).put("errCode", failure.errno))
        } catch (malformed: MalformedException) {
            failure(api, malformed.reason, malformed.errno)
        } catch (refused: WXTransferStatusException) {
            // The app closed the session, or has a mistake: the page cannot know, and must not wait for ever.
            failure(api, refused.message.orEmpty())
        }
    }

    private fun failure(api: String, reason: String, errno: Int = refusal(api)): Outcome {
        val result = JSONObject().put("errMsg", "$api:fail $reason").put("errno", errno)
        return Outcome.Fail(if (isTransfer(api)) result else result.put("errCode", errno))
    }

    /** The `errno` of what is no failure of the library's. File calls have a table of their own (`FileError`). */
    private fun refusal(api: String): Int = if (isTransfer(api)) WXTransferErrno.INTERNAL else WXTransferErrno.SYSTEM_ERROR

    private fun isTransfer(api: String): Boolean = api == "uploadFile" || api == "downloadFile"

    private fun json(failure: WXTransferFailure): JSONObject =
        JSONObject().put("errMsg", failure.errMsg).put("errno", failure.errno)

    /** What a call has come to. */
    internal sealed class Outcome {
        abstract val result: JSONObject

        class Success(override val result: JSONObject) : Outcome()

        class Fail(override val result: JSONObject) : Outcome()
    }

    /** One call of the page's, which is answered under its number. */
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

        /** The app closed the session, or has a mistake: the page cannot know, and must not wait for ever. */
        fun refused(refused: WXTransferStatusException) = failed(refused.message.orEmpty())

        /** The page's side gives `complete` what it was given before. */
        fun ended(outcome: Outcome) {
            // Both before either is sent: a phone may have no memory for a large answer.
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

    /** What a host needs of the library to serve a page. */
    public companion object {
        /** The page's side: a script that makes the `wx` functions, to be run before the page's own. */
        @JvmStatic
        public val pageScript: String by lazy {
            val stream = checkNotNull(WXTransferJavaScript::class.java.getResourceAsStream("wx.js")) { "wx.js is not packed" }
            stream.use { it.readBytes().decodeToString() }
        }
    }
}
