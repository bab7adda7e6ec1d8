//! The whole library in a few seconds: `cargo run --release --example demo`.
//!
//! Starts an HTTPS server on this machine, opens a session as a host app does, and transfers files in both directions at
//! once. Then it shows an abort and failures. Ends with an error if a byte or a callback is wrong.

mod support;

use std::fs;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};

use support::bars::{End, Task, all_released, show, size};
use support::c::version;
use support::host::{Call, Event, Host, Settings};
use wxtransfer::ffi::options::WXT_LAN_ALL_LOCAL;
use wxtransfer_test_server::{Options, Server, pattern_bytes, pattern_sha256};

const MIB: u64 = 1024 * 1024;
const UPLOADS: [(&str, u64); 3] = [("photo.jpg", 3 * MIB), ("recording.mp3", 24 * MIB), ("holiday.mp4", 96 * MIB)];
const DOWNLOADS: [(&str, u64); 4] =
    [("icon.png", 40_000), ("map.png", 12 * MIB), ("album.zip", 64 * MIB), ("film.mp4", 128 * MIB)];

fn main() -> ExitCode {
    match run() {
        Ok(()) => {
            println!("\nEverything is correct.");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("\nFailed: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let server = Server::start(Options::default());
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (sender, events) = channel();
    let settings = Settings {
        directory: directory.path().to_str().ok_or("the temporary directory's name is not UTF-8")?,
        root_certificates: server.ca_pem(),
        // A list of hosts, as in an app. The server on this machine needs no entry, because LAN addresses are allowed.
        domains: Some(&["https://api.example.com"]),
        lan_policy: WXT_LAN_ALL_LOCAL,
        // Slow enough to see the progress bars move.
        max_bytes_per_second: 100 * MIB,
        ..Settings::default()
    };
    let host = Host::open(&settings, sender)?;
    println!("wxtransfer {}, against {}", version(), server.https_url("/"));

    transfers(&host, &server, &events)?;
    abort(&host, &server, &events)?;
    failures(&host, &server, &events)?;

    host.close()?;
    let left = fs::read_dir(directory.path()).map_err(|error| error.to_string())?.count();
    println!("\nClosed: every thread has ended, and the temporary files are deleted.");
    println!("{left} directories remain, for saved files and locks.");
    Ok(())
}

/// Uploads and downloads at the same time, each verified by its hash.
fn transfers(host: &Host, server: &Server, events: &Receiver<Event>) -> Result<(), String> {
    println!("\nThree uploads and four downloads at once, over TLS:\n");
    let sources = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (name, bytes) in UPLOADS {
        fs::write(sources.path().join(name), pattern_bytes(0, bytes as usize)).map_err(|error| error.to_string())?;
    }
    let mut tasks = Vec::new();
    for (name, _) in UPLOADS {
        host.upload(tasks.len(), &Call::to(&server.https_url("/upload")), &sources.path().join(name))?;
        tasks.push(Task::new(format!("↑ {name}")));
    }
    for (name, bytes) in DOWNLOADS {
        host.download(tasks.len(), &Call::to(&server.https_url(&format!("/bytes/{bytes}?type=image/png"))))?;
        tasks.push(Task::new(format!("↓ {name}")));
    }
    show(&mut tasks, events, all_released)?;

    println!("\nThe callbacks that the page received:\n");
    for (task, (_, bytes)) in tasks.iter().zip(UPLOADS.into_iter().chain(DOWNLOADS)) {
        println!("  {:<22} {}", task.label, task.callbacks());
        let Some(End::Success { status: 200, data, file, .. }) = &task.end else {
            return Err(format!("{} did not succeed", task.label));
        };
        let expected = hexadecimal(&pattern_sha256(bytes));
        let arrived = if file.is_empty() {
            // The server answers an upload with the hash of the received file.
            data.contains(&expected)
        } else {
            sha256_of_file(file)? == expected
        };
        if !arrived || task.completes != 1 {
            return Err(format!("{} did not arrive unchanged", task.label));
        }
    }
    let total: u64 = UPLOADS.iter().chain(&DOWNLOADS).map(|(_, bytes)| bytes).sum();
    println!("\n  {} transferred, every file verified by SHA-256.", size(total));
    Ok(())
}

/// A slow download, aborted as soon as it has shown progress.
fn abort(host: &Host, server: &Server, events: &Receiver<Event>) -> Result<(), String> {
    println!("\nA slow download that the page aborts:\n");
    let id = host.download(0, &Call::to(&server.https_url("/drip?n=10000&ms=10")))?;
    let mut tasks = [Task::new("↓ slow.bin")];
    show(&mut tasks, events, |tasks| tasks[0].progress_events > 0)?;
    host.abort(id);
    show(&mut tasks, events, all_released)?;
    expect_failure(&tasks[0], "downloadFile:fail abort")
}

/// Failures use the same callbacks as results. A 404 is not a failure: any answer is a success, as in WeChat.
fn failures(host: &Host, server: &Server, events: &Receiver<Event>) -> Result<(), String> {
    println!("\nA host that is not in the list of domains, a file that does not exist, and a 404:\n");
    host.download(0, &Call::to("https://elsewhere.example.com/file"))?;
    host.upload(1, &Call::to(&server.https_url("/upload")), "/no/such/file".as_ref())?;
    host.download(2, &Call::to(&server.https_url("/status/404")))?;
    let mut tasks = [Task::new("↓ elsewhere"), Task::new("↑ missing"), Task::new("↓ 404")];
    show(&mut tasks, events, all_released)?;
    println!();
    expect_failure(&tasks[0], "downloadFile:fail url not in domain list")?;
    expect_failure(&tasks[1], "uploadFile:fail file not found")?;
    println!("  {:<22} {}", tasks[2].label, tasks[2].callbacks());
    match tasks[2].end {
        Some(End::Success { status: 404, .. }) => Ok(()),
        _ => Err("a 404 is not a success".into()),
    }
}

fn expect_failure(task: &Task, expected: &str) -> Result<(), String> {
    println!("  {:<22} {}", task.label, task.callbacks());
    match &task.end {
        Some(End::Failure { message, .. }) if message == expected && task.completes == 1 => Ok(()),
        _ => Err(format!("{} should have ended with {expected}", task.label)),
    }
}

fn sha256_of_file(path: &str) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(hexadecimal(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
