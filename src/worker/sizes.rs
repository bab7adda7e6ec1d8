//! Every buffer size of the library, and how it was chosen.
//!
//! "Alone" is a transfer that runs while no other runs in the process; "among others" is one of several, of which twenty a
//! session have to fit into a phone's memory and ten into a processor's cache. Sizes were chosen by CPU time with
//! `benches/run.sh`: a size is as large as it was found to pay, and no larger.

use std::sync::atomic::{AtomicUsize, Ordering};

const KIB: usize = 1024;

/// From this size on a body is worth a large buffer, which it fills many times.
pub const LARGE_BODY: u64 = 2 * 1024 * 1024;
/// From this size on TLS receives a body cheaper in pieces of twice the low-water mark: a smaller body is over before the
/// memory of the larger pieces has paid for itself.
pub const VERY_LARGE_BODY: u64 = 8 * 1024 * 1024;

/// The largest buffer that is asked of the allocator, which may keep what it is given back, once for every thread. A larger
/// one is mapped.
pub const MAX_ALLOCATED: usize = 32 * KIB;
/// The largest buffer that a thread keeps for its next task. A large body takes far longer than mapping memory anew, and
/// each of twenty threads may have seen one.
pub const MAX_KEPT: usize = 80 * KIB;
/// How many buffers a thread keeps. Enough for one transfer: connection input and output, TLS input and output (each
/// replaced once as it grows), and the file buffer.
pub const MAX_SPARE: usize = 8;

/// The input of a connection: heads, framing and what comes with them.
pub const CONNECTION_INPUT: usize = 16 * KIB;
/// The output of a connection while the request is small.
pub const CONNECTION_OUTPUT: usize = 16 * KIB;
/// A request whose head and body fit into this leaves in one send.
pub const WHOLE_REQUEST: usize = 64 * KIB;
/// A proxy's answer at first; it grows up to the bound of a head.
pub const PROXY_ANSWER: usize = 4 * KIB;
/// What is read at once of an idle connection, to find out whether it is still good: some session tickets fit, a flood does
/// not.
pub const IDLE_PROBE: usize = 16 * KIB;

/// The plaintext of the largest record (RFC 8446 section 5.1).
pub const TLS_PLAINTEXT: usize = 16 * KIB;
/// TLS input at first. The largest record fits (RFC 8446 section 5.2, RFC 5246 section 6.2.3).
pub const TLS_INPUT: usize = 20 * KIB;
/// TLS input of a large body, unless the socket gathers more of it. The kernel acknowledges after each `recv`, so that
/// smaller pieces cost more. What a peer says in one TLS message, a chain of certificates at most, takes a quarter of it.
pub const LARGE_TLS_INPUT: usize = 256 * KIB;

/// The file of a download whose body is not known to be large.
pub const DOWNLOAD_FILE: usize = 32 * KIB;
/// The answer to an upload, piece by piece.
pub const ANSWER: usize = 8 * KIB;
/// A body that is read only to keep its connection, piece by piece.
pub const DISCARD: usize = 4 * KIB;
/// The input of a content decoder.
pub const CODING_INPUT: usize = 16 * KIB;
/// What is read, written, copied or digested at once of a file.
pub const FILE_PIECE: usize = 128 * KIB;

/// The transfers that run in this process. They share its memory, whichever session they belong to.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// A transfer that runs, until this is dropped.
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

/// The file of a large download without TLS, which is received into the same buffer: the kernel acknowledges after each
/// `recv`, so that smaller pieces cost more.
pub fn large_plain_download_file() -> usize {
    of_transfers(512 * KIB, 128 * KIB)
}

/// The file of a large download with TLS.
pub fn large_tls_download_file() -> usize {
    of_transfers(256 * KIB, 128 * KIB)
}

/// What is sent at once of a large upload without TLS.
pub fn large_plain_output() -> usize {
    of_transfers(512 * KIB, 128 * KIB)
}

/// What is sent at once of a large upload with TLS, in whole records.
pub fn large_tls_output() -> usize {
    of_transfers(31 * TLS_PLAINTEXT, 21 * TLS_PLAINTEXT)
}

fn of_transfers(alone: usize, among_others: usize) -> usize {
    size_of_one_of(RUNNING.load(Ordering::Relaxed), alone, among_others)
}

fn size_of_one_of(running: usize, alone: usize, among_others: usize) -> usize {
    if running > 1 { among_others } else { alone }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_depends_on_how_many_transfers_run() {
        assert_eq!([0, 1, 2, 10].map(|running| size_of_one_of(running, 7, 3)), [7, 7, 3, 3]);
        // Whatever other tests run meanwhile, these are two.
        let running = [RunningTransfer::begin(), RunningTransfer::begin()];
        assert_eq!(of_transfers(7, 3), 3);
        drop(running);
    }
}
