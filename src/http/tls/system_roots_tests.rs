use std::sync::mpsc;

use rcgen::{CertificateParams, KeyPair};

use super::*;
use crate::http::tls::given_roots;
use crate::worker::{StopReason, StopSignal};

fn worker() -> (Arc<StopSignal>, Worker) {
    let stop = Arc::new(StopSignal::new());
    (stop.clone(), Worker::for_call(stop))
}

fn pem(name: &str) -> String {
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

fn verifier() -> Arc<dyn ServerCertVerifier> {
    let root = rustls_pem(&pem("a root"));
    Arc::new(given_roots(vec![root], Vec::new()).unwrap())
}

fn rustls_pem(text: &str) -> CertificateDer<'static> {
    super::super::pem::certificates(text.as_bytes()).unwrap().remove(0)
}

fn lacking() -> Error {
    Error::new(ErrorKind::OutOfResources, "a test")
}

#[test]
fn one_thread_makes_the_verifier_and_a_stop_ends_the_wait_of_another() {
    let shared = &SharedVerifier::new();
    let (begins, begun) = mpsc::channel();
    let (let_go, may_go_on) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let maker = scope.spawn(|| {
            shared.get(&worker().1, move || {
                begins.send(()).unwrap();
                may_go_on.recv().unwrap();
                Ok(verifier())
            })
        });
        begun.recv().unwrap();
        let (stop, stopped) = worker();
        let waits = scope.spawn(move || shared.get(&stopped, || panic!("another thread makes it")));
        let (_, patient) = worker();
        let patient = scope.spawn(move || shared.get(&patient, || panic!("another thread makes it")));
        stop.request(StopReason::Aborted);
        let error = waits.join().unwrap().unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
        let_go.send(()).unwrap();
        let made = maker.join().unwrap().unwrap();
        assert!(Arc::ptr_eq(&made, &patient.join().unwrap().unwrap()));
        assert!(Arc::ptr_eq(&made, &shared.get(&worker().1, || panic!("it is made")).unwrap()));
    });
}

#[test]
fn a_failure_is_that_of_one_call_and_the_next_thread_tries_again() {
    let shared = &SharedVerifier::new();
    let error = shared.get(&worker().1, || Err(lacking())).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::OutOfResources), "{error:?}");
    let panics = std::panic::AssertUnwindSafe(|| shared.get(&worker().1, || panic!("a test")));
    assert!(std::panic::catch_unwind(panics).is_err());

    let (begins, begun) = mpsc::channel();
    let (let_go, may_go_on) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let fails = scope.spawn(|| {
            shared.get(&worker().1, move || {
                begins.send(()).unwrap();
                may_go_on.recv().unwrap();
                Err(lacking())
            })
        });
        begun.recv().unwrap();
        let (_, worker) = worker();
        let next = scope.spawn(move || shared.get(&worker, || Ok(verifier())));
        while lock(&shared.0).waiting.is_empty() {
            std::thread::yield_now();
        }
        let_go.send(()).unwrap();
        fails.join().unwrap().unwrap_err();
        next.join().unwrap().unwrap();
    });
}

#[test]
fn every_readable_certificate_is_loaded_once() {
    let directory = tempfile::tempdir().unwrap();
    let place = |name: &str| directory.path().join(name);
    let (first, second, third) = (pem("first"), pem("second"), pem("third"));
    std::fs::write(place("all.pem"), format!("# a comment\n{first}\n{second}")).unwrap();
    std::fs::create_dir(place("roots")).unwrap();
    std::fs::create_dir(place("roots/directory")).unwrap();
    std::fs::write(place("roots/second.pem"), &second).unwrap();
    std::fs::write(place("roots/third.pem"), &third).unwrap();
    std::fs::write(place("roots/README"), "no certificate").unwrap();
    std::fs::write(place("roots/broken.pem"), &third[..third.len() / 2]).unwrap();
    std::os::unix::fs::symlink("third.pem", place("roots/0123abcd.0")).unwrap();
    std::os::unix::fs::symlink("nowhere", place("roots/dangling")).unwrap();
    let (roots, absent) = (place("roots"), place("absent"));
    let load_from = |file: &str, directories: &[PathBuf]| {
        let mut loaded = load(&worker().1, Some(&place(file)), directories).unwrap();
        loaded.sort_by_key(|certificate| certificate.to_vec());
        loaded
    };
    let mut expected = [&first, &second, &third].map(|text| rustls_pem(text));
    expected.sort_by_key(|certificate| certificate.to_vec());
    assert_eq!(load_from("all.pem", &[absent.clone(), roots.clone(), roots]), expected);
    assert_eq!(load_from("absent", &[absent]), []);
}

#[test]
fn a_stop_ends_the_loading_of_a_large_directory() {
    let directory = tempfile::tempdir().unwrap();
    for number in 0..64 {
        std::fs::write(directory.path().join(number.to_string()), "").unwrap();
    }
    let (stop, worker) = worker();
    stop.request(StopReason::Aborted);
    let error = load(&worker, None, &[directory.path().to_owned()]).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::Cancelled(StopReason::Aborted)), "{error:?}");
}

#[test]
fn a_lack_of_descriptors_is_no_missing_file() {
    for lack in [libc::EMFILE, libc::ENFILE, libc::ENOMEM] {
        let error = readable::<()>(Err(io::Error::from_raw_os_error(lack))).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::OutOfResources), "{error:?}");
    }
    for other in [libc::ENOENT, libc::EACCES, libc::EIO, libc::ELOOP] {
        assert!(readable::<()>(Err(io::Error::from_raw_os_error(other))).unwrap().is_none());
    }
}

#[test]
fn places_of_the_environment_replace_those_of_the_system() {
    let (file, list) = (Some(OsString::from("/one.pem")), Some(OsString::from("/a::/b")));
    let directories = || vec![PathBuf::from("/a"), PathBuf::from("/b")];
    assert_eq!(places(file.clone(), None), (Some(PathBuf::from("/one.pem")), vec![]));
    assert_eq!(places(None, list.clone()), (None, directories()));
    assert_eq!(places(file, list), (Some(PathBuf::from("/one.pem")), directories()));
    assert_eq!(places(None, Some(OsString::new())), places(None, None));
}

/// In a process of its own, which takes all descriptors that it may have.
#[test]
fn file_that_cannot_be_opened_for_lack_of_descriptors_fails_the_loading() {
    const NAME: &str =
        "http::tls::system_roots::tests::file_that_cannot_be_opened_for_lack_of_descriptors_fails_the_loading";
    const FILE: &str = "WXT_TEST_ROOTS";
    if let Some(file) = std::env::var_os(FILE) {
        let (_, worker) = worker();
        let taken: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();
        let error = load(&worker, Some(Path::new(&file)), &[]).unwrap_err();
        drop(taken);
        assert!(matches!(error.kind, ErrorKind::OutOfResources), "{error:?}");
        assert_eq!(load(&worker, Some(Path::new(&file)), &[]).unwrap().len(), 1);
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("root.pem");
    std::fs::write(&file, pem("a root")).unwrap();
    let limited = "ulimit -n 64 && exec \"$@\"";
    let mut process = std::process::Command::new("sh");
    process.args(["-c", limited, "sh"]).arg(std::env::current_exe().unwrap()).args(["--exact", NAME]).env(FILE, &file);
    let output = process.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}
