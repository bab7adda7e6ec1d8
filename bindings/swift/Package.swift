// swift-tools-version: 6.0

import Foundation
import PackageDescription

/// The library as it is released for Apple's platforms. Where it does not lie beside this file, the linker has to be
/// told where `libwxtransfer.a` is: `-Xlinker -L<directory>`.
let framework = "CWxtransfer.xcframework"

let library: Target =
    FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/\(framework)")
    ? .binaryTarget(name: "CWxtransfer", path: framework)
    : .systemLibrary(name: "CWxtransfer")

let package = Package(
    name: "WXTransfer",
    platforms: [.iOS(.v13), .macOS(.v10_15)],
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
            linkerSettings: [
                .linkedFramework("CoreFoundation", .when(platforms: [.iOS, .macOS])),
                .linkedFramework("Security", .when(platforms: [.iOS, .macOS])),
                .linkedLibrary("m", .when(platforms: [.linux])),
            ]
        ),
        .target(name: "WXTransferTesting", dependencies: ["WXTransfer"]),
        .testTarget(name: "WXTransferTests", dependencies: ["WXTransfer", "WXTransferTesting", "CWxtransfer"]),
    ],
    swiftLanguageModes: [.v6]
)
