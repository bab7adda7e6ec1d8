//! Kills a program at random moments while it downloads. Meanwhile the server changes the files and cuts connections.
//! Every file with its final name must be one version, complete. The next run must request exactly the bytes that were
//! not yet durable, and a partial file that is long enough to be flushed must have a journal.
//! `ffi-tests/crash-safety.sh` runs this program, which ends at the first error.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use support::{Ended, Session};
use wxtransfer::ffi::error::WXT_CATEGORY_CONNECTION_CLOSED;
use wxtransfer::ffi::options::WXT_RESUME_ACROSS_LAUNCHES;
use wxtransfer::ffi::string::WxtStr;

const VICTIM: &str = "WXT_CRASH_RESUME_VICTIM";
const MIB: u64 = 1024 * 1024;
/// The minimum size of a file: several times the flush interval.
const LEAST_SIZE: u64 = 9 * MIB;
const PIECE: usize = 64 * 1024;
/// `docs/resume-and-retry.md`: a crash costs at most this many bytes, plus the bytes that are written at once.
const DURABLE_STEP: u64 = 4 * MIB;
const WRITTEN_AT_ONCE: u64 = MIB;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if std::env::var_os(VICTIM).is_some() {
        let [data, url] = arguments.as_slice() else { panic!("a data directory and a URL") };
        live_until_killed(data, url);
    }
    let kills = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 1000,
        ["--quick"] => 40,
        _ => panic!("usage: crash-resume [--quick]"),
    };
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(random_seed);
    println!("crash and resume: {kills} kills, SEED={seed}");
    run(kills, seed);
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 16) % bound
    }
}

/// The number of files that are downloaded in turn. File 0 becomes a temporary file, file 1 has a path.
const FILES: usize = 2;

/// The durable part of a file: where the missing rest begins, and the validator of the version. 0 and empty if nothing
/// is durable.
#[derive(Debug, Default, PartialEq, Eq)]
struct Durable {
    begin: usize,
    validator: String,
}

