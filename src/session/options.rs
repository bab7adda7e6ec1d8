//! The options of a session, and their validation.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::trust::{of_trust, trust_in};
use crate::http::{self, CertificateParts, Client, ClientCertificate, ClientOptions, LowSpeed, Proxy, Resolver};
use crate::platform;
use crate::policy::addresses;
use crate::policy::domains::{DomainEntryError, DomainList, DomainRules};
use crate::policy::headers::{Identity, IdentityError};
use crate::policy::lan::LanPolicy;
use crate::policy::limits::Limits;
use crate::policy::quirks::{Platform, Quirks, Version, VersionError};
use crate::policy::resume::Resume;
use crate::policy::retry::RetryRules;
use crate::storage::{self, PathScheme, Sharing, Storage};
use crate::task::Executor;
use crate::terms::Api;
use crate::terms::log::{Level, Log};
use crate::transfer::{AttemptTotals, Environment, NetworkEstimator, SystemClock};

/// The owned options of a session. Empty and `None` mean the default.
pub struct SessionOptions {
    /// The mini program's appid. Required.
    pub app_id: String,
    /// The mini program's version.
    pub app_version: String,
    /// The user's id.
    pub user_id: String,
    /// The platform of the client.
    pub platform: Platform,
    /// The client's version. Required.
    pub client_version: String,
    /// The base library's version. Empty means the newest.
    pub base_library_version: String,
    /// The `User-Agent`.
    pub user_agent: String,
    /// The template of the Referer. Empty means WeChat's.
    pub referer: String,
    /// The scheme of the paths that pages see. Empty means `wxfile`.
    pub path_scheme: String,
    /// The directory for files, as an absolute path.
    pub data_directory: PathBuf,
    /// Limits on number, time and size.
    pub limits: Limits,
    /// The rules for further attempts.
    pub retry: RetryRules,
    /// Whether a download that breaks off continues where it stopped.
    pub resume: Resume,
    /// The speed below which a connection counts as stalled. `None`: no limit.
    pub low_speed: Option<LowSpeed>,
    /// Whether transfers wait in the background for the app's return.
    pub wait_in_background: bool,
    /// The domain list of uploads.
    pub upload_domains: Vec<String>,
    /// The domain list of downloads.
    pub download_domains: Vec<String>,
    /// The local addresses that are allowed.
    pub lan: LanPolicy,
    /// Whether the domain lists are ignored.
    pub skip_domain_check: bool,
    /// Whether `http` URLs are allowed outside the local network.
    pub allow_plain_http: bool,
    /// Whether an upload is never sent a second time.
    pub send_uploads_once: bool,
    /// Certificates in PEM. `None` means the system's trust store.
    pub root_certificates: Option<Vec<u8>>,
    /// Public keys that hosts must present.
    pub pins: Vec<http::Pin>,
    /// The proxy of every connection.
    pub proxy: Option<String>,
    /// The host's own name resolution.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Whether absolute paths can be uploaded.
    pub allow_native_paths: bool,
    /// Whether other sessions may use the same files.
    pub sharing: Sharing,
    /// Where callbacks run. `None` means a thread of the session.
    pub executor: Option<Box<dyn Executor>>,
    /// The log.
    pub log: Log,
    /// A certificate for servers that ask for one.
    pub client_certificate: Option<CertificateParts>,
}

/// Why a session cannot be opened. The text names the option as the C interface spells it. It contains no text, list or
/// path that the host passed.
#[derive(Debug)]
pub enum OpenError {
    /// The app id, app version, user agent or Referer is invalid.
    Identity(IdentityError),
    /// The path scheme is malformed or has another meaning.
    PathScheme,
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
            OpenError::Certificate(detail) | OpenError::Proxy(detail) | OpenError::Internal(detail) => {
                formatter.write_str(detail)
            }
            OpenError::TrustStore(detail) => write!(formatter, "root_certificates is absent, and {detail}"),
            OpenError::PathScheme => formatter.write_str(
                "path_scheme is not at most 32 lower-case letters and digits that end in file, or is file itself",
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
    /// Validates everything, and opens what transfers need. A refusal is also logged.
    pub(super) fn build(self) -> Result<(Environment, Option<Box<dyn Executor>>), OpenError> {
        let log = self.log.clone();
        self.try_build()
            .inspect_err(|error| log.write(Level::Warning, || format!("the session is not opened: {error}")))
    }

    fn try_build(self) -> Result<(Environment, Option<Box<dyn Executor>>), OpenError> {
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
            lan: self.lan,
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
            .map(|url| Proxy::parse(url).map_err(|error| OpenError::Proxy(error.detail)))
            .transpose()?;
        let lan = self.lan;
        let client = Client::new(ClientOptions {
            trust,
            pins: self.pins,
            certificate,
            proxy,
            resolver: self.resolver,
            address_rule: Some(Arc::new(move |host, addresses| {
                addresses::may_connect(host, addresses, lan, &platform::interface_addresses)
                    .map_err(|refusal| refusal.to_string())
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
            sharing: self.sharing,
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
}
