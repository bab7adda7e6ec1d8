internal import CWxtransfer

/// The network that the device uses by default.
public struct WXTransferNetwork: Sendable, Hashable {
    /// What a network is.
    public enum Kind: Int32, Sendable, CaseIterable {
        /// Any other network, such as a cable.
        case other = 0
        /// There is no network.
        case none = 1
        /// Wi-Fi.
        case wifi = 2
        /// A mobile operator's network.
        case cellular = 3
    }

    /// What it is. Only `.none` is treated in another way.
    public var kind: Kind
    /// It is paid for by its use, or the user wants to save it: `isExpensive` or `isConstrained` of an `NWPath`.
    public var metered: Bool
    /// It is another operator's than the user's own. It counts as metered.
    public var roaming: Bool

    /// A network.
    public init(kind: Kind, metered: Bool = false, roaming: Bool = false) {
        (self.kind, self.metered, self.roaming) = (kind, metered, roaming)
    }

    var cNetwork: WxtNetwork {
        var network = wxt_network()
        network.kind = kind.rawValue
        network.metered = metered ? 1 : 0
        network.roaming = roaming ? 1 : 0
        return network
    }
}

extension WXTransferNetwork: CustomStringConvertible {
    /// Such as `wifi`, or `cellular, metered, roaming`.
    public var description: String { "\(kind)\(metered ? ", metered" : "")\(roaming ? ", roaming" : "")" }
}
