//! Matches a server name with the common name of its certificate, which named servers before there were alternative
//! names (RFC 2818 section 3.1).

use std::net::IpAddr;

use rustls::pki_types::ServerName;

/// Whether the common name matches the server, by webpki's rules for alternative names: case is ignored, an address may
/// have any of its forms, and `*` replaces the whole first label of a host with at least three labels.
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
