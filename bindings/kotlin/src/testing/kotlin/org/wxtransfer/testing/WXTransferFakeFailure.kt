package org.wxtransfer.testing

import org.wxtransfer.WXTransferCategory
import org.wxtransfer.WXTransferErrno
import org.wxtransfer.WXTransferFailure

/** The failures that a page can be told, each as the library tells it: the errno, the text, the category, `retryable`. */
public enum class WXTransferFakeFailure(
    /** WeChat's number of an upload's. */
    public val uploadErrno: Int,
    /** WeChat's number of a download's. */
    public val downloadErrno: Int,
    /** What follows `uploadFile:fail ` or `downloadFile:fail `. Of [TOO_MANY_TASKS] it is an upload's. */
    public val text: String,
    /** The kind. */
    public val category: WXTransferCategory,
    /** Whether the same call may succeed later. */
    public val retryable: Boolean,
    /** What developers are told, unless the test says something else. */
    public val detail: String = "made by a test",
    private val downloadText: String = text,
) {
    /** `abort()`, a cancelled coroutine or a session that closes. A fake session makes it by itself then. */
    ABORTED(WXTransferErrno.CANCEL, WXTransferErrno.ABORT_DOWNLOAD, "abort", WXTransferCategory.ABORTED, false),

    /** The deadline passed. */
    TIMEOUT(WXTransferErrno.TIMEOUT, "timeout", WXTransferCategory.TIMEOUT, true),

    /** The connection was slower than `lowSpeedLimit` for `lowSpeedTime`. */
    STALLED(WXTransferErrno.TIMEOUT, "timeout", WXTransferCategory.TIMEOUT, true, detail = "stalled"),

    /** In the background, or without a network, for more than 5 s. */
    INTERRUPTED(WXTransferErrno.INTERRUPTED, "interrupted", WXTransferCategory.INTERRUPTED, true),

    /** A parameter is missing, here the file to send. */
    PARAMETER(
        WXTransferErrno.PARAMETER,
        "parameter error: parameter.filePath should be String instead of Undefined;",
        WXTransferCategory.REQUEST,
        false,
    ),

    /** A header or a form field cannot be sent, here the header `a b`. */
    INVALID_REQUEST_DATA(
        WXTransferErrno.INVALID_REQUEST_DATA,
        "invalid request data header a b",
        WXTransferCategory.REQUEST,
        false,
    ),

    /** The URL is malformed. */
    INVALID_URL(WXTransferErrno.INVALID_URL, "invalid url", WXTransferCategory.REQUEST, false),

    /** The URL has another scheme than `https` and `http`. */
    INVALID_URL_SCHEME(WXTransferErrno.INVALID_URL_SCHEME, "url scheme is invalid", WXTransferCategory.REQUEST, false),

    /** The host is in no domain list. */
    NOT_IN_DOMAIN_LIST(WXTransferErrno.NOT_IN_DOMAIN_LIST, "url not in domain list", WXTransferCategory.POLICY, false),

    /** More tasks at once than the limit, on an old base library that has no queue. */
    TOO_MANY_TASKS(
        WXTransferErrno.TOO_MANY_TASKS,
        "exceed max upload connection count 10",
        WXTransferCategory.LIMIT,
        true,
        downloadText = "exceed max download connection count 10",
    ),

    /** More redirects than are followed. */
    TOO_MANY_REDIRECTS(WXTransferErrno.TOO_MANY_REDIRECTS, "exceed max redirect count", WXTransferCategory.LIMIT, false),

    /** The host name has no address: the device is offline, say. */
    NAME_RESOLUTION(WXTransferErrno.NETWORK, "the name api.example.com has no address", WXTransferCategory.NAME_RESOLUTION, true),

    /** No connection to the server. */
    CONNECT(WXTransferErrno.NETWORK, "cannot connect: Connection refused", WXTransferCategory.CONNECT, true),

    /** The server's certificate is refused. */
    TLS(WXTransferErrno.NETWORK, "the certificate is not trusted", WXTransferCategory.TLS, false),

    /** The server does not speak TLS: the device is behind the login page of a Wi-Fi, say. */
    NOT_TLS(WXTransferErrno.NETWORK, "the server does not speak TLS", WXTransferCategory.TLS, true),

    /** The connection ended before the answer was whole. */
    CONNECTION_CLOSED(WXTransferErrno.NETWORK, "the connection was closed", WXTransferCategory.CONNECTION_CLOSED, true),

    /** The answer is no HTTP. */
    PROTOCOL(WXTransferErrno.NETWORK, "the answer is no HTTP", WXTransferCategory.PROTOCOL, true),

    /** A downloaded file is not what the request expects. */
    INTEGRITY(WXTransferErrno.NETWORK, "the file is not the expected one", WXTransferCategory.INTEGRITY, true),

    /** No thread, descriptor or memory is left. */
    OUT_OF_RESOURCES(WXTransferErrno.NETWORK, "out of resources: a thread for the transfer", WXTransferCategory.OUT_OF_RESOURCES, true),

    /** The file to send does not exist. */
    FILE_NOT_FOUND(WXTransferErrno.FILE_NOT_FOUND, "file not found", WXTransferCategory.FILE, false),

    /** The file to send changed, or could not be read, while it was sent. */
    FILE_CHANGED(
        WXTransferErrno.NETWORK,
        "the request body cannot be read: it is shorter than announced",
        WXTransferCategory.FILE,
        true,
    ),

    /** The path of the file to send is outside of the sandbox. */
    PERMISSION_DENIED(
        WXTransferErrno.PERMISSION_DENIED,
        "permission denied, open wxfile://usr/../photo.jpg",
        WXTransferCategory.FILE,
        false,
    ),

    /** The path of a download must not be written. */
    TARGET_DENIED(
        WXTransferErrno.TARGET_DENIED,
        "permission denied, open wxfile://usr/../photo.jpg",
        WXTransferCategory.FILE,
        false,
    ),

    /** The directory of a download's path does not exist. */
    DIRECTORY_NOT_FOUND(
        WXTransferErrno.FILE_NOT_FOUND,
        "no such file or directory wxfile://usr/photos/1.jpg",
        WXTransferCategory.FILE,
        false,
    ),

    /** An answer to an upload over `maxDataSize`. */
    DATA_TOO_LARGE(WXTransferErrno.NETWORK, "the answer is larger than 16777216 bytes", WXTransferCategory.LIMIT, false),

    /** A download over the size limit. */
    FILE_TOO_LARGE(WXTransferErrno.FILE_TOO_LARGE, "exceed max file size", WXTransferCategory.LIMIT, false),

    /** A download cannot be stored: a full disk, say. */
    SAVE_FILE(WXTransferErrno.SAVE_FILE, "save file error no space is left on the device", WXTransferCategory.STORAGE, false),

    /** A download over the quota. */
    QUOTA_EXCEEDED(
        WXTransferErrno.QUOTA_EXCEEDED,
        "the maximum size of the file storage limit is exceeded",
        WXTransferCategory.STORAGE,
        false,
    ),

    /** A bug of the library, caught. */
    INTERNAL(WXTransferErrno.INTERNAL, "internal error", WXTransferCategory.INTERNAL, false),
    ;

    constructor(
        errno: Int,
        text: String,
        category: WXTransferCategory,
        retryable: Boolean,
        detail: String = "made by a test",
        downloadText: String = text,
    ) : this(errno, errno, text, category, retryable, detail, downloadText)

    /** The failure of an upload. */
    @JvmOverloads
    public fun ofUpload(detail: String = this.detail): WXTransferFailure =
        made("uploadFile:fail $text", uploadErrno, detail)

    /** The failure of a download. */
    @JvmOverloads
    public fun ofDownload(detail: String = this.detail): WXTransferFailure =
        made("downloadFile:fail $downloadText", downloadErrno, detail)

    private fun made(errMsg: String, errno: Int, detail: String): WXTransferFailure {
        val builder = WXTransferFailure.Builder(errMsg, errno, category)
        return builder.setDetail(detail).setRetryable(retryable).build()
    }
}
