//! Kills a program that downloads, at random moments, while the server changes the file and cuts connections. Every
//! named file must be one complete version. `ffi-tests/crash-safety.sh` runs it until the first mixed file.

#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use support::Session;
use wxtransfer::ffi::options::WXT_RESUME_ACROSS_LAUNCHES;
use wxtransfer::ffi::string::WxtStr;

const VICTIM: &str = "WXT_CRASH_RESUME_VICTIM";
const MIB: u64 = 1024 * 1024;
/// The minimum size of the file: several times the flush interval.
const LEAST_SIZE: u64 = 9 * MIB;
const PIECE: usize = 64 * 1024;

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

/// A version of the file. It starts with its number, from which its size and other bytes follow.
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

/// The killed program: downloads continuously, alternating between a temporary file and a path.
fn live_until_killed(data: &str, url: &str) -> ! {
    let session = open(data);
    for target in [false, true].into_iter().cycle() {
        let path = if target { "wxfile://usr/file.bin" } else { "" };
        let ended = session.download_with(url, |request| request.file_path = WxtStr::new(path)).end();
        match &ended.result {
            Ok(success) => println!("whole {} {}", success.attempts, success.resumed_from),
            Err(failure) => println!("failed {}", failure.detail),
        }
    }
    unreachable!("it downloads until it is killed")
}

/// Serves the newest version, with ranges. At random, creates a new version or ends a connection.
struct Server {
    url: String,
    newest: AtomicU64,
    contents: Mutex<BTreeMap<u64, Arc<Vec<u8>>>>,
    random: Mutex<Random>,
    /// No request came since the last kill.
    is_first_request: AtomicBool,
    /// The number of range requests that were the first of a life.
    resumed_after_a_kill: AtomicU64,
    /// While set, nothing is changed or cut.
    is_calm: AtomicBool,
}

impl Server {
    fn start(seed: u64) -> Arc<Server> {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let server = Arc::new(Server {
            url: format!("http://{}/file", listener.local_addr().expect("its address")),
            newest: AtomicU64::new(1),
            contents: Mutex::default(),
            random: Mutex::new(Random(seed | 1)),
            is_first_request: AtomicBool::new(true),
            resumed_after_a_kill: AtomicU64::new(0),
            is_calm: AtomicBool::new(false),
        });
        let shared = server.clone();
        // Runs until the process ends.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = shared.clone();
                // The client may be killed at any moment.
                thread::spawn(move || server.serve(client));
            }
        });
        server
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
            let (mut range, mut validator) = (None, None);
            loop {
                let mut line = String::new();
                if requests.read_line(&mut line)? == 0 {
                    return Ok(());
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
            self.answer(&client, range, validator.as_deref())?;
        }
    }

    fn answer(&self, mut client: &TcpStream, range: Option<usize>, validator: Option<&str>) -> io::Result<()> {
        let is_calm = self.is_calm.load(Ordering::SeqCst);
        if !is_calm && self.below(6) == 0 {
            self.newest.fetch_add(1, Ordering::SeqCst);
        }
        let number = self.newest.load(Ordering::SeqCst);
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
    let (mut whole, mut resumed, mut files) = (0, 0, 0);
    for _ in 0..kills {
        server.is_first_request.store(true, Ordering::SeqCst);
        let mut victim = start_victim(data, &server.url);
        thread::sleep(Duration::from_millis(20 + random.below(400)));
        assert!(victim.try_wait().expect("its state").is_none(), "the victim ended by itself");
        victim.kill().expect("it is killed");
        let mut said = String::new();
        victim.stdout.take().expect("its output").read_to_string(&mut said).expect("UTF-8");
        victim.wait().expect("it ends");
        let ends = said.lines().filter_map(|line| line.strip_prefix("whole "));
        whole += ends.clone().count();
        resumed += ends.filter(|end| !end.ends_with(" 0")).count();
        files += check(&server, directory.path());
    }
    // Finally, without a kill: the newest version, and no other file is left.
    server.is_calm.store(true, Ordering::SeqCst);
    let session = open(data);
    let ended = session.download(&server.url).end();
    let native = ended.success().native_path.clone().expect("a path");
    assert!(fs::read(native).expect("a file") == *server.content(server.newest.load(Ordering::SeqCst)));
    assert_eq!(wxtransfer::ffi::session::wxt_discard_partials(session.handle), 0);
    let partials = root(directory.path()).join("partials");
    assert_eq!(children(&partials), Vec::<PathBuf>::new());
    drop(session);

    let after_a_kill = server.resumed_after_a_kill.load(Ordering::SeqCst);
    println!(
        "{kills} kills, {whole} downloads whole, {resumed} of them resumed, {after_a_kill} lives began with a rest, \
         {files} files checked, no mixture; {:.0} s",
        start.elapsed().as_secs_f64()
    );
    assert!(after_a_kill >= kills / 10 && resumed > 0, "hardly anything was resumed");
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
        assert!(number <= server.newest.load(Ordering::SeqCst), "{file:?} begins with no version");
        assert!(content == *server.content(number), "{file:?} is not all of version {number}, and nothing else");
    }
    files.len()
}

fn children(directory: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").path()).collect()
}
