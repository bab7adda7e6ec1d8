//! The brotli format (RFC 7932).

use std::io;

use brotli_decompressor::{
    Allocator, BrotliDecompressStream, BrotliResult, BrotliState, HuffmanCode, SliceWrapper, SliceWrapperMut,
    StandardAlloc,
};

use super::broken;
use super::layer::LayerStep;
use crate::http::error::{Error, ErrorKind};
use crate::worker::{Buffer, OutOfMemory};

/// Decodes brotli data.
#[derive(Default)]
pub(super) struct Brotli {
    /// Made for the first bytes.
    state: Option<BrotliState<BrotliByteAlloc, StandardAlloc, CodeTableAlloc>>,
    ended: bool,
}

impl Brotli {
    pub(super) fn is_whole(&self) -> bool {
        self.ended
    }

    pub(super) fn decode(&mut self, input: &[u8], buffer: &mut [u8]) -> io::Result<LayerStep> {
        if self.ended {
            return if input.is_empty() { Ok(LayerStep::default()) } else { Err(broken("bytes follow its end")) };
        }
        let state = match &mut self.state {
            Some(state) => state,
            None => {
                let tables = CodeTableAlloc::new().map_err(|OutOfMemory| out_of_memory())?;
                // Without "large window brotli", whose window may need a gigabyte. RFC 7932 allows at most 16 MiB. A
                // body with this window can make one step of the decoder copy as many bytes, between two checks of the
                // stop signal. It is not rejected, because encoders use this window for large files.
                let state = BrotliState::new_strict(BrotliByteAlloc::default(), StandardAlloc::default(), tables);
                self.state.insert(state)
            }
        };
        let mut step = LayerStep::default();
        let result = BrotliDecompressStream(
            &mut { input.len() },
            &mut step.consumed,
            input,
            &mut { buffer.len() },
            &mut step.produced,
            buffer,
            &mut 0,
            state,
        );
        match result {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::ResultFailure if state.alloc_u8.failed => return Err(out_of_memory()),
            BrotliResult::ResultFailure => return Err(broken("its brotli data is bad")),
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {
                if !input.is_empty() && step.consumed == 0 && step.produced == 0 {
                    return Err(broken("its brotli data makes no progress"));
                }
            }
        }
        Ok(step)
    }
}

fn out_of_memory() -> io::Error {
    io::Error::other(Error::new(ErrorKind::OutOfResources, "there is no memory to decode a brotli body"))
}

/// Memory for the decoder's bytes: small tables and the window of up to 16 MiB, whose size the server chooses. If an
/// allocation fails, the response fails instead of the process.
#[derive(Default)]
struct BrotliByteAlloc {
    failed: bool,
}

/// Empty if the allocation failed, which the decoder treats as a failure.
#[derive(Default)]
struct BrotliBytes(Buffer);

impl Allocator<u8> for BrotliByteAlloc {
    type AllocatedMemory = BrotliBytes;

    fn alloc_cell(&mut self, size: usize) -> BrotliBytes {
        let buffer = Buffer::new(size);
        self.failed |= buffer.is_err();
        BrotliBytes(buffer.unwrap_or_default())
    }

    fn free_cell(&mut self, _: BrotliBytes) {}
}

impl SliceWrapper<u8> for BrotliBytes {
    fn slice(&self) -> &[u8] {
        &self.0
    }
}

impl SliceWrapperMut<u8> for BrotliBytes {
    fn slice_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

/// The number of groups of codes that the decoder has at once (RFC 7932 section 9.2): for literals, for insert-and-copy
/// lengths and for distances.
const CODE_GROUPS: usize = 3;
/// The largest group: 256 codes, for each of which the decoder takes a table of 1080 entries.
const LARGEST_GROUP: usize = 256 * 1080;
/// The largest of the other tables, whose sizes do not depend on the server.
const LARGEST_FIXED: usize = 3 * 1080;

/// Memory for the decoder's tables of codes. The server chooses their sizes, and the decoder writes into a table without
/// checking whether it got one. So the most that it can need, 3.2 MiB, is taken first, where a failure can be reported.
/// The unused part takes no memory. A group of at most three codes takes as little as the fixed tables, and is allocated
/// as they are.
struct CodeTableAlloc {
    /// Tables with space for [`LARGEST_GROUP`].
    spare: Vec<CodeTable>,
}

#[derive(Default)]
struct CodeTable(Vec<HuffmanCode>);

impl CodeTableAlloc {
    fn new() -> Result<CodeTableAlloc, OutOfMemory> {
        let mut spare = Vec::with_capacity(CODE_GROUPS);
        for _ in 0..CODE_GROUPS {
            let mut table = Vec::new();
            table.try_reserve_exact(LARGEST_GROUP).map_err(|_| OutOfMemory)?;
            spare.push(CodeTable(table));
        }
        Ok(CodeTableAlloc { spare })
    }
}

impl Allocator<HuffmanCode> for CodeTableAlloc {
    type AllocatedMemory = CodeTable;

    fn alloc_cell(&mut self, size: usize) -> CodeTable {
        let spare = if size > LARGEST_FIXED { self.spare.pop() } else { None };
        let mut table = spare.unwrap_or_default();
        table.0.resize(size, HuffmanCode::default());
        table
    }

    fn free_cell(&mut self, mut table: CodeTable) {
        if table.0.capacity() >= LARGEST_GROUP {
            table.0.clear();
            self.spare.push(table);
        }
    }
}

impl SliceWrapper<HuffmanCode> for CodeTable {
    fn slice(&self) -> &[HuffmanCode] {
        &self.0
    }
}

impl SliceWrapperMut<HuffmanCode> for CodeTable {
    fn slice_mut(&mut self) -> &mut [HuffmanCode] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_tables_use_preallocated_memory() {
        let mut alloc = CodeTableAlloc::new().unwrap();
        let taken: Vec<_> = alloc.spare.iter().map(|table| table.0.as_ptr()).collect();
        let place = |table: &CodeTable| taken.contains(&table.0.as_ptr());
        for _ in 0..2 {
            let groups: Vec<_> =
                [LARGEST_FIXED + 1, LARGEST_GROUP, LARGEST_GROUP].map(|size| alloc.alloc_cell(size)).into();
            assert!(groups.iter().all(place));
            let fixed = alloc.alloc_cell(LARGEST_FIXED);
            assert_eq!((fixed.slice().len(), place(&fixed)), (LARGEST_FIXED, false));
            groups.into_iter().chain([fixed]).for_each(|table| alloc.free_cell(table));
        }
    }

    #[test]
    fn failed_allocation_is_empty_and_recorded() {
        let mut alloc = BrotliByteAlloc::default();
        assert_eq!(alloc.alloc_cell(100).slice(), [0; 100]);
        assert!(!alloc.failed);
        assert!(alloc.alloc_cell(usize::MAX).slice().is_empty());
        assert!(alloc.failed);
    }
}
