//! Kills programs at random moments while they download, save and write, several of them with the same files. Then
//! checks the files: every file is complete or absent, the quota is exact, and nothing must be cleaned up by hand.
//! `ffi-tests/crash-safety.sh` runs this program, which ends at the first error.

// The test calls the C interface.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use support::Session;
use wxtransfer::ffi::error::{WXT_ERRNO_FILE_ALREADY_EXISTS, WXT_ERRNO_FILE_NOT_FOUND, WXT_ERRNO_QUOTA_EXCEEDED};
use wxtransfer::ffi::file::WXT_IMPORT_MOVE;
use wxtransfer::ffi::file_system::{WXT_WRITE_APPEND, WXT_WRITE_AT_POSITION, WXT_WRITE_WHOLE};
use wxtransfer::ffi::options::WXT_STORAGE_SHARED;
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;
use wxtransfer_test_server::{Options, Server, pattern_bytes};

/// Small, so that it can be filled in every round.
const QUOTA: u64 = 48 * 1024 * 1024;
/// The number of victims that run at once. Each has its own thread of the driver, which kills it at a random moment. The
/// others continue until their own threads kill them.
const VICTIMS: usize = 3;
/// A victim removes the oldest saved file when there are more than this.
const MOST_SAVED: usize = 12;
/// Writing a file of this size takes a good part of a step.
const LARGEST: u64 = 512 * 1024;
/// A victim begins a new launch after this number of steps, so that opening and closing can be interrupted, too.
const STEPS_PER_LAUNCH: u64 = 12;
const BLOCK: u64 = 4096;
const VICTIM: &str = "WXT_CRASH_SAFETY_VICTIM";
/// Two files in a victim's own directory that are changed in place: the log grows, and the record is overwritten
/// completely. The writes are large, so that they take milliseconds.
const LOG: &str = "log";
const RECORD: &str = "record";
const RECORD_BYTES: u64 = 2_000_000;
const USR_PATHS: [&str; 4] = ["a", "d/b.bin", "d/e/f/c", "图"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if std::env::var_os(VICTIM).is_some() {
        let [data, server, directory, seed] = arguments.as_slice() else {
            panic!("two directories, a server and a seed")
        };
        live_until_killed(data, server, directory, seed.parse().expect("a number"));
    }
    let least = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => 1000,
        ["--quick"] => 100,
        _ => panic!("usage: crash-safety [--quick]"),
    };
    // `SEED` repeats a failed run, apart from the timing of the processes.
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(random_seed);
    println!("crash safety: {least} saves and {least} kills, {VICTIMS} processes, SEED={seed}");
    Driver::new(seed).run(least);
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
        options.storage_sharing = WXT_STORAGE_SHARED;
    })
}

/// The program that is killed. It prints each step before and after it. Some steps first download a temporary file, so
/// each step also prints `changing` directly before the call that changes the saved files. At its end, the step prints
/// how many microseconds this call took.
fn live_until_killed(data: &str, server: &str, directory: &str, seed: u64) -> ! {
    let mut random = Random(seed | 1);
    let change = || {
        println!("changing");
        Instant::now()
    };
    let done = |begin: Instant| println!("done {}", begin.elapsed().as_micros());
    let (log, record) = (&format!("{directory}/{LOG}"), &format!("{directory}/{RECORD}"));
    loop {
        let session = open(data);
        let made = session.make_directory(&format!("{directory}/d/e/f"), true).err_no;
        assert!(matches!(made, 0 | WXT_ERRNO_FILE_ALREADY_EXISTS), "{made}");
        for _ in 0..STEPS_PER_LAUNCH {
            let saved = session.saved_files().files;
            if saved.len() > MOST_SAVED {
                println!("remove {}", saved[0].path);
                let begin = change();
                let removed = session.remove_saved_file(&saved[0].path).err_no;
                // Another victim may have removed the file already.
                assert!(matches!(removed, 0 | WXT_ERRNO_FILE_NOT_FOUND), "{removed}");
                done(begin);
            }
            let length = 1 + random.below(LARGEST);
            let url = format!("{server}/bytes/{length}");
            let usr = &format!("{directory}/{}", USR_PATHS[random.below(USR_PATHS.len() as u64) as usize]);
            let temporary = || session.download(&url).end().success().temp_file_path.clone().expect("a path");
            match random.below(6) {
                0 => {
                    println!("download {usr} {length}");
                    let path = WxtStr::new(usr);
                    let begin = change();
                    session.download_with(&url, |request| request.file_path = path).end().success();
                    done(begin);
                }
                1 => {
                    println!("target {usr} {length}");
                    let temporary = temporary();
                    let begin = change();
                    session.save(&temporary, Some(usr)).file();
                    done(begin);
                }
                2 => {
                    let before = session.resolve(log).files.first().map_or(0, |file| file.size);
                    let (mode, from) = match before {
                        1..=LARGEST => (WXT_WRITE_APPEND, before),
                        _ => (WXT_WRITE_WHOLE, 0),
                    };
                    let length = 4 * length;
                    println!("target {log} {}", from + length);
                    let bytes = pattern_bytes(from, length as usize);
                    let begin = change();
                    session.write_file(log, mode, 0, &bytes).done();
                    done(begin);
                }
                3 => {
                    let mode = match session.resolve(record).err_no {
                        0 => WXT_WRITE_AT_POSITION,
                        _ => WXT_WRITE_WHOLE,
                    };
                    println!("target {record} {RECORD_BYTES}");
                    let bytes = vec![random.below(256) as u8; RECORD_BYTES as usize];
                    let begin = change();
                    session.write_file(record, mode, 0, &bytes).done();
                    done(begin);
                }
                _ => {
                    println!("save {length}");
                    let temporary = temporary();
                    let begin = change();
                    let result = session.save(&temporary, None);
                    let time = begin.elapsed().as_micros();
                    println!("saved {} {time}", result.file().path);
                }
            }
        }
        assert_eq!(session.close(), WXT_OK);
    }
}

