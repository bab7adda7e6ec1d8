//! Rules about addresses and names of the device itself and of the local network.

use std::net::{IpAddr, Ipv4Addr};

use super::domains::{DomainRefusal, Interfaces};
use super::lan::{LanPolicy, is_own};

/// Whether a connection for a URL with `host` may go to `addresses`, which are all addresses of that host. Checked
/// before connecting. The addresses of a proxy are the app's choice and are not checked.
///
/// A public name that resolves to an address of the device itself is an attack by the owner of the name (DNS
/// rebinding): the page would talk to services on the device, and any domain list with that name would allow it. This
/// applies to loopback and to the addresses of the device's interfaces. Group addresses (multicast, broadcast) are
/// never those of a server. Addresses of other devices in the local network are allowed, because a company's own name
/// may resolve to one. A host that is an address or a local name was checked as such before.
///
/// If the system does not report the interfaces, all addresses of local networks are refused, because one of them may
/// be the device's. Only a session that allows all local addresses may use such names. Disabling the domain check is
/// not enough.
pub fn may_connect(
    host: &str,
    addresses: &[IpAddr],
    lan: LanPolicy,
    interfaces: Interfaces<'_>,
) -> Result<(), DomainRefusal> {
    let says_so = is_local_name(host) || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if lan == LanPolicy::AllLocal || says_so {
        return Ok(());
    }
    // An IPv6 address that embeds an IPv4 address counts as both.
    let meant: Vec<IpAddr> =
        addresses.iter().flat_map(|&address| [Some(address), embedded_v4(address)]).flatten().collect();
    if meant.iter().any(|&address| is_of_the_device(address)) {
        return Err(DomainRefusal::OwnAddress);
    }
    if meant.iter().any(|&address| is_of_a_group(address)) {
        return Err(DomainRefusal::GroupAddress);
    }
    match interfaces() {
        Ok(interfaces) if meant.iter().any(|&address| is_own(address, &interfaces)) => Err(DomainRefusal::OwnAddress),
        Err(_) if meant.iter().any(|&address| is_lan(address)) => Err(DomainRefusal::InterfacesUnknown),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// `localhost` and its subdomains (RFC 6761 §6.3), and mDNS names (RFC 6762 §3).
pub fn is_local_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local")
}

/// Whether the address is a loopback address, or in a range for local networks (private, link-local or unique local).
pub fn is_lan(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Whether the address always denotes the device itself: loopback, or unspecified, which systems treat as loopback. All
/// of 0.0.0.0/8 is "this host on this network" (RFC 6890 §2.2.2).
fn is_of_the_device(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(address.octets()[0], 0 | 127),
        IpAddr::V6(address) => address.is_loopback() || address.is_unspecified(),
    }
}

fn is_of_a_group(address: IpAddr) -> bool {
    address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

/// The IPv4 address that an IPv6 address embeds.
fn embedded_v4(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let of = |high: u16, low: u16| IpAddr::V4((u32::from(high) << 16 | u32::from(low)).into());
    match address.segments() {
        // Compatible and mapped (RFC 4291 §2.5.5), translated (RFC 2765 §2.1), and the well-known prefix of NAT64 (RFC
        // 6052 §2.1).
        [0, 0, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        // 6to4 (RFC 3056 §2).
        | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::platform::InterfaceAddress;

    const OF_THE_DEVICE: [&str; 18] = [
        "127.0.0.1",
        "127.0.0.0",
        "127.1.2.3",
        "127.255.255.255",
        "0.0.0.0",
        "0.0.0.1",
        "0.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:0.0.0.0",
        "::ffff:7f00:2",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::",
        "2002:7f00:1::",
        "2002:7f00:1:2:3:4:5:6",
    ];

    const OTHERS: [&str; 19] = [
        "1.1.1.1",
        "126.255.255.255",
        "128.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.1.1",
        "100.64.0.1",
        "::ffff:192.168.1.1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9c::127.0.0.1",
        "2002:808:808::7f00:1",
        "fe80::1",
        "fc00::1",
        "2606:4700:4700::1111",
        "2001:db8::127.0.0.1",
    ];

    /// Addresses of the device according to the interfaces below, and embeddings of them.
    const OF_THE_INTERFACES: [&str; 10] = [
        "192.168.1.5",
        "::ffff:192.168.1.5",
        "64:ff9b::192.168.1.5",
        "2002:c0a8:105::1",
        "10.9.0.5",
        "10.9.0.77",
        "203.0.113.9",
        "fe80::5",
        "fd00::5",
        "2001:db8:1:2::5",
    ];

    const OF_GROUPS: [&str; 4] = ["224.0.0.251", "239.255.255.250", "255.255.255.255", "ff02::fb"];

    const NAMES: [&str; 7] =
        ["a.example", "A.EXAMPLE", "a.example.", "xn--bcher-kva.example", "localhost.example", "local", "1.example"];

    /// A device in a Wi-Fi and a mobile network, with a subnet on its loopback interface and an interface that is
    /// switched off.
    fn interfaces() -> io::Result<Vec<InterfaceAddress>> {
        let interface = |address: &str, prefix, is_loopback, is_up| InterfaceAddress {
            address: address.parse().unwrap(),
            prefix,
            is_loopback,
            is_up,
        };
        Ok(vec![
            interface("127.0.0.1", 8, true, true),
            interface("10.9.0.5", 24, true, true),
            interface("192.168.1.5", 24, false, true),
            interface("fe80::5", 64, false, true),
            interface("fd00::5", 64, false, false),
            interface("203.0.113.9", 32, false, true),
            interface("2001:db8:1:2::5", 64, false, true),
        ])
    }

    fn asked(host: &str, addresses: &[&str], lan: LanPolicy) -> Result<(), DomainRefusal> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        may_connect(host, &addresses, lan, &interfaces)
    }

    #[test]
    fn a_public_name_does_not_lead_to_the_device() {
        for host in NAMES {
            for address in OF_THE_DEVICE.into_iter().chain(OF_THE_INTERFACES) {
                for lan in [LanPolicy::Off, LanPolicy::OwnSubnets] {
                    for addresses in [&[address][..], &[address, "1.1.1.1"], &["1.1.1.1", address]] {
                        assert_eq!(asked(host, addresses, lan), Err(DomainRefusal::OwnAddress), "{host} {addresses:?}");
                    }
                }
                assert_eq!(asked(host, &[address], LanPolicy::AllLocal), Ok(()), "{host} {address}");
            }
            for lan in [LanPolicy::OwnSubnets, LanPolicy::Off, LanPolicy::AllLocal] {
                for address in OTHERS {
                    assert_eq!(asked(host, &[address], lan), Ok(()), "{host} {address}");
                }
            }
        }
    }

    #[test]
    fn a_public_name_does_not_lead_to_a_group() {
        for address in OF_GROUPS {
            for lan in [LanPolicy::Off, LanPolicy::OwnSubnets] {
                assert_eq!(
                    asked("a.example", &["1.1.1.1", address], lan),
                    Err(DomainRefusal::GroupAddress),
                    "{address}"
                );
            }
        }
    }

    #[test]
    fn unknown_interfaces_forbid_local_addresses_of_names() {
        let unknown = || Err(io::ErrorKind::OutOfMemory.into());
        let asked =
            |address: &str| may_connect("a.example", &[address.parse().unwrap()], LanPolicy::OwnSubnets, &unknown);
        for address in ["192.168.1.5", "10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "fd00::1", "fe80::1"] {
            assert_eq!(asked(address), Err(DomainRefusal::InterfacesUnknown), "{address}");
        }
        assert_eq!(asked("127.0.0.1"), Err(DomainRefusal::OwnAddress));
        for address in ["1.1.1.1", "2606:4700:4700::1111"] {
            assert_eq!(asked(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn addresses_and_local_names_are_not_checked_again() {
        for host in
            ["localhost", "localhost.", "app.localhost", "printer.local", "127.0.0.1", "[::1]", "::1", "0.0.0.0"]
        {
            for address in OF_THE_DEVICE.into_iter().chain(OF_THE_INTERFACES).chain(OF_GROUPS) {
                assert_eq!(asked(host, &[address], LanPolicy::Off), Ok(()), "{host} {address}");
            }
        }
    }
}
