import Foundation

/// English sentences for the user of the app. An app in other languages has its own, chosen by `category` and `errno`.
extension WXTransferFailure: LocalizedError {
    /// What happened to the transfer or file operation.
    public var errorDescription: String? {
        switch errno {
        case .fileNotFound, .temporaryFileNotExist: "The file does not exist."
        case .fileTooLarge: "The file is too large."
        case .quotaExceeded: "There is not enough room for the file."
        case .fileAlreadyExists: "There is a file with this name already."
        case .directoryNotEmpty: "The directory is not empty."
        case .tooManyRedirects: "The server redirects too often."
        default: category.sentence
        }
    }

    /// `detail`, which is written for developers; `nil` if it is empty.
    public var failureReason: String? { detail.isEmpty ? nil : detail }

    /// What the user can do about the failure; `nil` if there is nothing.
    public var recoverySuggestion: String? {
        switch category {
        case .timeout, .interrupted, .nameResolution, .connect, .connectionClosed: "Check the connection and try again."
        case .tls: "Check the date of the device, and whether this network asks you to sign in."
        case .storage where errno == .quotaExceeded || errno == .saveFile: "Remove files that are not needed."
        default: retryable ? "Try again later." : nil
        }
    }
}

extension WXTransferCategory {
    fileprivate var sentence: String {
        switch self {
        case .aborted: "The transfer was stopped."
        case .timeout: "The transfer took too long."
        case .interrupted: "The transfer was interrupted."
        case .request: "The request cannot be carried out as it is."
        case .policy: "This address is not allowed."
        case .limit: "The transfer exceeds a limit."
        case .nameResolution: "The server was not found."
        case .connect: "The server cannot be reached."
        case .tls: "There is no secure connection to the server."
        case .connectionClosed: "The connection was lost."
        case .protocol: "The answer of the server cannot be read."
        case .file: "The file cannot be used."
        case .storage: "The file cannot be saved."
        case .integrity: "The downloaded file is not the expected one."
        case .outOfResources: "The device has too much to do."
        default: "The transfer failed because of an error in the app."
        }
    }
}

/// Texts for a refused call: a mistake of the app, or a state of the device. Show a user only statuses that have a
/// `recoverySuggestion`.
extension WXTransferStatus: LocalizedError {
    /// Says that the call was not carried out.
    public var errorDescription: String? { "This could not be carried out." }

    /// `description`: the status in words, and its detail.
    public var failureReason: String? { description }

    /// What the user can do; `nil` if only a change of the app helps.
    public var recoverySuggestion: String? {
        switch self {
        case .outOfResources: "Try again later."
        case .storageFailed: "Check that the device has free space."
        default: nil
        }
    }
}
