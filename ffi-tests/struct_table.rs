//! Size and offset of every public struct and of each of its fields, in C and in Rust.
//!
//! The Rust compiler computes the numbers of the table below, which becomes a C file with assertions. This works for
//! every target, with 32 or 64 bits.

use std::fmt::Write;
use std::mem::{align_of, offset_of, size_of};

use wxtransfer::ffi::callback::{
    WxtCallbacks, WxtCompletion, WxtFailure, WxtHeadersReceived, WxtProfile, WxtProgress, WxtSuccess, WxtTrace,
};
use wxtransfer::ffi::check::WxtUrlCheck;
use wxtransfer::ffi::client_certificate::WxtClientCertificate;
use wxtransfer::ffi::file_result::{WxtFileInfo, WxtFileResult, WxtFileStats};
use wxtransfer::ffi::network::WxtNetwork;
use wxtransfer::ffi::options::{WxtExecutor, WxtLogger, WxtPin, WxtResolver, WxtSessionOptions};
use wxtransfer::ffi::request::{WxtDownloadRequest, WxtTaskId, WxtUploadPart, WxtUploadRequest};
use wxtransfer::ffi::statistics::WxtSessionStatistics;
use wxtransfer::ffi::status::WxtStatus;
use wxtransfer::ffi::status_detail::WxtStatusDetail;
use wxtransfer::ffi::string::{WxtPair, WxtStr};

pub struct Struct {
    pub name: &'static str,
    size: usize,
    alignment: usize,
    pub fields: Vec<Field>,
}

pub struct Field {
    pub name: &'static str,
    pub offset: usize,
    size: usize,
}

