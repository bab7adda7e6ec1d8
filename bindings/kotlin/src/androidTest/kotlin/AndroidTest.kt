package org.wxtransfer

import android.content.ContentResolver
import android.content.Context
import android.database.Cursor
import android.net.Uri
import android.os.Looper
import android.os.ParcelFileDescriptor
import java.io.FileNotFoundException
import java.io.RandomAccessFile
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.RejectedExecutionException
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation
import org.junit.jupiter.api.Order
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestMethodOrder
import org.junit.jupiter.api.io.TempDir

/**
 * Initialisation of the library that was built for Android, and calls with Android's classes. A process is initialised once, so the
 * tests have an order. CertificateVerifierTest tests the initialised library.
 */
@Order(1)
@TestMethodOrder(OrderAnnotation::class)
class AndroidTest {
    companion object {
        private val application = Context()

        @JvmStatic
        @BeforeAll
        fun loadLibrary() {
            assertNull(Bionic.load(property("wxtransfer.library")))
            Chains.trustRoots()
        }
    }

    @TempDir
    lateinit var directory: Path

    private fun open(rootCertificates: String? = null) = WXTransferSession(
        options(directory.resolve("data")).copy {
            this.rootCertificates = rootCertificates
            skipDomainCheck = true
            // The replacement for Android's C library resolves no names.
            resolver = WXTransferResolver { _, resolution -> resolution.finish(listOf("127.0.0.1")) }
        },
    )

    /** The URL of a file on the test server, under any host name. */
    private fun url(host: String) = TestServer.tls.replace("localhost", host) + "/bytes/1000"

    private suspend fun contentOfDownload(session: WXTransferSession, host: String): ByteArray {
        val result = session.downloadFile(WXTransferDownloadRequest(url(host)))
        return Files.readAllBytes(Path.of(result.nativePath))
    }

    private fun assertNotReady() =
        assertEquals(WXTransferStatus.TRUST_STORE_UNAVAILABLE, assertFailsWith<WXTransferStatusException> { open() }.status)

    private class Loads(private val loader: ClassLoader?) : Context() {
        override fun getClassLoader(): ClassLoader? = loader
    }

    /** A class loader of an app whose shrinker has no rules: the class has lost its method. */
    private object Shrunk : ClassLoader() {
        override fun loadClass(name: String): Class<*> = Any::class.java
    }

    @Test
    @Order(1)
    fun `before init no session with Android's trust store can be opened`() = test {
        assertNotReady()
        open(TestServer.certificates).use { session ->
            assertContentEquals(pattern(1000), contentOfDownload(session, "own-roots.example.test"))
        }
    }

