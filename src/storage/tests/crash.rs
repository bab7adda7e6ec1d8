//! A killed process and a full device. Each runs in a child process: this test program, started again with the name of
//! a test.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::*;

const DIRECTORY: &str = "WXTRANSFER_TEST_STORAGE_DIRECTORY";
/// Large enough to be interrupted while it is written.
const FILE_BYTES: usize = 200_000;

/// Starts the test `test`, named with its module, in a child process that finds `directory` in its environment. `setup`
/// is shell code that runs first.
pub fn start(test: &str, directory: &Path, setup: &str) -> Child {
    Command::new("sh")
        .arg("-c")
        .arg(format!("{setup}\nexec \"$@\""))
        .arg("sh")
        .args(wxtransfer_test_server::program_words(std::env::current_exe().unwrap()))
        .args(["--exact", &format!("storage::tests::{test}"), "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

/// The directory, if this is a child.
pub fn given_directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// A child saves files and reports them until it is killed at one of 12 moments. Every reported file is whole, and so
/// is every other visible file. The next session finds nothing else.
#[test]
fn a_killed_process_leaves_files_whole_or_absent() {
    if let Some(directory) = given_directory() {
        return save_until_killed(&directory);
    }
    let directory = tempfile::tempdir().unwrap();
    let root = root_of(&directory);
    for moment in 1..=12 {
        let mut child = start("crash::a_killed_process_leaves_files_whole_or_absent", directory.path(), "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said: Vec<String> = lines.by_ref().filter(|line| line.starts_with("wxfile://")).take(moment).collect();
        assert_eq!(said.len(), moment, "the child ended by itself");
        // The moment varies between rounds, in steps much shorter than writing one file.
        for _ in 0..moment * 2000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let said: Vec<String> = said.into_iter().chain(lines.filter(|line| line.starts_with("wxfile://"))).collect();

        let storage = Storage::open(options(directory.path())).unwrap();
        assert!(storage.remove_leftovers(&worker()));
        assert_eq!(files_below(&root.join("launches")), Vec::<PathBuf>::new());
        for path in &said {
            // The last line may be truncated.
            let whole = storage.open_source(&worker(), path).is_ok();
            assert!(whole || Some(path) == said.last(), "{path}");
        }
        for file in [files_below(&root.join("store")), files_below(&root.join("usr"))].concat() {
            let content = fs::read(&file).unwrap();
            assert_eq!(content.len(), FILE_BYTES, "{file:?}");
            assert!(content.iter().all(|byte| *byte == content[0]), "{file:?}");
        }
        assert!(
            bytes_below(&root.join("store")) + bytes_below(&root.join("usr"))
                <= options(directory.path()).storage_quota
        );
    }
}

fn save_until_killed(directory: &Path) {
    let storage = Storage::open(options(directory)).unwrap();
    match storage.make_directory(&worker(), "wxfile://usr/d", false) {
        Ok(()) | Err(Error::AlreadyExists { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    // The loop is bounded, in case the process is not killed.
    for number in 0..1000u32 {
        let content = vec![number as u8; FILE_BYTES];
        let file = temporary(&storage, &content);
        let path = match number % 3 {
            0 => storage.save_file(&worker(), &file.path, None).unwrap().path,
            1 => storage.save_file(&worker(), &file.path, Some(&format!("wxfile://usr/{}", number % 9))).unwrap().path,
            _ => target(&storage, "wxfile://usr/same", &content).unwrap().path,
        };
        println!("\n{path}");
    }
}

/// A limit on the file size stands in for a full device: a write fails in the same way, in the middle of a file.
#[test]
fn full_device_is_reported_and_leaves_no_file() {
    if let Some(directory) = given_directory() {
        return fill_the_device(&directory);
    }
    let directory = tempfile::tempdir().unwrap();
    // 64 blocks of 512 or 1024 bytes, depending on the shell. Without the trap, the signal would end the process.
    let setup = "trap '' XFSZ; ulimit -f 64";
    let mut child = start("crash::full_device_is_reported_and_leaves_no_file", directory.path(), setup);
    let output: Vec<String> = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{output:?}");
    assert!(output.iter().any(|line| line == "the device was full"), "{output:?}");
}

fn fill_the_device(directory: &Path) {
    let storage = Storage::open(options(directory)).unwrap();
    for path in [None, Some("wxfile://usr/a")] {
        let create = || match path {
            Some(path) => storage.create_target(&worker(), path).unwrap(),
            None => storage.create_temporary(&worker()).unwrap(),
        };
        let mut part = create();
        part.write(&worker(), &[0; 1000]).unwrap();
        let full = part.write(&worker(), &[0; 100_000]);
        assert!(matches!(full, Err(Error::DiskFull)), "{full:?}");
        drop(part);
        create().write(&worker(), &[0; 1000]).unwrap();
    }
    assert_eq!(files_below(directory), Vec::<PathBuf>::new());
    let source = directory.join("source");
    fs::write(&source, [1; 1000]).unwrap();
    storage.import_path(&worker(), source.to_str().unwrap(), ImportMode::Copy).unwrap();
    println!("\nthe device was full");
}
