//! Copies the options of a session that a host passes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::client_certificate::certificate_parts;
use super::executor::{HostExecutor, host_log};
use super::options::{
    WXT_LAN_ALL_LOCAL, WXT_LAN_OFF, WXT_LAN_OWN_SUBNETS, WXT_PATHS_NATIVE, WXT_PATHS_SANDBOX, WXT_PLATFORM_ANDROID,
    WXT_PLATFORM_IOS, WXT_PLATFORM_OHOS, WXT_PLATFORM_OTHER, WXT_RESUME_ACROSS_LAUNCHES, WXT_RESUME_OFF,
    WXT_RESUME_WITHIN_TASK, WXT_STORAGE_EXCLUSIVE, WXT_STORAGE_SHARED, WxtSessionOptions,
};
use super::refusal::{FieldName, RefusedCall, choice};
use super::resolver::HostResolver;
use super::string::{WxtStr, array};
use super::trust::pins;
use crate::http::{LowSpeed, Resolver};
use crate::policy::lan::LanPolicy;
use crate::policy::limits::Limits;
use crate::policy::quirks::Platform;
use crate::policy::resume::Resume;
use crate::policy::retry::RetryRules;
use crate::session::SessionOptions;
use crate::storage::Sharing;
use crate::task::Executor;

/// Copies the options.
///
/// # Safety
/// Everything that `options` points to must be readable.
pub(super) unsafe fn owned_options(options: &WxtSessionOptions) -> Result<SessionOptions, RefusedCall> {
    let platforms = [
        (WXT_PLATFORM_IOS, "WXT_PLATFORM_IOS", Platform::Ios),
        (WXT_PLATFORM_ANDROID, "WXT_PLATFORM_ANDROID", Platform::Android),
        (WXT_PLATFORM_OTHER, "WXT_PLATFORM_OTHER", Platform::Other),
        (WXT_PLATFORM_OHOS, "WXT_PLATFORM_OHOS", Platform::Ohos),
    ];
    let path_policies = [(WXT_PATHS_SANDBOX, "WXT_PATHS_SANDBOX", false), (WXT_PATHS_NATIVE, "WXT_PATHS_NATIVE", true)];
    let sharings = [
        (WXT_STORAGE_EXCLUSIVE, "WXT_STORAGE_EXCLUSIVE", Sharing::Exclusive),
        (WXT_STORAGE_SHARED, "WXT_STORAGE_SHARED", Sharing::Shared),
    ];
    let lan_policies = [
        (WXT_LAN_OWN_SUBNETS, "WXT_LAN_OWN_SUBNETS", LanPolicy::OwnSubnets),
        (WXT_LAN_OFF, "WXT_LAN_OFF", LanPolicy::Off),
        (WXT_LAN_ALL_LOCAL, "WXT_LAN_ALL_LOCAL", LanPolicy::AllLocal),
    ];
    let resumes = [
        (WXT_RESUME_OFF, "WXT_RESUME_OFF", Resume::Off),
        (WXT_RESUME_WITHIN_TASK, "WXT_RESUME_WITHIN_TASK", Resume::WithinTask),
        (WXT_RESUME_ACROSS_LAUNCHES, "WXT_RESUME_ACROSS_LAUNCHES", Resume::AcrossLaunches),
    ];
    let platform = choice("platform", options.platform, &platforms)?;
    let allow_native_paths = choice("path_policy", options.path_policy, &path_policies)?;
    let sharing = choice("storage_sharing", options.storage_sharing, &sharings)?;
    let lan = choice("lan_policy", options.lan_policy, &lan_policies)?;
    let resume = choice("resume", options.resume, &resumes)?;
    // SAFETY: passed on to the caller, for every string and list below.
    unsafe {
        let data_directory = PathBuf::from(required_text(options.data_directory, "data_directory")?);
        let client_version = required_text(options.client_version, "client_version")?;
        let app_id = required_text(options.app_id, "app_id")?;
        if !data_directory.is_absolute() {
            return Err(RefusedCall::argument("data_directory is not an absolute path"));
        }
        let resolver: Option<Arc<dyn Resolver>> = match HostResolver::new(options.resolver) {
            Some(resolver) => Some(Arc::new(resolver)),
            None => None,
        };
        let executor: Option<Box<dyn Executor>> = match HostExecutor::new(options.executor) {
            Some(executor) => Some(Box::new(executor)),
            None => None,
        };
        Ok(SessionOptions {
            app_id,
            app_version: options.app_version.host_text("app_version")?,
            user_id: options.user_id.host_text("user_id")?,
            platform,
            client_version,
            base_library_version: options.base_library_version.host_text("base_library_version")?,
            user_agent: options.user_agent.host_text("user_agent")?,
            referer: options.referer.host_text("referer")?,
            path_scheme: options.path_scheme.host_text("path_scheme")?,
            data_directory,
            limits: limits(options),
            retry: retry_rules(options),
            resume,
            low_speed: low_speed(options)?,
            wait_in_background: options.wait_in_background != 0,
            upload_domains: texts(options.upload_domains, options.upload_domain_count, "upload_domains")?,
            download_domains: texts(options.download_domains, options.download_domain_count, "download_domains")?,
            lan_policy: lan,
            skip_domain_check: options.skip_domain_check != 0,
            send_uploads_once: options.send_uploads_once != 0,
            allow_plain_http: options.allow_plain_http != 0,
            root_certificates: options.root_certificates.bytes("root_certificates")?.map(<[u8]>::to_vec),
            pins: pins(options.pins, options.pin_count)?,
            proxy: match options.proxy.host_text("proxy")? {
                proxy if proxy.is_empty() => None,
                proxy => Some(proxy),
            },
            resolver,
            allow_native_paths,
            storage_sharing: sharing,
            executor,
            log: host_log(options.logger),
            client_certificate: certificate_parts(&options.client_certificate)?,
        })
    }
}

