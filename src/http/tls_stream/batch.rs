//! Divides received records into bounded batches, and limits records without plaintext.

use super::failure::SessionFailure;

/// The maximum number of records per batch. The stop signal is checked between two batches.
const BATCH_RECORDS: usize = 16;
/// The maximum number of bytes per batch, unless a single record is longer.
const BATCH_BYTES: usize = 64 * 1024;
/// The maximum number of consecutive records without plaintext: session tickets, key updates, warnings, empty records.
/// Servers send a handful, and rarely fifty tickets. More is a flood.
const MAX_IDLE_RECORDS: usize = 256;
/// The maximum number of bytes of such records.
const MAX_IDLE_BYTES: usize = 256 * 1024;
/// The size of a record's header (RFC 8446 section 5.1).
const RECORD_HEADER: usize = 5;

/// Records that the session receives at once: whole ones, or the available part of the first one.
#[derive(Debug)]
pub(super) struct Batch {
    pub records: usize,
    pub bytes: usize,
}

impl Batch {
    /// As many records as may be processed between two checks of the stop signal.
    pub(super) fn first_of(input: &[u8]) -> Batch {
        Batch::of(input, BATCH_RECORDS, BATCH_BYTES)
    }

    /// All available records.
    pub(super) fn all_of(input: &[u8]) -> Batch {
        Batch::of(input, usize::MAX, usize::MAX)
    }

    /// At most `records` records from the start of `input`, and at most `bytes` bytes unless the first record is
    /// longer.
    fn of(input: &[u8], records: usize, bytes: usize) -> Batch {
        let mut batch = Batch { records: 0, bytes: 0 };
        while batch.records < records && batch.bytes < bytes {
            let Some(&[_, _, _, high, low]) = input[batch.bytes..].first_chunk::<RECORD_HEADER>() else { break };
            let end = batch.bytes + RECORD_HEADER + usize::from(u16::from_be_bytes([high, low]));
            if end > input.len() {
                break;
            }
            batch = Batch { records: batch.records + 1, bytes: end };
        }
        if batch.records == 0 {
            batch.bytes = input.len();
        }
        batch
    }
}

/// The number of bytes that the incomplete record at the end of `input` lacks. If its header is incomplete, the number
/// of bytes that the header lacks. 0 if there is no incomplete record.
pub(super) fn missing_of_record(input: &[u8]) -> usize {
    let whole = Batch::all_of(input);
    let part = if whole.records == 0 { input } else { &input[whole.bytes..] };
    match part {
        [] => 0,
        [_, _, _, high, low, content @ ..] => usize::from(u16::from_be_bytes([*high, *low])) - content.len(),
        _ => RECORD_HEADER - part.len(),
    }
}

/// Counts what a peer sent since the last plaintext.
#[derive(Debug, Default)]
pub(super) struct Idle {
    records: usize,
    bytes: usize,
}

impl Idle {
    /// Counts records without plaintext.
    ///
    /// # Errors
    /// The peer has sent too many in a row.
    pub(super) fn add(&mut self, records: usize, bytes: usize) -> Result<(), SessionFailure> {
        self.records += records;
        self.bytes += bytes;
        if self.records > MAX_IDLE_RECORDS || self.bytes > MAX_IDLE_BYTES {
            return Err(SessionFailure::Flood);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records with payloads of these sizes.
    fn records(sizes: &[usize]) -> Vec<u8> {
        let record = |&size: &usize| [&[23, 3, 3, (size >> 8) as u8, size as u8][..], &vec![0; size]].concat();
        sizes.iter().flat_map(record).collect()
    }

    #[test]
    fn incomplete_record_reports_its_missing_bytes() {
        let input = records(&[3, 1000]);
        // (available bytes, missing bytes)
        let cases = [(0, 0), (1, 4), (4, 1), (5, 3), (7, 1), (8, 0), (12, 1), (13, 1000), (1012, 1), (1013, 0)];
        for (there, missing) in cases {
            assert_eq!(missing_of_record(&input[..there]), missing, "{there} bytes");
        }
    }

    fn first(input: &[u8]) -> (usize, usize) {
        let batch = Batch::first_of(input);
        (batch.records, batch.bytes)
    }

    #[test]
    fn batch_is_limited_by_records_and_by_bytes() {
        assert_eq!(first(&records(&[10; 20])), (16, 16 * 15));
        assert_eq!(first(&records(&[16 * 1024; 20])), (4, 4 * (16 * 1024 + 5)));
        assert_eq!(first(&records(&[65_535, 10])), (1, 65_540), "a record is not cut");
        assert_eq!(Batch::all_of(&records(&[10; 20])).records, 20);
    }

    #[test]
    fn incomplete_record_is_never_in_a_batch_with_others() {
        let input = records(&[10, 10]);
        assert_eq!(first(&input[..20]), (1, 15));
        for length in 0..15 {
            assert_eq!(first(&input[..length]), (0, length));
        }
    }

    #[test]
    fn records_without_plaintext_are_limited_by_number_and_by_bytes() {
        let mut idle = Idle::default();
        assert!((0..MAX_IDLE_RECORDS).all(|_| idle.add(1, 1).is_ok()));
        assert!(idle.add(1, 1).is_err());
        assert!(Idle::default().add(1, MAX_IDLE_BYTES).is_ok());
        assert!(Idle::default().add(1, MAX_IDLE_BYTES + 1).is_err());
    }
}
