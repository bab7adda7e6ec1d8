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

/** Apps print what this library gives and takes. No text of a public type holds a secret. */
class RedactionTest {
    @TempDir
    lateinit var directory: Path

    private val canary = "canary-secret"
    private val pairs = listOf("Authorization" to canary, "token" to canary)
    private val url = "https://$canary:$canary@example.test:1/path?$canary=$canary#$canary"

    /** An object of the app's that says more than it should. */
    private inner class Talkative : Executor, WXTLogger, WXTResolver {
        override fun execute(command: Runnable) = command.run()
        override fun log(level: WXTLogLevel, message: String) = Unit
        override fun resolve(host: String, resolution: WXTResolution) = resolution.finish(emptyList())
        override fun toString() = canary
    }

    private fun options() = options(directory.resolve("data")).copy(
        userId = canary,
        userAgent = canary,
        proxy = "http://$canary:$canary@127.0.0.1:9",
        uploadDomains = listOf("https://example.test"),
        resolver = Talkative(),
        executor = Talkative(),
        logger = Talkative(),
    )

    private val part = WXTUploadPart("file", data = canary.utf8())
    private val upload = WXTUploadRequest(url, "wxfile://tmp_1", "file", pairs, pairs, data = canary.utf8(), parts = listOf(part))
    private val download = WXTDownloadRequest(url, pairs)
    private val profile = WXTProfile.of(LongArray(27), null, null)!!

    /** Values of the public types that take or give secrets, each with the canary wherever a secret can be. */
    private fun secretive(): List<Any> = listOf(
        upload,
        download,
        WXTClientCertificate(canary, listOf("example.test"), { _, _, signing -> signing.finish(null) }),
        options().copy(rootCertificates = canary, uploadDomains = listOf(url), downloadDomains = listOf(url)),
        WXTHeadersReceived(pairs, 200),
        WXTUrlCheck(url, true, WXTErrno.OK, null, "downloadFile:ok", null, "url", url, emptyList(), emptyList()),
        WXTDownloadSuccess("downloadFile:ok", 200, "wxfile://tmp_1", null, "/tmp/1", 1, pairs, profile, 1, 0),
        WXTUploadSuccess("uploadFile:ok", 200, canary, 6, pairs, profile, 1, 0),
    )

    /** Values of types without a secret of their own, made of secrets where they are made of anything. */
    private fun harmless(session: WXTransferSession): List<Any> {
        val task = session.downloadFileTask(download)
        val failure = assertFailsWith<WXTFailureException> { test { task.await() } }
        val javaScript = WXTJavaScript(session) {}
        val malformed = assertFailsWith<IllegalArgumentException> { javaScript.receive("{\"$canary\"") }
        return listOf(
            session,
            task,
            failure,
            javaScript,
            malformed.stackTraceToString(),
            failure.stackTraceToString(),
            WXTPin("example.test", canary.utf8().copyOf(32)),
            profile,
            WXTProgress(1, 2, 50),
            WXTSessionStatistics.of(LongArray(WXTSessionStatistics.COUNT)),
            WXTTrace("{}"),
            WXTApi.UPLOAD,
            WXTFile("wxfile://tmp_1", "/tmp/1", 1, 0),
            WXTFileStats("/a", 1, 2, 3, 4, true, false),
            WXTFileDigest(1, "00"),
            session.files,
            WXTStatusException(WXTStatus.INVALID_PROXY.value),
            WXTResolution(0),
            WXTSigning(0),
            WXTSignatureScheme.ED25519,
            WXTPrivateKeySigner(KeyPairGenerator.getInstance("EC").generateKeyPair().private) { it.run() },
            WXTErrno,
            WXTCategory.TLS,
            WXTStatus.OK,
            WXTPlatform.ANDROID,
            WXTPathPolicy.SANDBOX,
            WXTLanPolicy.OFF,
            WXTResume.OFF,
            WXTNetwork(WXTNetworkKind.CELLULAR, metered = true),
            WXTNetworkKind.WIFI,
            WXTStorageSharing.SHARED,
            WXTLogLevel.INFO,
            WXTImportMode.COPY,
            WXTDigestAlgorithm.MD5,
            WXTWriteMode.WHOLE,
            WXTMethod.PUT,
            part,
        )
    }

    /** Interfaces, whose objects are the app's or in the lists above, and what takes Android to run. */
    private val others =
        listOf("WXTException", "WXTSuccess", "WXTCallbacks", "WXTLogger", "WXTResolver", "WXTSigner", "WXTransferAndroid", "WXTransfers", "WXTTask")

    @Test
    fun `no text of a public type holds a secret`() {
        WXTransferSession(options()).use { session ->
            val values = secretive() + harmless(session)
            for (value in values) {
                assertFalse(canary in value.toString(), "$value")
                assertFalse(canary in "${listOf(value to value)}", "$value")
            }
            for (value in secretive()) {
                val fields = value.javaClass.declaredFields.onEach { it.isAccessible = true }.map { it.get(value) }
                assertTrue(fields.any { canary in "$it" }, "this test gives ${value.javaClass} no secret")
                assertTrue(value.toString().startsWith("${value.javaClass.simpleName}("), "$value")
            }
            val root = File(property("wxtransfer.root"), "bindings/kotlin/src")
            val sources = listOf("main", "android").flatMap { File(root, it).walkTopDown() }.filter { it.extension == "kt" }
            val declared = Regex("""^public (?:[a-z]+ )*(?:class|interface|object) (\w+)""", RegexOption.MULTILINE)
            val types = sources.flatMap { file -> declared.findAll(file.readText()).map { it.groupValues[1] } }
            assertTrue(types.size >= 25, "the parser finds them all: $types")
            assertEquals(types.sorted(), (values.map { it.javaClass.simpleName } + others - setOf("String", "NativeTask")).toSet().sorted())
        }
    }

    @Test
    fun `what a developer looks for is shown`() {
        val shown = upload.copy(url = "https://example.test:1/path?$canary").toString()
        for (part in listOf("https://example.test:1/path,", "wxfile://tmp_1", "[Authorization, token]")) {
            assertTrue(part in shown, shown)
        }
        assertTrue("proxy=http://127.0.0.1:9," in options().toString(), options().toString())
        assertTrue("proxy=null" in options(directory).toString())
        assertTrue("data=<13 characters>" in secretive().last().toString())
    }

    @Test
    fun `an URL is shown without what may be secret, whatever its form`() {
        for ((text, shown) in listOf(
            "https://example.test" to "https://example.test",
            "https://example.test?a" to "https://example.test",
            "https://example.test#a" to "https://example.test",
            "https://user:a@b@example.test/@path" to "https://example.test/@path",
            "HTTPS://user@[::1]:443/\u56fe?a#b" to "HTTPS://[::1]:443/\u56fe",
            "content://media/images/1?a" to "content://media/images/1",
            // What no parser takes as it stands may hold anything anywhere.
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
