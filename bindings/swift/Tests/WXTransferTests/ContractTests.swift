import CWxtransfer
import Foundation
@testable import WXTransfer
import XCTest

/// Every constant, field and function of the header has its counterpart in Swift.
final class ContractTests: XCTestCase {
    /// Constants by their names in the header.
    private func plain<Number: RawRepresentable>(_ names: [String: Number]) -> [String: Number.RawValue] {
        Dictionary(uniqueKeysWithValues: names.map { (Header.plain($0), $1.rawValue) })
    }

    func testEveryErrnoHasAName() throws {
        for (name, number) in try Header.constants("WXT_ERRNO_") {
            XCTAssertEqual(Header.plain("\(WXTransferErrno(rawValue: number))"), name)
        }
        XCTAssertEqual("\(WXTransferErrno.invalidURLScheme)", "invalidURLScheme")
        XCTAssertEqual("\(WXTransferErrno(rawValue: 99))", "errno 99")
    }

    func testEveryCategoryHasAName() throws {
        for (name, number) in try Header.constants("WXT_CATEGORY_") {
            XCTAssertEqual(Header.plain("\(WXTransferCategory(rawValue: number))"), name)
        }
        XCTAssertEqual("\(WXTransferCategory.nameResolution)", "nameResolution")
        XCTAssertEqual("\(WXTransferCategory(rawValue: 99))", "category 99")
    }

