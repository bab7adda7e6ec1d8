package org.wxtransfer

/** WeChat's error numbers, `WXT_ERRNO_…` of the C interface. */
public object WXTransferErrno {
    // Generated from wxtransfer.h: constants WXT_ERRNO_
    /** Success. */
    public const val OK: Int = 0

    /** `abort`: an upload was aborted, or the session closed while it ran. [WXTransferCategory.ABORTED], not retryable. */
    public const val CANCEL: Int = 1

    /** `internal error`: a bug of the library, caught during a transfer. [WXTransferCategory.INTERNAL], not retryable. */
    public const val INTERNAL: Int = 4

    /**
     * `timeout`: the deadline passed, in any phase. Also, with the detail `stalled`, if the connection was slower than
     * [WXTransferSessionOptions.Builder.lowSpeedLimit] for [WXTransferSessionOptions.Builder.lowSpeedTimeMillis].
     * [WXTransferCategory.TIMEOUT], retryable.
     */
    public const val TIMEOUT: Int = 5

    /**
     * `parameter error: parameter.url should be String instead of Undefined;`: a parameter of a transfer is missing or
     * has the wrong type. `fileDescriptor should be File instead of Number`: the descriptor is neither a readable file
     * nor a pipe, or has fewer bytes than `fileLength`. `fileLength should be Length instead of Number`: the body
     * would have 2^64 bytes or more. `expectedSha256 should be SHA-256 instead of String`: `expectedSha256` is not 64
     * hexadecimal digits. [WXTransferCategory.REQUEST], not retryable.
     */
    public const val PARAMETER: Int = 1001

    /**
     * A failure of the network, with a text that says what happened.
     *
     * - Retryable: name resolution ([WXTransferCategory.NAME_RESOLUTION]), connecting ([WXTransferCategory.CONNECT];
     *   if the proxy refuses the tunnel, only with the status 408, 429, 502, 503 or 504), protocol
     *   ([WXTransferCategory.PROTOCOL]), a connection that ended ([WXTransferCategory.CONNECTION_CLOSED]).
     * - TLS ([WXTransferCategory.TLS]): retryable only if the peer does not speak TLS.
     * - A file that changed, or could not be read, while it was sent: [WXTransferCategory.FILE], retryable.
     * - An upload's answer over [WXTransferSessionOptions.Builder.maxDataSize]: [WXTransferCategory.LIMIT], not
     *   retryable.
     * - A downloaded file that differs from what the request expects or the server declares:
     *   [WXTransferCategory.INTEGRITY], retryable.
     * - `out of resources: …`, no thread, descriptor or memory is left for a transfer:
     *   [WXTransferCategory.OUT_OF_RESOURCES], retryable.
     */
    public const val NETWORK: Int = 600001

    /**
     * `url not in domain list`: the host of the URL or of a redirect is not in the domain list, is an address that
     * [WXTransferSessionOptions.Builder.lanPolicy] does not allow, or the URL is `http` and that is not allowed.
     * [WXTransferCategory.POLICY], not retryable.
     */
    public const val NOT_IN_DOMAIN_LIST: Int = 600002

    /**
     * `interrupted`: the mini program was in the background, or without a network
     * ([WXTransferSession.networkChanged]), for more than 5 s. Tasks that have not ended by then and calls after that
     * fail. With [WXTransferSessionOptions.Builder.waitInBackground], also an upload that lost its connection in the
     * background and must not be sent again. [WXTransferCategory.INTERRUPTED], retryable.
     */
    public const val INTERRUPTED: Int = 600003

    /**
     * `url scheme is invalid`: the scheme of the URL or of a redirect is neither `https` nor `http`.
     * [WXTransferCategory.REQUEST], not retryable.
     */
    public const val INVALID_URL_SCHEME: Int = 600005

    /**
     * `exceed max upload connection count 10` or `exceed max download connection count 10`: too many tasks of the API
     * at the same time, on an old base library that has no queue. The number is
     * [WXTransferSessionOptions.Builder.maxConcurrentUploads] or
     * [WXTransferSessionOptions.Builder.maxConcurrentDownloads]. [WXTransferCategory.LIMIT], retryable.
     */
    public const val TOO_MANY_TASKS: Int = 600007

    /** `exceed max redirect count`: the server sent a sixth redirect. [WXTransferCategory.LIMIT], not retryable. */
    public const val TOO_MANY_REDIRECTS: Int = 600008

    /**
     * `invalid url`: the URL or that of a redirect is malformed, too long or contains user-info.
     * [WXTransferCategory.REQUEST], not retryable.
     */
    public const val INVALID_URL: Int = 600009

    /**
     * `invalid request data header <name>`, `… formData <name>`, `… name` or `… mediaType`: a name or value that
     * cannot be sent, or an upload whose `name` is empty. `<name>` is the name of the header or form field, shortened
     * to 100 characters. It is `""` if empty, and missing if it is not UTF-8. If all headers together exceed 32 KiB,
     * the largest one is named. [WXTransferCategory.REQUEST], not retryable.
     */
    public const val INVALID_REQUEST_DATA: Int = 600010

