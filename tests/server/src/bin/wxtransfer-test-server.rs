//! The test servers for tests that cannot link them: prints the servers' addresses, and ends when its standard input
//! closes.
//!
//! `wxtransfer-test-server [--directory D]`: `ca.pem` and the client certificates go to D, or to a temporary directory.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use wxtransfer_test_server::{FaultServer, Options, Server, Transport};

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.to_str(), arguments.next()) {
            (Some("--directory"), Some(directory)) => options.directory = Some(directory.into()),
            _ => {
                eprintln!("usage: wxtransfer-test-server [--directory D]");
                return ExitCode::from(2);
            }
        }
    }
    match serve(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wxtransfer-test-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(options: Options) -> io::Result<()> {
    if let Some(directory) = &options.directory {
        std::fs::create_dir_all(directory)?;
    }
    let server = Server::start(options);
    let fault_plain = FaultServer::by_target(Transport::Plain);
    let fault_tls = FaultServer::by_target(Transport::TLS);

    let mut output = io::stdout().lock();
    writeln!(output, "plain {}", server.url(""))?;
    writeln!(output, "tls {}", server.https_url(""))?;
    writeln!(output, "mutual-tls {}", server.mutual_url(""))?;
    writeln!(output, "fault-plain {}", fault_plain.url(""))?;
    writeln!(output, "fault-tls {}", fault_tls.url(""))?;
    writeln!(output, "ca {}", server.ca_file().display())?;
    writeln!(output, "ready")?;
    output.flush()?;

    let mut ignored = [0; 4096];
    while io::stdin().read(&mut ignored)? > 0 {}
    Ok(())
}
