//! The addresses of the device's network interfaces.

use std::ffi::c_int;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ptr;

use socket2::{Domain, Socket, Type};

/// One address of one network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// The device's own address.
    pub address: IpAddr,
    /// The number of bits that the addresses of its subnet share. All bits if the netmask has gaps.
    pub prefix: u8,
    /// Whether it is a loopback interface.
    pub is_loopback: bool,
    /// Whether the interface is switched on.
    pub is_up: bool,
}

/// Whether the device can send from `address`: an interface that is switched on still has this address. If the system
/// does not tell, returns `true`.
pub fn is_usable_local_address(address: SocketAddr, interfaces: &[InterfaceAddress]) -> bool {
    let mut with_any_port = address;
    with_any_port.set_port(0);
    // The system refuses to bind a socket to a foreign address. The list of interfaces is incomplete on some systems:
    // it may lack an address that is translated to IPv6.
    let bound = Socket::new(Domain::for_address(address), Type::DGRAM, None)
        .and_then(|socket| socket.bind(&with_any_port.into()));
    if bound.is_err_and(|error| error.raw_os_error() == Some(libc::EADDRNOTAVAIL)) {
        return false;
    }
    // Linux keeps the IPv4 addresses of an interface that is switched off.
    let mut known = interfaces.iter().filter(|own| own.address == address.ip()).peekable();
    known.peek().is_none() || known.any(|own| own.is_up)
}

/// The addresses of all interfaces, read from the system at each call. Empty if the system does not tell, as Android
/// before version 7 (API 24).
///
/// # Errors
/// No descriptor or memory is left.
#[expect(unsafe_code, reason = "no safe dependency of the library reads the interfaces")]
pub fn interface_addresses() -> io::Result<Vec<InterfaceAddress>> {
    let Some((getifaddrs, freeifaddrs)) = functions() else { return Ok(Vec::new()) };
    let mut first = ptr::null_mut();
    // SAFETY: it writes one pointer, the head of a list that the caller must free.
    if unsafe { getifaddrs(&raw mut first) } != 0 {
        let error = io::Error::last_os_error();
        let is_shortage =
            matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM));
        return if is_shortage { Err(error) } else { Ok(Vec::new()) };
    }
    let mut addresses = Vec::new();
    let mut next: *const libc::ifaddrs = first;
    // SAFETY: NULL, or an entry of the list, which lives until it is freed below.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: both are NULL or addresses of the entry.
        if let (Some(address), netmask) = unsafe { (ip_of(entry.ifa_addr), netmask_of(entry)) } {
            let has = |flag: c_int| entry.ifa_flags & flag.cast_unsigned() != 0;
            addresses.push(InterfaceAddress {
                address,
                prefix: netmask.map_or(if address.is_ipv4() { 32 } else { 128 }, prefix_of),
                is_loopback: has(libc::IFF_LOOPBACK),
                is_up: has(libc::IFF_UP),
            });
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list came from getifaddrs, and nothing of it is used any more.
    unsafe { freeifaddrs(first) };
    Ok(addresses)
}

type GetAddresses = unsafe extern "C" fn(*mut *mut libc::ifaddrs) -> c_int;
type FreeAddresses = unsafe extern "C" fn(*mut libc::ifaddrs);

#[cfg(not(target_os = "android"))]
fn functions() -> Option<(GetAddresses, FreeAddresses)> {
    Some((libc::getifaddrs, libc::freeifaddrs))
}

/// Looked up by name: a library that links to them could not be loaded on Android 5 and 6, which do not have them.
#[cfg(target_os = "android")]
#[expect(unsafe_code, reason = "functions that older systems do not have")]
fn functions() -> Option<(GetAddresses, FreeAddresses)> {
    // SAFETY: dlsym only reads the names, which end with a NUL.
    let (get, free) = unsafe {
        (
            libc::dlsym(libc::RTLD_DEFAULT, c"getifaddrs".as_ptr()),
            libc::dlsym(libc::RTLD_DEFAULT, c"freeifaddrs".as_ptr()),
        )
    };
    if get.is_null() || free.is_null() {
        return None;
    }
    // SAFETY: the C library's functions with these names have these types.
    Some(unsafe {
        (
            std::mem::transmute::<*mut libc::c_void, GetAddresses>(get),
            std::mem::transmute::<*mut libc::c_void, FreeAddresses>(free),
        )
    })
}

/// # Safety
/// `address` must be NULL or point to an address of its family.
#[expect(unsafe_code, reason = "the system's form of an address")]
unsafe fn ip_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    // SAFETY: the caller promises NULL or an address; each family is read with its own layout.
    unsafe {
        match c_int::from(address.as_ref()?.sa_family) {
            libc::AF_INET => {
                let address = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr)).into())
            }
            libc::AF_INET6 => {
                let address = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
            }
            _ => None,
        }
    }
}

