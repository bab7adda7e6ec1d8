//! Runs the C programs of `programs/`, each with its own servers and directory.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use wxtransfer_test_server::{
    Authority, BlackHole, ClientKey, Event, FaultServer, Identity, MaximumTls, Options, ProxyServer, Script, Server,
    Step, Transport, pattern_bytes, pattern_sha256, program_words,
};

use crate::random_server;
use crate::tools::{C99, c_compiler, library, output_directory, run, source, words};

/// The libraries that `rustc --print native-static-libs` lists for a static library.
#[cfg(target_vendor = "apple")]
const SYSTEM_LIBRARIES: &[&str] =
    &["-framework", "CoreFoundation", "-framework", "Security", "-lSystem", "-lc", "-lm", "-liconv"];
#[cfg(not(target_vendor = "apple"))]
const SYSTEM_LIBRARIES: &[&str] = &["-pthread", "-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];

/// The servers of one program, and a directory for its files.
struct Surroundings {
    server: Server,
    fault_plain: FaultServer,
    fault_tls: FaultServer,
    black_hole: BlackHole,
    directory: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Surroundings {
    fn start() -> Surroundings {
        Surroundings {
            server: Server::start(Options::default()),
            fault_plain: FaultServer::by_target(Transport::Plain),
            fault_tls: FaultServer::by_target(Transport::TLS),
            black_hole: BlackHole::start(),
            directory: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    /// The path of the file into which the server has written a client certificate.
    fn client_file(&self, which: &str) -> String {
        let file = self.server.ca_file().with_file_name(format!("client-{which}.pem"));
        file.to_str().unwrap().to_owned()
    }

    /// Passes further information to the program in an environment variable.
    fn tell(&mut self, name: &'static str, value: String) {
        self.variables.push((name, value));
    }

    /// Compiles the program, runs it to its end, and checks the files that it left.
    fn run(&self, name: &str) -> Output {
        self.run_program(&compile_and_link(name, "ffi-tests", "include"))
    }

    fn run_program(&self, program: &Path) -> Output {
        let output = run(runner(program)
            .env("WXT_VERSION", env!("CARGO_PKG_VERSION"))
            .env("WXT_DIRECTORY", self.directory.path())
            .env("WXT_PLAIN_URL", self.server.url(""))
            .env("WXT_TLS_URL", self.server.https_url(""))
            .env("WXT_FAULT_PLAIN_URL", self.fault_plain.url(""))
            .env("WXT_FAULT_TLS_URL", self.fault_tls.url(""))
            .env("WXT_BLACK_HOLE_URL", self.black_hole.url(""))
            .env("WXT_CA_FILE", self.server.ca_file())
            .envs(self.variables.iter().map(|(name, value)| (name, value))));
        // Every session was closed, so no temporary or incomplete files may be left, except in directories that were set
        // aside for the next opening: on a busy machine the 100 ms that a close deletes for can be too short.
        let left: Vec<PathBuf> = files_below(self.directory.path())
            .into_iter()
            .filter(|file| {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let is_set_aside =
                    file.components().any(|part| part.as_os_str().to_string_lossy().ends_with(".keep-0"));
                !is_set_aside && (name.starts_with("tmp_") || file.extension() == Some(OsStr::new("part")))
            })
            .collect();
        assert!(left.is_empty(), "{} left {left:?}", program.display());
        output
    }
}

/// The program `name` of a directory of programs, with the header of another directory; both are in this package.
fn compile_and_link(name: &str, programs: &str, header: &str) -> PathBuf {
    // The directory of a release may be anywhere.
    let last = Path::new(programs).file_name().unwrap().to_str().unwrap();
    let program = output_directory(&format!("programs/{last}")).join(name);
    let header = source(header);
    let flags = [C99, &["-I", header.to_str().unwrap()]].concat();
    run(c_compiler(&flags)
        .args(["-g", "-o"])
        .arg(&program)
        .arg(source(&format!("{programs}/programs/{name}.c")))
        .arg(library("libwxtransfer.a"))
        .args(SYSTEM_LIBRARIES)
        .args(words("LDFLAGS")));
    program
}

/// The program itself, or the command that runs it: an emulator, valgrind.
fn runner(program: &Path) -> Command {
    let words = program_words(program);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

#[test]
fn upload() {
    let mut surroundings = Surroundings::start();
    let sha256: String = pattern_sha256(3_000_000).iter().map(|byte| format!("{byte:02x}")).collect();
    surroundings.tell("WXT_PATTERN_3000000_SHA256", sha256);
    surroundings.run("upload");
}

#[test]
fn download() {
    Surroundings::start().run("download");
}

#[test]
fn integrity() {
    let mut surroundings = Surroundings::start();
    let sha256: String = pattern_sha256(100_000).iter().map(|byte| format!("{byte:02x}")).collect();
    surroundings.tell("WXT_PATTERN_100000_SHA256", sha256);
    surroundings.run("integrity");
}

#[test]
fn bad_network() {
    let mut surroundings = Surroundings::start();
    let body = pattern_bytes(0, 10_000);
    let tag = ("ETag", "\"v1\"");
    // In this order: a 503, a reset without an answer, a body that breaks off, and the rest of that body.
    let scripts = vec![
        Script::answer(503, &[("Retry-After", "0")], b"busy"),
        Script::new([Step::ReadHead, Step::Reset]),
        Script::fault_at(4000, &[tag], &body, Step::Close),
        Script::answer(206, &[tag, ("Content-Range", "bytes 4000-9999/10000")], &body[4000..]),
    ];
    let downloads = FaultServer::start(Transport::TLS, scripts);
    let uploads =
        FaultServer::start(Transport::TLS, vec![Script::new([Step::ReadHead]), Script::answer(200, &[], b"done")]);
    surroundings.tell("WXT_DOWNLOAD_URL", downloads.url("/file"));
    surroundings.tell("WXT_UPLOAD_URL", uploads.url("/upload"));
    surroundings.run("bad_network");
}

#[test]
fn long_transfers() {
    let mut surroundings = Surroundings::start();
    let body = pattern_bytes(0, 100_000);
    let tag = ("ETag", "\"v1\"");
    // A program under an emulator needs longer to begin all of its tasks.
    let slowness = if env::var_os("WXT_RUNNER").is_some() { 3 } else { 1 };
    surroundings.tell("WXT_SLOWNESS", slowness.to_string());
    let patience = Duration::from_secs(3) * slowness;
    let download = |next| {
        let breaks_off = Script::fault_at(40_000, &[tag], &body, Step::Delay(patience)).then(Step::Reset);
        FaultServer::start(Transport::Plain, vec![breaks_off, next])
    };
    let rest = || Script::answer(206, &[tag, ("Content-Range", "bytes 40000-99999/100000")], &body[40_000..]);
    let loses_patience = [Step::ReadHead, Step::ReadBody(1000), Step::Delay(patience), Step::Reset];
    let busy = |_| Script::answer(503, &[("Retry-After", "90"), ("Connection", "close")], b"busy");
    let servers = [
        ("WXT_RESUMED_URL", download(rest())),
        ("WXT_ANEW_URL", download(Script::answer(200, &[tag], &body))),
        ("WXT_BROKEN_URL", download(rest())),
        (
            "WXT_AGAIN_URL",
            FaultServer::start(Transport::Plain, vec![Script::new(loses_patience), Script::answer(200, &[], b"done")]),
        ),
        ("WXT_BUSY_URL", FaultServer::start_with(Transport::Plain, busy)),
    ];
    for (name, server) in &servers {
        surroundings.tell(name, server.url("/"));
    }
    surroundings.run("long_transfers");
}

#[test]
fn rates() {
    Surroundings::start().run("rates");
}

#[test]
fn retries() {
    Surroundings::start().run("retries");
}

#[test]
fn containers() {
    Surroundings::start().run("containers");
}

#[test]
fn upload_bodies() {
    let mut surroundings = Surroundings::start();
    let sha256: String = pattern_sha256(100_000).iter().map(|byte| format!("{byte:02x}")).collect();
    surroundings.tell("WXT_PATTERN_100000_SHA256", sha256);
    surroundings.run("upload_bodies");
}

/// `large-upload.sh` makes the parts larger.
#[test]
fn hundred_parts() {
    let output = Surroundings::start().run("hundred_parts");
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn profile() {
    Surroundings::start().run("profile");
}

#[test]
fn callbacks() {
    Surroundings::start().run("callbacks");
}

#[test]
fn abort() {
    Surroundings::start().run("abort");
}

#[test]
fn limits() {
    Surroundings::start().run("limits");
}

#[test]
fn session() {
    Surroundings::start().run("session");
}

#[test]
fn bad_input() {
    let surroundings = Surroundings::start();
    surroundings.run("bad_input");
    assert_eq!(surroundings.server.connections(), 0, "{:?}", surroundings.server.requests());
    assert_eq!(surroundings.fault_plain.connections() + surroundings.fault_tls.connections(), 0);
}

#[test]
fn executor() {
    Surroundings::start().run("executor");
}

#[test]
fn resolver() {
    let surroundings = Surroundings::start();
    surroundings.run("resolver");
    // Late answers to ended tasks have caused no request.
    let targets: Vec<_> = surroundings.server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/headers", "/bytes/1", "/bytes/10", "/bytes/10"]);
}

/// The example of `docs/trust.md`: the server receives the certificate, and then the trust changes.
#[test]
fn trust() {
    let mut surroundings = Surroundings::start();
    surroundings.tell("WXT_MUTUAL_URL", surroundings.server.mutual_url(""));
    surroundings.tell("WXT_CLIENT_FILE", surroundings.client_file("ecdsa"));
    let pin: String = Authority::shared().spki_sha256().iter().map(|byte| format!("{byte:02x}")).collect();
    surroundings.tell("WXT_PIN", pin);
    surroundings.run("trust");
}

#[test]
fn client_certificates() {
    let mut surroundings = Surroundings::start();
    let tls12 = Server::start(Options { maximum_tls: MaximumTls::Tls12, ..Options::default() });
    surroundings.tell("WXT_MUTUAL_URL", surroundings.server.mutual_url(""));
    surroundings.tell("WXT_MUTUAL_TLS12_URL", tls12.mutual_url(""));
    for (name, which) in
        [("WXT_CLIENT_ECDSA_FILE", "ecdsa"), ("WXT_CLIENT_RSA_FILE", "rsa"), ("WXT_CLIENT_EXPIRED_FILE", "expired")]
    {
        surroundings.tell(name, surroundings.client_file(which));
    }
    // The proxy opens a tunnel and never sees the certificate, which is sent inside of it.
    let proxy = ProxyServer::start(None);
    surroundings.tell("WXT_PROXY_URL", proxy.url());
    surroundings.run("client_certificates");
    for (server, version) in [(&surroundings.server, "TLSv1_3"), (&tls12, "TLSv1_2")] {
        let shown: Vec<_> = server
            .requests()
            .into_iter()
            .filter(|request| request.target == "/bytes/10")
            .filter_map(|request| request.tls)
            .map(|tls| (tls.version, tls.client))
            .collect();
        for which in [ClientKey::Ecdsa, ClientKey::Rsa] {
            assert!(shown.contains(&(version.to_owned(), Some(which))), "{which:?}: {shown:?}");
        }
        assert!(shown.iter().all(|(_, client)| client.is_some_and(|client| client != ClientKey::Expired)), "{shown:?}");
    }
}

#[test]
fn quirks() {
    Surroundings::start().run("quirks");
}

#[test]
fn background() {
    let surroundings = Surroundings::start();
    surroundings.run("background");
    let targets: Vec<_> = surroundings.server.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/upload", "/bytes/10"], "a refused call, or one that waited to the end, was sent");
}

#[test]
fn network() {
    Surroundings::start().run("network");
}

#[test]
fn seeing() {
    Surroundings::start().run("seeing");
}

#[test]
fn failures() {
    let mut surroundings = Surroundings::start();
    let shows = |identity| Transport::Tls { identity, maximum: MaximumTls::Tls13 };
    // If a server is accepted by mistake, it answers, and the program sees a success instead of a failure.
    let answers = |identity| FaultServer::start(shows(identity), vec![Script::answer(200, &[], b"trusted")]);
    let refused = [
        ("WXT_EXPIRED_URL", answers(Identity::Expired)),
        ("WXT_NOT_YET_VALID_URL", answers(Identity::NotYetValid)),
        ("WXT_WRONG_HOST_URL", answers(Identity::WrongHost)),
        ("WXT_SELF_SIGNED_URL", answers(Identity::SelfSigned)),
        ("WXT_UNKNOWN_CA_URL", answers(Identity::UnknownCa)),
        ("WXT_MISSING_INTERMEDIATE_URL", answers(Identity::MissingIntermediate)),
        ("WXT_TLS_1_1_URL", FaultServer::start(Transport::TLS, vec![Script::new([Step::ChooseTls11])])),
        (
            "WXT_NO_TLS_URL",
            FaultServer::start(
                Transport::TLS,
                vec![Script::new([Step::PlainOnTlsPort, Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())])],
            ),
        ),
    ];
    for (name, server) in &refused {
        surroundings.tell(name, server.url(""));
    }
    let pin: String = Authority::shared().spki_sha256().iter().map(|byte| format!("{byte:02x}")).collect();
    surroundings.tell("WXT_PIN", pin);
    surroundings.run("failures");
    for (name, server) in &refused {
        assert!(server.happened(Event::ConnectionAccepted(0)), "{name} was not asked");
        assert!(!server.happened(Event::HeadRead(0)), "{name} was sent a request");
    }
}

#[test]
fn errnos() {
    let mut surroundings = Surroundings::start();
    let tls = Transport::Tls { identity: Identity::Expired, maximum: MaximumTls::Tls13 };
    let expired = FaultServer::start(tls, vec![Script::answer(200, &[], b"trusted")]);
    let no_tls = [Step::PlainOnTlsPort, Step::Send(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec())];
    let no_tls = FaultServer::start(Transport::TLS, vec![Script::new(no_tls)]);
    surroundings.tell("WXT_EXPIRED_URL", expired.url(""));
    surroundings.tell("WXT_NO_TLS_URL", no_tls.url(""));
    surroundings.run("errnos");
}

#[test]
fn files() {
    Surroundings::start().run("files");
}

#[test]
fn file_system() {
    Surroundings::start().run("file_system");
}

#[test]
fn threads() {
    Surroundings::start().run("threads");
}

/// `stress.sh` makes it longer.
#[test]
fn stress() {
    run_stress("ffi-tests", "include");
}

/// A release's host, compiled with the release's header, runs with the current library. `abi.sh --record` stores both in
/// `ffi-tests/releases`, which does not exist before the first release. `abi.sh` names a directory with one.
#[test]
fn hosts_of_earlier_releases() {
    let directory = match env::var_os("WXT_RELEASES") {
        Some(directory) => PathBuf::from(directory),
        None if source("ffi-tests/releases").exists() => source("ffi-tests/releases"),
        None => return,
    };
    let mut count = 0;
    for release in fs::read_dir(directory).unwrap() {
        let release = release.unwrap().path();
        run_stress(release.to_str().unwrap(), release.to_str().unwrap());
        count += 1;
    }
    assert!(count > 0, "there is no release");
}

fn run_stress(programs: &str, header: &str) {
    let mut surroundings = Surroundings::start();
    let _servers = start_random_servers(&mut surroundings);
    surroundings.tell("WXT_MUTUAL_URL", surroundings.server.mutual_url(""));
    surroundings.tell("WXT_CLIENT_FILE", surroundings.client_file("ecdsa"));
    let output = surroundings.run_program(&compile_and_link("stress", programs, header));
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

fn start_random_servers(surroundings: &mut Surroundings) -> [FaultServer; 2] {
    let plain = random_server::start(Transport::Plain);
    let tls = random_server::start(Transport::TLS);
    surroundings.tell("WXT_RANDOM_PLAIN_URL", plain.url(""));
    surroundings.tell("WXT_RANDOM_TLS_URL", tls.url(""));
    [plain, tls]
}

/// `soak.sh` makes it longer.
#[test]
fn soak() {
    let mut surroundings = Surroundings::start();
    let _servers = start_random_servers(&mut surroundings);
    for (name, length) in [("WXT_LARGE_SHA256", 8 << 20), ("WXT_SMALL_SHA256", 16 << 10)] {
        let sha256: String = pattern_sha256(length).iter().map(|byte| format!("{byte:02x}")).collect();
        surroundings.tell(name, sha256);
    }
    let output = surroundings.run("soak");
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn resources() {
    Surroundings::start().run("resources");
}
