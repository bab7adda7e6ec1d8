//! Converts texts and lists of texts between Java and C.

use jni::Env;
use jni::errors::{Error, Result};
use jni::objects::{JByteArray, JIntArray, JObjectArray};
use wxtransfer::ffi::status::{WXT_OK, WxtStatus};
use wxtransfer::ffi::status_detail::WxtStatusDetail;
use wxtransfer::ffi::string::{WxtPair, WxtStr};

/// The length of an absent text in a list.
const ABSENT: i32 = -1;

/// A text from Java, which can be `null`.
pub struct Text(Option<Vec<u8>>);

impl Text {
    /// Copies it from Java.
    pub fn read(env: &Env, text: &JByteArray) -> Result<Text> {
        Ok(Text(if text.is_null() { None } else { Some(env.convert_byte_array(text)?) }))
    }

    /// The view that C borrows.
    pub fn view(&self) -> WxtStr {
        view(self.0.as_deref())
    }
}

/// A list of texts from Java: all their bytes in one array, and the length of each.
pub struct TextList {
    bytes: Vec<u8>,
    lengths: Vec<i32>,
}

impl TextList {
    /// Copies it from Java.
    pub fn read(env: &Env, bytes: &JByteArray, lengths: &JIntArray) -> Result<TextList> {
        let bytes = env.convert_byte_array(bytes)?;
        let mut list = vec![0; lengths.len(env)?];
        lengths.get_region(env, 0, &mut list)?;
        let sum: i64 = list.iter().map(|length| i64::from((*length).max(0))).sum();
        if sum == bytes.len() as i64 { Ok(TextList { bytes, lengths: list }) } else { Err(Error::IndexOutOfBounds) }
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// The view that C borrows.
    pub fn views(&self) -> Vec<WxtStr> {
        let mut rest = self.bytes.as_slice();
        self.lengths
            .iter()
            .map(|length| match usize::try_from(*length) {
                Ok(length) => {
                    let (text, after) = rest.split_at(length);
                    rest = after;
                    view(Some(text))
                }
                Err(_) => view(None),
            })
            .collect()
    }

    /// The pairs that C borrows. Names and values alternate in the list.
    pub fn pairs(&self) -> Vec<WxtPair> {
        let mut pairs = Vec::new();
        let mut views = self.views().into_iter();
        while let (Some(name), Some(value)) = (views.next(), views.next()) {
            pairs.push(WxtPair { name, value });
        }
        pairs
    }
}

fn view(bytes: Option<&[u8]>) -> WxtStr {
    bytes.map_or(WxtStr::absent(), |bytes| WxtStr { ptr: bytes.as_ptr().cast(), len: bytes.len() })
}

/// A text for Java; `null` if it is absent.
///
/// # Safety
/// `text` must be readable.
pub unsafe fn to_java<'local>(env: &mut Env<'local>, text: WxtStr) -> Result<JByteArray<'local>> {
    // SAFETY: the caller guarantees it.
    match unsafe { bytes(text) } {
        Some(bytes) => env.byte_array_from_slice(bytes),
        None => Ok(JByteArray::null()),
    }
}

/// A list of texts for Java, as in [`TextList`].
///
/// # Safety
/// All of `texts` must be readable.
pub unsafe fn list_to_java<'local>(
    env: &mut Env<'local>,
    texts: impl Iterator<Item = WxtStr>,
) -> Result<(JByteArray<'local>, JIntArray<'local>)> {
    let mut all = Vec::new();
    let mut lengths = Vec::new();
    for text in texts {
        // SAFETY: the caller guarantees it.
        match unsafe { bytes(text) } {
            Some(bytes) => {
                all.extend_from_slice(bytes);
                lengths.push(i32::try_from(bytes.len()).map_err(|_| Error::IndexOutOfBounds)?);
            }
            None => lengths.push(ABSENT),
        }
    }
    let java_lengths = JIntArray::new(env, lengths.len())?;
    java_lengths.set_region(env, 0, &lengths)?;
    Ok((env.byte_array_from_slice(&all)?, java_lengths))
}

/// Calls a C function that reports the reason of its status, and writes the reason to `reason[0]` if there is one.
pub fn explained<'local>(
    env: &mut Env<'local>,
    reason: &JObjectArray<'local, JByteArray<'local>>,
    call: impl FnOnce(*mut WxtStatusDetail) -> WxtStatus,
) -> Result<WxtStatus> {
    let mut detail = WxtStatusDetail::empty();
    let status = call(&mut detail);
    if status != WXT_OK {
        let text = env.byte_array_from_slice(&detail.reason())?;
        reason.set_element(env, 0, &text)?;
    }
    Ok(status)
}

/// # Safety
/// `text` must be readable for `'a`.
unsafe fn bytes<'a>(text: WxtStr) -> Option<&'a [u8]> {
    // SAFETY: the caller guarantees it. The library gives no length without a pointer.
    unsafe { text.bytes("text") }.ok().flatten()
}
