//! The library behind a page in a browser: `cargo run --release --example playground`, then open the printed address.
//!
//! A host of mini programs on this machine. It answers the messages of `bindings/javascript.md` with the library.
//! Everything uses the loopback interface, also the servers for the page. `--port PORT` sets the port of
//! the page; the default is a free one.
//!
//! With `--stdio`, the program takes the messages of a page from the standard input, one per line; `stdio.rs` describes
//! the lines. Its options:
//!
//! | option | default |
//! |---|---|
//! | `--data-directory DIRECTORY` | a temporary one |
//! | `--domain ENTRY`, any number of times: an entry of both domain lists | none |
//! | `--skip-domain-check` | the lists are checked |
//! | `--allow-plain-http`, `--all-local` | off |
//! | `--platform ios` or `android` | another platform |
//! | `--client-version VERSION` | 8.0.50 |
//! | `--base-library-version VERSION` | the newest |
//! | `--app-version VERSION` | 0, the development version |
//! | `--ca FILE`: the only root certificates to trust | the system's |
//! | `--proxy URL` | none |

mod bridge;
mod call;
mod content;
mod files;
mod http;
mod servers;
mod session;
mod stdio;
mod task;
mod voice;
mod web;

use std::process::ExitCode;
use std::{env, fs};

use session::Settings;

const USAGE: &str = "usage: playground [--port PORT]
       playground --stdio [--data-directory DIRECTORY] [--domain ENTRY]... [--skip-domain-check]
                  [--allow-plain-http] [--all-local] [--platform NAME] [--client-version VERSION]
                  [--base-library-version VERSION] [--app-version VERSION] [--ca FILE] [--proxy URL]";

fn main() -> ExitCode {
    let Some(arguments) = parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("playground: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The command line.
#[derive(Default)]
struct Arguments {
    stdio: bool,
    /// The port of the page. 0 means a free one.
    port: u16,
    settings: Settings,
    /// The file of the root certificates.
    ca: Option<String>,
}

fn parse(mut words: impl Iterator<Item = String>) -> Option<Arguments> {
    let mut arguments = Arguments::default();
    let settings = &mut arguments.settings;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--stdio" => arguments.stdio = true,
            "--port" => arguments.port = words.next()?.parse().ok()?,
            "--data-directory" => settings.data_directory = words.next()?,
            "--domain" => settings.domains.push(words.next()?),
            "--skip-domain-check" => settings.skip_domain_check = true,
            "--allow-plain-http" => settings.allow_plain_http = true,
            "--all-local" => settings.all_local = true,
            "--platform" => settings.platform = words.next()?,
            "--client-version" => settings.client_version = words.next()?,
            "--base-library-version" => settings.base_library_version = words.next()?,
            "--app-version" => settings.app_version = words.next()?,
            "--ca" => arguments.ca = Some(words.next()?),
            "--proxy" => settings.proxy = words.next()?,
            _ => return None,
        }
    }
    Some(arguments)
}

fn run(mut arguments: Arguments) -> Result<(), String> {
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    let settings = &mut arguments.settings;
    if settings.data_directory.is_empty() {
        settings.data_directory = temporary.path().to_str().ok_or("the temporary directory is not UTF-8")?.to_owned();
    }
    if let Some(path) = &arguments.ca {
        settings.root_certificates = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    }
    if arguments.stdio { stdio::run(settings) } else { web::run(arguments.port, &settings.data_directory) }
}
