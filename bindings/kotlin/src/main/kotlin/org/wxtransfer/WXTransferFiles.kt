package org.wxtransfer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * `wx.getFileSystemManager()`: a page's calls on its files, except those for saving them. [WXTransferSession.files] has it.
 *
 * `wxfile://tmp_…` and `wxfile://store_…` files can be read; files and directories under `wxfile://usr` can be read and
 * written. Links are not followed. Every function throws [WXTransferFailure] with a number of WeChat's table of file failures
 * (`FileError`), or [WXTransferStatusException] if the session is closed. The suspending functions may be called on any
 * thread, and do not block it. Cancelling the caller does not stop a function that has begun; closing the session does.
 */
public class WXTransferFiles internal constructor(handle: SessionHandle) {
    /** The same calls on the caller's thread, for Java and for threads that may wait for the disk. */
    public val blocking: WXTransferBlockingFiles = WXTransferBlockingFiles(handle)

    /** `access`: returns where a file or directory is there, and throws [WXTransferErrno.FILE_NOT_FOUND] otherwise. */
    @Throws(WXTransferException::class)
    public suspend fun access(path: String): Unit = onDisk { blocking.access(path) }

    /** `stat`: the size, times and mode of a file or directory. */
    @Throws(WXTransferException::class)
    public suspend fun stat(path: String): WXTransferFileStats = onDisk { blocking.stat(path) }

    /**
     * `stat` with `recursive`: the entries of a directory and of everything below it, sorted by path. For a file: its entry
     * alone. Links, and entries that no path can name, are left out.
     */
    @Throws(WXTransferException::class)
    public suspend fun statRecursive(path: String): List<WXTransferFileStats> = onDisk { blocking.statRecursive(path) }

    /**
     * `unlink`: removes a file under `wxfile://usr`. It needs no free quota. Throws [WXTransferErrno.OPERATION_NOT_PERMITTED] for a
     * directory.
     */
    @Throws(WXTransferException::class)
    public suspend fun unlink(filePath: String): Unit = onDisk { blocking.unlink(filePath) }

    /** `copyFile`: makes [destPath], under `wxfile://usr`, a copy of [srcPath], in one step. */
    @Throws(WXTransferException::class)
    public suspend fun copy(srcPath: String, destPath: String): Unit = onDisk { blocking.copy(srcPath, destPath) }

    /**
     * `rename`: gives a file or directory under `wxfile://usr` another path there, in one step. A file replaces a file, and a
     * directory an empty directory.
     */
    @Throws(WXTransferException::class)
    public suspend fun rename(oldPath: String, newPath: String): Unit = onDisk { blocking.rename(oldPath, newPath) }

    /** `mkdir`: creates a directory under `wxfile://usr`; with [recursive] also its missing parents. */
    @Throws(WXTransferException::class)
    public suspend fun makeDirectory(dirPath: String, recursive: Boolean = false): Unit =
        onDisk { blocking.makeDirectory(dirPath, recursive) }

    /** `rmdir`: removes a directory under `wxfile://usr`; with [recursive] also everything in it. */
    @Throws(WXTransferException::class)
    public suspend fun removeDirectory(dirPath: String, recursive: Boolean = false): Unit =
        onDisk { blocking.removeDirectory(dirPath, recursive) }

    /** `readdir`: the names in a directory under `wxfile://usr`, sorted by their bytes. */
    @Throws(WXTransferException::class)
    public suspend fun listDirectory(dirPath: String): List<String> = onDisk { blocking.listDirectory(dirPath) }

    /** `getFileInfo`: size and digest of a file, both of the same contents. */
    @Throws(WXTransferException::class)
    public suspend fun info(
        filePath: String,
        digestAlgorithm: WXTransferDigestAlgorithm = WXTransferDigestAlgorithm.MD5,
    ): WXTransferFileDigest = onDisk { blocking.info(filePath, digestAlgorithm) }

    /**
     * `readFile`: the bytes of a file, starting at [position]. [length] is the number of bytes to read; fewer are returned if
     * the file ends before that. 0 reads up to the end. At most 100 MiB.
     */
    @Throws(WXTransferException::class)
    public suspend fun read(filePath: String, position: Long = 0, length: Long = 0): ByteArray =
        onDisk { blocking.read(filePath, position, length) }

    /**
     * `writeFile`, `appendFile` and `write`: writes at most 100 MiB to a file under `wxfile://usr`, which is
     * replaced in one step. [position] is for [WXTransferWriteMode.AT_POSITION] alone, and at most the file's length.
     */
    @Throws(WXTransferException::class)
    public suspend fun write(
        filePath: String,
        data: ByteArray,
        mode: WXTransferWriteMode = WXTransferWriteMode.WHOLE,
        position: Long = 0,
    ): Unit = onDisk { blocking.write(filePath, data, mode, position) }

    private suspend fun <T> onDisk(operation: () -> T): T = withContext(Dispatchers.IO) { operation() }
}

/** `Stats`: a file or directory as the system describes it, `WxtFileStats` of the C interface. */
public class WXTransferFileStats(
    /**
     * From [WXTransferFiles.statRecursive] of a directory: `/` for the directory itself, `/a` and `/a/b` for the entries below
     * it. `null` from [WXTransferFiles.stat], and for a file.
     */
    public val path: String?,
    /** The size in bytes. */
    public val size: Long,
    /** Seconds since the Unix epoch. Many systems keep it only roughly. */
    public val lastAccessedTime: Long,
    /** Seconds since the Unix epoch. */
    public val lastModifiedTime: Long,
    /** POSIX `st_mode`: type and permissions. */
    public val mode: Int,
    /** It is a file. */
    public val isFile: Boolean,
    /** It is a directory. */
    public val isDirectory: Boolean,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferFileStats",
        "path" to path,
        "size" to size,
        "lastAccessedTime" to lastAccessedTime,
        "lastModifiedTime" to lastModifiedTime,
        "mode" to mode,
        "isFile" to isFile,
        "isDirectory" to isDirectory,
    )
}

/** What `getFileInfo` tells. */
public class WXTransferFileDigest(
    /** The size in bytes. */
    public val size: Long,
    /** The digest in lower-case hexadecimal digits. */
    public val digest: String,
) {
    /** For logs. */
    override fun toString(): String = Redaction.text(
        "WXTransferFileDigest",
        "size" to size,
        "digest" to digest,
    )
}

/** The digests of [WXTransferFiles.info], `WXT_DIGEST_…` of the C interface. */
public enum class WXTransferDigestAlgorithm(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** `md5`. */
    MD5(0),

    /** `sha1`. */
    SHA1(1),

    /** `sha256`. */
    SHA256(2),
}

/** What [WXTransferFiles.write] does to the file, `WXT_WRITE_…` of the C interface. */
public enum class WXTransferWriteMode(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** Replaces the whole content, and creates the file if it is missing. */
    WHOLE(0),

    /** Appends the bytes to an existing file. */
    APPEND(1),

    /** Writes the bytes into an existing file, starting at a position. */
    AT_POSITION(2),
}
