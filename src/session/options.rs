//! The options of a session, and their validation.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::trust::{of_trust, trust_in};
use crate::http::{
    self, CertificateParts, Client, ClientCertificate, ClientOptions, ErrorKind, LowSpeed, Proxy, Resolver,
};
use crate::platform;
use crate::policy::addresses;
use crate::policy::domains::{DomainEntryError, DomainList, DomainRefusal, DomainRules};
use crate::policy::headers::{Identity, IdentityError};
use crate::policy::lan::LanPolicy;
use crate::policy::limits::Limits;
use crate::policy::quirks::{Platform, Quirks, Version, VersionError};
use crate::policy::resume::Resume;
use crate::policy::retry::RetryRules;
use crate::storage::{self, PathScheme, Sharing, Storage};
use crate::task::Executor;
use crate::terms::Api;
use crate::terms::log::Log;
use crate::transfer::{AttemptTotals, Environment, NetworkEstimator, SystemClock};

/// The options of one launch of one mini program. Empty texts, empty lists and `None` mean the default, which matches
/// WeChat's behaviour. There are two exceptions: required fields must not be empty, and neither must the contents of
/// `root_certificates` and `client_certificate`.
///
/// [`new`](SessionOptions::new) sets the required fields. Set the other fields after it.
#[non_exhaustive]
pub struct SessionOptions {
    /// The mini program's appid. Part of the Referer and of the directory name. Allowed: letters, digits and `-._~`,
    /// but not `.` or `..`. Required.
    pub app_id: String,
    /// The mini program's version, part of the Referer. Allowed characters as in `app_id`. Default: `0`, the
    /// development version.
    pub app_version: String,
    /// The user's id. Each user of a mini program has separate files. Any text of at most 83 bytes; a longer one may be
    /// too long for a directory name. Default: the files belong to no user.
    pub user_id: String,
    /// The client's platform. Required.
    pub platform: Platform,
    /// The version of the client app, numbers separated by dots, such as `8.0.50`. It decides which quirks of old
    /// clients apply. Required.
    pub client_version: String,
    /// The version of the base library, numbers separated by dots, such as `2.10.0`. It decides which quirks of old base
    /// libraries apply. Default: the newest base library is assumed.
    pub base_library_version: String,
    /// The `User-Agent` of requests whose `header` has none. It must not contain control characters. Default:
    /// `wxtransfer/<version>`.
    pub user_agent: String,
    /// The Referer of every request: an `http` or `https` URL with a host, without user-info and fragment. `{appid}` and
    /// `{version}` are replaced by `app_id` and `app_version`. At most 1,024 bytes after replacement. Default: WeChat's,
    /// `https://servicewechat.com/{appid}/{version}/page-frame.html`.
    pub referer: String,
    /// The URL scheme of every path that a page receives or passes: at most 32 lower-case letters and digits, starting
    /// with a letter and ending with `file`, but not `file` alone. Default: `wxfile`.
    pub path_scheme: String,
    /// The absolute path of the directory for the files of all sessions. It is created if missing. Required.
    pub data_directory: PathBuf,
    /// Limits on number, time and size. Default: WeChat's.
    pub limits: Limits,
    /// The rules for further attempts. Default: no further attempt.
    pub retry: RetryRules,
    /// Whether a download that breaks off continues where it stopped. Default: [`Resume::Off`].
    pub resume: Resume,
    /// The speed below which a connection counts as stalled. Default: `None`, no minimum speed.
    pub low_speed: Option<LowSpeed>,
    /// Whether transfers wait in the background for the app's return, instead of ending with `interrupted`. Default:
    /// `false`. See `docs/long-transfers.md`.
    pub wait_in_background: bool,
    /// The hosts that uploads may go to, each as `https://host`, `https://host:port` or `host[:port]`. An entry without a
    /// scheme also allows `http` if `allow_plain_http` is set. `http://host` requires `allow_plain_http`. An IP address
    /// or a local name, such as `localhost`, is refused: `lan_policy` allows these. Default: empty, no upload is
    /// allowed.
    pub upload_domains: Vec<String>,
    /// The hosts that downloads may come from. Entries as in `upload_domains`. Default: empty, no download is allowed.
    pub download_domains: Vec<String>,
    /// The local addresses that need no entry in a domain list. Default: [`LanPolicy::OwnSubnets`], as in WeChat from
    /// base library 2.4.0 on; with an older `base_library_version`, the default allows nothing. Needs Android 7 (API
    /// 24) on Android.
    pub lan_policy: LanPolicy,
    /// Whether the check against the domain lists is skipped. For development only. Default: `false`.
    pub skip_domain_check: bool,
    /// Whether `http` URLs are allowed beyond what `lan_policy` allows. Default: `false`, `https` only.
    pub allow_plain_http: bool,
    /// Whether an upload is never sent again once all of it was sent. Default: `false`, as in browsers: if a kept
    /// connection ends before a byte of the answer, or the server ends it with the status 408 (RFC 9110 section 15.5.9),
    /// the upload is sent once more on a new connection. The server may then have received the whole upload twice (RFC
    /// 9110 section 9.2.2). Contradicts [`RetryRules::uploads`].
    pub send_uploads_once: bool,
    /// CA certificates in PEM, at least one, which replace the system's trust store. Default: `None`, the system's
    /// trust store is used.
    pub root_certificates: Option<Vec<u8>>,
    /// Public keys that hosts must present, in addition to a valid certificate chain. Default: none.
    pub pins: Vec<http::Pin>,
    /// The proxy, as `http://[user:password@]host[:port]`. The user name and the password are percent-encoded. The
    /// default port is 80. Every connection goes through it with `CONNECT`. Default: `None`, no proxy. The library never
    /// reads proxy settings of the environment.
    pub proxy: Option<String>,
    /// The host's own name resolution, such as an HTTPDNS service. Default: `None`, the system's resolver.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Whether a path of an upload may also be an absolute path on the device (`path_policy` in C). Default: `false`,
    /// `wxfile://` paths only.
    pub allow_native_paths: bool,
    /// Whether several sessions may use the mini program's directory. Default: [`Sharing::Exclusive`].
    pub storage_sharing: Sharing,
    /// Where callbacks run. Default: `None`, a thread of the session.
    pub executor: Option<Box<dyn Executor>>,
    /// Where log messages go (`logger` in C). Default: they are discarded.
    pub log: Log,
    /// The app's own certificate for servers that ask for one (mutual TLS). Default: `None`. See `docs/trust.md`.
    pub client_certificate: Option<CertificateParts>,
}

