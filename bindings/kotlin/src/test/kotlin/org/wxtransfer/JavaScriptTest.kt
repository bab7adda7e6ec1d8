package org.wxtransfer

import com.sun.net.httpserver.HttpServer
import java.io.File
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.URI
import java.nio.file.Path
import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executor
import java.util.concurrent.Executors
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlin.concurrent.thread
import kotlinx.coroutines.runBlocking
import org.json.JSONArray
import org.json.JSONObject
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.mozilla.javascript.BaseFunction
import org.mozilla.javascript.Context
import org.mozilla.javascript.Function
import org.mozilla.javascript.RhinoException
import org.mozilla.javascript.ScriptableObject
import org.mozilla.javascript.Scriptable

/** A page in a JavaScript engine, on top of [WXTJavaScript]. */
private class Page(session: WXTransferSession) : AutoCloseable {
    private val thread = Executors.newSingleThreadExecutor { Thread(it, "page").apply { isDaemon = true } }
    private lateinit var scope: ScriptableObject

    /** What the page was sent, and what it told with `tell`. */
    val messages = LinkedBlockingQueue<JSONObject>()
    val told = LinkedBlockingQueue<String>()

    private val bridge = WXTJavaScript(session) { message ->
        messages.add(JSONObject(message))
        // As the document gives it to evaluateJavascript, and to an engine that knows less than today's.
        check('\u2028' !in message && '\u2029' !in message)
        run("wxtransferReceive(" + JSONObject.quote(message) + ")")
    }

    init {
        onPage {
            scope = it.initStandardObjects()
            function("wxtransferSend") { arguments -> bridge.receive(Context.toString(arguments[0])) }
            function("tell") { arguments -> told.add(Context.toString(arguments[0])) }
            it.evaluateString(scope, WXTJavaScript.pageScript, "wx.js", 1, null)
        }
    }

    private fun <T> enter(body: (Context) -> T): T {
        val context = Context.enter()
        return try {
            context.optimizationLevel = -1
            context.languageVersion = Context.VERSION_1_8
            body(context)
        } finally {
            Context.exit()
        }
    }

    private fun <T> onPage(body: (Context) -> T): T =
        CompletableFuture.supplyAsync({ enter(body) }, thread).get(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS)

    fun function(name: String, body: (Array<Any?>) -> Unit) {
        val function = object : BaseFunction() {
            override fun call(context: Context, scope: Scriptable, self: Scriptable?, arguments: Array<Any?>): Any {
                body(arguments)
                return Context.getUndefinedValue()
            }
        }
        ScriptableObject.putProperty(scope, name, function)
    }

    /** Has the page run a program, in its turn. What it throws is told. */
    fun run(program: String) = thread.execute {
        try {
            enter { it.evaluateString(scope, program, "page.js", 1, null) }
        } catch (thrown: RhinoException) {
            told.add("thrown: ${thrown.message}")
        }
    }

    /** Fails a call from within the page's `wxtransferSend`. */
    fun answerAtOnce(message: JSONObject) {
        for (event in listOf("fail", "complete")) {
            val answer = JSONObject().put("call", message.getLong("call")).put("event", event)
                .put("result", JSONObject().put("errMsg", "at once")).toString()
            enter { (scope["wxtransferReceive"] as Function).call(it, scope, scope, arrayOf(answer)) }
        }
    }

    fun told(): String = assertNotNull(told.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), "the page tells something")

    fun event(name: String): JSONObject {
        while (true) {
            val message = assertNotNull(messages.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), "there is a $name")
            if (message.getString("event") == name) return message.getJSONObject("result")
        }
    }

    override fun close() {
        thread.shutdown()
    }
}

class JavaScriptTest {
    @TempDir
    lateinit var directory: Path

    private fun program(name: String) = assertNotNull(javaClass.getResource("/$name")).readText()

    private fun page(change: WXTSessionOptions.() -> WXTSessionOptions = { this }, body: (WXTransferSession, Page) -> Unit) =
        WXTransferSession(options(directory.resolve("data")).change()).use { session ->
            Page(session).use { body(session, it) }
        }

