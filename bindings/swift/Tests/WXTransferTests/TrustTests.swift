import Foundation
@testable import WXTransfer
import XCTest

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Client certificates, and changes of root certificates and pins in an open session.
final class TrustTests: XCTestCase {
    private typealias Scheme = WXTransferSessionOptions.SignatureScheme
    private let url = TestServer.shared.mutualTls + "/bytes/5"

    /// Signs with a key that is outside this process, like one in the Keychain: the test server signs.
    private static func sign(_ key: String, _ scheme: Scheme, _ message: Data) async -> Data? {
        let address = URL(string: "\(TestServer.shared.plain)/sign/\(key)/\(scheme.rawValue)")!
        var request = URLRequest(url: address)
        request.httpMethod = "POST"
        request.httpBody = message
        return await withCheckedContinuation { continuation in
            let task = URLSession.shared.dataTask(with: request) { data, response, _ in
                let isSigned = (response as? HTTPURLResponse)?.statusCode == 200
                continuation.resume(returning: isSigned ? data : nil)
            }
            task.resume()
        }
    }

    private func open(
        _ directory: TemporaryDirectory, _ key: String, schemes: [Scheme] = [],
        sign: @escaping @Sendable (Scheme, Data) async -> Data?
    ) throws -> WXTransferSession {
        var options = testOptions(directory)
        options.clientCertificate = .init(
            chain: try TestServer.shared.file("client-\(key).pem"), hosts: ["localhost"], schemes: schemes, sign: sign)
        return try WXTransferSession(options)
    }

    func testAServerThatAsksGetsTheCertificate() async throws {
        let directory = try TemporaryDirectory()
        for (key, schemes) in [("ecdsa", []), ("rsa", []), ("rsa", [Scheme.rsaPSSSHA384])] {
            let asked = Locked<[Scheme]>([])
            let session = try open(directory, key, schemes: schemes) { scheme, message in
                asked.withLock { $0.append(scheme) }
                return await Self.sign(key, scheme, message)
            }
            let success = try await session.downloadFile(WXTransferDownloadRequest(url: url))
            XCTAssertEqual(success.dataLength, 5)
            let expected = key == "ecdsa" ? Scheme.ecdsaP256SHA256 : schemes.first ?? .rsaPSSSHA256
            XCTAssertEqual(asked.withLock { $0 }, [expected])
            try session.close()
        }
    }

    func testAMissingCertificateOrSignatureIsAFailure() async throws {
        let directory = try TemporaryDirectory()
        let none = try WXTransferSession(testOptions(directory))
        let refused = try await failure { try await none.downloadFile(WXTransferDownloadRequest(url: url)) }
        XCTAssertEqual(refused.category, .tls)
        XCTAssertTrue(refused.detail.contains("there is none for this host"), refused.detail)
        try none.close()

        let declined = try open(directory, "ecdsa") { _, _ in nil }
        let unsigned = try await failure { try await declined.downloadFile(WXTransferDownloadRequest(url: url)) }
        XCTAssertEqual(unsigned.category, .tls)
        XCTAssertTrue(unsigned.detail.contains("gave no signature"), unsigned.detail)
        try declined.close()
    }

    func testClosingDoesNotWaitForASignature() async throws {
        let directory = try TemporaryDirectory()
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let (closed, isClosed) = AsyncStream.makeStream(of: Void.self)
        let session = try open(directory, "ecdsa") { _, _ in
            isAsked.yield()
            for await _ in closed { break }
            return Data([1])
        }
        let task = Task { [url] in
            try await failure { try await session.downloadFile(WXTransferDownloadRequest(url: url)) }
        }
        for await _ in asked { break }
        try session.close()
        isClosed.yield()
        let category = try await task.value.category
        XCTAssertEqual(category, .aborted)
    }

    func testSetTrustAppliesToNewConnections() async throws {
        let directory = try TemporaryDirectory()
        let session = try WXTransferSession(testOptions(directory))
        let request = WXTransferDownloadRequest(url: TestServer.shared.tls + "/bytes/5")
        _ = try await session.downloadFile(request)
        let pin = WXTransferSessionOptions.Pin(host: "localhost", sha256: Data(count: 32))
        try session.setTrust(rootCertificates: TestServer.shared.certificate, pins: [pin])
        let refused = try await failure { try await session.downloadFile(request) }
        XCTAssertTrue(refused.detail.contains("pinned keys"), refused.detail)
        XCTAssertThrowsError(try session.setTrust(rootCertificates: "no PEM", pins: [])) {
            XCTAssertEqual($0 as? WXTransferStatus, .invalidCertificate)
        }
        try session.setTrust(rootCertificates: TestServer.shared.certificate, pins: [])
        _ = try await session.downloadFile(request)
        try session.close()
    }
}
