internal import CWxtransfer

/// WeChat's `errno` of a failure.
public struct WXTransferErrno: RawRepresentable, Hashable, Sendable {
    /// The number that a page receives.
    public let rawValue: Int32

    /// The errno with this number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    // Generated from wxtransfer.h: constants WXT_ERRNO_
    /// 0: Success.
    public static let ok = Self(rawValue: WXT_ERRNO_OK)
    /// 1: `abort`: an upload was aborted, or the session closed while it ran. ``WXTransferCategory/aborted``, not
    /// retryable.
    public static let cancel = Self(rawValue: WXT_ERRNO_CANCEL)
    /// 4: `internal error`: a bug of the library, caught during a transfer. ``WXTransferCategory/internal``, not
    /// retryable.
    public static let `internal` = Self(rawValue: WXT_ERRNO_INTERNAL)
    /// 5: `timeout`: the deadline passed, in any phase. Also, with the detail `stalled`, if the connection was slower
    /// than ``WXTransferSessionOptions/lowSpeedLimit`` for ``WXTransferSessionOptions/lowSpeedTimeMilliseconds``.
    /// ``WXTransferCategory/timeout``, retryable.
    public static let timeout = Self(rawValue: WXT_ERRNO_TIMEOUT)
    /// 1001: `parameter error: parameter.url should be String instead of Undefined;`: a parameter of a transfer is
    /// missing or has the wrong type. `fileDescriptor should be File instead of Number`: the descriptor is neither a
    /// readable file nor a pipe, or has fewer bytes than `fileLength`. `fileLength should be Length instead of Number`:
    /// the body would have 2^64 bytes or more. `expectedSha256 should be SHA-256 instead of String`: `expectedSha256`
    /// is not 64 hexadecimal digits. ``WXTransferCategory/request``, not retryable.
    public static let parameter = Self(rawValue: WXT_ERRNO_PARAMETER)
    /// 600001: A failure of the network, with a text that says what happened.
    ///
    /// - Retryable: name resolution (``WXTransferCategory/nameResolution``), connecting
    ///   (``WXTransferCategory/connect``; if the proxy refuses the tunnel, only with the status 408, 429, 502, 503 or
    ///   504), protocol (``WXTransferCategory/protocol``), a connection that ended
    ///   (``WXTransferCategory/connectionClosed``).
    /// - TLS (``WXTransferCategory/tls``): retryable only if the peer does not speak TLS.
    /// - A file that changed, or could not be read, while it was sent: ``WXTransferCategory/file``, retryable.
    /// - An upload's answer over ``WXTransferSessionOptions/maxDataSize``: ``WXTransferCategory/limit``, not retryable.
    /// - A downloaded file that differs from what the request expects or the server declares:
    ///   ``WXTransferCategory/integrity``, retryable.
    /// - `out of resources: …`, no thread, descriptor or memory is left for a transfer:
    ///   ``WXTransferCategory/outOfResources``, retryable.
    public static let network = Self(rawValue: WXT_ERRNO_NETWORK)
    /// 600002: `url not in domain list`: the host of the URL or of a redirect is not in the domain list, is an address
    /// that ``WXTransferSessionOptions/lanPolicy`` does not allow, or the URL is `http` and that is not allowed.
    /// ``WXTransferCategory/policy``, not retryable.
    public static let notInDomainList = Self(rawValue: WXT_ERRNO_NOT_IN_DOMAIN_LIST)
    /// 600003: `interrupted`: the mini program was in the background, or without a network
    /// (``WXTransferSession/networkChanged(_:)``), for more than 5 s. Tasks that have not ended by then and calls after
    /// that fail. With ``WXTransferSessionOptions/waitInBackground``, also an upload that lost its connection in the
    /// background and must not be sent again. ``WXTransferCategory/interrupted``, retryable.
    public static let interrupted = Self(rawValue: WXT_ERRNO_INTERRUPTED)
    /// 600005: `url scheme is invalid`: the scheme of the URL or of a redirect is neither `https` nor `http`.
    /// ``WXTransferCategory/request``, not retryable.
    public static let invalidURLScheme = Self(rawValue: WXT_ERRNO_INVALID_URL_SCHEME)
    /// 600007: `exceed max upload connection count 10` or `exceed max download connection count 10`: too many tasks of
    /// the API at the same time, on an old base library that has no queue. The number is
    /// ``WXTransferSessionOptions/maxConcurrentUploads`` or ``WXTransferSessionOptions/maxConcurrentDownloads``.
    /// ``WXTransferCategory/limit``, retryable.
    public static let tooManyTasks = Self(rawValue: WXT_ERRNO_TOO_MANY_TASKS)
    /// 600008: `exceed max redirect count`: the server sent a sixth redirect. ``WXTransferCategory/limit``, not
    /// retryable.
    public static let tooManyRedirects = Self(rawValue: WXT_ERRNO_TOO_MANY_REDIRECTS)
    /// 600009: `invalid url`: the URL or that of a redirect is malformed, too long or contains user-info.
    /// ``WXTransferCategory/request``, not retryable.
    public static let invalidURL = Self(rawValue: WXT_ERRNO_INVALID_URL)
    /// 600010: `invalid request data header <name>`, `… formData <name>`, `… name` or `… mediaType`: a name or value
    /// that cannot be sent, or an upload whose `name` is empty. `<name>` is the name of the header or form field,
    /// shortened to 100 characters. It is `""` if empty, and missing if it is not UTF-8. If all headers together exceed
    /// 32 KiB, the largest one is named. ``WXTransferCategory/request``, not retryable.
    public static let invalidRequestData = Self(rawValue: WXT_ERRNO_INVALID_REQUEST_DATA)
    /// 603105: `abort`: a download was aborted, or the session closed while it ran. ``WXTransferCategory/aborted``, not
    /// retryable.
    public static let abortDownload = Self(rawValue: WXT_ERRNO_ABORT_DOWNLOAD)
    /// 603300: `save file error …`: a downloaded file cannot be stored: the disk is full, an I/O error occurred, or
    /// another process has the files open. ``WXTransferCategory/storage``, not retryable.
    public static let saveFile = Self(rawValue: WXT_ERRNO_SAVE_FILE)
    /// 603301: `exceed max file size`: a downloaded file exceeds ``WXTransferSessionOptions/maxDownloadSize``.
    /// ``WXTransferCategory/limit``, not retryable.
    public static let fileTooLarge = Self(rawValue: WXT_ERRNO_FILE_TOO_LARGE)
    /// 603303: `permission denied, open <path>`: a download's `filePath` is not below `wxfile://usr/`, is not a regular
    /// file, is too long, has a file among its directories, or the system refuses the access.
    /// ``WXTransferCategory/file``, not retryable.
    public static let targetDenied = Self(rawValue: WXT_ERRNO_TARGET_DENIED)
    /// 1300001: `operation not permitted`: the call does not apply to what is at the path (`unlink` of a directory).
    public static let operationNotPermitted = Self(rawValue: WXT_ERRNO_OPERATION_NOT_PERMITTED)
    /// 1300002: `no such file or directory`: the file or its parent directory does not exist. For the file that an
    /// upload sends: `file not found`.
    public static let fileNotFound = Self(rawValue: WXT_ERRNO_FILE_NOT_FOUND)
    /// 1300005: `Input/output error`: the storage device failed.
    public static let inputOutput = Self(rawValue: WXT_ERRNO_INPUT_OUTPUT)
    /// 1300009: `bad file descriptor`: the descriptor cannot be imported.
    public static let badFileDescriptor = Self(rawValue: WXT_ERRNO_BAD_FILE_DESCRIPTOR)
    /// 1300013: `permission denied`: the system denies the access.
    public static let fileAccessDenied = Self(rawValue: WXT_ERRNO_FILE_ACCESS_DENIED)
    /// 1300014: `permission denied, open`: the path is outside the sandbox, has more than 31 names below
    /// `wxfile://usr`, or the page may not use it in this way. In an upload also: the path is too long or has a file
    /// among its directories, the file is a directory, or the system refuses the access.
    public static let permissionDenied = Self(rawValue: WXT_ERRNO_PERMISSION_DENIED)
    /// 1300020: `not a directory`: a directory is needed, but a file is at the path.
    public static let notADirectory = Self(rawValue: WXT_ERRNO_NOT_A_DIRECTORY)
    /// 1300021: `Is a directory`: a file is needed, but a directory is at the path.
    public static let isADirectory = Self(rawValue: WXT_ERRNO_IS_A_DIRECTORY)
    /// 1300022: `Invalid argument`: a directory would be moved below itself. Also a parameter of a file call that is
    /// missing or has the wrong type, with the text of ``WXTransferErrno/parameter``.
    public static let invalidArgument = Self(rawValue: WXT_ERRNO_INVALID_ARGUMENT)
    /// 1300036: `File name too long`: a name has more than 255 bytes, or a path more than 1,024.
    public static let fileNameTooLong = Self(rawValue: WXT_ERRNO_FILE_NAME_TOO_LONG)
    /// 1300066: `directory not empty`: the directory to remove or replace contains files.
    public static let directoryNotEmpty = Self(rawValue: WXT_ERRNO_DIRECTORY_NOT_EMPTY)
    /// 1300201: `system error`: any other error of the system in a file call. Also, in a file call: no descriptor or
    /// memory is left (`out of resources: …`, ``WXTransferCategory/outOfResources``, retryable), the session closes
    /// (`abort`, ``WXTransferCategory/aborted``), or a bug of the library (`internal error`,
    /// ``WXTransferCategory/internal``).
    public static let systemError = Self(rawValue: WXT_ERRNO_SYSTEM_ERROR)
    /// 1300202: `the maximum size of the file storage limit is exceeded`: the storage quota is exceeded. In a file
    /// call, also: the disk is full, or the call reads or writes too many bytes.
    public static let quotaExceeded = Self(rawValue: WXT_ERRNO_QUOTA_EXCEEDED)
    /// 1301003: `illegal operation on a directory, open`: a directory is at the path of the file to write.
    public static let illegalOperationOnDirectory = Self(rawValue: WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY)
    /// 1301005: `file already exists`: a file or directory with this name exists.
    public static let fileAlreadyExists = Self(rawValue: WXT_ERRNO_FILE_ALREADY_EXISTS)
    /// 1301006: `value of length is out of range`: `length` is greater than the file's length.
    public static let lengthOutOfRange = Self(rawValue: WXT_ERRNO_LENGTH_OUT_OF_RANGE)
    /// 1301009: `value of position is out of range`: a read starts at or after the end of the file (0 is valid for an
    /// empty file), or a write starts after the end.
    public static let positionOutOfRange = Self(rawValue: WXT_ERRNO_POSITION_OUT_OF_RANGE)
    /// 1301112: `tempFilePath file not exist`: the path passed to `saveFile` is a page's path, but not that of an
    /// existing temporary file.
    public static let temporaryFileNotExist = Self(rawValue: WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST)
    // Generated until here
}