    private fun WXTransferSession.file(content: ByteArray, name: String): String =
        runBlocking { temporaryFile(directory.resolve("mine"), content, name) }

    @Test
    fun `the guide's program uploads the chosen image`() {
        LeadingProxy { target ->
            assertEquals("example.com:443", target)
            URI(TestServer.tls).port
        }.use { proxy ->
            val change: WXTSessionOptions.() -> WXTSessionOptions = {
                copy(proxy = proxy.url, lanPolicy = WXTLanPolicy.OWN_SUBNETS, allowPlainHttp = false, uploadDomains = listOf("https://example.com"))
            }
            page(change) { session, page ->
                val image = session.file(pattern(20_000), "image.jpg")
                page.run("wx.chooseImage = function (options) { options.success({ tempFilePaths: ['$image'] }) }")
                page.run(program("upload.js"))
                val result = page.event("success")
                assertEquals(200, result.getInt("statusCode"))
                assertEquals("uploadFile:ok", result.getString("errMsg"))
                val seen = JSONObject(result.getString("data"))
                assertEquals("""["user","file"]""", seen.getJSONArray("parts").toString())
                assertTrue("\"test\"" in seen.get("fields").toString(), seen.get("fields").toString())
                val file = seen.getJSONArray("files").getJSONObject(0)
                assertEquals(20_000, file.getInt("length"))
                assertEquals("image/jpeg", file.getString("content_type"))
                page.event("complete")
            }
        }
    }

    @Test
    fun `the guide's program plays the downloaded voice`() {
        val voice = pattern(3000)
        val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        server.createContext("/download/123") { exchange ->
            exchange.responseHeaders["Content-Type"] = "audio/mpeg"
            exchange.sendResponseHeaders(200, voice.size.toLong())
            exchange.responseBody.use { it.write(voice) }
        }
        server.start()
        LeadingProxy { target ->
            assertEquals("example.com:80", target)
            server.address.port
        }.use { proxy ->
            val change: WXTSessionOptions.() -> WXTSessionOptions = {
                copy(proxy = proxy.url, lanPolicy = WXTLanPolicy.OWN_SUBNETS, downloadDomains = listOf("http://example.com"))
            }
            page(change) { session, page ->
                page.run("wx.playVoice = function (options) { tell(options.filePath) }")
                page.run(program("download.js"))
                val path = page.told()
                assertTrue(Regex("""wxfile://tmp_[0-9a-f]+\.mp3""").matches(path), path)
                val native = runBlocking { session.resolvePath(path) }.nativePath
                assertContentEquals(voice, File(native).readBytes())
            }
        }
        server.stop(0)
    }

    @Test
    fun `everything of the object form arrives`() = page { session, page ->
        val file = session.file(pattern(10), "a.txt")
        page.run(
            """
            var task = wx.uploadFile({
              url: '${TestServer.plain}/upload', filePath: '$file', name: 'n😀', fileName: 'b.png', timeout: 30000,
              header: { 'X-Number': 1.5, 'X-True': true, 'X-Null': null },
              formData: { z: 1e21, a: '\u2028😀', u: undefined, '__proto__': 1, m: 'half \ud83d', b: '', y: [1, 2], c: {} },
              success: function (res) { tell(res.data) },
              fail: function (res) { tell(JSON.stringify(res)) },
              complete: function (res) { tell('complete ' + res.statusCode + ' ' + res.errMsg) }
            })
            function never() { tell('never') }
            task.onHeadersReceived(never)
            task.onProgressUpdate(never)
            task.offHeadersReceived(never)
            task.offProgressUpdate()
            task.onHeadersReceived(function (res) { tell('headers ' + res.header['content-type']) })
            task.onProgressUpdate(function (res) {
              if (res.progress === 100) tell('sent ' + (res.totalBytesSent === res.totalBytesExpectedToSend))
            })
            """,
        )
        val told = generateSequence { page.told() }.takeWhileInclusive { !it.startsWith("complete") }
        assertTrue("headers application/json" in told && "sent true" in told && "never" !in told, "$told")
        assertEquals("complete 200 uploadFile:ok", told.last())
        val seen = JSONObject(told[told.size - 2])
        // A literal's __proto__ is no member.
        assertEquals("""["z","a","m","b","y","c","n😀"]""", seen.getJSONArray("parts").toString())
        val fields = seen.get("fields").toString()
        for (value in listOf("1e+21", "😀", "half \uFFFD", "1,2", "[object Object]")) assertTrue(value in fields, fields)
        val headers = seen.getJSONArray("headers").toString()
        assertTrue("""["X-Number","1.5"],["X-True","true"]""" in headers && "X-Null" !in headers, headers)
        assertEquals("b.png", seen.getJSONArray("files").getJSONObject(0).getString("filename"))
    }

