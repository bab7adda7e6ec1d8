import Foundation

/// A type whose properties may contain secrets. Apps print requests and options into logs and crash reports, so every text
/// form follows the rules of the library's own log: URLs without user-info, query and fragment; names of headers and form
/// fields without their values; bodies and credentials by their length only.
protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Every property by its name, as it may be shown.
    var shown: KeyValuePairs<String, Any?> { get }
}

extension Redacted {
    /// The properties without secrets, for logs.
    public var description: String {
        let properties = shown.map { name, value in "\(name): \(value.map { String(describing: $0) } ?? "nil")" }
        return "\(Self.self)(\(properties.joined(separator: ", ")))"
    }

    /// The same as `description`.
    public var debugDescription: String { description }

    /// The properties without secrets, for `dump` and debuggers.
    public var customMirror: Mirror {
        Mirror(self, children: shown.map { (label: $0, value: $1 as Any) }, displayStyle: .struct)
    }
}

/// The forms in which values that may contain secrets are shown.
enum Redaction {
    /// Scheme, host and port, without user-info (RFC 3986 section 3.2).
    private static let origin =
        #"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/?#\\]*@)?([^/?#\\@:\s\p{Cc}]+|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?"#

    /// A text of another form may contain a secret anywhere, so only its length is shown.
    static func url(_ text: String) -> String {
        parts(#"(?s)\A\#(origin)(/[^?#\p{Cc}]*)?(?:[?#].*)?\z"#, "$1$2$3$4", text)
    }

    /// As `url`, but without a path and query. A proxy has neither: a text that looks like one may be part of a password.
    static func proxy(_ text: String?) -> String? {
        text.map { parts(#"\A\#(origin)/?\z"#, "$1$2$3", $0) }
    }

    static func length(_ text: String) -> String { "<\(text.utf8.count) bytes>" }

    static func length(_ data: Data) -> String { "<\(data.count) bytes>" }

    /// For objects that the app provides, whose own description may contain anything.
    static func presence(_ value: Any?) -> String? { value.map { _ in "<set>" } }

    private static func parts(_ form: String, _ template: String, _ text: String) -> String {
        guard text.range(of: form, options: .regularExpression) != nil else { return length(text) }
        return text.replacingOccurrences(of: form, with: template, options: .regularExpression)
    }
}
