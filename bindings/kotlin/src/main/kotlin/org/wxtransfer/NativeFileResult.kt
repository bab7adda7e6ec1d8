package org.wxtransfer

/** The result of a file operation. Native code fills it before the operation's function returns. */
internal class NativeFileResult {
    private var errMsg = ""
    private var errno = WXTransferErrno.OK
    private var category = 0
    private var detail: String? = null
    private var retryable = false

    /** The files that the operation returns. */
    var files = emptyList<WXTransferFileInfo>()
        private set

    /** The result of `stat`. */
    var stats = emptyList<WXTransferFileStats>()
        private set

    /** The names in a directory. */
    var names = emptyList<String>()
        private set

    /** The digest of the file. */
    var digest = ""
        private set

    /** The bytes that were read. */
    var data = ByteArray(0)
        private set

    /**
     * [paths] contains `filePath` and `nativePath` of each file, and [numbers] its `size` and `createTime`. [statsNumbers] contains
     * five numbers per entry: `size`, `lastAccessedTime`, `lastModifiedTime`, `mode`, and 1 for a file or 2 for a directory.
     */
    fun set(
        errMsg: ByteArray,
        errno: Int,
        category: Int,
        detail: ByteArray?,
        retryable: Boolean,
        paths: ByteArray,
        pathLengths: IntArray,
        numbers: LongArray,
        statsPaths: ByteArray,
        statsPathLengths: IntArray,
        statsNumbers: LongArray,
        names: ByteArray,
        nameLengths: IntArray,
        digest: ByteArray?,
        data: ByteArray?,
    ) {
        this.errMsg = errMsg.decodeToString()
        this.errno = errno
        this.category = category
        this.detail = detail?.decodeToString()
        this.retryable = retryable
        files = unpack(paths, pathLengths).map { it.orEmpty() }.chunked(2).mapIndexed { index, (filePath, nativePath) ->
            WXTransferFileInfo(filePath, nativePath, numbers[2 * index], numbers[2 * index + 1])
        }
        stats = unpack(statsPaths, statsPathLengths).mapIndexed { index, path ->
            val entry = statsNumbers.copyOfRange(5 * index, 5 * index + 5)
            WXTransferFileStats(path, entry[0], entry[1], entry[2], entry[3].toInt(), entry[4] == 1L, entry[4] == 2L)
        }
        this.names = unpack(names, nameLengths).map { it.orEmpty() }
        this.digest = digest?.decodeToString().orEmpty()
        this.data = data ?: ByteArray(0)
    }

    /** Throws the failure of the operation, if it failed. */
    fun check() {
        if (errno != WXTransferErrno.OK) {
            throw WXTransferFailure(errMsg, errno, category, detail.orEmpty(), retryable, null, 0, 0)
        }
    }
}
