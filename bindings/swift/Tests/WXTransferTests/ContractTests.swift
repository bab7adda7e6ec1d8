import CWxtransfer
import Foundation
@testable import WXTransfer
import XCTest

/// Swift and C agree: every constant of the header has its name in Swift, and structs have the library's size.
final class ContractTests: XCTestCase {
    /// `#define WXT_<NAME> <number>` of the header, without those that start with one of `other`.
    private func constants(_ prefix: String, besides other: [String] = []) throws -> [String: Int32] {
        var constants: [String: Int32] = [:]
        for line in try Repository.text("../../include/wxtransfer.h").split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "#define", words[1].hasPrefix(prefix), let value = Int32(words[2]),
                !other.contains(where: { words[1].hasPrefix($0) })
            else { continue }
            // WXT_ERRNO_NOT_IN_DOMAIN_LIST is notInDomainList.
            let parts = words[1].dropFirst(prefix.count).lowercased().split(separator: "_").map(String.init)
            constants[parts[0] + parts.dropFirst().map(\.capitalized).joined()] = value
        }
        return constants
    }

    func testEveryErrnoHasAName() throws {
        let swift: [String: WXTransferErrno] = [
            "ok": .ok, "cancel": .cancel, "internal": .internal, "timeout": .timeout, "network": .network,
            "notInDomainList": .notInDomainList, "interrupted": .interrupted, "tooManyTasks": .tooManyTasks,
            "tooManyRedirects": .tooManyRedirects, "invalidUrl": .invalidUrl, "invalidUrlScheme": .invalidUrlScheme,
            "parameter": .parameter, "targetDenied": .targetDenied,
            "invalidRequestData": .invalidRequestData, "abortDownload": .abortDownload, "saveFile": .saveFile,
            "fileTooLarge": .fileTooLarge, "operationNotPermitted": .operationNotPermitted,
            "fileNotFound": .fileNotFound, "inputOutput": .inputOutput, "badFileDescriptor": .badFileDescriptor,
            "fileAccessDenied": .fileAccessDenied, "permissionDenied": .permissionDenied,
            "notADirectory": .notADirectory, "isADirectory": .isADirectory, "invalidArgument": .invalidArgument,
            "fileNameTooLong": .fileNameTooLong, "directoryNotEmpty": .directoryNotEmpty,
            "systemError": .systemError, "quotaExceeded": .quotaExceeded,
            "illegalOperationOnDirectory": .illegalOperationOnDirectory, "fileAlreadyExists": .fileAlreadyExists,
            "lengthOutOfRange": .lengthOutOfRange, "positionOutOfRange": .positionOutOfRange,
            "temporaryFileNotExist": .temporaryFileNotExist,
        ]
        XCTAssertEqual(swift.mapValues(\.rawValue), try constants("WXT_ERRNO_"))
        XCTAssertEqual(swift.mapValues(\.description), Dictionary(uniqueKeysWithValues: swift.keys.map { ($0, $0) }))
        XCTAssertEqual("\(WXTransferErrno(rawValue: 99))", "errno 99")
    }

    func testEveryCategoryHasAName() throws {
        let swift: [String: WXTransferCategory] = [
            "aborted": .aborted, "timeout": .timeout, "interrupted": .interrupted, "request": .request,
            "policy": .policy, "limit": .limit, "nameResolution": .nameResolution, "connect": .connect, "tls": .tls,
            "connectionClosed": .connectionClosed, "protocol": .protocol, "file": .file, "storage": .storage,
            "internal": .internal, "outOfResources": .outOfResources, "integrity": .integrity,
        ]
        XCTAssertEqual(swift.mapValues(\.rawValue), try constants("WXT_CATEGORY_"))
        XCTAssertEqual(swift.mapValues(\.description), Dictionary(uniqueKeysWithValues: swift.keys.map { ($0, $0) }))
        XCTAssertEqual("\(WXTransferCategory(rawValue: 99))", "category 99")
    }

    func testEveryStatusHasAName() throws {
        let swift: [String: WXTransferStatus] = [
            "ok": WXTransferStatus(rawValue: WXT_OK), "invalidArgument": .invalidArgument,
            "invalidStructSize": .invalidStructSize, "invalidUtf8": .invalidUtf8, "sessionClosed": .sessionClosed,
            "calledFromCallback": .calledFromCallback, "notFound": .notFound, "invalidVersion": .invalidVersion,
            "invalidDomain": .invalidDomain, "invalidCertificate": .invalidCertificate, "invalidPin": .invalidPin,
            "invalidProxy": .invalidProxy, "storageFailed": .storageFailed, "storageLocked": .storageLocked,
            "trustStoreUnavailable": .trustStoreUnavailable, "outOfResources": .outOfResources,
            "internal": .internal,
        ]
        let others = [
            "API", "ERRNO", "CATEGORY", "PLATFORM", "PATHS", "LAN", "STORAGE_EXCLUSIVE", "STORAGE_SHARED", "LOG", "IMPORT",
            "DIGEST", "WRITE", "METHOD", "RESUME", "NETWORK", "SCHEME",
        ]
        XCTAssertEqual(
            swift.mapValues(\.rawValue), try constants("WXT_", besides: others.map { "WXT_\($0)" }))
    }

    /// What goes from Swift to C only is an `enum` over the imported constants; here each has its case.
    func testEveryChoiceHasACase() throws {
        XCTAssertEqual(try Set(constants("WXT_PLATFORM_").keys), ["ios", "android", "other"])
        XCTAssertEqual(try Set(constants("WXT_PATHS_").keys), ["sandbox", "native"])
        XCTAssertEqual(
            try Set(constants("WXT_STORAGE_", besides: ["WXT_STORAGE_FAILED", "WXT_STORAGE_LOCKED"]).keys),
            ["exclusive", "shared"])
        XCTAssertEqual(try Set(constants("WXT_API_").keys), ["upload", "download"])
        XCTAssertEqual(try Set(constants("WXT_LOG_").keys), ["warning", "info"])
        XCTAssertEqual(try Set(constants("WXT_IMPORT_").keys), ["copy", "move"])
        XCTAssertEqual(try Set(constants("WXT_DIGEST_").keys), ["md5", "sha1", "sha256"])
        XCTAssertEqual(try Set(constants("WXT_WRITE_").keys), ["whole", "append", "atPosition"])
        XCTAssertEqual(try Set(constants("WXT_METHOD_").keys), ["post", "put"])
        let schemes = WXTransferSessionOptions.SignatureScheme.allCases.map { ("\($0)", Int32($0.rawValue)) }
        XCTAssertEqual(try constants("WXT_SCHEME_"), Dictionary(uniqueKeysWithValues: schemes))
    }

    /// Swift does not import macros of macros, so the binding writes these values out.
    func testUnknownIsTheLargestNumber() throws {
        let header = try Repository.text("../../include/wxtransfer.h")
        XCTAssertTrue(header.contains("#define WXT_TOTAL_UNKNOWN UINT64_MAX\n"))
        XCTAssertTrue(header.contains("#define WXT_PROGRESS_UNKNOWN UINT32_MAX\n"))
        XCTAssertTrue(type(of: WxtProgress().total_bytes_expected) == UInt64.self)
        XCTAssertTrue(type(of: WxtProgress().progress) == UInt32.self)
    }

    func testTheStructsOfTheLibraryHaveTheSizeThatSwiftSees() throws {
        // What the host fills: the library takes no size that it does not know, and `wxt_…()` sets C's own.
        XCTAssertEqual(wxt_session_options().struct_size, MemoryLayout<WxtSessionOptions>.size)
        XCTAssertEqual(wxt_upload_request().struct_size, MemoryLayout<WxtUploadRequest>.size)
        XCTAssertEqual(wxt_download_request().struct_size, MemoryLayout<WxtDownloadRequest>.size)
        XCTAssertEqual(wxt_callbacks().struct_size, MemoryLayout<WxtCallbacks>.size)

        // What the library fills: it says its own size in each event.
        // Made before the library's threads, which makes it visible to them: the sanitizer sees no lock of the library.
        let sizes = Sizes()
        let directory = try TemporaryDirectory()
        var options = wxt_session_options()
        var session: OpaquePointer?
        let status = directory.url.path.withCString { path in
            "1.0".withCString { version in
                options.app_id = wxt_str(version)
                options.platform = WXT_PLATFORM_OTHER
                options.client_version = wxt_str(version)
                options.data_directory = wxt_str(path)
                options.allow_plain_http = 1
                options.lan_policy = WXT_LAN_ALL_LOCAL
                return TestServer.shared.certificate.withCString { certificate in
                    options.root_certificates = wxt_str(certificate)
                    return wxt_session_open(&options, &session)
                }
            }
        }
        XCTAssertEqual(status, WXT_OK)
        defer { XCTAssertEqual(wxt_session_close(session), WXT_OK) }

        var callbacks = wxt_callbacks()
        callbacks.user_data = Unmanaged.passRetained(sizes).toOpaque()
        callbacks.on_headers_received = headersReceived
        callbacks.on_progress = progress
        callbacks.on_complete = complete
        callbacks.release = released
        for url in [TestServer.shared.plain + "/bytes/10", TestServer.shared.plain + "/redirect/302?n=9"] {
            var request = wxt_download_request()
            let status = url.withCString { url in
                request.url = wxt_str(url)
                return wxt_download_file(session, &request, &callbacks, nil)
            }
            XCTAssertEqual(status, WXT_OK)
            _ = Unmanaged.passRetained(sizes)
        }
        Unmanaged.passUnretained(sizes).release()
        XCTAssertEqual(wxt_get_saved_file_list(session, files, Unmanaged.passUnretained(sizes).toOpaque()), WXT_OK)
        sizes.wait(releases: 2)
        XCTAssertEqual(sizes.seen, [
            "WxtHeadersReceived": MemoryLayout<WxtHeadersReceived>.size,
            "WxtProgress": MemoryLayout<WxtProgress>.size,
            "WxtCompletion": MemoryLayout<WxtCompletion>.size,
            "WxtSuccess": MemoryLayout<WxtSuccess>.size,
            "WxtFailure": MemoryLayout<WxtFailure>.size,
            "WxtProfile": MemoryLayout<WxtProfile>.size,
            "WxtFileResult": MemoryLayout<WxtFileResult>.size,
        ])
    }

    /// The fields of a struct of the header in their order, besides lengths and the struct's own size, which only C
    /// needs.
    private func fields(_ name: String) throws -> [String] {
        let header = try Repository.text("../../include/wxtransfer.h")
        let before = header.components(separatedBy: "} \(name);\n")[0]
        let body = try XCTUnwrap(before.components(separatedBy: "typedef struct {").last)
        return body.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { $0.hasSuffix(";") && !$0.hasPrefix("*") && !$0.hasPrefix("size_t ") }
            .map { plain($0.dropLast().split(whereSeparator: { " *".contains($0) }).last.map(String.init) ?? "") }
    }

    /// A name without what C and Swift write differently.
    private func plain(_ name: String) -> String {
        name.replacingOccurrences(of: "_", with: "").lowercased()
    }

    private func properties(_ values: Any...) -> Set<String> {
        Set(values.flatMap { Mirror(reflecting: $0).children.compactMap { $0.label.map(plain) } })
    }

    func testEveryOptionReachesTheFieldOfItsName() {
        var options = WXTransferSessionOptions(
            appId: "app", platform: .ios, clientVersion: "8.0.1", dataDirectory: URL(fileURLWithPath: "/data"))
        options.appVersion = "12"
        options.userId = "user"
        options.baseLibraryVersion = "2.10.1"
        options.userAgent = "agent"
        options.rootCertificates = "roots"
        options.proxy = "http://localhost:1"
        options.maxConcurrentUploads = 1
        options.maxConcurrentDownloads = 2
        options.defaultUploadTimeout = 3
        options.defaultDownloadTimeout = 9
        options.temporaryRetention = 10
        options.referer = "https://referer.test/"
        options.pathScheme = "difile"
        options.maxTimeout = 4
        options.maxDownloadSize = 5
        options.maxDataSize = 6
        options.storageQuota = 7
        options.temporaryQuota = 8
        options.maxRetries = 11
        options.retryDelay = 12
        options.maxBytesPerSecond = 13
        options.lowSpeedLimit = 14
        options.lowSpeedTime = 15
        options.uploadDomains = ["https://up.test"]
        options.downloadDomains = ["https://down.test", "https://other.test"]
        options.pins = [
            .init(host: "one.test", sha256: Data(repeating: 1, count: 32)),
            .init(host: "two.test", sha256: Data(repeating: 2, count: 31)),
        ]
        CMemory.with { memory in
            let fields = options.cOptions(in: memory, host: HostContext(options))
            XCTAssertEqual(
                [
                    fields.app_id, fields.app_version, fields.user_id, fields.client_version, fields.base_library_version,
                    fields.user_agent, fields.data_directory, fields.root_certificates, fields.proxy,
                ].map(\.text),
                ["app", "12", "user", "8.0.1", "2.10.1", "agent", "/data", "roots", "http://localhost:1"])
            XCTAssertEqual(
                [
                    UInt64(fields.max_concurrent_uploads), UInt64(fields.max_concurrent_downloads),
                    UInt64(fields.default_upload_timeout), UInt64(fields.max_timeout), UInt64(fields.max_download_size),
                    UInt64(fields.max_data_size), UInt64(fields.storage_quota), UInt64(fields.temporary_quota),
                    UInt64(fields.default_download_timeout), UInt64(fields.temporary_retention),
                    UInt64(fields.max_retries), UInt64(fields.retry_delay), fields.max_bytes_per_second,
                    fields.low_speed_limit, UInt64(fields.low_speed_time),
                ],
                [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
            XCTAssertEqual([fields.referer, fields.path_scheme].map(\.text), ["https://referer.test/", "difile"])
            let uploads = UnsafeBufferPointer(start: fields.upload_domains, count: fields.upload_domain_count)
            let downloads = UnsafeBufferPointer(start: fields.download_domains, count: fields.download_domain_count)
            XCTAssertEqual(uploads.map(\.text), ["https://up.test"])
            XCTAssertEqual(downloads.map(\.text), ["https://down.test", "https://other.test"])
            let pins = UnsafeBufferPointer(start: fields.pins, count: fields.pin_count)
            XCTAssertEqual(pins.map(\.host.text), ["one.test", "two.test"])
            XCTAssertEqual(
                pins.map { Array(UnsafeBufferPointer(start: $0.sha256, count: $0.sha256_length)) },
                [[UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 31)])
        }
    }

    func testEveryChoiceReachesTheFieldOfItsName() {
        var options = WXTransferSessionOptions(
            appId: "", platform: .ios, clientVersion: "", dataDirectory: URL(fileURLWithPath: "/"))
        /// `fields` of the C form after a change of the options; the change stays.
        func after(_ change: (inout WXTransferSessionOptions) -> Void, _ fields: (WxtSessionOptions) -> [Int32]) -> [Int32] {
            change(&options)
            return CMemory.with { fields(options.cOptions(in: $0, host: HostContext(options))) }
        }
        let choices: (WxtSessionOptions) -> [Int32] = { [$0.platform, $0.path_policy, $0.storage_sharing] }
        XCTAssertEqual(after({ _ in }, choices), [WXT_PLATFORM_IOS, WXT_PATHS_SANDBOX, WXT_STORAGE_EXCLUSIVE])
        XCTAssertEqual(
            after({ $0.platform = .android }, choices), [WXT_PLATFORM_ANDROID, WXT_PATHS_SANDBOX, WXT_STORAGE_EXCLUSIVE])
        XCTAssertEqual(
            after({ $0.platform = .other }, choices), [WXT_PLATFORM_OTHER, WXT_PATHS_SANDBOX, WXT_STORAGE_EXCLUSIVE])
        XCTAssertEqual(
            after({ $0.pathPolicy = .native }, choices), [WXT_PLATFORM_OTHER, WXT_PATHS_NATIVE, WXT_STORAGE_EXCLUSIVE])
        XCTAssertEqual(
            after({ $0.storageSharing = .shared }, choices), [WXT_PLATFORM_OTHER, WXT_PATHS_NATIVE, WXT_STORAGE_SHARED])
        let permissions: (WxtSessionOptions) -> [Int32] = {
            [$0.allow_plain_http, $0.skip_domain_check, $0.send_uploads_once, $0.retry_uploads, $0.wait_in_background].map { Int32($0) }
        }
        XCTAssertEqual(after({ _ in }, permissions), [0, 0, 0, 0, 0])
        XCTAssertEqual(after({ $0.allowPlainHttp = true }, permissions), [1, 0, 0, 0, 0])
        XCTAssertEqual(after({ $0.skipDomainCheck = true }, permissions), [1, 1, 0, 0, 0])
        XCTAssertEqual(after({ $0.sendUploadsOnce = true }, permissions), [1, 1, 1, 0, 0])
        XCTAssertEqual(after({ $0.retryUploads = true }, permissions), [1, 1, 1, 1, 0])
        XCTAssertEqual(after({ $0.waitInBackground = true }, permissions), [1, 1, 1, 1, 1])
        let resume: (WxtSessionOptions) -> [Int32] = { [$0.resume] }
        XCTAssertEqual(after({ _ in }, resume), [WXT_RESUME_OFF])
        XCTAssertEqual(after({ $0.resume = .withinTask }, resume), [WXT_RESUME_WITHIN_TASK])
        XCTAssertEqual(after({ $0.resume = .acrossLaunches }, resume), [WXT_RESUME_ACROSS_LAUNCHES])
        let lan: (WxtSessionOptions) -> [Int32] = { [$0.lan_policy] }
        XCTAssertEqual(after({ _ in }, lan), [WXT_LAN_OWN_SUBNETS])
        XCTAssertEqual(after({ $0.lanPolicy = .off }, lan), [WXT_LAN_OFF])
        XCTAssertEqual(after({ $0.lanPolicy = .allLocal }, lan), [WXT_LAN_ALL_LOCAL])
    }

    func testEveryParameterReachesTheFieldOfItsName() {
        func pairs(_ pairs: UnsafePointer<WxtPair>?, _ count: Int) -> [[String?]] {
            UnsafeBufferPointer(start: pairs, count: count).map { [$0.name.text, $0.value.text] }
        }
        var upload = WXTransferUploadRequest(url: "url", filePath: "path", name: "name")
        upload.header = ["h1": "1", "h2": "2"]
        upload.formData = ["f": "3"]
        upload.fileName = "file"
        upload.timeout = 5
        // It belongs to a descriptor, and there is none.
        upload.fileLength = 6
        CMemory.with { memory in
            let fields = upload.cRequest(in: memory)
            XCTAssertEqual(
                [fields.url, fields.file_path, fields.name, fields.file_name].map(\.text), ["url", "path", "name", "file"])
            XCTAssertEqual(pairs(fields.header, fields.header_count), [["h1", "1"], ["h2", "2"]])
            XCTAssertEqual(pairs(fields.form_data, fields.form_data_count), [["f", "3"]])
            XCTAssertEqual(fields.timeout, 5)
            XCTAssertEqual(fields.has_file_descriptor, 0)
            XCTAssertEqual(fields.file_length, 0)
            XCTAssertNil(fields.data)
            XCTAssertEqual(fields.data_length, 0)
            XCTAssertEqual(fields.part_count, 0)
            XCTAssertEqual([fields.method, Int32(fields.raw)], [WXT_METHOD_POST, 0])
        }
        upload = WXTransferUploadRequest(url: "url", rawFilePath: "path", method: .put)
        upload.data = Data("bytes".utf8)
        CMemory.with { memory in
            let fields = upload.cRequest(in: memory)
            XCTAssertEqual([fields.url, fields.file_path, fields.name].map(\.text), ["url", "path", ""])
            XCTAssertEqual(Data(bytes: fields.data, count: fields.data_length), Data("bytes".utf8))
            XCTAssertEqual([fields.method, Int32(fields.raw)], [WXT_METHOD_PUT, 1])
        }
        upload = WXTransferUploadRequest(
            url: "url",
            parts: [
                .init(name: "1", filePath: "path", mediaType: "a/b"),
                .init(name: "2", data: Data("bytes".utf8), fileName: "file", mediaType: "c/d"),
                .init(name: "3", data: Data()),
                .init(name: "4", fileDescriptor: 5, fileLength: 6, fileName: "other"),
            ])
        CMemory.with { memory in
            let fields = upload.cRequest(in: memory)
            let parts = Array(UnsafeBufferPointer(start: fields.parts, count: fields.part_count))
            XCTAssertEqual(parts.map(\.name.text), ["1", "2", "3", "4"])
            XCTAssertEqual(parts.map(\.file_path.text), ["path", nil, nil, nil])
            XCTAssertEqual(parts.map(\.file_name.text), [nil, "file", nil, "other"])
            XCTAssertEqual(parts.map(\.media_type.text), ["a/b", "c/d", nil, nil])
            XCTAssertEqual(parts.map { $0.data != nil }, [false, true, true, false])
            XCTAssertEqual(parts.map(\.data_length), [0, 5, 0, 0])
            XCTAssertEqual(parts.map(\.has_file_descriptor), [0, 0, 0, 1])
            XCTAssertEqual([parts[3].file_descriptor, Int32(parts[3].file_length)], [5, 6])
        }
        CMemory.with { memory in
            let fields = WXTransferUploadRequest(
                url: "url", fileDescriptor: 7, fileLength: 8, name: "name", fileName: "file"
            ).cRequest(in: memory)
            XCTAssertEqual(
                [fields.url, fields.file_path, fields.name, fields.file_name].map(\.text), ["url", nil, "name", "file"])
            XCTAssertEqual(fields.timeout, 0)
            XCTAssertEqual(fields.has_file_descriptor, 1)
            XCTAssertEqual(fields.file_descriptor, 7)
            XCTAssertEqual(fields.file_length, 8)
        }
        var download = WXTransferDownloadRequest(url: "url", filePath: "path")
        download.header = ["h1": "1", "h2": "2"]
        download.timeout = 9
        download.expectedSha256 = "digits"
        download.expectedLength = 10
        download.wantSha256 = true
        CMemory.with { memory in
            let fields = download.cRequest(in: memory)
            XCTAssertEqual([fields.url, fields.file_path].map(\.text), ["url", "path"])
            XCTAssertEqual(pairs(fields.header, fields.header_count), [["h1", "1"], ["h2", "2"]])
            XCTAssertEqual(fields.timeout, 9)
            XCTAssertEqual(fields.expected_sha256.text, "digits")
            XCTAssertEqual(fields.expected_length, 10)
            XCTAssertEqual([fields.want_sha256, fields.verify_digest], [1, 0])
        }
        download = WXTransferDownloadRequest(url: "url")
        download.verifyDigest = true
        CMemory.with { memory in
            let fields = download.cRequest(in: memory)
            XCTAssertNil(fields.expected_sha256.text)
            XCTAssertEqual([fields.want_sha256, fields.verify_digest], [0, 1])
            XCTAssertEqual(fields.needs_unmetered, 0)
        }
        download.needsUnmetered = true
        CMemory.with { XCTAssertEqual(download.cRequest(in: $0).needs_unmetered, 1) }
        (upload.maxBytesPerSecond, upload.priority) = (11, -12)
        (download.maxBytesPerSecond, download.priority) = (13, 14)
        CMemory.with { memory in
            let (upload, download) = (upload.cRequest(in: memory), download.cRequest(in: memory))
            XCTAssertEqual([upload.max_bytes_per_second, download.max_bytes_per_second], [11, 13])
            XCTAssertEqual([upload.priority, download.priority], [-12, 14])
        }
        let network = WXTransferNetwork(kind: .cellular, metered: true, roaming: true).cNetwork
        XCTAssertEqual([Int(network.kind), Int(network.metered), Int(network.roaming)], [3, 1, 1])
    }

    func testEveryFieldOfAStructIsAProperty() throws {
        let options = WXTransferSessionOptions(
            appId: "", platform: .ios, clientVersion: "", dataDirectory: URL(fileURLWithPath: "/"))
        // In Swift an executor is a queue, and a logger is a closure.
        let names = ["executor": "callbackqueue", "logger": "log"]
        XCTAssertEqual(Set(try fields("WxtSessionOptions").map { names[$0] ?? $0 }), properties(options))
        XCTAssertEqual(Set(try fields("WxtPin")), properties(WXTransferSessionOptions.Pin(host: "", sha256: Data())))
        XCTAssertEqual(Set(try fields("WxtUrlCheck")), properties(WXTransferUrlCheck(WxtUrlCheck())))
        XCTAssertEqual(Set(try fields("WxtTrace")), properties(WXTransferTrace(WxtTrace())))
        XCTAssertEqual(
            Set(try fields("WxtSessionStatistics")), properties(WXTransferSessionStatistics(WxtSessionStatistics())))
        XCTAssertEqual(Set(try fields("WxtPair")), properties(WXTransferPair(name: "", value: "")))
        // In Swift a descriptor that is not there is nil.
        XCTAssertEqual(
            Set(try fields("WxtUploadRequest")).subtracting(["hasfiledescriptor"]),
            properties(WXTransferUploadRequest(url: "", filePath: "", name: "")))
        XCTAssertEqual(
            Set(try fields("WxtUploadPart")).subtracting(["hasfiledescriptor"]),
            properties(WXTransferUploadPart(name: "", filePath: "")))
        XCTAssertEqual(Set(try fields("WxtDownloadRequest")), properties(WXTransferDownloadRequest(url: "")))
        XCTAssertEqual(Set(try fields("WxtNetwork")), properties(WXTransferNetwork(kind: .wifi)))
        XCTAssertEqual(
            Set(try fields("WxtHeadersReceived")), properties(WXTransferHeadersReceived(WxtHeadersReceived())))
        XCTAssertEqual(Set(try fields("WxtProgress")), properties(WXTransferProgress(WxtProgress())))
        XCTAssertEqual(Set(try fields("WxtFileInfo")), properties(WXTransferFileInfo(WxtFileInfo())))
        XCTAssertEqual(Set(try fields("WxtFileStats")), properties(WXTransferFileStats(WxtFileStats())))
        XCTAssertEqual(Set(try fields("WxtFailure")), properties(WXTransferFailure(WxtFileResult())))
        var profile = WxtProfile()
        try withUnsafePointer(to: &profile) { profile in
            var success = WxtSuccess()
            success.profile = profile
            XCTAssertEqual(
                Set(try fields("WxtSuccess")),
                properties(WXTransferUploadSuccess(success), WXTransferDownloadSuccess(success)))
        }
    }

    func testEachNumberOfAProfileComesUnderItsOwnName() throws {
        let fields = try fields("WxtProfile")
        XCTAssertEqual(Set(fields), properties(WXTransferProfile(WxtProfile())))
        // The struct begins with its size and the numbers of 64 bits, all but the last five of its fields.
        var profile = WxtProfile()
        withUnsafeMutableBytes(of: &profile) { bytes in
            for index in 1...fields.count - 5 {
                bytes.storeBytes(of: UInt64(index), toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(WXTransferProfile(profile)))
        let values = Dictionary(uniqueKeysWithValues: try XCTUnwrap(json as? [String: Any]).map { (plain($0), $1) })
        XCTAssertEqual(fields.dropLast(5).map { values[$0] as? Int }, Array(1...fields.count - 5))
        // Two texts, which the tests of transfers look at, and these three.
        profile.port = 443
        for reused in [false, true] {
            profile.socket_reused = reused
            profile.using_high_performance_mode = !reused
            XCTAssertEqual(WXTransferProfile(profile).socketReused, reused)
            XCTAssertEqual(WXTransferProfile(profile).usingHighPerformanceMode, !reused)
        }
        XCTAssertEqual(WXTransferProfile(profile).port, 443)
        // What is absent is left out.
        withUnsafeMutableBytes(of: &profile) { bytes in
            for index in 1...fields.count - 5 {
                bytes.storeBytes(of: UInt64.max, toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        let absent = try JSONSerialization.jsonObject(with: JSONEncoder().encode(WXTransferProfile(profile)))
        let missing = Set(fields).subtracting(try XCTUnwrap(absent as? [String: Any]).keys.map(plain))
        XCTAssertEqual(missing, [
            "invokestart", "queuestart", "queueend", "rtt", "httprttestimate", "transportrttestimate", "throughputkbps",
            "downstreamthroughputkbpsestimate", "peerip", "protocol",
        ])
    }

    /// A module's sources, by the names of their files.
    private func sources(_ module: String = "WXTransfer") throws -> [String: String] {
        let directory = Repository.package.appendingPathComponent("Sources/\(module)")
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try Dictionary(uniqueKeysWithValues: files.map { file in
            (file, try String(contentsOf: directory.appendingPathComponent(file), encoding: .utf8))
        })
    }

    func testEveryFunctionIsCalled() throws {
        let code = try sources().values.joined()
        let functions = try Repository.text("../../include/wxtransfer.h").split(separator: "\n")
            .filter { $0.hasPrefix("WxtStatus wxt_") || $0.hasPrefix("const char *wxt_") }
            .compactMap { $0.split(separator: "(")[0].split(whereSeparator: { " *".contains($0) }).last.map(String.init) }
        XCTAssertGreaterThanOrEqual(functions.count, 18)
        for function in functions where !function.hasPrefix("wxt_android_") {
            XCTAssertTrue(code.contains("\(function)("), function)
        }
    }

    func testEveryPublicNameIsDocumented() throws {
        for (file, text) in try sources().merging(sources("WXTransferTesting"), uniquingKeysWith: { $1 }) {
            var documented = false
            for line in text.components(separatedBy: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                if line.hasPrefix("public ") || line.hasPrefix("case ") && !line.hasSuffix(":") && !line.contains("=") {
                    let inner = ["case .", "case running", "case ended"].contains { line.hasPrefix($0) }
                    XCTAssertTrue(documented || inner, "\(file): \(line)")
                }
                documented = line.hasPrefix("///") || documented && line.hasPrefix("@")
            }
        }
    }

    func testTheGuideShowsCodeThatIsCompiledHere() throws {
        let compiled = try ["FirstDownload", "NetworkReports", "MiniProgramHost", "MiniProgramPage"].map {
            try lines(Repository.text("Tests/WXTransferTests/\($0).swift"))
        }
        let blocks = try Repository.text("README.md").components(separatedBy: "```swift\n").dropFirst()
            .map { lines($0.components(separatedBy: "```")[0]) }
        XCTAssertEqual(blocks.count, compiled.count)
        for (block, code) in zip(blocks, compiled) {
            XCTAssertTrue(code.contains(block), "README.md shows other code than is compiled:\n\(block)")
        }
    }

    /// Code without its indentation and its imports, which stand above a function that it is the body of.
    private func lines(_ code: String) -> String {
        code.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.hasPrefix("import ") && !$0.isEmpty }.joined(separator: "\n")
    }
}

/// What the library says about the sizes of its structs.
private final class Sizes: @unchecked Sendable {
    private let condition = NSCondition()
    private var sizes: [String: Int] = [:]
    private var releases = 0

    var seen: [String: Int] {
        condition.lock()
        defer { condition.unlock() }
        return sizes
    }

    func add(_ name: String, _ size: Int) {
        condition.lock()
        sizes[name] = size
        condition.unlock()
    }

    func release() {
        condition.lock()
        releases += 1
        condition.signal()
        condition.unlock()
    }

    func wait(releases wanted: Int) {
        condition.lock()
        while releases < wanted, condition.wait(until: Date(timeIntervalSinceNow: 60)) {}
        XCTAssertEqual(releases, wanted)
        condition.unlock()
    }

    static func from(_ userData: UnsafeMutableRawPointer?) -> Sizes {
        Unmanaged.fromOpaque(userData!).takeUnretainedValue()
    }
}

private func headersReceived(
    _ data: UnsafeMutableRawPointer?, _: WxtTaskId, _ event: UnsafePointer<WxtHeadersReceived>?
) {
    Sizes.from(data).add("WxtHeadersReceived", event!.pointee.struct_size)
}

private func progress(_ data: UnsafeMutableRawPointer?, _: WxtTaskId, _ event: UnsafePointer<WxtProgress>?) {
    Sizes.from(data).add("WxtProgress", event!.pointee.struct_size)
}

private func complete(_ data: UnsafeMutableRawPointer?, _: WxtTaskId, _ event: UnsafePointer<WxtCompletion>?) {
    let sizes = Sizes.from(data)
    sizes.add("WxtCompletion", event!.pointee.struct_size)
    if let success = event!.pointee.success {
        sizes.add("WxtSuccess", success.pointee.struct_size)
        sizes.add("WxtProfile", success.pointee.profile.pointee.struct_size)
    }
    if let failure = event!.pointee.failure {
        sizes.add("WxtFailure", failure.pointee.struct_size)
    }
}

private func released(_ data: UnsafeMutableRawPointer?) {
    let sizes = Unmanaged<Sizes>.fromOpaque(data!).takeRetainedValue()
    sizes.release()
}

private func files(_ data: UnsafeMutableRawPointer?, _ result: UnsafePointer<WxtFileResult>?) {
    Sizes.from(data).add("WxtFileResult", result!.pointee.struct_size)
}
