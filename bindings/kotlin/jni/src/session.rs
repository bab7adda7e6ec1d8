//! Opening and closing sessions, and their time in the background.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JIntArray, JLongArray, JObject, JObjectArray};
use jni::sys::{jboolean, jint, jlong};
use wxtransfer::ffi::client_certificate::WxtClientCertificate;
use wxtransfer::ffi::options::{WxtExecutor, WxtLogger, WxtPin, WxtResolver, WxtSessionOptions};
use wxtransfer::ffi::session::{
    WxtSession, wxt_discard_partials, wxt_session_close, wxt_session_enter_background, wxt_session_enter_foreground,
    wxt_session_open, wxt_session_set_max_bytes_per_second,
};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer::ffi::trust::wxt_session_set_trust;

use crate::convert::{Text, TextList, explained};
use crate::hooks::{Hooks, sign};

/// What the options of open sessions point to, by handle.
static HOOKS: Mutex<Option<HashMap<jlong, Box<Hooks>>>> = Mutex::new(None);

fn hooks() -> MutexGuard<'static, Option<HashMap<jlong, Box<Hooks>>>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session's handle as Java keeps it. It points to nothing.
pub fn handle(session: jlong) -> *mut WxtSession {
    std::ptr::without_provenance_mut(session as usize)
}

