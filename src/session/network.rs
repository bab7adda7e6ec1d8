//! The device's network, as the host reports it.

use crate::task::QueueNetwork;

/// A network that the device uses by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// What it is.
    pub kind: NetworkKind,
    /// It is paid for by its use, or the user wants to save it.
    pub metered: bool,
    /// It is another operator's than the user's own.
    pub roaming: bool,
}

/// What a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// Anything else, such as a cable.
    Other,
    /// There is none.
    None,
    /// Wi-Fi.
    Wifi,
    /// A mobile operator's.
    Cellular,
}

impl From<Network> for QueueNetwork {
    fn from(network: Network) -> QueueNetwork {
        // An operator takes more for roaming than for its own network.
        QueueNetwork { is_absent: network.kind == NetworkKind::None, is_metered: network.metered || network.roaming }
    }
}
