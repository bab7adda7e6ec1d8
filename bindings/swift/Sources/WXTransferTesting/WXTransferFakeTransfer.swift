import Foundation
import WXTransfer

/// The script of one transfer of a fake session: the events before its end, and the end. A download receives its headers
/// before its progress, and an upload after it, as in the library; `headersAfterBody` of the session changes that.
public struct WXTransferFakeTransfer: Sendable {
    /// What a success consists of.
    struct Answer: Sendable {
        let statusCode: Int
        let header: WXTransferPairs
        let body: Data
        let attempts: UInt32
        let resumedFrom: UInt64
        let profile: WXTransferProfile?
    }

    enum End: Sendable {
        /// The server answers.
        case success(Answer)
        /// The transfer fails.
        case failure(ofUpload: WXTransferFailure, ofDownload: WXTransferFailure)
        /// The transfer does not end by itself.
        case never
    }

    let headers: WXTransferHeadersReceived?
    let progress: [WXTransferProgress]
    let end: End

    /// The server answers, with any status. `body` is the `data` of an upload, or the file of a download. If `progress`
    /// does not end with 100 %, an event with 100 % is added. `attempts`, `resumedFrom` and `profile` are those of the result.
    public static func success(
        body: Data = Data(), statusCode: Int = 200, header: WXTransferPairs = [:], progress: [WXTransferProgress] = [],
        attempts: UInt32 = 1, resumedFrom: UInt64 = 0, profile: WXTransferProfile? = nil
    ) -> Self {
        let answer = Answer(
            statusCode: statusCode, header: header, body: body, attempts: attempts, resumedFrom: resumedFrom,
            profile: profile)
        return Self(
            headers: WXTransferHeadersReceived(header: header, statusCode: statusCode), progress: progress,
            end: .success(answer))
    }

    /// The transfer fails, after `headers` and `progress`.
    public static func failure(
        _ failure: WXTransferFakeFailure, headers: WXTransferHeadersReceived? = nil, progress: [WXTransferProgress] = []
    ) -> Self {
        let end = End.failure(ofUpload: failure.ofUpload(), ofDownload: failure.ofDownload())
        return Self(headers: headers, progress: progress, end: end)
    }

    /// The transfer fails with a failure that the test makes.
    public static func failure(
        _ failure: WXTransferFailure, headers: WXTransferHeadersReceived? = nil, progress: [WXTransferProgress] = []
    ) -> Self {
        Self(headers: headers, progress: progress, end: .failure(ofUpload: failure, ofDownload: failure))
    }

    /// After `headers` and `progress` nothing happens until the transfer is aborted or interrupted, or the session closes.
    public static func endless(
        headers: WXTransferHeadersReceived? = nil, progress: [WXTransferProgress] = []
    ) -> Self {
        Self(headers: headers, progress: progress, end: .never)
    }

    /// The script of a transfer for which the test has no script.
    static func missing(_ url: String) -> Self {
        let detail = "no script is left for a transfer with \(url)"
        let failure = WXTransferFakeFailure.internal
        let end = End.failure(ofUpload: failure.ofUpload(detail: detail), ofDownload: failure.ofDownload(detail: detail))
        return Self(headers: nil, progress: [], end: end)
    }

    /// The scripted progress, with 100 % added before a success.
    func fullProgress(size: UInt64) -> [WXTransferProgress] {
        guard case .success = end, progress.last?.progress != 100 else { return progress }
        let total = progress.last?.totalBytesExpected ?? size
        return progress + [WXTransferProgress(totalBytes: total, totalBytesExpected: total, progress: 100)]
    }
}
