//! The program whose power is cut, and the check of each disk.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use wxtransfer::ffi::error::WXT_ERRNO_QUOTA_EXCEEDED;
use wxtransfer::ffi::file::WXT_IMPORT_MOVE;
use wxtransfer::ffi::file_system::{WXT_WRITE_APPEND, WXT_WRITE_AT_POSITION, WXT_WRITE_WHOLE};
use wxtransfer::ffi::options::{WXT_RESUME_ACROSS_LAUNCHES, WXT_STORAGE_EXCLUSIVE, WXT_STORAGE_SHARED};
use wxtransfer::ffi::status::WXT_OK;
use wxtransfer::ffi::string::WxtStr;

use super::Random;
use super::disk::{Disk, Survivors};
use super::plan::{Change, DURABLE_STEP, Files, Kind, Program, RESUMED, Step, WRITTEN_AT_ONCE, plan};
use super::recorder::{Operation, record};
use super::server::{self, Served};
use super::support::{Session, Success};

/// The least cost of a file or a directory.
const BLOCK: u64 = 4096;

const VICTIM: &str = "WXT_POWER_CUT_VICTIM";

pub fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if std::env::var_os(VICTIM).is_some() {
        let [data, url, seed, count] = words[..] else { panic!("a data directory, a server, a seed and a number") };
        let program = match count.parse().expect("a number") {
            0 => Program::LargePartial,
            count => Program::Mixed(count),
        };
        let seed = seed.parse().expect("a number");
        return work(data, url, seed, &plan(seed, program));
    }
    let (number, steps) = match words[..] {
        [] => (20, 60),
        ["--quick"] => (1, 30),
        _ => panic!("usage: power-cut [--quick]"),
    };
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(random_seed);
    println!("power cut: {number} programs of {steps} steps, SEED={seed}");
    let start = Instant::now();
    let programs = (0..number).map(|number| (seed.wrapping_add(number), Program::Mixed(steps)));
    let (mut points, mut disks) = (0, 0);
    for (seed, program) in programs.chain([(seed.wrapping_add(number), Program::LargePartial)]) {
        let mut check = Check::of(seed, program);
        check.run();
        check.assert_enough(program);
        points += check.points;
        disks += check.opened.values().sum::<usize>();
    }
    println!("{points} points, {disks} different disks opened, no loss; {:.0} s", start.elapsed().as_secs_f64());
}

fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish() >> 16
}

/// Every second program opens its session in shared mode. No other session exists.
fn open(data: &str, seed: u64) -> Session {
    open_with_quota(data, seed, 0)
}

fn open_with_quota(data: &str, seed: u64, quota: u64) -> Session {
    Session::open_with(|options| {
        options.storage_quota = quota;
        options.data_directory = WxtStr::new(data);
        options.storage_sharing = if seed.is_multiple_of(2) { WXT_STORAGE_EXCLUSIVE } else { WXT_STORAGE_SHARED };
        options.resume = WXT_RESUME_ACROSS_LAUNCHES;
        options.retry_delay = 1;
    })
}

/// The program under test. It prints the start and the end of each step.
fn work(data: &str, url: &str, seed: u64, steps: &[Step]) {
    let mut session = open(data, seed);
    // Files in these directories are written by later steps, so the directories exist before the first step.
    session.make_directory("wxfile://usr/d/e", true).done();
    for (number, step) in steps.iter().enumerate() {
        println!("begin {number}");
        let imported = |content: &[u8]| session.import_data(content, None).file().path.clone();
        match step {
            Step::Save(content) => println!("saved {}", session.save(&imported(content), None).file().path),
            Step::RemoveOldest => {
                let path = session.saved_files().files[0].path.clone();
                println!("removing {path}");
                session.remove_saved_file(&path).done();
            }
            Step::Change(change) => {
                apply(&session, url, number, change);
            }
            Step::Relaunch => {
                assert_eq!(session.close(), WXT_OK);
                session = open(data, seed);
            }
            Step::BreakOff(..) => {
                download(&session, url, number, RESUMED).expect_err("the connection breaks");
                assert_eq!(session.close(), WXT_OK);
                session = open(data, seed);
            }
        }
        println!("end {number}");
    }
    assert_eq!(session.close(), WXT_OK);
}

/// Downloads a file of the server. Fails with the detail of the failure.
fn download(session: &Session, url: &str, number: usize, path: &str) -> Result<Success, String> {
    let url = format!("{url}/{number}");
    let path = WxtStr::new(path);
    let ended = session.download_with(&url, |request| request.file_path = path).end();
    ended.result.map_err(|failure| failure.detail)
}

