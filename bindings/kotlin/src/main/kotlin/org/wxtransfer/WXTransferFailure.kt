package org.wxtransfer

/** WeChat's error numbers, `WXT_ERRNO_…` of the C interface. */
public object WXTransferErrno {
    /** Success. */
    public const val OK: Int = 0

    /** `abort` of an upload. */
    public const val CANCEL: Int = 1

    /** A bug of the library, caught, in a transfer. */
    public const val INTERNAL: Int = 4

    /** The deadline passed, in whatever phase. */
    public const val TIMEOUT: Int = 5

    /** A parameter of a transfer is missing or has the wrong type. */
    public const val PARAMETER: Int = 1001

    /**
     * Name resolution, connection, TLS, protocol, reset. Also a transfer for which no thread, descriptor or memory is
     * left.
     */
    public const val NETWORK: Int = 600001

    /** The host is not in the domain list, or the URL is `http` and that is not allowed; at first or after a redirect. */
    public const val NOT_IN_DOMAIN_LIST: Int = 600002

    /** In the background for more than 5 s. */
    public const val INTERRUPTED: Int = 600003

    /** The URL has another scheme than `https` and `http`. */
    public const val INVALID_URL_SCHEME: Int = 600005

    /** More tasks than the API may have, on a base library that does not queue. */
    public const val TOO_MANY_TASKS: Int = 600007

    /** More redirects than are followed. */
    public const val TOO_MANY_REDIRECTS: Int = 600008

    /** The URL cannot be used. */
    public const val INVALID_URL: Int = 600009

    /** Header or form data that cannot be sent. */
    public const val INVALID_REQUEST_DATA: Int = 600010

    /** `abort` of a download. */
    public const val ABORT_DOWNLOAD: Int = 603105

    /** A downloaded file cannot be stored. */
    public const val SAVE_FILE: Int = 603300

    /** A downloaded file is over the size limit. */
    public const val FILE_TOO_LARGE: Int = 603301

    /** A download's `filePath` that may not be written. */
    public const val TARGET_DENIED: Int = 603303

    /** `operation not permitted`: the call is not for what is at the path (`unlink` of a directory). */
    public const val OPERATION_NOT_PERMITTED: Int = 1300001

    /** `no such file or directory`: the file, or the directory that it is to be in. Of an upload, the file to send. */
    public const val FILE_NOT_FOUND: Int = 1300002

    /** `Input/output error`: the device failed. */
    public const val INPUT_OUTPUT: Int = 1300005

    /** `bad file descriptor`: one that cannot be imported. */
    public const val BAD_FILE_DESCRIPTOR: Int = 1300009

    /** `permission denied`: the system refuses the access. */
    public const val FILE_ACCESS_DENIED: Int = 1300013

    /** `permission denied, open`: a path outside the sandbox, or one that the page may not use in this way. */
    public const val PERMISSION_DENIED: Int = 1300014

    /** `not a directory`: a file is where a directory is needed. */
    public const val NOT_A_DIRECTORY: Int = 1300020

    /** `Is a directory`: a directory is where a file is needed. */
    public const val IS_A_DIRECTORY: Int = 1300021

    /**
     * `Invalid argument`: a directory would come to be below itself. Also a file call's parameter that is missing or has
     * the wrong type.
     */
    public const val INVALID_ARGUMENT: Int = 1300022

    /** `File name too long`: more than 255 bytes. */
    public const val FILE_NAME_TOO_LONG: Int = 1300036

    /** `directory not empty`. */
    public const val DIRECTORY_NOT_EMPTY: Int = 1300066

    /**
     * `system error`: any other error of the system under a file call, a lack of descriptors or memory, a session that is
     * closed meanwhile, and a bug of the library, caught.
     */
    public const val SYSTEM_ERROR: Int = 1300201

    /** Over the storage quota; of a file call also a full disk, and more bytes than one call may read or write. */
    public const val QUOTA_EXCEEDED: Int = 1300202

    /** `illegal operation on a directory`: it is to be written as a file. */
    public const val ILLEGAL_OPERATION_ON_DIRECTORY: Int = 1301003

