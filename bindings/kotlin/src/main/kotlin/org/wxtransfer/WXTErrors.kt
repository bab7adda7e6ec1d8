package org.wxtransfer

/** WeChat's error numbers, `WXT_ERRNO_…` of the C interface. */
public object WXTErrno {
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
public enum class WXTCategory(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A kind that this version has no name for. [WXTFailureException.categoryValue] has its number. */
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
        fun of(value: Int): WXTCategory = entries.firstOrNull { it.value == value } ?: UNKNOWN
    }
}

/**
 * Why a call of the app's was refused, `WxtStatus` of the C interface. A later version may know more reasons, so a `when`
 * over them needs an `else`.
 */
public enum class WXTStatus(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A reason that this version has no name for. [WXTStatusException.statusValue] has its number. */
    UNKNOWN(-1),

    /** The call did what it says. */
    OK(0),

    /** A value is missing or outside its range. */
    INVALID_ARGUMENT(1),

    /** Library and binding do not belong together. */
    INVALID_STRUCT_SIZE(2),

    /** A string of the session's options is not UTF-8. */
    INVALID_UTF8(3),

    /** The session is closing or closed. */
    SESSION_CLOSED(4),

    /** The function waits for callbacks, so it cannot be called from one. */
    CALLED_FROM_CALLBACK(5),

    /** No task with this number is queued or running. */
    NOT_FOUND(6),

    /** `clientVersion` or `baseLibraryVersion` is not numbers separated by dots. */
    INVALID_VERSION(7),

    /** An entry of a domain list is not a host with an optional port. */
    INVALID_DOMAIN(8),

    /** `rootCertificates` holds no certificate, or one that cannot be read. */
    INVALID_CERTIFICATE(9),

    /** A pin has no host, or its hash is not 32 bytes. */
    INVALID_PIN(10),

    /** `proxy` is not `http://[user:password@]host:port`. */
    INVALID_PROXY(11),

    /** The data directory cannot be created or used; the log says why. */
    STORAGE_FAILED(12),

    /** Another open session has the same mini program's directory, and its sharing is exclusive. */
    STORAGE_LOCKED(13),

    /** The operating system's trust store cannot be used; on Android: `WXTransferAndroid.init` was not called. */
    TRUST_STORE_UNAVAILABLE(14),

    /** No thread or descriptor could be created. */
    OUT_OF_RESOURCES(15),

    /** A bug of the library, caught; nothing was started. */
    INTERNAL(16),
    ;

    internal companion object {
        fun of(value: Int): WXTStatus = entries.firstOrNull { it.value == value } ?: UNKNOWN
    }
}

/** Everything that the library throws of its own. */
public sealed class WXTException(message: String) : Exception(message)

/** A call was refused for a mistake of the app's: nothing was started and no callback will run. */
public class WXTStatusException internal constructor(
    /** The number in the C interface, which is kept where [status] is [WXTStatus.UNKNOWN]. */
    public val statusValue: Int,
    message: String,
) : WXTException(message) {
    internal constructor(statusValue: Int) : this(statusValue, Native.statusText(statusValue).decodeToString())

    /** For an app's tests, which have no native library. */
    public constructor(status: WXTStatus) : this(status.value, status.name)

    /** Why. */
    public val status: WXTStatus get() = WXTStatus.of(statusValue)
}

/** A task or a file operation failed: what `fail` is given, and `WxtFailure` of the C interface. */
public class WXTFailureException internal constructor(
    /** WeChat's text, such as `uploadFile:fail timeout`. */
    public val errMsg: String,
    /** WeChat's number: one of [WXTErrno]. */
    public val errno: Int,
    /** The number in the C interface, which is kept where [category] is [WXTCategory.UNKNOWN]. */
    public val categoryValue: Int,
    /** What happened, in words for a developer. Holds no query and no header value. */
    public val detail: String,
    /** The same call may succeed later without a change. `false` for a file operation. */
    public val retryable: Boolean,
    /** When the task did what, as far as it came. `null` for a file operation. */
    public val profile: WXTProfile?,
    /** How many attempts the task made. 0 if it ended before its turn came, and for a file operation. */
    public val attempts: Int,
    /** As in a success, of the last answer. */
    public val resumedFrom: Long,
) : WXTException(if (detail.isEmpty()) errMsg else "$errMsg ($detail)") {
    /** For an app's tests. [errMsg] has the name of the call, such as `uploadFile:fail timeout`. */
    public constructor(
        errMsg: String,
        errno: Int,
        category: WXTCategory,
        detail: String = "",
        retryable: Boolean = false,
        profile: WXTProfile? = null,
        attempts: Int = 1,
        resumedFrom: Long = 0,
    ) : this(errMsg, errno, category.value, detail, retryable, profile, attempts, resumedFrom)

    /** What kind of failure it is. */
    public val category: WXTCategory get() = WXTCategory.of(categoryValue)
}

/** Throws what a status says. */
internal fun checkStatus(status: Int) {
    if (status != WXTStatus.OK.value) throw WXTStatusException(status)
}
