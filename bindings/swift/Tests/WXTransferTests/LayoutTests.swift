import CWxtransfer
import Foundation
import XCTest

/// The structs have the same size in the library and in Swift.
final class LayoutTests: XCTestCase {
    func testTheLibraryAndSwiftAgree() throws {
        // Structs that the host fills: the library refuses an unknown size, and `wxt_…()` sets the size in C.
        XCTAssertEqual(wxt_session_options().struct_size, MemoryLayout<WxtSessionOptions>.size)
        XCTAssertEqual(wxt_upload_request().struct_size, MemoryLayout<WxtUploadRequest>.size)
        XCTAssertEqual(wxt_download_request().struct_size, MemoryLayout<WxtDownloadRequest>.size)
        XCTAssertEqual(wxt_callbacks().struct_size, MemoryLayout<WxtCallbacks>.size)

        // Structs that the library fills: each contains its size.
        // `sizes` is made before the library's threads, because the sanitizer does not see the library's locks.
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
                    return wxt_session_open(&options, &session, nil)
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
                return wxt_download_file(session, &request, &callbacks, nil, nil)
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
}

/// The sizes of structs that the library reports.
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