    @Test
    fun `everything of a download's object form arrives`() = page { _, page ->
        page.run(
            """
            function download(target, options) {
              options.url = target
              options.success = function (res) {
                tell('success ' + [res.filePath, /^wxfile:..tmp_/.test(res.tempFilePath), res.dataLength, res.statusCode].join())
              }
              options.complete = function (res) { tell('complete ' + res.errMsg + ' ' + res.errno) }
              wx.downloadFile(options).onProgressUpdate(function (res) {
                var known = 'totalBytesExpectedToWrite' in res
                if (res.totalBytesWritten === 5000) tell([res.progress, known && res.totalBytesExpectedToWrite].join())
              })
            }
            download('${TestServer.plain}/bytes/5000', { filePath: 'wxfile://usr/a.bin', timeout: 1e300 })
            """,
        )
        fun told() = generateSequence { page.told() }.takeWhileInclusive { !it.startsWith("complete") }.distinct()
        val all = listOf("100,5000", "success wxfile://usr/a.bin,false,5000,200", "complete downloadFile:ok undefined")
        assertEquals(all, told())
        page.run("download('${TestServer.faultPlain}/fault/stall-before-answer', { timeout: 100.5, filePath: null })")
        assertEquals(listOf("complete downloadFile:fail timeout 5"), told())
        val head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n" + "a".repeat(5000) + "\r\n"
        PhaseServer("\r\n\r\n", head.toByteArray()).use { server ->
            page.run("download('http://${server.address}/', { timeout: 1000 })")
            assertEquals(listOf(",false", "complete downloadFile:fail timeout 5"), told())
        }
    }

    private fun Sequence<String>.takeWhileInclusive(more: (String) -> Boolean): List<String> {
        val taken = ArrayList<String>()
        for (item in this) {
            taken.add(item)
            if (!more(item)) break
        }
        return taken
    }

    @Test
    fun `a page aborts its task`() = page { _, page ->
        PhaseServer("\r\n\r\n").use { server ->
            page.run(
                """
                var task = wx.downloadFile({
                  url: 'http://${server.address}/',
                  fail: function (res) { tell(res.errMsg + ' ' + res.errno) }
                })
                """,
            )
            server.reached.awaitOrFail("the request is under way")
            page.run("task.abort()")
            assertEquals("downloadFile:fail abort 603105", page.told())
            page.event("complete")
            page.run("task.abort()")
        }
    }

    @Test
    fun `a page that gives nonsense is told so`() = page { _, page ->
        val fail = "fail: function (res) { tell(res.errMsg + ' ' + res.errno) }"
        page.run("wx.downloadFile({ url: 'nonsense', $fail })")
        assertEquals("downloadFile:fail invalid url 600009", page.told())
        page.run("wx.uploadFile({ url: 'https://a.test', header: 'X: 1', $fail })")
        assertEquals("uploadFile:fail invalid request data header 600010", page.told())
        page.run("wx.downloadFile({ url: '${TestServer.plain}/bytes/5', timeout: -1, filePath: '/etc/x', $fail })")
        assertEquals("downloadFile:fail permission denied, open /etc/x 603303", page.told())
    }

