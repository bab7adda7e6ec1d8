//! How old clients and base libraries behave differently. A new quirk with a known effect is one more row of [`QUIRKS`]; a
//! new effect is also a field of [`CallRules`] and the code that obeys it.

use std::fmt;

use crate::terms::Api;

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
enum Effect {
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
    /// A result has no profile.
    NoProfile,
    /// A profile does not tell when the call came in and when it waited.
    NoQueueTimes,
    /// Addresses of the local network are refused like any other.
    NoLan,
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
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[2, 10, 4]),
        api: Some(Api::Download),
        effect: Effect::NoProfile,
        source: "WeChat typings, DownloadFileSuccessCallbackResult: profile since 2.10.4",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[3, 5, 0]),
        api: Some(Api::Upload),
        effect: Effect::NoProfile,
        source: "WeChat typings, UploadFileSuccessCallbackResult: profile since 3.5.0",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[3, 8, 10]),
        api: None,
        effect: Effect::NoQueueTimes,
        source: "WeChat typings, RequestProfile: invokeStart, queueStart and queueEnd since 3.8.10",
    },
    Quirk {
        platform: None,
        versions: Versions::BaseLibraryBelow(&[2, 4, 0]),
        api: None,
        effect: Effect::NoLan,
        source: "WeChat documentation, Network, local area network: since 2.4.0",
    },
];

/// The rules of one call. The default is what WeChat does today: each is `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallRules {
    /// The caller's headers are not sent.
    pub header_ignored: bool,
    /// A call beyond the limit of concurrent ones fails at once, where it would wait.
    pub fail_when_full: bool,
    /// The caller's `timeout` has no effect.
    pub timeout_ignored: bool,
    /// The caller's `filePath` has no effect; a temporary path is returned.
    pub file_path_ignored: bool,
    /// There are no progress events.
    pub no_progress: bool,
    /// There is no event for the response's headers.
    pub no_headers_event: bool,
    /// A result has no profile.
    pub no_profile: bool,
    /// A profile does not tell when the call came in and when it waited.
    pub no_queue_times: bool,
    /// The device's subnets are refused like any other address. All that is local is not, where the host allows it.
    pub no_lan: bool,
}

impl CallRules {
    /// The names of the rules that hold, which are those of this struct's fields.
    pub fn names(&self) -> Vec<&'static str> {
        let rules = [
            (self.header_ignored, "header_ignored"),
            (self.fail_when_full, "fail_when_full"),
            (self.timeout_ignored, "timeout_ignored"),
            (self.file_path_ignored, "file_path_ignored"),
            (self.no_progress, "no_progress"),
            (self.no_headers_event, "no_headers_event"),
            (self.no_profile, "no_profile"),
            (self.no_queue_times, "no_queue_times"),
            (self.no_lan, "no_lan"),
        ];
        rules.into_iter().filter_map(|(holds, name)| holds.then_some(name)).collect()
    }

    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::HeaderIgnored => self.header_ignored = true,
            Effect::OverflowFails => self.fail_when_full = true,
            Effect::TimeoutIgnored => self.timeout_ignored = true,
            Effect::FilePathIgnored => self.file_path_ignored = true,
            Effect::NoProgressEvents => self.no_progress = true,
            Effect::NoHeadersEvent => self.no_headers_event = true,
            Effect::NoProfile => self.no_profile = true,
            Effect::NoQueueTimes => self.no_queue_times = true,
            Effect::NoLan => self.no_lan = true,
        }
    }
}

/// The rules of one session's calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quirks {
    upload: CallRules,
    download: CallRules,
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
        let rules_of = |api| {
            let mut rules = CallRules::default();
            let of_api = |quirk: &&Quirk| quirk.api.is_none_or(|named| named == api);
            QUIRKS.iter().filter(of_api).filter(holds).for_each(|quirk| rules.add(quirk.effect));
            rules
        };
        Quirks { upload: rules_of(Api::Upload), download: rules_of(Api::Download) }
    }

    /// The rules of a call of `api`.
    pub fn rules(&self, api: Api) -> CallRules {
        match api {
            Api::Upload => self.upload,
            Api::Download => self.download,
        }
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