extension WXTransferErrno: CustomStringConvertible {
    /// The name, such as `timeout`; `errno 99` for a number that this version has no name for.
    public var description: String {
        switch self {
        // Generated from wxtransfer.h: names WXT_ERRNO_
        case .ok: "ok"
        case .cancel: "cancel"
        case .internal: "internal"
        case .timeout: "timeout"
        case .parameter: "parameter"
        case .network: "network"
        case .notInDomainList: "notInDomainList"
        case .interrupted: "interrupted"
        case .invalidURLScheme: "invalidURLScheme"
        case .tooManyTasks: "tooManyTasks"
        case .tooManyRedirects: "tooManyRedirects"
        case .invalidURL: "invalidURL"
        case .invalidRequestData: "invalidRequestData"
        case .abortDownload: "abortDownload"
        case .saveFile: "saveFile"
        case .fileTooLarge: "fileTooLarge"
        case .targetDenied: "targetDenied"
        case .operationNotPermitted: "operationNotPermitted"
        case .fileNotFound: "fileNotFound"
        case .inputOutput: "inputOutput"
        case .badFileDescriptor: "badFileDescriptor"
        case .fileAccessDenied: "fileAccessDenied"
        case .permissionDenied: "permissionDenied"
        case .notADirectory: "notADirectory"
        case .isADirectory: "isADirectory"
        case .invalidArgument: "invalidArgument"
        case .fileNameTooLong: "fileNameTooLong"
        case .directoryNotEmpty: "directoryNotEmpty"
        case .systemError: "systemError"
        case .quotaExceeded: "quotaExceeded"
        case .illegalOperationOnDirectory: "illegalOperationOnDirectory"
        case .fileAlreadyExists: "fileAlreadyExists"
        case .lengthOutOfRange: "lengthOutOfRange"
        case .positionOutOfRange: "positionOutOfRange"
        case .temporaryFileNotExist: "temporaryFileNotExist"
        // Generated until here
        default: "errno \(rawValue)"
        }
    }
}
