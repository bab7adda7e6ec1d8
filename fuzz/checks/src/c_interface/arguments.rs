//! Arbitrary arguments, and whether the header allows them.

use std::any::Any;
use std::path::Path;
use std::ptr;

use wxtransfer::ffi::status::{WXT_INVALID_ARGUMENT, WXT_INVALID_STRUCT_SIZE, WXT_INVALID_UTF8, WXT_OK, WxtStatus};
use wxtransfer::ffi::status_detail::WxtStatusDetail;
use wxtransfer::ffi::string::{WxtPair, WxtStr};

use super::assert_known;
use crate::input::Input;

/// The arguments of one call. Their memory is exactly as large as they say, so that a sanitizer notices a read beyond
/// it.
pub struct Arguments<'a, 'b> {
    pub input: &'a mut Input<'b>,
    /// The status of the session's handle, if it is not that of a session.
    pub refusal: Option<WxtStatus>,
    last_path: String,
    memory: Vec<Box<dyn Any>>,
    /// Whether the header forbids one of the arguments.
    is_invalid: bool,
    /// Whether a string is not UTF-8.
    pub is_not_text: bool,
    /// Whether a struct has another size than this version of the library expects.
    is_other_size: bool,
    /// The struct into which the function writes the reason of its status.
    detail: Option<*mut WxtStatusDetail>,
}

impl<'a, 'b> Arguments<'a, 'b> {
    pub fn new(input: &'a mut Input<'b>, refusal: Option<WxtStatus>, last_path: &str) -> Arguments<'a, 'b> {
        let last_path = last_path.to_owned();
        Arguments {
            input,
            refusal,
            last_path,
            memory: Vec::new(),
            is_invalid: false,
            is_not_text: false,
            is_other_size: false,
            detail: None,
        }
    }

    /// Notes an argument that the header forbids.
    pub fn forbid_if(&mut self, is_invalid: bool) {
        self.is_invalid |= is_invalid;
    }

    /// Compares a status with the one that the header demands for these arguments. Mistakes of a page cause no status.
    pub fn assert(&self, status: WxtStatus) {
        assert_known(status);
        if self.is_other_size {
            // A smaller struct may lack the argument that is forbidden. Without a session, no call succeeds.
            let is_named = [WXT_INVALID_ARGUMENT, WXT_INVALID_STRUCT_SIZE].contains(&status)
                || if self.refusal.is_none() { status == WXT_OK } else { self.refusal == Some(status) };
            assert!(is_named, "status {status}");
            return;
        }
        match (self.refusal, self.is_invalid) {
            (None, false) => assert_eq!(status, WXT_OK),
            (None, true) => assert_eq!(status, WXT_INVALID_ARGUMENT),
            (Some(refusal), _) => assert!(status == refusal || status == WXT_INVALID_ARGUMENT, "status {status}"),
        }
    }

    /// As [`assert`](Arguments::assert), for a function whose strings the host chooses.
    pub fn assert_of_host(&self, status: WxtStatus, others: &[WxtStatus]) {
        assert_known(status);
        let is_refused = self.is_invalid || self.refusal.is_some() || self.is_not_text;
        assert!(status != WXT_OK || !is_refused || self.is_other_size, "status {status}");
        let is_named = [WXT_OK, WXT_INVALID_ARGUMENT].contains(&status)
            || others.contains(&status)
            || self.refusal == Some(status)
            || (self.is_not_text && status == WXT_INVALID_UTF8)
            || (self.is_other_size && status == WXT_INVALID_STRUCT_SIZE);
        assert!(is_named, "status {status}");
    }

    /// Keeps a copy of bytes.
    fn keep(&mut self, bytes: &[u8]) -> *const u8 {
        let copy: Box<[u8]> = bytes.into();
        // The address of an empty allocation is not NULL.
        let address = copy.as_ptr();
        self.memory.push(Box::new(copy));
        address
    }

    /// Keeps a value until the call returns.
    pub fn hold(&mut self, value: impl Any) {
        self.memory.push(Box::new(value));
    }

    pub fn str_of(&mut self, bytes: &[u8]) -> WxtStr {
        self.is_not_text |= std::str::from_utf8(bytes).is_err();
        WxtStr { ptr: self.keep(bytes).cast(), len: bytes.len() }
    }

    /// A string: absent, empty, forbidden, long, not UTF-8, with a NUL, or one of these.
    pub fn text(&mut self, usual: &[&str]) -> WxtStr {
        match self.input.below(16) {
            0 => WxtStr::absent(),
            1 => {
                self.forbid_if(true);
                WxtStr { ptr: ptr::null(), len: 1 + self.input.number() }
            }
            2 => self.str_of(&[]),
            3 | 4 => {
                let bytes = self.input.bytes();
                self.str_of(bytes)
            }
            5 => {
                let (bytes, count) = (self.input.bytes(), 1 + usize::from(self.input.byte()));
                self.str_of(&bytes.repeat(count))
            }
            6 => self.str_of(b"a\0b"),
            7 => {
                let path = self.last_path.clone();
                self.str_of(path.as_bytes())
            }
            _ => {
                let text = usual[self.input.below(usual.len())];
                self.str_of(text.as_bytes())
            }
        }
    }

    /// The path of a page.
    pub fn path(&mut self) -> WxtStr {
        self.text(&["wxfile://usr/a", "wxfile://usr/d/b.txt", "wxfile://usr", "wxfile://usr/d", "/etc/hosts"])
    }