    @Test
    fun `every call ends, whatever the page gives`() = page { _, page ->
        page.run(
            """
            function calls(name, options) {
              options.fail = function (res) { tell(name + ': ' + res.errMsg + ' ' + res.errno) }
              options.complete = function () { tell(name + ' complete') }
              wx[name](options)
            }
            var circle = {}
            circle.self = circle
            calls('uploadFile', { url: { toString: function () { throw new Error('none') } } })
            calls('downloadFile', { url: circle, header: circle, circle: circle })
            calls('downloadFile', { url: 5, timeout: 'soon', filePath: '\ud83d' })
            calls('uploadFile', { url: 'https://a.test/', formData: 7, name: 'file' })
            calls('saveFile', {})
            calls('getSavedFileInfo', { filePath: [] })
            calls('removeSavedFile', { filePath: 'wxfile://store_\ud83d' })
            var unreadable = { get success() { throw new Error('none') } }
            calls('getSavedFileList', unreadable)
            wx.uploadFile(null); wx.saveFile(); wx.downloadFile(1)
            """,
        )
        val told = List(16) { page.told() }.groupBy { it.substringBefore(':').substringBefore(' ') }
        assertEquals(
            listOf(
                "uploadFile: uploadFile:fail invalid request data url 600010", "uploadFile complete",
                "uploadFile: uploadFile:fail invalid request data formData 600010", "uploadFile complete",
            ),
            told["uploadFile"],
        )
        assertEquals(listOf("downloadFile: downloadFile:fail invalid url 600009", "downloadFile complete"),
            told.getValue("downloadFile").take(2))
        assertEquals(told.getValue("downloadFile").take(2), told.getValue("downloadFile").drop(2))
        assertEquals(
            listOf("getSavedFileList: getSavedFileList:fail invalid request data success 600010", "getSavedFileList complete"),
            told["getSavedFileList"],
        )
        assertEquals("saveFile: saveFile:fail tempFilePath file not exist 1301112", told.getValue("saveFile").first())
        for (name in listOf("saveFile", "getSavedFileInfo", "removeSavedFile")) {
            assertEquals("$name complete", told.getValue(name).last())
            assertEquals(2, told.getValue(name).size)
        }
    }

    @Test
    fun `a page has its task even where a parameter has no text and its callbacks throw`() = page { _, page ->
        page.run(
            """
            var later = []
            var setTimeout = function (callback) { later.push(callback) }
            var unreadable = {
              url: { toString: function () { throw new Error('no text') } },
              fail: function (res) { tell(res.errMsg); throw new Error('of fail') },
              complete: function () { tell('complete'); throw new Error('of complete') }
            }
            var task = wx.downloadFile(unreadable)
            task.onProgressUpdate(function () {})
            task.abort()
            tell('went on')
            later[0]()
            """,
        )
        page.run("later[1]()")
        // An engine without turns of its own goes on too.
        page.run("setTimeout = undefined; wx.downloadFile(unreadable); tell('went on')")
        val failed = listOf("downloadFile:fail invalid request data url", "complete", "went on")
        val thrown = List(8) { page.told() }
        assertEquals(failed, thrown.take(3))
        assertTrue("of fail" in thrown[3] && "of complete" in thrown[4], "$thrown")
        assertEquals(failed, thrown.drop(5))
    }

    @Test
    fun `an upload has the timeout that the page names`() = page({ copy(maxTimeout = 600_000, defaultUploadTimeout = 600_000) }) { session, page ->
        val file = session.file(pattern(10), "a.txt")
        page.run(
            """
            wx.uploadFile({
              url: '${TestServer.faultPlain}/fault/stall-before-answer', filePath: '$file', name: 'file', timeout: 100,
              fail: function (res) { tell(res.errMsg + ' ' + res.errno) }
            })
            """,
        )
        assertEquals("uploadFile:fail timeout 5", page.told())
    }