/// The step during which a victim was killed.
#[derive(Debug, Default)]
enum Step {
    #[default]
    Nothing,
    Save(u64),
    Target(String, u64),
    /// A download to a path. The library receives the file and gives it its name in one call.
    Download(String, u64),
    Remove(String),
}

/// The kinds of steps. At least one kill must be in the middle of a change of each kind.
const KINDS: [&str; 6] = ["save", "target", "download", "log", "record", "remove"];
/// The limit of the rounds that wait for a kind of change. Such a round kills each victim within a change of this kind,
/// after a random part of the mean time of such a change. So a kill soon hits one, also on a busy machine.
const MOST_AIMED_ROUNDS: usize = 200;
/// A victim performs a step of every kind within this number of lines.
const AIMED_LINES: u64 = 300;

impl Step {
    fn kind(&self) -> Option<&'static str> {
        match self {
            Step::Nothing => None,
            Step::Save(_) => Some("save"),
            Step::Target(path, _) if path.ends_with(LOG) => Some("log"),
            Step::Target(path, _) if path.ends_with(RECORD) => Some("record"),
            Step::Target(..) => Some("target"),
            Step::Download(..) => Some("download"),
            Step::Remove(_) => Some("remove"),
        }
    }
}

/// The reports of a victim in one life.
#[derive(Debug, Default)]
struct Life {
    step: Step,
    /// The victim has called the library to change the saved files, and the call has not returned.
    changes: bool,
    /// The paths and sizes of the saved files.
    saved: BTreeMap<String, u64>,
    removed: BTreeSet<String>,
    usr: BTreeMap<String, u64>,
    saves: usize,
    /// The kind of each complete change, and how long it took.
    times: Vec<(&'static str, Duration)>,
}

impl Life {
    /// The kind of the change that the victim is in the middle of.
    fn change(&self) -> Option<&'static str> {
        self.step.kind().filter(|_| self.changes)
    }

    fn take(&mut self, line: &str) {
        let number = |text: &str| text.parse::<u64>().expect("a number");
        let step = std::mem::take(&mut self.step);
        let words = line.split(' ').collect::<Vec<_>>();
        if let (true, ["done", time] | ["saved", _, time]) = (self.changes, &words[..]) {
            let kind = step.kind().expect("a step");
            self.times.push((kind, Duration::from_micros(number(time))));
            self.changes = false;
        }
        self.step = match (step, &words[..]) {
            (Step::Nothing, ["save", length]) => Step::Save(number(length)),
            (Step::Nothing, ["target", path, length]) => Step::Target((*path).into(), number(length)),
            (Step::Nothing, ["download", path, length]) => Step::Download((*path).into(), number(length)),
            (Step::Nothing, ["remove", path]) => Step::Remove((*path).into()),
            (step @ (Step::Save(_) | Step::Target(..) | Step::Download(..) | Step::Remove(_)), ["changing"]) => {
                self.changes = true;
                step
            }
            (Step::Save(length), ["saved", path, _]) => {
                self.saved.insert((*path).into(), length);
                self.saves += 1;
                Step::Nothing
            }
            (Step::Target(path, length) | Step::Download(path, length), ["done", _]) => {
                self.usr.insert(path, length);
                self.saves += 1;
                Step::Nothing
            }
            (Step::Remove(path), ["done", _]) => {
                self.removed.insert(path);
                Step::Nothing
            }
            (step, _) => panic!("{line:?} in {step:?}"),
        };
    }
}

