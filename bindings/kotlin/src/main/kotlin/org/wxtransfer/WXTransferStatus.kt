package org.wxtransfer

/**
 * Why a call of the app was refused, `WxtStatus` of the C interface. A later version may know more reasons, so a `when` over them
 * needs an `else`.
 */
public enum class WXTransferStatus(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A reason that this version has no name for. [WXTransferStatusException.statusValue] has its number. */
    UNKNOWN(-1),

    // Generated from wxtransfer.h: entries WXT_
    /** The call was accepted or has done its work. */
    OK(0),

    /** A required value is missing, or a value is out of its range. */
    INVALID_ARGUMENT(1),

    /** This binding and the library that it calls are of different versions. */
    INVALID_STRUCT_SIZE(2),

    /** A string of the options is not UTF-8. */
    INVALID_UTF8(3),

    /** The session is closing or closed. */
    SESSION_CLOSED(4),

    /** [WXTransferSession.close] was called from a callback. It waits for callbacks, so it would wait for itself. */
    CALLED_FROM_CALLBACK(5),

    /** The task has ended. */
    NOT_FOUND(6),

    /**
     * [WXTransferSessionOptions.Builder.clientVersion] or [WXTransferSessionOptions.Builder.baseLibraryVersion] is not
     * a list of numbers separated by dots.
     */
    INVALID_VERSION(7),

    /**
     * A domain list has an entry that is not a host with an optional port, or that is an `http` entry without
     * [WXTransferSessionOptions.Builder.allowPlainHttp].
     */
    INVALID_DOMAIN(8),

    /**
     * [WXTransferSessionOptions.Builder.rootCertificates] contains no certificate or an unreadable one, or
     * [WXTransferSessionOptions.Builder.clientCertificate] cannot be used.
     */
    INVALID_CERTIFICATE(9),

    /** A pin has no valid host, or its hash is not 32 bytes long. */
    INVALID_PIN(10),

    /** `proxy` is not `http://[user:password@]host[:port]`. */
    INVALID_PROXY(11),

    /** The data directory cannot be created or used, or a partial file cannot be deleted. */
    STORAGE_FAILED(12),

    /**
     * Another open session uses the same mini program's directory, and one of the two is
     * [WXTransferStorageSharing.EXCLUSIVE].
     */
    STORAGE_LOCKED(13),

    /** The system's trust store cannot be used. On Android, [WXTransferAndroid.init] has not succeeded. */
    TRUST_STORE_UNAVAILABLE(14),

    /** No thread, descriptor or memory is left. The same call may succeed later. */
    OUT_OF_RESOURCES(15),

    /** A bug of the library, which was caught. Nothing was started. */
    INTERNAL(16),
    // Generated until here
    ;

    internal companion object {
        fun of(value: Int): WXTransferStatus = entries.firstOrNull { it.value == value } ?: UNKNOWN
    }
}

/** The base class of all exceptions that the library throws. */
public sealed class WXTransferException(message: String) : Exception(message)

/**
 * A call was refused: a mistake of the app, a lack of resources, a data directory that cannot be used, or a bug of the library.
 * Nothing was started and no callback will run.
 */
public class WXTransferStatusException internal constructor(
    /** The number in the C interface, also if [status] is [WXTransferStatus.UNKNOWN]. */
    public val statusValue: Int,
    text: String,
    /**
     * What is wrong, in English, for a developer. It names the field as the C header does, such as `low_speed_time` for
     * `lowSpeedTimeMillis`, and contains no string, list or path that the app passed. [message] includes it. `null` if the status
     * alone says what is wrong.
     */
    public val detail: String?,
) : WXTransferException(if (detail == null) text else "$text: $detail") {
    internal constructor(statusValue: Int, detail: String?) :
        this(statusValue, Native.statusText(statusValue).decodeToString(), detail)

    internal constructor(statusValue: Int) : this(statusValue, null)

    /** For an app's tests, which have no native library. */
    public constructor(status: WXTransferStatus) : this(status.value, status.name, null)

    /** Why the call was refused. */
    public val status: WXTransferStatus get() = WXTransferStatus.of(statusValue)
}

/** Throws [status] unless it is [WXTransferStatus.OK]. */
internal fun checkStatus(status: Int) {
    if (status != WXTransferStatus.OK.value) throw WXTransferStatusException(status)
}

/** Throws the status of [call] unless it is OK, with the reason that [call] writes into the array. */
internal inline fun checkExplained(call: (Array<ByteArray?>) -> Int) {
    val reason = arrayOfNulls<ByteArray>(1)
    val status = call(reason)
    if (status != WXTransferStatus.OK.value) throw WXTransferStatusException(status, reason[0]?.decodeToString())
}