    /// An absolute path below a directory, because a call may move the file.
    pub fn native_path(&mut self, directory: &Path) -> WxtStr {
        let directory = directory.to_str().expect("a UTF-8 path");
        match self.input.below(8) {
            0 => WxtStr::absent(),
            1 => {
                self.forbid_if(true);
                WxtStr { ptr: ptr::null(), len: 1 }
            }
            2 => {
                let name: Vec<u8> =
                    self.input.bytes().iter().map(|&byte| if byte == b'.' { b'_' } else { byte }).collect();
                self.str_of(&[directory.as_bytes(), b"/", &name].concat())
            }
            3 => self.str_of(directory.as_bytes()),
            _ => self.str_of(format!("{directory}/a.png").as_bytes()),
        }
    }

    /// A list: NULL, forbidden, or some elements.
    pub fn list<T: Copy + 'static>(&mut self, mut element: impl FnMut(&mut Self) -> T) -> (*const T, usize) {
        match self.input.below(8) {
            0 | 1 => (ptr::null(), 0),
            2 => {
                self.forbid_if(true);
                (ptr::null(), 1 + self.input.number())
            }
            3 => (ptr::dangling(), 0),
            count => {
                let elements: Box<[T]> = (0..count - 3).map(|_| element(self)).collect();
                let address = elements.as_ptr();
                self.memory.push(Box::new(elements));
                (address, count - 3)
            }
        }
    }

    /// Bytes: NULL, forbidden, or some.
    pub fn data(&mut self) -> (*const u8, usize) {
        match self.input.below(8) {
            0..=2 => (ptr::null(), 0),
            3 => {
                self.forbid_if(true);
                (ptr::null(), 1 + self.input.number())
            }
            _ => {
                let bytes = self.input.bytes();
                (self.keep(bytes), bytes.len())
            }
        }
    }

    pub fn pairs(&mut self) -> (*const WxtPair, usize) {
        let usual = ["X-A", "Content-Type", "Referer", "user-agent", "Range", "b\r\nc"];
        self.list(|arguments| WxtPair { name: arguments.text(&usual), value: arguments.text(&usual) })
    }

    /// Any number of 32 bits.
    pub fn int(&mut self) -> i32 {
        self.input.any_number() as i32
    }

    /// A rate at which no task takes long.
    pub fn rate(&mut self) -> u64 {
        match self.input.any_number() {
            0 => 0,
            rate => rate | 1 << 20,
        }
    }

    /// A struct whose first field is its size: the right one, a smaller or a larger one, or an invalid one.
    pub fn place<T: Copy>(&mut self, value: &T) -> *mut T {
        let right = size_of::<T>();
        let (size, tail) = match self.input.byte() {
            0..=191 => (right, 0),
            192..=211 => (8 + 8 * self.input.below(right / 8), 0),
            212..=231 => (right + 8 * self.input.below(8), 0),
            232..=239 => (right + 8 + 8 * self.input.below(8), 1),
            240..=247 => (self.input.number() % 8192, 0),
            248..=255 => {
                self.forbid_if(true);
                return ptr::null_mut();
            }
        };
        self.place_as(value, size, tail)
    }

    /// A struct as [`place`](Arguments::place), but with all of its fields.
    pub fn place_whole<T: Copy>(&mut self, value: &T) -> *mut T {
        let right = size_of::<T>();
        let (size, tail) = match self.input.byte() {
            0..=223 => (right, 0),
            224..=239 => (right + 8 * self.input.below(8), 0),
            240..=247 => (right + 8 + 8 * self.input.below(8), 1),
            248..=255 => {
                self.forbid_if(true);
                return ptr::null_mut();
            }
        };
        self.place_as(value, size, tail)
    }

    /// A struct for the reason of a status, or NULL.
    pub fn detail(&mut self) -> *mut WxtStatusDetail {
        let right = size_of::<WxtStatusDetail>();
        let value = WxtStatusDetail { text: [0x78; 504], ..WxtStatusDetail::empty() };
        let size = match self.input.byte() {
            0..=31 => return ptr::null_mut(),
            32..=223 => right,
            224..=239 => right + 8 * self.input.below(8),
            240..=255 => self.input.number() % right,
        };
        let detail = self.place_as(&value, size, 0);
        self.detail = (size >= right).then_some(detail);
        detail
    }

    /// Checks the reason of a status.
    pub fn assert_detail(&self, status: WxtStatus) {
        let Some(detail) = self.detail else { return };
        let reason = String::from_utf8(unsafe { (*detail).reason() }).expect("UTF-8");
        assert_eq!(status == WXT_OK, reason.is_empty(), "status {status}: {reason:?}");
        assert!(reason.len() < size_of::<WxtStatusDetail>() - size_of::<usize>(), "the reason ends with a NUL");
    }

    /// A struct with `size` bytes. The last bytes, which the library does not know, may be set.
    fn place_as<T: Copy>(&mut self, value: &T, size: usize, tail: u64) -> *mut T {
        let right = size_of::<T>();
        self.is_other_size |= size != right;
        let mut memory: Box<[u64]> = vec![0; size.div_ceil(8).max(1)].into();
        let target = memory.as_mut_ptr();
        unsafe {
            ptr::copy_nonoverlapping(ptr::from_ref(value).cast::<u8>(), target.cast::<u8>(), right.min(size));
            target.cast::<usize>().write(size);
        }
        if tail != 0 {
            memory[right / 8] = tail;
        }
        let target = memory.as_mut_ptr();
        self.memory.push(Box::new(memory));
        target.cast()
    }
}
