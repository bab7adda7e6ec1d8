package org.wxtransfer

import java.io.File
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.nio.file.Files
import java.security.KeyStore
import java.security.cert.CertificateFactory
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.test.assertEquals

/** The certificates of `chains.sh`, and the roots that the virtual machine trusts, for the whole run. */
object Chains {
    private val directory: File = Files.createTempDirectory("wxtransfer-chains").toFile()

    /** Listens at the address that the certificates name for their CRLs and their OCSP responder. */
    private val listener = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val connections = AtomicInteger()

    /** The content of the file on each server. */
    val content = pattern(1000)

    init {
        Runtime.getRuntime().addShutdownHook(Thread { directory.deleteRecursively() })
        thread(isDaemon = true) {
            while (true) {
                listener.accept().use { connections.incrementAndGet() }
            }
        }
        val script = ProcessBuilder(property("wxtransfer.chains"), directory.path, "http://127.0.0.1:${listener.localPort}")
        assertEquals(0, script.inheritIO().start().waitFor(), "chains.sh")
        File(directory, "content").writeBytes(content)
    }

    /** Makes the virtual machine trust the root and that of the test servers. Its trust manager reads the roots when it is made. */
    fun trustRoots() {
        val factory = CertificateFactory.getInstance("X.509")
        val store = KeyStore.getInstance("PKCS12").apply { load(null) }
        for ((index, pem) in listOf(TestServer.certificates, File(directory, "root.pem").readText()).withIndex()) {
            store.setCertificateEntry("root$index", factory.generateCertificate(pem.byteInputStream()))
        }
        val file = File(directory, "roots.p12")
        val password = "password"
        file.outputStream().use { store.store(it, password.toCharArray()) }
        System.setProperty("javax.net.ssl.trustStore", file.path)
        System.setProperty("javax.net.ssl.trustStorePassword", password)
    }

    /** Checks that nothing has connected to the CRLs and the OCSP responder. One connection is made here, to test the counter. */
    fun assertNoRevocationTraffic() {
        Socket(listener.inetAddress, listener.localPort).use { assertEquals(-1, it.getInputStream().read()) }
        assertEquals(1, connections.getAndSet(0), "connections")
    }

    /** Runs `body` with the URL of a file on a server that presents the certificates with this name. */
    fun <T> serve(name: String, body: (String) -> T): T {
        // The time limit ends a server whose virtual machine was killed.
        val command = mutableListOf("timeout", "600", "openssl", "s_server", "-accept", "127.0.0.1:0", "-WWW")
        command += listOf("-cert", "$name.pem", "-key", "$name.key")
        if (File(directory, "$name.chain").length() > 0) command += listOf("-cert_chain", "$name.chain")
        if (File(directory, "$name.ocsp").exists()) command += listOf("-status_file", "$name.ocsp")
        val log = File(directory, "$name.server.log")
        val server = ProcessBuilder(command).directory(directory).redirectError(log).start()
        try {
            val line = server.inputStream.bufferedReader().lineSequence().firstOrNull { it.startsWith("ACCEPT ") }
            val port = checkNotNull(line) { "s_server did not start: ${log.readText()}" }.substringAfterLast(':')
            return body("https://$name.example.test:$port/content")
        } finally {
            server.destroy()
            check(server.waitFor(WAIT_LIMIT_SECONDS, TimeUnit.SECONDS)) { "s_server did not end" }
        }
    }
}