/// A version of a file. It begins with its number; its size and its other bytes follow from that.
fn version(number: u64) -> Vec<u8> {
    let mut random = Random(number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let size = LEAST_SIZE + random.below(3 * MIB);
    let mut content = number.to_le_bytes().to_vec();
    while (content.len() as u64) < size {
        content.extend_from_slice(&random.next().to_le_bytes());
    }
    content
}

fn open(data: &str) -> Session {
    Session::open_with(|options| {
        options.data_directory = WxtStr::new(data);
        options.temporary_quota = 100 * MIB;
        options.resume = WXT_RESUME_ACROSS_LAUNCHES;
        options.max_retries = 5;
        options.retry_delay = 1;
    })
}

fn download(session: &Session, url: &str, file: usize) -> Ended {
    let path = if file == 1 { "wxfile://usr/file.bin" } else { "" };
    session.download_with(&format!("{url}/{file}"), |request| request.file_path = WxtStr::new(path)).end()
}

/// The program that is killed: downloads without end.
fn live_until_killed(data: &str, url: &str) -> ! {
    let session = open(data);
    for file in (0..FILES).cycle() {
        match &download(&session, url, file).result {
            Ok(success) => println!("whole {} {}", success.attempts, success.resumed_from),
            Err(failure) => println!("failed {} {}", failure.category, failure.detail),
        }
    }
    unreachable!("it downloads until it is killed")
}

/// Serves the newest version of each file, with ranges. At random, it makes a new version, or cuts a connection.
struct Server {
    url: String,
    /// The newest version of each file. Version `n` is a version of file `n % FILES`.
    newest: [AtomicU64; FILES],
    contents: Mutex<BTreeMap<u64, Arc<Vec<u8>>>>,
    random: Mutex<Random>,
    /// The number of connections that are being served.
    served: Mutex<u64>,
    served_less: Condvar,
    /// No request has arrived since the last victim started.
    is_first_request: AtomicBool,
    /// The part of each file that was durable at the last kill. The first request for the file removes it.
    durable: Mutex<[Option<Durable>; FILES]>,
    /// The first request that did not ask for exactly the part that was not durable.
    wrong: Mutex<Option<String>>,
    /// The number of runs of the victim whose first request had a range.
    resumed_after_a_kill: AtomicU64,
    /// While this is set, the server makes no new version and cuts no connection.
    is_calm: AtomicBool,
}

impl Server {
    fn start(seed: u64) -> Arc<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let server = Arc::new(Server {
            url: format!("http://{}", listener.local_addr().expect("its address")),
            newest: [AtomicU64::new(0), AtomicU64::new(1)],
            contents: Mutex::default(),
            random: Mutex::new(Random(seed | 1)),
            served: Mutex::default(),
            served_less: Condvar::new(),
            is_first_request: AtomicBool::new(true),
            durable: Mutex::default(),
            wrong: Mutex::default(),
            resumed_after_a_kill: AtomicU64::new(0),
            is_calm: AtomicBool::new(false),
        });
        let shared = server.clone();
        // Runs until the process ends.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = shared.clone();
                *server.served.lock().expect("a lock") += 1;
                thread::spawn(move || {
                    // The client may be killed at any moment.
                    let _ = server.serve(client);
                    *server.served.lock().expect("a lock") -= 1;
                    server.served_less.notify_all();
                });
            }
        });
        server
    }

    /// Waits until no connection of a killed client is being served.
    fn forget_clients(&self) {
        // Connections are accepted in order. When this one has ended, all earlier ones have been accepted.
        let mut last = TcpStream::connect(&self.url["http://".len()..]).expect("a connection");
        last.shutdown(Shutdown::Write).expect("its end");
        let _ = last.read(&mut [0]);
        let served = self.served.lock().expect("a lock");
        drop(self.served_less.wait_while(served, |served| *served > 0).expect("a lock"));
    }

    fn assert_no_wrong_request(&self, seed: u64) {
        let wrong = self.wrong.lock().expect("a lock").take();
        assert_eq!(wrong, None, "SEED={seed}");
    }

    fn content(&self, number: u64) -> Arc<Vec<u8>> {
        let mut contents = self.contents.lock().expect("a lock");
        while contents.len() > 8 {
            contents.pop_first();
        }
        contents.entry(number).or_insert_with(|| Arc::new(version(number))).clone()
    }

    fn below(&self, bound: u64) -> u64 {
        self.random.lock().expect("a lock").below(bound)
    }

    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let mut requests = BufReader::new(client.try_clone()?);
        loop {
            let (mut range, mut validator, mut file) = (None, None, 0);
            loop {
                let mut line = String::new();
                if requests.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                if let Some(target) = line.strip_prefix("GET /") {
                    file = usize::from(target.starts_with('1'));
                }
                match line.trim_end().split_once(": ") {
                    Some(("Range", value)) => {
                        let begin = value.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
                        range = begin.and_then(|begin| begin.parse::<usize>().ok());
                    }
                    Some(("If-Range", value)) => validator = Some(value.to_owned()),
                    None if line.trim_end().is_empty() => break,
                    _ => {}
                }
            }
            if self.is_first_request.swap(false, Ordering::SeqCst) && range.is_some() {
                self.resumed_after_a_kill.fetch_add(1, Ordering::SeqCst);
            }
            if let Some(durable) = self.durable.lock().expect("a lock")[file].take() {
                let asked = Durable { begin: range.unwrap_or(0), validator: validator.clone().unwrap_or_default() };
                if asked != durable {
                    let wrong = format!("the request is for {asked:?}, but {durable:?} is durable");
                    self.wrong.lock().expect("a lock").get_or_insert(wrong);
                }
            }
            self.answer(&client, file, range, validator.as_deref())?;
        }
    }

    fn answer(
        &self,
        mut client: &TcpStream,
        file: usize,
        range: Option<usize>,
        validator: Option<&str>,
    ) -> io::Result<()> {
        let is_calm = self.is_calm.load(Ordering::SeqCst);
        if !is_calm && self.below(6) == 0 {
            self.newest[file].fetch_add(FILES as u64, Ordering::SeqCst);
        }
        let number = self.newest[file].load(Ordering::SeqCst);
        let content = self.content(number);
        let (size, tag) = (content.len(), format!("\"{number}\""));
        let begin = range.filter(|begin| *begin < size && validator == Some(&tag));
        let status = match begin {
            Some(begin) => format!("206 Partial Content\r\nContent-Range: bytes {begin}-{}/{size}", size - 1),
            None => "200 OK".to_owned(),
        };
        let body = &content[begin.unwrap_or(0)..];
        write!(client, "HTTP/1.1 {status}\r\nETag: {tag}\r\nContent-Length: {}\r\n\r\n", body.len())?;
        let end = if !is_calm && self.below(3) == 0 { self.below(body.len() as u64) as usize } else { body.len() };
        for piece in body[..end].chunks(PIECE) {
            client.write_all(piece)?;
            // About 100 ms per file, so that a kill can hit it.
            thread::sleep(Duration::from_micros(500));
        }
        if end < body.len() { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

fn run(kills: u64, seed: u64) {
    let start = Instant::now();
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().to_str().expect("UTF-8");
    let server = Server::start(seed);
    let mut random = Random(seed.rotate_left(32) | 1);
    let (mut whole, mut resumed, mut files, mut most_lost) = (0, 0, 0, 0);
    for _ in 0..kills {
        server.is_first_request.store(true, Ordering::SeqCst);
        let mut victim = start_victim(data, &server.url);
        thread::sleep(Duration::from_millis(20 + random.below(400)));
        assert!(victim.try_wait().expect("its state").is_none(), "the victim ended by itself");
        victim.kill().expect("it is killed");
        let mut said = String::new();
        victim.stdout.take().expect("its output").read_to_string(&mut said).expect("UTF-8");
        assert_eq!(victim.wait().expect("it ends").signal(), Some(libc::SIGKILL), "the victim ended by itself");
        for failed in said.lines().filter_map(|line| line.strip_prefix("failed ")) {
            // The server cuts a third of its answers, so all attempts of a download can be cut.
            assert!(failed.starts_with(&format!("{WXT_CATEGORY_CONNECTION_CLOSED} ")), "a download failed: {failed}");
        }
        let ends = said.lines().filter_map(|line| line.strip_prefix("whole "));
        whole += ends.clone().count();
        resumed += ends.filter(|end| !end.ends_with(" 0")).count();
        files += check(&server, directory.path());
        server.forget_clients();
        let (durable, lost) = durable(&server, directory.path());
        *server.durable.lock().expect("a lock") = durable.map(Some);
        most_lost = most_lost.max(lost);
        server.assert_no_wrong_request(seed);
    }
    // Finally, without a kill: the files are downloaded in their newest versions, and no partial file is left after a
    // discard.
    server.is_calm.store(true, Ordering::SeqCst);
    let session = open(data);
    for file in 0..FILES {
        let native = download(&session, &server.url, file).success().native_path.clone().expect("a path");
        assert!(fs::read(native).expect("a file") == *server.content(server.newest[file].load(Ordering::SeqCst)));
    }
    server.assert_no_wrong_request(seed);
    assert_eq!(unsafe { wxtransfer::ffi::session::wxt_discard_partials(session.handle, std::ptr::null_mut()) }, 0);
    let partials = root(directory.path()).join("partials");
    assert_eq!(children(&partials), Vec::<PathBuf>::new());
    drop(session);

    let after_a_kill = server.resumed_after_a_kill.load(Ordering::SeqCst);
    println!(
        "{kills} kills, {whole} downloads whole, {resumed} of them resumed, {after_a_kill} lives began with a rest, \
         {files} files checked, no mixture, at most {most_lost} bytes not durable; {:.0} s",
        start.elapsed().as_secs_f64()
    );
    assert!(after_a_kill >= kills / 10 && resumed > 0, "hardly anything was resumed");
    assert!(whole > 0, "no download was whole");
}

fn start_victim(data: &str, url: &str) -> Child {
    let program = std::env::current_exe().expect("a path");
    let mut command = Command::new(program);
    command.args([data, url]).env(VICTIM, "1").stdout(Stdio::piped()).spawn().expect("a process")
}

fn root(directory: &Path) -> PathBuf {
    directory.join("app-wx1234567890abcdef/user-")
}

/// Compares every named file with the version that it claims to be.
fn check(server: &Server, directory: &Path) -> usize {
    let root = root(directory);
    let launches = children(&root.join("launches"));
    let temporary = launches.iter().flat_map(|launch| children(launch));
    let temporary = temporary.filter(|path| path.extension().is_none_or(|extension| extension != "part"));
    let files: Vec<PathBuf> = temporary.chain(children(&root.join("usr"))).collect();
    for file in &files {
        let content = fs::read(file).expect("a file");
        let number = u64::from_le_bytes(content[..8].try_into().expect("8 bytes"));
        assert!(
            number <= server.newest[number as usize % FILES].load(Ordering::SeqCst),
            "{file:?} begins with no version"
        );
        assert!(content == *server.content(number), "{file:?} is not all of version {number}, and nothing else");
    }
    files.len()
}

/// The durable part of each file according to the journals, and the most bytes that were written beyond such a part.
/// Also checks that each long partial file has a journal.
fn durable(server: &Server, directory: &Path) -> ([Durable; FILES], u64) {
    let partials = root(directory).join("partials");
    let mut durable: [Durable; FILES] = Default::default();
    let mut most = 0;
    let mut named = BTreeSet::new();
    for path in children(&partials).into_iter().filter(|path| path.extension().is_none()) {
        let journal = fs::read_to_string(&path).expect("a journal");
        let mut lines = journal.lines().skip(1);
        let part = partials.join(lines.next().expect("the name of the part"));
        let begin: usize = lines.next().and_then(|length| length.parse().ok()).expect("a length");
        // The journal contains the ETag, which is the version in quotation marks.
        let version = journal.split('"').find_map(|text| text.parse::<u64>().ok()).expect("a version");
        let Ok(metadata) = fs::metadata(&part) else { continue };
        named.insert(part);
        let lost = metadata.len().checked_sub(begin as u64).expect("the journal counts no byte that the file lacks");
        assert!(lost <= DURABLE_STEP + WRITTEN_AT_ONCE, "{lost} bytes were not durable");
        most = most.max(lost);
        durable[version as usize % FILES] = Durable { begin, validator: format!("\"{version}\"") };
    }
    let launches = children(&root(directory).join("launches"));
    let parts = launches.iter().chain([&partials]).flat_map(|directory| children(directory));
    let parts = parts.filter(|path| path.extension().is_some_and(|extension| extension == "part"));
    for part in parts.filter(|part| !named.contains(part)) {
        let content = fs::read(&part).expect("a file");
        let length = content.len() as u64;
        if length > DURABLE_STEP + WRITTEN_AT_ONCE {
            // The library deletes an outdated file after its journal, so a kill between the two leaves the file.
            let number = u64::from_le_bytes(content[..8].try_into().expect("8 bytes"));
            let newest = server.newest[number as usize % FILES].load(Ordering::SeqCst);
            assert!(number < newest, "no journal names {part:?}, which has {length} bytes of the newest version");
        }
    }
    (durable, most)
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
