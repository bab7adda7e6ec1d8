//! The brotli format (RFC 7932).

use std::io;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::broken;
use super::layer::LayerStep;

/// Decodes brotli data.
pub(super) struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    ended: bool,
}

impl Default for Brotli {
    fn default() -> Brotli {
        let alloc = StandardAlloc::default;
        // Not the kind whose window, and so whose memory, may be a gigabyte: RFC 7932 has none of more than 16 MiB.
        Brotli { state: BrotliState::new_strict(alloc(), alloc(), alloc()), ended: false }
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
