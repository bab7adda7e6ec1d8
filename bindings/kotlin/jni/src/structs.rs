//! Structs of C as numbers and texts, each in the order of the struct's fields. Kotlin has them in the same order.

use jni::sys::jlong;
use wxtransfer::ffi::callback::{WxtFailure, WxtProfile, WxtSuccess};
use wxtransfer::ffi::options::WxtSessionOptions;
use wxtransfer::ffi::statistics::WxtSessionStatistics;
use wxtransfer::ffi::string::WxtStr;

/// The number of options that are numbers.
// Generated from wxtransfer.h: number count WxtSessionOptions
pub const NUMBERS: usize = 25;
// Generated until here
/// The number of options that are texts.
// Generated from wxtransfer.h: text count WxtSessionOptions
pub const TEXTS: usize = 11;
// Generated until here

/// Sets the options that are numbers. Each value from Kotlin fits its field.
pub fn set_numbers(options: &mut WxtSessionOptions, numbers: &[jlong; NUMBERS]) {
    // Generated from wxtransfer.h: set numbers WxtSessionOptions
    options.platform = numbers[0] as i32;
    options.path_policy = numbers[1] as i32;
    options.max_concurrent_uploads = numbers[2] as u32;
    options.max_concurrent_downloads = numbers[3] as u32;
    options.default_upload_timeout = numbers[4] as u32;
    options.default_download_timeout = numbers[5] as u32;
    options.max_timeout = numbers[6] as u32;
    options.max_download_size = numbers[7].cast_unsigned();
    options.max_data_size = numbers[8].cast_unsigned();
    options.storage_quota = numbers[9].cast_unsigned();
    options.temporary_quota = numbers[10].cast_unsigned();
    options.temporary_retention = numbers[11].cast_unsigned();
    options.storage_sharing = numbers[12] as i32;
    options.lan_policy = numbers[13] as i32;
    options.allow_plain_http = u8::from(numbers[14] != 0);
    options.skip_domain_check = u8::from(numbers[15] != 0);
    options.send_uploads_once = u8::from(numbers[16] != 0);
    options.max_retries = numbers[17] as u32;
    options.retry_delay = numbers[18] as u32;
    options.retry_uploads = u8::from(numbers[19] != 0);
    options.resume = numbers[20] as i32;
    options.max_bytes_per_second = numbers[21].cast_unsigned();
    options.low_speed_limit = numbers[22].cast_unsigned();
    options.low_speed_time = numbers[23] as u32;
    options.wait_in_background = u8::from(numbers[24] != 0);
    // Generated until here
}

/// Sets the options that are texts.
pub fn set_texts(options: &mut WxtSessionOptions, texts: &[WxtStr; TEXTS]) {
    // Generated from wxtransfer.h: set texts WxtSessionOptions
    options.app_id = texts[0];
    options.app_version = texts[1];
    options.user_id = texts[2];
    options.client_version = texts[3];
    options.base_library_version = texts[4];
    options.user_agent = texts[5];
    options.referer = texts[6];
    options.path_scheme = texts[7];
    options.data_directory = texts[8];
    options.root_certificates = texts[9];
    options.proxy = texts[10];
    // Generated until here
}

/// The numbers of a success.
pub fn success_numbers(value: &WxtSuccess) -> Vec<jlong> {
    vec![
        // Generated from wxtransfer.h: numbers WxtSuccess
        value.status_code.into(),
        value.data_length.cast_signed(),
        value.attempts.into(),
        value.resumed_from.cast_signed(),
        // Generated until here
    ]
}

/// The texts of a success.
pub fn success_texts(value: &WxtSuccess) -> Vec<WxtStr> {
    vec![
        // Generated from wxtransfer.h: texts WxtSuccess
        value.err_msg,
        value.data,
        value.temp_file_path,
        value.file_path,
        value.native_path,
        value.sha256,
        // Generated until here
    ]
}

/// The numbers of a failure.
pub fn failure_numbers(value: &WxtFailure) -> Vec<jlong> {
    vec![
        // Generated from wxtransfer.h: numbers WxtFailure
        value.err_no.into(),
        value.category.into(),
        value.retryable.into(),
        value.attempts.into(),
        value.resumed_from.cast_signed(),
        // Generated until here
    ]
}

/// The texts of a failure.
pub fn failure_texts(value: &WxtFailure) -> Vec<WxtStr> {
    vec![
        // Generated from wxtransfer.h: texts WxtFailure
        value.err_msg,
        value.detail,
        // Generated until here
    ]
}

/// The numbers of a profile. An absent number is -1.
pub fn profile_numbers(value: &WxtProfile) -> Vec<jlong> {
    vec![
        // Generated from wxtransfer.h: numbers WxtProfile
        value.invoke_start.cast_signed(),
        value.queue_start.cast_signed(),
        value.queue_end.cast_signed(),
        value.fetch_start.cast_signed(),
        value.redirect_start.cast_signed(),
        value.redirect_end.cast_signed(),
        value.domain_look_up_start.cast_signed(),
        value.domain_look_up_end.cast_signed(),
        value.connect_start.cast_signed(),
        value.connect_end.cast_signed(),
        value.ssl_connection_start.cast_signed(),
        value.ssl_connection_end.cast_signed(),
        value.request_start.cast_signed(),
        value.request_end.cast_signed(),
        value.response_start.cast_signed(),
        value.response_end.cast_signed(),
        value.send_bytes_count.cast_signed(),
        value.received_byted_count.cast_signed(),
        value.rtt.cast_signed(),
        value.http_rtt_estimate.cast_signed(),
        value.transport_rtt_estimate.cast_signed(),
        value.throughput_kbps.cast_signed(),
        value.downstream_throughput_kbps_estimate.cast_signed(),
        value.estimate_nettype.cast_signed(),
        value.port.into(),
        value.socket_reused.into(),
        value.using_high_performance_mode.into(),
        // Generated until here
    ]
}

/// The texts of a profile.
pub fn profile_texts(value: &WxtProfile) -> Vec<WxtStr> {
    vec![
        // Generated from wxtransfer.h: texts WxtProfile
        value.peer_ip,
        value.protocol,
        // Generated until here
    ]
}

/// The numbers of a session's statistics.
pub fn statistics_numbers(value: &WxtSessionStatistics) -> Vec<jlong> {
    vec![
        // Generated from wxtransfer.h: numbers WxtSessionStatistics
        value.tasks_started.cast_signed(),
        value.tasks_succeeded.cast_signed(),
        value.tasks_failed.cast_signed(),
        value.tasks_aborted.cast_signed(),
        value.tasks_timed_out.cast_signed(),
        value.tasks_interrupted.cast_signed(),
        value.tasks_running.cast_signed(),
        value.tasks_waiting.cast_signed(),
        value.retries.cast_signed(),
        value.bytes_sent.cast_signed(),
        value.bytes_received.cast_signed(),
        value.connections_opened.cast_signed(),
        value.connections_reused.cast_signed(),
        value.connections_idle.cast_signed(),
        value.tls_sessions_resumed.cast_signed(),
        value.look_ups.cast_signed(),
        value.resumed.cast_signed(),
        // Generated until here
    ]
}
