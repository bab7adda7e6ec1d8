import Foundation
internal import CWxtransfer

/// ``WXTransferFiles`` on the calling thread, which waits for the disk.
public struct WXTransferBlockingFiles: Sendable {
    let session: WXTransferSession

    /// As ``WXTransferFiles/access(_:)``.
    public func access(_ path: String) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            wxt_file_access(session, memory.string(path), onResult, result)
        }
    }

    /// As ``WXTransferFiles/stat(_:)``.
    public func stat(_ path: String) throws -> WXTransferFileStats {
        let stats = try session.fileResult { session, memory, onResult, result in
            wxt_file_stat(session, memory.string(path), 0, onResult, result)
        }.stats
        guard let stats = stats.first else { throw WXTransferStatus.internal }
        return stats
    }

    /// As ``WXTransferFiles/statRecursive(_:)``.
    public func statRecursive(_ path: String) throws -> [WXTransferFileStats] {
        try session.fileResult { session, memory, onResult, result in
            wxt_file_stat(session, memory.string(path), 1, onResult, result)
        }.stats
    }

    /// As ``WXTransferFiles/unlink(_:)``.
    public func unlink(_ filePath: String) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            wxt_file_unlink(session, memory.string(filePath), onResult, result)
        }
    }

    /// As ``WXTransferFiles/copy(srcPath:destPath:)``.
    public func copy(srcPath: String, destPath: String) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            wxt_file_copy(session, memory.string(srcPath), memory.string(destPath), onResult, result)
        }
    }

    /// As ``WXTransferFiles/rename(oldPath:newPath:)``.
    public func rename(oldPath: String, newPath: String) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            wxt_file_rename(session, memory.string(oldPath), memory.string(newPath), onResult, result)
        }
    }

    /// As ``WXTransferFiles/makeDirectory(_:recursive:)``.
    public func makeDirectory(_ dirPath: String, recursive: Bool = false) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            wxt_file_make_directory(session, memory.string(dirPath), recursive ? 1 : 0, onResult, result)
        }
    }

    /// As ``WXTransferFiles/removeDirectory(_:recursive:)``.
    public func removeDirectory(_ dirPath: String, recursive: Bool = false) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            wxt_file_remove_directory(session, memory.string(dirPath), recursive ? 1 : 0, onResult, result)
        }
    }

    /// As ``WXTransferFiles/listDirectory(_:)``.
    public func listDirectory(_ dirPath: String) throws -> [String] {
        try session.fileResult { session, memory, onResult, result in
            wxt_file_list_directory(session, memory.string(dirPath), onResult, result)
        }.names
    }

    /// As ``WXTransferFiles/info(_:digestAlgorithm:)``.
    public func info(
        _ filePath: String, digestAlgorithm: WXTransferDigestAlgorithm = .md5
    ) throws -> WXTransferFileDigest {
        let info = try session.fileResult { session, memory, onResult, result in
            wxt_file_info(session, memory.string(filePath), digestAlgorithm.cValue, onResult, result)
        }
        guard let file = info.files.first else { throw WXTransferStatus.internal }
        return WXTransferFileDigest(size: file.size, digest: info.digest)
    }

    /// As ``WXTransferFiles/read(_:position:length:)``.
    public func read(_ filePath: String, position: UInt64 = 0, length: UInt64 = 0) throws -> Data {
        try session.fileResult { session, memory, onResult, result in
            wxt_file_read(session, memory.string(filePath), position, length, onResult, result)
        }.data
    }

    /// As ``WXTransferFiles/write(_:data:mode:)``.
    public func write(_ filePath: String, data: Data, mode: WXTransferWriteMode = .whole) throws {
        _ = try session.fileResult { session, memory, onResult, result in
            data.withUnsafeBytes { bytes in
                wxt_file_write(
                    session, memory.string(filePath), bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count,
                    mode.cValue, mode.position, onResult, result)
            }
        }
    }
}

extension WXTransferFileStats {
    init(_ stats: WxtFileStats) {
        path = stats.path.text
        size = stats.size
        lastAccessedTime = stats.last_accessed_time
        lastModifiedTime = stats.last_modified_time
        mode = stats.mode
        isFile = stats.is_file
        isDirectory = stats.is_directory
    }
}

extension WXTransferDigestAlgorithm {
    var cValue: Int32 {
        switch self {
        case .md5: WXT_DIGEST_MD5
        case .sha1: WXT_DIGEST_SHA1
        case .sha256: WXT_DIGEST_SHA256
        }
    }
}

extension WXTransferWriteMode {
    var cValue: Int32 {
        switch self {
        case .whole: WXT_WRITE_WHOLE
        case .append: WXT_WRITE_APPEND
        case .at: WXT_WRITE_AT_POSITION
        }
    }

    /// The position of the mode; 0 if the mode has none.
    var position: UInt64 {
        switch self {
        case .at(let position): position
        case .whole, .append: 0
        }
    }
}
