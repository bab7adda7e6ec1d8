//! A small client for any server:
//!
//! ```sh
//! cargo run --release --example client -- upload https://example.com/upload photo.jpg
//! cargo run --release --example client -- download https://example.com/photo.jpg [FILE]
//! ```
//!
//! `--insecure-http` allows http URLs, `--lan` addresses of the local network, `--ca FILE` names the only root
//! certificates to trust.

mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::{env, fs};

use support::bars::{End, Task, all_released, show};
use support::host::{Host, Settings};
use wxtransfer::ffi::options::{WXT_LAN_ALL_LOCAL, WXT_LAN_OWN_SUBNETS};

const USAGE: &str = "usage: client [--insecure-http] [--lan] [--ca FILE] upload URL FILE
       client [--insecure-http] [--lan] [--ca FILE] download URL [FILE]";

/// What the command line says.
#[derive(Default)]
struct Arguments {
    insecure_http: bool,
    lan: bool,
    ca: Option<String>,
    words: Vec<String>,
}

fn main() -> ExitCode {
    let Some(arguments) = parse() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--insecure-http" => arguments.insecure_http = true,
            "--lan" => arguments.lan = true,
            "--ca" => arguments.ca = Some(words.next()?),
            option if option.starts_with("--") => return None,
            _ => arguments.words.push(word),
        }
    }
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    matches!(words[..], ["upload", _, _] | ["download", _] | ["download", _, _]).then_some(arguments)
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let root_certificates = match &arguments.ca {
        Some(path) => fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?,
        None => String::new(),
    };
    let (sender, events) = channel();
    let settings = Settings {
        directory: directory.path().to_str().ok_or("the temporary directory's name is not UTF-8")?,
        root_certificates: &root_certificates,
        allow_plain_http: arguments.insecure_http,
        lan_policy: if arguments.lan { WXT_LAN_ALL_LOCAL } else { WXT_LAN_OWN_SUBNETS },
        // A page gets a minute and 200 MiB; whoever sits at a terminal may want more.
        timeout: 60 * 60 * 1000,
        max_download_size: 1 << 40,
        ..Settings::default()
    };
    let host = Host::open(&settings, sender)?;
    let (url, uploads) = (&arguments.words[1], arguments.words[0] == "upload");
    let target = match arguments.words.get(2) {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(name_in(url)),
    };
    if uploads {
        let path = std::path::absolute(&target).map_err(|error| error.to_string())?;
        host.upload(0, url, &path)?;
    } else {
        host.download(0, url)?;
    }
    let arrow = if uploads { "↑" } else { "↓" };
    let mut tasks = [Task::new(format!("{arrow} {}", target.display()))];
    show(&mut tasks, &events, all_released)?;
    let [task] = tasks;
    let result = match task.end {
        Some(End::Success { status, data, file, .. }) => {
            if uploads && !data.is_empty() {
                println!("{data}");
            }
            if status >= 400 {
                Err(format!("the server answered {status}"))
            } else if uploads {
                Ok(())
            } else {
                // Before the session is closed: then its temporary files are gone.
                store(Path::new(&file), &target)
            }
        }
        Some(End::Failure { message, detail, .. }) if message.ends_with(&detail) => Err(message),
        Some(End::Failure { message, detail, .. }) => Err(format!("{message}: {detail}")),
        None => Err("the task ended without a result".into()),
    };
    host.close()?;
    result
}

/// The last part of a URL's path, as a file name.
fn name_in(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let after_host = path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    match after_host.rsplit('/').next() {
        None | Some("" | "." | "..") => "download",
        Some(name) => name,
    }
}

/// Moves the file, also to another file system; what is there already stays.
fn store(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", to.display());
    let mut target = fs::File::create_new(to).map_err(failed)?;
    let mut source = fs::File::open(from).map_err(failed)?;
    std::io::copy(&mut source, &mut target).map_err(failed)?;
    Ok(())
}