fn apply(session: &Session, url: &str, number: usize, change: &Change) {
    match change {
        Change::Save(path, content) => {
            let temporary = session.import_data(content, None).file().path.clone();
            session.save(&temporary, Some(path)).file();
        }
        Change::Download(path, _) => drop(download(session, url, number, path).expect("a file")),
        Change::Resume(begun, _) => {
            let success = download(session, url, *begun, RESUMED).expect("the rest of the file");
            assert!(success.resumed_from > 0, "nothing was kept");
        }
        Change::Write(path, content) => session.write_file(path, WXT_WRITE_WHOLE, 0, content).done(),
        Change::Append(path, content) => session.write_file(path, WXT_WRITE_APPEND, 0, content).done(),
        Change::WriteAt(path, position, content) => {
            session.write_file(path, WXT_WRITE_AT_POSITION, *position, content).done();
        }
        Change::Copy(from, to) => session.copy_file(from, to).done(),
        Change::Rename(from, to) => session.rename(from, to).done(),
        Change::Unlink(path) => session.unlink(path).done(),
        Change::RemoveDirectory => {
            session.remove_directory("wxfile://usr/d", true).done();
            session.make_directory("wxfile://usr/d/e", true).done();
        }
    }
}

/// The changes that the library has acknowledged to the program, up to a point of the record.
#[derive(Clone, Default)]
struct Told {
    files: Files,
    /// The content of each saved file in the store, by path.
    saved: BTreeMap<String, Vec<u8>>,
    /// The content of each file removed from the store, by path. `wxt_remove_saved_file` does not flush the store's
    /// directory, so the file may come back until the next flush of this directory. A file that comes back must be
    /// complete.
    removed: BTreeMap<String, Vec<u8>>,
    /// The step that has begun and is not acknowledged.
    step: Option<usize>,
    saving: Option<String>,
    removing: Option<String>,
    /// The step of the last download that broke off.
    broken_off: Option<usize>,
    /// The number of bytes of its file that must be kept. 0 after the download was resumed.
    kept: usize,
}

struct Check {
    seed: u64,
    steps: Vec<Step>,
    url: String,
    root: u64,
    operations: Vec<Operation>,
    /// The number of points that were checked.
    points: usize,
    /// The number of disks that were opened, by the step that was cut.
    opened: BTreeMap<Kind, usize>,
    /// The most bytes that a partial file had to keep while it was written.
    most_kept: usize,
}

impl Check {
    /// Runs the program under the recorder.
    fn of(seed: u64, program: Program) -> Check {
        let steps = plan(seed, program);
        let served = steps.iter().enumerate().filter_map(|(number, step)| match step {
            Step::Change(Change::Download(_, content)) => {
                Some((number, Served { content: content.clone(), cut: None }))
            }
            Step::BreakOff(cut, content) => Some((number, Served { content: content.clone(), cut: Some(*cut) })),
            _ => None,
        });
        let url = server::start(served.collect());
        let directory = memory_directory();
        let data = directory.path().to_str().expect("UTF-8");
        let root = fs::metadata(data).expect("a directory").ino();
        let count = match program {
            Program::Mixed(count) => count,
            Program::LargePartial => 0,
        };
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.args([data, &url, &seed.to_string(), &count.to_string()]).env(VICTIM, "1").stdout(Stdio::null());
        let operations = record(&mut command, directory.path());
        Check { seed, steps, url, root, operations, points: 0, opened: BTreeMap::new(), most_kept: 0 }
    }

    /// Checks several disks for each point of the record.
    fn run(&mut self) {
        let mut random = Random::new(self.seed);
        let mut told = Told::default();
        let mut seen = HashSet::new();
        let store = self.operations.iter().find_map(|operation| match operation {
            Operation::MakeDirectory { name, inode, .. } if name == "store" => Some(*inode),
            _ => None,
        });
        assert!(store.is_some(), "SEED={}: the store has no directory", self.seed);
        for point in 0..self.operations.len() {
            if let Operation::Said(line) = &self.operations[point] {
                self.hear(&mut told, &line.clone());
                seen.clear();
            }
            self.count_kept(&mut told, point);
            if let Operation::Flush { inode } = &self.operations[point]
                && Some(*inode) == store
            {
                told.removed.clear();
            }
            self.points += 1;
            let some = [(); 3].map(|()| random.next());
            let all = [Survivors::All, Survivors::Nothing, Survivors::Names, Survivors::Data];
            let survivors =
                all.into_iter().chain(some.map(Survivors::Some)).chain(some.map(Survivors::SomeNamesInOrder));
            // If the next operation writes to the same file, one disk is enough here: the one with the complete first
            // write. Its partial states are possible after the second write, too.
            let is_first_of_two = matches!(
                &self.operations[point..],
                [Operation::Write { inode: one, .. }, Operation::Write { inode: other, .. }, ..] if one == other
            );
            for survivors in survivors.take(if is_first_of_two { 1 } else { usize::MAX }) {
                let disk = Disk::after(&self.operations[..=point], self.root, survivors);
                // Until the program prints its next line, equal disks are checked only once for the same promises:
                // the bytes that must be kept, and the removed files that must not come back.
                if seen.insert((disk.fingerprint(), told.kept, told.removed.len())) {
                    self.check(&disk, &told, &format!("point {point}, {survivors:?}"));
                    let is_within = !matches!(self.operations[point], Operation::Said(_));
                    if let Some(number) = told.step.filter(|_| is_within) {
                        *self.opened.entry(self.steps[number].kind()).or_default() += 1;
                    }
                }
            }
        }
    }

