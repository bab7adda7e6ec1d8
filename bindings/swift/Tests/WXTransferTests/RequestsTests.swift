import CWxtransfer
import Foundation
@testable import WXTransfer
import XCTest

/// Every parameter of Swift sets the field of C with its name.
final class RequestsTests: XCTestCase {
    func testEveryParameterReachesTheFieldOfItsName() {
        func pairs(_ pairs: UnsafePointer<WxtPair>?, _ count: Int) -> [[String?]] {
            UnsafeBufferPointer(start: pairs, count: count).map { [$0.name.text, $0.value.text] }
        }
        var upload = WXTransferUploadRequest(url: "url", filePath: "path", name: "name")
        upload.header = ["h1": "1", "h2": "2"]
        upload.formData = ["f": "3"]
        upload.fileName = "file"
        upload.timeoutMilliseconds = 5
        // Ignored, because there is no descriptor.
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
        download.timeoutMilliseconds = 9
        download.expectedSHA256 = "digits"
        download.expectedLength = 10
        download.wantSHA256 = true
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

    func testADurationIsConvertedToMilliseconds() {
        var request = WXTransferDownloadRequest(url: "")
        XCTAssertNil(request.timeout)
        let rows: [(Duration, Int, UInt32)] = [
            (.seconds(90), 90_000, 90_000), (.milliseconds(1), 1, 1), (.microseconds(1), 1, 1), (.nanoseconds(1_000_001), 2, 2),
            (.zero, 0, 0), (.seconds(-1), -1000, 0), (.seconds(Int64.max), .max, .max), (.seconds(Int64.min), .min, 0),
            (.seconds(60 * 60 * 24 * 50), 4_320_000_000, .max),
        ]
        for (duration, milliseconds, field) in rows {
            request.timeout = duration
            XCTAssertEqual(request.timeoutMilliseconds, milliseconds, "\(duration)")
            CMemory.with { XCTAssertEqual(request.cRequest(in: $0).timeout, field, "\(duration)") }
        }
        request.timeoutMilliseconds = 1500
        XCTAssertEqual(request.timeout, .seconds(1.5))
        request.timeout = nil
        XCTAssertNil(request.timeoutMilliseconds)
        var upload = WXTransferUploadRequest(url: "", filePath: "", name: "")
        upload.timeout = .seconds(1)
        XCTAssertEqual(upload.timeoutMilliseconds, 1000)
    }
}
