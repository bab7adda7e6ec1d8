//! Deflate data (RFC 1951), raw or in the zlib format (RFC 1950).

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::broken;
use super::layer::LayerStep;

/// Decodes some deflate data. The result also says whether the data has ended.
pub(super) fn inflate(decoder: &mut Decompress, input: &[u8], buffer: &mut [u8]) -> io::Result<(LayerStep, bool)> {
    let (in_before, out_before) = (decoder.total_in(), decoder.total_out());
    let status = decoder
        .decompress(input, buffer, FlushDecompress::None)
        .map_err(|_| broken("its deflate data or checksum is bad"))?;
    let step = LayerStep {
        consumed: (decoder.total_in() - in_before) as usize,
        produced: (decoder.total_out() - out_before) as usize,
    };
    let ended = status == Status::StreamEnd;
    if !ended && !input.is_empty() && step.consumed == 0 && step.produced == 0 {
        return Err(broken("its deflate data makes no progress"));
    }
    Ok((step, ended))
}

/// The coding "deflate". It is the zlib format, but some servers send raw deflate data.
pub(super) struct Deflate {
    decoder: Decompress,
    ended: bool,
}

impl Deflate {
    /// Detects the format from the first bytes.
    pub(super) fn new(first: &[u8]) -> Deflate {
        let has_zlib_header = match *first {
            [method, flags, ..] => method & 0x0f == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31),
            _ => false,
        };
        Deflate { decoder: Decompress::new(has_zlib_header), ended: false }
    }

    pub(super) fn is_whole(&self) -> bool {
        self.ended
    }

    pub(super) fn decode(&mut self, input: &[u8], buffer: &mut [u8]) -> io::Result<LayerStep> {
        if self.ended {
            // Bytes after the end are an error, as in curl.
            return if input.is_empty() { Ok(LayerStep::default()) } else { Err(broken("bytes follow its end")) };
        }
        let (step, ended) = inflate(&mut self.decoder, input, buffer)?;
        self.ended = ended;
        Ok(step)
    }
}
