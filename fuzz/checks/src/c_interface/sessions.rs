//! Opening sessions, and changing one.

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

use wxtransfer::ffi::client_certificate::{WxtClientCertificate, WxtSigning, wxt_signing_finish};
use wxtransfer::ffi::network::{WxtNetwork, wxt_session_network_changed, wxt_session_prepare};
use wxtransfer::ffi::options::{WxtPin, WxtSessionOptions};
use wxtransfer::ffi::resolver::{WxtResolution, wxt_resolution_finish};
use wxtransfer::ffi::session::{
    WxtSession, wxt_discard_partials, wxt_session_close, wxt_session_enter_background, wxt_session_enter_foreground,
    wxt_session_open, wxt_session_set_max_bytes_per_second,
};
use wxtransfer::ffi::status::{
    WXT_INVALID_CERTIFICATE, WXT_INVALID_DOMAIN, WXT_INVALID_PIN, WXT_INVALID_PROXY, WXT_INVALID_STRUCT_SIZE,
    WXT_INVALID_UTF8, WXT_INVALID_VERSION, WXT_OK, WXT_STORAGE_FAILED, WXT_STORAGE_LOCKED, WXT_TRUST_STORE_UNAVAILABLE,
};
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::trust::wxt_session_set_trust;

use super::arguments::Arguments;
use crate::certificate::certificate;
use crate::host::zeroed;

const DOMAINS: [&str; 4] = ["https://a.example", "b.example:8443", "http://c.example", "https://图.example/x"];

/// Opens a session and closes it. It makes no connection.
pub fn open(arguments: &mut Arguments<'_, '_>, root: &Path) {
    let mut options: WxtSessionOptions = zeroed();
    options.app_id = arguments.text(&["wx", "..", "a/b"]);
    options.app_version = arguments.text(&["1"]);
    options.user_id = arguments.text(&["user", "../..", "/"]);
    options.platform = small(arguments);
    options.path_policy = small(arguments) % 2;
    options.client_version = arguments.text(&["8.0.50", "6.5.3", "1.x"]);
    options.base_library_version = arguments.text(&["2.10.0", "3.", "99999999999"]);
    options.user_agent = arguments.text(&["agent"]);
    options.referer = arguments.text(&["https://example.com/{appid}/{version}", "{appid}"]);
    options.path_scheme = arguments.text(&["wxfile", "ttfile", "file"]);
    options.data_directory = data_directory(arguments, root);
    options.max_concurrent_uploads = arguments.int() as u32;
    options.max_concurrent_downloads = arguments.int() as u32;
    options.default_upload_timeout = arguments.int() as u32;
    options.default_download_timeout = arguments.int() as u32;
    options.max_timeout = arguments.int() as u32;
    options.max_download_size = arguments.input.any_number();
    options.max_data_size = arguments.input.any_number();
    options.storage_quota = arguments.input.any_number();
    options.temporary_quota = arguments.input.any_number();
    options.temporary_retention = arguments.input.any_number();
    options.storage_sharing = small(arguments) % 2;
    options.lan_policy = small(arguments) % 3;
    options.allow_plain_http = arguments.input.byte();
    options.skip_domain_check = arguments.input.byte();
    options.send_uploads_once = arguments.input.byte() & 2;
    (options.upload_domains, options.upload_domain_count) = arguments.list(|arguments| arguments.text(&DOMAINS));
    (options.download_domains, options.download_domain_count) = arguments.list(|arguments| arguments.text(&DOMAINS));
    options.root_certificates = arguments.text(&[&certificate().root, "-----BEGIN CERTIFICATE-----\n"]);
    (options.pins, options.pin_count) = pins(arguments);
    options.proxy = arguments.text(&["http://127.0.0.1:1", "http://u:p@[::1]:2", "socks5://a:1"]);
    options.resolver.resolve = arguments.input.flag().then_some(resolve as _);
    options.max_retries = arguments.int() as u32;
    options.retry_delay = arguments.int() as u32;
    options.retry_uploads = arguments.input.byte() & 2;
    options.resume = small(arguments) % 3;
    options.max_bytes_per_second = arguments.input.any_number();
    options.low_speed_limit = arguments.input.any_number();
    options.low_speed_time = arguments.int() as u32;
    options.wait_in_background = arguments.input.byte();
    if arguments.input.below(4) == 0 {
        options.client_certificate = client_certificate(arguments);
    }
    let options = arguments.place(&options);
    let untouched = ptr::without_provenance_mut(usize::MAX);
    let mut session = untouched;
    let detail = arguments.detail();
    let status = unsafe { wxt_session_open(options, &mut session, detail) };
    arguments.assert_detail(status);
    arguments.assert_of_host(
        status,
        &[
            WXT_INVALID_UTF8,
            WXT_INVALID_STRUCT_SIZE,
            WXT_INVALID_VERSION,
            WXT_INVALID_DOMAIN,
            WXT_INVALID_CERTIFICATE,
            WXT_INVALID_PIN,
            WXT_INVALID_PROXY,
            WXT_STORAGE_FAILED,
            WXT_STORAGE_LOCKED,
            WXT_TRUST_STORE_UNAVAILABLE,
        ],
    );
    match status {
        WXT_OK => assert!(!session.is_null() && session != untouched),
        // Nothing is written if the struct for the reason is too small.
        WXT_INVALID_STRUCT_SIZE => assert!(session.is_null() || session == untouched),
        _ => assert!(session.is_null()),
    }
    if status == WXT_OK {
        assert_eq!(wxt_session_close(session), WXT_OK);
    }
}

