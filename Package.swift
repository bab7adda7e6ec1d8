// swift-tools-version: 6.0
// The Swift package: for apps, which name it by the repository's URL, and for its own tests. Its sources are in
// bindings/swift; bindings/swift/README.md says how it finds the library that Rust makes.

import Foundation
import PackageDescription

/// Where the released library is, and the checksum of that file. `release/xcframework.sh --release URL` writes both lines
/// for the commit of a release; in all other commits they are empty.
let releasedURL = ""
let releasedChecksum = ""

/// What `release/xcframework.sh` has made in this checkout.
let builtFramework = "target/xcframework/CWxtransfer.xcframework"

/// With this variable in the environment, the linker is told where `libwxtransfer.a` is (`-Xlinker -L<directory>`), as
/// bindings/swift/test.sh does it.
let linkerIsTold = Context.environment["WXTRANSFER_SYSTEM_LIBRARY"] != nil

/// The library with its C header.
let library: Target
if !linkerIsTold, FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(builtFramework)") {
    library = .binaryTarget(name: "CWxtransfer", path: builtFramework)
} else if !linkerIsTold, !releasedURL.isEmpty {
    library = .binaryTarget(name: "CWxtransfer", url: releasedURL, checksum: releasedChecksum)
} else {
    library = .systemLibrary(name: "CWxtransfer", path: "bindings/swift/Sources/CWxtransfer")
}

let package = Package(
    name: "WXTransfer",
    platforms: [.iOS(.v13), .macCatalyst(.v13), .macOS(.v10_15)],
    products: [
        .library(name: "WXTransfer", targets: ["WXTransfer"]),
        // For the tests of an app alone.
        .library(name: "WXTransferTesting", targets: ["WXTransferTesting"]),
    ],
    targets: [
        library,
        .target(
            name: "WXTransfer",
            dependencies: ["CWxtransfer"],
            path: "bindings/swift/Sources/WXTransfer",
            linkerSettings: [
                .linkedFramework("CoreFoundation", .when(platforms: [.iOS, .macCatalyst, .macOS])),
                .linkedFramework("Security", .when(platforms: [.iOS, .macCatalyst, .macOS])),
                .linkedLibrary("m", .when(platforms: [.linux])),
            ]
        ),
        .target(
            name: "WXTransferTesting",
            dependencies: ["WXTransfer"],
            path: "bindings/swift/Sources/WXTransferTesting"
        ),
        .testTarget(
            name: "WXTransferTests",
            dependencies: ["WXTransfer", "WXTransferTesting", "CWxtransfer"],
            path: "bindings/swift/Tests/WXTransferTests"
        ),
    ],
    swiftLanguageModes: [.v6]
)
