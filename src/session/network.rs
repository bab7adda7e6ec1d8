//! The device's network, as the host reports it.

use crate::task::QueueNetwork;

/// The device's default network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its kind.
    pub kind: NetworkKind,
    /// The user pays by use, or wants to save data.
    pub metered: bool,
    /// It belongs to another operator than the user's own.
    pub roaming: bool,
}

/// The kind of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// Any other, such as Ethernet.
    Other,
    /// There is no network.
    None,
    /// Wi-Fi.
    Wifi,
    /// A mobile operator's network.
    Cellular,
}

impl From<Network> for QueueNetwork {
    fn from(network: Network) -> QueueNetwork {
        // Roaming costs more than the operator's own network.
        QueueNetwork { is_absent: network.kind == NetworkKind::None, is_metered: network.metered || network.roaming }
    }
}
