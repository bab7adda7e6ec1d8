//! Strings and lists of pairs in the C interface.

use std::ffi::c_char;
use std::slice;

use super::read::HostStruct;
use super::refusal::{FieldName, RefusedCall};
use super::status::{WXT_INVALID_UTF8, WXT_OUT_OF_RESOURCES};

/// A borrowed UTF-8 string, not terminated by a NUL. Valid for the duration of a call or callback.
///
/// `{NULL, 0}` means "absent". `wxt_str("…")` makes one from a C string.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct WxtStr {
    /// The first byte, or NULL if the string is absent.
    pub ptr: *const c_char,
    /// The length in bytes.
    pub len: usize,
}

/// A name and a value: a header or a form field.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtPair {
    /// The name.
    pub name: WxtStr,
    /// The value.
    pub value: WxtStr,
}

/// A parameter that the page gave: text, or bytes that are not UTF-8. Invalid text is the page's mistake and not the
/// host's, so it becomes a failure of the task and not a status.
pub type PageText = Result<String, NotUtf8>;

/// The bytes of a string are not UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct NotUtf8;

impl WxtStr {
    /// Borrows a Rust string.
    pub fn new(text: &str) -> WxtStr {
        WxtStr { ptr: text.as_ptr().cast(), len: text.len() }
    }

    /// `{NULL, 0}`.
    pub const fn absent() -> WxtStr {
        WxtStr { ptr: std::ptr::null(), len: 0 }
    }

    /// Borrows the string, or returns `{NULL, 0}` for `None`.
    pub fn optional(text: Option<&str>) -> WxtStr {
        text.map_or(WxtStr::absent(), WxtStr::new)
    }

    /// The bytes, or `None` if the string is absent. `field` has the string.
    ///
    /// # Safety
    /// `ptr` must be NULL or point to `len` readable bytes that do not change during `'a`.
    pub unsafe fn bytes<'a>(self, field: impl Into<FieldName>) -> Result<Option<&'a [u8]>, RefusedCall> {
        let len = self.len;
        if self.ptr.is_null() {
            let refused = || RefusedCall::argument(format!("{}.len is {len}, but its ptr is NULL", field.into()));
            return if len == 0 { Ok(None) } else { Err(refused()) };
        }
        if len > isize::MAX as usize {
            return Err(RefusedCall::argument(format!("{}.len is {len}, which is too large", field.into())));
        }
        // SAFETY: the caller promises `len` readable, unchanging bytes; `len` is at most `isize::MAX`.
        Ok(Some(unsafe { slice::from_raw_parts(self.ptr.cast::<u8>(), self.len) }))
    }

    /// Text that the host itself chose. Empty if absent.
    ///
    /// # Safety
    /// As for [`WxtStr::bytes`].
    pub unsafe fn host_text(self, field: impl Into<FieldName>) -> Result<String, RefusedCall> {
        let field = field.into();
        // SAFETY: passed on to the caller.
        let bytes = unsafe { self.bytes(field) }?.unwrap_or_default();
        String::from_utf8(copied(bytes, field)?)
            .map_err(|_| RefusedCall::new(WXT_INVALID_UTF8, format!("{field} is not UTF-8")))
    }

    /// Text that a page gave, or `None` if absent.
    ///
    /// # Safety
    /// As for [`WxtStr::bytes`].
    pub unsafe fn page_text(self, field: impl Into<FieldName>) -> Result<Option<PageText>, RefusedCall> {
        let field = field.into();
        // SAFETY: passed on to the caller.
        let bytes = unsafe { self.bytes(field) }?;
        let Some(bytes) = bytes else { return Ok(None) };
        Ok(Some(String::from_utf8(copied(bytes, field)?).map_err(|_| NotUtf8)))
    }
}

/// Copies bytes that a call is given. A page may give hundreds of megabytes, so a lack of memory is a status.
pub fn copied(bytes: &[u8], field: FieldName) -> Result<Vec<u8>, RefusedCall> {
    let mut copied = Vec::new();
    copied.try_reserve_exact(bytes.len()).map_err(|_| {
        let detail = format!("no memory is left to copy {} bytes of {field}", bytes.len());
        RefusedCall::new(WXT_OUT_OF_RESOURCES, detail)
    })?;
    copied.extend_from_slice(bytes);
    Ok(copied)
}

/// Borrows an array that the host passes as pointer and count. `field` is that of the pointer.
///
/// # Safety
/// `items` must be NULL or point to `count` readable elements that do not change during `'a`.
pub unsafe fn array<'a, T: Copy>(
    items: *const T,
    count: usize,
    field: impl Into<FieldName>,
) -> Result<&'a [T], RefusedCall> {
    if count == 0 {
        return Ok(&[]);
    }
    let refused = |what: &str| RefusedCall::argument(format!("{} {what}, but its count is {count}", field.into()));
    if items.is_null() {
        return Err(refused("is NULL"));
    }
    if !items.is_aligned() {
        return Err(refused("is not aligned"));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(refused("cannot have so many elements"));
    }
    // SAFETY: the caller promises `count` readable, unchanging elements; pointer and size were checked.
    Ok(unsafe { slice::from_raw_parts(items, count) })
}

/// Copies pairs that a page gave in the list `field`, in order.
///
/// # Safety
/// As for [`array()`], and for [`WxtStr::bytes`] of every name and value.
pub unsafe fn page_pairs(
    pairs: *const WxtPair,
    count: usize,
    field: &'static str,
) -> Result<Vec<(PageText, PageText)>, RefusedCall> {
    // SAFETY: passed on to the caller.
    let pairs = unsafe { array(pairs, count, field) }?;
    let mut copied = Vec::new();
    copied.try_reserve_exact(count).map_err(|_| {
        RefusedCall::new(WXT_OUT_OF_RESOURCES, format!("no memory is left to copy {count} pairs of {field}"))
    })?;
    for (index, pair) in pairs.iter().enumerate() {
        let member = |name| FieldName::member(field, index, name);
        // SAFETY: passed on to the caller.
        let (name, value) = unsafe { (pair.name.page_text(member("name"))?, pair.value.page_text(member("value"))?) };
        copied.push((name.unwrap_or_else(|| Ok(String::new())), value.unwrap_or_else(|| Ok(String::new()))));
    }
    Ok(copied)
}

// SAFETY: a null pointer and a length of 0 are valid values.
unsafe impl HostStruct for WxtStr {}
// SAFETY: made of two `WxtStr`.
unsafe impl HostStruct for WxtPair {}
