import Foundation
internal import CWxtransfer

/// One file of the mini program.
public struct WXTransferFileInfo: Hashable, Sendable {
    /// `filePath`, `savedFilePath` or `tempFilePath`: the `wxfile://` path.
    public let filePath: String
    /// The path of the same file on the device, for the host. Do not store it: iOS moves an app's directory.
    public let nativePath: URL
    /// `size` in bytes.
    public let size: UInt64
    /// `createTime` in seconds since the Unix epoch; 0 for files returned by import and resolve, which do not set it.
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

/// How the library treats the host's file.
public enum WXTransferImportMode: Sendable {
    /// `WXT_IMPORT_COPY`: the host keeps its file. It is cloned if the file system can clone, otherwise copied.
    case copy
    /// `WXT_IMPORT_MOVE`: the host gives up its file. It is moved if possible, otherwise copied and deleted.
    case move

    var cValue: Int32 {
        switch self {
        case .copy: WXT_IMPORT_COPY
        case .move: WXT_IMPORT_MOVE
        }
    }
}

/// The file functions. Each waits for the disk on a thread of the system's global dispatch queue. If the caller is
/// cancelled before the function has begun, it throws `CancellationError`. Later, cancelling has no effect.
extension WXTransferSession {
    /// `wx.saveFile`: moves a temporary file into the store, or to `filePath`, a path under `wxfile://usr/`. A file at
    /// `filePath` is replaced; its directory must exist. On success the temporary path becomes invalid; on failure the
    /// temporary file stays.
    public func saveFile(tempFilePath: String, filePath: String? = nil) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_save_file(session, memory.string(tempFilePath), memory.string(filePath), onResult, result)
        }
    }

    /// `wx.getSavedFileList`: the files of the store, oldest first, without those under `wxfile://usr/`.
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

    /// `wx.removeSavedFile`: deletes one file of the store.
    public func removeSavedFile(filePath: String) async throws {
        _ = try await files { session, memory, onResult, result in
            wxt_remove_saved_file(session, memory.string(filePath), onResult, result)
        }
    }

    /// Makes a temporary file from a file of the host (a photo just taken, a document just picked), as `wx.chooseImage`
    /// does. The result's `filePath` is the page's `tempFilePath`.
    public func importFile(nativePath: URL, mode: WXTransferImportMode) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_import_file(session, memory.string(nativePath.path), mode.cValue, onResult, result)
        }
    }

    /// Makes a temporary file from an open file or pipe, read from its current offset. `length` is the number of bytes
    /// to read; 0 means up to the end. `name` provides the extension. The descriptor is duplicated, and must stay open
    /// until this function returns. It waits for the other end of a pipe; closing the session ends the wait.
    public func importFile(
        fileDescriptor: Int32, length: UInt64 = 0, name: String? = nil
    ) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_import_file_descriptor(session, fileDescriptor, length, memory.string(name), onResult, result)
        }
    }

    /// Makes a temporary file from bytes in memory (a picture just drawn). `name` provides the extension. The result's
    /// `filePath` is the page's `tempFilePath`.
    public func importData(_ data: Data, name: String? = nil) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            data.withUnsafeBytes { bytes in
                let first = bytes.bindMemory(to: UInt8.self).baseAddress
                return wxt_import_data(session, first, bytes.count, memory.string(name), onResult, result)
            }
        }
    }

    /// Returns the path on the device of an existing `wxfile://` path, for the host (a player, a viewer).
    public func resolvePath(_ filePath: String) async throws -> WXTransferFileInfo {
        try await oneFile { session, memory, onResult, result in
            wxt_resolve_path(session, memory.string(filePath), onResult, result)
        }
    }

    /// Deletes the partial files that `WXTransferSessionOptions.Resume.acrossLaunches` has kept, for example at a
    /// logout. Downloads that are running go on and can complete. If one of them fails or is aborted, or its session is
    /// closed, its file is not kept.
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
