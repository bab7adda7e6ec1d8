package org.wxtransfer

import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.net.Socket
import java.net.SocketTimeoutException
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread

/** A server that serves one connection up to a phase, reports that it is reached, and then waits for the client's end. */
class PhaseServer(private val readTo: String, private val answer: ByteArray = ByteArray(0)) : AutoCloseable {
    private val listener = ServerSocket(0, 8, InetAddress.getLoopbackAddress())
    val address: String = "${InetAddress.getLoopbackAddress().hostAddress}:${listener.localPort}"

    /** Reached when the client has sent [readTo], and the answer has been sent. */
    val reached = CountDownLatch(1)

    private val server = thread(isDaemon = true) {
        // Ends with an exception when the test closes the listener, or the client resets.
        runCatching { listener.accept().use(::serve) }
    }

    private fun serve(connection: Socket) {
        val input = connection.getInputStream()
        val received = StringBuilder()
        while (!received.contains(readTo)) received.append(input.read().also { check(it >= 0) }.toChar())
        connection.getOutputStream().apply { write(answer) }.flush()
        reached.countDown()
        while (true) if (input.read() < 0) break
    }

    override fun close() {
        listener.close()
        server.join()
    }
}

/** An address that never answers an attempt to connect: the queue of a listener that accepts nothing is full. */
class BlackHole : AutoCloseable {
    private val listener = ServerSocket(0, 1, InetAddress.getLoopbackAddress())
    private val queue = ArrayList<Socket>()
    val address: String = "${InetAddress.getLoopbackAddress().hostAddress}:${listener.localPort}"

    init {
        var full = false
        while (!full && queue.size < 64) {
            val socket = Socket()
            try {
                // On the loopback, a connection that succeeds succeeds at once.
                socket.connect(InetSocketAddress(InetAddress.getLoopbackAddress(), listener.localPort), 200)
                queue.add(socket)
            } catch (_: SocketTimeoutException) {
                socket.close()
                full = true
            }
        }
        check(full) { "the queue does not fill" }
    }

    override fun close() {
        queue.forEach(Socket::close)
        listener.close()
    }
}

/** A server that answers the first upload of each connection, keeps the connection, and closes it after the second upload. */
class OneAnswerServer : ScriptedServer() {
    override fun serve(client: Socket, number: Int) {
        readUpload(client)
        answer(client)
        readUpload(client)
    }
}

/** A server that ends its first connection instead of answering, and answers one upload on each later connection. */
class BreakingServer : ScriptedServer() {
    override fun serve(client: Socket, number: Int) {
        readUpload(client)
        if (number > 0) answer(client)
    }
}

/** A server that ends its first answer half way, and sends the rest of the file to a request for it. */
class HalfServer : ScriptedServer() {
    override fun serve(client: Socket, number: Int) {
        val head = StringBuilder()
        while (!head.endsWith("\r\n\r\n")) head.append(client.getInputStream().read().also { check(it >= 0) }.toChar())
        val answer = when {
            number == 0 -> "200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234"
            "Range: bytes=5-\r\n" in head && "If-Range: \"v1\"\r\n" in head ->
                "206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789"
            else -> "400 Bad Request\r\nContent-Length: 0\r\n\r\n"
        }
        client.getOutputStream().write("HTTP/1.1 $answer".toByteArray())
    }
}

/** A server whose answers a test writes. */
abstract class ScriptedServer : AutoCloseable {
    private val listener = ServerSocket(0, 8, InetAddress.getLoopbackAddress())
    val url: String = "http://${InetAddress.getLoopbackAddress().hostAddress}:${listener.localPort}/"

    private val server = thread(isDaemon = true) {
        // Ends when the test closes the listener.
        runCatching {
            for (number in 0..Int.MAX_VALUE) {
                val client = listener.accept()
                thread(isDaemon = true) { runCatching { client.use { serve(it, number) } } }
            }
        }
    }

    /** [number] counts the connections from 0. */
    protected abstract fun serve(client: Socket, number: Int)

    protected fun answer(client: Socket) =
        client.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".toByteArray())

    /** Reads one request up to the last boundary of its form (RFC 2046 section 5.1.1). */
    protected fun readUpload(client: Socket) {
        val received = StringBuilder()
        while (!received.endsWith("--\r\n")) received.append(client.getInputStream().read().also { check(it >= 0) }.toChar())
    }

    override fun close() {
        listener.close()
        server.join()
    }
}

/** A `CONNECT` proxy that connects to the local port that [route] returns for the client's target. */
class LeadingProxy(private val route: (String) -> Int) : AutoCloseable {
    private val listener = ServerSocket(0, 8, InetAddress.getLoopbackAddress())
    val url: String = "http://${InetAddress.getLoopbackAddress().hostAddress}:${listener.localPort}"

    private val server = thread(isDaemon = true) {
        // Ends when the test closes the listener.
        runCatching {
            while (true) {
                val client = listener.accept()
                thread(isDaemon = true) { runCatching { serve(client) } }
            }
        }
    }

    private fun serve(client: Socket) {
        val head = StringBuilder()
        while (!head.endsWith("\r\n\r\n")) head.append(client.getInputStream().read().also { check(it >= 0) }.toChar())
        val target = head.toString().substringAfter("CONNECT ").substringBefore(' ')
        val server = Socket(InetAddress.getLoopbackAddress(), route(target))
        client.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".toByteArray())
        val up = thread(isDaemon = true) { pump(client, server) }
        pump(server, client)
        up.join()
    }

    private fun pump(from: Socket, to: Socket) {
        runCatching { from.getInputStream().copyTo(to.getOutputStream()) }
        runCatching { to.shutdownOutput() }
    }

    override fun close() {
        listener.close()
        server.join()
    }
}
