package org.wxtransfer

/**
 * The file calls of [WXTransferFiles] and [WXTransferSession] on the calling thread, which waits for the disk. For Java, and
 * for Kotlin without coroutines. [WXTransferFiles.blocking] returns it.
 *
 * There are no calls that return a `CompletableFuture`: Android has that class only since version 7 (API 24), and an app has
 * its own executors. Every function throws [WXTransferFailure] with a number of WeChat's table of file failures, or
 * [WXTransferStatusException] if the session is closed. The functions may be called on any thread, also from a callback.
 */
public class WXTransferBlockingFiles internal constructor(private val handle: SessionHandle) {
    /** As [WXTransferFiles.access]. */
    @Throws(WXTransferException::class)
    public fun access(path: String) {
        fileResult { session, result -> Native.fileAccess(session, path.utf8(), result) }
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
        fileResult { session, result -> Native.fileUnlink(session, filePath.utf8(), result) }
    }

    /** As [WXTransferFiles.copy]. */
    @Throws(WXTransferException::class)
    public fun copy(srcPath: String, destPath: String) {
        fileResult { session, result -> Native.fileCopy(session, srcPath.utf8(), destPath.utf8(), result) }
    }

    /** As [WXTransferFiles.rename]. */
    @Throws(WXTransferException::class)
    public fun rename(oldPath: String, newPath: String) {
        fileResult { session, result -> Native.fileRename(session, oldPath.utf8(), newPath.utf8(), result) }
    }

    /** As [WXTransferFiles.makeDirectory]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun makeDirectory(dirPath: String, recursive: Boolean = false) {
        fileResult { session, result -> Native.fileMakeDirectory(session, dirPath.utf8(), recursive, result) }
    }

    /** As [WXTransferFiles.removeDirectory]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun removeDirectory(dirPath: String, recursive: Boolean = false) {
        fileResult { session, result -> Native.fileRemoveDirectory(session, dirPath.utf8(), recursive, result) }
    }

    /** As [WXTransferFiles.listDirectory]. */
    @Throws(WXTransferException::class)
    public fun listDirectory(dirPath: String): List<String> =
        fileResult { session, result -> Native.fileListDirectory(session, dirPath.utf8(), result) }.names

    /** As [WXTransferFiles.info]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun info(
        filePath: String,
        digestAlgorithm: WXTransferDigestAlgorithm = WXTransferDigestAlgorithm.MD5,
    ): WXTransferFileDigest {
        val result = fileResult { session, result -> Native.fileInfo(session, filePath.utf8(), digestAlgorithm.value, result) }
        return WXTransferFileDigest(result.files.first().size, result.digest)
    }

    /** As [WXTransferFiles.read]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun read(filePath: String, position: Long = 0, length: Long = 0): ByteArray {
        require(position >= 0 && length >= 0) { "the position or the length is negative" }
        return fileResult { session, result -> Native.fileRead(session, filePath.utf8(), position, length, result) }.data
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
        require(position == 0L || mode == WXTransferWriteMode.AT_POSITION) {
            "a position needs WXTransferWriteMode.AT_POSITION"
        }
        fileResult { session, result -> Native.fileWrite(session, filePath.utf8(), data, mode.value, position, result) }
    }

    /** As [WXTransferSession.saveFile]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun saveFile(tempFilePath: String, filePath: String? = null): WXTransferFileInfo =
        file { session, result -> Native.saveFile(session, tempFilePath.utf8(), filePath?.utf8(), result) }

    /** As [WXTransferSession.getSavedFileList]. */
    @Throws(WXTransferException::class)
    public fun getSavedFileList(): List<WXTransferFileInfo> =
        fileResult { session, result -> Native.getSavedFileList(session, result) }.files

    /** As [WXTransferSession.getSavedFileInfo]. */
    @Throws(WXTransferException::class)
    public fun getSavedFileInfo(filePath: String): WXTransferFileInfo =
        file { session, result -> Native.getSavedFileInfo(session, filePath.utf8(), result) }

    /** As [WXTransferSession.removeSavedFile]. */
    @Throws(WXTransferException::class)
    public fun removeSavedFile(filePath: String) {
        fileResult { session, result -> Native.removeSavedFile(session, filePath.utf8(), result) }
    }

    /** As [WXTransferSession.importFile]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun importFile(
        nativePath: String,
        mode: WXTransferImportMode = WXTransferImportMode.COPY,
    ): WXTransferFileInfo =
        file { session, result -> Native.importFile(session, nativePath.utf8(), mode.value, result) }

    /** As [WXTransferSession.importFileDescriptor]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun importFileDescriptor(fileDescriptor: Int, length: Long = 0, name: String? = null): WXTransferFileInfo {
        require(length >= 0) { "the length is negative" }
        return file { session, result -> Native.importFileDescriptor(session, fileDescriptor, length, name?.utf8(), result) }
    }

    /** As [WXTransferSession.importData]. */
    @JvmOverloads
    @Throws(WXTransferException::class)
    public fun importData(data: ByteArray, name: String? = null): WXTransferFileInfo =
        file { session, result -> Native.importData(session, data, name?.utf8(), result) }

    /** As [WXTransferSession.resolvePath]. */
    @Throws(WXTransferException::class)
    public fun resolvePath(filePath: String): WXTransferFileInfo =
        file { session, result -> Native.resolvePath(session, filePath.utf8(), result) }

    /** As [WXTransferSession.discardPartials]. */
    @Throws(WXTransferStatusException::class)
    public fun discardPartials(): Unit = checkExplained { reason -> handle.use { Native.discardPartials(it, reason) } }

    private fun stats(path: String, recursive: Boolean): List<WXTransferFileStats> =
        fileResult { session, result -> Native.fileStat(session, path.utf8(), recursive, result) }.stats

    private fun file(call: (Long, NativeFileResult) -> Int): WXTransferFileInfo = fileResult(call).files.first()

    /** Makes a call that fills a result. Throws the failure of the call. */
    private fun fileResult(call: (Long, NativeFileResult) -> Int): NativeFileResult {
        val result = NativeFileResult()
        checkStatus(handle.use { call(it, result) })
        result.check()
        return result
    }
}
