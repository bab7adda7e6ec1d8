import Foundation
import WXTransfer
import WXTransferTesting
import XCTest

/// Public names have documentation, and the guide and the articles show code that is compiled.
final class DocumentationTests: XCTestCase {
    func testEveryPublicNameIsDocumented() throws {
        for (file, text) in try Repository.sources("WXTransfer", "WXTransferTesting") {
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

    /// Swift's API Design Guidelines: acronyms are all upper or all lower case. A page's names keep WeChat's spelling.
    func testAcronymsAreWrittenAlike() throws {
        let mixed = try NSRegularExpression(pattern: "(Id|Url|Uri|Api|Http|Https|Tls|Sha|Utf|Dns|Lan|Json|Pkcs)(?![a-z])")
        for text in try Repository.sources("WXTransfer", "WXTransferTesting").values {
            for line in text.components(separatedBy: "\n") where line.contains("public ") || line.contains(" case ") {
                let names = line.components(separatedBy: "//")[0]
                let found = mixed.firstMatch(in: names, range: NSRange(names.startIndex..., in: names))
                XCTAssertNil(found, line)
            }
        }
    }

    func testTheGuideShowsCodeThatIsCompiledHere() throws {
        let compiled = try ["FirstDownload", "MainActorTests", "NetworkReports", "MiniProgramHost", "MiniProgramPage"].map {
            try lines(Repository.text("Tests/WXTransferTests/\($0).swift"))
        }
        let blocks = try Repository.text("README.md").components(separatedBy: "```swift\n").dropFirst()
            .map { lines($0.components(separatedBy: "```")[0]) }
        XCTAssertEqual(blocks.count, compiled.count)
        for (block, code) in zip(blocks, compiled) {
            XCTAssertTrue(code.contains(block), "README.md shows other code than is compiled:\n\(block)")
        }
    }

    /// Code without its indentation and its imports: in the compiled file, the imports are above the function.
    private func lines(_ code: String) -> String {
        code.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.hasPrefix("import ") && !$0.isEmpty }.joined(separator: "\n")
    }

    /// The articles of the DocC catalogue, by the names of their files.
    private func articles() throws -> [String: String] {
        let directory = Repository.package.appendingPathComponent("Sources/WXTransfer/WXTransfer.docc")
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        return try Dictionary(uniqueKeysWithValues: names.map { name in
            (name, try String(contentsOf: directory.appendingPathComponent(name), encoding: .utf8))
        })
    }

    /// The texts between `opening` and `closing`.
    private func parts(_ text: String, _ opening: String, _ closing: String) -> [String] {
        text.components(separatedBy: opening).dropFirst().map { $0.components(separatedBy: closing)[0] }
    }

    func testTheArticlesShowCodeThatIsCompiledHere() throws {
        let compiled = try ["ArticleCode", "MainActorTests", "PhotoScreenTests"].map {
            try lines(Repository.text("Tests/WXTransferTests/\($0).swift"))
        }
        let blocks = try articles().values.flatMap { parts($0, "```swift\n", "```") }
        XCTAssertGreaterThan(blocks.count, 10)
        for block in blocks {
            XCTAssertTrue(compiled.contains { $0.contains(lines(block)) }, block)
        }
    }

    func testTheArticlesNameExistingSymbols() throws {
        let code = try Repository.sources("WXTransfer").values.joined(separator: "\n")
        let declared = Set(code.split(whereSeparator: { $0 == "\n" }).flatMap { line -> [String] in
            let words = line.split(whereSeparator: { " (:<".contains($0) }).map(String.init)
            guard words.first == "public" || words.first == "case" else { return [] }
            if words.contains("init") { return ["init"] }
            guard let kind = words.firstIndex(where: {
                ["class", "struct", "enum", "protocol", "typealias", "func", "var", "let", "case"].contains($0)
            }), kind + 1 < words.count else { return [] }
            return [words[kind + 1]]
        })
        let articles = try articles()
        for (file, text) in articles {
            for symbol in parts(text.replacingOccurrences(of: "```", with: ""), "``", "``").enumerated().filter({ $0.offset % 2 == 0 }) {
                for name in symbol.element.split(separator: "/").map({ $0.prefix { $0 != "(" } }) where name != "WXTransfer" {
                    XCTAssertTrue(declared.contains(String(name)), "\(file) names \(symbol.element)")
                }
            }
            for article in parts(text, "<doc:", ">") {
                XCTAssertNotNil(articles["\(article).md"], "\(file) leads to \(article)")
            }
        }
        // Every public type is in the list of the first page.
        let types = try Repository.sources("WXTransfer").values.flatMap { text in
            text.split(separator: "\n").compactMap { line -> String? in
                let words = line.split(whereSeparator: { " (:<".contains($0) }).map(String.init)
                guard line.hasPrefix("public "), ["class", "struct", "enum", "protocol", "typealias"].contains(words[words[1] == "final" ? 2 : 1])
                else { return nil }
                return words[words[1] == "final" ? 3 : 2]
            }
        }
        XCTAssertGreaterThan(types.count, 25)
        for type in types {
            XCTAssertTrue(try XCTUnwrap(articles["WXTransfer.md"]).contains("- ``\(type)``\n"), type)
        }
    }

    func testTheCodeOfTheArticlesWorks() async throws {
        let directory = try TemporaryDirectory()
        var options = testOptions(directory)
        let session = try WXTransferSession(options)
        let photo = try directory.file("photo.jpg", Data("photo".utf8))
        let (viewed, names) = try await ArticleCode.files(session, photo)
        XCTAssertEqual(try Data(contentsOf: viewed), Data("photo".utf8))
        XCTAssertEqual(names, ["1.txt"])
        let shown = try await ArticleCode.failures(session, "https://example.com/")
        XCTAssertEqual(shown, .message("This address is not allowed.", canBeTriedAgain: false))
        let length = try await ArticleCode.rates(session, TestServer.shared.plain + "/bytes/1000").dataLength
        XCTAssertEqual(length, 1000)
        try ArticleCode.trust(session, nextKey: Data(count: 32))
        try session.close()

        ArticleCode.options(&options, key: Data(count: 32), nextKey: Data(repeating: 1, count: 32))
        let other = try WXTransferSession(options)
        var request = WXTransferDownloadRequest(url: TestServer.shared.plain + "/bytes/10")
        ArticleCode.request(&request)
        let success = try await other.downloadFile(request)
        XCTAssertEqual(success.dataLength, 10)
        try other.close()
    }
}
