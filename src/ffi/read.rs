//! Reads structs that the host filled, and fills structs of the host. Their size may differ from the library's version.

use std::mem::MaybeUninit;
use std::ptr;

use super::refusal::RefusedCall;
use super::status::WXT_INVALID_STRUCT_SIZE;

/// Far above the size of every struct of the interface. A greater `struct_size` means that the host did not initialise
/// the struct.
const LARGEST_STRUCT_SIZE: usize = 4096;

/// A plain C struct of the interface.
///
/// # Safety
/// All-zero bytes must be a valid value. Any bytes must be valid in fields that are not function pointers.
pub unsafe trait HostStruct: Copy {}

/// Copies a struct that begins with `size_t struct_size`.
///
/// Fields that an older host's struct lacks are zero, which is always the default. Fields that a newer host's struct
/// has in addition must be zero, so that no setting is silently ignored. `name` is that of the parameter.
///
/// # Safety
/// `source` must be NULL or point to as many readable bytes as its first field says.
pub unsafe fn read_struct<T: HostStruct>(source: *const T, name: &'static str) -> Result<T, RefusedCall> {
    check_pointer(source, name)?;
    let bytes = source.cast::<u8>();
    // SAFETY: not NULL, aligned, and every such struct begins with its size.
    let size = unsafe { struct_size(source.cast(), name) }?;
    let mut target = MaybeUninit::<T>::zeroed();
    // SAFETY: both are valid for the smaller of the two sizes and do not overlap.
    unsafe { ptr::copy_nonoverlapping(bytes, target.as_mut_ptr().cast::<u8>(), size.min(size_of::<T>())) };
    for offset in size_of::<T>()..size {
        // SAFETY: `offset` is less than the size that the host gave.
        if unsafe { bytes.add(offset).read() } != 0 {
            let known = size_of::<T>();
            let reason = format!("{name} sets a field after its first {known} bytes, which this version does not know");
            return Err(RefusedCall::new(WXT_INVALID_STRUCT_SIZE, reason));
        }
    }
    // SAFETY: zeroed, then overwritten with bytes that the host's compiler laid out by the same header.
    Ok(unsafe { target.assume_init() })
}

/// Fills a struct that begins with `size_t struct_size`, which the host has set and which does not change. Fields that
/// the host's struct lacks are not written.
///
/// # Safety
/// `target` must be NULL or point to as many writable bytes as its first field says. `value` must have no padding.
pub unsafe fn write_struct<T: HostStruct>(target: *mut T, name: &'static str, value: &T) -> Result<(), RefusedCall> {
    check_pointer(target, name)?;
    // SAFETY: not NULL, aligned, and every such struct begins with its size.
    let size = unsafe { struct_size(target.cast(), name) }?.min(size_of::<T>());
    let begin = size_of::<usize>();
    let value = ptr::from_ref(value).cast::<u8>();
    // SAFETY: both are valid for the smaller of the two sizes and do not overlap.
    unsafe { ptr::copy_nonoverlapping(value.add(begin), target.cast::<u8>().add(begin), size - begin) };
    Ok(())
}

fn check_pointer<T>(pointer: *const T, name: &'static str) -> Result<(), RefusedCall> {
    if pointer.is_null() {
        return Err(RefusedCall::null(name));
    }
    if pointer.is_aligned() { Ok(()) } else { Err(RefusedCall::argument(format!("{name} is not aligned"))) }
}

/// The `struct_size` of the struct of the host that is the parameter `name`.
///
/// # Safety
/// `first` must point to a readable number.
pub unsafe fn struct_size(first: *const usize, name: &'static str) -> Result<usize, RefusedCall> {
    // SAFETY: passed on to the caller.
    let size = unsafe { first.read() };
    const WORD: usize = size_of::<usize>();
    // A size that is not a multiple of a pointer's size would cut a pointer in half.
    if !(WORD..=LARGEST_STRUCT_SIZE).contains(&size) || !size.is_multiple_of(WORD) {
        let reason = format!(
            "struct_size of {name} is {size}, but must be a multiple of {WORD} from {WORD} to {LARGEST_STRUCT_SIZE}"
        );
        return Err(RefusedCall::new(WXT_INVALID_STRUCT_SIZE, reason));
    }
    Ok(size)
}
