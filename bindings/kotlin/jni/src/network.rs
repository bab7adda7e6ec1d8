//! What a session is told of servers and of the network.

use jni::EnvUnowned;
use jni::errors::{Result, ThrowRuntimeExAndDefault};
use jni::objects::{JByteArray, JClass};
use jni::sys::{jint, jlong};
use wxtransfer::ffi::network::wxt_session_prepare;

use crate::convert::Text;
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
