//! Kills a program that downloads, saves and writes, at random moments, and checks the files: each is complete or
//! absent, the quota is exact, and nothing needs manual cleaning. `ffi-tests/crash-safety.sh` runs it until the first
//! loss.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use support::Session;
use wxtransfer::ffi::error::{WXT_ERRNO_FILE_ALREADY_EXISTS, WXT_ERRNO_QUOTA_EXCEEDED};
use wxtransfer::ffi::file::WXT_IMPORT_MOVE;
use wxtransfer::ffi::file_system::{WXT_WRITE_APPEND, WXT_WRITE_AT_POSITION, WXT_WRITE_WHOLE};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{Options, Server, pattern_bytes};

/// Small, so that each round can fill it.
const QUOTA: u64 = 24 * 1024 * 1024;
/// Above this number, the victim deletes the oldest file.
const MOST_SAVED: usize = 12;
/// Writing a file of this size takes a good part of a step.
const LARGEST: u64 = 512 * 1024;
/// The victim starts a new launch after this many steps, so that opening and closing can be interrupted, too.
const STEPS_PER_LAUNCH: u64 = 12;
const BLOCK: u64 = 4096;
const VICTIM: &str = "WXT_CRASH_SAFETY_VICTIM";
/// Files that are changed: one grows, the other is overwritten. The changes are large, so that writing takes
/// milliseconds.
const LOG: &str = "wxfile://usr/log";
const RECORD: &str = "wxfile://usr/record";
const RECORD_BYTES: u64 = 4_000_000;
const USR_PATHS: [&str; 4] = ["wxfile://usr/a", "wxfile://usr/d/b.bin", "wxfile://usr/d/e/f/c", "wxfile://usr/图"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if std::env::var_os(VICTIM).is_some() {
        let [data, server, seed] = arguments.as_slice() else { panic!("a data directory, a server and a seed") };
        live_until_killed(data, server, seed.parse().expect("a number"));
    }
    let saves = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 1000,
        ["--quick"] => 200,
        _ => panic!("usage: crash-safety [--quick]"),
    };
    // A failed run can be repeated, apart from the timing of the two processes.
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(random_seed);
    println!("crash safety: {saves} saves, SEED={seed}");
    Driver::new(seed).run(saves);
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish()
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound
    }
}

fn open(data: &str) -> Session {
    Session::open_with(|options| {
        options.data_directory = WxtStr::new(data);
        options.storage_quota = QUOTA;
    })
}

/// The killed program: announces each step, performs it, and reports that it is done.
fn live_until_killed(data: &str, server: &str, seed: u64) -> ! {
    let mut random = Random(seed | 1);
    loop {
        let session = open(data);
        let made = session.make_directory("wxfile://usr/d/e/f", true).err_no;
        assert!(matches!(made, 0 | WXT_ERRNO_FILE_ALREADY_EXISTS), "{made}");
        for _ in 0..STEPS_PER_LAUNCH {
            let saved = session.saved_files().files;
            if saved.len() > MOST_SAVED {
                println!("remove {}", saved[0].path);
                assert_eq!(session.remove_saved_file(&saved[0].path).err_no, 0);
                println!("done");
            }
            let length = 1 + random.below(LARGEST);
            let url = format!("{server}/bytes/{length}");
            let usr = USR_PATHS[random.below(USR_PATHS.len() as u64) as usize];
            let temporary = || session.download(&url).end().success().temp_file_path.clone().expect("a path");
            match random.below(6) {
                0 => {
                    println!("target {usr} {length}");
                    let path = WxtStr::new(usr);
                    session.download_with(&url, |request| request.file_path = path).end().success();
                    println!("done");
                }
                1 => {
                    println!("target {usr} {length}");
                    let temporary = temporary();
                    println!("saving");
                    session.save(&temporary, Some(usr)).file();
                    println!("done");
                }
                2 => {
                    let before = session.resolve(LOG).files.first().map_or(0, |file| file.size);
                    let (mode, from) = match before {
                        1..=LARGEST => (WXT_WRITE_APPEND, before),
                        _ => (WXT_WRITE_WHOLE, 0),
                    };
                    let length = 4 * length;
                    println!("target {LOG} {}", from + length);
                    println!("saving");
                    session.write_file(LOG, mode, 0, &pattern_bytes(from, length as usize)).done();
                    println!("done");
                }
                3 => {
                    let mode = match session.resolve(RECORD).err_no {
                        0 => WXT_WRITE_AT_POSITION,
                        _ => WXT_WRITE_WHOLE,
                    };
                    println!("target {RECORD} {RECORD_BYTES}");
                    println!("saving");
                    session.write_file(RECORD, mode, 0, &[random.below(256) as u8; RECORD_BYTES as usize]).done();
                    println!("done");
                }
                _ => {
                    println!("save {length}");
                    let temporary = temporary();
                    println!("saving");
                    let result = session.save(&temporary, None);
                    println!("saved {}", result.file().path);
                }
            }
        }
        println!("closing");
        assert_eq!(session.close(), WXT_OK);
        println!("done");
    }
}

