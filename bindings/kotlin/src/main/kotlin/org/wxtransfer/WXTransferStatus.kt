package org.wxtransfer

/**
 * Why a call of the app's was refused, `WxtStatus` of the C interface. A later version may know more reasons, so a `when`
 * over them needs an `else`.
 */
public enum class WXTransferStatus(
    /** The number in the C interface. */
    public val value: Int,
) {
    /** A reason that this version has no name for. [WXTransferStatusException.statusValue] has its number. */
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

    /** The data directory cannot be created or used. [WXTransferStatusException.detail] says why. */
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
        fun of(value: Int): WXTransferStatus = entries.firstOrNull { it.value == value } ?: UNKNOWN
    }
}

/** Everything that the library throws of its own. */
public sealed class WXTransferException(message: String) : Exception(message)

/** A call was refused for a mistake of the app's: nothing was started and no callback will run. */
public class WXTransferStatusException internal constructor(
    /** The number in the C interface, which is kept where [status] is [WXTransferStatus.UNKNOWN]. */
    public val statusValue: Int,
    text: String,
    /**
     * What is wrong, in English, for a developer. It names the field as the C header spells it, such as `low_speed_time` for
     * `lowSpeedTimeMillis`, and is part of [message]. It has no text, list or path that the app passed. `null` where the status
     * says all.
     */
    public val detail: String?,
) : WXTransferException(if (detail == null) text else "$text: $detail") {
    internal constructor(statusValue: Int, detail: String?) :
        this(statusValue, Native.statusText(statusValue).decodeToString(), detail)

    internal constructor(statusValue: Int) : this(statusValue, null)

    /** For an app's tests, which have no native library. */
    public constructor(status: WXTransferStatus) : this(status.value, status.name, null)

    /** Why. */
    public val status: WXTransferStatus get() = WXTransferStatus.of(statusValue)
}

/** Throws what a status says. */
internal fun checkStatus(status: Int) {
    if (status != WXTransferStatus.OK.value) throw WXTransferStatusException(status)
}

/** Throws what the status of [call] says, with the reason that the call leaves in the array. */
internal inline fun checkExplained(call: (Array<ByteArray?>) -> Int) {
    val reason = arrayOfNulls<ByteArray>(1)
    val status = call(reason)
    if (status != WXTransferStatus.OK.value) throw WXTransferStatusException(status, reason[0]?.decodeToString())
}
