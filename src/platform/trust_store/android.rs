//! Asks Android whether it trusts a server, through the app's Java class `org.wxtransfer.CertificateVerifier`.

use std::ffi::c_void;
use std::sync::OnceLock;
use std::thread;

use jni::errors::{Error, Result};
use jni::objects::{JByteArray, JClass, JClassLoader, JObject, JObjectArray, JString, JValue};
use jni::refs::{Global, IntoAuto};
use jni::signature::MethodSignature;
use jni::strings::{JNIStr, JNIString};
use jni::{AttachConfig, DEFAULT_LOCAL_FRAME_CAPACITY, Env, EnvUnowned, JavaVM, Outcome, jni_sig, jni_str};

const CLASS: &str = "org.wxtransfer.CertificateVerifier";
const METHOD: &JNIStr = jni_str!("verify");
const SIGNATURE: MethodSignature<'static, 'static> = jni_sig!("([[BLjava/lang/String;)[B");

/// Android's decision about the certificates of a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The certificates lead to a root that Android and the app's network security config trust for this host. Whether
    /// the server's certificate names the host was not checked.
    Trusted,
    /// One of them has expired.
    Expired,
    /// One of them is not valid yet.
    NotYetValid,
    /// They lead to no trusted root.
    Untrusted,
    /// One of them was revoked, as far as Android knows.
    Revoked,
    /// The server's certificate is not for servers.
    WrongPurpose,
    /// Android cannot read one of them.
    Malformed,
    /// Android refuses them for another reason, such as the app's own pins. Contains Android's message.
    Refused(String),
    /// Android could not be asked. Contains the reason.
    Unavailable(String),
}

/// The app's class. It is never released, because sessions may be opened as long as the process lives.
struct VerifierClass {
    vm: JavaVM,
    class: Global<JClass<'static>>,
}

static VERIFIER: OnceLock<VerifierClass> = OnceLock::new();

/// Whether [`initialise_trust_store`] has succeeded.
pub fn trust_store_is_ready() -> bool {
    VERIFIER.get().is_some()
}

/// Looks up the app's class with the class loader of the context, because a native thread sees only the system's
/// classes. The first class that is found is kept.
///
/// Returns `false` if `context` is not a context, or the app lacks the class or its method. No exception is left
/// pending then.
///
/// # Safety
/// `env` must be the `JNIEnv` of this thread with no exception pending, and `context` a reference to an object that is
/// valid in it.
#[expect(unsafe_code, reason = "the host hands over plain pointers")]
pub unsafe fn initialise_trust_store(env: *mut c_void, context: *mut c_void) -> bool {
    if trust_store_is_ready() {
        return true;
    }
    // SAFETY: the caller promises that it is this thread's.
    let mut unowned = unsafe { EnvUnowned::from_raw(env.cast()) };
    let outcome = unowned.with_env(|env| -> Result<()> {
        // SAFETY: the caller promises that it is a valid reference.
        let context = unsafe { JObject::from_raw(env, context.cast()) };
        let found = env.with_local_frame(DEFAULT_LOCAL_FRAME_CAPACITY, |env| find_class(env, &context));
        if found.is_err() {
            env.exception_clear();
        }
        let verifier = found?;
        // Where two threads found one, the first is kept.
        VERIFIER.get_or_init(|| verifier);
        Ok(())
    });
    matches!(outcome.into_outcome(), Outcome::Ok(()))
}

fn find_class(env: &mut Env<'_>, context: &JObject<'_>) -> Result<VerifierClass> {
    let loader = env.call_method(context, jni_str!("getClassLoader"), jni_sig!(() -> JClassLoader), &[])?.l()?;
    let loader = env.cast_local::<JClassLoader>(loader)?;
    let name = env.new_string(CLASS)?;
    let class = loader.load_class(env, name)?;
    // A shrinker that was not told to keep the method leaves a class without it.
    env.get_static_method_id(&class, METHOD, SIGNATURE)?;
    Ok(VerifierClass { vm: env.get_java_vm()?, class: env.new_global_ref(class)? })
}

