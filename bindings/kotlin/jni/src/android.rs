//! Functions for Android only.

/// `wxt_android_init`: finds the class that checks certificates by Android, through the app's `Context`.
#[cfg(target_os = "android")]
#[unsafe(no_mangle)]
pub extern "system" fn Java_org_wxtransfer_NativeAndroid_init<'local>(
    env: jni::EnvUnowned<'local>,
    _class: jni::objects::JClass<'local>,
    context: jni::objects::JObject<'local>,
) -> jni::sys::jint {
    // SAFETY: the virtual machine passes this thread's environment, without a pending exception; Kotlin's types say
    // that the object is a context.
    unsafe { wxtransfer::ffi::android::wxt_android_init(env.as_raw().cast(), context.as_raw().cast()) }
}
