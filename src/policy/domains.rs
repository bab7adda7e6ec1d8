//! The lists of servers that a mini program may talk to.

use std::fmt;

use url::Host;

use super::addresses::{is_lan_v4, is_lan_v6, is_local_name};
use super::url::{self as address, TargetUrl, UrlError};
use crate::terms::Api;

/// The hosts that one API may talk to. An empty list allows none.
#[derive(Clone, Debug, Default)]
pub struct DomainList {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    /// `None` where the entry names no scheme: plain `http` is then allowed or refused by its own switch alone.
    scheme: Option<String>,
    host: String,
    port: Option<u16>,
}

impl DomainList {
    /// Reads entries of the form `https://host`, `https://host:port` or `host[:port]`. The case of a host does not
    /// matter, and an internationalised one may be given in either form. `http://host` needs `allow_plain_http`: no address
    /// would ever match it otherwise. Fails at the first bad entry.
    pub fn parse<Text: AsRef<str>>(entries: &[Text], allow_plain_http: bool) -> Result<DomainList, DomainEntryError> {
        let entry = |text: &Text| Entry::parse(text.as_ref(), allow_plain_http);
        let entries = entries.iter().map(entry).collect::<Result<_, _>>()?;
        Ok(DomainList { entries })
    }

    fn check(&self, host: &str, target: &TargetUrl) -> Result<(), DomainRefusal> {
        let mut refusal = DomainRefusal::NotListed;
        for entry in self.entries.iter().filter(|entry| entry.host == host) {
            if entry.scheme.as_deref().is_some_and(|scheme| scheme != target.url().scheme()) {
                continue;
            }
            // The WeChat documentation compares what is written, not what is meant: with a port listed only that port
            // may be asked for, and with none listed the address may name none, not even the default.
            if entry.port == target.explicit_port() {
                return Ok(());
            }
            refusal = DomainRefusal::PortNotListed;
        }
        Err(refusal)
    }
}

impl Entry {
    fn parse(text: &str, allow_plain_http: bool) -> Result<Entry, DomainEntryError> {
        let error = |reason| DomainEntryError { entry: text.to_owned(), reason };
        let (scheme, authority) = match text.split_once("://") {
            Some((scheme, authority)) => (Some(scheme.to_ascii_lowercase()), authority),
            None => (None, text),
        };
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        if authority.contains(|character: char| "/\\?#@*".contains(character) || character <= ' ') {
            return Err(error(EntryReason::NotHostAndPort));
        }
        let address = format!("{}://{authority}", scheme.as_deref().unwrap_or("https"));
        let target = address::parse(&address, allow_plain_http).map_err(|reason| error(EntryReason::Url(reason)))?;
        match target.url().host() {
            Some(Host::Domain(host)) if !is_local_name(host) => {
                Ok(Entry { scheme, host: host.to_owned(), port: target.explicit_port() })
            }
            _ => Err(error(EntryReason::AddressOrLocal)),
        }
    }
}

/// An entry of a domain list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEntryError {
    /// The entry as it was given.
    pub entry: String,
    /// What is wrong with it.
    pub reason: EntryReason,
}

/// What is wrong with an entry of a domain list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryReason {
    /// It has a path, a query, user-info, a wildcard or a space.
    NotHostAndPort,
    /// The scheme, the host or the port cannot be read.
    Url(UrlError),
    /// An IP address or a local name: those are never looked up in a list.
    AddressOrLocal,
}

impl fmt::Display for DomainEntryError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} cannot be listed: ", self.entry)?;
        match self.reason {
            EntryReason::NotHostAndPort => formatter.write_str("an entry is a host and a port at most"),
            EntryReason::Url(reason) => reason.fmt(formatter),
            EntryReason::AddressOrLocal => formatter.write_str("it is an IP address or a local name"),
        }
    }
}

impl std::error::Error for DomainEntryError {}

/// A session's rules for which servers may be talked to. They hold for the first request and for every redirect.
#[derive(Clone, Debug, Default)]
pub struct DomainRules {
    /// The list of `wx.uploadFile`.
    pub upload: DomainList,
    /// The list of `wx.downloadFile`.
    pub download: DomainList,
    /// Lets addresses and names of the local network pass without an entry.
    pub allow_lan: bool,
    /// Lets everything pass, for debugging.
    pub skip_check: bool,
}

impl DomainRules {
    /// Whether `api` may send a request to `target`.
    pub fn check(&self, api: Api, target: &TargetUrl) -> Result<(), DomainRefusal> {
        if self.skip_check {
            return Ok(());
        }
        let is_lan = match target.url().host() {
            Some(Host::Ipv4(address)) if !is_lan_v4(address) => return Err(DomainRefusal::PublicAddress),
            Some(Host::Ipv6(address)) if !is_lan_v6(address) => return Err(DomainRefusal::PublicAddress),
            Some(Host::Domain(host)) if !is_local_name(host) => {
                return match api {
                    Api::Upload => self.upload.check(host, target),
                    Api::Download => self.download.check(host, target),
                };
            }
            Some(_) => true,
            None => false,
        };
        if is_lan && self.allow_lan { Ok(()) } else { Err(DomainRefusal::LanNotAllowed) }
    }
}

/// Why a server may not be talked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainRefusal {
    /// The host is not in the list.
    NotListed,
    /// The host is in the list, but not with this port.
    PortNotListed,
    /// The host is an IP address outside the local network.
    PublicAddress,
    /// The host is in the local network, which this session may not talk to.
    LanNotAllowed,
    /// The host's name has an address of the device itself.
    OwnAddress,
}

impl fmt::Display for DomainRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            DomainRefusal::NotListed => "the host is not in the domain list",
            DomainRefusal::PortNotListed => "the port is not in the domain list",
            DomainRefusal::PublicAddress => "the host is an IP address",
            DomainRefusal::LanNotAllowed => "the host is in the local network",
            DomainRefusal::OwnAddress => "the host's name has an address of the device itself",
        })
    }
}

impl std::error::Error for DomainRefusal {}

#[cfg(test)]
#[path = "domains_tests.rs"]
mod tests;