impl SessionOptions {
    /// The defaults, with the fields that are required.
    pub fn new(
        app_id: impl Into<String>,
        platform: Platform,
        client_version: impl Into<String>,
        data_directory: impl Into<PathBuf>,
    ) -> SessionOptions {
        SessionOptions {
            app_id: app_id.into(),
            app_version: String::new(),
            user_id: String::new(),
            platform,
            client_version: client_version.into(),
            base_library_version: String::new(),
            user_agent: String::new(),
            referer: String::new(),
            path_scheme: String::new(),
            data_directory: data_directory.into(),
            limits: Limits::default(),
            retry: RetryRules::default(),
            resume: Resume::Off,
            low_speed: None,
            wait_in_background: false,
            upload_domains: Vec::new(),
            download_domains: Vec::new(),
            lan_policy: LanPolicy::OwnSubnets,
            skip_domain_check: false,
            allow_plain_http: false,
            send_uploads_once: false,
            root_certificates: None,
            pins: Vec::new(),
            proxy: None,
            resolver: None,
            allow_native_paths: false,
            storage_sharing: Sharing::Exclusive,
            executor: None,
            log: Log::default(),
            client_certificate: None,
        }
    }

    /// Applies `change` and returns the options, so that one expression can create and change them.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

/// Only what identifies the session: a proxy has a password, and the user's id names a person.
impl fmt::Debug for SessionOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SessionOptions")
            .field("app_id", &self.app_id)
            .field("platform", &self.platform)
            .field("client_version", &self.client_version)
            .field("base_library_version", &self.base_library_version)
            .field("data_directory", &self.data_directory)
            .finish_non_exhaustive()
    }
}