/// A number that is most often a valid value of an option.
fn small(arguments: &mut Arguments<'_, '_>) -> i32 {
    match arguments.input.below(16) {
        0 => arguments.int(),
        number => 1 + number as i32 % 4,
    }
}

/// A directory beside that of the other session, or a path that must be refused.
fn data_directory(arguments: &mut Arguments<'_, '_>, root: &Path) -> WxtStr {
    match arguments.input.below(8) {
        0 => {
            let text = arguments.input.bytes();
            let is_absolute = text.starts_with(b"/");
            let text = if is_absolute { &[] } else { text };
            arguments.forbid_if(true);
            arguments.str_of(text)
        }
        _ => {
            let path = root.join("data/other").into_os_string().into_string().expect("a UTF-8 path");
            arguments.str_of(path.as_bytes())
        }
    }
}

fn pins(arguments: &mut Arguments<'_, '_>) -> (*const WxtPin, usize) {
    arguments.list(|arguments| {
        let host = arguments.text(&["a.example", "*.b.example", "https://c"]);
        let (sha256, sha256_length) = match arguments.input.below(4) {
            0 => arguments.data(),
            _ => (arguments.str_of(&[0; 32]).ptr.cast(), 32),
        };
        WxtPin { host, sha256, sha256_length }
    })
}

fn client_certificate(arguments: &mut Arguments<'_, '_>) -> WxtClientCertificate {
    let mut own: WxtClientCertificate = zeroed();
    own.chain = arguments.text(&[&certificate().root, "-----BEGIN CERTIFICATE-----\n"]);
    (own.hosts, own.host_count) = arguments.list(|arguments| arguments.text(&["a.example", "127.0.0.1", "b c"]));
    (own.schemes, own.scheme_count) = arguments.list(|arguments| match arguments.input.below(4) {
        0 => arguments.int() as u16,
        number => [1027, 2052, 2055][number - 1],
    });
    own.sign = arguments.input.flag().then_some(sign as _);
    own
}

/// Answers that there is no address.
unsafe extern "C" fn resolve(_: *mut c_void, _: WxtStr, resolution: *mut WxtResolution) {
    assert_eq!(unsafe { wxt_resolution_finish(resolution, ptr::null(), 0) }, WXT_OK);
}

/// Answers that there is no signature.
unsafe extern "C" fn sign(_: *mut c_void, _: u16, _: *const u8, _: usize, signing: *mut WxtSigning) {
    assert_eq!(unsafe { wxt_signing_finish(signing, ptr::null(), 0) }, WXT_OK);
}

/// Changes the state of a session.
pub fn change(session: *mut WxtSession, arguments: &mut Arguments<'_, '_>) {
    match arguments.input.below(7) {
        0 => {
            let mut network: WxtNetwork = zeroed();
            network.kind = match arguments.input.below(8) {
                0 => arguments.int(),
                number => number as i32 % 4,
            };
            arguments.forbid_if(!(0..4).contains(&network.kind));
            (network.metered, network.roaming) = (arguments.input.byte(), arguments.input.byte());
            let network = arguments.place(&network);
            let detail = arguments.detail();
            let status = unsafe { wxt_session_network_changed(session, network, detail) };
            arguments.assert_detail(status);
            arguments.assert(status);
        }
        1 => {
            let root = arguments.text(&[&certificate().root, "-----BEGIN CERTIFICATE-----\n"]);
            let (pins, count) = pins(arguments);
            let detail = arguments.detail();
            let status = unsafe { wxt_session_set_trust(session, root, pins, count, detail) };
            arguments.assert_detail(status);
            // The certificates are bytes, which need not be UTF-8.
            arguments.is_not_text = false;
            let others = [WXT_INVALID_UTF8, WXT_INVALID_CERTIFICATE, WXT_INVALID_PIN, WXT_TRUST_STORE_UNAVAILABLE];
            arguments.assert_of_host(status, &others);
        }
        2 => {
            let server = arguments.text(&["https://a.example", "http://127.0.0.1:1", "a"]);
            let status = unsafe { wxt_session_prepare(session, server) };
            arguments.assert_of_host(status, &[]);
        }
        3 => arguments.assert(wxt_session_enter_background(session)),
        4 => arguments.assert(wxt_session_enter_foreground(session)),
        5 => {
            let rate = arguments.rate();
            arguments.assert(wxt_session_set_max_bytes_per_second(session, rate));
        }
        _ => {
            let detail = arguments.detail();
            let status = unsafe { wxt_discard_partials(session, detail) };
            arguments.assert_detail(status);
            arguments.assert(status);
        }
    }
}
