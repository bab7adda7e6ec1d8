//! The options of the playground's sessions.

use wxtransfer::{Error, LanPolicy, Platform, Session, SessionOptions};

/// The options that the command line and the page choose. An empty text means the library's default.
#[derive(Clone, Default)]
pub struct Settings {
    pub data_directory: String,
    pub app_version: String,
    /// `ios` or `android`. Any other value means another platform.
    pub platform: String,
    pub client_version: String,
    pub base_library_version: String,
    /// The entries of both domain lists.
    pub domains: Vec<String>,
    pub skip_domain_check: bool,
    pub allow_plain_http: bool,
    pub all_local: bool,
    /// Certificates to trust instead of the system's.
    pub root_certificates: String,
    pub proxy: String,
}

/// Opens a session.
pub fn open(settings: &Settings) -> Result<Session, Error> {
    let settings = settings.clone();
    let platform = match settings.platform.as_str() {
        "ios" => Platform::Ios,
        "android" => Platform::Android,
        _ => Platform::Other,
    };
    let client_version = given(settings.client_version).unwrap_or_else(|| "8.0.50".to_owned());
    let mut options = SessionOptions::new("wxplayground", platform, client_version, settings.data_directory);
    options.app_version = settings.app_version;
    options.base_library_version = settings.base_library_version;
    options.root_certificates = given(settings.root_certificates).map(String::into_bytes);
    options.proxy = given(settings.proxy);
    options.skip_domain_check = settings.skip_domain_check;
    options.allow_plain_http = settings.allow_plain_http;
    if settings.all_local {
        options.lan_policy = LanPolicy::AllLocal;
    }
    options.upload_domains = settings.domains.clone();
    options.download_domains = settings.domains;
    Session::open(options)
}

fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
