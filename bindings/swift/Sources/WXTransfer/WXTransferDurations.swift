/// The times of requests and options as a `Duration`. Each is the same value as the property `…Milliseconds`, which is
/// also available on older systems. A fraction of a millisecond is rounded up.
@available(iOS 16, macCatalyst 16, macOS 13, *)
extension WXTransferUploadRequest {
    /// `timeout`: the deadline, as ``timeoutMilliseconds``.
    public var timeout: Duration? {
        get { timeoutMilliseconds.map { .milliseconds($0) } }
        set { timeoutMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
}

@available(iOS 16, macCatalyst 16, macOS 13, *)
extension WXTransferDownloadRequest {
    /// `timeout`: the deadline, as ``timeoutMilliseconds``.
    public var timeout: Duration? {
        get { timeoutMilliseconds.map { .milliseconds($0) } }
        set { timeoutMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
}

@available(iOS 16, macCatalyst 16, macOS 13, *)
extension WXTransferSessionOptions {
    // Generated from wxtransfer.h: durations WxtSessionOptions
    /// ``defaultUploadTimeoutMilliseconds`` as a `Duration`.
    public var defaultUploadTimeout: Duration? {
        get { defaultUploadTimeoutMilliseconds.map { .milliseconds($0) } }
        set { defaultUploadTimeoutMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
    /// ``defaultDownloadTimeoutMilliseconds`` as a `Duration`.
    public var defaultDownloadTimeout: Duration? {
        get { defaultDownloadTimeoutMilliseconds.map { .milliseconds($0) } }
        set { defaultDownloadTimeoutMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
    /// ``maxTimeoutMilliseconds`` as a `Duration`.
    public var maxTimeout: Duration? {
        get { maxTimeoutMilliseconds.map { .milliseconds($0) } }
        set { maxTimeoutMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
    /// ``retryDelayMilliseconds`` as a `Duration`.
    public var retryDelay: Duration? {
        get { retryDelayMilliseconds.map { .milliseconds($0) } }
        set { retryDelayMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
    /// ``lowSpeedTimeMilliseconds`` as a `Duration`.
    public var lowSpeedTime: Duration? {
        get { lowSpeedTimeMilliseconds.map { .milliseconds($0) } }
        set { lowSpeedTimeMilliseconds = newValue.map(\.wholeMilliseconds) }
    }
    // Generated until here
}

@available(iOS 16, macCatalyst 16, macOS 13, *)
extension Duration {
    /// Rounded up, so that a short duration does not become 0, which means the library's default. A duration that is too
    /// long becomes the largest number.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (product, isTooLong) = seconds.multipliedReportingOverflow(by: 1000)
        if isTooLong { return seconds < 0 ? .min : .max }
        let (part, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        let (sum, overflows) = product.addingReportingOverflow(part + (rest > 0 ? 1 : 0))
        return overflows ? .max : Int(clamping: sum)
    }
}

/// Milliseconds for the C interface, where 0 means the default. `nil` and negative values become 0.
func cMilliseconds(_ milliseconds: Int?) -> UInt32 {
    UInt32(clamping: milliseconds ?? 0)
}
