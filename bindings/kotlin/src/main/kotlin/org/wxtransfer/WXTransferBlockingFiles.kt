package org.wxtransfer

/**
 * The file calls of [WXTransferFiles] and [WXTransferSession] for threads that may wait: they return when the disk has done what they
 * say. For Java, and for Kotlin without coroutines. [WXTransferFiles.blocking] has it.
 *
 * Java has no `CompletableFuture` on Android before version 7 (API 24), and an app has executors of its own. Every function throws
 * [WXTransferFailure] with a number of WeChat's table of file failures, and [WXTransferStatusException] where the session is closed.
 * They may be called from any thread and in callbacks, which then wait.
 */
public class WXTransferBlockingFiles internal constructor(private val handle: Long) {
    /** As [WXTransferFiles.access]. */
    @Throws(WXTransferException::class)
    public fun access(path: String) {
        fileResult { Native.fileAccess(handle, path.utf8(), it) }
    }

    /** As [WXTransferFiles.stat]. */
    @Throws(WXTransferException::class)
    public fun stat(path: String): WXTransferFileStats = stats(path, false).first()

    /** As [WXTransferFiles.statRecursive]. */
    @Throws(WXTransferException::class)
    public fun statRecursive(path: String): List<WXTransferFileStats> = stats(path, true)

    /** As [WXTransferFiles.unlink]. */
    @Throws(WXTransferException::class)
    public fun unlink(filePath: String) {
        fileResult { Native.fileUnlink(handle, filePath.utf8(), it) }
    }

    /** As [WXTransferFiles.copy]. */
    @Throws(WXTransferException::class)
    public fun copy(srcPath: String, destPath: String) {
        fileResult { Native.fileCopy(handle, srcPath.utf8(), destPath.utf8(), it) }
    }

    /** As [WXTransferFiles.rename]. */
    @Throws(WXTransferException::class)
    public fun rename(oldPath: String, newPath: String) {
        fileResult { Native.fileRename(handle, oldPath.utf8(), newPath.utf8(), it) }
    }

    /** As [WXTransferFiles.makeDirectory]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun makeDirectory(dirPath: String, recursive: Boolean = false) {
        fileResult { Native.fileMakeDirectory(handle, dirPath.utf8(), recursive, it) }
    }

    /** As [WXTransferFiles.removeDirectory]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun removeDirectory(dirPath: String, recursive: Boolean = false) {
        fileResult { Native.fileRemoveDirectory(handle, dirPath.utf8(), recursive, it) }
    }

    /** As [WXTransferFiles.listDirectory]. */
    @Throws(WXTransferException::class)
    public fun listDirectory(dirPath: String): List<String> =
        fileResult { Native.fileListDirectory(handle, dirPath.utf8(), it) }.names

    /** As [WXTransferFiles.info]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun info(
        filePath: String,
        digestAlgorithm: WXTransferDigestAlgorithm = WXTransferDigestAlgorithm.MD5,
    ): WXTransferFileDigest {
        val result = fileResult { Native.fileInfo(handle, filePath.utf8(), digestAlgorithm.value, it) }
        return WXTransferFileDigest(result.files.first().size, result.digest)
    }

    /** As [WXTransferFiles.read]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun read(filePath: String, position: Long = 0, length: Long = 0): ByteArray {
        require(position >= 0 && length >= 0) { "the position or the length is negative" }
        return fileResult { Native.fileRead(handle, filePath.utf8(), position, length, it) }.data
    }

    /** As [WXTransferFiles.write]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun write(
        filePath: String,
        data: ByteArray,
        mode: WXTransferWriteMode = WXTransferWriteMode.WHOLE,
        position: Long = 0,
    ) {
        require(position >= 0) { "the position is negative" }
        require(position == 0L || mode == WXTransferWriteMode.AT_POSITION) { "a position needs WXTransferWriteMode.AT_POSITION" }
        fileResult { Native.fileWrite(handle, filePath.utf8(), data, mode.value, position, it) }
    }

    /** As [WXTransferSession.saveFile]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun saveFile(tempFilePath: String, filePath: String? = null): WXTransferFileInfo =
        file { Native.saveFile(handle, tempFilePath.utf8(), filePath?.utf8(), it) }

    /** As [WXTransferSession.getSavedFileList]. */
    @Throws(WXTransferException::class)
    public fun getSavedFileList(): List<WXTransferFileInfo> = fileResult { Native.getSavedFileList(handle, it) }.files

    /** As [WXTransferSession.getSavedFileInfo]. */
    @Throws(WXTransferException::class)
    public fun getSavedFileInfo(filePath: String): WXTransferFileInfo =
        file { Native.getSavedFileInfo(handle, filePath.utf8(), it) }

    /** As [WXTransferSession.removeSavedFile]. */
    @Throws(WXTransferException::class)
    public fun removeSavedFile(filePath: String) {
        fileResult { Native.removeSavedFile(handle, filePath.utf8(), it) }
    }

    /** As [WXTransferSession.importFile]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun importFile(nativePath: String, mode: WXTransferImportMode = WXTransferImportMode.COPY): WXTransferFileInfo =
        file { Native.importFile(handle, nativePath.utf8(), mode.value, it) }

    /** As [WXTransferSession.importFileDescriptor]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun importFileDescriptor(fileDescriptor: Int, length: Long = 0, name: String? = null): WXTransferFileInfo {
        require(length >= 0) { "the length is negative" }
        return file { Native.importFileDescriptor(handle, fileDescriptor, length, name?.utf8(), it) }
    }

    /** As [WXTransferSession.importData]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun importData(data: ByteArray, name: String? = null): WXTransferFileInfo =
        file { Native.importData(handle, data, name?.utf8(), it) }

    /** As [WXTransferSession.resolvePath]. */
    @Throws(WXTransferException::class)
    public fun resolvePath(filePath: String): WXTransferFileInfo =
        file { Native.resolvePath(handle, filePath.utf8(), it) }

    /** As [WXTransferSession.discardPartials]. */
    @Throws(WXTransferStatusException::class)
    public fun discardPartials(): Unit = checkStatus(Native.discardPartials(handle))

    private fun stats(path: String, recursive: Boolean): List<WXTransferFileStats> =
        fileResult { Native.fileStat(handle, path.utf8(), recursive, it) }.stats

    private fun file(call: (NativeFileResult) -> Int): WXTransferFileInfo = fileResult(call).files.first()
}
