//! The whole library in a few seconds: `cargo run --release --example demo`.
//!
//! Starts an HTTPS server on this machine, opens a session as a host app does, and transfers files in both directions
//! at once. Then it shows an abort and failures. Ends with an error if a byte or a callback is wrong.

mod support;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};

use support::bars::{Task, all_ended, show, size};
use support::host::{End, Event, Host, options, upload_of};
use wxtransfer::{DownloadRequest, Error, LanPolicy, VERSION};
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
    let mut options = options(directory.path());
    options.root_certificates = Some(server.ca_pem().into());
    // A list of hosts, as in an app. The server on this machine needs no entry, because LAN addresses are allowed.
    options.upload_domains = vec!["https://api.example.com".into()];
    options.download_domains = options.upload_domains.clone();
    options.lan_policy = LanPolicy::AllLocal;
    // Slow enough to see the progress bars move.
    options.limits.max_bytes_per_second = 100 * MIB;
    let host = Host::open(options, false, sender).map_err(text)?;
    println!("wxtransfer {VERSION}, against {}", server.https_url("/"));

    transfers(&host, &server, &events)?;
    abort(&host, &server, &events)?;
    failures(&host, &server, &events)?;

    host.close().map_err(text)?;
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
        host.upload(tasks.len(), upload_of(&server.https_url("/upload"), &sources.path().join(name))?).map_err(text)?;
        tasks.push(Task::new(format!("↑ {name}")));
    }
    for (name, bytes) in DOWNLOADS {
        let url = server.https_url(&format!("/bytes/{bytes}?type=image/png"));
        host.download(tasks.len(), DownloadRequest::new(url)).map_err(text)?;
        tasks.push(Task::new(format!("↓ {name}")));
    }
    show(&mut tasks, events, all_ended)?;

    println!("\nThe callbacks that the page received:\n");
    for (task, (_, bytes)) in tasks.iter().zip(UPLOADS.into_iter().chain(DOWNLOADS)) {
        println!("  {:<22} {}", task.label, task.callbacks());
        let Some(End::Success { status: 200, data, file, .. }) = &task.end else {
            return Err(format!("{} did not succeed", task.label));
        };
        let expected = hexadecimal(&pattern_sha256(bytes));
        let arrived = if file.as_os_str().is_empty() {
            // The server answers an upload with the hash of the received file.
            data.contains(&expected)
        } else {
            sha256_of_file(file)? == expected
        };
        if !arrived || task.ends != 1 {
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
    let task = host.download(0, DownloadRequest::new(server.https_url("/drip?n=10000&ms=10"))).map_err(text)?;
    let mut tasks = [Task::new("↓ slow.bin")];
    show(&mut tasks, events, |tasks| tasks[0].progress_events > 0)?;
    task.abort();
    show(&mut tasks, events, all_ended)?;
    expect_failure(&tasks[0], "downloadFile:fail abort")
}

/// Failures use the same callbacks as results. A 404 is not a failure: any answer is a success, as in WeChat.
fn failures(host: &Host, server: &Server, events: &Receiver<Event>) -> Result<(), String> {
    println!("\nA host that is not in the list of domains, a file that does not exist, and a 404:\n");
    host.download(0, DownloadRequest::new("https://elsewhere.example.com/file")).map_err(text)?;
    host.upload(1, upload_of(&server.https_url("/upload"), "/no/such/file".as_ref())?).map_err(text)?;
    host.download(2, DownloadRequest::new(server.https_url("/status/404"))).map_err(text)?;
    let mut tasks = [Task::new("↓ elsewhere"), Task::new("↑ missing"), Task::new("↓ 404")];
    show(&mut tasks, events, all_ended)?;
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
        Some(End::Failure(failure)) if failure.err_msg == expected && task.ends == 1 => Ok(()),
        _ => Err(format!("{} should have ended with {expected}", task.label)),
    }
}

fn text(error: Error) -> String {
    error.to_string()
}

fn sha256_of_file(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(hexadecimal(ring::digest::digest(&ring::digest::SHA256, &bytes).as_ref()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
