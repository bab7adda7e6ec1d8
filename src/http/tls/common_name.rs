//! The name of a server as the common name of its certificate, where certificates named servers before they had alternative
//! names (RFC 2818 section 3.1).

use std::net::IpAddr;

use rustls::pki_types::ServerName;

/// Whether the common name is this server's, by the rules that webpki has for an alternative name: letters in either case, an
/// address in any of its forms, and `*` for the whole first label of a host of three or more.
pub(super) fn names_server(common_name: &str, server: &ServerName<'_>) -> bool {
    match server {
        ServerName::IpAddress(address) => common_name.parse() == Ok(IpAddr::from(*address)),
        ServerName::DnsName(host) => {
            let host = host.as_ref().trim_end_matches('.');
            match common_name.strip_prefix("*.") {
                Some(parent) => {
                    parent.contains('.') && host.split_once('.').is_some_and(|(_, of)| of.eq_ignore_ascii_case(parent))
                }
                None => host.eq_ignore_ascii_case(common_name),
            }
        }
        _ => false,
    }
}
