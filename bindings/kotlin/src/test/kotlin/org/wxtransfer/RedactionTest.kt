package org.wxtransfer

import java.io.File
import java.nio.file.Path
import java.security.KeyPairGenerator
import java.util.concurrent.Executor
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Apps print values of the library's types. The text form of a public type contains no secret. */
class RedactionTest {
    @TempDir
    lateinit var directory: Path

    private val canary = "canary-secret"
    private val pairs = listOf("Authorization" to canary, "token" to canary)
    private val url = "https://$canary:$canary@example.test:1/path?$canary=$canary#$canary"

    /** An object of the app whose text form contains a secret. */
    private inner class Talkative : Executor, WXTransferLogger, WXTransferResolver {
        override fun execute(command: Runnable) = command.run()
        override fun log(level: WXTransferLogLevel, message: String) = Unit
        override fun resolve(host: String, resolution: WXTransferResolution) = resolution.finish(emptyList())
        override fun toString() = canary
    }

    private fun options() = options(directory.resolve("data")).copy {
        userId = canary
        userAgent = canary
        proxy = "http://$canary:$canary@127.0.0.1:9"
        uploadDomains = listOf("https://example.test")
        resolver = Talkative()
        executor = Talkative()
        logger = Talkative()
    }

    private val part = WXTransferUploadPart("file") { data = canary.utf8() }
    private val upload = WXTransferUploadRequest(url) {
        filePath = "wxfile://tmp_1"
        name = "file"
        header = pairs
        formData = pairs
        data = canary.utf8()
        parts = listOf(part)
    }
    private val download = WXTransferDownloadRequest(url) { header = pairs }
    private val profile = WXTransferProfile.of(LongArray(100), List(10) { null })!!

    /** Values of the public types that can contain secrets, each with the canary wherever a secret can be. */
    private fun secretive(): List<Any> = listOf(
        upload,
        download,
        WXTransferClientCertificate(canary, listOf("example.test"), { _, _, signing -> signing.finish(null) }),
        options().copy { rootCertificates = canary; uploadDomains = listOf(url); downloadDomains = listOf(url) },
        WXTransferHeadersReceived(pairs, 200),
        WXTransferUrlCheck(url, true, WXTransferErrno.OK, null, "downloadFile:ok", null, "url", url, emptyList(), emptyList()),
        WXTransferDownloadSuccess {
            errMsg = "downloadFile:ok"
            statusCode = 200
            tempFilePath = "wxfile://tmp_1"
            filePath = null
            nativePath = "/tmp/1"
            dataLength = 1
            header = pairs
            this.profile = profile
            attempts = 1
            resumedFrom = 0
        },
        WXTransferUploadSuccess {
            errMsg = "uploadFile:ok"
            statusCode = 200
            data = canary
            dataLength = 6
            header = pairs
            this.profile = profile
            attempts = 1
            resumedFrom = 0
        },
    )

    /** Values of types that contain no secret, built from secrets where possible. */
    private fun harmless(session: WXTransferSession): List<Any> {
        val task = session.downloadFileTask(download)
        val failure = assertFailsWith<WXTransferFailure> { test { task.await() } }
        val javaScript = WXTransferJavaScript(session) {}
        val malformed = assertFailsWith<IllegalArgumentException> { javaScript.receive("{\"$canary\"") }
        return listOf(
            session,
            task,
            failure,
            javaScript,
            malformed.stackTraceToString(),
            failure.stackTraceToString(),
            WXTransferPin("example.test", canary.utf8().copyOf(32)),
            profile,
            WXTransferProgress(1, 2, 50),
            WXTransferSessionStatistics(LongArray(WXTransferSessionStatistics.COUNT)),
            WXTransferTrace("{}"),
            WXTransferApi.UPLOAD,
            WXTransferFileInfo("wxfile://tmp_1", "/tmp/1", 1, 0),
            WXTransferFileStats("/a", 1, 2, 3, 4, true, false),
            WXTransferFileDigest(1, "00"),
            session.files,
            session.files.blocking,
            WXTransferStatusException(WXTransferStatus.INVALID_PROXY.value),
            WXTransferResolution(0),
            WXTransferSigning(0),
            WXTransferSignatureScheme.ED25519,
            WXTransferPrivateKeySigner(KeyPairGenerator.getInstance("EC").generateKeyPair().private) { it.run() },
            WXTransferErrno,
            WXTransferCategory.TLS,
            WXTransferStatus.OK,
            WXTransferPlatform.ANDROID,
            WXTransferPathPolicy.SANDBOX,
            WXTransferLanPolicy.OFF,
            WXTransferResume.OFF,
            WXTransferNetwork(WXTransferNetwork.Kind.CELLULAR) { metered = true },
            WXTransferNetwork.Kind.WIFI,
            WXTransferStorageSharing.SHARED,
            WXTransferLogLevel.INFO,
            WXTransferImportMode.COPY,
            WXTransferDigestAlgorithm.MD5,
            WXTransferWriteMode.WHOLE,
            WXTransferMethod.PUT,
            part,
        )
    }

