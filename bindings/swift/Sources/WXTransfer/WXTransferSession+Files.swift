import Foundation
internal import CWxtransfer

/// One file of the mini program.
public struct WXTransferFileInfo: Hashable, Sendable {
    /// `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path.
    public let filePath: String
    /// The same file's place on the device, for the host. Not to be kept: iOS moves an app's directory.
    public let nativePath: URL
    /// `size` in bytes.
    public let size: UInt64
    /// `createTime` in seconds since the Unix epoch; 0 where it is not asked for.
    public let createTime: UInt64

    /// A file that a test makes.
    public init(filePath: String, nativePath: URL, size: UInt64, createTime: UInt64 = 0) {
        (self.filePath, self.nativePath, self.size, self.createTime) = (filePath, nativePath, size, createTime)
    }

    init(_ info: WxtFileInfo) {
        filePath = info.file_path.text ?? ""
        nativePath = URL(fileURLWithPath: info.native_path.text ?? "")
        size = info.size
        createTime = info.create_time
    }
}

/// What becomes of a file that the host imports.
public enum WXTransferImportMode: Sendable {
    /// `WXT_IMPORT_COPY`: the host keeps its file; it is cloned where the file system can, else copied.
    case copy
    /// `WXT_IMPORT_MOVE`: the host gives its file away; it is moved where that is possible, else copied and removed.
    case move

    var cValue: Int32 {
        switch self {
        case .copy: WXT_IMPORT_COPY
        case .move: WXT_IMPORT_MOVE
        }
    }
}

/// The files. Each function waits for the disk on a thread of the system's global dispatch queue. Cancelling the caller counts
/// before it has begun.
extension WXTransferSession {
    /// `wx.saveFile`: moves a temporary file to the store, or to `filePath`, a `wxfile://usr/` path whose file it
    /// replaces. Its directory must be there. The temporary path is invalid afterwards; on failure it stays.
    public func saveFile(tempFilePath: String, filePath: String? = nil) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_save_file(session, memory.string(tempFilePath), memory.string(filePath), onResult, result)
        }
    }

    /// `wx.getSavedFileList`: the files of the store, oldest first; not those under `wxfile://usr/`.
    public func getSavedFileList() async throws -> [WXTransferFileInfo] {
        try await files { session, _, onResult, result in
            wxt_get_saved_file_list(session, onResult, result)
        }
    }

    /// `wx.getSavedFileInfo`: one file of the store.
    public func getSavedFileInfo(filePath: String) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_get_saved_file_info(session, memory.string(filePath), onResult, result)
        }
    }

    /// `wx.removeSavedFile`: removes one file of the store.
    public func removeSavedFile(filePath: String) async throws {
        _ = try await files { session, memory, onResult, result in
            wxt_remove_saved_file(session, memory.string(filePath), onResult, result)
        }
    }

    /// Makes a temporary file of a file that the host owns (a photo just taken, a document just picked), as
    /// `wx.chooseImage` does. Its `filePath` is the page's `tempFilePath`.
    public func importFile(nativePath: URL, mode: WXTransferImportMode) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_import_file(session, memory.string(nativePath.path), mode.cValue, onResult, result)
        }
    }

    /// Makes a temporary file of what an open file or pipe holds, from where it stands. `length` is how many bytes are
    /// taken, 0 is all up to the end; `name` gives the extension. The descriptor is duplicated, and must stay open until
    /// this returns. Waits for the other end of a pipe, until the session is closed.
    public func importFile(
        fileDescriptor: Int32, length: UInt64 = 0, name: String? = nil
    ) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_import_file_descriptor(session, fileDescriptor, length, memory.string(name), onResult, result)
        }
    }

    /// Makes a temporary file of bytes (a picture just drawn). `name` gives the extension. Its `filePath` is the page's
    /// `tempFilePath`.
    public func importData(_ data: Data, name: String? = nil) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            data.withUnsafeBytes { bytes in
                let first = bytes.bindMemory(to: UInt8.self).baseAddress
                return wxt_import_data(session, first, bytes.count, memory.string(name), onResult, result)
            }
        }
    }

    /// The place on the device of an existing `wxfile://` path, for the host (a player, a viewer).
    public func resolvePath(_ filePath: String) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_resolve_path(session, memory.string(filePath), onResult, result)
        }
    }

    /// Removes the partial files that `WXTransferSessionOptions.Resume.acrossLaunches` has kept, but those that a task is writing.
    public func discardPartials() async throws {
        try await onDisk { [handle] in
            try WXTransferStatus.checkExplained { wxt_discard_partials(handle.pointer, $0) }
        }
    }

    private func oneFile(_ operation: @escaping FileOperation) async throws -> WXTransferFileInfo {
        let files = try await files(operation)
        guard let file = files.first else { throw WXTransferStatus.internal }
        return file
    }

    private func files(_ operation: @escaping FileOperation) async throws -> [WXTransferFileInfo] {
        try await onDisk { try self.fileResult(operation).files }
    }
}
