//! The device's network, as the host reports it.

use crate::task::TaskNetwork;

/// The device's default network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Network {
    /// Its kind.
    pub kind: NetworkKind,
    /// The user pays by use or wants to save data (iOS: expensive or constrained). Default: `false`.
    pub metered: bool,
    /// It belongs to another operator than the user's own. Counts as metered. Default: `false`.
    pub roaming: bool,
}

impl Network {
    /// A network that is neither metered nor roaming.
    pub fn new(kind: NetworkKind) -> Network {
        Network { kind, metered: false, roaming: false }
    }
}

/// The kind of a network. Only [`NetworkKind::None`] changes the library's behaviour; the others appear in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl From<Network> for TaskNetwork {
    fn from(network: Network) -> TaskNetwork {
        // Roaming costs more than the operator's own network.
        TaskNetwork { is_absent: network.kind == NetworkKind::None, is_metered: network.metered || network.roaming }
    }
}
