import Foundation
internal import CWxtransfer

/// The parameters of `wx.uploadFile`. The body is a multipart form with one file, unless `parts` or `raw` is set. The
/// file's content comes from `fileDescriptor` or `data` if one of them is set, else from `filePath`. See
/// `docs/upload-bodies.md`.
public struct WXTransferUploadRequest: Sendable, Hashable {
    /// `url`: where to upload to. An empty one fails with ``WXTransferErrno/invalidURL``.
    public var url: String
    /// `filePath`: the file to upload, as a `wxfile://` path, or as an absolute path if the session's `pathPolicy`
    /// allows it. Required unless `fileDescriptor`, `data` or `parts` is set; with the first two it only provides the
    /// file name.
    public var filePath: String?
    /// `name`: the form field name of the file. Required unless `parts` or `raw` is set.
    public var name: String
    /// `header`: request headers, sent in this order and with this spelling. `Referer`, `Content-Type` (unless `raw` is
    /// set) and headers of the connection such as `Host` are dropped. Default: none.
    public var header: WXTransferPairs = [:]
    /// `formData`: further form fields, sent in this order before the file. Default: none.
    public var formData: WXTransferPairs = [:]
    /// The `filename` that the server receives. If `nil` (default) or empty: the last component of `filePath`, or
    /// `blob` if there is none.
    public var fileName: String?
    /// `timeout`: the deadline in milliseconds, counted from when the task leaves the queue. A value above the
    /// session's `maxTimeout` is reduced to it. Default: `nil`, the session's `defaultUploadTimeout`; 0 and negative
    /// values mean the same. ``timeout`` is the same as a `Duration`.
    public var timeoutMilliseconds: Int?
    /// Set to `true` for a page's `enableProfile: false`: the result has no `profile`. Default: `false`, the result has
    /// one, as in WeChat.
    public var disableProfile = false
    /// An open file or pipe whose content is uploaded. A file is read from its current offset. The descriptor is
    /// duplicated before the call returns: the host keeps its own. Default: `nil`, not used.
    public var fileDescriptor: Int32?
    /// The number of bytes to read from a pipe. Default: 0, for a regular file: everything from its offset to its end.
    public var fileLength: UInt64 = 0
    /// Set to `true` to keep the task in the queue while the network is metered or roaming, as
    /// ``WXTransferSession/networkChanged(_:)`` reported it. The deadline does not run meanwhile. If the network
    /// becomes metered after the task has started, the task keeps its connection, but opens no other one: a redirect
    /// and its next attempt wait. Default: `false`.
    public var needsUnmetered = false

    /// The file's content in memory; `filePath` then only provides the file name. It is copied, so upload large content
    /// from a file. Empty data is an empty file. Default: `nil`, not used.
    public var data: Data?
    /// Several files of one form, sent in this order after the form fields. At most 100. If set, `filePath`, `name`,
    /// `fileName`, `data` and `fileDescriptor` must not be set. Default: empty, the single file that the properties
    /// above describe.
    public var parts: [WXTransferUploadPart] = []
    /// The request's method. Default: ``WXTransferMethod/post``, as in WeChat.
    public var method = WXTransferMethod.post
    /// Set to `true` to send the bytes of the file alone as the body, as presigned URLs of object stores require. The
    /// `Content-Type` is that of `header`, or missing. `name`, `fileName`, `formData` and `parts` must then be empty.
    /// Default: `false`, a multipart form.
    public var raw = false
    /// The most bytes per second that the task may send and receive together, including heads and TLS. Default: `nil`,
    /// no limit except the session's, which always applies too. ``WXTransferTask/setMaxBytesPerSecond(_:)`` changes it.
    public var maxBytesPerSecond: UInt64?
    /// The priority in the queue of uploads: waiting tasks with the highest number start first, and tasks with the same
    /// number in the order of their calls. Any number. Default: 0. A running task is never stopped for another.
    public var priority: Int32 = 0

