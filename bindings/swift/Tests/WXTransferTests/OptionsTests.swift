import CWxtransfer
import Foundation
@testable import WXTransfer
import XCTest

/// Every option of Swift sets the field of C with its name.
final class OptionsTests: XCTestCase {
    func testEveryOptionReachesTheFieldOfItsName() {
        var options = WXTransferSessionOptions(
            appID: "app", platform: .iOS, clientVersion: "8.0.1", dataDirectory: URL(fileURLWithPath: "/data"))
        options.appVersion = "12"
        options.userID = "user"
        options.baseLibraryVersion = "2.10.1"
        options.userAgent = "agent"
        options.rootCertificates = "roots"
        options.proxy = "http://localhost:1"
        options.maxConcurrentUploads = 1
        options.maxConcurrentDownloads = 2
        options.defaultUploadTimeoutMilliseconds = 3
        options.defaultDownloadTimeoutMilliseconds = 9
        options.temporaryRetention = 10
        options.referer = "https://referer.test/"
        options.pathScheme = "difile"
        options.maxTimeoutMilliseconds = 4
        options.maxDownloadSize = 5
        options.maxDataSize = 6
        options.storageQuota = 7
        options.temporaryQuota = 8
        options.maxRetries = 11
        options.retryDelayMilliseconds = 12
        options.maxBytesPerSecond = 13
        options.lowSpeedLimit = 14
        options.lowSpeedTimeMilliseconds = 15
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
            appID: "", platform: .iOS, clientVersion: "", dataDirectory: URL(fileURLWithPath: "/"))
        /// Changes the options, and returns `fields` of the struct of C. The change stays.
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
        XCTAssertEqual(after({ $0.allowPlainHTTP = true }, permissions), [1, 0, 0, 0, 0])
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

    func testEveryTimeIsADurationToo() {
        var options = WXTransferSessionOptions(
            appID: "", platform: .iOS, clientVersion: "", dataDirectory: URL(fileURLWithPath: "/"))
        options.defaultUploadTimeout = .milliseconds(1)
        options.defaultDownloadTimeout = .milliseconds(2)
        options.maxTimeout = .milliseconds(3)
        options.retryDelay = .milliseconds(4)
        options.lowSpeedTime = .milliseconds(5)
        XCTAssertEqual(
            [
                options.defaultUploadTimeoutMilliseconds, options.defaultDownloadTimeoutMilliseconds,
                options.maxTimeoutMilliseconds, options.retryDelayMilliseconds, options.lowSpeedTimeMilliseconds,
            ],
            [1, 2, 3, 4, 5])
        XCTAssertEqual(
            [
                options.defaultUploadTimeout, options.defaultDownloadTimeout, options.maxTimeout, options.retryDelay,
                options.lowSpeedTime,
            ],
            [.milliseconds(1), .milliseconds(2), .milliseconds(3), .milliseconds(4), .milliseconds(5)])
    }
}
