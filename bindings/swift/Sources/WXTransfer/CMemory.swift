import Foundation
internal import CWxtransfer

/// C copies of Swift values for the duration of one call. The library copies what it needs afterwards.
final class CMemory {
    private var blocks: [UnsafeMutableRawPointer] = []

    /// Calls `body` with memory that lives until it returns.
    static func with<Result>(_ body: (CMemory) -> Result) -> Result {
        let memory = CMemory()
        return withExtendedLifetime(memory) { body(memory) }
    }

    deinit {
        for block in blocks {
            block.deallocate()
        }
    }

    /// `nil` becomes an absent string, which differs from an empty one.
    func string(_ text: String?) -> WxtStr {
        guard let text else { return WxtStr(ptr: nil, len: 0) }
        let bytes = copy(text.utf8.map { CChar(bitPattern: $0) })
        return WxtStr(ptr: bytes.baseAddress, len: bytes.count)
    }

    func strings(_ texts: [String]) -> UnsafeBufferPointer<WxtStr> {
        copy(texts.map { string($0) })
    }

    func pairs(_ pairs: WXTransferPairs) -> UnsafeBufferPointer<WxtPair> {
        copy(pairs.map { WxtPair(name: string($0.name), value: string($0.value)) })
    }

    /// Copies the bytes directly. `copy` needs an array, which would be a second copy.
    func bytes(_ data: Data) -> UnsafeBufferPointer<UInt8> {
        let block = UnsafeMutablePointer<UInt8>.allocate(capacity: max(data.count, 1))
        blocks.append(UnsafeMutableRawPointer(block))
        data.copyBytes(to: block, count: data.count)
        return UnsafeBufferPointer(start: block, count: data.count)
    }

    /// The address is never NULL, because NULL means absent.
    func copy<Element: BitwiseCopyable>(_ elements: [Element]) -> UnsafeBufferPointer<Element> {
        let block = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        blocks.append(UnsafeMutableRawPointer(block))
        block.initialize(from: elements, count: elements.count)
        return UnsafeBufferPointer(start: block, count: elements.count)
    }
}

extension WxtStr {
    /// A copy of the text; `nil` if it is absent.
    var text: String? {
        guard let ptr else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: ptr, count: len), as: UTF8.self)
    }
}

extension WXTransferPairs {
    init(_ pairs: UnsafePointer<WxtPair>?, count: Int) {
        let pairs = UnsafeBufferPointer(start: pairs, count: count)
        self.init(pairs.map { WXTransferPair(name: $0.name.text ?? "", value: $0.value.text ?? "") })
    }
}
