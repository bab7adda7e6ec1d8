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
fn public_name_must_not_resolve_to_the_device() {
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
fn public_name_must_not_resolve_to_a_group_address() {
    for address in OF_GROUPS {
        for lan in [LanPolicy::Off, LanPolicy::OwnSubnets] {
            assert_eq!(asked("a.example", &["1.1.1.1", address], lan), Err(DomainRefusal::GroupAddress), "{address}");
        }
    }
}

#[test]
fn local_addresses_of_names_are_forbidden_if_interfaces_are_unknown() {
    let unknown = || Err(io::ErrorKind::OutOfMemory.into());
    let asked = |address: &str| may_connect("a.example", &[address.parse().unwrap()], LanPolicy::OwnSubnets, &unknown);
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
    for host in ["localhost", "localhost.", "app.localhost", "printer.local", "127.0.0.1", "[::1]", "::1", "0.0.0.0"] {
        for address in OF_THE_DEVICE.into_iter().chain(OF_THE_INTERFACES).chain(OF_GROUPS) {
            assert_eq!(asked(host, &[address], LanPolicy::Off), Ok(()), "{host} {address}");
        }
    }
}