    func testEveryStatusHasAName() throws {
        let swift: [String: WXTransferStatus] = [
            "ok": WXTransferStatus(rawValue: WXT_OK), "invalidArgument": .invalidArgument,
            "invalidStructSize": .invalidStructSize, "invalidUTF8": .invalidUTF8, "sessionClosed": .sessionClosed,
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
        XCTAssertEqual(plain(swift), try Header.constants("WXT_", besides: others.map { "WXT_\($0)" }))
    }

    /// Values that are only passed from Swift to C are an `enum`, which has a case for each constant of the header.
    func testEveryChoiceHasACase() throws {
        XCTAssertEqual(try Set(Header.constants("WXT_PLATFORM_").keys), ["ios", "android", "other", "ohos"])
        XCTAssertEqual(try Set(Header.constants("WXT_PATHS_").keys), ["sandbox", "native"])
        XCTAssertEqual(
            try Set(Header.constants("WXT_STORAGE_", besides: ["WXT_STORAGE_FAILED", "WXT_STORAGE_LOCKED"]).keys),
            ["exclusive", "shared"])
        XCTAssertEqual(try Set(Header.constants("WXT_API_").keys), ["upload", "download"])
        XCTAssertEqual(try Set(Header.constants("WXT_LOG_").keys), ["warning", "info"])
        XCTAssertEqual(try Set(Header.constants("WXT_IMPORT_").keys), ["copy", "move"])
        XCTAssertEqual(try Set(Header.constants("WXT_DIGEST_").keys), ["md5", "sha1", "sha256"])
        XCTAssertEqual(try Set(Header.constants("WXT_WRITE_").keys), ["whole", "append", "atposition"])
        XCTAssertEqual(try Set(Header.constants("WXT_METHOD_").keys), ["post", "put"])
        let schemes = WXTransferSessionOptions.SignatureScheme.allCases.map { (Header.plain("\($0)"), Int32($0.rawValue)) }
        XCTAssertEqual(try Header.constants("WXT_SCHEME_"), Dictionary(uniqueKeysWithValues: schemes))
    }

    /// Swift does not import macros of macros, so the binding contains these values.
    func testUnknownIsTheLargestNumber() throws {
        let header = try Header.text()
        XCTAssertTrue(header.contains("#define WXT_TOTAL_UNKNOWN UINT64_MAX\n"))
        XCTAssertTrue(header.contains("#define WXT_PROGRESS_UNKNOWN UINT32_MAX\n"))
        XCTAssertTrue(type(of: WxtProgress().total_bytes_expected) == UInt64.self)
        XCTAssertTrue(type(of: WxtProgress().progress) == UInt32.self)
    }

    func testEveryFieldOfAStructIsAProperty() throws {
        let options = WXTransferSessionOptions(
            appID: "", platform: .iOS, clientVersion: "", dataDirectory: URL(fileURLWithPath: "/"))
        // In Swift an executor is a queue, and a logger is a closure.
        let names = ["executor": "callbackqueue", "logger": "log"]
        XCTAssertEqual(Set(try Header.fields("WxtSessionOptions").map { names[$0] ?? $0 }), Header.properties(options))
        XCTAssertEqual(Set(try Header.fields("WxtPin")), Header.properties(WXTransferSessionOptions.Pin(host: "", sha256: Data())))
        XCTAssertEqual(Set(try Header.fields("WxtUrlCheck")), Header.properties(WXTransferURLCheck(WxtUrlCheck())))
        XCTAssertEqual(Set(try Header.fields("WxtTrace")), Header.properties(WXTransferTrace(WxtTrace())))
        XCTAssertEqual(
            Set(try Header.fields("WxtSessionStatistics")), Header.properties(WXTransferSessionStatistics(WxtSessionStatistics())))
        XCTAssertEqual(Set(try Header.fields("WxtPair")), Header.properties(WXTransferPair(name: "", value: "")))
        // In Swift an absent descriptor is nil.
        XCTAssertEqual(
            Set(try Header.fields("WxtUploadRequest")).subtracting(["hasfiledescriptor"]),
            Header.properties(WXTransferUploadRequest(url: "", filePath: "", name: "")))
        XCTAssertEqual(
            Set(try Header.fields("WxtUploadPart")).subtracting(["hasfiledescriptor"]),
            Header.properties(WXTransferUploadPart(name: "", filePath: "")))
        XCTAssertEqual(Set(try Header.fields("WxtDownloadRequest")), Header.properties(WXTransferDownloadRequest(url: "")))
        XCTAssertEqual(Set(try Header.fields("WxtNetwork")), Header.properties(WXTransferNetwork(kind: .wifi)))
        XCTAssertEqual(
            Set(try Header.fields("WxtHeadersReceived")), Header.properties(WXTransferHeadersReceived(WxtHeadersReceived())))
        XCTAssertEqual(Set(try Header.fields("WxtProgress")), Header.properties(WXTransferProgress(WxtProgress())))
        XCTAssertEqual(Set(try Header.fields("WxtFileInfo")), Header.properties(WXTransferFileInfo(WxtFileInfo())))
        XCTAssertEqual(Set(try Header.fields("WxtFileStats")), Header.properties(WXTransferFileStats(WxtFileStats())))
        XCTAssertEqual(Set(try Header.fields("WxtFailure")), Header.properties(WXTransferFailure(WxtFileResult())))
        var profile = WxtProfile()
        try withUnsafePointer(to: &profile) { profile in
            var success = WxtSuccess()
            success.profile = profile
            XCTAssertEqual(
                Set(try Header.fields("WxtSuccess")),
                Header.properties(WXTransferUploadSuccess(success), WXTransferDownloadSuccess(success)))
        }
    }

    func testEachNumberOfAProfileHasItsOwnName() throws {
        let fields = try Header.fields("WxtProfile")
        XCTAssertEqual(Set(fields), Header.properties(WXTransferProfile(WxtProfile())))
        // The struct begins with its size and the numbers of 64 bits before the first text.
        let numbers = fields.prefix { $0 != "peerip" }
        var profile = WxtProfile()
        withUnsafeMutableBytes(of: &profile) { bytes in
            for index in 1...numbers.count {
                bytes.storeBytes(of: UInt64(index), toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(WXTransferProfile(profile)))
        let values = Dictionary(uniqueKeysWithValues: try XCTUnwrap(json as? [String: Any]).map { (Header.plain($0), $1) })
        XCTAssertEqual(numbers.map { values[$0] as? Int }, Array(1...numbers.count))
        // The remaining members are two texts, which the tests of transfers check, and these three.
        profile.port = 443
        for reused in [false, true] {
            profile.socket_reused = reused
            profile.using_high_performance_mode = !reused
            XCTAssertEqual(WXTransferProfile(profile).socketReused, reused)
            XCTAssertEqual(WXTransferProfile(profile).usingHighPerformanceMode, !reused)
        }
        XCTAssertEqual(WXTransferProfile(profile).port, 443)
        // Absent values are left out.
        withUnsafeMutableBytes(of: &profile) { bytes in
            for index in 1...numbers.count {
                bytes.storeBytes(of: UInt64.max, toByteOffset: 8 * index, as: UInt64.self)
            }
        }
        let absent = try JSONSerialization.jsonObject(with: JSONEncoder().encode(WXTransferProfile(profile)))
        let missing = Set(fields).subtracting(try XCTUnwrap(absent as? [String: Any]).keys.map { Header.plain($0) })
        XCTAssertEqual(missing, [
            "invokestart", "queuestart", "queueend", "rtt", "httprttestimate", "transportrttestimate", "throughputkbps",
            "downstreamthroughputkbpsestimate", "peerip", "protocol",
        ])
    }

    func testEveryFunctionIsCalled() throws {
        let code = try Repository.sources("WXTransfer").values.joined()
        let functions = try Header.text().split(separator: "\n")
            .filter { $0.hasPrefix("WxtStatus wxt_") || $0.hasPrefix("const char *wxt_") }
            .compactMap { $0.split(separator: "(")[0].split(whereSeparator: { " *".contains($0) }).last.map(String.init) }
        XCTAssertGreaterThanOrEqual(functions.count, 18)
        for function in functions where !function.hasPrefix("wxt_android_") {
            XCTAssertTrue(code.contains("\(function)("), function)
        }
    }
}
