internal import CWxtransfer

/// WeChat's `errno` of a failure.
public struct WXTransferErrno: RawRepresentable, Hashable, Sendable {
    /// The number that a page is given.
    public let rawValue: Int32

    /// The errno with this number.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// 0: success.
    public static let ok = Self(rawValue: WXT_ERRNO_OK)
    /// 1: `abort` of an upload.
    public static let cancel = Self(rawValue: WXT_ERRNO_CANCEL)
    /// 4: a bug of the library, caught, in a transfer.
    public static let `internal` = Self(rawValue: WXT_ERRNO_INTERNAL)
    /// 5: the deadline passed, in whatever phase.
    public static let timeout = Self(rawValue: WXT_ERRNO_TIMEOUT)
    /// 1001: a parameter of a transfer is missing or has the wrong type.
    public static let parameter = Self(rawValue: WXT_ERRNO_PARAMETER)
    /// 600001: name resolution, connection, TLS, protocol, reset. Also a transfer for which no thread, descriptor or memory
    /// is left.
    public static let network = Self(rawValue: WXT_ERRNO_NETWORK)
    /// 600002: the host is not in the domain list, or the URL is `http` and that is not allowed; at first or after a redirect.
    public static let notInDomainList = Self(rawValue: WXT_ERRNO_NOT_IN_DOMAIN_LIST)
    /// 600003: in the background for more than 5 s.
    public static let interrupted = Self(rawValue: WXT_ERRNO_INTERRUPTED)
    /// 600005: the URL has another scheme than `https` and `http`.
    public static let invalidURLScheme = Self(rawValue: WXT_ERRNO_INVALID_URL_SCHEME)
    /// 600007: more tasks than the API may have, on a base library that does not queue.
    public static let tooManyTasks = Self(rawValue: WXT_ERRNO_TOO_MANY_TASKS)
    /// 600008: more redirects than are followed.
    public static let tooManyRedirects = Self(rawValue: WXT_ERRNO_TOO_MANY_REDIRECTS)
    /// 600009: the URL cannot be used.
    public static let invalidURL = Self(rawValue: WXT_ERRNO_INVALID_URL)
    /// 600010: header or form data that cannot be sent.
    public static let invalidRequestData = Self(rawValue: WXT_ERRNO_INVALID_REQUEST_DATA)
    /// 603105: `abort` of a download.
    public static let abortDownload = Self(rawValue: WXT_ERRNO_ABORT_DOWNLOAD)
    /// 603300: a downloaded file cannot be stored.
    public static let saveFile = Self(rawValue: WXT_ERRNO_SAVE_FILE)
    /// 603301: a downloaded file is over the size limit.
    public static let fileTooLarge = Self(rawValue: WXT_ERRNO_FILE_TOO_LARGE)
    /// 603303: a download's `filePath` that may not be written.
    public static let targetDenied = Self(rawValue: WXT_ERRNO_TARGET_DENIED)
    /// 1300001: `operation not permitted`: the call is not for what is at the path (`unlink` of a directory).
    public static let operationNotPermitted = Self(rawValue: WXT_ERRNO_OPERATION_NOT_PERMITTED)
    /// 1300002: `no such file or directory`: the file, or the directory that it is to be in. Of an upload, the file to send.
    public static let fileNotFound = Self(rawValue: WXT_ERRNO_FILE_NOT_FOUND)
    /// 1300005: `Input/output error`: the device failed.
    public static let inputOutput = Self(rawValue: WXT_ERRNO_INPUT_OUTPUT)
    /// 1300009: `bad file descriptor`: one that cannot be imported.
    public static let badFileDescriptor = Self(rawValue: WXT_ERRNO_BAD_FILE_DESCRIPTOR)
    /// 1300013: `permission denied`: the system refuses the access.
    public static let fileAccessDenied = Self(rawValue: WXT_ERRNO_FILE_ACCESS_DENIED)
    /// 1300014: `permission denied, open`: a path outside the sandbox, or one that the page may not use in this way.
    public static let permissionDenied = Self(rawValue: WXT_ERRNO_PERMISSION_DENIED)
    /// 1300020: `not a directory`: a file is where a directory is needed.
    public static let notADirectory = Self(rawValue: WXT_ERRNO_NOT_A_DIRECTORY)
    /// 1300021: `Is a directory`: a directory is where a file is needed.
    public static let isADirectory = Self(rawValue: WXT_ERRNO_IS_A_DIRECTORY)
    /// 1300022: `Invalid argument`: a directory would come to be below itself. Also a file call's parameter that is missing or
    /// has the wrong type.
    public static let invalidArgument = Self(rawValue: WXT_ERRNO_INVALID_ARGUMENT)
    /// 1300036: `File name too long`: more than 255 bytes.
    public static let fileNameTooLong = Self(rawValue: WXT_ERRNO_FILE_NAME_TOO_LONG)
    /// 1300066: `directory not empty`.
    public static let directoryNotEmpty = Self(rawValue: WXT_ERRNO_DIRECTORY_NOT_EMPTY)
    /// 1300201: `system error`: any other error of the system under a file call, a lack of descriptors or memory, a session
    /// that is closed meanwhile, and a bug of the library, caught.
    public static let systemError = Self(rawValue: WXT_ERRNO_SYSTEM_ERROR)
    /// 1300202: over the storage quota; of a file call also a full disk, and more bytes than one call may read or write.
    public static let quotaExceeded = Self(rawValue: WXT_ERRNO_QUOTA_EXCEEDED)
    /// 1301003: `illegal operation on a directory`: it is to be written as a file.
    public static let illegalOperationOnDirectory = Self(rawValue: WXT_ERRNO_ILLEGAL_OPERATION_ON_DIRECTORY)
    /// 1301005: `file already exists`: a file or directory has the name.
    public static let fileAlreadyExists = Self(rawValue: WXT_ERRNO_FILE_ALREADY_EXISTS)
    /// 1301006: `value of length is out of range`.
    public static let lengthOutOfRange = Self(rawValue: WXT_ERRNO_LENGTH_OUT_OF_RANGE)
    /// 1301009: `value of position is out of range`.
    public static let positionOutOfRange = Self(rawValue: WXT_ERRNO_POSITION_OUT_OF_RANGE)
    /// 1301112: `saveFile` of a path that is no temporary file.
    public static let temporaryFileNotExist = Self(rawValue: WXT_ERRNO_TEMPORARY_FILE_NOT_EXIST)
}

extension WXTransferErrno: CustomStringConvertible {
    /// The name, such as `timeout`; `errno 99` for a number that this version has no name for.
    public var description: String {
        switch self {
        case .ok: "ok"
        case .cancel: "cancel"
        case .internal: "internal"
        case .timeout: "timeout"
        case .network: "network"
        case .notInDomainList: "notInDomainList"
        case .interrupted: "interrupted"
        case .tooManyTasks: "tooManyTasks"
        case .tooManyRedirects: "tooManyRedirects"
        case .invalidURL: "invalidURL"
        case .invalidURLScheme: "invalidURLScheme"
        case .parameter: "parameter"
        case .targetDenied: "targetDenied"
        case .invalidRequestData: "invalidRequestData"
        case .abortDownload: "abortDownload"
        case .saveFile: "saveFile"
        case .fileTooLarge: "fileTooLarge"
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
        default: "errno \(rawValue)"
        }
    }
}
