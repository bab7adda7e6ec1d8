package org.wxtransfer

import java.io.File
import java.io.FileDescriptor
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.test.assertNotNull
import kotlin.test.assertTrue
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

/** A wait that takes longer has failed. */
const val WAIT_LIMIT_SECONDS = 60L

fun property(name: String): String = assertNotNull(System.getProperty(name), "test.sh sets $name")

/** The project's test servers, for the whole run. They end with their standard input, which ends with this process. */
object TestServer {
    private val addresses: Map<String, String>

    init {
        val process = ProcessBuilder(property("wxtransfer.server")).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val lines = process.inputStream.bufferedReader().lineSequence().takeWhile { it != "ready" }.toList()
        addresses = lines.associate { it.substringBefore(' ') to it.substringAfter(' ') }
    }

    val plain = addresses.getValue("plain")
    val tls = addresses.getValue("tls")
    val faultPlain = addresses.getValue("fault-plain")
    val mutualTls = addresses.getValue("mutual-tls")
    val certificates = File(addresses.getValue("ca")).readText()

    /** A file that the server has written beside `ca.pem`. */
    fun file(name: String): String = File(addresses.getValue("ca")).resolveSibling(name).readText()
}

/** Options of a session that may use the test servers. */
fun options(directory: Path): WXTransferSessionOptions = WXTransferSessionOptions(
    appId = "wx0123456789abcdef",
    clientVersion = "8.0.50",
    dataDirectory = directory.toString(),
) {
    allowPlainHttp = true
    lanPolicy = WXTransferLanPolicy.ALL_LOCAL
    rootCertificates = TestServer.certificates
}

/** Runs a suspending test with a time limit. */
fun test(body: suspend CoroutineScope.() -> Unit) = runBlocking { withTimeout(WAIT_LIMIT_SECONDS * 1000, body) }

fun CountDownLatch.awaitOrFail(what: String) = assertTrue(await(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS), what)

/** The first [length] bytes of the server's `/bytes/{n}`, by the formula in its documentation. */
fun pattern(length: Int): ByteArray =
    ByteArray(length) { index -> ((index % 65521).toLong() * 2654435761L shr 24).toByte() }

/** The number of a descriptor, which is private in Java. */
fun number(descriptor: FileDescriptor): Int =
    FileDescriptor::class.java.getDeclaredField("fd").apply { isAccessible = true }.getInt(descriptor)

/** A file that a page may upload. */
suspend fun WXTransferSession.temporaryFile(directory: Path, content: ByteArray, name: String = "file.bin"): String {
    val file = Files.write(Files.createDirectories(directory).resolve(name), content)
    return importFile(file.toString()).filePath
}

/** Records the arguments of callbacks. */
class Recorder<S : WXTransferSuccess>(private val inCallback: (String) -> Unit = {}) : WXTransferCallbacks<S> {
    val events = LinkedBlockingQueue<Any>()
    val threads = LinkedBlockingQueue<Thread>()
    val ended = CountDownLatch(1)

    private fun record(event: Any, name: String) {
        events.add(event)
        threads.add(Thread.currentThread())
        inCallback(name)
    }

    override fun onHeadersReceived(event: WXTransferHeadersReceived) = record(event, "headers")
    override fun onProgress(event: WXTransferProgress) = record(event, "progress")
    override fun onSuccess(result: S) = record(result, "success")
    override fun onFail(failure: WXTransferFailure) = record(failure, "fail")
    override fun onComplete() {
        events.add("complete")
        threads.add(Thread.currentThread())
        ended.countDown()
        inCallback("complete")
    }

    /** Waits for the end, and checks the order of the callbacks. */
    fun end(): List<Any> {
        ended.awaitOrFail("the task ends")
        val all = events.toList()
        val results = all.count { it is WXTransferSuccess || it is WXTransferFailure }
        assertTrue(results == 1 && all.last() == "complete" && all.count { it == "complete" } == 1, "$all")
        assertTrue(all[all.size - 2] is WXTransferSuccess || all[all.size - 2] is WXTransferFailure, "$all")
        return all
    }

    fun failure(): WXTransferFailure = end().filterIsInstance<WXTransferFailure>().single()
}
