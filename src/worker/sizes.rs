//! All buffer sizes of the library, and how they were chosen.
//!
//! "Alone" means that no other transfer runs in the process. "Among others" means one of several: twenty per session
//! must fit into a phone's memory, and ten into a processor's cache. The sizes were chosen by CPU time with
//! `benches/run.sh`: each is as large as it pays off, and no larger.

use std::sync::atomic::{AtomicUsize, Ordering};

const KIB: usize = 1024;

/// The minimum size of a body for which a large buffer pays off.
pub const LARGE_BODY: u64 = 2 * 1024 * 1024;
/// The minimum size of a body for which TLS receives parts of twice the low-water mark. A smaller body ends before the
/// memory for larger parts has paid off.
pub const VERY_LARGE_BODY: u64 = 8 * 1024 * 1024;

/// The largest buffer from the allocator, which may keep freed memory once per thread. Larger ones are mapped. So the
/// buffers of an idle thread are returned to the system when it ends.
pub const MAX_ALLOCATED: usize = 8 * KIB;
/// The largest buffer that a thread keeps for its next task. Transferring a large body takes far longer than mapping
/// memory again, and each of twenty threads may have had one.
pub const MAX_KEPT: usize = 80 * KIB;
/// How many buffers a thread keeps. Enough for one transfer: connection input and output, TLS input and output (each
/// replaced once as it grows), and the file buffer.
pub const MAX_SPARE: usize = 8;

/// The input buffer of a connection, for heads, framing and the bytes received with them.
pub const CONNECTION_INPUT: usize = 16 * KIB;
/// The output buffer of a connection for a small request.
pub const CONNECTION_OUTPUT: usize = 16 * KIB;
/// The output buffer of a connection for a body at hand that is neither sent with its head nor large, such as a phone's
/// photo. In whole records.
pub const MEDIUM_OUTPUT: usize = 4 * TLS_PLAINTEXT;
/// The maximum size of a request whose head and body are sent at once.
pub const WHOLE_REQUEST: usize = 64 * KIB;
/// The initial buffer for a request's head. Usual heads fit.
pub const REQUEST_HEAD: usize = 512;
/// The space for the head that ureq writes, which is smaller and is dropped.
pub const DROPPED_HEAD: usize = 256;
/// The initial buffer for a proxy's answer. It grows up to the maximum size of a head.
pub const PROXY_ANSWER: usize = 4 * KIB;
/// The number of bytes to read from an idle connection to check it. Some session tickets fit, a flood does not.
pub const IDLE_PROBE: usize = 16 * KIB;

/// The plaintext of the largest TLS record (RFC 8446 section 5.1).
pub const TLS_PLAINTEXT: usize = 16 * KIB;
/// The initial TLS input buffer. The largest record fits (RFC 8446 section 5.2, RFC 5246 section 6.2.3).
pub const TLS_INPUT: usize = 20 * KIB;
/// The TLS input buffer for a large body, unless the socket gathers more. The kernel acknowledges after each `recv`, so
/// smaller parts cost more. The longest TLS message, a certificate chain, takes at most a quarter of it.
pub const LARGE_TLS_INPUT: usize = 256 * KIB;

/// The file buffer of a download whose body is not known to be large.
pub const DOWNLOAD_FILE: usize = 32 * KIB;
/// The file buffer of a large download with TLS, in whole records. With 64 KiB, a download took 3 % more CPU time; with
/// 128 KiB, as much (`benches/compare.sh`).
pub const LARGE_TLS_DOWNLOAD_FILE: usize = 6 * TLS_PLAINTEXT;
/// The file buffer of a large upload with TLS, in whole records. With 64 KiB, ten uploads at once took 3 % more CPU time
/// (`benches/compare.sh`).
pub const LARGE_TLS_UPLOAD_FILE: usize = 10 * TLS_PLAINTEXT;
/// A large upload with TLS collects records until they have this many bytes, then sends them. With 320 KiB, ten uploads at once took
/// 4 % more CPU time; with 256 KiB, one took 5 % more.
pub const LARGE_TLS_OUTPUT: usize = 3 * LARGE_TLS_UPLOAD_FILE;
/// The number of bytes that are encrypted between two checks of the stop signal, in whole records.
pub const TLS_ENCRYPTED: usize = 4 * TLS_PLAINTEXT;
/// The part size for reading the answer to an upload.
pub const ANSWER: usize = 8 * KIB;
/// The space for the decoded text of a part of an answer in another charset than UTF-8.
#[cfg(feature = "charset")]
pub const DECODED_TEXT: usize = 4 * KIB;
/// The part size for discarding a body in order to keep its connection.
pub const DISCARD: usize = 4 * KIB;
/// The input buffer of a content decoder.
pub const CODING_INPUT: usize = 16 * KIB;
/// The part size for reading, writing, copying and hashing files. So the file buffer of a large upload with TLS is filled by one read.
pub const FILE_PIECE: usize = LARGE_TLS_UPLOAD_FILE;

/// The number of running transfers in this process, which share its memory across sessions.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Counts a running transfer until this is dropped.
#[derive(Debug)]
pub struct RunningTransfer(());

impl RunningTransfer {
    /// Counts a transfer.
    pub fn begin() -> RunningTransfer {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        RunningTransfer(())
    }
}

impl Drop for RunningTransfer {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The number of running transfers in this process.
pub fn running_transfers() -> usize {
    RUNNING.load(Ordering::Relaxed)
}

/// The file buffer of a large download without TLS, which is also its receive buffer: the kernel acknowledges after
/// each `recv`, so smaller parts cost more.
pub fn large_plain_download_file() -> usize {
    of_transfers(512 * KIB, 128 * KIB)
}

/// The output buffer of a large upload without TLS.
pub fn large_plain_output() -> usize {
    of_transfers(512 * KIB, 128 * KIB)
}

fn of_transfers(alone: usize, among_others: usize) -> usize {
    size_of_one_of(running_transfers(), alone, among_others)
}

fn size_of_one_of(running: usize, alone: usize, among_others: usize) -> usize {
    if running > 1 { among_others } else { alone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_size_depends_on_the_number_of_transfers() {
        assert_eq!([0, 1, 2, 10].map(|running| size_of_one_of(running, 7, 3)), [7, 7, 3, 3]);
        // Other tests may run at the same time, but these are at least two.
        let running = [RunningTransfer::begin(), RunningTransfer::begin()];
        assert_eq!(of_transfers(7, 3), 3);
        drop(running);
    }
}