    /** `file already exists`: a file or directory has the name. */
    public const val FILE_ALREADY_EXISTS: Int = 1301005

    /** `value of length is out of range`. */
    public const val LENGTH_OUT_OF_RANGE: Int = 1301006

    /** `value of position is out of range`. */
    public const val POSITION_OUT_OF_RANGE: Int = 1301009

    /** `saveFile` of a path that is no temporary file. */
    public const val TEMPORARY_FILE_NOT_EXIST: Int = 1301112
}

/**
 * What kind of failure it is, `WXT_CATEGORY_…` of the C interface. A later version may know more kinds, so a `when` over
 * them needs an `else`.
 */
public enum class WXTransferCategory(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A kind that this version has no name for. [WXTransferFailure.categoryValue] has its number. */
    UNKNOWN(-1),

    /** The page or the closing session stopped the task. */
    ABORTED(1),

    /** The deadline passed. */
    TIMEOUT(2),

    /** The mini program was in the background for too long. */
    INTERRUPTED(3),

    /** A parameter is missing or malformed, the URL included. */
    REQUEST(4),

    /** A rule of the host forbids the URL. */
    POLICY(5),

    /** Too many tasks or redirects, or a body over its limit. */
    LIMIT(6),

    /** The host name has no address. */
    NAME_RESOLUTION(7),

    /** No connection could be made, a proxy's included. */
    CONNECT(8),

    /** The TLS handshake failed, or the certificate was refused. */
    TLS(9),

    /** The connection ended before the answer was complete. */
    CONNECTION_CLOSED(10),

    /** The server broke HTTP's rules. */
    PROTOCOL(11),

    /** The file to send cannot be read or changed while it was sent, or a path is outside the sandbox. */
    FILE(12),

    /** The answer cannot be stored: quota, disk, permission. */
    STORAGE(13),

    /** A bug of the library, caught. */
    INTERNAL(14),

    /** No thread, descriptor or memory is left. The same call may succeed when others have ended. */
    OUT_OF_RESOURCES(15),

    /** A downloaded file is not what the request expects or the server declares. It does not appear. */
    INTEGRITY(16),
    ;

    internal companion object {
        fun of(value: Int): WXTransferCategory = entries.firstOrNull { it.value == value } ?: UNKNOWN
    }
}

/**
 * A task or a file operation failed: what `fail` is given, and `WxtFailure` of the C interface. An app's tests make one with
 * [Builder].
 */
public class WXTransferFailure internal constructor(
    /** WeChat's text, such as `uploadFile:fail timeout`. */
    public val errMsg: String,
    /** WeChat's number: one of [WXTransferErrno]. */
    public val errno: Int,
    /** The number in the C interface, which is kept where [category] is [WXTransferCategory.UNKNOWN]. */
    public val categoryValue: Int,
    /** What happened, in words for a developer. Holds no query and no header value. */
    public val detail: String,
    /** The same call may succeed later without a change. `false` for a file operation. */
    public val retryable: Boolean,
    /** When the task did what, as far as it came. `null` for a file operation. */
    public val profile: WXTransferProfile?,
    /** How many attempts the task made. 0 if it ended before its turn came, and for a file operation. */
    public val attempts: Int,
    /** As in a success, of the last answer. */
    public val resumedFrom: Long,
) : WXTransferException(if (detail.isEmpty()) errMsg else "$errMsg ($detail)") {
    /** What kind of failure it is. */
    public val category: WXTransferCategory get() = WXTransferCategory.of(categoryValue)

    /** Makes a [WXTransferFailure], of one attempt unless it is told. [errMsg] has the name of the call. */
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

/** A [WXTransferFailure] with what [set] sets. */
@JvmSynthetic
public inline fun WXTransferFailure(
    errMsg: String,
    errno: Int,
    category: WXTransferCategory,
    set: WXTransferFailure.Builder.() -> Unit = {},
): WXTransferFailure = WXTransferFailure.Builder(errMsg, errno, category).apply(set).build()
