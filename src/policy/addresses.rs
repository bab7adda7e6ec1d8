//! Addresses and names of the device itself and of the network around it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::domains::DomainRefusal;
use super::lan::LanPolicy;

/// Whether a connection for a URL with `host` may go to `address`, one of those that the host name has. To be asked
/// before the connection is made, for each address; a proxy's own address is the app's choice and is not asked about.
///
/// A public name that has an address of the device itself is a trick of whoever owns the name (DNS rebinding): it makes
/// the page talk to what listens on the device, and any domain list with that name would allow it. Addresses of the
/// local network are no trick: a company's own name may well lead there. A host that is an address or a local name means
/// what it says, and was checked as such before.
///
/// Only a session that may talk to all that is local may do so by such a name. Switching the domain lists off is not enough.
pub fn may_connect(host: &str, address: IpAddr, lan: LanPolicy) -> Result<(), DomainRefusal> {
    let says_so = is_local_name(host) || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if lan != LanPolicy::AllLocal && !says_so && is_of_the_device(address) {
        Err(DomainRefusal::OwnAddress)
    } else {
        Ok(())
    }
}

/// `localhost` and its subdomains (RFC 6761 §6.3), and mDNS names (RFC 6762 §3).
pub fn is_local_name(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local")
}

/// Whether the address is one that local networks have, or the device's own.
pub fn is_lan(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// Whether a connection to the address ends at the device itself: loopback, or unspecified, which systems take for
/// loopback. All of 0.0.0.0/8 is "this host on this network" (RFC 6890 §2.2.2).
fn is_of_the_device(address: IpAddr) -> bool {
    let is_v4 = |address: Ipv4Addr| matches!(address.octets()[0], 0 | 127);
    match address {
        IpAddr::V4(address) => is_v4(address),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unspecified() || embedded_v4(address).is_some_and(is_v4)
        }
    }
}

/// The IPv4 address that an IPv6 address stands for.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
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
    use super::*;

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

    const OTHERS: [&str; 20] = [
        "1.1.1.1",
        "126.255.255.255",
        "128.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.1.1",
        "100.64.0.1",
        "255.255.255.255",
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

    #[test]
    fn a_public_name_does_not_lead_to_the_device() {
        for host in
            ["a.example", "A.EXAMPLE", "a.example.", "xn--bcher-kva.example", "localhost.example", "local", "1.example"]
        {
            for address in OF_THE_DEVICE {
                let parsed = address.parse().unwrap();
                assert_eq!(
                    may_connect(host, parsed, LanPolicy::Off),
                    Err(DomainRefusal::OwnAddress),
                    "{host} {address}"
                );
                assert_eq!(may_connect(host, parsed, LanPolicy::OwnSubnets), Err(DomainRefusal::OwnAddress));
                assert_eq!(may_connect(host, parsed, LanPolicy::AllLocal), Ok(()), "{host} {address}");
            }
            for address in OTHERS {
                for lan in [LanPolicy::OwnSubnets, LanPolicy::Off, LanPolicy::AllLocal] {
                    assert_eq!(may_connect(host, address.parse().unwrap(), lan), Ok(()), "{host} {address}");
                }
            }
        }
    }

    #[test]
    fn a_host_that_says_what_it_is_was_checked_before() {
        for host in
            ["localhost", "localhost.", "app.localhost", "printer.local", "127.0.0.1", "[::1]", "::1", "0.0.0.0"]
        {
            for address in OF_THE_DEVICE {
                assert_eq!(may_connect(host, address.parse().unwrap(), LanPolicy::Off), Ok(()), "{host} {address}");
            }
        }
    }
}
