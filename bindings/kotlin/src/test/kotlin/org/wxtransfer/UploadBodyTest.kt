package org.wxtransfer

import java.io.File
import java.io.RandomAccessFile
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.json.JSONArray
import org.json.JSONObject
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Uploads of several files, of bytes, and of a raw file. */
class UploadBodyTest {
    @TempDir
    lateinit var directory: Path

    private val url = TestServer.tls + "/upload"

    private fun JSONArray.objects() = List(length()) { getJSONObject(it) }

    @Test
    fun `each part arrives with its content, name and type`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val path = session.importData(pattern(70_000), "photo.png").filePath
            assertTrue(path.endsWith(".png"))
            val opened = File(directory.toFile(), "opened").apply { writeBytes(pattern(10)) }
            RandomAccessFile(opened, "r").use { file ->
                val parts = listOf(
                    WXTransferUploadPart("photo") { filePath = path },
                    WXTransferUploadPart("json") { data = "{}".encodeToByteArray(); fileName = "a.json"; mediaType = "text/😀" },
                    WXTransferUploadPart("empty") { data = ByteArray(0) },
                    WXTransferUploadPart("opened") { fileDescriptor = number(file.fd); fileName = "o.txt" },
                )
                val result = session.uploadFile(
                    WXTransferUploadRequest(url) { formData = listOf("user" to "test"); this.parts = parts; method = WXTransferMethod.POST },
                )
                val seen = JSONObject(result.data)
                assertEquals("""["user","photo","json","empty","opened"]""", seen.getJSONArray("parts").toString())
                val files = seen.getJSONArray("files").objects()
                assertEquals(listOf(70_000, 2, 0, 10), files.map { it.getInt("length") })
                assertEquals(listOf("a.json", "blob", "o.txt"), files.drop(1).map { it.getString("filename") })
                val types = listOf("image/png", "text/😀", "application/octet-stream", "text/plain")
                assertEquals(types, files.map { it.getString("content_type") })
            }
        }
    }

    @Test
    fun `100 parts are sent, and more are refused`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            fun request(count: Int) = WXTransferUploadRequest(url) { parts = List(count) { WXTransferUploadPart("p") { data = pattern(it) } } }
            val files = JSONObject(session.uploadFile(request(100)).data).getJSONArray("files").objects()
            assertEquals(List(100) { it }, files.map { it.getInt("length") })
            val refused = assertFailsWith<WXTransferStatusException> { session.uploadFile(request(101)) }
            assertEquals(WXTransferStatus.INVALID_ARGUMENT, refused.status)
            // -1 is an invalid descriptor, not an absent one.
            val none = WXTransferUploadRequest(url) { parts = listOf(WXTransferUploadPart("p") { fileDescriptor = -1 }) }
            assertEquals(WXTransferStatus.INVALID_ARGUMENT, assertFailsWith<WXTransferStatusException> { session.uploadFile(none) }.status)
        }
    }

    @Test
    fun `a raw body is the file and nothing else`() = test {
        WXTransferSession(options(directory.resolve("data"))).use { session ->
            val path = session.importData(pattern(1000), null).filePath
            val raw = TestServer.tls + "/raw"
            val header = listOf("Content-Type" to "image/heic")
            for (request in listOf(
                WXTransferUploadRequest(raw) {
                    filePath = path
                    this.header = header
                    method = WXTransferMethod.PUT
                    this.raw = true
                },
                WXTransferUploadRequest(raw) { data = pattern(1000); method = WXTransferMethod.PUT; this.raw = true },
            )) {
                val seen = JSONObject(session.uploadFile(request).data)
                assertEquals("PUT" to 1000, seen.getString("method") to seen.getInt("length"))
                assertEquals(request.header.isNotEmpty(), "heic" in seen.getJSONArray("headers").toString())
            }
            val named = WXTransferUploadRequest(raw) { filePath = path; name = "name"; this.raw = true }
            assertEquals(WXTransferStatus.INVALID_ARGUMENT, assertFailsWith<WXTransferStatusException> { session.uploadFile(named) }.status)
            assertFalse("secret" in WXTransferUploadRequest(url) { data = "secret".encodeToByteArray() }.toString())
        }
    }
}
