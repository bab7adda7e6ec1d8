package org.wxtransfer

/**
 * The functions of `jni/src`, each named after the C function that it calls. Those that return an `Int` return a status.
 *
 * Text is UTF-8, and `null` if it is absent. A list of texts is an array of all their bytes and the length of each. If a
 * call is refused, `reason[0]` receives the reason.
 */
internal object Native {
    init {
        System.loadLibrary("wxtransfer_jni")
    }

    @JvmStatic
    external fun version(): ByteArray

    @JvmStatic
    external fun statusText(status: Int): ByteArray

    /** [numbers] and [texts] are the values of the options, in the order of the C struct's fields. */
    @JvmStatic
    external fun sessionOpen(
        numbers: LongArray,
        texts: ByteArray,
        textLengths: IntArray,
        uploadDomains: ByteArray,
        uploadDomainLengths: IntArray,
        downloadDomains: ByteArray,
        downloadDomainLengths: IntArray,
        pinHosts: ByteArray,
        pinHostLengths: IntArray,
        pinHashes: ByteArray,
        pinHashLengths: IntArray,
        hooks: NativeHooks,
        hasExecutor: Boolean,
        hasLogger: Boolean,
        hasResolver: Boolean,
        certificateChain: ByteArray?,
        certificateHosts: ByteArray,
        certificateHostLengths: IntArray,
        certificateSchemes: IntArray,
        session: LongArray,
        reason: Array<ByteArray?>,
    ): Int

    @JvmStatic
    external fun sessionSetTrust(
        session: Long,
        rootCertificates: ByteArray?,
        pinHosts: ByteArray,
        pinHostLengths: IntArray,
        pinHashes: ByteArray,
        pinHashLengths: IntArray,
        reason: Array<ByteArray?>,
    ): Int

    @JvmStatic
    external fun sessionClose(session: Long): Int

    @JvmStatic
    external fun sessionPrepare(session: Long, server: ByteArray): Int

    /** [numbers] receives the statistics in the order of [WXTransferSessionStatistics]. */
    @JvmStatic
    external fun sessionStatistics(session: Long, numbers: LongArray): Int

    @JvmStatic
    external fun checkUrl(
        session: Long,
        api: Int,
        url: ByteArray,
        header: ByteArray,
        headerLengths: IntArray,
        result: NativeUrlCheck,
    ): Int

    @JvmStatic
    external fun sessionNetworkChanged(
        session: Long,
        kind: Int,
        metered: Boolean,
        roaming: Boolean,
        reason: Array<ByteArray?>,
    ): Int

    @JvmStatic
    external fun sessionEnterBackground(session: Long): Int

    @JvmStatic
    external fun sessionSetMaxBytesPerSecond(session: Long, bytesPerSecond: Long): Int

    @JvmStatic
    external fun discardPartials(session: Long, reason: Array<ByteArray?>): Int

    @JvmStatic
    external fun sessionEnterForeground(session: Long): Int

    @JvmStatic
    external fun uploadFile(
        session: Long,
        url: ByteArray,
        filePath: ByteArray?,
        name: ByteArray,
        header: ByteArray,
        headerLengths: IntArray,
        formData: ByteArray,
        formDataLengths: IntArray,
        fileName: ByteArray?,
        timeout: Long,
        disableProfile: Boolean,
        hasFileDescriptor: Boolean,
        fileDescriptor: Int,
        fileLength: Long,
        wantsTraces: Boolean,
        needsUnmetered: Boolean,
        data: ByteArray?,
        partTexts: ByteArray,
        partTextLengths: IntArray,
        partData: Array<ByteArray?>,
        partNumbers: LongArray,
        method: Int,
        raw: Boolean,
        maxBytesPerSecond: Long,
        priority: Int,
        callbacks: NativeCallbacks,
        task: LongArray,
        reason: Array<ByteArray?>,
    ): Int

    @JvmStatic
    external fun downloadFile(
        session: Long,
        url: ByteArray,
        header: ByteArray,
        headerLengths: IntArray,
        filePath: ByteArray?,
        timeout: Long,
        disableProfile: Boolean,
        expectedSha256: ByteArray?,
        expectedLength: Long,
        wantSha256: Boolean,
        verifyDigest: Boolean,
        wantsTraces: Boolean,
        needsUnmetered: Boolean,
        maxBytesPerSecond: Long,
        priority: Int,
        callbacks: NativeCallbacks,
        task: LongArray,
        reason: Array<ByteArray?>,
    ): Int

    @JvmStatic
    external fun taskAbort(session: Long, task: Long): Int

    @JvmStatic
    external fun taskSetMaxBytesPerSecond(session: Long, task: Long, bytesPerSecond: Long): Int

    @JvmStatic
    external fun saveFile(session: Long, tempFilePath: ByteArray, filePath: ByteArray?, result: NativeFileResult): Int

    @JvmStatic
    external fun getSavedFileList(session: Long, result: NativeFileResult): Int

