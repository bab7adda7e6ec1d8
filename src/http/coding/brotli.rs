//! The brotli format (RFC 7932).

use std::io;

use brotli_decompressor::{
    Allocator, BrotliDecompressStream, BrotliResult, BrotliState, SliceWrapper, SliceWrapperMut, StandardAlloc,
};

use super::broken;
use super::layer::LayerStep;
use crate::http::error::{Error, ErrorKind};
use crate::worker::Buffer;

/// Decodes brotli data.
pub(super) struct Brotli {
    state: BrotliState<BrotliByteAlloc, StandardAlloc, StandardAlloc>,
    ended: bool,
}

impl Default for Brotli {
    fn default() -> Brotli {
        let alloc = StandardAlloc::default;
        // Without "large window brotli", whose window may need a gigabyte. RFC 7932 allows at most 16 MiB.
        Brotli { state: BrotliState::new_strict(BrotliByteAlloc::default(), alloc(), alloc()), ended: false }
    }
}

impl Brotli {
    pub(super) fn is_whole(&self) -> bool {
        self.ended
    }

    pub(super) fn decode(&mut self, input: &[u8], buffer: &mut [u8]) -> io::Result<LayerStep> {
        if self.ended {
            return if input.is_empty() { Ok(LayerStep::default()) } else { Err(broken("bytes follow its end")) };
        }
        let mut step = LayerStep::default();
        let result = BrotliDecompressStream(
            &mut { input.len() },
            &mut step.consumed,
            input,
            &mut { buffer.len() },
            &mut step.produced,
            buffer,
            &mut 0,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::ResultFailure if self.state.alloc_u8.failed => {
                let detail = "there is no memory to decode a brotli body";
                return Err(io::Error::other(Error::new(ErrorKind::OutOfResources, detail)));
            }
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

/// Memory for the decoder's bytes: small tables and the window of up to 16 MiB, whose size the server chooses. If an
/// allocation fails, the response fails instead of the process. The code tables use the ordinary allocator: three
/// groups of at most 256 codes with 1080 entries of 4 bytes, 3.2 MiB in total. The decoder writes into a table without
/// checking its allocation, so a failure cannot be reported there.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_allocation_is_empty_and_recorded() {
        let mut alloc = BrotliByteAlloc::default();
        assert_eq!(alloc.alloc_cell(100).slice(), [0; 100]);
        assert!(!alloc.failed);
        assert!(alloc.alloc_cell(usize::MAX).slice().is_empty());
        assert!(alloc.failed);
    }
}
