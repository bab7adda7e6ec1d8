//! The behaviour of old clients and base libraries. A new quirk with an existing effect needs a row in [`QUIRKS`]. A
//! new effect also needs a field in [`CallRules`] and the code that applies it.

use std::fmt;

use crate::terms::Api;

/// The platform of the client that a session represents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// iOS and iPadOS.
    Ios,
    /// Android.
    Android,
    /// HarmonyOS NEXT.
    Ohos,
    /// Any other, such as the developer tools.
    Other,
}

/// The effect of a quirk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Effect {
    /// The caller's headers are not sent.
    HeaderIgnored,
    /// A call beyond the limit of concurrent ones fails at once instead of waiting.
    OverflowFails,
    /// The caller's `timeout` has no effect.
    TimeoutIgnored,
    /// The caller's `filePath` has no effect, and a temporary path is returned.
    FilePathIgnored,
    /// There are no progress events.
    NoProgressEvents,
    /// There is no event for the response's headers.
    NoHeadersEvent,
    /// A result has no profile.
    NoProfile,
    /// A profile has no queue times.
    NoQueueTimes,
    /// The device's subnets are refused like any other address.
    NoLan,
}

/// One row: `effect` applies to calls of `api` if the platform and the versions match. `None` means any.
struct Quirk {
    platform: Option<Platform>,
    versions: Versions,
    api: Option<Api>,
    effect: Effect,
    /// The source of the quirk, for maintainers.
    #[allow(dead_code)]
    source: &'static str,
}

enum Versions {
    /// The client's version is at most this one.
    ClientUpTo(&'static [u32]),
    /// The base library's version is less than this one.
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

/// The quirks that apply to one call. The default is WeChat's current behaviour: all are `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallRules {
    /// The caller's headers are not sent.
    pub header_ignored: bool,
    /// A call beyond the limit of concurrent ones fails at once instead of waiting.
    pub fail_when_full: bool,
    /// The caller's `timeout` has no effect.
    pub timeout_ignored: bool,
    /// The caller's `filePath` has no effect, and a temporary path is returned.
    pub file_path_ignored: bool,
    /// There are no progress events.
    pub no_progress: bool,
    /// There is no event for the response's headers.
    pub no_headers_event: bool,
    /// A result has no profile.
    pub no_profile: bool,
    /// A profile has no queue times.
    pub no_queue_times: bool,
    /// The device's subnets are refused like any other address. A host that allows all local addresses is not affected.
    pub no_lan: bool,
}

impl CallRules {
    /// The names of the rules that apply. They are the names of this struct's fields.
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

/// The quirks of one session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quirks {
    upload: CallRules,
    download: CallRules,
}

impl Quirks {
    /// Finds the quirks of a session's versions. `None` means the newest base library, which has no quirks.
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

    /// The quirks of a call of `api`.
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
    /// Without trailing zeros, so that equal versions are equal lists and lists are ordered like versions.
    components: Vec<u32>,
}

impl Version {
    /// Parses numbers of ASCII digits separated by dots.
    pub fn parse(text: &str) -> Result<Version, VersionError> {
        let component = |part: &str| {
            // `u32::from_str` accepts a sign.
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<u32>().ok() } else { None }
        };
        let components: Option<Vec<u32>> = text.split('.').map(component).collect();
        match components {
            Some(components) => Ok(Version { components: without_trailing_zeros(&components).to_vec() }),
            None => Err(VersionError),
        }
    }

    fn components(&self) -> &[u32] {
        &self.components
    }
}

/// A text that is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionError;

impl fmt::Display for VersionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("is not a list of numbers separated by dots")
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
