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

    fileprivate func isHeader(_ name: String) -> Bool { self.name.lowercased() == name.lowercased() }
}

/// Headers or form fields, with their order and duplicates, which a dictionary would lose.
///
/// A dictionary literal makes a list: `["token": "1", "user": "test"]`. A header is found by its name in any letter case:
/// `success.header["content-type"]`.
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

    /// The pairs of a dictionary, in the order of their names.
    public init(_ dictionary: [String: String]) {
        pairs = dictionary.sorted { $0.key < $1.key }.map { WXTransferPair(name: $0.key, value: $0.value) }
    }

    /// Adds a pair at the end.
    public mutating func append(name: String, value: String) {
        pairs.append(WXTransferPair(name: name, value: value))
    }

    /// The first value of a header, ignoring the letter case of its name; `nil` if there is none. Setting a value replaces
    /// all values of the header. Setting `nil` removes them.
    ///
    /// Names of form fields are case-sensitive: use ``append(name:value:)`` for them.
    public subscript(name: String) -> String? {
        get { firstValue(ofHeader: name) }
        set {
            let place = pairs.firstIndex { $0.isHeader(name) } ?? pairs.endIndex
            pairs.removeAll { $0.isHeader(name) }
            if let newValue { pairs.insert(WXTransferPair(name: name, value: newValue), at: place) }
        }
    }

    /// All headers by their names, with the first spelling. Values of one name are joined by `, ` (RFC 9110 section 5.2). Joined
    /// values of `Set-Cookie` cannot be separated again: use ``values(ofHeader:)``.
    public var dictionary: [String: String] {
        // Field names are case-insensitive (RFC 9110 section 5.1).
        let fields = Dictionary(grouping: pairs, by: { $0.name.lowercased() }).values
        return Dictionary(uniqueKeysWithValues: fields.map { ($0[0].name, $0.map(\.value).joined(separator: ", ")) })
    }

    private func firstValue(ofHeader name: String) -> String? {
        CMemory.with { memory in
            let header = memory.pairs(self)
            var value = WxtStr()
            let status = wxt_header_find(header.baseAddress, header.count, memory.string(name), &value)
            return status == WXT_OK ? value.text : nil
        }
    }

    /// All values of a header in their order, ignoring the letter case of its name.
    public func values(ofHeader name: String) -> [String] {
        pairs.filter { $0.isHeader(name) }.map(\.value)
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
