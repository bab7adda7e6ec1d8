internal import CWxtransfer

/// A name and its value: one header, or one form field.
public struct WXTransferPair: Sendable, Hashable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String

    /// A pair of a name and its value.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Headers or form fields. Their order is kept, and so are duplicates, which a dictionary would lose.
///
/// A dictionary literal makes one: `["token": "1", "user": "test"]`.
public struct WXTransferPairs: Sendable, Hashable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    private var pairs: [WXTransferPair]

    /// The pairs of a sequence, in its order.
    public init(_ pairs: some Sequence<WXTransferPair> = []) {
        self.pairs = Array(pairs)
    }

    /// The pairs of a dictionary literal, in the order in which they are written.
    public init(dictionaryLiteral elements: (String, String)...) {
        pairs = elements.map { WXTransferPair(name: $0.0, value: $0.1) }
    }

    /// Adds a pair at the end.
    public mutating func append(name: String, value: String) {
        pairs.append(WXTransferPair(name: name, value: value))
    }

    /// The first value of a header, whose name may be in any letter case; `nil` where there is none.
    public func firstValue(ofHeader name: String) -> String? {
        CMemory.with { memory in
            let header = memory.pairs(self)
            var value = WxtStr()
            let status = wxt_header_find(header.baseAddress, header.count, memory.string(name), &value)
            return status == WXT_OK ? value.text : nil
        }
    }

    /// Every value of a header, whose name may be in any letter case, in their order.
    public func values(ofHeader name: String) -> [String] {
        filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The position of the first pair.
    public var startIndex: Int { pairs.startIndex }

    /// The position after the last pair.
    public var endIndex: Int { pairs.endIndex }

    /// The pair at a position.
    public subscript(position: Int) -> WXTransferPair { pairs[position] }
}

extension WXTransferPair: Redacted {
    var shown: KeyValuePairs<String, Any?> { ["name": name, "value": Redaction.length(value)] }
}

extension WXTransferPairs: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The names without their values, for logs.
    public var description: String { String(describing: map(\.name)) }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// The pairs, each without its value, for `dump` and debuggers.
    public var customMirror: Mirror { Mirror(self, unlabeledChildren: self, displayStyle: .collection) }
}
