//! The steps of the program whose power is cut. The same seed gives the same steps, so the check can compute them,
//! too.

use std::collections::BTreeMap;

use super::Random;

const PATHS: [&str; 4] = ["wxfile://usr/a", "wxfile://usr/b", "wxfile://usr/d/c", "wxfile://usr/d/e/f"];
const DIRECTORY: &str = "wxfile://usr/d";
/// More than a page, so that a file can be torn.
const LARGEST: u64 = 20_000;

#[derive(Clone, Debug)]
pub enum Step {
    /// `wxt_save_file` to the store. The library chooses the path, and the program prints it.
    Save(Vec<u8>),
    RemoveOldest,
    Change(Change),
    /// The session is closed and opened again.
    Relaunch,
}

/// A change of the files under `wxfile://usr`.
#[derive(Clone, Debug)]
pub enum Change {
    /// `wxt_save_file` with a path.
    Save(&'static str, Vec<u8>),
    /// `wxt_download_file` with a path.
    Download(&'static str, Vec<u8>),
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

impl Change {
    /// The files after this change.
    pub fn apply(&self, files: &Files) -> Files {
        let mut files = files.clone();
        match self {
            Change::Save(path, content) | Change::Download(path, content) | Change::Write(path, content) => {
                files.insert(path, content.clone());
            }
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
            // The file has both names: the directory of the old one was not written yet.
            states.extend(files.get(from).map(|content| {
                let mut both = files.clone();
                both.insert(to, content.clone());
                both
            }));
        }
        states
    }
}

/// The steps of a seed.
pub fn plan(seed: u64, count: usize) -> Vec<Step> {
    let mut random = Random::new(seed);
    let mut files = Files::new();
    let mut saved = 0;
    let mut steps = Vec::new();
    while steps.len() < count {
        let length = 1 + random.below(LARGEST) as usize;
        let content = random.bytes(length);
        let path = PATHS[random.below(PATHS.len() as u64) as usize];
        let existing: Vec<&'static str> = files.keys().copied().collect();
        let some = (!existing.is_empty()).then(|| existing[random.below(existing.len() as u64) as usize]);
        let change = match (random.below(14), some) {
            (0 | 1, _) => {
                saved += 1;
                steps.push(Step::Save(content));
                continue;
            }
            (2, _) if saved > 0 => {
                saved -= 1;
                steps.push(Step::RemoveOldest);
                continue;
            }
            (3, _) => {
                steps.push(Step::Relaunch);
                continue;
            }
            (4, _) => Change::Save(path, content),
            (5, _) => Change::Download(path, content),
            (6, Some(some)) => Change::Append(some, content),
            (7, Some(some)) => Change::WriteAt(some, random.below(files[some].len() as u64), content),
            (8, Some(some)) if some != path => Change::Copy(some, path),
            (9, Some(some)) if some != path => Change::Rename(some, path),
            (10, Some(some)) => Change::Unlink(some),
            (11, Some(_)) if random.below(3) == 0 => Change::RemoveDirectory,
            _ => Change::Write(path, content),
        };
        files = change.apply(&files);
        steps.push(Step::Change(change));
    }
    steps
}