    @Test
    fun `headers come with their status, and values of one name together`() = page { session, page ->
        val head = "HTTP/1.1 203 OK\r\nX-A: one\r\nX-B: two\r\nx-a: three\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        val file = session.file(pattern(10), "a.txt")
        val options = "filePath: '$file', name: 'file'"
        for (call in listOf("downloadFile" to "", "uploadFile" to options)) {
            PhaseServer("\r\n\r\n", head.toByteArray()).use { server ->
                page.run(
                    """
                    wx.${call.first}({ url: 'http://${server.address}/', ${call.second} }).onHeadersReceived(function (res) {
                      tell(JSON.stringify([res.statusCode, res.header]))
                    })
                    """,
                )
                assertEquals("""[203,{"X-A":"one, three","X-B":"two","Content-Length":"0","Connection":"close"}]""", page.told())
            }
        }
    }

    @Test
    fun `a page may use one object for two calls`() = page { session, page ->
        val file = session.file(pattern(10), "a.txt")
        page.run(
            """
            var options = { filePath: 'wxfile://usr/none', success: 1, fail: function () { tell('first ' + this.name) }, name: 'mine' }
            wx.getSavedFileInfo(options)
            options.fail = function () { tell('second ' + this.name) }
            wx.getSavedFileInfo(options)
            options.fail = function () { throw new Error('mine') }
            options.complete = function () { tell('complete') }
            wx.getSavedFileInfo(options)
            """,
        )
        val told = List(4) { page.told() }.sorted()
        assertEquals(listOf("complete", "first mine", "second mine"), told.take(3))
        assertTrue("mine" in told[3] && told[3].startsWith("thrown"), told[3])
        assertTrue(runBlocking { session.resolvePath(file) }.size == 10L)
    }

