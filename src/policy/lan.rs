//! The part of the local network that a page may use without an entry in a domain list.

use std::net::IpAddr;

use crate::platform::InterfaceAddress;

/// Which local addresses a session may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LanPolicy {
    /// As WeChat: addresses in the device's own subnets, but never the device itself.
    #[default]
    OwnSubnets,
    /// No local address or name is allowed.
    Off,
    /// Every address and name of a local network, including the device itself. For development.
    AllLocal,
}

/// Whether `address` belongs to another device in a subnet of one of the interfaces. `interfaces` must contain all
/// interfaces of this device.
///
/// A loopback interface has no neighbours, because its whole subnet is this device. Nor has an interface that is
/// switched off, or one with a prefix of 0, with which a tunnel would make the whole internet local.
pub fn is_neighbour(address: IpAddr, interfaces: &[InterfaceAddress]) -> bool {
    let address = address.to_canonical();
    let is_reserved = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    let shares_subnet = |own: &InterfaceAddress| {
        own.is_up
            && !own.is_loopback
            && own.prefix > 0
            && have_prefix(own.address, address, own.prefix)
            && !is_of_whole_subnet(address, own.prefix)
    };
    !is_reserved && !is_own(address, interfaces) && interfaces.iter().any(shares_subnet)
}

/// Whether `address` is one of the device's own: an interface has it, switched on or not, or it is in the subnet of a
/// loopback interface.
pub fn is_own(address: IpAddr, interfaces: &[InterfaceAddress]) -> bool {
    let address = address.to_canonical();
    interfaces.iter().any(|own| {
        own.address.to_canonical() == address
            || own.is_loopback && own.prefix > 0 && have_prefix(own.address, address, own.prefix)
    })
}

/// Whether it is the first or last address of an IPv4 subnet, which denote the subnet and all devices in it (RFC 919).
/// A subnet of two addresses has neither (RFC 3021).
fn is_of_whole_subnet(address: IpAddr, prefix: u8) -> bool {
    let IpAddr::V4(address) = address else { return false };
    let devices = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
    let device = address.to_bits() & devices;
    prefix < 31 && (device == 0 || device == devices)
}

/// Whether the first `prefix` bits of two addresses of one family are equal.
fn have_prefix(one: IpAddr, other: IpAddr, prefix: u8) -> bool {
    let differing = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(subnet: &str) -> InterfaceAddress {
        let (address, prefix) = subnet.split_once('/').unwrap();
        let address: IpAddr = address.parse().unwrap();
        let prefix = prefix.parse().unwrap();
        InterfaceAddress { address, prefix, is_loopback: address.is_loopback(), is_up: true }
    }

    #[test]
    fn a_neighbour_shares_a_subnet_and_is_not_this_device() {
        let wifi = ["127.0.0.1/8", "::1/128", "192.168.1.5/24", "fe80::5/64", "2001:db8:1:2::5/64"];
        // (interfaces, address, whether it is a neighbour)
        let cases: &[(&[&str], &str, bool)] = &[
            (&wifi, "192.168.1.1", true),
            (&wifi, "192.168.1.254", true),
            (&wifi, "192.168.0.255", false),
            (&wifi, "192.168.2.0", false),
            (&wifi, "10.0.0.1", false),
            (&wifi, "8.8.8.8", false),
            (&wifi, "::ffff:192.168.1.1", true),
            (&wifi, "::ffff:192.168.2.1", false),
            (&wifi, "fe80::1", true),
            (&wifi, "fe80:0:0:1::1", false),
            (&wifi, "2001:db8:1:2:ffff::1", true),
            (&wifi, "2001:db8:1:3::1", false),
            (&wifi, "64:ff9b::192.168.1.1", false),
            // The device itself.
            (&wifi, "192.168.1.5", false),
            (&wifi, "::ffff:192.168.1.5", false),
            (&wifi, "fe80::5", false),
            (&wifi, "2001:db8:1:2::5", false),
            (&wifi, "127.0.0.1", false),
            (&wifi, "127.0.0.2", false),
            (&wifi, "::1", false),
            (&wifi, "0.0.0.0", false),
            (&wifi, "::", false),
            // In the subnet of one interface, and the address of another.
            (&["192.168.1.5/24", "192.168.1.77/24"], "192.168.1.77", false),
            (&["192.168.1.5/24", "127.0.0.1/8", "::1/128"], "192.168.1.6", true),
            // The netmask decides, not the range of the address.
            (&["10.1.2.3/8"], "10.255.0.1", true),
            (&["10.1.2.3/20"], "10.1.15.254", true),
            (&["10.1.2.3/20"], "10.1.15.255", false),
            (&["10.1.2.3/20"], "10.1.0.0", false),
            (&["10.1.2.3/20"], "10.1.1.0", true),
            (&["10.1.2.2/31"], "10.1.2.3", true),
            (&["10.1.2.5/30"], "10.1.2.6", true),
            (&["10.1.2.5/30"], "10.1.2.7", false),
            (&["10.1.2.3/20"], "10.1.16.0", false),
            (&["172.20.10.3/28"], "172.20.10.1", true),
            (&["172.20.10.3/28"], "172.20.10.16", false),
            (&["203.0.113.9/24"], "203.0.113.1", true),
            (&["10.64.3.2/32"], "10.64.3.1", false),
            (&["10.8.0.2/0"], "8.8.8.8", false),
            (&["fd00::1/0"], "2606:4700::1", false),
            (&["fd00::1/48"], "fd00:0:0:ffff::9", true),
            (&["fd00::1/128"], "fd00::2", false),
            (&["224.0.0.9/4"], "224.0.0.1", false),
            (&[], "192.168.1.1", false),
        ];
        for (subnets, address, expected) in cases {
            let interfaces: Vec<InterfaceAddress> = subnets.iter().map(|subnet| interface(subnet)).collect();
            assert_eq!(is_neighbour(address.parse().unwrap(), &interfaces), *expected, "{address} with {subnets:?}");
        }
    }

    #[test]
    fn inactive_and_loopback_interfaces_have_no_neighbours() {
        let up = interface("192.168.1.5/24");
        let neighbour = "192.168.1.1".parse().unwrap();
        assert!(is_neighbour(neighbour, &[up]));
        assert!(!is_neighbour(neighbour, &[InterfaceAddress { is_up: false, ..up }]));
        assert!(!is_neighbour(neighbour, &[InterfaceAddress { is_loopback: true, ..up }]));
        let own = InterfaceAddress { is_up: false, ..up };
        assert!(
            !is_neighbour(own.address, &[own, interface("192.168.1.7/24")]),
            "an address of a switched-off interface"
        );
    }
}
