//! Limits on number, time and size.

use std::time::Duration;

use crate::terms::Api;

/// A session's limits. The defaults are WeChat's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The number of concurrent uploads.
    pub concurrent_uploads: usize,
    /// The number of concurrent downloads.
    pub concurrent_downloads: usize,
    /// The default deadline of an upload, counted from when it leaves the queue.
    pub default_upload_timeout: Duration,
    /// The default deadline of a download, counted from when it leaves the queue.
    pub default_download_timeout: Duration,
    /// The longest deadline of a call.
    pub max_timeout: Duration,
    /// The maximum size of a downloaded file, in bytes.
    pub max_download_size: u64,
    /// The maximum size of an answer to an upload, in bytes.
    pub max_answer_size: u64,
    /// The quota of saved files and the files under `wxfile://usr`, in bytes.
    pub storage_quota: u64,
    /// The quota of temporary files, in bytes.
    pub temporary_quota: u64,
    /// How much of them to keep for the next launch, in bytes.
    pub temporary_retention: u64,
    /// The most bytes per second of all tasks together when the session opens; 0 means no limit.
    pub max_bytes_per_second: u64,
}

const MIB: u64 = 1024 * 1024;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            concurrent_uploads: 10,
            concurrent_downloads: 10,
            default_upload_timeout: Duration::from_secs(60),
            default_download_timeout: Duration::from_secs(60),
            max_timeout: Duration::from_secs(60),
            max_download_size: 200 * MIB,
            max_answer_size: 16 * MIB,
            storage_quota: 200 * MIB,
            temporary_quota: 4096 * MIB,
            temporary_retention: 0,
            max_bytes_per_second: 0,
        }
    }
}

impl Limits {
    /// The time limit of a call of `api` that requests `requested` milliseconds. 0, and any value if `ignored` (old
    /// base libraries have no `timeout`), means the default. Nothing exceeds the maximum, not even the default.
    pub fn timeout(&self, api: Api, requested: u64, ignored: bool) -> Duration {
        let default = match api {
            Api::Upload => self.default_upload_timeout,
            Api::Download => self.default_download_timeout,
        };
        let timeout = if requested == 0 || ignored { default } else { Duration::from_millis(requested) };
        timeout.min(self.max_timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_documentation() {
        let limits = Limits::default();
        assert_eq!((limits.concurrent_uploads, limits.concurrent_downloads), (10, 10));
        let timeouts = [limits.default_upload_timeout, limits.default_download_timeout, limits.max_timeout];
        assert_eq!(timeouts.map(|timeout| timeout.as_millis()), [60_000; 3]);
        assert_eq!((limits.temporary_retention, limits.max_bytes_per_second), (0, 0));
        assert_eq!((limits.max_download_size, limits.max_answer_size), (209_715_200, 16_777_216));
        assert_eq!((limits.storage_quota, limits.temporary_quota), (209_715_200, 4_294_967_296));
    }

    #[test]
    fn a_timeout_is_clamped_and_zero_is_the_default() {
        let wechat = (60_000, 60_000);
        // (default and maximum, requested, ignored, expected), in milliseconds
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
                    limits.timeout(api, requested, ignored),
                    Duration::from_millis(expected),
                    "{api:?}: {requested} of {default}, at most {max}, ignored: {ignored}"
                );
            }
        }
    }
}