    /** What the host answers to messages that no page of ours sends. */
    private fun answers(session: WXTransferSession, vararg messages: String): List<String> {
        val sent = LinkedBlockingQueue<JSONObject>()
        val bridge = WXTJavaScript(session) { sent.add(JSONObject(it)) }
        return messages.map { message ->
            bridge.receive(message)
            val (end, complete) = List(2) { assertNotNull(sent.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), message) }
            assertEquals("fail complete", end.getString("event") + " " + complete.getString("event"))
            assertEquals(end.get("result").toString(), complete.get("result").toString())
            assertEquals(end.get("call"), complete.get("call"))
            end.getJSONObject("result").run { "${getString("errMsg")} ${getInt("errno")}" }
        }
    }

    @Test
    fun `messages that are not as described are answered`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val data = "invalid request data"
            assertEquals(
                listOf(
                    "uploadFile:fail parameter error: parameter.filePath should be String instead of Undefined; 1001",
                    "downloadFile:fail invalid url 600009",
                    "shareFile:fail not supported 4",
                    ":fail not supported 4",
                    "downloadFile:fail $data header 600010",
                    "downloadFile:fail $data header 600010",
                    "downloadFile:fail $data header 600010",
                    "uploadFile:fail $data formData 600010",
                    "downloadFile:fail url not in domain list 600002",
                ),
                answers(
                    session,
                    """{"call":1,"api":"uploadFile"}""",
                    """{"call":2,"api":"downloadFile","options":{"url":7}}""",
                    """{"call":3,"api":"shareFile","options":{}}""",
                    """{"call":4}""",
                    """{"call":5,"api":"downloadFile","options":{"header":{"a":"b"}}}""",
                    """{"call":6,"api":"downloadFile","options":{"header":[["a"]]}}""",
                    """{"call":7,"api":"downloadFile","options":{"header":[["a","b","c"]]}}""",
                    """{"call":8,"api":"uploadFile","options":{"formData":[["a",1]]}}""",
                    """{"call":9,"api":"downloadFile","options":{"url":"https://a.test/","header":null,"timeout":-1e99}}""",
                ),
            )
            val nested = "[".repeat(100_000) + "]".repeat(100_000)
            val unreadable = listOf(
                "none",
                "[]",
                """{"call":10,"api":"downloadFile","options":{"header":$nested}}""",
                """{"api":"getSavedFileList"}""",
                """{"call":null,"api":"getSavedFileList"}""",
                """{"call":"1","api":"getSavedFileList"}""",
                """{"call":1.5,"api":"getSavedFileList"}""",
                """{"call":1e300,"api":"getSavedFileList"}""",
                """{"abort":"1"}""",
                """{"abort":1.5}""",
            )
            val bridge = WXTJavaScript(session, Runnable::run) { throw AssertionError("nothing is answered: $it") }
            for (message in unreadable) {
                assertFailsWith<IllegalArgumentException>(message.take(100)) { bridge.receive(message) }
            }
        }
    }

    @Test
    fun `a task that is aborted while it begins is aborted`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val bridge = WXTJavaScript(session) {}
            lateinit var task: WXTTask<*>
            bridge.start(bridge.Call(1, "downloadFile")) {
                thread { bridge.receive("""{"abort":1}""") }.join()
                task = session.downloadFileTask(WXTDownloadRequest(TestServer.faultPlain + "/fault/stall-before-answer"))
                task
            }
            assertEquals(WXTCategory.ABORTED, assertFailsWith<WXTFailureException> { task.await() }.category)
        }
    }

    @Test
    fun `the messages of the document are understood`() = page({ copy(uploadDomains = listOf("https://example.com")) }) { session, page ->
        val document = File(property("wxtransfer.root"), "bindings/javascript.md").readText()
        val (fromPage, toPage) = Regex("```json\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(document)
            .map { it.groupValues[1].trim() }.toList()
        val (call, abort) = fromPage.lines()
        assertEquals(listOf("uploadFile:fail file not found 1300002"), answers(session, call))
        WXTJavaScript(session) { throw AssertionError("nothing is answered: $it") }.receive(abort)

        page.function("wxtransferSend") {}
        page.run("wx.uploadFile({ success: function (res) { tell(res.statusCode + ' ' + res.data) } })")
        page.run("wxtransferReceive(" + JSONObject.quote(toPage) + ")")
        assertEquals("200 …", page.told())
    }

    @Test
    fun `what cannot run on the app's executor is answered`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val shutDown = Executors.newSingleThreadExecutor().apply { shutdown() }
            val broken = Executor { throw IllegalStateException("of the app") }
            for ((executor, told) in listOf(shutDown to null, broken to "of the app")) {
                val events = ArrayList<String>()
                val bridge = WXTJavaScript(session, executor) { events.add(JSONObject(it).getString("event")) }
                val result = runCatching { bridge.receive("""{"call":1,"api":"getSavedFileList","options":{}}""") }
                assertEquals(told, result.exceptionOrNull()?.message)
                assertEquals(listOf("fail", "complete"), events)
            }
        }
    }

    @Test
    fun `complete is sent even where sending what came before failed`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val events = LinkedBlockingQueue<String>()
            val bridge = WXTJavaScript(session, Runnable::run) {
                val event = JSONObject(it).getString("event")
                events.add(event)
                check(event == "complete")
            }
            assertFailsWith<IllegalStateException> { bridge.receive("""{"call":1,"api":"getSavedFileList"}""") }
            assertEquals(listOf("success", "complete"), events.toList())
        }
    }

    @Test
    fun `an answer that there is no memory for is a failure`() {
        val length = (Runtime.getRuntime().maxMemory() / 3).toInt()
        val part = ByteArray(1 shl 20) { 'a'.code.toByte() }
        val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        server.createContext("/") { exchange ->
            exchange.requestBody.readBytes()
            exchange.sendResponseHeaders(200, 0)
            exchange.responseBody.use { body -> repeat(length / part.size) { body.write(part) } }
        }
        server.start()
        // Those whom the memory fails are told so, and not the log of this test.
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, _ -> }
        try {
            page({ copy(maxDataSize = Long.MAX_VALUE) }) { session, page ->
                val file = session.file(pattern(10), "a.txt")
                page.run(
                    """
                    wx.uploadFile({
                      url: 'http://127.0.0.1:${server.address.port}/', filePath: '$file', name: 'file',
                      fail: function (res) { tell(res.errMsg + ' ' + res.errno) }, complete: function () { tell('complete') }
                    })
                    """,
                )
                assertEquals("uploadFile:fail internal error 4", page.told())
                assertEquals("complete", page.told())
            }
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before)
            server.stop(0)
        }
    }

    @Test
    fun `a host may answer before the page's call returns`() = page { _, page ->
        page.function("wxtransferSend") { arguments -> page.answerAtOnce(JSONObject(Context.toString(arguments[0]))) }
        page.run(
            """
            var task = wx.uploadFile({ fail: function (res) { tell(res.errMsg) }, complete: function () { tell('complete') } })
            task.onProgressUpdate(function () {})
            tell(typeof task.abort)
            """,
        )
        assertEquals(listOf("at once", "complete", "function"), List(3) { page.told() })
    }

    @Test
    fun `a page saves files`() = page { session, page ->
        val file = session.file(pattern(10), "a.txt")
        page.run(
            """
            wx.saveFile({ tempFilePath: '$file', success: function (saved) {
              wx.getSavedFileList({ success: function (list) {
                wx.getSavedFileInfo({ filePath: saved.savedFilePath, success: function (info) {
                  tell([saved.savedFilePath === list.fileList[0].filePath, info.size, info.errMsg].join())
                  wx.removeSavedFile({ filePath: saved.savedFilePath, success: function (res) { tell(res.errMsg) } })
                } })
              } })
            } })
            wx.saveFile({ tempFilePath: 'wxfile://tmp_00', fail: function (res) { tell(res.errno) } })
            """,
        )
        val told = setOf(page.told(), page.told(), page.told())
        assertEquals(setOf("true,10,getSavedFileInfo:ok", "removeSavedFile:ok", "1301112"), told)
    }

    @Test
    fun `a page learns of its saved files what the library knows`() = page { session, page ->
        val files = listOf(10 to "a.txt", 20 to "b.txt").map { (length, name) -> session.file(pattern(length), name) }
        val before = System.currentTimeMillis() / 1000
        page.run("wx.saveFile({ tempFilePath: '${files[0]}', success: function (res) { tell(res.savedFilePath) } })")
        val saved = page.told()
        page.run(
            """
            wx.saveFile({ tempFilePath: '${files[1]}', filePath: 'wxfile://usr/kept.txt', success: function (res) {
              tell(res.savedFilePath)
              wx.getSavedFileList({ success: function (res) { tell(JSON.stringify(res.fileList)) } })
              wx.getSavedFileInfo({ filePath: '$saved', success: function (res) { tell(res.size + ' ' + res.createTime) } })
            } })
            """,
        )
        assertEquals("wxfile://usr/kept.txt", page.told())
        val told = setOf(page.told(), page.told())
        val created = runBlocking { session.getSavedFileInfo(saved) }.createTime
        assertTrue(created in before..System.currentTimeMillis() / 1000, "$created")
        val list = JSONArray(told.single { it.startsWith("[") })
        assertEquals(1, list.length())
        with(list.getJSONObject(0)) {
            assertEquals(listOf(saved, 10L, created), listOf(getString("filePath"), getLong("size"), getLong("createTime")))
        }
        assertEquals("10 $created", told.single { !it.startsWith("[") })
    }

    @Test
    fun `a page learns that the session has gone`() {
        val session = WXTransferSession(options(directory.resolve("data")))
        Page(session).use { page ->
            session.close()
            page.run("wx.downloadFile({ url: 'https://a.test/', complete: function (res) { tell(res.errMsg) } })")
            assertEquals("downloadFile:fail session closed", page.told())
            assertFalse(page.messages.isEmpty())
        }
    }
}
