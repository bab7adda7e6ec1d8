//! The program as a C, Swift or Kotlin test uses it.

mod client;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use client::{connect, connect_tls, get, trusting_pem};
use wxtransfer_test_server::{pattern_bytes, program_words};

#[test]
fn program_prints_its_addresses_and_ends_with_its_input() {
    let directory = tempfile::tempdir().expect("a directory");
    let words = program_words(env!("CARGO_BIN_EXE_wxtransfer-test-server"));
    let mut program = Command::new(&words[0])
        .args(&words[1..])
        .arg("--directory")
        .arg(directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let output = BufReader::new(program.stdout.take().expect("its output"));
    let lines: Vec<String> =
        output.lines().map(|line| line.expect("a line")).take_while(|line| line != "ready").collect();
    let value = |name: &str| {
        let found = lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {name} in {lines:?}"))
    };
    let address = |url: &str| -> SocketAddr {
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        ([127, 0, 0, 1], port).into()
    };
    assert_eq!(value("ca"), directory.path().join("ca.pem").to_str().expect("UTF-8"));
    let config = trusting_pem(&std::fs::read(value("ca")).expect("ca.pem"));

    assert!(value("plain").starts_with("http://127.0.0.1:"));
    assert_eq!(get(connect(address(value("plain"))), "/bytes/3", "").body, pattern_bytes(0, 3));
    assert!(value("mutual-tls").starts_with("https://localhost:"));
    for name in ["ecdsa", "ecdsa-p384", "ed25519", "rsa", "expired"] {
        for extension in ["pem", "key"] {
            assert!(directory.path().join(format!("client-{name}.{extension}")).exists(), "{name}.{extension}");
        }
    }
    assert!(value("tls").starts_with("https://localhost:"));
    let tls = connect_tls(address(value("tls")), &config).expect("a handshake");
    assert_eq!(get(tls, "/bytes/3", "").body, pattern_bytes(0, 3));
    assert_eq!(get(connect(address(value("fault-plain"))), "/fault/early-answer", "").status, 413);
    let tls = connect_tls(address(value("fault-tls")), &config).expect("a handshake");
    assert_eq!(get(tls, "/fault/early-answer", "").status, 413);

    drop(program.stdin.take());
    assert!(program.wait().expect("its end").success());
}

/// The words of a text that are paths of faults.
fn faults(text: &str) -> BTreeSet<&str> {
    let words = text.split(|part: char| !part.is_ascii_lowercase() && !"/-".contains(part));
    words.filter(|word| word.starts_with("/fault/") && word.len() > "/fault/".len()).collect()
}

#[test]
fn the_readme_has_every_path() {
    let readme = include_str!("../README.md");
    assert_eq!(faults(readme), faults(include_str!("../src/fault/targets.rs")));
    assert!(faults(readme).len() > 10, "too few paths were found");
    let arms = include_str!("../src/honest/routes.rs").lines().filter_map(|line| line.trim().strip_prefix("[\""));
    let routes: BTreeSet<&str> = arms.filter_map(|arm| arm.split('"').next()).collect();
    assert!(routes.len() > 8, "too few routes were found: {routes:?}");
    for route in routes {
        assert!(readme.contains(&format!("| `/{route}")), "no row of {route}");
    }
}
