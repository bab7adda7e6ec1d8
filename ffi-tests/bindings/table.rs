//! Information that the header lacks: the form of its names in each language, and which options a log may show.

use crate::bindings::header::{Constant, Field, Header};

/// Constants that are the values of one type.
pub struct Family {
    /// The prefix of their names in C.
    pub prefix: &'static str,
    pub kotlin: &'static str,
    pub swift: &'static str,
}

impl Family {
    /// Whether the constants are numbers for HarmonyOS. Constants of all other families are strings there.
    pub fn is_number_in_javascript(&self) -> bool {
        ["WXT_", "WXT_ERRNO_"].contains(&self.prefix)
    }
}

/// Statuses have no prefix of their own. They are the constants of the header's first section.
static STATUS: Family = Family { prefix: "WXT_", kotlin: "WXTransferStatus", swift: "WXTransferStatus" };
const STATUS_SECTION: &str = "Strings and statuses";

const fn family_of(prefix: &'static str, kotlin: &'static str, swift: &'static str) -> Family {
    Family { prefix, kotlin, swift }
}

static FAMILIES: [Family; 8] = [
    family_of("WXT_ERRNO_", "WXTransferErrno", "WXTransferErrno"),
    family_of("WXT_CATEGORY_", "WXTransferCategory", "WXTransferCategory"),
    family_of("WXT_PLATFORM_", "WXTransferPlatform", "WXTransferSessionOptions.Platform"),
    family_of("WXT_PATHS_", "WXTransferPathPolicy", "WXTransferSessionOptions.PathPolicy"),
    family_of("WXT_LAN_", "WXTransferLanPolicy", "WXTransferSessionOptions.LANPolicy"),
    family_of("WXT_STORAGE_", "WXTransferStorageSharing", "WXTransferSessionOptions.StorageSharing"),
    family_of("WXT_RESUME_", "WXTransferResume", "WXTransferSessionOptions.Resume"),
    family_of("WXT_LOG_", "WXTransferLogLevel", "WXTransferSessionOptions.LogLevel"),
];

/// The family of a constant. A constant without a family, such as `WXT_PROFILE_ABSENT`, is not in the generated lines.
pub fn family(constant: &Constant) -> Option<&'static Family> {
    if constant.section == STATUS_SECTION {
        return Some(&STATUS);
    }
    FAMILIES.iter().find(|family| constant.name.starts_with(family.prefix))
}

/// The constants of the family with this prefix, in their order.
pub fn members<'a>(header: &'a Header, prefix: &str) -> Vec<&'a Constant> {
    let is_member = |constant: &&Constant| family(constant).is_some_and(|family| family.prefix == prefix);
    let members: Vec<_> = header.constants.iter().filter(is_member).collect();
    assert!(!members.is_empty(), "there is no {prefix}…");
    members
}

/// Functions that comments name, with the corresponding function in Kotlin and in Swift. Empty if there is none.
pub const FUNCTIONS: [(&str, &str, &str); 10] = [
    ("wxt_android_init", "WXTransferAndroid.init", ""),
    ("wxt_discard_partials", "WXTransferSession.discardPartials", "WXTransferSession/discardPartials()"),
    ("wxt_session_close", "WXTransferSession.close", "WXTransferSession/close()"),
    ("wxt_session_enter_background", "WXTransferSession.enterBackground", "WXTransferSession/enterBackground()"),
    ("wxt_session_enter_foreground", "WXTransferSession.enterForeground", "WXTransferSession/enterForeground()"),
    ("wxt_session_network_changed", "WXTransferSession.networkChanged", "WXTransferSession/networkChanged(_:)"),
    ("wxt_session_prepare", "WXTransferSession.prepare", "WXTransferSession/prepare(_:)"),
    ("wxt_session_set_trust", "WXTransferSession.setTrust", "WXTransferSession/setTrust(rootCertificates:pins:)"),
    (
        "wxt_session_set_max_bytes_per_second",
        "WXTransferSession.setMaxBytesPerSecond",
        "WXTransferSession/setMaxBytesPerSecond(_:)",
    ),
    ("wxt_session_statistics", "WXTransferSession.statistics", "WXTransferSession/statistics()"),
];

/// Constants whose comments would be untrue for the bindings, with the comments for the bindings. Bindings have no
/// pointers and no sizes of structs.
pub const COMMENTS: [(&str, &str); 6] = [
    ("WXT_ERRNO_OK", "Success."),
    ("WXT_INVALID_ARGUMENT", "A required value is missing, or a value is out of its range."),
    ("WXT_INVALID_STRUCT_SIZE", "This binding and the library that it calls are of different versions."),
    ("WXT_INVALID_UTF8", "A string of the options is not UTF-8."),
    ("WXT_SESSION_CLOSED", "The session is closing or closed."),
    ("WXT_NOT_FOUND", "The task has ended."),
];

/// The part of a text option that the text form of the options may show.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    All,
    Length,
    Proxy,
    /// The URLs of a list without user-info and query.
    Urls,
}

/// Each option that is a text or a list of texts. Numbers are shown.
const SHOWN: [(&str, Shown); 13] = [
    ("app_id", Shown::All),
    ("app_version", Shown::All),
    ("user_id", Shown::Length),
    ("client_version", Shown::All),
    ("base_library_version", Shown::All),
    ("user_agent", Shown::Length),
    ("referer", Shown::All),
    ("path_scheme", Shown::All),
    ("data_directory", Shown::All),
    ("upload_domains", Shown::Urls),
    ("download_domains", Shown::Urls),
    ("root_certificates", Shown::Length),
    ("proxy", Shown::Proxy),
];

pub fn shown(field: &str) -> Shown {
    let row = SHOWN.iter().find(|(name, _)| *name == field);
    row.unwrap_or_else(|| panic!("`SHOWN` has to say whether a log may show `{field}`")).1
}

/// Options whose property is written by hand: Kotlin has a default that C does not have.
pub const KOTLIN_BY_HAND: [&str; 1] = ["platform"];
/// The same for Swift, which has a `URL`.
pub const SWIFT_BY_HAND: [&str; 1] = ["data_directory"];

/// Numbers of 64 bits that are an `Int` in Kotlin.
pub const KOTLIN_INT: [&str; 1] = ["estimate_nettype"];

/// Default values of an app's test other than zero, `false` and absent.
const DEFAULTS: [(&str, &str); 1] = [("protocol", "\"http1.1\"")];

pub fn default(field: &Field) -> Option<&'static str> {
    DEFAULTS.iter().find(|(name, _)| *name == field.name).map(|(_, default)| *default)
}
