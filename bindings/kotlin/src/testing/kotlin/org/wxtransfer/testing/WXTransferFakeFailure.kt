package org.wxtransfer.testing

import org.wxtransfer.WXTransferCategory
import org.wxtransfer.WXTransferErrno
import org.wxtransfer.WXTransferFailure

/** The failures that a page can receive, as the library reports them: `errno`, text, category and `retryable`. */
public enum class WXTransferFakeFailure(
    /** WeChat's number of the failure of an upload. */
    public val uploadErrno: Int,
    /** WeChat's number of the failure of a download. */
    public val downloadErrno: Int,
    /** The text after `uploadFile:fail ` or `downloadFile:fail `. For [TOO_MANY_TASKS], the text of an upload. */
    public val text: String,
    /** The kind of the failure. */
    public val category: WXTransferCategory,
    /** Whether the same call may succeed later without a change. */
    public val retryable: Boolean,
    /** The detail for developers, unless the test passes another one. */
    public val detail: String = "made by a test",
    private val downloadText: String = text,
    /** 0 if the library finds the failure before the first attempt. */
    private val attempts: Int = 1,
) {
    /** `abort()`, a cancelled coroutine or a session that closes. In these cases a fake session makes the failure itself. */
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
        attempts = 0,
    ),

    /** A header or a form field cannot be sent, here the header `a b`. */
    INVALID_REQUEST_DATA(
        WXTransferErrno.INVALID_REQUEST_DATA,
        "invalid request data header a b",
        WXTransferCategory.REQUEST,
        false,
        attempts = 0,
    ),

    /** The URL is malformed. */
    INVALID_URL(WXTransferErrno.INVALID_URL, "invalid url", WXTransferCategory.REQUEST, false, attempts = 0),

    /** The URL has another scheme than `https` and `http`. */
    INVALID_URL_SCHEME(WXTransferErrno.INVALID_URL_SCHEME, "url scheme is invalid", WXTransferCategory.REQUEST, false, attempts = 0),

    /** The host is in no domain list. */
    NOT_IN_DOMAIN_LIST(WXTransferErrno.NOT_IN_DOMAIN_LIST, "url not in domain list", WXTransferCategory.POLICY, false, attempts = 0),

    /** Too many tasks at the same time, on an old base library that has no queue. */
    TOO_MANY_TASKS(
        WXTransferErrno.TOO_MANY_TASKS,
        "exceed max upload connection count 10",
        WXTransferCategory.LIMIT,
        true,
        downloadText = "exceed max download connection count 10",
        attempts = 0,
    ),

    /** The server sent too many redirects. */
    TOO_MANY_REDIRECTS(WXTransferErrno.TOO_MANY_REDIRECTS, "exceed max redirect count", WXTransferCategory.LIMIT, false),

    /** The host name has no address, for example because the device is offline. */
    NAME_RESOLUTION(WXTransferErrno.NETWORK, "the name api.example.com has no address", WXTransferCategory.NAME_RESOLUTION, true),

    /** No connection could be made to the server. */
    CONNECT(WXTransferErrno.NETWORK, "cannot connect: Connection refused", WXTransferCategory.CONNECT, true),

    /** The server's certificate is refused. */
    TLS(WXTransferErrno.NETWORK, "the certificate is not trusted", WXTransferCategory.TLS, false),

    /** The server does not speak TLS, for example because a Wi-Fi network shows its login page. */
    NOT_TLS(WXTransferErrno.NETWORK, "the server does not speak TLS", WXTransferCategory.TLS, true),

    /** The connection ended before the answer was complete. */
    CONNECTION_CLOSED(WXTransferErrno.NETWORK, "the connection was closed", WXTransferCategory.CONNECTION_CLOSED, true),

    /** The server violated HTTP. */
    PROTOCOL(WXTransferErrno.NETWORK, "the answer is no HTTP", WXTransferCategory.PROTOCOL, true),

    /** A downloaded file differs from what the request expects. */
    INTEGRITY(WXTransferErrno.NETWORK, "the file is not the expected one", WXTransferCategory.INTEGRITY, true),

    /** No thread, descriptor or memory is left. */
    OUT_OF_RESOURCES(
        WXTransferErrno.NETWORK,
        "out of resources: a thread for the transfer",
        WXTransferCategory.OUT_OF_RESOURCES,
        true,
        attempts = 0,
    ),

    /** The file to send does not exist. */
    FILE_NOT_FOUND(WXTransferErrno.FILE_NOT_FOUND, "file not found", WXTransferCategory.FILE, false, attempts = 0),

    /** The file to send changed, or could not be read, while it was sent. */
    FILE_CHANGED(
        WXTransferErrno.NETWORK,
        "the request body cannot be read: it is shorter than announced",
        WXTransferCategory.FILE,
        true,
    ),

    /** The path of the file to send is outside the sandbox. */
    PERMISSION_DENIED(
        WXTransferErrno.PERMISSION_DENIED,
        "permission denied, open wxfile://usr/../photo.jpg",
        WXTransferCategory.FILE,
        false,
        attempts = 0,
    ),

    /** The path of a download must not be written. */
    TARGET_DENIED(
        WXTransferErrno.TARGET_DENIED,
        "permission denied, open wxfile://usr/../photo.jpg",
        WXTransferCategory.FILE,
        false,
        attempts = 0,
    ),

    /** The directory of a download's path does not exist. */
    DIRECTORY_NOT_FOUND(
        WXTransferErrno.FILE_NOT_FOUND,
        "no such file or directory wxfile://usr/photos/1.jpg",
        WXTransferCategory.FILE,
        false,
        attempts = 0,
    ),

    /** The answer to an upload exceeds `maxDataSize`. */
    DATA_TOO_LARGE(WXTransferErrno.NETWORK, "the answer is larger than 16777216 bytes", WXTransferCategory.LIMIT, false),

    /** A downloaded file exceeds `maxDownloadSize`. */
    FILE_TOO_LARGE(WXTransferErrno.FILE_TOO_LARGE, "exceed max file size", WXTransferCategory.LIMIT, false),

    /** A downloaded file cannot be stored, for example because the disk is full. */
    SAVE_FILE(WXTransferErrno.SAVE_FILE, "save file error no space is left on the device", WXTransferCategory.STORAGE, false),

    /** A downloaded file exceeds the storage quota. */
    QUOTA_EXCEEDED(
        WXTransferErrno.QUOTA_EXCEEDED,
        "the maximum size of the file storage limit is exceeded",
        WXTransferCategory.STORAGE,
        false,
    ),

    /** A bug of the library, which was caught. */
    INTERNAL(WXTransferErrno.INTERNAL, "internal error", WXTransferCategory.INTERNAL, false),
    ;

    constructor(
        errno: Int,
        text: String,
        category: WXTransferCategory,
        retryable: Boolean,
        detail: String = "made by a test",
        downloadText: String = text,
        attempts: Int = 1,
    ) : this(errno, errno, text, category, retryable, detail, downloadText, attempts)

    /** The failure of an upload. */
    @JvmOverloads
    public fun ofUpload(detail: String = this.detail): WXTransferFailure = ofUpload(detail, attempts)

    /** The failure of a download. */
    @JvmOverloads
    public fun ofDownload(detail: String = this.detail): WXTransferFailure = ofDownload(detail, attempts)

    internal fun ofUpload(detail: String = this.detail, attempts: Int): WXTransferFailure =
        made("uploadFile:fail $text", uploadErrno, detail, attempts)

    internal fun ofDownload(detail: String = this.detail, attempts: Int): WXTransferFailure =
        made("downloadFile:fail $downloadText", downloadErrno, detail, attempts)

    private fun made(errMsg: String, errno: Int, detail: String, attempts: Int): WXTransferFailure {
        val builder = WXTransferFailure.Builder(errMsg, errno, category)
        return builder.setDetail(detail).setRetryable(retryable).setAttempts(attempts).build()
    }
}