/// The step in which the victim was killed.
#[derive(Debug, Default)]
enum Step {
    #[default]
    Nothing,
    Save(u64),
    Target(String, u64),
    Remove(String),
}

struct Driver {
    random: Random,
    server: Server,
    data: tempfile::TempDir,
    /// Paths and sizes of the files that the victim reported as saved.
    store: BTreeMap<String, u64>,
    usr: BTreeMap<String, u64>,
    step: Step,
    saves: usize,
    kills: usize,
    /// The number of kills in the middle of a step.
    kills_in_a_step: usize,
}

impl Driver {
    fn new(seed: u64) -> Driver {
        Driver {
            random: Random(seed | 1),
            server: Server::start(Options::default()),
            data: tempfile::tempdir().expect("a directory"),
            store: BTreeMap::new(),
            usr: BTreeMap::new(),
            step: Step::Nothing,
            saves: 0,
            kills: 0,
            kills_in_a_step: 0,
        }
    }

    fn run(mut self, saves: usize) {
        let start = Instant::now();
        while self.saves < saves {
            self.round();
            self.check();
        }
        let Driver { saves, kills, kills_in_a_step, .. } = &self;
        println!(
            "{saves} saves, {kills} kills, {kills_in_a_step} of them in the middle of a step, no loss; {:.0} s",
            start.elapsed().as_secs_f64()
        );
    }

    fn data(&self) -> &str {
        self.data.path().to_str().expect("UTF-8")
    }

    /// One life of the victim.
    fn round(&mut self) {
        let (mut victim, lines) = self.start_victim();
        // Some kills hit the start of the victim. The others follow shortly after a line of output, because a change
        // takes microseconds and would rarely be hit otherwise.
        let (most_lines, pause) = match self.random.below(8) {
            0 => (0, self.random.below(40_000)),
            _ => (1 + self.random.below(30), self.random.below(4_000)),
        };
        for _ in 0..most_lines {
            let Ok(line) = lines.recv_timeout(support::WAIT_LIMIT) else { break };
            self.take(&line);
        }
        thread::sleep(Duration::from_micros(pause));
        assert!(victim.try_wait().expect("its state").is_none(), "the victim ended by itself: {:?}", self.step);
        victim.kill().expect("it is killed");
        victim.wait().expect("it ends");
        // Lines that were written before the kill.
        for line in lines {
            self.take(&line);
        }
        self.kills += 1;
        self.kills_in_a_step += usize::from(!matches!(self.step, Step::Nothing));
    }

