//! The domain lists of a mini program.

use std::fmt;
use std::io;
use std::net::IpAddr;

use url::Host;

use super::addresses::{is_lan, is_local_name};
use super::lan::{self, LanPolicy};
use super::url::{self as address, TargetUrl, UrlError};
use crate::platform::InterfaceAddress;
use crate::terms::Api;

/// The hosts that one API may use. An empty list allows none.
#[derive(Clone, Debug, Default)]
pub struct DomainList {
    entries: Vec<DomainEntry>,
}

#[derive(Clone, Debug)]
struct DomainEntry {
    /// `None` if the entry has no scheme. Then a separate switch decides about plain `http`.
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

impl DomainList {
    /// Parses entries of the form `https://host`, `https://host:port` or `host[:port]`. The case of a host is ignored.
    /// An internationalised host may have either form. `http://host` needs `allow_plain_http`, because no URL could
    /// match it otherwise. Fails at the first invalid entry.
    pub fn parse<Text: AsRef<str>>(entries: &[Text], allow_plain_http: bool) -> Result<DomainList, DomainEntryError> {
        let entry = |(index, text): (usize, &Text)| {
            DomainEntry::parse(text.as_ref(), allow_plain_http).map_err(|reason| DomainEntryError { index, reason })
        };
        let entries = entries.iter().enumerate().map(entry).collect::<Result<_, _>>()?;
        Ok(DomainList { entries })
    }

    fn check(&self, host: &str, target: &TargetUrl) -> Result<(), DomainRefusal> {
        let mut refusal = DomainRefusal::NotListed;
        for entry in self.entries.iter().filter(|entry| entry.host == host) {
            if entry.scheme.as_deref().is_some_and(|scheme| scheme != target.url().scheme()) {
                continue;
            }
            // WeChat's documentation compares ports as written: an entry with a port allows only URLs with that port,
            // and an entry without one only URLs without a port, not even the default port.
            if entry.port == target.explicit_port() {
                return Ok(());
            }
            refusal = DomainRefusal::PortNotListed;
        }
        Err(refusal)
    }
}

impl DomainEntry {
    fn parse(text: &str, allow_plain_http: bool) -> Result<DomainEntry, EntryReason> {
        // Checked on the whole entry: the URL parser ignores leading blanks, and tabs and line ends anywhere.
        let has_blank = text.contains(|character: char| character <= ' ');
        let (scheme, authority) = match text.split_once("://") {
            Some((scheme, authority)) => (Some(scheme.to_ascii_lowercase()), authority),
            None => (None, text),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if has_blank || authority.contains(|character: char| "/\\?#@*".contains(character)) {
            return Err(EntryReason::NotHostAndPort);
        }
        let address = format!("{}://{authority}", scheme.as_deref().unwrap_or("https"));
        let target = address::parse(&address).map_err(EntryReason::Url)?;
        // In `https:https://host`, the URL parser takes the second scheme for the host.
        if scheme.as_deref().is_some_and(|scheme| scheme != target.url().scheme()) {
            return Err(EntryReason::NotHostAndPort);
        }
        if target.is_plain_http() && !allow_plain_http {
            return Err(EntryReason::PlainHttp);
        }
        match target.url().host() {
            Some(Host::Domain(host)) if !is_local_name(host) => {
                Ok(DomainEntry { scheme, host: host.to_owned(), port: target.explicit_port() })
            }
            _ => Err(EntryReason::AddressOrLocal),
        }
    }
}

/// An invalid entry of a domain list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEntryError {
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// The reason.
    pub reason: EntryReason,
}

/// Why an entry of a domain list is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryReason {
    /// It has a path, a query, user-info, a wildcard, a space or a control character.
    NotHostAndPort,
    /// The scheme, the host or the port is malformed.
    Url(UrlError),
    /// It is for `http`, which this session does not allow.
    PlainHttp,
    /// It is an IP address or a local name, for which lists are not used.
    AddressOrLocal,
}

impl fmt::Display for DomainEntryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{}] cannot be listed: {}", self.index, self.reason)
    }
}

impl fmt::Display for EntryReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryReason::NotHostAndPort => formatter.write_str("an entry is a host with an optional scheme and port"),
            EntryReason::Url(reason) => reason.fmt(formatter),
            EntryReason::PlainHttp => formatter.write_str("plain http is not allowed"),
            EntryReason::AddressOrLocal => formatter.write_str("it is an IP address or a local name"),
        }
    }
}

