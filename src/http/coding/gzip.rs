//! The gzip format (RFC 1952), with one or several members.

use std::io;

use flate2::{Crc, Decompress};

use super::broken;
use super::inflate::inflate;
use super::layer::LayerStep;

const HAS_CHECKSUM: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xe0;

/// Decodes the members of a gzip body.
pub(super) struct Gzip {
    place: GzipPlace,
    header: GzipHeader,
    decoder: Decompress,
    /// The checksum of the member's data.
    crc: Crc,
    trailer: Vec<u8>,
}

enum GzipPlace {
    /// At the start of the body.
    Start,
    /// After a complete member with a correct checksum.
    Between,
    Header,
    Data,
    Trailer,
}

impl Default for Gzip {
    fn default() -> Gzip {
        Gzip {
            place: GzipPlace::Start,
            header: GzipHeader::default(),
            decoder: Decompress::new(false),
            crc: Crc::new(),
            trailer: Vec::with_capacity(8),
        }
    }
}

impl Gzip {
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.place, GzipPlace::Between)
    }

    pub(super) fn decode(&mut self, input: &[u8], buffer: &mut [u8]) -> io::Result<LayerStep> {
        match self.place {
            GzipPlace::Start | GzipPlace::Between if input.is_empty() => Ok(LayerStep::default()),
            GzipPlace::Start | GzipPlace::Between => {
                self.header = GzipHeader::default();
                self.decoder.reset(false);
                self.crc.reset();
                self.trailer.clear();
                self.place = GzipPlace::Header;
                self.read_header(input)
            }
            GzipPlace::Header => self.read_header(input),
            GzipPlace::Data => {
                let (step, ended) = inflate(&mut self.decoder, input, buffer)?;
                self.crc.update(&buffer[..step.produced]);
                if ended {
                    self.place = GzipPlace::Trailer;
                }
                Ok(step)
            }
            GzipPlace::Trailer => self.read_trailer(input),
        }
    }

    fn read_header(&mut self, input: &[u8]) -> io::Result<LayerStep> {
        for (index, &byte) in input.iter().enumerate() {
            if self.header.take(byte)? {
                self.place = GzipPlace::Data;
                return Ok(LayerStep { consumed: index + 1, produced: 0 });
            }
        }
        Ok(LayerStep { consumed: input.len(), produced: 0 })
    }

    fn read_trailer(&mut self, input: &[u8]) -> io::Result<LayerStep> {
        let consumed = input.len().min(8 - self.trailer.len());
        self.trailer.extend_from_slice(&input[..consumed]);
        if self.trailer.len() == 8 {
            let expected = [self.crc.sum().to_le_bytes(), self.crc.amount().to_le_bytes()];
            if self.trailer != expected.as_flattened() {
                return Err(broken("its checksum is wrong"));
            }
            self.place = GzipPlace::Between;
        }
        Ok(LayerStep { consumed, produced: 0 })
    }
}

/// Parses a member's header. Its fields are ignored.
#[derive(Default)]
struct GzipHeader {
    part: HeaderPart,
    /// The flags of the parts that follow.
    flags: u8,
    /// The number of bytes of the current part so far.
    position: usize,
    extra_length: [u8; 2],
    /// The checksum of the header so far.
    crc: Crc,
}

#[derive(Clone, Copy, Default)]
enum HeaderPart {
    #[default]
    Fixed,
    ExtraLength,
    Extra,
    /// A name or a comment.
    Text,
    Checksum,
}

impl GzipHeader {
    /// Consumes one byte. `true` after the last byte of the header.
    fn take(&mut self, byte: u8) -> io::Result<bool> {
        let ended = match self.part {
            HeaderPart::Fixed => {
                match (self.position, byte) {
                    (0, 0x1f) | (1, 0x8b) | (2, 8) | (4.., _) => {}
                    (3, flags) if flags & RESERVED == 0 => self.flags = flags,
                    (3, _) => return Err(broken("its gzip header has unknown flags")),
                    _ => return Err(broken("a gzip member has no gzip header")),
                }
                self.position == 9
            }
            HeaderPart::ExtraLength => {
                self.extra_length[self.position & 1] = byte;
                self.position == 1
            }
            HeaderPart::Extra => self.position + 1 == self.extra_size(),
            HeaderPart::Text => byte == 0,
            HeaderPart::Checksum => {
                if byte != self.crc.sum().to_le_bytes()[self.position & 1] {
                    return Err(broken("its gzip header's checksum is wrong"));
                }
                self.position == 1
            }
        };
        if !matches!(self.part, HeaderPart::Checksum) {
            self.crc.update(&[byte]);
        }
        self.position += 1;
        Ok(ended && !self.has_next())
    }

    fn extra_size(&self) -> usize {
        usize::from(u16::from_le_bytes(self.extra_length))
    }

    /// Advances to the next part, if there is one.
    fn has_next(&mut self) -> bool {
        self.position = 0;
        if matches!(self.part, HeaderPart::ExtraLength) && self.extra_size() > 0 {
            self.part = HeaderPart::Extra;
            return true;
        }
        let parts = [
            (HAS_EXTRA, HeaderPart::ExtraLength),
            (HAS_NAME, HeaderPart::Text),
            (HAS_COMMENT, HeaderPart::Text),
            (HAS_CHECKSUM, HeaderPart::Checksum),
        ];
        for (flag, part) in parts {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                self.part = part;
                return true;
            }
        }
        false
    }
}
