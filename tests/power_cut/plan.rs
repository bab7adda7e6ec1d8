//! The steps of the program whose power is cut. The same seed gives the same steps, so the check can compute them,
//! too.

use std::collections::BTreeMap;

use super::Random;

const PATHS: [&str; 4] = ["wxfile://usr/a", "wxfile://usr/b", "wxfile://usr/d/c", "wxfile://usr/d/e/f"];
const DIRECTORY: &str = "wxfile://usr/d";
/// The file of the downloads that break off.
pub const RESUMED: &str = "wxfile://usr/r";
/// More than a page, so that a file can be torn.
const LARGEST: u64 = 20_000;
/// The library flushes a partial file each time that it has grown by this (`docs/resume-and-retry.md`).
pub const DURABLE_STEP: usize = 4 * 1024 * 1024;
/// The library writes at most this many bytes of a download before it looks whether to flush them.
pub const WRITTEN_AT_ONCE: usize = 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Save,
    RemoveOldest,
    Relaunch,
    BreakOff,
    SaveTo,
    Download,
    Resume,
    Write,
    Append,
    WriteAt,
    Copy,
    Rename,
    Unlink,
    RemoveDirectory,
}

impl Kind {
    pub const ALL: [Kind; 14] = [
        Kind::Save,
        Kind::RemoveOldest,
        Kind::Relaunch,
        Kind::BreakOff,
        Kind::SaveTo,
        Kind::Download,
        Kind::Resume,
        Kind::Write,
        Kind::Append,
        Kind::WriteAt,
        Kind::Copy,
        Kind::Rename,
        Kind::Unlink,
        Kind::RemoveDirectory,
    ];
}

#[derive(Clone, Debug)]
pub enum Step {
    /// `wxt_save_file` to the store. The library chooses the path, and the program prints it.
    Save(Vec<u8>),
    RemoveOldest,
    Change(Change),
    /// The session is closed and opened again.
    Relaunch,
    /// `wxt_download_file` to [`RESUMED`]. The server sends only this number of its bytes. Then the session is closed
    /// and opened again, so that the partial file is kept when the step ends.
    BreakOff(usize, Vec<u8>),
}

