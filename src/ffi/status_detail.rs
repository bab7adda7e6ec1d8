//! The reason of a status, for the host's developer.

use std::ffi::c_char;
use std::mem::offset_of;

use super::read::struct_size;
use super::refusal::RefusedCall;
use super::status::WXT_INVALID_STRUCT_SIZE;

/// The size of `text` in bytes. With it, the struct has 512 bytes on a 64-bit system.
const TEXT_LENGTH: usize = 504;

/// Why a call was refused, in words. Functions whose status has many causes fill it in: `wxt_session_open`,
/// `wxt_session_set_trust`, `wxt_session_network_changed`, `wxt_upload_file`, `wxt_download_file` and
/// `wxt_discard_partials`. Initialise with `wxt_status_detail()`.
///
/// The struct belongs to the host. The library writes to it before the function returns and keeps no pointer to it, so
/// it may be on the stack. Two threads must not pass the same one at the same time. It can be used for several calls.
/// NULL may be passed in its place if the reason is not wanted.
///
/// If its `struct_size` is less than in this version, the function does nothing, writes nothing to the struct, and
/// returns `WXT_INVALID_STRUCT_SIZE`. `wxt_session_open` also sets `*session` to NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct WxtStatusDetail {
    /// Set to `sizeof(WxtStatusDetail)`.
    pub struct_size: usize,
    /// The reason: English text in UTF-8 that ends with a NUL, for a log and not for a user. A reason that is too long
    /// is cut between two characters. Empty if the status is `WXT_OK`.
    ///
    /// It names the field as this header spells it, such as `pins[2].sha256_length is 20, but must be 32`. It contains
    /// numbers that the host passed and error texts of the system, but no string, list or path of the host. So it
    /// contains no secret and no data of a user. The wording may change in any version.
    pub text: [c_char; 504],
}

impl WxtStatusDetail {
    /// Without a reason yet.
    pub fn empty() -> WxtStatusDetail {
        WxtStatusDetail { struct_size: size_of::<WxtStatusDetail>(), text: [0; TEXT_LENGTH] }
    }

    /// The bytes of `text` before its NUL.
    pub fn reason(&self) -> Vec<u8> {
        self.text.iter().map(|&byte| byte as u8).take_while(|&byte| byte != 0).collect()
    }
}

const _: () = assert!(offset_of!(WxtStatusDetail, text) + TEXT_LENGTH == size_of::<WxtStatusDetail>());

/// Where a function writes the reason of its status. Writes nothing if the host wants none.
pub struct Explanation(*mut c_char);

impl Explanation {
    /// Checks the host's struct, before the function does anything.
    ///
    /// # Safety
    /// `detail` must be NULL or point to as many writable bytes as its first field says, until this is dropped.
    pub unsafe fn new(detail: *mut WxtStatusDetail) -> Result<Explanation, RefusedCall> {
        if detail.is_null() {
            return Ok(Explanation(std::ptr::null_mut()));
        }
        if !detail.is_aligned() {
            return Err(RefusedCall::argument("detail is not aligned"));
        }
        // SAFETY: not NULL, aligned, and the struct begins with its size.
        let size = unsafe { struct_size(detail.cast(), "detail") }?;
        if size < size_of::<WxtStatusDetail>() {
            let reason =
                format!("struct_size of detail is {size}, but must be at least {}", size_of::<WxtStatusDetail>());
            return Err(RefusedCall::new(WXT_INVALID_STRUCT_SIZE, reason));
        }
        // SAFETY: the struct has at least this size.
        Ok(Explanation(unsafe { detail.cast::<c_char>().add(offset_of!(WxtStatusDetail, text)) }))
    }

    /// Writes a reason, shortened if necessary. An empty one stands for `WXT_OK`.
    pub fn write(&self, reason: &str) {
        if self.0.is_null() {
            return;
        }
        let reason = shortened(reason);
        // SAFETY: `TEXT_LENGTH` bytes are writable, as `new` demands, and `reason` is shorter.
        unsafe {
            std::ptr::copy_nonoverlapping(reason.as_ptr().cast(), self.0, reason.len());
            self.0.add(reason.len()).write(0);
        }
    }
}

/// The longest beginning that leaves room for the NUL and has no NUL itself.
fn shortened(reason: &str) -> &str {
    let mut end = reason.find('\0').unwrap_or(reason.len()).min(TEXT_LENGTH - 1);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    &reason[..end]
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::super::status::WXT_INVALID_ARGUMENT;
    use super::*;

    fn detail() -> WxtStatusDetail {
        // Filled with the byte `x`, so that the test can see which bytes were not written.
        WxtStatusDetail { struct_size: size_of::<WxtStatusDetail>(), text: [0x78; TEXT_LENGTH] }
    }

    fn explanation(detail: &mut WxtStatusDetail) -> Result<Explanation, RefusedCall> {
        // SAFETY: the struct is as large as its first field says, or that field is refused.
        unsafe { Explanation::new(detail) }
    }

    fn text(detail: &WxtStatusDetail) -> &str {
        // SAFETY: each test has written a text that ends with a NUL.
        unsafe { CStr::from_ptr(detail.text.as_ptr()) }.to_str().unwrap()
    }

    #[test]
    fn long_text_is_cut_between_characters_and_ends_with_nul() {
        let long = "é".repeat(TEXT_LENGTH);
        let exact = "a".repeat(TEXT_LENGTH - 1);
        let longer = format!("{exact}b");
        let inside = format!("a{long}");
        let cases = [
            ("", ""),
            ("platform is 5", "platform is 5"),
            (&exact, &exact),
            (&longer, &exact),
            // 503 bytes are free: an odd number, so the last character of two bytes does not fit.
            (&long, &long[..TEXT_LENGTH - 2]),
            (&inside, &inside[..TEXT_LENGTH - 1]),
            ("one\0two", "one"),
        ];
        for (reason, expected) in cases {
            let mut detail = detail();
            explanation(&mut detail).unwrap().write(reason);
            assert_eq!(text(&detail), expected);
        }
    }

    #[test]
    fn a_struct_of_another_size_is_refused_and_not_written() {
        for size in [0, 8, size_of::<WxtStatusDetail>() - size_of::<usize>(), 3, usize::MAX] {
            let mut detail = WxtStatusDetail { struct_size: size, ..detail() };
            assert_eq!(explanation(&mut detail).err().unwrap().status(), WXT_INVALID_STRUCT_SIZE, "{size}");
            assert_eq!((detail.struct_size, detail.text), (size, [0x78; TEXT_LENGTH]));
        }
        let misaligned = std::ptr::without_provenance_mut(1);
        // SAFETY: a misaligned pointer is refused before it is used.
        assert_eq!(unsafe { Explanation::new(misaligned) }.err().unwrap().status(), WXT_INVALID_ARGUMENT);
    }

    /// A newer host's struct has further fields. They are not written.
    #[test]
    fn a_longer_struct_keeps_its_other_fields() {
        #[repr(C)]
        struct Longer {
            known: WxtStatusDetail,
            unknown: usize,
        }
        let mut longer = Longer { known: detail(), unknown: 7 };
        longer.known.struct_size = size_of::<Longer>();
        // SAFETY: the struct is as large as its first field says.
        let explanation = unsafe { Explanation::new((&raw mut longer).cast()) }.unwrap();
        explanation.write("reason");
        assert_eq!((text(&longer.known), longer.unknown), ("reason", 7));
    }
}