    /// An upload of a file by its path.
    public init(
        url: String, filePath: String, name: String, header: WXTransferPairs = [:], formData: WXTransferPairs = [:],
        fileName: String? = nil
    ) {
        (self.url, self.filePath, self.name) = (url, filePath, name)
        (self.header, self.formData, self.fileName) = (header, formData, fileName)
    }

    /// An upload of bytes. `fileName` provides their file name, which decides their `Content-Type`.
    public init(
        url: String, data: Data, name: String, header: WXTransferPairs = [:], formData: WXTransferPairs = [:],
        fileName: String? = nil
    ) {
        (self.url, self.data, self.name) = (url, data, name)
        (self.header, self.formData, self.fileName) = (header, formData, fileName)
    }

    /// An upload of an open file or pipe. `fileName` provides its file name, which decides its `Content-Type`.
    public init(
        url: String, fileDescriptor: Int32, fileLength: UInt64 = 0, name: String, header: WXTransferPairs = [:],
        formData: WXTransferPairs = [:], fileName: String? = nil
    ) {
        (self.url, self.fileDescriptor, self.fileLength, self.name) = (url, fileDescriptor, fileLength, name)
        (self.header, self.formData, self.fileName) = (header, formData, fileName)
    }

    /// An upload of several files.
    public init(
        url: String, parts: [WXTransferUploadPart], header: WXTransferPairs = [:], formData: WXTransferPairs = [:]
    ) {
        (self.url, self.parts, self.header, self.formData) = (url, parts, header, formData)
        name = ""
    }

    /// An upload whose body is the bytes of a file and nothing else. Its `Content-Type` is that of `header`.
    public init(url: String, rawFilePath: String, method: WXTransferMethod, header: WXTransferPairs = [:]) {
        (self.url, filePath, self.method, self.header) = (url, rawFilePath, method, header)
        raw = true
        name = ""
    }

    func cRequest(in memory: CMemory) -> WxtUploadRequest {
        let (header, formData) = (memory.pairs(header), memory.pairs(formData))
        let parts = memory.copy(parts.map { $0.cPart(in: memory) })
        let data = data.map { memory.bytes($0) }
        var request = wxt_upload_request()
        request.url = memory.string(url)
        request.file_path = memory.string(filePath)
        request.name = memory.string(name)
        request.header = header.baseAddress
        request.header_count = header.count
        request.form_data = formData.baseAddress
        request.form_data_count = formData.count
        request.file_name = memory.string(fileName)
        request.timeout = cMilliseconds(timeoutMilliseconds)
        request.disable_profile = disableProfile ? 1 : 0
        request.needs_unmetered = needsUnmetered ? 1 : 0
        if let fileDescriptor {
            request.has_file_descriptor = 1
            request.file_descriptor = fileDescriptor
            request.file_length = fileLength
        }
        request.data = data?.baseAddress
        request.data_length = data?.count ?? 0
        request.parts = parts.baseAddress
        request.part_count = parts.count
        request.method = method.cValue
        request.raw = raw ? 1 : 0
        request.max_bytes_per_second = maxBytesPerSecond ?? 0
        request.priority = priority
        return request
    }
}

/// One file of an upload with several files. Its content comes from `fileDescriptor` or `data` if one of them is set,
/// else from `filePath`.
public struct WXTransferUploadPart: Sendable, Hashable {
    /// The form field name of the file.
    public var name: String
    /// The file to upload, as in ``WXTransferUploadRequest``. With `data` or `fileDescriptor`, it only provides the
    /// file name. Default: `nil`.
    public var filePath: String?
    /// The `filename` that the server receives. If `nil` (default) or empty: the last component of `filePath`, or
    /// `blob` if there is none.
    public var fileName: String?
    /// The `Content-Type` of the part. If `nil` (default) or empty, it follows from the extension of the file name.
    public var mediaType: String?
    /// The file's content in memory. Default: `nil`, not used.
    public var data: Data?
    /// An open file or pipe, as in ``WXTransferUploadRequest``. Default: `nil`, not used.
    public var fileDescriptor: Int32?
    /// The number of bytes to read from a pipe. Default: 0, for a regular file: everything from its offset to its end.
    public var fileLength: UInt64 = 0