    private fun fields(value: Any): List<Any> =
        value.javaClass.declaredFields.onEach { it.isAccessible = true }.mapNotNull { it.get(value) }

    /** Interfaces, whose objects belong to the app or are in the lists above, and types that run only on Android. */
    private val others = listOf(
        "WXTransferException", "WXTransferSuccess", "WXTransferCallbacks", "WXTransferLogger", "WXTransferResolver",
        "WXTransferSigner", "WXTransferAndroid", "WXTransfers", "WXTransferTask",
    )

    @Test
    fun `the text form of a public type contains no secret`() {
        WXTransferSession(options()).use { session ->
            val values = secretive() + harmless(session)
            for (value in values) {
                assertFalse(canary in value.toString(), "$value")
                assertFalse(canary in "${listOf(value to value)}", "$value")
            }
            for (value in secretive()) {
                val fields = fields(value).flatMap { if (it.javaClass.simpleName == "Builder") fields(it) else listOf(it) }
                assertTrue(fields.any { canary in "$it" }, "this test gives ${value.javaClass} no secret")
                assertTrue(value.toString().startsWith("${value.javaClass.simpleName}("), "$value")
            }
            val root = File(property("wxtransfer.root"), "bindings/kotlin/src")
            val sources = listOf("main", "android").flatMap { File(root, it).walkTopDown() }.filter { it.extension == "kt" }
            val declared = Regex("""^public (?:[a-z]+ )*(?:class|interface|object) (\w+)""", RegexOption.MULTILINE)
            val types = sources.flatMap { file -> declared.findAll(file.readText()).map { it.groupValues[1] } }
            assertTrue(types.size >= 25, "the parser finds them all: $types")
            assertEquals(types.sorted(), (values.map { it.javaClass.simpleName } + others - setOf("String", "NativeTask", "Kind")).toSet().sorted())
        }
    }

    @Test
    fun `values that developers need are shown`() {
        val shown = upload.copy { url = "https://example.test:1/path?$canary" }.toString()
        for (part in listOf("https://example.test:1/path,", "wxfile://tmp_1", "[Authorization, token]")) {
            assertTrue(part in shown, shown)
        }
        assertTrue("proxy=http://127.0.0.1:9," in options().toString(), options().toString())
        assertTrue("proxy=null" in options(directory).toString())
        assertTrue("data=<13 characters>" in secretive().last().toString())
    }

    @Test
    fun `a URL of any form is shown without the parts that may be secret`() {
        for ((text, shown) in listOf(
            "https://example.test" to "https://example.test",
            "https://example.test?a" to "https://example.test",
            "https://example.test#a" to "https://example.test",
            "https://user:a@b@example.test/@path" to "https://example.test/@path",
            "HTTPS://user@[::1]:443/\u56fe?a#b" to "HTTPS://[::1]:443/\u56fe",
            "content://media/images/1?a" to "content://media/images/1",
            // A text that is not a URL may contain a secret anywhere, so only its length is shown.
            "https://user:pass/word@example.test" to "<35 characters>",
            "https:user:a@example.test" to "<25 characters>",
            "user:a@example.test/b" to "<21 characters>",
            "https:\\\\user:a@example.test" to "<27 characters>",
            "https://example.test/a\nb" to "<24 characters>",
            "" to "<0 characters>",
        )) assertEquals(shown, Redaction.url(text), text)
        for ((text, shown) in listOf(
            "http://user:a@127.0.0.1:9" to "http://127.0.0.1:9",
            "http://proxy.test:9/" to "http://proxy.test:9",
            "http://user:1/a@proxy.test:9" to "<28 characters>",
            "http://user:1?a@proxy.test:9" to "<28 characters>",
            "user:a@proxy.test:9" to "<19 characters>",
        )) assertEquals(shown, Redaction.proxy(text), text)
    }
}
