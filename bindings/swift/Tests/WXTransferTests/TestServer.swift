import Foundation
import XCTest

/// The repository's test server, one for all tests. It ends with its standard input, which ends with the tests.
struct TestServer: Sendable {
    static let shared = TestServer()

    /// The well-behaved server, with and without TLS.
    let plain, tls: String
    /// The server whose request targets choose a fault.
    let faultPlain, faultTls: String
    /// The well-behaved server that requires a client certificate.
    let mutualTls: String
    /// The authority of its certificates, in PEM.
    let certificate: String
    private let directory: URL

    /// A file that the server has written beside the authority's.
    func file(_ name: String) throws -> String {
        try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8)
    }

    private init() {
        guard let program = ProcessInfo.processInfo.environment["WXTRANSFER_TEST_SERVER"] else {
            fatalError("WXTRANSFER_TEST_SERVER has to name the test server's program; test.sh does that")
        }
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: program)
        process.standardInput = input
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            fatalError("\(program): \(error)")
        }
        var lines: [String: String] = [:]
        var text = ""
        while !text.contains("ready\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { fatalError("\(program) ended early: \(text)") }
            text += String(decoding: data, as: UTF8.self)
        }
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            lines[String(words[0])] = words.count == 2 ? String(words[1]) : ""
        }
        plain = lines["plain"] ?? ""
        tls = lines["tls"] ?? ""
        faultPlain = lines["fault-plain"] ?? ""
        faultTls = lines["fault-tls"] ?? ""
        mutualTls = lines["mutual-tls"] ?? ""
        directory = URL(fileURLWithPath: lines["ca"] ?? "").deletingLastPathComponent()
        guard let authority = try? String(contentsOfFile: lines["ca"] ?? "", encoding: .utf8) else {
            fatalError("\(program) wrote no certificate: \(text)")
        }
        certificate = authority
        // The input stays open as long as the tests run.
        _ = Unmanaged.passRetained(input)
    }

    /// Byte i of `/bytes/{n}`, as tests/server/README.md defines it.
    static func pattern(_ length: Int) -> Data {
        Data((0..<length).map { UInt8(truncatingIfNeeded: (UInt64($0 % 65521) * 2_654_435_761) >> 24) })
    }
}
