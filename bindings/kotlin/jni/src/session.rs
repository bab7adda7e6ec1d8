//! Opens and closes sessions, and tells them about the background.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jni::EnvUnowned;
use jni::errors::{Error, Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JIntArray, JLongArray, JObject, JObjectArray};
use jni::sys::{jboolean, jint, jlong};
use wxtransfer::ffi::client_certificate::WxtClientCertificate;
use wxtransfer::ffi::options::{WxtPin, WxtSessionOptions};
use wxtransfer::ffi::session::{
    WxtSession, wxt_discard_partials, wxt_session_close, wxt_session_enter_background, wxt_session_enter_foreground,
    wxt_session_open, wxt_session_set_max_bytes_per_second,
};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::trust::wxt_session_set_trust;

use crate::convert::{Text, TextList, explained};
use crate::hooks::{Hooks, sign};
use crate::structs::{NUMBERS, set_numbers, set_texts};

/// The hooks of open sessions, by handle. The options of a session point to them.
static HOOKS: Mutex<Option<HashMap<jlong, Box<Hooks>>>> = Mutex::new(None);

fn hooks() -> MutexGuard<'static, Option<HashMap<jlong, Box<Hooks>>>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A session's handle in the form for Java. The handle points to nothing.
pub fn handle(session: jlong) -> *mut WxtSession {
    std::ptr::without_provenance_mut(session as usize)
}

/// `wxt_session_open`; the handle is written to `session[0]`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionOpen<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    numbers: JLongArray<'local>,
    texts: JByteArray<'local>,
    text_lengths: JIntArray<'local>,
    upload_domains: JByteArray<'local>,
    upload_domain_lengths: JIntArray<'local>,
    download_domains: JByteArray<'local>,
    download_domain_lengths: JIntArray<'local>,
    pin_hosts: JByteArray<'local>,
    pin_host_lengths: JIntArray<'local>,
    pin_hashes: JByteArray<'local>,
    pin_hash_lengths: JIntArray<'local>,
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
        let mut option_numbers = [0; NUMBERS];
        numbers.get_region(env, 0, &mut option_numbers)?;
        let texts = TextList::read(env, &texts, &text_lengths)?;
        let texts = texts.views().try_into().map_err(|_| Error::IndexOutOfBounds)?;
        let upload_domains = TextList::read(env, &upload_domains, &upload_domain_lengths)?;
        let download_domains = TextList::read(env, &download_domains, &download_domain_lengths)?;
        let (upload_domains, download_domains) = (upload_domains.views(), download_domains.views());
        let pin_hosts = TextList::read(env, &pin_hosts, &pin_host_lengths)?;
        let pin_hashes = TextList::read(env, &pin_hashes, &pin_hash_lengths)?;
        let pins = pins(&pin_hosts, &pin_hashes);
        let certificate_chain = Text::read(env, &certificate_chain)?;
        let certificate_hosts = TextList::read(env, &certificate_hosts, &certificate_host_lengths)?;
        let certificate_hosts = certificate_hosts.views();
        let mut schemes = vec![0; certificate_schemes.len(env)?];
        certificate_schemes.get_region(env, 0, &mut schemes)?;
        // Kotlin passes values of an enum, which fit the type.
        let schemes: Vec<u16> = schemes.into_iter().map(|scheme: i32| scheme as u16).collect();
        let hooks = Box::new(Hooks(env.new_global_ref(&target)?));
        // SAFETY: all fields are numbers, pointers and functions that can be absent. Zero is the default of each.
        let mut options: WxtSessionOptions = unsafe { std::mem::zeroed() };
        options.struct_size = size_of::<WxtSessionOptions>();
        set_numbers(&mut options, &option_numbers);
        set_texts(&mut options, &texts);
        (options.upload_domains, options.upload_domain_count) = (upload_domains.as_ptr(), upload_domains.len());
        (options.download_domains, options.download_domain_count) = (download_domains.as_ptr(), download_domains.len());
        (options.pins, options.pin_count) = (pins.as_ptr(), pins.len());
        if has_resolver {
            options.resolver = hooks.resolver();
        }
        if has_executor {
            options.executor = hooks.executor();
        }
        if has_logger {
            options.logger = hooks.logger();
        }
        let chain = certificate_chain.view();
        if !chain.ptr.is_null() {
            options.client_certificate = WxtClientCertificate {
                chain,
                hosts: certificate_hosts.as_ptr(),
                host_count: certificate_hosts.len(),
                schemes: schemes.as_ptr(),
                scheme_count: schemes.len(),
                context: hooks.context(),
                sign: Some(sign),
            };
        }
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

/// Hosts and hashes, in the form that C borrows.
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
        // Dropped here, because the thread must be attached to delete a JNI reference.
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