/// A running victim.
struct Victim {
    process: Child,
    lines: Receiver<String>,
    random: Random,
}

impl Victim {
    /// Reads the victim's lines as it prints them, and kills it. `aim`: the kind of change in which to kill it, if that
    /// matters. `means`: the mean time of each kind of change.
    fn live(mut self, aim: Option<&str>, means: &BTreeMap<&str, Duration>) -> Life {
        let mut life = Life::default();
        // Some victims are killed while they start, and some soon after they print a line. The others are killed in a
        // change: a kill at any other time would hardly ever hit one, because a change takes microseconds.
        let (least_lines, in_change, mut pause) = match (aim, self.random.below(8)) {
            (Some(_), _) => (0, true, 0),
            (None, 0) => (0, false, self.random.below(40_000)),
            (None, 1..4) => (1 + self.random.below(30), false, self.random.below(4_000)),
            (None, _) => (1 + self.random.below(30), true, 0),
        };
        let most_lines = if in_change { least_lines + AIMED_LINES } else { least_lines };
        for number in 1..=most_lines {
            let line = match self.lines.recv_timeout(support::WAIT_LIMIT) {
                Ok(line) => line,
                Err(RecvTimeoutError::Timeout) => panic!("a victim hangs: {:?}", life.step),
                Err(RecvTimeoutError::Disconnected) => panic!("a victim ended by itself: {:?}", life.step),
            };
            life.take(&line);
            if let Some(kind) = life.change()
                && in_change
                && number >= least_lines
                && aim.is_none_or(|aim| aim == kind)
            {
                let time = means.get(kind).copied().unwrap_or_default();
                pause = self.random.below(time.as_micros() as u64 + 1);
                break;
            }
        }
        thread::sleep(Duration::from_micros(pause));
        let state = self.process.try_wait().expect("its state");
        assert!(state.is_none(), "a victim ended by itself: {:?}", life.step);
        self.process.kill().expect("it is killed");
        let ended = self.process.wait().expect("it ends");
        assert_eq!(ended.signal(), Some(libc::SIGKILL), "a victim ended by itself: {:?}", life.step);
        // The lines that the victim printed before the kill.
        for line in self.lines {
            life.take(&line);
        }
        life
    }
}

struct Driver {
    random: Random,
    server: Server,
    data: tempfile::TempDir,
    /// The paths and sizes of the files that the victims reported as saved.
    store: BTreeMap<String, u64>,
    usr: BTreeMap<String, u64>,
    steps: [Step; VICTIMS],
    saves: usize,
    kills: usize,
    /// The number of kills in the middle of a change, by its kind.
    kills_in: BTreeMap<&'static str, usize>,
    /// The number of complete changes and their total time, by their kind.
    times: BTreeMap<&'static str, (u32, Duration)>,
}

impl Driver {
    fn new(seed: u64) -> Driver {
        Driver {
            random: Random(seed | 1),
            server: Server::start(Options::default()),
            data: tempfile::tempdir().expect("a directory"),
            store: BTreeMap::new(),
            usr: BTreeMap::new(),
            steps: Default::default(),
            saves: 0,
            kills: 0,
            kills_in: BTreeMap::new(),
            times: BTreeMap::new(),
        }
    }

    fn run(mut self, least: usize) {
        let start = Instant::now();
        let mut rounds = 0;
        while self.saves < least || self.kills < least {
            assert!(rounds < least, "{} saves in {rounds} rounds", self.saves);
            rounds += 1;
            self.round(None);
            self.check();
        }
        let mut aimed = 0;
        while let Some(kind) = KINDS.into_iter().find(|kind| !self.kills_in.contains_key(kind)) {
            assert!(aimed < MOST_AIMED_ROUNDS, "no kill was in the middle of a change {kind:?}: {:?}", self.kills_in);
            aimed += 1;
            self.round(Some(kind));
            self.check();
        }
        let Driver { saves, kills, kills_in, .. } = &self;
        println!(
            "{saves} saves, {kills} kills, in the middle of changes {kills_in:?}, no loss; {:.0} s",
            start.elapsed().as_secs_f64()
        );
    }

    fn data(&self) -> &str {
        self.data.path().to_str().expect("UTF-8")
    }