    @JvmStatic
    external fun getSavedFileInfo(session: Long, filePath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun removeSavedFile(session: Long, filePath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun importFile(session: Long, nativePath: ByteArray, mode: Int, result: NativeFileResult): Int

    @JvmStatic
    external fun importFileDescriptor(
        session: Long,
        fileDescriptor: Int,
        length: Long,
        name: ByteArray?,
        result: NativeFileResult,
    ): Int

    @JvmStatic
    external fun importData(session: Long, data: ByteArray, name: ByteArray?, result: NativeFileResult): Int

    @JvmStatic
    external fun resolvePath(session: Long, filePath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun fileAccess(session: Long, path: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun fileStat(session: Long, path: ByteArray, recursive: Boolean, result: NativeFileResult): Int

    @JvmStatic
    external fun fileUnlink(session: Long, filePath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun fileCopy(session: Long, srcPath: ByteArray, destPath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun fileRename(session: Long, oldPath: ByteArray, newPath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun fileMakeDirectory(session: Long, dirPath: ByteArray, recursive: Boolean, result: NativeFileResult): Int

    @JvmStatic
    external fun fileRemoveDirectory(
        session: Long,
        dirPath: ByteArray,
        recursive: Boolean,
        result: NativeFileResult,
    ): Int

    @JvmStatic
    external fun fileListDirectory(session: Long, dirPath: ByteArray, result: NativeFileResult): Int

    @JvmStatic
    external fun fileInfo(session: Long, filePath: ByteArray, digestAlgorithm: Int, result: NativeFileResult): Int

    @JvmStatic
    external fun fileRead(
        session: Long,
        filePath: ByteArray,
        position: Long,
        length: Long,
        result: NativeFileResult,
    ): Int

    @JvmStatic
    external fun fileWrite(
        session: Long,
        filePath: ByteArray,
        data: ByteArray,
        mode: Int,
        position: Long,
        result: NativeFileResult,
    ): Int

    /** Runs a job and frees it. Must be called exactly once per job. */
    @JvmStatic
    external fun runJob(job: Long)

    /** Answers a signing and frees it. Must be called exactly once per signing. */
    @JvmStatic
    external fun signingFinish(signing: Long, signature: ByteArray?): Int

    @JvmStatic
    external fun resolutionFinish(resolution: Long, addresses: ByteArray, addressLengths: IntArray): Int
}

/**
 * The functions that native code calls for a task. They must not throw.
 *
 * A struct is passed as its numbers and its texts, each in the order of the struct's fields. The numbers of a profile are
 * `null` if there is no profile.
 */
internal abstract class NativeCallbacks {
    /** [header] contains names and values alternately. */
    abstract fun onHeadersReceived(task: Long, statusCode: Int, header: ByteArray, headerLengths: IntArray)

    /** -1 means unknown. */
    abstract fun onProgress(task: Long, totalBytes: Long, totalBytesExpected: Long, progress: Int)

    /** The values of a [NativeSuccess]. [header] contains names and values alternately. */
    abstract fun onSuccess(
        task: Long,
        numbers: LongArray,
        texts: ByteArray,
        textLengths: IntArray,
        header: ByteArray,
        headerLengths: IntArray,
        profileNumbers: LongArray?,
        profileTexts: ByteArray,
        profileTextLengths: IntArray,
    )

    /** The values of a [NativeFailure]. */
    abstract fun onFail(
        task: Long,
        numbers: LongArray,
        texts: ByteArray,
        textLengths: IntArray,
        profileNumbers: LongArray?,
        profileTexts: ByteArray,
        profileTextLengths: IntArray,
    )

    abstract fun onTrace(task: Long, entry: ByteArray)

    abstract fun onComplete(task: Long)

    /** The last call. */
    abstract fun release()
}

/** The pairs of a list in which names and values alternate. */
internal fun unpackPairs(bytes: ByteArray, lengths: IntArray): List<Pair<String, String>> =
    unpack(bytes, lengths).map { it.orEmpty() }.chunked(2) { (name, value) -> name to value }

/** UTF-8, not Java's modified UTF-8. A lone surrogate becomes a question mark. */
internal fun String.utf8(): ByteArray = encodeToByteArray()

/** Texts as one array of bytes and their lengths. An absent text has the length -1. */
internal class TextList(texts: List<String?>) {
    private val encoded = texts.map { it?.utf8() }
    val bytes: ByteArray = ByteArray(encoded.sumOf { it?.size ?: 0 }).also { all ->
        var offset = 0
        for (text in encoded.filterNotNull()) {
            text.copyInto(all, offset)
            offset += text.size
        }
    }
    val lengths: IntArray = IntArray(encoded.size) { encoded[it]?.size ?: -1 }
}

/** Pins in the form that native code expects. */
internal class PinList(pins: List<WXTransferPin>) {
    val hosts = TextList(pins.map { it.host })
    val hashes: ByteArray = pins.fold(ByteArray(0)) { all, pin -> all + pin.sha256 }
    val hashLengths: IntArray = IntArray(pins.size) { pins[it].sha256.size }
}

/** The texts of a list from native code. */
internal fun unpack(bytes: ByteArray, lengths: IntArray): List<String?> {
    var offset = 0
    return lengths.map { length ->
        if (length < 0) {
            null
        } else {
            bytes.decodeToString(offset, offset + length).also { offset += length }
        }
    }
}