/// Why a session cannot be opened. The text names the option as the C interface spells it. It contains no text, list or
/// path that the host passed.
#[derive(Debug)]
pub enum OpenError {
    /// The app id, app version, user agent or Referer is invalid.
    Identity(IdentityError),
    /// The path scheme breaks the rules of `path_scheme`; `file` alone is not allowed.
    PathScheme,
    /// An option is out of its range, or contradicts another one.
    Option(String),
    /// A version is not a list of numbers separated by dots.
    Version {
        /// `client_version` or `base_library_version`.
        option: &'static str,
        /// The reason.
        error: VersionError,
    },
    /// An entry of a domain list is invalid.
    Domain {
        /// The API of the list.
        api: Api,
        /// The entry's place and the reason.
        error: DomainEntryError,
    },
    /// The roots or the client certificate cannot be used.
    Certificate(String),
    /// The proxy's URL is invalid.
    Proxy(String),
    /// The system's trust store cannot be used.
    TrustStore(String),
    /// Another session uses the files.
    StorageLocked,
    /// The files cannot be used.
    Storage(storage::Error),
    /// No thread or descriptor is left.
    OutOfResources(io::Error),
    /// A bug of the library.
    Internal(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Identity(error) => error.fmt(formatter),
            OpenError::Domain { api: Api::Upload, error } => write!(formatter, "upload_domains{error}"),
            OpenError::Domain { api: Api::Download, error } => write!(formatter, "download_domains{error}"),
            OpenError::Version { option, error } => write!(formatter, "{option} {error}"),
            OpenError::Option(text)
            | OpenError::Certificate(text)
            | OpenError::Proxy(text)
            | OpenError::Internal(text) => formatter.write_str(text),
            OpenError::TrustStore(detail) => write!(formatter, "root_certificates is absent, and {detail}"),
            OpenError::PathScheme => formatter.write_str(
                "path_scheme must be 5 to 32 lower-case letters and digits, start with a letter and end with file",
            ),
            OpenError::StorageLocked => formatter.write_str(
                "storage_sharing: another open session uses this mini program's directory, and one of the two is exclusive",
            ),
            OpenError::Storage(error @ storage::Error::InvalidIdentity { .. }) => error.fmt(formatter),
            OpenError::Storage(error) => write!(formatter, "data_directory cannot be used: {error}"),
            OpenError::OutOfResources(error) => write!(formatter, "no thread, descriptor or memory is left: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl SessionOptions {
    /// Validates everything, and opens what transfers need.
    pub(super) fn build(self) -> Result<(Environment, Option<Box<dyn Executor>>), OpenError> {
        self.check_ranges()?;
        let identity = Identity::new(&self.app_id, &self.app_version, &self.user_agent, &self.referer)
            .map_err(OpenError::Identity)?;
        let path_scheme = PathScheme::new(&self.path_scheme).ok_or(OpenError::PathScheme)?;
        let version = |option: &'static str, text: &str| {
            Version::parse(text).map_err(|error| OpenError::Version { option, error })
        };
        let client_version = version("client_version", &self.client_version)?;
        let base_library_version = match self.base_library_version.as_str() {
            "" => None,
            text => Some(version("base_library_version", text)?),
        };
        let list = |api: Api, entries: &[String]| {
            DomainList::parse(entries, self.allow_plain_http).map_err(|error| OpenError::Domain { api, error })
        };
        let domains = DomainRules {
            upload: list(Api::Upload, &self.upload_domains)?,
            download: list(Api::Download, &self.download_domains)?,
            allow_plain_http: self.allow_plain_http,
            lan: self.lan_policy,
            skip_check: self.skip_domain_check,
        };
        let trust = trust_in(self.root_certificates.as_deref())?;
        let certificate = self
            .client_certificate
            .map(|parts| ClientCertificate::new(parts).map_err(|error| OpenError::Certificate(error.detail)))
            .transpose()?;
        let proxy = self
            .proxy
            .as_deref()
            .filter(|url| !url.is_empty())
            .map(|url| Proxy::parse(url).map_err(|error| OpenError::Proxy(error.detail)))
            .transpose()?;
        let lan = self.lan_policy;
        let client = Client::new(ClientOptions {
            trust,
            pins: self.pins,
            certificate,
            proxy,
            resolver: self.resolver,
            address_rule: Some(Arc::new(move |host, addresses| {
                addresses::may_connect(host, addresses, lan, &platform::interface_addresses).map_err(of_refused_address)
            })),
            low_speed: self.low_speed,
            log: self.log.clone(),
        })
        .map_err(of_trust)?;
        let storage = Storage::open(storage::Options {
            data_directory: self.data_directory,
            app_id: self.app_id,
            user_id: self.user_id,
            storage_quota: self.limits.storage_quota,
            temporary_quota: self.limits.temporary_quota,
            temporary_retention: self.limits.temporary_retention,
            path_scheme,
            sharing: self.storage_sharing,
            allow_native_paths: self.allow_native_paths,
            log: self.log.clone(),
        })
        .map_err(|error| match error {
            storage::Error::Locked => OpenError::StorageLocked,
            storage::Error::OutOfResources { which } => OpenError::OutOfResources(io::Error::other(which)),
            error => OpenError::Storage(error),
        })?;
        let environment = Environment {
            identity,
            quirks: Quirks::new(self.platform, &client_version, base_library_version.as_ref()),
            domains,
            send_uploads_once: self.send_uploads_once,
            limits: self.limits,
            retry: self.retry,
            totals: AttemptTotals::default(),
            resume: self.resume,
            clock: Box::new(SystemClock),
            client,
            network: NetworkEstimator::default(),
            storage,
            log: self.log,
        };
        Ok((environment, self.executor))
    }

    fn check_ranges(&self) -> Result<(), OpenError> {
        let refused = |text: String| Err(OpenError::Option(text));
        let limits = &self.limits;
        let counts = [
            ("max_concurrent_uploads", limits.max_concurrent_uploads),
            ("max_concurrent_downloads", limits.max_concurrent_downloads),
        ];
        if let Some((option, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return refused(format!("{option} is 0, but must be at least 1"));
        }
        if self.retry.uploads && self.send_uploads_once {
            return refused("retry_uploads excludes send_uploads_once".to_owned());
        }
        match self.low_speed {
            Some(LowSpeed { limit: 0, .. }) => refused("low_speed_limit is 0, but must be at least 1".to_owned()),
            Some(LowSpeed { time, .. }) if !matches!(u32::try_from(time.as_millis()), Ok(1..)) => {
                refused(format!("low_speed_time is {time:?}, but must be from 1 to 4,294,967,295 milliseconds"))
            }
            _ => Ok(()),
        }
    }
}

/// The error of an exchange whose host name resolves to addresses that are not allowed.
fn of_refused_address(refusal: DomainRefusal) -> http::Error {
    let kind = match refusal {
        DomainRefusal::InterfacesUnknown => ErrorKind::OutOfResources,
        _ => ErrorKind::AddressRefused,
    };
    http::Error::new(kind, refusal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As for an address in the URL (`transfer/failure.rs`).
    #[test]
    fn unreadable_interfaces_are_a_shortage_and_no_refusal() {
        let error = of_refused_address(DomainRefusal::InterfacesUnknown);
        assert!(matches!(error.kind, ErrorKind::OutOfResources), "{error:?}");
        for refusal in [DomainRefusal::OwnAddress, DomainRefusal::GroupAddress] {
            let error = of_refused_address(refusal);
            assert!(matches!(error.kind, ErrorKind::AddressRefused), "{error:?}");
        }
    }
}
