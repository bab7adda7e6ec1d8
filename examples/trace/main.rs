//! Shows traces of transfers as an HTML page with a waterfall.
//!
//! `cargo run --example trace -- traces.jsonl > page.html` makes a page from entries of `on_trace`, one per line.
//! Without an argument, it traces a few transfers with servers on this machine.

#[path = "../support/mod.rs"]
mod support;

mod page;

use std::error::Error;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::{env, fs};

use support::host::{Host, What, options, upload_of};
use wxtransfer::{DownloadRequest, LanPolicy};
use wxtransfer_test_server::{FaultServer, Options, Script, Server, Step, Transport};

fn main() -> ExitCode {
    let lines = match env::args().nth(1) {
        Some(path) => fs::read_to_string(&path).map_err(|error| format!("{path}: {error}")),
        None => traced_transfers().map_err(|error| error.to_string()),
    };
    match lines.and_then(|lines| page::render(&lines)) {
        Ok(html) => {
            print!("{html}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes downloads, redirects, failures and an upload, one after another. Returns one line per request.
fn traced_transfers() -> Result<String, Box<dyn Error>> {
    let server = Server::start(Options::default());
    let closing = FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead])]);
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("photo.jpg");
    fs::write(&file, vec![7; 300_000])?;
    let (sender, events) = channel();
    let mut options = options(directory.path());
    options.root_certificates = Some(server.ca_pem().into());
    options.lan_policy = LanPolicy::AllLocal;
    let host = Host::open(options, true, sender)?;
    let urls = ["/redirect/302?to=/bytes/2000000", "/bytes/40000", "/drip?n=5&ms=20", "/status/404"];
    let urls = urls.map(|path| server.https_url(path)).into_iter().chain([closing.url("/closes")]);
    let mut lines = String::new();
    let mut collect = || {
        for event in &events {
            match event.what {
                What::Trace(entry) => lines.extend([entry.as_str(), "\n"]),
                What::End(_) => return,
                _ => {}
            }
        }
    };
    for (task, url) in urls.enumerate() {
        host.download(task, DownloadRequest::new(url))?;
        collect();
    }
    host.upload(0, upload_of(&server.https_url("/upload"), &file)?)?;
    collect();
    host.close()?;
    Ok(lines)
}