    /// A file by its path.
    public init(name: String, filePath: String, mediaType: String? = nil) {
        self.name = name
        self.filePath = filePath
        self.mediaType = mediaType
    }

    /// Bytes in memory.
    public init(name: String, data: Data, fileName: String? = nil, mediaType: String? = nil) {
        self.name = name
        self.data = data
        self.fileName = fileName
        self.mediaType = mediaType
    }

    /// The content of an open file or pipe.
    public init(
        name: String, fileDescriptor: Int32, fileLength: UInt64 = 0, fileName: String? = nil, mediaType: String? = nil
    ) {
        self.name = name
        self.fileDescriptor = fileDescriptor
        self.fileLength = fileLength
        self.fileName = fileName
        self.mediaType = mediaType
    }

    func cPart(in memory: CMemory) -> WxtUploadPart {
        let data = data.map { memory.bytes($0) }
        var part = WxtUploadPart()
        part.name = memory.string(name)
        part.file_path = memory.string(filePath)
        part.file_name = memory.string(fileName)
        part.media_type = memory.string(mediaType)
        part.data = data?.baseAddress
        part.data_length = data?.count ?? 0
        if let fileDescriptor {
            part.has_file_descriptor = 1
            part.file_descriptor = fileDescriptor
            part.file_length = fileLength
        }
        return part
    }
}

/// The method of an upload.
public enum WXTransferMethod: Sendable {
    /// `WXT_METHOD_POST`: POST, as WeChat does.
    case post
    /// `WXT_METHOD_PUT`: PUT, for presigned URLs of object stores.
    case put

    var cValue: Int32 {
        switch self {
        case .post: WXT_METHOD_POST
        case .put: WXT_METHOD_PUT
        }
    }
}

/// The parameters of `wx.downloadFile`.
public struct WXTransferDownloadRequest: Sendable, Hashable {
    /// `url`: what to download. An empty one fails with ``WXTransferErrno/invalidURL``.
    public var url: String
    /// `header`: request headers, sent in this order and with this spelling. `Referer` and headers of the connection
    /// such as `Host` are dropped. Default: none.
    public var header: WXTransferPairs = [:]
    /// `filePath`: the `wxfile://usr/` path to store the file at. Default: `nil`, a temporary file.
    public var filePath: String?
    /// `timeout`: the deadline in milliseconds, counted from when the task leaves the queue. A value above the
    /// session's `maxTimeout` is reduced to it. Default: `nil`, the session's `defaultDownloadTimeout`; 0 and negative
    /// values mean the same. ``timeout`` is the same as a `Duration`.
    public var timeoutMilliseconds: Int?
    /// Set to `true` for a page's `enableProfile: false`: the result has no `profile`. Default: `false`, the result has
    /// one, as in WeChat.
    public var disableProfile = false
    /// The expected SHA-256 of the file, as 64 hexadecimal digits in upper or lower case. If the file has another one,
    /// the task fails with ``WXTransferCategory/integrity``, whatever the HTTP status, and no file is created. Any
    /// other text fails with ``WXTransferErrno/parameter``, and nothing is sent. Default: `nil`, not checked.
    public var expectedSHA256: String?
    /// The expected length of the file in bytes. If the file has another length, the task fails with
    /// ``WXTransferCategory/integrity`` as soon as the length is known, and no file is created. Default: 0, not
    /// checked.
    public var expectedLength: UInt64 = 0
    /// Set to `true` to get the file's SHA-256 in ``WXTransferDownloadSuccess``. Default: `false`, it is set only if
    /// `expectedSHA256` is.
    public var wantSHA256 = false
    /// Set to `true` to check the digest that a 200 answer declares of its body. If the body has another one, the task
    /// fails with ``WXTransferCategory/integrity``, and no file is created. Default: `false`, not checked. See
    /// `docs/integrity.md`.
    ///
    /// If the answer declares several digests, the first one in this order is used: `Repr-Digest` with `sha-512`,
    /// `Repr-Digest` with `sha-256`, `Content-MD5`, `x-cos-hash-crc64ecma`, `x-oss-hash-crc64ecma`. An answer without a
    /// digest is not checked. With this option the request has `Accept-Encoding: identity`, unless `header` has
    /// `Accept-Encoding`.
    public var verifyDigest = false
    /// Set to `true` to keep the task in the queue while the network is metered or roaming, as
    /// ``WXTransferSession/networkChanged(_:)`` reported it. The deadline does not run meanwhile. If the network
    /// becomes metered after the task has started, the task keeps its connection, but opens no other one: a redirect
    /// and its next attempt wait. Default: `false`.
    public var needsUnmetered = false
    /// The most bytes per second that the task may send and receive together, including heads and TLS. Default: `nil`,
    /// no limit except the session's, which always applies too. ``WXTransferTask/setMaxBytesPerSecond(_:)`` changes it.
    public var maxBytesPerSecond: UInt64?
    /// The priority in the queue of downloads: waiting tasks with the highest number start first, and tasks with the
    /// same number in the order of their calls. Any number. Default: 0. A running task is never stopped for another.
    public var priority: Int32 = 0