/// Asks Android about the certificates of a server, its own first, in DER. `host` is the name or address of the URL, in
/// ASCII.
///
/// Blocks for as long as Android takes: milliseconds, and longer for the first question of a process. No network is
/// used.
pub fn ask_trust_store(chain: &[&[u8]], host: &str) -> Verdict {
    let Some(verifier) = VERIFIER.get() else { return Verdict::Unavailable("it was not initialised".to_owned()) };
    verifier.ask(chain, host).unwrap_or_else(|error| Verdict::Unavailable(error.to_string()))
}

impl VerifierClass {
    /// Attaches this thread to the virtual machine for this call only, unless it is attached already. Every attached
    /// thread makes each garbage collection of the app slower.
    fn ask(&self, chain: &[&[u8]], host: &str) -> Result<Verdict> {
        let name = thread::current().name().map(JNIString::from);
        // Without a name, Android renames the thread.
        let config = || {
            let config = AttachConfig::new().scoped(true);
            match &name {
                Some(name) => config.thread_name(name),
                None => config,
            }
        };
        self.vm.attach_current_thread_with_config(config, Some(DEFAULT_LOCAL_FRAME_CAPACITY), |env| {
            match self.call(env, chain, host) {
                Ok(answer) => Ok(verdict(&answer)),
                // `jni` would convert the whole stack trace to text, with one local reference for each line.
                Err(Error::JavaException) => Ok(Verdict::Unavailable(take_exception(env))),
                Err(error) => Err(error),
            }
        })
    }

    fn call(&self, env: &mut Env<'_>, chain: &[&[u8]], host: &str) -> Result<Vec<u8>> {
        let certificates = JObjectArray::<JByteArray>::new(env, chain.len(), JByteArray::null())?;
        for (index, certificate) in chain.iter().enumerate() {
            // The server decides the number of certificates. So each local reference is deleted before the next is
            // made.
            let certificate = env.byte_array_from_slice(certificate)?.auto();
            certificates.set_element(env, index, &certificate)?;
        }
        let host = env.new_string(host)?;
        let arguments = [JValue::Object(&certificates), JValue::Object(&host)];
        let answer = env.call_static_method(&self.class, METHOD, SIGNATURE, &arguments)?.l()?;
        let answer = env.cast_local::<JByteArray>(answer)?;
        env.convert_byte_array(&answer)
    }
}

/// Clears the pending exception and gives its class and message.
fn take_exception(env: &mut Env<'_>) -> String {
    let Some(exception) = env.exception_occurred() else { return String::new() };
    env.exception_clear();
    let words = env
        .call_method(&exception, jni_str!("toString"), jni_sig!("()Ljava/lang/String;"), &[])
        .and_then(|text| env.cast_local::<JString>(text.l()?))
        .and_then(|text| text.try_to_string(env));
    words.unwrap_or_else(|_| {
        env.exception_clear();
        format!("{CLASS} threw an exception without a readable message")
    })
}

/// Parses an answer of the Java class: one byte with the number of a verdict, then optional text in UTF-8.
fn verdict(answer: &[u8]) -> Verdict {
    let words = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    match answer {
        [0] => Verdict::Trusted,
        [1, ..] => Verdict::Expired,
        [2, ..] => Verdict::NotYetValid,
        [3, ..] => Verdict::Untrusted,
        [4, ..] => Verdict::Revoked,
        [5, ..] => Verdict::WrongPurpose,
        [6, ..] => Verdict::Malformed,
        [7, text @ ..] => Verdict::Refused(words(text)),
        [8, text @ ..] => Verdict::Unavailable(words(text)),
        _ => Verdict::Unavailable(format!("{CLASS} is of another version of the library")),
    }
}
