internal import CWxtransfer

/// The failure of a task or a file operation. It contains the members that a page's `fail` receives, and more for the
/// host.
public struct WXTransferFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// `errMsg`, such as `uploadFile:fail timeout`.
    public let errMsg: String
    /// `errno`, WeChat's number.
    public let errno: WXTransferErrno
    /// The kind of the failure.
    public let category: WXTransferCategory
    /// What happened, in English, for a developer. Contains no query and no header value.
    public let detail: String
    /// `true` if the same call may succeed later without a change. For a file operation, only if no descriptor or
    /// memory is left (``WXTransferErrno/systemError``, ``WXTransferCategory/outOfResources``).
    public let retryable: Bool
    /// The times of the task up to the failure; `nil` for a file operation, and in the cases in which a success has none.
    public let profile: WXTransferProfile?
    /// The number of attempts that the task made; 0 if it ended in the queue, and for a file operation.
    public let attempts: UInt32
    /// As in a success, for the last answer.
    public let resumedFrom: UInt64

    /// `errMsg`, followed by `detail` in parentheses unless `errMsg` already ends with it.
    public var description: String { errMsg.hasSuffix(detail) ? errMsg : "\(errMsg) (\(detail))" }

    /// A failure that a test makes. `errMsg` has the name of the call, such as `uploadFile:fail timeout`.
    public init(
        errMsg: String, errno: WXTransferErrno, category: WXTransferCategory, detail: String = "", retryable: Bool = false,
        profile: WXTransferProfile? = nil, attempts: UInt32 = 1, resumedFrom: UInt64 = 0
    ) {
        (self.errMsg, self.errno, self.category, self.detail) = (errMsg, errno, category, detail)
        (self.retryable, self.profile, self.attempts, self.resumedFrom) = (retryable, profile, attempts, resumedFrom)
    }

    init(_ failure: WxtFailure) {
        errMsg = failure.err_msg.text ?? ""
        errno = WXTransferErrno(rawValue: failure.err_no)
        category = WXTransferCategory(rawValue: failure.category)
        detail = failure.detail.text ?? ""
        retryable = failure.retryable
        profile = failure.profile.map { WXTransferProfile($0.pointee) }
        attempts = failure.attempts
        resumedFrom = failure.resumed_from
    }

    init(_ result: WxtFileResult) {
        errMsg = result.err_msg.text ?? ""
        errno = WXTransferErrno(rawValue: result.err_no)
        category = WXTransferCategory(rawValue: result.category)
        detail = result.detail.text ?? ""
        retryable = result.retryable
        profile = nil
        attempts = 0
        resumedFrom = 0
    }
}
