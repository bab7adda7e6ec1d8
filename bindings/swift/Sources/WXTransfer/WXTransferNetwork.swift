internal import CWxtransfer

/// The device's default network.
public struct WXTransferNetwork: Sendable, Hashable {
    /// The kind of a network.
    public enum Kind: Int32, Sendable, CaseIterable {
        /// Any other network, such as Ethernet.
        case other = 0
        /// There is no network.
        case none = 1
        /// Wi-Fi.
        case wifi = 2
        /// A mobile operator's network.
        case cellular = 3
    }

    /// The kind of network. Only `.none` stops transfers. The other kinds differ only in the log.
    public var kind: Kind
    /// `true` if the user pays by use or wants to save data: `isExpensive` or `isConstrained` of an `NWPath`. Default:
    /// `false`.
    public var metered: Bool
    /// `true` if the network belongs to another operator than the user's own. Counts as metered. Default: `false`.
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