    /// Checks that the power was cut within each kind of step. Every step has several system calls.
    fn assert_enough(&self, program: Program) {
        let (kinds, least_points) = match program {
            Program::Mixed(steps) => (&Kind::ALL[..], 4 * steps),
            Program::LargePartial => (&[Kind::BreakOff, Kind::Resume][..], 10),
        };
        let Check { seed, points, opened, .. } = self;
        for kind in kinds {
            assert!(opened.get(kind).is_some_and(|disks| *disks >= 2), "SEED={seed}: {kind:?} lacks disks: {opened:?}");
        }
        assert!(*points >= least_points, "SEED={seed}: too few points: {points}");
        if matches!(program, Program::LargePartial) {
            assert!(self.most_kept > 0, "SEED={seed}: no byte had to be kept while the file was written");
        }
    }

    /// While a download writes its partial file, all bytes except the last ones must be kept.
    fn count_kept(&mut self, told: &mut Told, point: usize) {
        if let Some(number) = told.step
            && let Step::BreakOff(..) = &self.steps[number]
            && let Operation::Write { offset, bytes, .. } = &self.operations[point]
        {
            let written = *offset as usize + bytes.len();
            told.kept = told.kept.max(written.saturating_sub(DURABLE_STEP + WRITTEN_AT_ONCE));
            self.most_kept = self.most_kept.max(told.kept);
        }
    }

    fn hear(&self, told: &mut Told, line: &str) {
        match line.split_once(' ').expect("two words") {
            ("begin", number) => {
                let number = number.parse().expect("a number");
                told.step = Some(number);
                if let Step::BreakOff(..) = &self.steps[number] {
                    (told.broken_off, told.kept) = (Some(number), 0);
                }
            }
            ("removing", path) => told.removing = Some(path.to_owned()),
            ("saved", path) => told.saving = Some(path.to_owned()),
            ("end", number) => {
                assert_eq!(told.step.take(), number.parse().ok());
                match &self.steps[number.parse::<usize>().expect("a number")] {
                    Step::Change(change) => {
                        told.files = change.apply(&told.files);
                        if let Change::Resume(..) = change {
                            told.kept = 0;
                        }
                    }
                    Step::BreakOff(cut, _) => told.kept = *cut,
                    Step::Save(_) | Step::RemoveOldest | Step::Relaunch => {}
                }
            }
            _ => panic!("{line}"),
        }
        // The program prints a path only after the file is saved.
        if let (Some(path), Some(number)) = (told.saving.take(), told.step)
            && let Step::Save(content) = &self.steps[number]
        {
            told.saved.insert(path, content.clone());
        }
        if told.step.is_none()
            && let Some(path) = told.removing.take()
        {
            let content = told.saved.remove(&path).expect("a saved file");
            told.removed.insert(path, content);
        }
    }