/// `wxt_session_open`; the handle is written to `session[0]`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionOpen<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    app_id: JByteArray<'local>,
    app_version: JByteArray<'local>,
    user_id: JByteArray<'local>,
    platform: jint,
    path_policy: jint,
    client_version: JByteArray<'local>,
    base_library_version: JByteArray<'local>,
    user_agent: JByteArray<'local>,
    referer: JByteArray<'local>,
    path_scheme: JByteArray<'local>,
    data_directory: JByteArray<'local>,
    max_concurrent_uploads: jint,
    max_concurrent_downloads: jint,
    default_upload_timeout: jint,
    default_download_timeout: jint,
    max_timeout: jint,
    max_download_size: jlong,
    max_data_size: jlong,
    storage_quota: jlong,
    temporary_quota: jlong,
    temporary_retention: jlong,
    storage_sharing: jint,
    lan_policy: jint,
    allow_plain_http: jboolean,
    skip_domain_check: jboolean,
    send_uploads_once: jboolean,
    upload_domains: JByteArray<'local>,
    upload_domain_lengths: JIntArray<'local>,
    download_domains: JByteArray<'local>,
    download_domain_lengths: JIntArray<'local>,
    root_certificates: JByteArray<'local>,
    pin_hosts: JByteArray<'local>,
    pin_host_lengths: JIntArray<'local>,
    pin_hashes: JByteArray<'local>,
    pin_hash_lengths: JIntArray<'local>,
    proxy: JByteArray<'local>,
    max_retries: jint,
    retry_delay: jint,
    retry_uploads: jboolean,
    resume: jint,
    max_bytes_per_second: jlong,
    low_speed_limit: jlong,
    low_speed_time: jint,
    wait_in_background: jboolean,
    target: JObject<'local>,
    has_executor: jboolean,
    has_logger: jboolean,
    has_resolver: jboolean,
    certificate_chain: JByteArray<'local>,
    certificate_hosts: JByteArray<'local>,
    certificate_host_lengths: JIntArray<'local>,
    certificate_schemes: JIntArray<'local>,
    session: JLongArray<'local>,
    reason: JObjectArray<'local, JByteArray<'local>>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let app_id = Text::read(env, &app_id)?;
        let app_version = Text::read(env, &app_version)?;
        let user_id = Text::read(env, &user_id)?;
        let client_version = Text::read(env, &client_version)?;
        let base_library_version = Text::read(env, &base_library_version)?;
        let user_agent = Text::read(env, &user_agent)?;
        let referer = Text::read(env, &referer)?;
        let path_scheme = Text::read(env, &path_scheme)?;
        let data_directory = Text::read(env, &data_directory)?;
        let upload_domains = TextList::read(env, &upload_domains, &upload_domain_lengths)?;
        let download_domains = TextList::read(env, &download_domains, &download_domain_lengths)?;
        let (upload_domains, download_domains) = (upload_domains.views(), download_domains.views());
        let root_certificates = Text::read(env, &root_certificates)?;
        let pin_hosts = TextList::read(env, &pin_hosts, &pin_host_lengths)?;
        let pin_hashes = TextList::read(env, &pin_hashes, &pin_hash_lengths)?;
        let pins = pins(&pin_hosts, &pin_hashes);
        let certificate_chain = Text::read(env, &certificate_chain)?;
        let certificate_hosts = TextList::read(env, &certificate_hosts, &certificate_host_lengths)?;
        let certificate_hosts = certificate_hosts.views();
        let mut schemes = vec![0; certificate_schemes.len(env)?];
        certificate_schemes.get_region(env, 0, &mut schemes)?;
        // Kotlin has them in an enum.
        let schemes: Vec<u16> = schemes.into_iter().map(|scheme: i32| scheme as u16).collect();
        let proxy = Text::read(env, &proxy)?;
        let hooks = Box::new(Hooks(env.new_global_ref(&target)?));
        let options = WxtSessionOptions {
            struct_size: size_of::<WxtSessionOptions>(),
            app_id: app_id.view(),
            app_version: app_version.view(),
            user_id: user_id.view(),
            platform,
            path_policy,
            client_version: client_version.view(),
            base_library_version: base_library_version.view(),
            user_agent: user_agent.view(),
            referer: referer.view(),
            path_scheme: path_scheme.view(),
            data_directory: data_directory.view(),
            max_concurrent_uploads: max_concurrent_uploads.cast_unsigned(),
            max_concurrent_downloads: max_concurrent_downloads.cast_unsigned(),
            default_upload_timeout: default_upload_timeout.cast_unsigned(),
            default_download_timeout: default_download_timeout.cast_unsigned(),
            max_timeout: max_timeout.cast_unsigned(),
            max_download_size: max_download_size.cast_unsigned(),
            max_data_size: max_data_size.cast_unsigned(),
            storage_quota: storage_quota.cast_unsigned(),
            temporary_quota: temporary_quota.cast_unsigned(),
            temporary_retention: temporary_retention.cast_unsigned(),
            storage_sharing,
            lan_policy,
            allow_plain_http: allow_plain_http.into(),
            skip_domain_check: skip_domain_check.into(),
            send_uploads_once: send_uploads_once.into(),
            upload_domains: upload_domains.as_ptr(),
            upload_domain_count: upload_domains.len(),
            download_domains: download_domains.as_ptr(),
            download_domain_count: download_domains.len(),
            root_certificates: root_certificates.view(),
            pins: pins.as_ptr(),
            pin_count: pins.len(),
            proxy: proxy.view(),
            resolver: if has_resolver { hooks.resolver() } else { NO_RESOLVER },
            executor: if has_executor { hooks.executor() } else { NO_EXECUTOR },
            logger: if has_logger { hooks.logger() } else { NO_LOGGER },
            max_retries: max_retries.cast_unsigned(),
            retry_delay: retry_delay.cast_unsigned(),
            retry_uploads: retry_uploads.into(),
            resume,
            max_bytes_per_second: max_bytes_per_second.cast_unsigned(),
            low_speed_limit: low_speed_limit.cast_unsigned(),
            low_speed_time: low_speed_time.cast_unsigned(),
            wait_in_background: wait_in_background.into(),
            client_certificate: match certificate_chain.view() {
                chain if chain.ptr.is_null() => NO_CERTIFICATE,
                chain => WxtClientCertificate {
                    chain,
                    hosts: certificate_hosts.as_ptr(),
                    host_count: certificate_hosts.len(),
                    schemes: schemes.as_ptr(),
                    scheme_count: schemes.len(),
                    context: hooks.context(),
                    sign: Some(sign),
                },
            },
        };
        let mut opened = std::ptr::null_mut();
        // SAFETY: everything lives until the call returns, and the hooks until the session is closed.
        let status = explained(env, &reason, |detail| unsafe { wxt_session_open(&options, &mut opened, detail) })?;
        if status == WXT_OK {
            let opened = opened.addr() as jlong;
            self::hooks().get_or_insert_default().insert(opened, hooks);
            session.set_region(env, 0, &[opened])?;
        }
        Ok(status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

const NO_RESOLVER: WxtResolver = WxtResolver { context: std::ptr::null_mut(), resolve: None };
const NO_EXECUTOR: WxtExecutor = WxtExecutor { context: std::ptr::null_mut(), post: None };
const NO_LOGGER: WxtLogger = WxtLogger { context: std::ptr::null_mut(), log: None };

const NO_CERTIFICATE: WxtClientCertificate = WxtClientCertificate {
    chain: WxtStr::absent(),
    hosts: std::ptr::null(),
    host_count: 0,
    schemes: std::ptr::null(),
    scheme_count: 0,
    context: std::ptr::null_mut(),
    sign: None,
};

/// Hosts and keys as C borrows them.
fn pins(hosts: &TextList, hashes: &TextList) -> Vec<WxtPin> {
    let pairs = hosts.views().into_iter().zip(hashes.views());
    pairs.map(|(host, hash)| WxtPin { host, sha256: hash.ptr.cast(), sha256_length: hash.len }).collect()
}

/// `wxt_session_set_trust`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionSetTrust<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    root_certificates: JByteArray<'local>,
    pin_hosts: JByteArray<'local>,
    pin_host_lengths: JIntArray<'local>,
    pin_hashes: JByteArray<'local>,
    pin_hash_lengths: JIntArray<'local>,
    reason: JObjectArray<'local, JByteArray<'local>>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let root_certificates = Text::read(env, &root_certificates)?;
        let pin_hosts = TextList::read(env, &pin_hosts, &pin_host_lengths)?;
        let pin_hashes = TextList::read(env, &pin_hashes, &pin_hash_lengths)?;
        let pins = pins(&pin_hosts, &pin_hashes);
        // SAFETY: everything lives until the call returns.
        explained(env, &reason, |detail| unsafe {
            wxt_session_set_trust(handle(session), root_certificates.view(), pins.as_ptr(), pins.len(), detail)
        })
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_session_close`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionClose<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
) -> jint {
    let status = wxt_session_close(handle(session));
    if status != WXT_OK {
        return status;
    }
    let unused = hooks().as_mut().and_then(|hooks| hooks.remove(&session));
    env.with_env(|_| -> Result<_> {
        // Where the thread is known to be attached: a reference is deleted.
        drop(unused);
        Ok(status)
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_session_set_max_bytes_per_second`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionSetMaxBytesPerSecond<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    bytes_per_second: jlong,
) -> jint {
    wxt_session_set_max_bytes_per_second(handle(session), bytes_per_second.cast_unsigned())
}

/// `wxt_discard_partials`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_discardPartials<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    reason: JObjectArray<'local, JByteArray<'local>>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        // SAFETY: `detail` is writable during the call.
        explained(env, &reason, |detail| unsafe { wxt_discard_partials(handle(session), detail) })
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_session_enter_background`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionEnterBackground<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
) -> jint {
    wxt_session_enter_background(handle(session))
}

/// `wxt_session_enter_foreground`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionEnterForeground<'local>(
    _env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
) -> jint {
    wxt_session_enter_foreground(handle(session))
}