    /// A download.
    public init(url: String, filePath: String? = nil, header: WXTransferPairs = [:]) {
        (self.url, self.filePath, self.header) = (url, filePath, header)
    }

    func cRequest(in memory: CMemory) -> WxtDownloadRequest {
        let header = memory.pairs(header)
        var request = wxt_download_request()
        request.url = memory.string(url)
        request.header = header.baseAddress
        request.header_count = header.count
        request.file_path = memory.string(filePath)
        request.timeout = cMilliseconds(timeoutMilliseconds)
        request.disable_profile = disableProfile ? 1 : 0
        request.expected_sha256 = memory.string(expectedSHA256)
        request.expected_length = expectedLength
        request.want_sha256 = wantSHA256 ? 1 : 0
        request.verify_digest = verifyDigest ? 1 : 0
        request.needs_unmetered = needsUnmetered ? 1 : 0
        request.max_bytes_per_second = maxBytesPerSecond ?? 0
        request.priority = priority
        return request
    }
}

extension WXTransferUploadRequest: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        [
            "url": Redaction.url(url), "filePath": filePath, "name": name, "header": header, "formData": formData,
            "fileName": fileName, "timeoutMilliseconds": timeoutMilliseconds, "disableProfile": disableProfile,
            "fileDescriptor": fileDescriptor, "fileLength": fileLength, "needsUnmetered": needsUnmetered,
            "data": data.map(Redaction.length), "parts": parts, "method": method, "raw": raw,
            "maxBytesPerSecond": maxBytesPerSecond, "priority": priority,
        ]
    }
}

extension WXTransferUploadPart: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        [
            "name": name, "filePath": filePath, "fileName": fileName, "mediaType": mediaType,
            "data": data.map(Redaction.length), "fileDescriptor": fileDescriptor, "fileLength": fileLength,
        ]
    }
}

extension WXTransferDownloadRequest: Redacted {
    var shown: KeyValuePairs<String, Any?> {
        [
            "url": Redaction.url(url), "header": header, "filePath": filePath, "timeoutMilliseconds": timeoutMilliseconds,
            "disableProfile": disableProfile, "expectedSHA256": expectedSHA256, "expectedLength": expectedLength,
            "wantSHA256": wantSHA256, "verifyDigest": verifyDigest, "needsUnmetered": needsUnmetered,
            "maxBytesPerSecond": maxBytesPerSecond, "priority": priority,
        ]
    }
}
