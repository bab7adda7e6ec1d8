import XCTest

import WXTransfer

final class OpeningTests: XCTestCase {
    func testTheVersionIsThatOfTheLibrary() {
        XCTAssertFalse(WXTransferSession.version.isEmpty)
    }
}