/// # Safety
/// `text` must be readable.
unsafe fn required_text(text: WxtStr, field: &'static str) -> Result<String, RefusedCall> {
    // SAFETY: passed on to the caller.
    let text = unsafe { text.host_text(field) }?;
    if text.is_empty() { Err(RefusedCall::argument(format!("{field} is required"))) } else { Ok(text) }
}

fn retry_rules(options: &WxtSessionOptions) -> RetryRules {
    let delay = match options.retry_delay {
        0 => RetryRules::default().delay,
        milliseconds => Duration::from_millis(milliseconds.into()),
    };
    RetryRules { max_retries: options.max_retries, delay, uploads: options.retry_uploads != 0 }
}

/// Reads the minimum speed. It is an error if only one of the two options is set.
fn low_speed(options: &WxtSessionOptions) -> Result<Option<LowSpeed>, RefusedCall> {
    match (options.low_speed_limit, options.low_speed_time) {
        (0, 0) => Ok(None),
        (limit, 0) => Err(RefusedCall::argument(format!("low_speed_limit is {limit}, but low_speed_time is 0"))),
        (0, time) => Err(RefusedCall::argument(format!("low_speed_time is {time}, but low_speed_limit is 0"))),
        (limit, milliseconds) => Ok(Some(LowSpeed { limit, time: Duration::from_millis(milliseconds.into()) })),
    }
}

fn limits(options: &WxtSessionOptions) -> Limits {
    let defaults = Limits::default();
    let or = |value: u64, default: u64| if value == 0 { default } else { value };
    let milliseconds = |value: u32, default: Duration| match value {
        0 => default,
        value => Duration::from_millis(value.into()),
    };
    let count = |value: u32, default: usize| match value {
        0 => default,
        value => value as usize,
    };
    Limits {
        max_concurrent_uploads: count(options.max_concurrent_uploads, defaults.max_concurrent_uploads),
        max_concurrent_downloads: count(options.max_concurrent_downloads, defaults.max_concurrent_downloads),
        default_upload_timeout: milliseconds(options.default_upload_timeout, defaults.default_upload_timeout),
        default_download_timeout: milliseconds(options.default_download_timeout, defaults.default_download_timeout),
        max_timeout: milliseconds(options.max_timeout, defaults.max_timeout),
        max_download_size: or(options.max_download_size, defaults.max_download_size),
        max_data_size: or(options.max_data_size, defaults.max_data_size),
        storage_quota: or(options.storage_quota, defaults.storage_quota),
        temporary_quota: or(options.temporary_quota, defaults.temporary_quota),
        temporary_retention: options.temporary_retention,
        max_bytes_per_second: options.max_bytes_per_second,
    }
}

/// # Safety
/// `items` must point to `count` readable strings.
pub(super) unsafe fn texts(
    items: *const WxtStr,
    count: usize,
    field: &'static str,
) -> Result<Vec<String>, RefusedCall> {
    // SAFETY: passed on to the caller.
    let items = unsafe { array(items, count, field) }?.iter().enumerate();
    // SAFETY: as above.
    items.map(|(index, item)| unsafe { item.host_text(FieldName::element(field, index)) }).collect()
}