    /**
     * `abort`: a download was aborted, or the session closed while it ran. [WXTransferCategory.ABORTED], not
     * retryable.
     */
    public const val ABORT_DOWNLOAD: Int = 603105

    /**
     * `save file error …`: a downloaded file cannot be stored: the disk is full, an I/O error occurred, or another
     * process has the files open. [WXTransferCategory.STORAGE], not retryable.
     */
    public const val SAVE_FILE: Int = 603300

    /**
     * `exceed max file size`: a downloaded file exceeds [WXTransferSessionOptions.Builder.maxDownloadSize].
     * [WXTransferCategory.LIMIT], not retryable.
     */
    public const val FILE_TOO_LARGE: Int = 603301

    /**
     * `permission denied, open <path>`: a download's `filePath` is not below `wxfile://usr/`, is not a regular file,
     * is too long, has a file among its directories, or the system refuses the access. [WXTransferCategory.FILE], not
     * retryable.
     */
    public const val TARGET_DENIED: Int = 603303

    /** `operation not permitted`: the call does not apply to what is at the path (`unlink` of a directory). */
    public const val OPERATION_NOT_PERMITTED: Int = 1300001

    /**
     * `no such file or directory`: the file or its parent directory does not exist. For the file that an upload sends:
     * `file not found`.
     */
    public const val FILE_NOT_FOUND: Int = 1300002

    /** `Input/output error`: the storage device failed. */
    public const val INPUT_OUTPUT: Int = 1300005

    /** `bad file descriptor`: the descriptor cannot be imported. */
    public const val BAD_FILE_DESCRIPTOR: Int = 1300009

    /** `permission denied`: the system denies the access. */
    public const val FILE_ACCESS_DENIED: Int = 1300013

    /**
     * `permission denied, open`: the path is outside the sandbox, has more than 31 names below `wxfile://usr`, or the
     * page may not use it in this way. In an upload also: the path is too long or has a file among its directories,
     * the file is a directory, or the system refuses the access.
     */
    public const val PERMISSION_DENIED: Int = 1300014

    /** `not a directory`: a directory is needed, but a file is at the path. */
    public const val NOT_A_DIRECTORY: Int = 1300020

    /** `Is a directory`: a file is needed, but a directory is at the path. */
    public const val IS_A_DIRECTORY: Int = 1300021

    /**
     * `Invalid argument`: a directory would be moved below itself. Also a parameter of a file call that is missing or
     * has the wrong type, with the text of [WXTransferErrno.PARAMETER].
     */
    public const val INVALID_ARGUMENT: Int = 1300022

    /** `File name too long`: a name has more than 255 bytes, or a path more than 1,024. */
    public const val FILE_NAME_TOO_LONG: Int = 1300036

    /** `directory not empty`: the directory to remove or replace contains files. */
    public const val DIRECTORY_NOT_EMPTY: Int = 1300066

    /**
     * `system error`: any other error of the system in a file call. Also, in a file call: no descriptor or memory is
     * left (`out of resources: …`, [WXTransferCategory.OUT_OF_RESOURCES], retryable), the session closes (`abort`,
     * [WXTransferCategory.ABORTED]), or a bug of the library (`internal error`, [WXTransferCategory.INTERNAL]).
     */
    public const val SYSTEM_ERROR: Int = 1300201

    /**
     * `the maximum size of the file storage limit is exceeded`: the storage quota is exceeded. In a file call, also:
     * the disk is full, or the call reads or writes too many bytes.
     */
    public const val QUOTA_EXCEEDED: Int = 1300202

    /** `illegal operation on a directory, open`: a directory is at the path of the file to write. */
    public const val ILLEGAL_OPERATION_ON_DIRECTORY: Int = 1301003

    /** `file already exists`: a file or directory with this name exists. */
    public const val FILE_ALREADY_EXISTS: Int = 1301005

    /** `value of length is out of range`: `length` is greater than the file's length. */
    public const val LENGTH_OUT_OF_RANGE: Int = 1301006

    /**
     * `value of position is out of range`: a read starts at or after the end of the file (0 is valid for an empty
     * file), or a write starts after the end.
     */
    public const val POSITION_OUT_OF_RANGE: Int = 1301009

    /**
     * `tempFilePath file not exist`: the path passed to `saveFile` is a page's path, but not that of an existing
     * temporary file.
     */
    public const val TEMPORARY_FILE_NOT_EXIST: Int = 1301112
    // Generated until here
}

/**
 * The kind of a failure, `WXT_CATEGORY_…` of the C interface. A later version may know more kinds, so a `when` over them needs an
 * `else`.
 */