/// A change of the files under `wxfile://usr`.
#[derive(Clone, Debug)]
pub enum Change {
    /// `wxt_save_file` with a path.
    Save(&'static str, Vec<u8>),
    /// `wxt_download_file` with a path.
    Download(&'static str, Vec<u8>),
    /// Downloads again the file whose download broke off in the step with this number.
    Resume(usize, Vec<u8>),
    Write(&'static str, Vec<u8>),
    Append(&'static str, Vec<u8>),
    WriteAt(&'static str, u64, Vec<u8>),
    Copy(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Unlink(&'static str),
    RemoveDirectory,
}

/// The files under `wxfile://usr`.
pub type Files = BTreeMap<&'static str, Vec<u8>>;

impl Step {
    pub fn kind(&self) -> Kind {
        match self {
            Step::Save(_) => Kind::Save,
            Step::RemoveOldest => Kind::RemoveOldest,
            Step::Relaunch => Kind::Relaunch,
            Step::BreakOff(..) => Kind::BreakOff,
            Step::Change(Change::Save(..)) => Kind::SaveTo,
            Step::Change(Change::Download(..)) => Kind::Download,
            Step::Change(Change::Resume(..)) => Kind::Resume,
            Step::Change(Change::Write(..)) => Kind::Write,
            Step::Change(Change::Append(..)) => Kind::Append,
            Step::Change(Change::WriteAt(..)) => Kind::WriteAt,
            Step::Change(Change::Copy(..)) => Kind::Copy,
            Step::Change(Change::Rename(..)) => Kind::Rename,
            Step::Change(Change::Unlink(_)) => Kind::Unlink,
            Step::Change(Change::RemoveDirectory) => Kind::RemoveDirectory,
        }
    }
}

impl Change {
    /// The files after this change.
    pub fn apply(&self, files: &Files) -> Files {
        let mut files = files.clone();
        match self {
            Change::Save(path, content) | Change::Download(path, content) | Change::Write(path, content) => {
                files.insert(path, content.clone());
            }
            Change::Resume(_, content) => drop(files.insert(RESUMED, content.clone())),
            Change::Append(path, content) => files.get_mut(path).expect("a file").extend_from_slice(content),
            Change::WriteAt(path, position, content) => {
                let file = files.get_mut(path).expect("a file");
                let end = *position as usize + content.len();
                file.resize(file.len().max(end), 0);
                file[*position as usize..end].copy_from_slice(content);
            }
            Change::Copy(from, to) => {
                let content = files[from].clone();
                files.insert(to, content);
            }
            Change::Rename(from, to) => {
                let content = files.remove(from).expect("a file");
                files.insert(to, content);
            }
            Change::Unlink(path) => drop(files.remove(path)),
            Change::RemoveDirectory => files.retain(|path, _| !path.starts_with(DIRECTORY)),
        }
        files
    }

    /// Every state of the files that a power cut in this change may leave.
    pub fn possible(&self, files: &Files) -> Vec<Files> {
        let mut states = vec![files.clone(), self.apply(files)];
        if let Change::Rename(from, to) = self {
            // The file has both names: the directory with the old name has not been written yet.
            states.extend(files.get(from).map(|content| {
                let mut both = files.clone();
                both.insert(to, content.clone());
                both
            }));
        }
        states
    }
}

/// The kind of a program's steps.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// This number of steps, with each kind at least once.
    Mixed(usize),
    /// A partial file that is flushed while it is written.
    LargePartial,
}

/// The steps of a seed.
pub fn plan(seed: u64, program: Program) -> Vec<Step> {
    let mut random = Random::new(seed);
    match program {
        Program::Mixed(count) => mixed(&mut random, count),
        Program::LargePartial => {
            // So long that bytes must be durable while it is written.
            let length = DURABLE_STEP + WRITTEN_AT_ONCE + 200_000;
            let content = random.bytes(length + 100_000);
            vec![Step::BreakOff(length, content.clone()), Step::Change(Change::Resume(0, content))]
        }
    }
}

fn mixed(random: &mut Random, count: usize) -> Vec<Step> {
    let mut files = Files::new();
    let mut saved = 0;
    let mut broken_off = None;
    let mut steps = Vec::new();
    // The next steps. A step that is impossible at present stays until it is possible.
    let mut deck: Vec<Kind> = Vec::new();
    while steps.len() < count {
        let existing: Vec<&'static str> = files.keys().copied().collect();
        let is_possible = |kind: &Kind| match kind {
            Kind::RemoveOldest => saved > 0,
            Kind::BreakOff => broken_off.is_none(),
            Kind::Resume => broken_off.is_some(),
            Kind::Append | Kind::WriteAt | Kind::Copy | Kind::Rename | Kind::Unlink => !existing.is_empty(),
            // The directory always exists.
            Kind::RemoveDirectory => true,
            Kind::Save | Kind::Relaunch | Kind::SaveTo | Kind::Download | Kind::Write => true,
        };
        let Some(next) = deck.iter().position(is_possible) else {
            let mut kinds = Kind::ALL.to_vec();
            while !kinds.is_empty() {
                deck.push(kinds.swap_remove(random.below(kinds.len() as u64) as usize));
            }
            continue;
        };
        let kind = deck.remove(next);
        let length = 2 + random.below(LARGEST) as usize;
        let content = random.bytes(length);
        let mut any_of = |paths: &[&'static str]| paths[random.below(paths.len() as u64) as usize];
        let some = if existing.is_empty() { "" } else { any_of(&existing) };
        let path = any_of(&PATHS.into_iter().filter(|path| *path != some).collect::<Vec<_>>());
        let change = match kind {
            Kind::Save => {
                saved += 1;
                steps.push(Step::Save(content));
                continue;
            }
            Kind::RemoveOldest => {
                saved -= 1;
                steps.push(Step::RemoveOldest);
                continue;
            }
            Kind::Relaunch => {
                steps.push(Step::Relaunch);
                continue;
            }
            Kind::BreakOff => {
                broken_off = Some((steps.len(), content.clone()));
                steps.push(Step::BreakOff(1 + random.below(length as u64 - 1) as usize, content));
                continue;
            }
            Kind::Resume => {
                let (number, content) = broken_off.take().expect("a partial file");
                Change::Resume(number, content)
            }
            Kind::SaveTo => Change::Save(path, content),
            Kind::Download => Change::Download(path, content),
            Kind::Write => Change::Write(path, content),
            Kind::Append => Change::Append(some, content),
            Kind::WriteAt => Change::WriteAt(some, random.below(files[some].len() as u64), content),
            Kind::Copy => Change::Copy(some, path),
            Kind::Rename => Change::Rename(some, path),
            Kind::Unlink => Change::Unlink(some),
            Kind::RemoveDirectory => Change::RemoveDirectory,
        };
        files = change.apply(&files);
        steps.push(Step::Change(change));
    }
    steps
}