    fn start_victim(&mut self) -> (Child, Receiver<String>) {
        let mut victim = Command::new(std::env::current_exe().expect("a path"))
            .args([self.data(), &self.server.url(""), &self.random.0.to_string()])
            .env(VICTIM, "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let output = BufReader::new(victim.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        (victim, lines)
    }

    fn take(&mut self, line: &str) {
        let number = |text: &str| text.parse::<u64>().expect("a number");
        let step = std::mem::take(&mut self.step);
        match (step, line.split(' ').collect::<Vec<_>>().as_slice()) {
            (Step::Nothing, ["save", length]) => self.step = Step::Save(number(length)),
            (Step::Nothing, ["target", path, length]) => self.step = Step::Target((*path).into(), number(length)),
            (Step::Nothing, ["remove", path]) => self.step = Step::Remove((*path).into()),
            (Step::Save(length), ["saved", path]) => {
                self.store.insert((*path).into(), length);
                self.saves += 1;
            }
            (Step::Target(path, length), ["done"]) => {
                self.usr.insert(path, length);
                self.saves += 1;
            }
            (Step::Remove(path), ["done"]) => drop(self.store.remove(&path)),
            (step, ["saving"]) => self.step = step,
            (Step::Nothing, ["closing" | "done"]) => {}
            (step, _) => panic!("{line:?} in {step:?}"),
        }
    }

    /// Opens the files as the next launch, and compares them with the victim's reports.
    fn check(&mut self) {
        let session = open(self.data());
        let step = std::mem::take(&mut self.step);

        let listed: BTreeMap<_, _> =
            session.saved_files().files.into_iter().map(|file| (file.path, file.size)).collect();
        let mut expected = self.store.clone();
        if let Step::Remove(path) = &step
            && !listed.contains_key(path)
        {
            expected.remove(path);
        }
        let new: Vec<_> = listed.iter().filter(|(path, _)| !expected.contains_key(*path)).collect();
        match (&new[..], &step) {
            ([], _) => {}
            ([(path, size)], Step::Save(length)) if *size == length => drop(expected.insert((*path).clone(), *length)),
            other => panic!("files that nobody saved: {other:?}"),
        }
        assert_eq!(listed, expected, "the saved files after {step:?}");
        self.store = expected;

        if let Step::Target(path, length) = &step {
            let native = session.resolve(path).files.first().map(|file| file.size);
            if native == Some(*length) {
                self.usr.insert(path.clone(), *length);
            }
        }
        for (path, length) in self.store.iter().chain(&self.usr) {
            let resolved = session.resolve(path);
            let native = &resolved.file().native;
            let content = fs::read(native).expect("a file");
            let is_whole = match path.as_str() {
                // One complete record, the last one or the one before.
                RECORD => content.len() as u64 == *length && content.iter().all(|byte| *byte == content[0]),
                _ => content == pattern_bytes(0, *length as usize),
            };
            assert!(is_whole, "{path} is not whole after {step:?}");
        }

        self.check_directories(&step);
        self.check_quota(&session);
        assert_eq!(session.close(), WXT_OK);
    }

    /// Only files with a path may exist, and one launch, which is this test's and empty.
    fn check_directories(&self, step: &Step) {
        let root = self.data.path().join("app-wx1234567890abcdef/user-");
        let names: BTreeSet<_> = children(&root).into_iter().collect();
        assert_eq!(names, ["launches", "store", "usr"].map(|name| root.join(name)).into(), "after {step:?}");
        let launches = children(&root.join("launches"));
        assert_eq!(launches.len(), 1, "after {step:?}: {launches:?}");
        assert_eq!(children(&launches[0]), Vec::<PathBuf>::new(), "after {step:?}");
        assert_eq!(children(&root.join("store")).len(), self.store.len(), "after {step:?}");
        assert_eq!(files_below(&root.join("usr")), self.usr.len(), "after {step:?}");
    }

    /// The rest of the quota can be used exactly.
    fn check_quota(&self, session: &Session) {
        // The minimum cost of a file is a block, which is also the cost of a directory.
        let files: u64 = self.store.values().chain(self.usr.values()).map(|length| (*length).max(BLOCK)).sum();
        let used = files + BLOCK * directories_below(&self.data.path().join("app-wx1234567890abcdef/user-/usr"));
        let left = QUOTA - used;
        let import = |length: u64| {
            let file = session.file("filler", &vec![0; length as usize]);
            session.import(file.to_str().expect("UTF-8"), WXT_IMPORT_MOVE).file().path.clone()
        };
        assert_eq!(session.save(&import(left + 1), None).err_no, WXT_ERRNO_QUOTA_EXCEEDED, "{used} bytes are used");
        let filler = session.save(&import(left), None).file().path.clone();
        assert_eq!(session.save(&import(1), None).err_no, WXT_ERRNO_QUOTA_EXCEEDED);
        assert_eq!(session.remove_saved_file(&filler).err_no, 0);
    }
}

fn children(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect()
}

fn directories_below(directory: &Path) -> u64 {
    children(directory).iter().filter(|path| path.is_dir()).map(|path| 1 + directories_below(path)).sum()
}

fn files_below(directory: &Path) -> usize {
    children(directory).iter().map(|path| if path.is_dir() { files_below(path) } else { 1 }).sum()
}