/// A field that grows into the padding after it moves no other field, so its own size is compared, too.
fn size_of_field<S, F>(_get: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

/// A function cannot receive the names of fields. The pattern has no `..`, so a missing field does not compile.
macro_rules! layout {
    ($name:ident { $($field:ident),* $(,)? }) => {{
        #[allow(dead_code)]
        fn names_every_field(value: $name) {
            let $name { $($field: _),* } = value;
        }
        Struct {
            name: stringify!($name),
            size: size_of::<$name>(),
            alignment: align_of::<$name>(),
            fields: vec![$(Field {
                name: stringify!($field),
                offset: offset_of!($name, $field),
                size: size_of_field(|value: &$name| &value.$field),
            }),*],
        }
    }};
}

/// Every struct of the header.
pub fn structs() -> Vec<Struct> {
    vec![
        layout!(WxtStatusDetail { struct_size, text }),
        layout!(WxtStr { ptr, len }),
        layout!(WxtPair { name, value }),
        layout!(WxtPin { host, sha256, sha256_length }),
        layout!(WxtResolver { context, resolve }),
        layout!(WxtExecutor { context, post }),
        layout!(WxtClientCertificate { chain, hosts, host_count, schemes, scheme_count, context, sign }),
        layout!(WxtLogger { context, log }),
        layout!(WxtSessionOptions {
            struct_size,
            app_id,
            app_version,
            user_id,
            platform,
            path_policy,
            client_version,
            base_library_version,
            user_agent,
            referer,
            path_scheme,
            data_directory,
            max_concurrent_uploads,
            max_concurrent_downloads,
            default_upload_timeout,
            default_download_timeout,
            max_timeout,
            max_download_size,
            max_data_size,
            storage_quota,
            temporary_quota,
            temporary_retention,
            storage_sharing,
            lan_policy,
            allow_plain_http,
            skip_domain_check,
            send_uploads_once,
            upload_domains,
            upload_domain_count,
            download_domains,
            download_domain_count,
            root_certificates,
            pins,
            pin_count,
            proxy,
            resolver,
            executor,
            logger,
            max_retries,
            retry_delay,
            retry_uploads,
            resume,
            max_bytes_per_second,
            low_speed_limit,
            low_speed_time,
            wait_in_background,
            client_certificate,
        }),
        layout!(WxtUploadRequest {
            struct_size,
            url,
            file_path,
            name,
            header,
            header_count,
            form_data,
            form_data_count,
            file_name,
            timeout,
            has_file_descriptor,
            disable_profile,
            file_descriptor,
            file_length,
            needs_unmetered,
            data,
            data_length,
            parts,
            part_count,
            method,
            raw,
            max_bytes_per_second,
            priority,
        }),
        layout!(WxtUploadPart {
            name,
            file_path,
            file_name,
            media_type,
            data,
            data_length,
            file_length,
            file_descriptor,
            has_file_descriptor,
        }),
        layout!(WxtDownloadRequest {
            struct_size,
            timeout,
            disable_profile,
            url,
            header,
            header_count,
            file_path,
            expected_sha256,
            expected_length,
            want_sha256,
            verify_digest,
            needs_unmetered,
            max_bytes_per_second,
            priority,
        }),
        layout!(WxtNetwork { struct_size, kind, metered, roaming }),
        layout!(WxtCallbacks {
            struct_size,
            user_data,
            on_headers_received,
            on_progress,
            on_success,
            on_fail,
            on_complete,
            release,
            on_trace,
        }),
        layout!(WxtTrace { struct_size, entry }),
        layout!(WxtHeadersReceived { struct_size, header, header_count, status_code }),
        layout!(WxtProgress { struct_size, total_bytes, total_bytes_expected, progress }),
        layout!(WxtProfile {
            struct_size,
            invoke_start,
            queue_start,
            queue_end,
            fetch_start,
            redirect_start,
            redirect_end,
            domain_look_up_start,
            domain_look_up_end,
            connect_start,
            connect_end,
            ssl_connection_start,
            ssl_connection_end,
            request_start,
            request_end,
            response_start,
            response_end,
            send_bytes_count,
            received_byted_count,
            rtt,
            http_rtt_estimate,
            transport_rtt_estimate,
            throughput_kbps,
            downstream_throughput_kbps_estimate,
            estimate_nettype,
            peer_ip,
            protocol,
            port,
            socket_reused,
            using_high_performance_mode,
        }),
        layout!(WxtSuccess {
            struct_size,
            err_msg,
            status_code,
            data,
            temp_file_path,
            file_path,
            native_path,
            data_length,
            header,
            header_count,
            profile,
            attempts,
            resumed_from,
            sha256,
        }),
        layout!(WxtFailure {
            struct_size,
            err_msg,
            err_no,
            category,
            detail,
            retryable,
            profile,
            attempts,
            resumed_from
        }),
        layout!(WxtCompletion { struct_size, success, failure }),
        layout!(WxtUrlCheck {
            struct_size,
            url,
            allowed,
            err_no,
            category,
            err_msg,
            detail,
            rule,
            referer,
            dropped_headers,
            dropped_header_count,
            quirks,
            quirk_count,
        }),
        layout!(WxtSessionStatistics {
            struct_size,
            tasks_started,
            tasks_succeeded,
            tasks_failed,
            tasks_aborted,
            tasks_timed_out,
            tasks_interrupted,
            tasks_running,
            tasks_waiting,
            retries,
            bytes_sent,
            bytes_received,
            connections_opened,
            connections_reused,
            connections_idle,
            tls_sessions_resumed,
            look_ups,
            resumed,
        }),
        layout!(WxtFileInfo { struct_size, file_path, native_path, size, create_time }),
        layout!(WxtFileStats {
            struct_size,
            path,
            size,
            last_accessed_time,
            last_modified_time,
            mode,
            is_file,
            is_directory,
        }),
        layout!(WxtFileResult {
            struct_size,
            err_msg,
            err_no,
            category,
            detail,
            files,
            file_count,
            stats,
            stats_count,
            names,
            name_count,
            digest,
            data,
            data_length,
            retryable,
        }),
    ]
}

/// A C file that compiles only if C has the same numbers. C99 has no `_Static_assert`, but an array of negative size does
/// not compile either.
pub fn assertions() -> String {
    let structs = structs();
    let mut text = String::from("#include <wxtransfer.h>\n");
    for Struct { name, .. } in &structs {
        writeln!(text, "struct after_a_byte_{name} {{ char byte; {name} value; }};").unwrap();
    }
    let mut assert = |name: &str, left: &str, right: usize| {
        writeln!(text, "typedef char {name}[({left}) == {right} ? 1 : -1];").unwrap();
    };
    for Struct { name, size, alignment, fields } in &structs {
        assert(&format!("size_of_{name}"), &format!("sizeof({name})"), *size);
        let probe = format!("offsetof(struct after_a_byte_{name}, value)");
        assert(&format!("alignment_of_{name}"), &probe, *alignment);
        for Field { name: field, offset, size } in fields {
            assert(&format!("offset_of_{name}_{field}"), &format!("offsetof({name}, {field})"), *offset);
            assert(&format!("size_of_{name}_{field}"), &format!("sizeof((({name} *)0)->{field})"), *size);
        }
    }
    assert("size_of_WxtTaskId", "sizeof(WxtTaskId)", size_of::<WxtTaskId>());
    assert("size_of_WxtStatus", "sizeof(WxtStatus)", size_of::<WxtStatus>());
    text
}
