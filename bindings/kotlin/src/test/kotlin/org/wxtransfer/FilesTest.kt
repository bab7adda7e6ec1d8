package org.wxtransfer

import java.nio.file.Path
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertNull
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class FilesTest {
    @TempDir
    lateinit var directory: Path

    private fun open(change: WXTransferSessionOptions.Builder.() -> Unit = {}) =
        WXTransferSession(options(directory.resolve("data")).copy(change))

    @Test
    fun `a page's files are written, read, moved and removed`() = test {
        open().use { session ->
            val files = session.files
            files.makeDirectory("wxfile://usr/\u56fe/a", recursive = true)
            files.write("wxfile://usr/\u56fe/b.txt", "hello".utf8())
            files.write("wxfile://usr/\u56fe/b.txt", " world".utf8(), WXTransferWriteMode.APPEND)
            files.write("wxfile://usr/\u56fe/b.txt", "W".utf8(), WXTransferWriteMode.AT_POSITION, 6)
            assertEquals("hello World", files.read("wxfile://usr/\u56fe/b.txt").decodeToString())
            assertEquals("Wor", files.read("wxfile://usr/\u56fe/b.txt", 6, 3).decodeToString())
            files.access("wxfile://usr/\u56fe/b.txt")
            val stats = files.stat("wxfile://usr/\u56fe/b.txt")
            assertEquals(11, stats.size)
            assertTrue(stats.isFile && !stats.isDirectory && stats.mode and 0x1ff == 0x180, "$stats")
            assertTrue(stats.lastModifiedTime > System.currentTimeMillis() / 1000 - 3600 && stats.lastAccessedTime > 0, "$stats")
            assertNull(stats.path)
            val tree = files.statRecursive("wxfile://usr/\u56fe")
            assertEquals(listOf("/" to true, "/a" to true, "/b.txt" to false), tree.map { it.path to it.isDirectory })
            files.copy("wxfile://usr/\u56fe/b.txt", "wxfile://usr/\u56fe/c\ud83d\ude00")
            files.rename("wxfile://usr/\u56fe/b.txt", "wxfile://usr/\u56fe/a/b.txt")
            assertEquals(listOf("a", "c\ud83d\ude00"), files.listDirectory("wxfile://usr/\u56fe"))
            files.unlink("wxfile://usr/\u56fe/c\ud83d\ude00")
            files.removeDirectory("wxfile://usr/\u56fe", recursive = true)
            assertEquals(emptyList(), files.listDirectory("wxfile://usr"))
            files.write("wxfile://usr/empty", ByteArray(0))
            assertContentEquals(ByteArray(0), files.read("wxfile://usr/empty"))
        }
    }

    /** The digests of "abc" are those of RFC 1321 and FIPS 180-4. */
    @Test
    fun `digests are those of the standards`() = test {
        open().use { session ->
            val file = session.temporaryFile(directory.resolve("mine"), "abc".utf8())
            for ((algorithm, digest) in listOf(
                WXTransferDigestAlgorithm.MD5 to "900150983cd24fb0d6963f7d28e17f72",
                WXTransferDigestAlgorithm.SHA1 to "a9993e364706816aba3e25717850c26c9cd0d89d",
                WXTransferDigestAlgorithm.SHA256 to "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            )) assertEquals(3L to digest, session.files.info(file, algorithm).run { size to this.digest })
            assertEquals("900150983cd24fb0d6963f7d28e17f72", session.files.info(file).digest)
        }
    }

    @Test
    fun `many bytes are written and read unchanged`() = test {
        open().use { session ->
            val content = pattern(3_000_001)
            session.files.write("wxfile://usr/a", content)
            assertContentEquals(content, session.files.read("wxfile://usr/a"))
            assertContentEquals(content.copyOfRange(2_999_999, 3_000_001), session.files.read("wxfile://usr/a", 2_999_999))
        }
    }

    @Test
    fun `a failure has WeChat's number`() = test {
        open { storageQuota = 20_000 }.use { session ->
            val files = session.files
            files.makeDirectory("wxfile://usr/d/inside", recursive = true)
            files.write("wxfile://usr/a", ByteArray(5))
            suspend fun fails(errMsg: String, errno: Int, call: suspend () -> Any) {
                val failure = assertFailsWith<WXTransferFailure> { call() }
                assertEquals(errMsg to errno, failure.errMsg to failure.errno)
                assertFalse(failure.retryable)
                assertNull(failure.profile)
            }
            fails("access:fail no such file or directory wxfile://usr/b", 1300002) { files.access("wxfile://usr/b") }
            fails("stat:fail permission denied, open /etc", 1300014) { files.statRecursive("/etc") }
            fails("unlink:fail operation not permitted wxfile://usr/d", 1300001) { files.unlink("wxfile://usr/d") }
            fails("mkdir:fail file already exists wxfile://usr/d", 1301005) { files.makeDirectory("wxfile://usr/d") }
            fails("rmdir:fail directory not empty wxfile://usr/d", 1300066) { files.removeDirectory("wxfile://usr/d") }
            fails("readdir:fail not a directory wxfile://usr/a", 1300020) { files.listDirectory("wxfile://usr/a") }
            fails("rename:fail Is a directory wxfile://usr/d", 1300021) { files.rename("wxfile://usr/a", "wxfile://usr/d") }
            fails("readFile:fail value of position is out of range", 1301009) { files.read("wxfile://usr/a", 5) }
            fails("readFile:fail value of length is out of range", 1301006) { files.read("wxfile://usr/a", 0, 6) }
            fails("writeFile:fail illegal operation on a directory, open wxfile://usr/d", 1301003) {
                files.write("wxfile://usr/d", ByteArray(1))
            }
            fails("appendFile:fail the maximum size of the file storage limit is exceeded", 1300202) {
                files.write("wxfile://usr/a", ByteArray(20_000), WXTransferWriteMode.APPEND)
            }
            assertFailsWith<IllegalArgumentException> { files.read("wxfile://usr/a", -1) }
            assertFailsWith<IllegalArgumentException> { files.write("wxfile://usr/a", ByteArray(1), position = 1) }
        }
        val closed = open().also { it.close() }
        val refused = assertFailsWith<WXTransferStatusException> { closed.files.access("wxfile://usr") }
        assertEquals(WXTransferStatus.SESSION_CLOSED, refused.status)
    }
}
