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

/** A page in a JavaScript engine that uses [WXTransferJavaScript]. */
private class Page(session: WXTransferSession) : AutoCloseable {
    private val thread = Executors.newSingleThreadExecutor { Thread(it, "page").apply { isDaemon = true } }
    private lateinit var scope: ScriptableObject

    /** The messages to the page, and the texts that the page passed to `tell`. */
    val messages = LinkedBlockingQueue<JSONObject>()
    val told = LinkedBlockingQueue<String>()

    private val bridge = WXTransferJavaScript(session) { message ->
        messages.add(JSONObject(message))
        // Passed on as the document passes it to evaluateJavascript, also to an engine that is older than today's.
        check('\u2028' !in message && '\u2029' !in message)
        run("wxtransferReceive(" + JSONObject.quote(message) + ")")
    }

    init {
        onPage {
            scope = it.initStandardObjects()
            function("wxtransferSend") { arguments -> bridge.receive(Context.toString(arguments[0])) }
            function("wxtransferSendSync") { arguments -> bridge.receiveSync(Context.toString(arguments[0])) }
            function("tell") { arguments -> told.add(Context.toString(arguments[0])) }
            it.evaluateString(scope, "wxtransferSettings = { fileName: true }", "settings.js", 1, null)
            it.evaluateString(scope, WXTransferJavaScript.pageScript, "wx.js", 1, null)
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

    /** Defines a function of the app. The page receives its result if it is a text. */
    fun function(name: String, body: (Array<Any?>) -> Any?) {
        val function = object : BaseFunction() {
            override fun call(context: Context, scope: Scriptable, self: Scriptable?, arguments: Array<Any?>): Any =
                body(arguments) as? String ?: Context.getUndefinedValue()
        }
        ScriptableObject.putProperty(scope, name, function)
    }

    /** Runs a program on the page's thread, in its turn. An exception is added to [told]. */
    fun run(program: String) = thread.execute {
        try {
            enter { it.evaluateString(scope, program, "page.js", 1, null) }
        } catch (thrown: RhinoException) {
            told.add("thrown: ${thrown.message}")
        }
    }

    fun told(): String = assertNotNull(told.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), "the page tells something")

    fun event(name: String): JSONObject {
        while (true) {
            val message = assertNotNull(messages.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), "there is a $name")
            if (message.getString("event") == name) return message.optJSONObject("result") ?: JSONObject()
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

    private fun page(change: WXTransferSessionOptions.Builder.() -> Unit = {}, body: (WXTransferSession, Page) -> Unit) =
        WXTransferSession(options(directory.resolve("data")).copy(change)).use { session ->
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
            val change: WXTransferSessionOptions.Builder.() -> Unit = {
                this.proxy = proxy.url
                lanPolicy = WXTransferLanPolicy.OWN_SUBNETS
                allowPlainHttp = false
                uploadDomains = listOf("https://example.com")
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
            val change: WXTransferSessionOptions.Builder.() -> Unit = {
                this.proxy = proxy.url
                lanPolicy = WXTransferLanPolicy.OWN_SUBNETS
                downloadDomains = listOf("http://example.com")
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
    fun `all members of the object form arrive`() = page { session, page ->
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
        // `__proto__` in an object literal is not a member.
        assertEquals("""["z","a","m","b","y","c","n😀"]""", seen.getJSONArray("parts").toString())
        val fields = seen.get("fields").toString()
        for (value in listOf("1e+21", "😀", "half \uFFFD", "1,2", "[object Object]")) assertTrue(value in fields, fields)
        val headers = seen.getJSONArray("headers").toString()
        assertTrue("""["X-Number","1.5"],["X-True","true"]""" in headers && "X-Null" !in headers, headers)
        assertEquals("b.png", seen.getJSONArray("files").getJSONObject(0).getString("filename"))
    }

    @Test
    fun `all members of a download's object form arrive`() = page { _, page ->
        page.run(
            """
            function download(target, options) {
              options.url = target
              options.success = function (res) {
                tell('success ' + [res.filePath, /^wxfile:..tmp_/.test(res.tempFilePath), res.dataLength, res.statusCode].join())
              }
              options.complete = function (res) { tell('complete ' + res.errMsg + ' ' + res.errno) }
              wx.downloadFile(options).onProgressUpdate(function (res) {
                if (res.totalBytesWritten === 5000) tell([res.progress, res.totalBytesExpectedToWrite].join())
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
            assertEquals(listOf("0,-1", "complete downloadFile:fail timeout 5"), told())
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
    fun `a page's wrong parameters fail`() = page { _, page ->
        val fail = "fail: function (res) { tell(res.errMsg + ' ' + res.errno) }"
        page.run("wx.downloadFile({ url: 'nonsense', $fail })")
        assertEquals("downloadFile:fail invalid url 600009", page.told())
        page.run("wx.downloadFile({ url: 'https://a.test', header: 'X: 1', $fail })")
        assertEquals("downloadFile:fail parameter error: parameter.header should be Object instead of String; 1001", page.told())
        page.run("wx.downloadFile({ url: '${TestServer.plain}/bytes/5', timeout: -1, filePath: '/etc/x', $fail })")
        assertEquals("downloadFile:fail permission denied, open /etc/x 603303", page.told())
    }

    @Test
    fun `a call that the page's script refuses ends in a later turn`() = page { _, page ->
        // This engine has neither setTimeout nor Promise.
        page.run(
            """
            var task = wx.uploadFile({
              filePath: [], name: 'file',
              fail: function (res) { tell(typeof task.abort + ' ' + res.errMsg + ' ' + res.errno) },
              complete: function (res) { tell('complete ' + res.errno) }
            })
            tell('went on')
            """,
        )
        val wrong = "parameter.url should be String instead of Undefined;parameter.filePath should be String instead of Array;"
        val told = List(3) { page.told() }
        assertEquals(listOf("went on", "function uploadFile:fail parameter error: $wrong 1001", "complete 1001"), told)
    }

    @Test
    fun `an upload has the timeout that the page sets`() = page({ maxTimeoutMillis = 600_000; defaultUploadTimeoutMillis = 600_000 }) { session, page ->
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
    fun `headers have their status, and values of one name are joined`() = page { session, page ->
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
    fun `a success has the header of the event, and each cookie`() = page { session, page ->
        val file = session.file(pattern(10), "a.txt")
        for (call in listOf("downloadFile({", "uploadFile({ filePath: '$file', name: 'file',")) {
            page.run("wx.$call url: '${TestServer.tls}/cookies', success: function (res) { tell(JSON.stringify([res.header.vary, res.cookies])) } })")
            assertEquals("[\"Accept, Origin\",[\"a=1; Path=/\",\"b=2, 3\"]]", page.told())
        }
    }

    /** Messages as the page's script sends them, whatever the page's script does with these switches. */
    @Test
    fun `a message may disable the profile, and its other switches have no effect`() = page { session, page ->
        val messages = LinkedBlockingQueue<JSONObject>()
        val bridge = WXTransferJavaScript(session) { messages.add(JSONObject(it)) }
        fun profile(options: JSONObject): JSONObject? {
            bridge.receive(JSONObject().put("call", 1).put("api", "downloadFile").put("options", options).toString())
            val success = generateSequence { messages.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS) }.first { it.getString("event") == "success" }
            while (messages.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS)?.getString("event") != "complete") continue
            return success.getJSONObject("result").optJSONObject("profile")
        }
        fun options() = JSONObject().put("url", TestServer.plain + "/bytes/10").put("enableHttp2", true).put("enableQuic", true)
        assertEquals(null, profile(options().put("enableProfile", false)))
        for (options in listOf(options(), options().put("enableProfile", true))) {
            assertEquals("http1.1", profile(options)!!.getString("protocol"))
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

    /** The host's answers to messages that the page's script never sends. */
    private fun answers(session: WXTransferSession, vararg messages: String): List<String> {
        val sent = LinkedBlockingQueue<JSONObject>()
        val bridge = WXTransferJavaScript(session) { sent.add(JSONObject(it)) }
        return messages.map { message ->
            bridge.receive(message)
            val (end, complete) = List(2) { assertNotNull(sent.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), message) }
            assertEquals("fail complete", end.getString("event") + " " + complete.getString("event"))
            assertFalse(complete.has("result"), message)
            assertEquals(end.get("call"), complete.get("call"))
            end.getJSONObject("result").run { "${getString("errMsg")} ${getInt("errno")}" }
        }
    }

    @Test
    fun `file calls that are not as described are refused and do nothing`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val file = "\"filePath\":\"wxfile://usr/a\""
            fun answer(api: String, options: String) =
                answers(session, """{"call":1,"api":"$api","options":{$options}}""").single()
            for (api in listOf("writeFile", "appendFile")) {
                for (data in listOf("", ",\"data\":null", ",\"data\":5")) {
                    assertEquals("$api:fail Invalid argument data 1300022", answer(api, """$file,"encoding":"utf8"$data"""))
                }
            }
            assertEquals("access:fail no such file or directory wxfile://usr/a 1300002", answer("access", """"path":"wxfile://usr/a""""))
            for (bad in listOf("-1", "0.5", "\"1\"", "true", "null", "9007199254740992", "1e300")) {
                for ((name, errno) in listOf("position" to 1301009, "length" to 1301006)) {
                    val expected = "readFile:fail value of $name is out of range $errno"
                    assertEquals(expected, answer("readFile", """$file,"encoding":"utf8","$name":$bad"""), bad)
                }
            }
            for (api in listOf("stat", "mkdir", "rmdir")) {
                val options = """"path":"wxfile://usr","dirPath":"wxfile://usr/d","recursive":"true""""
                assertEquals("$api:fail Invalid argument recursive 1300022", answer(api, options))
            }
        }
    }

    @Test
    fun `messages that are not as described get a failure`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val data = "invalid request data"
            assertEquals(
                listOf(
                    "uploadFile:fail parameter error: parameter.filePath should be String instead of Undefined; 1001",
                    "downloadFile:fail invalid url 600009",
                    "shareFile:fail not supported 1300201",
                    ":fail not supported 1300201",
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
            val bridge = WXTransferJavaScript(session, Runnable::run) { throw AssertionError("nothing is answered: $it") }
            for (message in unreadable) {
                assertFailsWith<IllegalArgumentException>(message.take(100)) { bridge.receive(message) }
            }
        }
    }

    @Test
    fun `a task that is aborted while it begins is aborted`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val bridge = WXTransferJavaScript(session) {}
            lateinit var task: WXTransferTask<*>
            bridge.start(bridge.Call(1, "downloadFile")) {
                thread { bridge.receive("""{"abort":1}""") }.join()
                task = session.downloadFileTask(WXTransferDownloadRequest(TestServer.faultPlain + "/fault/stall-before-answer"))
                task
            }
            assertEquals(WXTransferCategory.ABORTED, assertFailsWith<WXTransferFailure> { task.await() }.category)
        }
    }

    @Test
    fun `the messages of the document are valid`() = page({ uploadDomains = listOf("https://example.com") }) { session, page ->
        val document = File(property("wxtransfer.root"), "bindings/javascript.md").readText()
        val lines = Regex("```json\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(document)
            .flatMap { it.groupValues[1].trim().lines() }.toList()
        val (call, abort, read, sync) = lines
        assertEquals(
            listOf("uploadFile:fail file not found 1300002", "readFile:fail no such file or directory wxfile://usr/a.txt 1300002"),
            answers(session, call, read),
        )
        val bridge = WXTransferJavaScript(session) { throw AssertionError("nothing is answered: $it") }
        bridge.receive(abort)
        val (answered, failed, toPage, complete) = lines.drop(4)
        assertEquals(members(failed, "fail"), members(bridge.receiveSync(sync), "fail"))
        page.run("wx.getFileSystemManager().writeFileSync('wxfile://usr/a.txt', '…', 'utf8')")
        page.run("tell('written')")
        assertEquals("written", page.told())
        assertEquals(members(answered, "success"), members(bridge.receiveSync(sync), "success"))

        page.function("wxtransferSend") {}
        page.run("wx.downloadFile({ url: '', success: function (res) { tell(res.statusCode + ' ' + res.data) }, complete: function (res) { tell(res.errMsg) } })")
        for (message in listOf(toPage, complete)) page.run("wxtransferReceive(" + JSONObject.quote(message) + ")")
        assertEquals(listOf("200 …", "uploadFile:ok"), List(2) { page.told() })
    }

    private fun members(message: String, name: String): Map<String, Any> =
        JSONObject(message).getJSONObject(name).run { keys().asSequence().associateWith { get(it) } }

    @Test
    fun `a page works with its files`() = page { _, page ->
        page.run(
            """
            var files = wx.getFileSystemManager()
            var path = wx.env.USER_DATA_PATH + '/d/e'
            files.mkdirSync(path, true)
            files.writeFileSync(path + '/a', 'aé😀')
            files.appendFileSync(path + '/a', new Uint8Array([0, 255]).buffer)
            tell(Array.prototype.join.call(new Uint8Array(files.readFileSync(path + '/a'))))
            tell(files.readFileSync(path + '/a', 'base64', 1, 2) + ' ' + files.readFileSync(path + '/a', 'utf8'))
            files.copyFileSync(path + '/a', path + '/b')
            files.renameSync(path + '/b', path + '/c')
            tell(files.readdirSync(path).join())
            tell(files.statSync(path).isDirectory() + ' ' + files.statSync(path + '/a').size)
            tell(files.statSync(wx.env.USER_DATA_PATH + '/d', true).map(function (entry) { return entry.path }).join())
            files.unlinkSync(path + '/c')
            files.accessSync(path + '/a')
            try { files.rmdirSync(path) } catch (error) { tell(error.errMsg + ' ' + error.errCode + ' ' + error.errno) }
            files.rmdirSync(path, true)
            files.writeFileSync(path + '.txt', 'abc')
            files.getFileInfo({ filePath: path + '.txt', digestAlgorithm: 'sha1', success: function (res) { tell(res.size + ' ' + res.digest) } })
            """,
        )
        assertEquals(
            listOf(
                "97,195,169,240,159,152,128,0,255", "w6k= aé😀\u0000\uFFFD", "a,c", "true 9", "/,/e,/e/a,/e/c",
                "rmdirSync:fail directory not empty wxfile://usr/d/e 1300066 1300066",
                // FIPS 180-2, appendix A.
                "3 a9993e364706816aba3e25717850c26c9cd0d89d",
            ),
            List(7) { page.told() },
        )
    }

    @Test
    fun `a page that is gone receives nothing, and its transfers end`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            PhaseServer("\r\n\r\n").use { server ->
                val old = WXTransferJavaScript(session, Runnable::run) { throw AssertionError("the old page is told: $it") }
                old.receive("""{"call":1,"api":"downloadFile","options":{"url":"http://${server.address}/"}}""")
                server.reached.awaitOrFail("the request is under way")
                old.close()
                assertTrue(old.isClosed)
                val begun = session.statistics().tasksStarted
                old.receive("""{"call":3,"api":"downloadFile","options":{"url":"http://${server.address}/"}}""")
                assertEquals(begun, session.statistics().tasksStarted, "no transfer begins")
                old.receive("""{"call":2,"api":"getSavedFileList"}""")
                // The session stays open for the next page.
                val heard = LinkedBlockingQueue<String>()
                val new = WXTransferJavaScript(session) { heard.add(JSONObject(it).getString("event")) }
                new.receive("""{"call":1,"api":"getSavedFileList"}""")
                assertEquals("success", heard.poll(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS))
                // Closing delivers the remaining callbacks while the server still runs.
                session.close()
            }
        }
    }

    @Test
    fun `a call that the app's executor rejects gets a failure`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val shutDown = Executors.newSingleThreadExecutor().apply { shutdown() }
            val broken = Executor { throw IllegalStateException("of the app") }
            for ((executor, told) in listOf(shutDown to null, broken to "of the app")) {
                val events = ArrayList<String>()
                val bridge = WXTransferJavaScript(session, executor) { events.add(JSONObject(it).getString("event")) }
                val result = runCatching { bridge.receive("""{"call":1,"api":"getSavedFileList","options":{}}""") }
                assertEquals(told, result.exceptionOrNull()?.message)
                assertEquals(listOf("fail", "complete"), events)
            }
        }
    }

    @Test
    fun `complete is sent even if sending the result failed`() {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val events = LinkedBlockingQueue<String>()
            val bridge = WXTransferJavaScript(session, Runnable::run) {
                val event = JSONObject(it).getString("event")
                events.add(event)
                check(event == "complete")
            }
            assertFailsWith<IllegalStateException> { bridge.receive("""{"call":1,"api":"getSavedFileList"}""") }
            assertEquals(listOf("success", "complete"), events.toList())
        }
    }

    @Test
    fun `an answer for which no memory is left is a failure`() {
        val length = (Runtime.getRuntime().maxMemory() / 3).toInt()
        val part = ByteArray(1 shl 20) { 'a'.code.toByte() }
        val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
        server.createContext("/") { exchange ->
            exchange.requestBody.readBytes()
            exchange.sendResponseHeaders(200, 0)
            exchange.responseBody.use { body -> repeat(length / part.size) { body.write(part) } }
        }
        server.start()
        // Without this handler, each OutOfMemoryError would be written to the test's log.
        val before = Thread.getDefaultUncaughtExceptionHandler()
        Thread.setDefaultUncaughtExceptionHandler { _, _ -> }
        try {
            page({ maxDataSize = Long.MAX_VALUE }) { session, page ->
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
    fun `a page receives the attributes of its saved files`() = page { session, page ->
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
    fun `a page's call on a closed session fails`() {
        val session = WXTransferSession(options(directory.resolve("data")))
        Page(session).use { page ->
            session.close()
            page.run("wx.downloadFile({ url: 'https://a.test/', complete: function (res) { tell(res.errMsg) } })")
            val told = page.told()
            assertTrue(told.startsWith("downloadFile:fail session closed: "), told)
            assertFalse(page.messages.isEmpty())
        }
    }
}
