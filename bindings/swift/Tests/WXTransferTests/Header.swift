import Foundation
import XCTest

/// Constants and fields of the C header, for comparison with Swift.
enum Header {
    static func text() throws -> String { try Repository.text("../../include/wxtransfer.h") }

    /// `#define WXT_<NAME> <number>`, without those that start with one of `other`.
    static func constants(_ prefix: String, besides other: [String] = []) throws -> [String: Int32] {
        var constants: [String: Int32] = [:]
        for line in try text().split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "#define", words[1].hasPrefix(prefix), let value = Int32(words[2]),
                !other.contains(where: { words[1].hasPrefix($0) })
            else { continue }
            constants[plain(words[1].dropFirst(prefix.count))] = value
        }
        return constants
    }

    /// The fields of a struct in their order, without lengths and the struct's size, which only C needs.
    static func fields(_ name: String) throws -> [String] {
        let header = try text()
        let before = header.components(separatedBy: "} \(name);\n")[0]
        let body = try XCTUnwrap(before.components(separatedBy: "typedef struct {").last)
        return body.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { $0.hasSuffix(";") && !$0.hasPrefix("*") && !$0.hasPrefix("size_t ") }
            .map { plain($0.dropLast().split(whereSeparator: { " *".contains($0) }).last.map(String.init) ?? "") }
    }

    /// A name in lower case without underscores, so that `INVALID_URL` of C equals `invalidURL` of Swift.
    static func plain(_ name: some StringProtocol) -> String {
        name.replacingOccurrences(of: "_", with: "").lowercased()
    }

    /// The names of the properties of Swift's values, without the unit of times, which C's names do not have.
    static func properties(_ values: Any...) -> Set<String> {
        let labels = values.flatMap { Mirror(reflecting: $0).children.compactMap(\.label) }
        return Set(labels.map { plain($0).replacingOccurrences(of: "milliseconds", with: "") })
    }
}
