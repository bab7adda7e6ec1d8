package org.wxtransfer.testing

import org.wxtransfer.WXTCategory
import org.wxtransfer.WXTErrno
import org.wxtransfer.WXTFailureException

/** The failures that a page can be told, each as the library tells it: the errno, the text, the category, `retryable`. */
public enum class WXTFakeFailure(
    /** WeChat's number of an upload's. */
    public val uploadErrno: Int,
    /** WeChat's number of a download's. */
    public val downloadErrno: Int,
    /** What follows `uploadFile:fail ` or `downloadFile:fail `. */
    public val text: String,
    /** The kind. */
    public val category: WXTCategory,
    /** Whether the same call may succeed later. */
    public val retryable: Boolean,
) {
    /** `abort()`, a cancelled coroutine or a session that closes. A fake session makes it by itself then. */
    ABORTED(WXTErrno.CANCEL, WXTErrno.ABORT_DOWNLOAD, "abort", WXTCategory.ABORTED, false),

    /** The deadline passed. */
    TIMEOUT(WXTErrno.TIMEOUT, "timeout", WXTCategory.TIMEOUT, true),

    /** In the background, or without a network, for more than 5 s. */
    INTERRUPTED(WXTErrno.INTERRUPTED, "interrupted", WXTCategory.INTERRUPTED, true),

    /** The URL is malformed. */
    INVALID_URL(WXTErrno.INVALID_URL, "invalid url", WXTCategory.REQUEST, false),

    /** The URL has another scheme than `https` and `http`. */
    INVALID_URL_SCHEME(WXTErrno.INVALID_URL_SCHEME, "url scheme is invalid", WXTCategory.REQUEST, false),

    /** The host is in no domain list. */
    NOT_IN_DOMAIN_LIST(WXTErrno.NOT_IN_DOMAIN_LIST, "url not in domain list", WXTCategory.POLICY, false),

    /** More redirects than are followed. */
    TOO_MANY_REDIRECTS(WXTErrno.TOO_MANY_REDIRECTS, "exceed max redirect count", WXTCategory.LIMIT, false),

    /** The host name has no address: the device is offline, say. */
    NAME_RESOLUTION(WXTErrno.NETWORK, "the name api.example.com has no address", WXTCategory.NAME_RESOLUTION, true),

    /** No connection to the server. */
    CONNECT(WXTErrno.NETWORK, "cannot connect: Connection refused", WXTCategory.CONNECT, true),

    /** The server's certificate is refused. */
    TLS(WXTErrno.NETWORK, "the certificate is not trusted", WXTCategory.TLS, false),

    /** The connection ended before the answer was whole. */
    CONNECTION_CLOSED(WXTErrno.NETWORK, "the connection was closed", WXTCategory.CONNECTION_CLOSED, true),

    /** The answer is no HTTP. */
    PROTOCOL(WXTErrno.NETWORK, "the answer is no HTTP", WXTCategory.PROTOCOL, true),

    /** A downloaded file is not what the request expects. */
    INTEGRITY(WXTErrno.NETWORK, "the file is not the expected one", WXTCategory.INTEGRITY, true),

    /** No thread, descriptor or memory is left. */
    OUT_OF_RESOURCES(WXTErrno.NETWORK, "out of resources: a thread for the transfer", WXTCategory.OUT_OF_RESOURCES, true),

    /** The file to send does not exist. */
    FILE_NOT_FOUND(WXTErrno.FILE_NOT_FOUND, "file not found", WXTCategory.FILE, false),

    /** A download over the size limit. */
    FILE_TOO_LARGE(WXTErrno.FILE_TOO_LARGE, "exceed max file size", WXTCategory.LIMIT, false),

    /** A download cannot be stored: a full disk, say. */
    SAVE_FILE(WXTErrno.SAVE_FILE, "save file error no space is left on the device", WXTCategory.STORAGE, false),

    /** A download over the quota. */
    QUOTA_EXCEEDED(
        WXTErrno.QUOTA_EXCEEDED,
        "the maximum size of the file storage limit is exceeded",
        WXTCategory.STORAGE,
        false,
    ),

    /** A bug of the library, caught. */
    INTERNAL(WXTErrno.INTERNAL, "internal error", WXTCategory.INTERNAL, false),
    ;

    constructor(errno: Int, text: String, category: WXTCategory, retryable: Boolean) :
        this(errno, errno, text, category, retryable)

    /** The failure of an upload. */
    public fun ofUpload(detail: String = "made by a test"): WXTFailureException =
        WXTFailureException("uploadFile:fail $text", uploadErrno, category, detail, retryable)

    /** The failure of a download. */
    public fun ofDownload(detail: String = "made by a test"): WXTFailureException =
        WXTFailureException("downloadFile:fail $text", downloadErrno, category, detail, retryable)
}