    /// One life of each victim. `aim`: the kind of change in which to kill them, if that matters.
    fn round(&mut self, aim: Option<&'static str>) {
        let means = &self.times.iter().map(|(kind, (count, total))| (*kind, *total / *count)).collect();
        let victims = [0, 1, 2].map(|number| self.start_victim(number));
        let lives = thread::scope(|scope| {
            let drivers = victims.map(|victim| scope.spawn(move || victim.live(aim, means)));
            drivers.map(|driver| driver.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let mut removed = BTreeSet::new();
        for (number, life) in lives.into_iter().enumerate() {
            self.kills += 1;
            self.saves += life.saves;
            if let Some(kind) = life.change() {
                *self.kills_in.entry(kind).or_default() += 1;
            }
            for (kind, time) in life.times {
                let (count, total) = self.times.entry(kind).or_default();
                *count += 1;
                *total += time;
            }
            self.store.extend(life.saved);
            self.usr.extend(life.usr);
            removed.extend(life.removed);
            self.steps[number] = life.step;
        }
        // A victim may remove a file that another one has saved.
        self.store.retain(|path, _| !removed.contains(path));
    }

    fn start_victim(&mut self, number: usize) -> Victim {
        let seed = self.random.below(u64::MAX >> 16) + number as u64;
        let directory = format!("wxfile://usr/{number}");
        let mut process = Command::new(std::env::current_exe().expect("a path"))
            .args([self.data(), &self.server.url(""), &directory, &seed.to_string()])
            .env(VICTIM, "1")
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Victim { process, lines, random: Random(self.random.below(u64::MAX >> 16) | 1) }
    }

    /// Opens the files as the next launch does, and compares them with the victims' reports.
    fn check(&mut self) {
        let session = open(self.data());
        let steps = std::mem::take(&mut self.steps);

        let listed: BTreeMap<_, _> =
            session.saved_files().files.into_iter().map(|file| (file.path, file.size)).collect();
        let mut expected = self.store.clone();
        let mut begun = Vec::new();
        for step in &steps {
            match step {
                Step::Remove(path) if !listed.contains_key(path) => drop(expected.remove(path)),
                Step::Save(length) => begun.push(*length),
                _ => {}
            }
        }
        for (path, size) in listed.iter().filter(|(path, _)| !self.store.contains_key(*path)) {
            let saved = begun.iter().position(|length| length == size);
            begun.swap_remove(saved.unwrap_or_else(|| panic!("no victim saved {path} of {size} bytes: {steps:?}")));
            expected.insert(path.clone(), *size);
        }
        assert_eq!(listed, expected, "the saved files after {steps:?}");
        self.store = expected;

        for step in &steps {
            if let Step::Target(path, length) | Step::Download(path, length) = step
                && session.resolve(path).files.first().map(|file| file.size) == Some(*length)
            {
                self.usr.insert(path.clone(), *length);
            }
        }
        for (path, length) in self.store.iter().chain(&self.usr) {
            let resolved = session.resolve(path);
            let native = &resolved.file().native;
            let content = fs::read(native).expect("a file");
            let is_whole = if path.ends_with(RECORD) {
                // The content is one complete record: the last one or the one before it.
                content.len() as u64 == *length && content.iter().all(|byte| *byte == content[0])
            } else {
                content == pattern_bytes(0, *length as usize)
            };
            assert!(is_whole, "{path} is not whole after {steps:?}");
        }

        self.check_directories(&steps);
        self.check_quota(&session);
        assert_eq!(session.close(), WXT_OK);
    }

    /// Checks that only files with a path are left, and only one launch: the current one, which is empty.
    fn check_directories(&self, steps: &[Step]) {
        let root = self.data.path().join("app-wx1234567890abcdef/user-");
        let names: BTreeSet<_> = children(&root).into_iter().collect();
        let known = ["launches", "store", "usage", "usr"].map(|name| root.join(name)).into();
        assert!(names.is_subset(&known), "{names:?} after {steps:?}");
        // The library removes the files of the killed launches in the background, which may take a moment.
        let end = Instant::now() + support::WAIT_LIMIT;
        while children(&root.join("launches")).len() > 1 && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
        let launches = children(&root.join("launches"));
        assert_eq!(launches.len(), 1, "after {steps:?}: {launches:?}");
        assert_eq!(children(&launches[0]), Vec::<PathBuf>::new(), "after {steps:?}");
        assert_eq!(children(&root.join("store")).len(), self.store.len(), "after {steps:?}");
        assert_eq!(files_below(&root.join("usr")), self.usr.len(), "after {steps:?}");
    }

    /// Checks that the unused part of the quota can be used to the byte.
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