impl std::error::Error for DomainEntryError {}

/// A session's rules about servers. They apply to the first request and to every redirect.
#[derive(Clone, Debug, Default)]
pub struct DomainRules {
    /// The list of `wx.uploadFile`.
    pub upload: DomainList,
    /// The list of `wx.downloadFile`.
    pub download: DomainList,
    /// Whether `http` is allowed outside of the local network.
    pub allow_plain_http: bool,
    /// The local addresses that need no entry, for `https` and `http`.
    pub lan: LanPolicy,
    /// Allows every server, for debugging. `allow_plain_http` and `lan` still decide about plain `http`.
    pub skip_check: bool,
}

/// Returns the addresses of the device's interfaces.
pub type Interfaces<'a> = &'a dyn Fn() -> io::Result<Vec<InterfaceAddress>>;

/// Why a server is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The list contains it.
    Listed,
    /// It is in one of the device's subnets.
    Neighbour,
    /// It is local, and all local servers are allowed.
    Local,
    /// The check is disabled.
    Unchecked,
}

impl DomainRules {
    /// Whether `api` may send a request to `target`.
    pub fn check(&self, api: Api, target: &TargetUrl, interfaces: Interfaces<'_>) -> Result<Permission, DomainRefusal> {
        let is_forbidden_http = target.is_plain_http() && !self.allow_plain_http;
        if self.skip_check && !is_forbidden_http {
            return Ok(Permission::Unchecked);
        }
        let local = match target.url().host() {
            Some(Host::Ipv4(address)) => self.check_address(address.into(), interfaces),
            Some(Host::Ipv6(address)) => self.check_address(address.into(), interfaces),
            Some(Host::Domain(host)) if !is_local_name(host) => {
                let list = match api {
                    Api::Upload => &self.upload,
                    Api::Download => &self.download,
                };
                return match is_forbidden_http {
                    true => Err(DomainRefusal::PlainHttp),
                    false => list.check(host, target).map(|()| Permission::Listed),
                };
            }
            Some(Host::Domain(_)) if self.lan == LanPolicy::AllLocal => Ok(Permission::Local),
            Some(Host::Domain(_)) | None => Err(DomainRefusal::LanNotAllowed),
        };
        local.map_err(|refusal| if self.skip_check { DomainRefusal::PlainHttp } else { refusal })
    }

    fn check_address(&self, address: IpAddr, interfaces: Interfaces<'_>) -> Result<Permission, DomainRefusal> {
        if self.lan == LanPolicy::AllLocal && is_lan(address) {
            return Ok(Permission::Local);
        }
        if self.lan == LanPolicy::OwnSubnets {
            let interfaces = interfaces().map_err(|_| DomainRefusal::InterfacesUnknown)?;
            if lan::is_neighbour(address, &interfaces) {
                return Ok(Permission::Neighbour);
            }
        }
        Err(if is_lan(address) { DomainRefusal::LanNotAllowed } else { DomainRefusal::PublicAddress })
    }
}

/// Why a server is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainRefusal {
    /// The host is not in the list.
    NotListed,
    /// The host is in the list, but with another port.
    PortNotListed,
    /// Plain `http`, which this session does not allow.
    PlainHttp,
    /// The host is an IP address outside the local network.
    PublicAddress,
    /// The host is the device itself, or in a local network that this session must not use.
    LanNotAllowed,
    /// The host name resolves to an address of the device itself.
    OwnAddress,
    /// The host name resolves to a group address (multicast, broadcast).
    GroupAddress,
    /// The device's interfaces cannot be read for lack of a descriptor or memory.
    InterfacesUnknown,
}

impl fmt::Display for DomainRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            DomainRefusal::NotListed => "the host is not in the domain list",
            DomainRefusal::PortNotListed => "the port is not in the domain list",
            DomainRefusal::PlainHttp => "plain http is not allowed",
            DomainRefusal::PublicAddress => "the host is an IP address outside the local network",
            DomainRefusal::LanNotAllowed => "the host is the device itself or in a local network that is not allowed",
            DomainRefusal::OwnAddress => "the host name resolves to an address of the device itself",
            DomainRefusal::GroupAddress => "the host name resolves to a multicast or broadcast address",
            DomainRefusal::InterfacesUnknown => "the addresses of the network interfaces cannot be read",
        })
    }
}

impl std::error::Error for DomainRefusal {}

#[cfg(test)]
#[path = "domains_tests.rs"]
mod tests;
