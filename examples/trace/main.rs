//! Shows traces of transfers as an HTML page with a waterfall.
//!
//! `cargo run --example trace -- traces.jsonl > page.html` makes a page from entries of `on_trace`, one per line.
//! Without an argument, it traces a few transfers with servers on this machine.

#[path = "../support/mod.rs"]
mod support;

mod page;

use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::{env, fs};

use support::host::{Call, Host, Settings, What};
use wxtransfer::ffi::options::WXT_LAN_ALL_LOCAL;
use wxtransfer_test_server::{FaultServer, Options, Script, Server, Step, Transport};

fn main() -> ExitCode {
    let lines = match env::args().nth(1) {
        Some(path) => fs::read_to_string(&path).map_err(|error| format!("{path}: {error}")),
        None => traced_transfers(),
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
fn traced_transfers() -> Result<String, String> {
    let server = Server::start(Options::default());
    let closing = FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead])]);
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = directory.path().join("photo.jpg");
    fs::write(&file, vec![7; 300_000]).map_err(|error| error.to_string())?;
    let (sender, events) = channel();
    let settings = Settings {
        directory: directory.path().to_str().ok_or("the temporary directory's name is not UTF-8")?,
        root_certificates: server.ca_pem(),
        lan_policy: WXT_LAN_ALL_LOCAL,
        traces: true,
        ..Settings::default()
    };
    let host = Host::open(&settings, sender)?;
    let urls = ["/redirect/302?to=/bytes/2000000", "/bytes/40000", "/drip?n=5&ms=20", "/status/404"];
    let urls = urls.map(|path| server.https_url(path)).into_iter().chain([closing.url("/closes")]);
    let mut lines = String::new();
    let mut collect = || {
        for event in &events {
            match event.what {
                What::Trace { entry } => lines.extend([entry.as_str(), "\n"]),
                What::Release => return,
                _ => {}
            }
        }
    };
    for (task, url) in urls.enumerate() {
        host.download(task, &Call::to(&url))?;
        collect();
    }
    host.upload(0, &Call::to(&server.https_url("/upload")), &file)?;
    collect();
    host.close()?;
    Ok(lines)
}