    @Test
    @Order(2)
    fun `an invalid context is refused, and no exception stays pending`() {
        val unavailable = WXTransferStatus.TRUST_STORE_UNAVAILABLE
        class Throws : Context() {
            override fun getClassLoader(): ClassLoader = throw IllegalStateException("by the test")
        }
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, WXTransferStatus.of(Bionic.init(true, null)))
        assertEquals(WXTransferStatus.INVALID_ARGUMENT, WXTransferStatus.of(Bionic.init(false, application)))
        assertEquals(unavailable, WXTransferStatus.of(Bionic.init(true, "no context")), "without that method")
        assertEquals(unavailable, WXTransferStatus.of(Bionic.init(true, Throws())), "that throws")
        assertEquals(unavailable, WXTransferStatus.of(Bionic.init(true, Loads(null))), "without a class loader")
        val withoutTheVerifier = ClassLoader.getPlatformClassLoader()
        assertEquals(unavailable, WXTransferStatus.of(Bionic.init(true, Loads(withoutTheVerifier))), "without the verifier")
        assertEquals(unavailable, WXTransferStatus.of(Bionic.init(true, Loads(Shrunk))), "without its method")
        val thrown = assertFailsWith<WXTransferStatusException> { WXTransferAndroid.init(Loads(withoutTheVerifier)) }
        assertEquals(unavailable, thrown.status)
        assertNotReady()
    }

    @Test
    @Order(3)
    fun `after init a session with Android's trust store can be opened`() = test {
        WXTransferAndroid.init(application)
        open().use { assertContentEquals(pattern(1000), contentOfDownload(it, "trusted.example.test")) }
    }

    @Test
    @Order(4)
    fun `a second init has no effect`() = test {
        WXTransferAndroid.init(Loads(null))
        open().use { assertContentEquals(pattern(1000), contentOfDownload(it, "second.example.test")) }
    }

    /** A document of another app: [file], with the name [displayName]. */
    private class Documents(private val uri: Uri, private val file: RandomAccessFile?, private val displayName: String?) : Context() {
        var closed = 0

        override fun getContentResolver() = object : ContentResolver() {
            override fun openFileDescriptor(uri: Uri, mode: String): ParcelFileDescriptor? {
                assertEquals(this@Documents.uri to "r", uri to mode)
                return file?.let { ParcelFileDescriptor(number(it.fd)) { closed++ } }
            }

            override fun query(
                uri: Uri,
                projection: Array<String>?,
                selection: String?,
                selectionArgs: Array<String>?,
                sortOrder: String?,
            ): Cursor {
                assertEquals(listOf("_display_name"), projection?.toList())
                return object : Cursor {
                    override fun moveToFirst() = true
                    override fun isNull(columnIndex: Int) = displayName == null
                    override fun getString(columnIndex: Int) = displayName
                    override fun close() { closed++ }
                }
            }
        }
    }

    private fun file(content: ByteArray) =
        RandomAccessFile(Files.write(directory.resolve("document"), content).toFile(), "r")

    @Test
    @Order(5)
    fun `a document becomes a temporary file`() = test {
        val uri = Uri("content://photos/1")
        open(TestServer.certificates).use { session ->
            for ((name, extension) in listOf("holiday.png" to ".png", null to "")) {
                file(pattern(1000)).use { file ->
                    val documents = Documents(uri, file, name)
                    val imported = session.importContent(documents, uri)
                    assertContentEquals(pattern(1000), Files.readAllBytes(Path.of(imported.nativePath)))
                    assertEquals(extension, Regex("""\.\w+$""").find(imported.filePath)?.value.orEmpty())
                    assertEquals(2, documents.closed, "the descriptor and the cursor")
                }
            }
            assertFailsWith<FileNotFoundException> { session.importContent(Documents(uri, null, null), uri) }
        }
    }

    @Test
    @Order(6)
    fun `a descriptor is imported and uploaded`() = test {
        open(TestServer.certificates).use { session ->
            file(pattern(1000)).use { file ->
                val descriptor = ParcelFileDescriptor(number(file.fd))
                file.seek(10)
                val imported = session.importFileDescriptor(descriptor, length = 20, name = "part.bin")
                assertContentEquals(pattern(1000).copyOfRange(10, 30), Files.readAllBytes(Path.of(imported.nativePath)))
                file.seek(0)
                val request = WXTransferUploadRequest(url("localhost").replace("/bytes/1000", "/upload")) { name = "file"; fileName = "a.bin" }
                val answer = session.uploadFile(request.withFile(descriptor))
                assertEquals(200, answer.statusCode, answer.data)
                assertTrue(""""length":1000""" in answer.data, answer.data)
            }
        }
    }

    @Test
    @Order(7)
    fun `callbacks run on the main thread, until it has ended`() = test {
        val options = options(directory.resolve("data")).copy { executor = WXTransferAndroid.mainExecutor }
        WXTransferSession(options).use { session ->
            val recorder = Recorder<WXTransferDownloadSuccess>()
            session.downloadFile(WXTransferDownloadRequest(TestServer.plain + "/bytes/5"), recorder)
            recorder.end()
            assertEquals(setOf("main looper"), recorder.threads.map { it.name }.toSet())
        }
        Looper.getMainLooper().thread.shutdown()
        assertFailsWith<RejectedExecutionException> { WXTransferAndroid.mainExecutor.execute {} }
    }
}