    fn check(&self, disk: &Disk, told: &Told, place: &str) {
        let directory = memory_directory();
        disk.write_to(directory.path());
        let place = format!(
            "SEED={}: {place}, in step {:?}",
            self.seed,
            told.step.map(|number| (number, self.steps[number].kind()))
        );
        self.check_quota(disk, &place);
        let session = open(directory.path().to_str().expect("UTF-8"), self.seed);

        let possible = match told.step.map(|number| &self.steps[number]) {
            Some(Step::Change(change)) => change.possible(&told.files),
            _ => vec![told.files.clone()],
        };
        let found = files_below(&directory.path().join("app-wx1234567890abcdef/user-/usr"), "wxfile://usr");
        let holds = |files: &Files| {
            found.len() == files.len() && files.iter().all(|(path, content)| found.get(*path) == Some(content))
        };
        assert!(
            possible.iter().any(holds),
            "{place}: under usr are {:?}, not one of {:?}",
            sizes(&found),
            possible.iter().map(sizes).collect::<Vec<_>>()
        );

        let listed: BTreeMap<String, Vec<u8>> = session
            .saved_files()
            .files
            .into_iter()
            .map(|file| (file.path, fs::read(file.native).expect("a file")))
            .collect();
        for (path, content) in &told.saved {
            let may_be_gone = told.removing.as_ref() == Some(path);
            let is_whole = listed.get(path).map_or(may_be_gone, |found| found == content);
            assert!(is_whole, "{place}: {path} is lost or torn");
        }
        for (path, content) in listed.iter().filter(|(path, _)| !told.saved.contains_key(*path)) {
            let is_new = matches!(told.step.map(|number| &self.steps[number]), Some(Step::Save(new)) if new == content);
            assert!(is_new || told.removed.get(path) == Some(content), "{place}: no step saved {path}, or it is torn");
        }
        if let Some(number) = told.broken_off {
            // A partial file that became the complete file is no longer kept.
            let is_resumed = match told.step.map(|step| &self.steps[step]) {
                Some(Step::Change(Change::Resume(_, content))) => found.get(RESUMED) == Some(content),
                _ => false,
            };
            self.finish_download(&session, number, if is_resumed { 0 } else { told.kept }, &place);
        }
        // The session must still be able to import and save a file.
        let temporary = session.import_data(b"after the cut", None).file().path.clone();
        session.save(&temporary, None).file();
        assert_eq!(session.close(), WXT_OK);
    }

    /// The first session after the cut counts the files that are there, to the byte.
    fn check_quota(&self, disk: &Disk, place: &str) {
        let directory = memory_directory();
        disk.write_to(directory.path());
        let data = directory.path().to_str().expect("UTF-8");
        let quota = 64 * BLOCK * BLOCK;
        let session = open_with_quota(data, self.seed, quota);
        // Opening removes the leftovers of an interrupted save or change.
        let root = directory.path().join("app-wx1234567890abcdef/user-");
        let left = quota - cost_below(&root.join("store")) - cost_below(&root.join("usr"));
        // A file without content, so that its size costs nothing here.
        let save = |length: u64| {
            let native = directory.path().join("filler");
            fs::File::create(&native).and_then(|file| file.set_len(length)).expect("a file");
            let imported = session.import(native.to_str().expect("UTF-8"), WXT_IMPORT_MOVE);
            session.save(&imported.file().path.clone(), None).err_no
        };
        assert_eq!(save(left + 1), WXT_ERRNO_QUOTA_EXCEEDED, "{place}: more than {left} bytes count as free");
        assert_eq!(save(left), 0, "{place}: fewer than {left} bytes count as free");
        assert_eq!(session.close(), WXT_OK);
    }

    /// Downloads the file that broke off in this step. `kept`: the least number of bytes that must be on the disk.
    fn finish_download(&self, session: &Session, number: usize, kept: usize, place: &str) {
        let Step::BreakOff(_, content) = &self.steps[number] else { panic!("step {number} is no download") };
        let success = download(session, &self.url, number, RESUMED);
        let success = success.unwrap_or_else(|detail| panic!("{place}: the download is not finished: {detail}"));
        let native = success.native_path.expect("a path");
        assert!(
            fs::read(native).expect("a file") == *content,
            "{place}: the finished download is not the server's file"
        );
        assert!(success.resumed_from >= kept as u64, "{place}: {} of {kept} bytes were kept", success.resumed_from);
    }
}

fn sizes<Path: std::fmt::Debug>(files: &BTreeMap<Path, Vec<u8>>) -> Vec<(&Path, usize)> {
    files.iter().map(|(path, content)| (path, content.len())).collect()
}

fn files_below(directory: &Path, path: &str) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).into_iter().flatten().map(|entry| entry.expect("an entry")) {
        let path = format!("{path}/{}", entry.file_name().to_str().expect("UTF-8"));
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path(), &path));
        } else {
            files.insert(path, fs::read(entry.path()).expect("a file"));
        }
    }
    files
}

/// The cost of the entries below a directory for the quota. Each file and each directory costs at least a block.
fn cost_below(directory: &Path) -> u64 {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"));
    let cost = |entry: fs::DirEntry| match entry.metadata().expect("an entry") {
        metadata if metadata.is_dir() => BLOCK + cost_below(&entry.path()),
        metadata => metadata.len().max(BLOCK),
    };
    entries.map(cost).sum()
}

/// A directory in memory if possible: such a file system does not reuse inode numbers, and flushing is fast there.
fn memory_directory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a directory")
}