public enum class WXTransferCategory(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A kind that this version has no name for. [WXTransferFailure.categoryValue] has its number. */
    UNKNOWN(-1),

    // Generated from wxtransfer.h: entries WXT_CATEGORY_
    /** The page aborted the task, or the session closed. */
    ABORTED(1),

    /** The deadline passed, or the connection stalled (see [WXTransferSessionOptions.Builder.lowSpeedLimit]). */
    TIMEOUT(2),

    /** The mini program was in the background, or without a network, for too long. See [WXTransferErrno.INTERRUPTED]. */
    INTERRUPTED(3),

    /** A parameter, including the URL, is missing or malformed. */
    REQUEST(4),

    /** A rule of the session forbids the URL: the domain list, plain `http`, the local network. */
    POLICY(5),

    /** There are too many tasks or redirects, or a body exceeds its limit. */
    LIMIT(6),

    /** The host name has no address. */
    NAME_RESOLUTION(7),

    /** No connection could be made to the server or the proxy. */
    CONNECT(8),

    /** The TLS handshake failed, or the certificate was rejected. */
    TLS(9),

    /** The connection ended before the answer was complete. */
    CONNECTION_CLOSED(10),

    /** The server violated HTTP. */
    PROTOCOL(11),

    /**
     * The file to send cannot be read, or it changed while it was sent. Or a path does not suit the call: it is
     * missing, outside the sandbox, of the wrong kind, or exists already.
     */
    FILE(12),

    /**
     * A file cannot be stored or read: quota, disk, permission, or another error of the system. Also: `saveFile` finds
     * no temporary file.
     */
    STORAGE(13),

    /** A bug of the library, which was caught. */
    INTERNAL(14),

    /** No thread, descriptor or memory is left. Retryable: the same call may succeed when others have ended. */
    OUT_OF_RESOURCES(15),

    /**
     * A downloaded file differs from `expectedLength` or `expectedSha256`, or from the digest that `verifyDigest`
     * checks. No file is created. Retryable: the file may have been damaged on its way.
     */
    INTEGRITY(16),
    // Generated until here
    ;

    internal companion object {
        fun of(value: Int): WXTransferCategory = entries.firstOrNull { it.value == value } ?: UNKNOWN
    }
}

/**
 * The failure of a task or a file operation: the value that `fail` receives, `WxtFailure` of the C interface. An app's tests make
 * one with [Builder].
 */
public class WXTransferFailure internal constructor(
    /** WeChat's text, such as `uploadFile:fail timeout`. */
    public val errMsg: String,
    /** WeChat's number: one of [WXTransferErrno]. */
    public val errno: Int,
    /** The number in the C interface, also if [category] is [WXTransferCategory.UNKNOWN]. */
    public val categoryValue: Int,
    /** What happened, in English, for a developer. Contains no query and no header value. */
    public val detail: String,
    /**
     * `true` if the same call may succeed later without a change. For a file operation, only if no descriptor or memory is left
     * ([WXTransferErrno.SYSTEM_ERROR], [WXTransferCategory.OUT_OF_RESOURCES]).
     */
    public val retryable: Boolean,
    /** The times of the task up to the failure. `null` for a file operation, and in the cases in which a success has none. */
    public val profile: WXTransferProfile?,
    /** The number of attempts that the task made. 0 if it ended in the queue, and for a file operation. */
    public val attempts: Int,
    /** As in a success, for the last answer. */
    public val resumedFrom: Long,
) : WXTransferException(if (detail.isEmpty()) errMsg else "$errMsg ($detail)") {
    /** The kind of the failure. */
    public val category: WXTransferCategory get() = WXTransferCategory.of(categoryValue)

    /** Makes a [WXTransferFailure]. [attempts] is 1 if it is not set. [errMsg] contains the name of the call. */
    public class Builder(
        private val errMsg: String,
        private val errno: Int,
        private val category: WXTransferCategory,
    ) {
        /** [WXTransferFailure.detail]. */
        @set:JvmSynthetic public var detail: String = ""
        public fun setDetail(detail: String): Builder = apply { this.detail = detail }

        /** [WXTransferFailure.retryable]. */
        @set:JvmSynthetic public var retryable: Boolean = false
        public fun setRetryable(retryable: Boolean): Builder = apply { this.retryable = retryable }

        /** [WXTransferFailure.profile]. */
        @set:JvmSynthetic public var profile: WXTransferProfile? = null
        public fun setProfile(profile: WXTransferProfile?): Builder = apply { this.profile = profile }

        /** [WXTransferFailure.attempts]. */
        @set:JvmSynthetic public var attempts: Int = 1
        public fun setAttempts(attempts: Int): Builder = apply { this.attempts = attempts }

        /** [WXTransferFailure.resumedFrom]. */
        @set:JvmSynthetic public var resumedFrom: Long = 0
        public fun setResumedFrom(resumedFrom: Long): Builder = apply { this.resumedFrom = resumedFrom }

        /** The failure. */
        public fun build(): WXTransferFailure =
            WXTransferFailure(errMsg, errno, category.value, detail, retryable, profile, attempts, resumedFrom)
    }
}

/** Makes a [WXTransferFailure] with the values that [set] sets. */
@JvmSynthetic
public inline fun WXTransferFailure(
    errMsg: String,
    errno: Int,
    category: WXTransferCategory,
    set: WXTransferFailure.Builder.() -> Unit = {},
): WXTransferFailure = WXTransferFailure.Builder(errMsg, errno, category).apply(set).build()
