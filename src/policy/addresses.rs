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
#[path = "addresses_tests.rs"]
mod tests;
