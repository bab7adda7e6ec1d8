package org.wxtransfer

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * `wx.getFileSystemManager()`: the file calls of a page, except those for saved files. [WXTransferSession.files] returns it.
 *
 * `wxfile://tmp_…` and `wxfile://store_…` files can be read; files and directories under `wxfile://usr` can be read and written.
 * Symbolic links are not followed. Every function throws [WXTransferFailure] with a number of WeChat's table of file failures
 * (`FileError`), or [WXTransferStatusException] if the session is closed. The suspending functions may be called on any thread,
 * and do not block it. Cancelling the caller does not stop a function that has begun; closing the session does.
 */
public class WXTransferFiles internal constructor(handle: SessionHandle) {
    /** The same calls on the caller's thread, for Java and for threads that may wait for the disk. */
    public val blocking: WXTransferBlockingFiles = WXTransferBlockingFiles(handle)

    /** `access`: returns if the file or directory exists, and throws [WXTransferErrno.FILE_NOT_FOUND] otherwise. */
    @Throws(WXTransferException::class)
    public suspend fun access(path: String): Unit = onDisk { blocking.access(path) }

    /** `stat`: the size, times and mode of a file or directory. */
    @Throws(WXTransferException::class)
    public suspend fun stat(path: String): WXTransferFileStats = onDisk { blocking.stat(path) }

    /**
     * `stat` with `recursive`: the attributes of a directory and of everything in it, ordered by path. For a file: its attributes
     * alone. Symbolic links, files with a second hard link, special files, and names that no `wxfile://` path can have are left
     * out.
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
     * `rename`: moves a file or directory under `wxfile://usr` to another path there, in one step. A file may replace a file, and
     * a directory may replace an empty directory.
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

    /** `readdir`: the names in a directory under `wxfile://usr`, ordered by their bytes. */
    @Throws(WXTransferException::class)
    public suspend fun listDirectory(dirPath: String): List<String> = onDisk { blocking.listDirectory(dirPath) }

    /** `getFileInfo`: the size and digest of a file, both of the same content. */
    @Throws(WXTransferException::class)
    public suspend fun info(
        filePath: String,
        digestAlgorithm: WXTransferDigestAlgorithm = WXTransferDigestAlgorithm.MD5,
    ): WXTransferFileDigest = onDisk { blocking.info(filePath, digestAlgorithm) }

    /**
     * `readFile`: reads up to [length] bytes of a file from [position] on. A [length] of 0 means up to the end of the file. At
     * most 100 MiB. If [position] plus [length] exceeds the file's length, the bytes up to the end are returned. Throws
     * [WXTransferErrno.LENGTH_OUT_OF_RANGE] (1301006) if [length] alone exceeds the file's length, and
     * [WXTransferErrno.POSITION_OUT_OF_RANGE] (1301009) if [position] is not before the end of the file; 0 is valid for an empty
     * file.
     */
    @Throws(WXTransferException::class)
    public suspend fun read(filePath: String, position: Long = 0, length: Long = 0): ByteArray =
        onDisk { blocking.read(filePath, position, length) }

    /**
     * `writeFile`, `appendFile` and `write`: writes at most 100 MiB to a file under `wxfile://usr`, which is replaced in one
     * step. [position] is for [WXTransferWriteMode.AT_POSITION] and at most the file's length; with the other modes it must be 0.
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

/** `Stats`: the attributes of a file or directory, `WxtFileStats` of the C interface. */
public class WXTransferFileStats(
    /**
     * From [WXTransferFiles.statRecursive] of a directory: `/` for the directory itself, `/a` and `/a/b` for the entries below
     * it. `null` from [WXTransferFiles.stat], and for a file.
     */
    public val path: String?,
    /** The size in bytes. */
    public val size: Long,
    /** In seconds since the Unix epoch. Many systems update it only roughly. */
    public val lastAccessedTime: Long,
    /** In seconds since the Unix epoch. */
    public val lastModifiedTime: Long,
    /** POSIX `st_mode`: the file type and the permissions. */
    public val mode: Int,
    /** It is a regular file. */
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

/** The result of `getFileInfo`. */
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

/** The digest algorithms of [WXTransferFiles.info], `WXT_DIGEST_…` of the C interface. */
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

/** How [WXTransferFiles.write] changes the file, `WXT_WRITE_…` of the C interface. */
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
