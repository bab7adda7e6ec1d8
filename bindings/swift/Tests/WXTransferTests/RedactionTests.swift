import CWxtransfer
import Foundation
@testable import WXTransfer
import XCTest

/// Apps print values of the library's types. The text form of a public type contains no secret.
final class RedactionTests: XCTestCase {
    private let canary = "canary-secret"
    private var pairs: WXTransferPairs { ["Authorization": canary, "token": canary] }
    private var url: String { "https://\(canary):\(canary)@example.test:1/path?\(canary)=\(canary)#\(canary)" }

    private var upload: WXTransferUploadRequest {
        var request = WXTransferUploadRequest(url: url, filePath: "wxfile://tmp_1", name: "file")
        request.header = pairs
        request.formData = pairs
        request.data = Data(canary.utf8)
        request.parts = [part]
        return request
    }

    private var part: WXTransferUploadPart { .init(name: "file", data: Data(canary.utf8)) }

    private var download: WXTransferDownloadRequest {
        var request = WXTransferDownloadRequest(url: url)
        request.header = pairs
        return request
    }

    private func options(_ directory: TemporaryDirectory) -> WXTransferSessionOptions {
        var options = testOptions(directory)
        options.userID = canary
        options.userAgent = canary
        options.proxy = "http://\(canary):\(canary)@127.0.0.1:9"
        options.callbackQueue = DispatchQueue(label: canary)
        options.resolver = { _ in [] }
        options.log = { _, _ in }
        return options
    }

    private var headersReceived: WXTransferHeadersReceived {
        CMemory.with { memory in
            let header = memory.pairs(pairs)
            var event = WxtHeadersReceived()
            event.header = header.baseAddress
            event.header_count = header.count
            return WXTransferHeadersReceived(event)
        }
    }

    private func succeeded<Success>(_ make: (WxtSuccess) -> Success) -> Success {
        CMemory.with { memory in
            var profile = WxtProfile()
            return withUnsafePointer(to: &profile) { profile in
                var success = WxtSuccess()
                let header = memory.pairs(pairs)
                success.data = memory.string(canary)
                success.header = header.baseAddress
                success.header_count = header.count
                success.profile = profile
                return make(success)
            }
        }
    }

    /// All text forms of a value in Swift.
    private func texts(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return ["\(value)", String(reflecting: value), "\([value])", "\(Optional(value) as Any)", dumped]
    }

    func testTheTextFormOfAPublicTypeContainsNoSecret() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(options(directory))
        let task = try session.downloadFileTask(download)
        let failed = try await failure { try await task.result }
        var listed = options(directory)
        listed.rootCertificates = canary
        listed.pins = [.init(host: "example.test", sha256: Data(canary.utf8))]
        listed.uploadDomains = [url]
        listed.downloadDomains = [url]
        let certificate = WXTransferSessionOptions.ClientCertificate(chain: canary, hosts: ["example.test"]) { _, _ in nil }
        listed.clientCertificate = certificate
        let values: [Any] = [
            certificate, WXTransferSessionOptions.SignatureScheme.ed25519,
            upload, download, listed, pairs, pairs[0], headersReceived, succeeded(WXTransferUploadSuccess.init),
            listed.pins[0], succeeded(WXTransferDownloadSuccess.init), WXTransferProfile(WxtProfile()),
            WXTransferProgress(WxtProgress()), WXTransferFileInfo(WxtFileInfo()), failed, failed.errno, failed.category,
            WXTransferStatus.invalidProxy, WXTransferImportMode.copy, listed.platform, listed.pathPolicy,
            listed.lanPolicy, listed.storageSharing, listed.resume, WXTransferSessionOptions.LogLevel.info, session, task, session.files,
            session.files.blocking, WXTransferFileStats(WxtFileStats()), WXTransferFileDigest(size: 1, digest: "00"),
            WXTransferDigestAlgorithm.md5, WXTransferWriteMode.at(position: 1), WXTransferMethod.put, part, WXTransferAPI.upload,
            WXTransferSessionStatistics(WxtSessionStatistics()), WXTransferTrace(WxtTrace()),
            WXTransferNetwork(kind: .wifi), WXTransferNetwork.Kind.wifi, try session.checkURL(.upload, url, header: pairs),
            try session.checkURL(.upload, "https://example.test/?\(canary)", header: pairs),
        ]
        for value in values {
            for text in texts(value) {
                XCTAssertFalse(text.contains(canary), "\(type(of: value)): \(text)")
            }
        }
        XCTAssertTrue(headersReceived.header.allSatisfy { $0.value == canary }, "the test gives it a secret")
        XCTAssertEqual(succeeded(WXTransferUploadSuccess.init).data, canary, "the test gives it a secret")

        var declared: Set<String> = []
        for text in try Repository.sources("WXTransfer").values {
            for line in text.split(separator: "\n") {
                let words = line.split(whereSeparator: { " :<".contains($0) })
                guard words.first == "public", let kind = words.firstIndex(where: { ["struct", "enum", "class"].contains($0) })
                else { continue }
                declared.insert(String(words[kind + 1]))
            }
        }
        XCTAssertGreaterThan(declared.count, 15, "the parser finds them all")
        let tested = values.map { String(describing: type(of: $0)).prefix { $0 != "<" }.description }
        XCTAssertEqual(declared, Set(tested), "a public type without this test")
    }

    func testValuesThatDevelopersNeedAreShown() throws {
        let text = "\(upload)"
        for part in ["WXTransferUploadRequest(url: https://example.test:1/path,", #"["Authorization", "token"]"#, "wxfile://tmp_1"] {
            XCTAssertTrue(text.contains(part), text)
        }
        XCTAssertTrue("\(try options(TemporaryDirectory()))".contains("proxy: http://127.0.0.1:9,"))
        XCTAssertTrue("\(try testOptions(TemporaryDirectory()))".contains("proxy: nil,"))
        XCTAssertTrue("\(succeeded(WXTransferUploadSuccess.init))".contains("data: <13 bytes>"))
    }

    func testAURLOfAnyFormIsShownWithoutThePartsThatMayBeSecret() {
        let urls = [
            ("https://example.test", "https://example.test"),
            ("https://example.test?a", "https://example.test"),
            ("https://example.test#a\nb", "https://example.test"),
            ("https://user:a@b@example.test/@path", "https://example.test/@path"),
            ("HTTPS://user@[::1]:443/\u{56fe}?a#b", "HTTPS://[::1]:443/\u{56fe}"),
            // A text that is not a URL may contain a secret anywhere, so only its length is shown.
            ("https://user:pass/word@example.test", "<35 bytes>"),
            ("https:user:a@example.test", "<25 bytes>"),
            ("user:a@example.test/b", "<21 bytes>"),
            ("https:\\\\user:a@example.test", "<27 bytes>"),
            ("https://example.test/a\nb", "<24 bytes>"),
            ("", "<0 bytes>"),
        ]
        for (url, shown) in urls {
            XCTAssertEqual(Redaction.url(url), shown, url)
        }
        let proxies = [
            ("http://user:a@127.0.0.1:9", "http://127.0.0.1:9"),
            ("http://proxy.test:9/", "http://proxy.test:9"),
            ("http://user:1/a@proxy.test:9", "<28 bytes>"),
            ("http://user:1?a@proxy.test:9", "<28 bytes>"),
            ("user:a@proxy.test:9", "<19 bytes>"),
        ]
        for (proxy, shown) in proxies {
            XCTAssertEqual(Redaction.proxy(proxy), shown, proxy)
        }
    }
}
