//! How old clients and base libraries behave differently. A quirk is a row of [`QUIRKS`] and nothing else.

use std::fmt;

/// The call that a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Api {
    /// `wx.uploadFile`.
    Upload,
    /// `wx.downloadFile`.
    Download,
}

/// The system of the client that a session stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// iOS and iPadOS.
    Ios,
    /// Android.
    Android,
    /// Any other, such as the developer tools.
    Other,
}

/// What is different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// The caller's headers are not sent.
    HeaderIgnored,
    /// A call beyond the limit of concurrent ones fails at once, where it would wait.
    OverflowFails,
    /// The caller's `timeout` has no effect.
    TimeoutIgnored,
    /// The caller's `filePath` has no effect; a temporary path is returned.
    FilePathIgnored,
    /// There are no progress events.
    NoProgressEvents,
    /// There is no event for the response's headers.
    NoHeadersEvent,
}

/// One row: `effect` holds for the calls of `api` where platform and versions match. `None` is any.
struct Quirk {
    platform: Option<Platform>,
    versions: Versions,
    api: Option<Api>,
    effect: Effect,
    /// Where it is known from; read by people only.
    #[allow(dead_code)]
    source: &'static str,
}

enum Versions {
    /// The client's version, up to and with this one.
    ClientUpTo(&'static [u32]),
    /// The base library's version, below this one.
    BaseLibraryBelow(&'static [u32]),
}

const QUIRKS: &[Quirk] = &[
    Quirk {
        platform: Some(Platform::Ios),
        versions: Versions::ClientUpTo(&[6, 5, 3]),
        api: None,
        effect: Effect::HeaderIgnored,
        source: "mini program guide 8-1-2: 6.5.3 以及之前版本的 iOS 微信客户端 header 设置无效",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[2, 4, 1]),
        api: Some(Api::Upload),
        effect: Effect::OverflowFails,
        source: "seen in the wild: exceed max upload connection count 10",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[1, 4, 4]),
        api: Some(Api::Download),
        effect: Effect::OverflowFails,
        source: "seen in the wild: exceed max download connection count 10",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[2, 10, 0]),
        api: None,
        effect: Effect::TimeoutIgnored,
        source: "WeChat documentation, wx.uploadFile and wx.downloadFile: timeout since 2.10.0",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[1, 8, 0]),
        api: Some(Api::Download),
        effect: Effect::FilePathIgnored,
        source: "WeChat documentation, wx.downloadFile: filePath since 1.8.0",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[1, 4, 0]),
        api: None,
        effect: Effect::NoProgressEvents,
        source: "WeChat documentation, UploadTask and DownloadTask: onProgressUpdate since 1.4.0",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[2, 1, 0]),
        api: None,
        effect: Effect::NoHeadersEvent,
        source: "WeChat documentation, UploadTask and DownloadTask: onHeadersReceived since 2.1.0",
    },
];

/// The rows that hold for one session.
#[derive(Clone, Debug)]
pub struct Quirks {
    active: Vec<(Option<Api>, Effect)>,
}

impl Quirks {
    /// Looks the session's versions up. A base library that is not named is the newest: it has no quirk.
    pub fn new(platform: Platform, client: &Version, base_library: Option<&Version>) -> Quirks {
        let holds = |quirk: &&Quirk| {
            let version_matches = match quirk.versions {
                Versions::ClientUpTo(limit) => client.components() <= without_trailing_zeros(limit),
                Versions::BaseLibraryBelow(limit) => {
                    base_library.is_some_and(|version| version.components() < without_trailing_zeros(limit))
                }
            };
            version_matches && quirk.platform.is_none_or(|named| named == platform)
        };
        Quirks { active: QUIRKS.iter().filter(holds).map(|quirk| (quirk.api, quirk.effect)).collect() }
    }

    /// Whether `effect` holds for calls of `api`.
    pub fn has(&self, api: Api, effect: Effect) -> bool {
        self.active.iter().any(|&(named, active)| active == effect && named.is_none_or(|named| named == api))
    }
}

/// A version such as `6.5.3`, ordered by its numbers from left to right. A missing number counts as 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Without zeros at the end, so that equal versions are equal lists and the order of lists is that of versions.
    components: Vec<u32>,
}

impl Version {
    /// Reads numbers of ASCII digits with dots between them, and nothing else.
    pub fn parse(text: &str) -> Result<Version, VersionError> {
        let component = |part: &str| {
            // `u32::from_str` accepts a sign.
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<u32>().ok() } else { None }
        };
        let components: Option<Vec<u32>> = text.split('.').map(component).collect();
        match components {
            Some(components) => Ok(Version { components: without_trailing_zeros(&components).to_vec() }),
            None => Err(VersionError { text: text.to_owned() }),
        }
    }

    fn components(&self) -> &[u32] {
        &self.components
    }
}

/// A text that is no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError {
    /// The text as it was given.
    pub text: String,
}

impl fmt::Display for VersionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "not a version: {:?}", self.text)
    }
}

impl std::error::Error for VersionError {}

fn without_trailing_zeros(mut components: &[u32]) -> &[u32] {
    while let [rest @ .., 0] = components {
        components = rest;
    }
    components
}

#[cfg(test)]
#[path = "quirks_tests.rs"]
mod tests;