/// # Safety
/// `entry` must be one of the system's list.
#[cfg(not(target_vendor = "apple"))]
#[expect(unsafe_code, reason = "the system's form of an address")]
unsafe fn netmask_of(entry: &libc::ifaddrs) -> Option<IpAddr> {
    // SAFETY: passed on to the caller.
    unsafe { ip_of(entry.ifa_netmask) }
}

/// On Apple systems, a netmask may lack its family, and is only `sa_len` bytes long: zeros at its end are omitted.
///
/// # Safety
/// `entry` must be one of the system's list.
#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "the system's form of an address")]
unsafe fn netmask_of(entry: &libc::ifaddrs) -> Option<IpAddr> {
    let mut bytes = [0; size_of::<libc::sockaddr_in6>()];
    // SAFETY: the caller promises NULL or an address and a netmask, of which `sa_len` bytes can be read.
    unsafe {
        let length = usize::from(entry.ifa_netmask.as_ref()?.sa_len).min(bytes.len());
        ptr::copy_nonoverlapping(entry.ifa_netmask.cast::<u8>(), bytes.as_mut_ptr(), length);
        match c_int::from(entry.ifa_addr.as_ref()?.sa_family) {
            libc::AF_INET => Some(Ipv4Addr::new(bytes[4], bytes[5], bytes[6], bytes[7]).into()),
            libc::AF_INET6 => {
                let address = bytes.as_ptr().cast::<libc::sockaddr_in6>().read_unaligned();
                Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
            }
            _ => None,
        }
    }
}

fn prefix_of(netmask: IpAddr) -> u8 {
    let (bits, width) = match netmask {
        IpAddr::V4(netmask) => (u128::from(netmask.to_bits()) << 96, 32),
        IpAddr::V6(netmask) => (netmask.to_bits(), 128),
    };
    let ones = bits.leading_ones();
    // At most 128, so it fits.
    if bits.count_ones() == ones { ones as u8 } else { width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn netmask_with_gaps_has_the_full_prefix_length() {
        for (netmask, prefix) in [
            ("255.255.255.0", 24),
            ("255.255.255.255", 32),
            ("255.255.255.252", 30),
            ("0.0.0.0", 0),
            ("255.0.255.0", 32),
            ("ffff:ffff:ffff:ffff::", 64),
            ("::", 0),
            ("ffff::1", 128),
        ] {
            assert_eq!(prefix_of(netmask.parse().unwrap()), prefix, "{netmask}");
        }
    }

    #[test]
    fn loopback_interface_is_detected() {
        let addresses = interface_addresses().unwrap();
        for address in addresses.iter().filter(|address| address.address.is_loopback()) {
            assert!(address.is_loopback, "{address:?}");
        }
    }

    #[test]
    fn address_is_usable_while_an_active_interface_has_it() {
        let interface = |address: &str, is_up| InterfaceAddress {
            address: address.parse().unwrap(),
            prefix: 24,
            is_loopback: false,
            is_up,
        };
        // (local address, interfaces, whether the device can send from it). 192.0.2.0/24 is unassigned (RFC 5737).
        let cases = [
            ("127.0.0.1:4711", vec![], true),
            ("127.0.0.1:4711", vec![interface("127.0.0.1", true)], true),
            ("127.0.0.1:4711", vec![interface("127.0.0.1", false)], false),
            ("127.0.0.1:4711", vec![interface("127.0.0.1", false), interface("127.0.0.1", true)], true),
            ("127.0.0.1:4711", vec![interface("192.0.2.1", false)], true),
            ("192.0.2.1:4711", vec![], false),
            ("192.0.2.1:4711", vec![interface("192.0.2.1", true)], false),
        ];
        for (address, interfaces, expected) in cases {
            let address = address.parse().unwrap();
            assert_eq!(is_usable_local_address(address, &interfaces), expected, "{address}, {interfaces:?}");
        }
    }

    /// The output of iproute2 for the same interfaces.
    #[cfg(target_os = "linux")]
    #[test]
    fn addresses_match_those_of_iproute2() {
        let Ok(output) = std::process::Command::new("ip").args(["-o", "addr", "show"]).output() else {
            eprintln!("not tried: there is no ip command");
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        // `2: eth0    inet 192.168.1.5/24 brd … scope global eth0`
        let mut shown: Vec<(IpAddr, u8)> = Vec::new();
        for line in text.lines() {
            let mut words = line.split_whitespace().skip_while(|word| !matches!(*word, "inet" | "inet6"));
            let Some((address, prefix)) = words.nth(1).and_then(|word| word.split_once('/')) else { continue };
            shown.push((address.parse().unwrap(), prefix.parse().unwrap()));
        }
        let mut read: Vec<(IpAddr, u8)> =
            interface_addresses().unwrap().iter().map(|found| (found.address, found.prefix)).collect();
        shown.sort_unstable();
        read.sort_unstable();
        assert_eq!(read, shown);
    }
}
