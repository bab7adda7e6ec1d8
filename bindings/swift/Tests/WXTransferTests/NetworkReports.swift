#if canImport(Network)
import Network
import WXTransfer

/// Tells the session of each network that the device comes to, until the monitor is cancelled.
func reportNetworks(to session: WXTransferSession) -> NWPathMonitor {
    let monitor = NWPathMonitor()
    monitor.pathUpdateHandler = { path in
        let wireless: WXTransferNetwork.Kind = path.usesInterfaceType(.cellular) ? .cellular : .other
        let kind = path.usesInterfaceType(.wifi) ? .wifi : wireless
        // The last report may come when the session is closed.
        try? session.networkChanged(
            .init(kind: path.status == .satisfied ? kind : .none, metered: path.isExpensive || path.isConstrained))
    }
    monitor.start(queue: .main)
    return monitor
}
#endif
