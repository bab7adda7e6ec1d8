//! The possible states of a disk after a power cut: all flushed changes, and any part of the others.
//!
//! The model is that of POSIX, which promises less than most file systems keep. `fsync` of a file makes its bytes and
//! its length durable, but no name; `fsync` of a directory makes its names durable, and nothing else. Each unflushed
//! call is on the disk or not, independently of the others, and so is each page of an unflushed write.
//!
//! A rename within a directory takes effect completely or not at all. A rename from one directory to another changes
//! both: a flush of the new directory makes the new name durable, and a flush of the old one the removal of the old
//! name. So the file may be found under both names, or, if only the old directory was flushed, under none. As long as
//! nothing is flushed, the old name is removed only if the new one is there: file systems write them in this order or
//! together, and no program could protect a file from one that does not.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use super::Random;
use super::recorder::{Inode, Operation};

const PAGE: u64 = 4096;

/// The unflushed changes that survive.
#[derive(Clone, Copy, Debug)]
pub enum Survivors {
    All,
    Nothing,
    /// All changes of names and no data, as on a file system that writes its journal at once and data later.
    Names,
    Data,
    /// The changes of names before a random point of the record, and random pages of data.
    SomeNamesInOrder(u64),
    /// Random changes of names, and random pages of data.
    Some(u64),
}

#[derive(Debug, Default)]
struct File {
    content: Vec<u8>,
    /// A hash of the changes that made the content. Hashing the content itself would take most of the time.
    history: DefaultHasher,
}

#[derive(Debug, Default)]
pub struct Disk {
    files: HashMap<Inode, File>,
    directories: HashMap<Inode, BTreeMap<String, Inode>>,
    root: Inode,
}

impl Disk {
    /// The disk after a power cut that follows these operations. The directory `root` always survives.
    pub fn after(operations: &[Operation], root: Inode, survivors: Survivors) -> Disk {
        let mut random = Random::new(match survivors {
            Survivors::SomeNamesInOrder(seed) | Survivors::Some(seed) => seed,
            _ => 1,
        });
        let mut flushed: HashMap<Inode, usize> = HashMap::new();
        for (index, operation) in operations.iter().enumerate() {
            if let Operation::Flush { inode } = operation {
                flushed.insert(*inode, index);
            }
        }
        let last_name = random.below(operations.len() as u64 + 1) as usize;
        let mut disk = Disk { root, ..Disk::default() };
        disk.directories.insert(root, BTreeMap::new());
        for (index, operation) in operations.iter().enumerate() {
            let is_flushed = |inode: &Inode| flushed.get(inode).is_some_and(|last| *last > index);
            let mut keeps_name = |durable: bool| {
                durable
                    || match survivors {
                        Survivors::All | Survivors::Names => true,
                        Survivors::Nothing | Survivors::Data => false,
                        Survivors::SomeNamesInOrder(_) => index < last_name,
                        Survivors::Some(_) => random.below(2) == 0,
                    }
            };
            match operation {
                Operation::Create { directory, name, inode } => {
                    disk.files.insert(*inode, File::default());
                    if keeps_name(is_flushed(directory)) {
                        disk.name(*directory, name, *inode);
                    }
                }
                Operation::MakeDirectory { directory, name, inode } => {
                    disk.directories.entry(*inode).or_default();
                    if keeps_name(is_flushed(directory)) {
                        disk.name(*directory, name, *inode);
                    }
                }
                Operation::Rename { directory, name, inode, new_directory, new_name } => {
                    let is_named = keeps_name(is_flushed(new_directory));
                    let is_removed = match directory == new_directory {
                        true => is_named,
                        false => is_flushed(directory) || is_named && keeps_name(false),
                    };
                    if is_removed {
                        disk.unname(*directory, name, *inode);
                    }
                    if is_named {
                        disk.name(*new_directory, new_name, *inode);
                    }
                }
                Operation::Remove { directory, name, inode } => {
                    if keeps_name(is_flushed(directory)) {
                        disk.unname(*directory, name, *inode);
                    }
                }
                Operation::Truncate { inode, length } => {
                    let durable = is_flushed(inode);
                    if durable || keeps_data(survivors, &mut random) {
                        let file = disk.files.get_mut(inode).expect("a file");
                        file.content.resize(*length as usize, 0);
                        (index, *length).hash(&mut file.history);
                    }
                }
                Operation::Write { inode, offset, bytes } => {
                    let durable = is_flushed(inode);
                    let file = disk.files.get_mut(inode).expect("a file");
                    let mut done = 0;
                    while done < bytes.len() {
                        let begin = offset + done as u64;
                        let length = ((PAGE - begin % PAGE) as usize).min(bytes.len() - done);
                        if durable || keeps_data(survivors, &mut random) {
                            let end = begin as usize + length;
                            file.content.resize(file.content.len().max(end), 0);
                            file.content[begin as usize..end].copy_from_slice(&bytes[done..done + length]);
                            (index, begin).hash(&mut file.history);
                        }
                        done += length;
                    }
                }
                Operation::Flush { .. } | Operation::Said(_) => {}
            }
        }
        disk
    }

    fn name(&mut self, directory: Inode, name: &str, inode: Inode) {
        self.directories.entry(directory).or_default().insert(name.to_owned(), inode);
    }

    fn unname(&mut self, directory: Inode, name: &str, inode: Inode) {
        let names = self.directories.entry(directory).or_default();
        if names.get(name) == Some(&inode) {
            names.remove(name);
        }
    }

    /// A hash of the names and of the changes that made the contents. Disks with equal hashes have equal contents.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash_directory(self.root, &mut hasher);
        hasher.finish()
    }

    fn hash_directory(&self, directory: Inode, hasher: &mut DefaultHasher) {
        for (name, inode) in &self.directories[&directory] {
            name.hash(hasher);
            match self.files.get(inode) {
                Some(file) => file.history.finish().hash(hasher),
                None => self.hash_directory(*inode, hasher),
            }
        }
        u64::MAX.hash(hasher);
    }

    /// Writes the files of this disk into an empty directory.
    pub fn write_to(&self, path: &Path) {
        self.write_directory(self.root, path);
    }

    fn write_directory(&self, directory: Inode, path: &Path) {
        for (name, inode) in &self.directories[&directory] {
            let path = path.join(name);
            match self.files.get(inode) {
                Some(file) => fs::write(&path, &file.content).expect("a file"),
                None => {
                    fs::create_dir(&path).expect("a directory");
                    self.write_directory(*inode, &path);
                }
            }
        }
    }
}

fn keeps_data(survivors: Survivors, random: &mut Random) -> bool {
    match survivors {
        Survivors::All | Survivors::Data => true,
        Survivors::Nothing | Survivors::Names => false,
        Survivors::SomeNamesInOrder(_) | Survivors::Some(_) => random.below(2) == 0,
    }
}
