import Foundation

extension WXTransferSession {
    /// `wx.getFileSystemManager()`: the file calls of a page, except those for saved files.
    public var files: WXTransferFiles { WXTransferFiles(session: self) }
}

/// `wx.getFileSystemManager()` of a session.
///
/// `wxfile://tmp_…` and `wxfile://store_…` files can be read; files and directories under `wxfile://usr` can be read
/// and written. Symbolic links are not followed. Every function throws ``WXTransferFailure`` with a number of WeChat's
/// table of file failures (`FileError`), or ``WXTransferStatus`` if the session is closed. Each waits for the disk on a
/// thread of the system's global dispatch queue. A caller that is cancelled before the function has begun gets
/// `CancellationError`. Cancelling does not stop a function that has begun, but closing the session does.
public struct WXTransferFiles: Sendable {
    let session: WXTransferSession

    /// The same functions on the calling thread, which waits for the disk: for the `…Sync` functions of a page.
    public var blocking: WXTransferBlockingFiles { WXTransferBlockingFiles(session: session) }

    /// `access`: returns if the file or directory exists, and throws ``WXTransferErrno/fileNotFound`` otherwise.
    public func access(_ path: String) async throws {
        try await session.onDisk { try self.blocking.access(path) }
    }

    /// `stat`: the size, times and mode of a file or directory.
    public func stat(_ path: String) async throws -> WXTransferFileStats {
        try await session.onDisk { try self.blocking.stat(path) }
    }

    /// `stat` with `recursive`: the attributes of a directory and of everything in it, ordered by path. For a file: its
    /// attributes alone. Symbolic links, files with a second hard link, special files, and names that no `wxfile://`
    /// path can have are left out.
    public func statRecursive(_ path: String) async throws -> [WXTransferFileStats] {
        try await session.onDisk { try self.blocking.statRecursive(path) }
    }

    /// `unlink`: removes a file under `wxfile://usr`. It needs no free quota. A directory fails with
    /// ``WXTransferErrno/operationNotPermitted``.
    public func unlink(_ filePath: String) async throws {
        try await session.onDisk { try self.blocking.unlink(filePath) }
    }

    /// `copyFile`: makes `destPath`, under `wxfile://usr`, a copy of `srcPath`, in one step.
    public func copy(srcPath: String, destPath: String) async throws {
        try await session.onDisk { try self.blocking.copy(srcPath: srcPath, destPath: destPath) }
    }

    /// `rename`: moves a file or directory under `wxfile://usr` to another path there, in one step. A file may replace
    /// a file, and a directory may replace an empty directory.
    public func rename(oldPath: String, newPath: String) async throws {
        try await session.onDisk { try self.blocking.rename(oldPath: oldPath, newPath: newPath) }
    }

    /// `mkdir`: creates a directory under `wxfile://usr`; with `recursive` also its missing parents.
    public func makeDirectory(_ dirPath: String, recursive: Bool = false) async throws {
        try await session.onDisk { try self.blocking.makeDirectory(dirPath, recursive: recursive) }
    }

    /// `rmdir`: removes a directory under `wxfile://usr`; with `recursive` also everything in it.
    public func removeDirectory(_ dirPath: String, recursive: Bool = false) async throws {
        try await session.onDisk { try self.blocking.removeDirectory(dirPath, recursive: recursive) }
    }

    /// `readdir`: the names in a directory under `wxfile://usr`, ordered by their bytes.
    public func listDirectory(_ dirPath: String) async throws -> [String] {
        try await session.onDisk { try self.blocking.listDirectory(dirPath) }
    }

    /// `getFileInfo`: the size and digest of a file, both of the same content.
    public func info(
        _ filePath: String, digestAlgorithm: WXTransferDigestAlgorithm = .md5
    ) async throws -> WXTransferFileDigest {
        try await session.onDisk { try self.blocking.info(filePath, digestAlgorithm: digestAlgorithm) }
    }

    /// `readFile`: reads up to `length` bytes of a file from `position` on. A `length` of 0 means up to the end of the
    /// file. At most 100 MiB. If `position` plus `length` exceeds the file's length, the bytes up to the end are
    /// returned. Throws ``WXTransferErrno/lengthOutOfRange`` (1301006) if `length` alone exceeds the file's length, and
    /// ``WXTransferErrno/positionOutOfRange`` (1301009) if `position` is not before the end of the file; 0 is valid for
    /// an empty file.
    public func read(_ filePath: String, position: UInt64 = 0, length: UInt64 = 0) async throws -> Data {
        try await session.onDisk { try self.blocking.read(filePath, position: position, length: length) }
    }

    /// `writeFile`, `appendFile` and `write`: writes at most 100 MiB to a file under `wxfile://usr`, which is replaced in
    /// one step.
    public func write(_ filePath: String, data: Data, mode: WXTransferWriteMode = .whole) async throws {
        try await session.onDisk { try self.blocking.write(filePath, data: data, mode: mode) }
    }
}

/// `Stats`: the attributes of a file or directory.
public struct WXTransferFileStats: Hashable, Sendable {
    /// From ``WXTransferFiles/statRecursive(_:)`` of a directory: `/` for the directory itself, `/a` and `/a/b` for the
    /// entries below it. `nil` from ``WXTransferFiles/stat(_:)``, and for a file.
    public let path: String?
    /// `size` in bytes.
    public let size: UInt64
    /// `lastAccessedTime` in seconds since the Unix epoch. Many systems update it only roughly.
    public let lastAccessedTime: UInt64
    /// `lastModifiedTime` in seconds since the Unix epoch.
    public let lastModifiedTime: UInt64
    /// `mode`: POSIX `st_mode`, with file type and permissions.
    public let mode: UInt32
    /// `isFile()`: it is a regular file.
    public let isFile: Bool
    /// `isDirectory()`: it is a directory.
    public let isDirectory: Bool

    /// Attributes that a test makes.
    public init(
        path: String? = nil, size: UInt64 = 0, lastAccessedTime: UInt64 = 0, lastModifiedTime: UInt64 = 0, mode: UInt32 = 0,
        isFile: Bool = true, isDirectory: Bool = false
    ) {
        (self.path, self.size, self.lastAccessedTime) = (path, size, lastAccessedTime)
        (self.lastModifiedTime, self.mode, self.isFile, self.isDirectory) = (lastModifiedTime, mode, isFile, isDirectory)
    }
}

/// The result of `getFileInfo`.
public struct WXTransferFileDigest: Hashable, Sendable {
    /// `size` in bytes.
    public let size: UInt64
    /// `digest` in lower-case hexadecimal digits.
    public let digest: String

    /// A digest that a test makes.
    public init(size: UInt64, digest: String) {
        (self.size, self.digest) = (size, digest)
    }
}

/// The digest algorithms of ``WXTransferFiles/info(_:digestAlgorithm:)``.
public enum WXTransferDigestAlgorithm: Sendable {
    /// `WXT_DIGEST_MD5`.
    case md5
    /// `WXT_DIGEST_SHA1`.
    case sha1
    /// `WXT_DIGEST_SHA256`.
    case sha256
}

/// How ``WXTransferFiles/write(_:data:mode:)`` changes the file.
public enum WXTransferWriteMode: Hashable, Sendable {
    /// `WXT_WRITE_WHOLE`: replaces the whole content, and creates the file if it is missing.
    case whole
    /// `WXT_WRITE_APPEND`: appends the bytes to an existing file.
    case append
    /// `WXT_WRITE_AT_POSITION`: writes the bytes into an existing file, starting at `position`, at most the file's length.
    case at(position: UInt64)
}
