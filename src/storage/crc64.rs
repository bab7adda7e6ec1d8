//! CRC-64/XZ, the checksum of object stores: the polynomial of ECMA-182 with reversed bits.

/// The polynomial of ECMA-182, lowest power first.
const POLYNOMIAL: u64 = 0xC96C_5795_D787_0F42;

/// The number of bytes per step.
const STRIDE: usize = 8;

/// A running checksum.
#[derive(Clone)]
pub struct Crc64 {
    /// `tables[n][byte]` is the contribution of `byte` if `n` bytes follow it. Computed on demand: on a phone, 16 KiB
    /// of constants cost more than the microseconds.
    tables: Box<[[u64; 256]; STRIDE]>,
    sum: u64,
}

impl Crc64 {
    /// The checksum of no bytes.
    pub fn new() -> Crc64 {
        let mut tables = Box::new([[0; 256]; STRIDE]);
        for (byte, entry) in (0..).zip(&mut tables[0]) {
            *entry = (0..8).fold(byte, |sum: u64, _| (sum >> 1) ^ if sum & 1 == 1 { POLYNOMIAL } else { 0 });
        }
        for following in 1..STRIDE {
            for byte in 0..256 {
                let before = tables[following - 1][byte];
                tables[following][byte] = (before >> 8) ^ tables[0][usize::from(before as u8)];
            }
        }
        Crc64 { tables, sum: u64::MAX }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        let (pieces, rest) = bytes.as_chunks::<STRIDE>();
        let tables = &*self.tables;
        let mut sum = self.sum;
        for piece in pieces {
            let mixed = (sum ^ u64::from_le_bytes(*piece)).to_le_bytes();
            sum = (0..STRIDE).fold(0, |sum, index| sum ^ tables[STRIDE - 1 - index][usize::from(mixed[index])]);
        }
        for byte in rest {
            sum = (sum >> 8) ^ tables[0][usize::from(sum as u8 ^ byte)];
        }
        self.sum = sum;
    }

    /// The checksum.
    pub fn value(&self) -> u64 {
        !self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pieces: &[&[u8]]) -> u64 {
        let mut crc64 = Crc64::new();
        pieces.iter().for_each(|piece| crc64.update(piece));
        crc64.value()
    }

    /// The check value of CRC-64/XZ in the catalogue of parametrised CRC algorithms (G. Cook).
    #[test]
    fn checksum_matches_the_catalogue_for_every_division() {
        let text = b"123456789";
        for end in 0..=text.len() {
            let (first, second) = text.split_at(end);
            assert_eq!(of(&[first, second]), 0x995D_C9BB_DF19_39FA, "{end}");
        }
        assert_eq!(of(&[]), 0);
    }

    /// The definition, bit by bit.
    #[test]
    fn table_steps_match_the_bitwise_definition() {
        let bytes: Vec<u8> = (0..1000u32).map(|index| (index * index % 251) as u8).collect();
        let mut sum = u64::MAX;
        for byte in &bytes {
            sum ^= u64::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 { (sum >> 1) ^ POLYNOMIAL } else { sum >> 1 };
            }
        }
        assert_eq!(of(&[&bytes]), !sum);
        assert_eq!(of(&[&bytes[..13], &bytes[13..14], &bytes[14..]]), !sum);
    }
}
