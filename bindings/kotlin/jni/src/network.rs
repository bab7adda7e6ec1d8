//! Opens connections ahead of transfers, and tells a session about the device's network.

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass, JObjectArray};
use jni::sys::{jboolean, jint, jlong};
use wxtransfer::ffi::network::{WxtNetwork, wxt_session_network_changed, wxt_session_prepare};

use crate::convert::{Text, explained};
use crate::session::handle;

/// `wxt_session_prepare`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionPrepare<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    server: JByteArray<'local>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let server = Text::read(env, &server)?;
        // SAFETY: the text lives until the call returns.
        Ok(unsafe { wxt_session_prepare(handle(session), server.view()) })
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `wxt_session_network_changed`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_Native_sessionNetworkChanged<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    session: jlong,
    kind: jint,
    metered: jboolean,
    roaming: jboolean,
    reason: JObjectArray<'local, JByteArray<'local>>,
) -> jint {
    env.with_env(|env| -> Result<_> {
        let (metered, roaming) = (metered.into(), roaming.into());
        let network = WxtNetwork { struct_size: size_of::<WxtNetwork>(), kind, metered, roaming };
        // SAFETY: both structs live until the call returns.
        explained(env, &reason, |detail| unsafe { wxt_session_network_changed(handle(session), &network, detail) })
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}
