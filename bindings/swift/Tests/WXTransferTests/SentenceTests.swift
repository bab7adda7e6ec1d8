import Foundation
import WXTransfer
import WXTransferTesting
import XCTest

/// Texts of errors and values, for users and developers.
final class SentenceTests: XCTestCase {
    private let failures: [WXTransferFakeFailure] = [
        .aborted, .timeout, .stalled, .interrupted, .parameter, .invalidRequestData, .invalidURL, .invalidURLScheme,
        .notInDomainList, .tooManyTasks, .tooManyRedirects, .nameResolution, .connect, .tls, .notTLS, .connectionClosed,
        .protocol, .integrity, .outOfResources, .fileNotFound, .fileChanged, .permissionDenied, .targetDenied,
        .directoryNotFound, .dataTooLarge, .fileTooLarge, .saveFile, .quotaExceeded, .internal,
    ]

    func testEveryFailureHasASentenceForUsers() {
        for failure in failures.map({ $0.ofDownload(detail: "look-up of api.example.com") }) {
            let sentence = failure.localizedDescription
            XCTAssertTrue(sentence.first?.isUppercase == true && sentence.hasSuffix("."), sentence)
            XCTAssertFalse(sentence.contains("fail") && sentence.contains(":"), sentence)
            XCTAssertEqual(failure.failureReason, "look-up of api.example.com")
            if failure.retryable { XCTAssertNotNil(failure.recoverySuggestion, "\(failure)") }
        }
        XCTAssertNil(WXTransferFakeFailure.aborted.ofUpload(detail: "").failureReason)
        XCTAssertNil(WXTransferFakeFailure.notInDomainList.ofUpload().recoverySuggestion)
        let sentences = Set(failures.map { $0.ofDownload().localizedDescription })
        XCTAssertGreaterThan(sentences.count, 15, "kinds of failures are told apart")
    }

    func testTheFakeHasEachFailureOfATransferInTheTableOfTheDocumentation() throws {
        var errno: Int32 = 0
        var expected: Set<String> = []
        for row in try Repository.text("../../docs/failures.md").split(separator: "\n") where row.hasPrefix("| ") {
            let cells = row.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            errno = cells[1].split(separator: " ").first.flatMap { Int32($0) } ?? errno
            // Failures of file calls have larger numbers. A success has no category.
            if (1..<1_300_000).contains(errno), cells[4] != "–" {
                let category = cells[4].lowercased().filter { $0.isLetter }
                expected.insert("\(errno) \(category)")
            }
        }
        var made: Set<String> = []
        for failure in failures {
            for errno in [failure.uploadErrno, failure.downloadErrno] where errno.rawValue < 1_300_000 {
                made.insert("\(errno.rawValue) \("\(failure.category)".lowercased())")
            }
        }
        XCTAssertEqual(made, expected)
        XCTAssertGreaterThan(expected.count, 20, "the reader finds them")
    }

    func testAFailureHasItsOwnDetailUnlessTheTestHasAnother() {
        XCTAssertEqual(WXTransferFakeFailure.stalled.ofDownload().detail, "stalled")
        XCTAssertEqual(WXTransferFakeFailure.stalled.ofUpload(detail: "another").detail, "another")
        let tooMany = WXTransferFakeFailure.tooManyTasks
        XCTAssertEqual(tooMany.ofUpload().errMsg, "uploadFile:fail exceed max upload connection count 10")
        XCTAssertEqual(tooMany.ofDownload().errMsg, "downloadFile:fail exceed max download connection count 10")
    }

    func testFailuresOfTheLibraryHaveSentencesForUsers() async throws {
        let session = try WXTransferSession(testOptions(try TemporaryDirectory()))
        let missing = try await failure { try await session.files.access("wxfile://usr/none") }
        XCTAssertEqual((missing as any Error).localizedDescription, "The file does not exist.")
        let refused = try await failure { try await session.downloadFile(.init(url: "http://127.0.0.1:1/")) }
        XCTAssertEqual((refused as any Error).localizedDescription, "The server cannot be reached.")
        try session.close()
        XCTAssertThrowsError(try session.prepare("localhost")) { error in
            XCTAssertEqual(error.localizedDescription, "This could not be carried out.")
            XCTAssertEqual((error as? any LocalizedError)?.failureReason, "session closed")
        }
    }

    func testADescriptionRepeatsNothing() {
        let failure = { WXTransferFailure(errMsg: $0, errno: .network, category: .connect, detail: $1) }
        XCTAssertEqual("\(failure("downloadFile:fail timeout", "stalled"))", "downloadFile:fail timeout (stalled)")
        XCTAssertEqual("\(failure("downloadFile:fail cannot connect", "cannot connect"))", "downloadFile:fail cannot connect")
        XCTAssertEqual("\(failure("downloadFile:fail abort", ""))", "downloadFile:fail abort")
    }

    func testValuesAreDescribedByNames() throws {
        XCTAssertEqual("\(WXTransferProgress(totalBytes: 512, totalBytesExpected: 1024, progress: 50))", "512 of 1024 bytes (50 %)")
        XCTAssertEqual("\(WXTransferProgress(totalBytes: 512, totalBytesExpected: nil, progress: nil))", "512 bytes")
        XCTAssertEqual("\(WXTransferNetwork(kind: .cellular, metered: true))", "cellular, metered")
        XCTAssertEqual("\(WXTransferNetwork(kind: .wifi))", "wifi")
        XCTAssertEqual("\(WXTransferSessionOptions.Platform.iOS)", "iOS")
        XCTAssertEqual("\(WXTransferSessionOptions.LANPolicy.ownSubnets)", "ownSubnets")
        XCTAssertEqual("\(WXTransferErrno.notInDomainList) \(WXTransferCategory.policy)", "notInDomainList policy")
    }
}

/// Headers are read and written by name.
final class PairsTests: XCTestCase {
    func testAHeaderIsFoundInAnyLetterCase() {
        var header: WXTransferPairs = ["Accept": "a", "Vary": "b", "ACCEPT": "c"]
        XCTAssertEqual(header["accept"], "a")
        XCTAssertEqual(header.values(ofHeader: "accept"), ["a", "c"])
        XCTAssertNil(header["Accept-Encoding"])
        XCTAssertEqual(header.dictionary, ["Accept": "a, c", "Vary": "b"])

        header["vary"] = "d"
        XCTAssertEqual(header, ["Accept": "a", "vary": "d", "ACCEPT": "c"])
        header["accept"] = "e"
        XCTAssertEqual(header, ["accept": "e", "vary": "d"])
        header["x-new"] = "f"
        header["accept"] = nil
        header["none"] = nil
        XCTAssertEqual(header, ["vary": "d", "x-new": "f"])
    }

    func testADictionaryMakesPairsInTheOrderOfItsNames() {
        let dictionary = ["b": "2", "a": "1", "c": "3"]
        XCTAssertEqual(WXTransferPairs(dictionary), ["a": "1", "b": "2", "c": "3"])
        XCTAssertEqual(WXTransferPairs(dictionary).dictionary, dictionary)
    }
}
