//! Limits on number, time and size.

use std::time::Duration;

use crate::terms::Api;

/// A session's limits. The defaults are WeChat's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The number of uploads that run at the same time. Further ones wait in the queue. At least 1. Default: 10.
    pub max_concurrent_uploads: usize,
    /// The number of downloads that run at the same time. Further ones wait in the queue. At least 1. Default: 10.
    pub max_concurrent_downloads: usize,
    /// The deadline of an upload whose request sets none, counted from when it leaves the queue. Default: 60 s.
    pub default_upload_timeout: Duration,
    /// The deadline of a download whose request sets none, counted from when it leaves the queue. Default: 60 s.
    pub default_download_timeout: Duration,
    /// The longest deadline that a task can have. Longer deadlines, also default ones, are reduced to it. Values above
    /// 4,294,967,295 ms (49 days) count as that. Default: 60 s. See `docs/long-transfers.md`.
    pub max_timeout: Duration,
    /// The largest file that a download may produce, in bytes. Default: 200 MiB.
    pub max_download_size: u64,
    /// The largest answer to an upload, in bytes. Default: 16 MiB.
    pub max_data_size: u64,
    /// The quota of saved files and `wxfile://usr` together, in bytes. Each file counts as at least 4 KiB. Default: 200
    /// MiB.
    pub storage_quota: u64,
    /// The quota of temporary files, in bytes. Each file counts as at least 4 KiB. Default: 4 GiB.
    pub temporary_quota: u64,
    /// How many bytes of temporary files the next session of the same mini program and user takes over. The oldest
    /// files are deleted first. At most `temporary_quota`. Default: 0, temporary files live for one session. They are not
    /// flushed: after a power failure, one that was written shortly before may be empty or incomplete.
    pub temporary_retention: u64,
    /// The most bytes per second that all tasks of the session together may send and receive, including heads and TLS.
    /// Default: 0, no limit. See `docs/rates.md`.
    pub max_bytes_per_second: u64,
}

const MIB: u64 = 1024 * 1024;
/// The longest deadline of all: 49 days. A clock can add it to any time.
const LONGEST_TIMEOUT: Duration = Duration::from_millis(u32::MAX as u64);

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_concurrent_uploads: 10,
            max_concurrent_downloads: 10,
            default_upload_timeout: Duration::from_secs(60),
            default_download_timeout: Duration::from_secs(60),
            max_timeout: Duration::from_secs(60),
            max_download_size: 200 * MIB,
            max_data_size: 16 * MIB,
            storage_quota: 200 * MIB,
            temporary_quota: 4096 * MIB,
            temporary_retention: 0,
            max_bytes_per_second: 0,
        }
    }
}

impl Limits {
    /// The time limit of a call of `api` that requests `requested`. `None`, and any value if `ignored` (old base
    /// libraries have no `timeout`), means the default. Nothing exceeds the maximum, not even the default.
    pub(crate) fn timeout(&self, api: Api, requested: Option<Duration>, ignored: bool) -> Duration {
        let default = match api {
            Api::Upload => self.default_upload_timeout,
            Api::Download => self.default_download_timeout,
        };
        requested.filter(|_| !ignored).unwrap_or(default).min(self.max_timeout).min(LONGEST_TIMEOUT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let limits = Limits::default();
        assert_eq!((limits.max_concurrent_uploads, limits.max_concurrent_downloads), (10, 10));
        let timeouts = [limits.default_upload_timeout, limits.default_download_timeout, limits.max_timeout];
        assert_eq!(timeouts.map(|timeout| timeout.as_millis()), [60_000; 3]);
        assert_eq!((limits.temporary_retention, limits.max_bytes_per_second), (0, 0));
        assert_eq!((limits.max_download_size, limits.max_data_size), (209_715_200, 16_777_216));
        assert_eq!((limits.storage_quota, limits.temporary_quota), (209_715_200, 4_294_967_296));
    }

    #[test]
    fn timeout_is_clamped_and_absent_means_the_default() {
        let wechat = (60_000, 60_000);
        // (default and maximum, requested, ignored, expected), in milliseconds; 0 is no request
        let cases = [
            (wechat, 0, false, 60_000),
            (wechat, 1, false, 1),
            (wechat, 59_999, false, 59_999),
            (wechat, 60_000, false, 60_000),
            (wechat, 60_001, false, 60_000),
            (wechat, u64::MAX, false, 60_000),
            (wechat, 1_000, true, 60_000),
            ((60_000, 600_000), 0, false, 60_000),
            ((60_000, 600_000), 300_000, false, 300_000),
            ((60_000, 600_000), 300_000, true, 60_000),
            ((60_000, 10_000), 0, false, 10_000),
            ((60_000, 10_000), 1_000, true, 10_000),
            ((60_000, u64::MAX), u64::MAX, false, 4_294_967_295),
        ];
        for ((default, max), requested, ignored, expected) in cases {
            for api in [Api::Upload, Api::Download] {
                let mut limits = Limits { max_timeout: Duration::from_millis(max), ..Limits::default() };
                let (own, other) = match api {
                    Api::Upload => (&mut limits.default_upload_timeout, &mut limits.default_download_timeout),
                    Api::Download => (&mut limits.default_download_timeout, &mut limits.default_upload_timeout),
                };
                (*own, *other) = (Duration::from_millis(default), Duration::from_millis(7));
                assert_eq!(
                    limits.timeout(api, (requested > 0).then(|| Duration::from_millis(requested)), ignored),
                    Duration::from_millis(expected),
                    "{api:?}: {requested} of {default}, at most {max}, ignored: {ignored}"
                );
            }
        }
    }
}
