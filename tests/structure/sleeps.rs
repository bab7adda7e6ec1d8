//! Threads sleep only in the listed places. A call that may block is recognised by a part of its name. Harmless names
//! that contain such a part must be listed, so a new one fails the test.

use std::collections::BTreeSet;

use super::sources;
use super::words::words_of;

/// No name may contain one of these, ignoring case, unless it is listed below.
const PARTS: [&str; 40] = [
    "addrinfo",
    "barrier",
    "block_on",
    "call_once",
    "condvar",
    "connect_timeout",
    "crossbeam",
    "flock",
    "futex",
    "get_or_init",
    "get_or_try_init",
    "hostby",
    "joinhandle",
    "kevent",
    "lazy",
    "lockf",
    "mpsc",
    "nameinfo",
    "park",
    "poll",
    "pthread_join",
    "ready_timeout",
    "receiver",
    "recv",
    "rwlock",
    "select",
    "semaphore",
    "send_timeout",
    "setlkw",
    "socket_addrs",
    "socketaddrs",
    "sleep",
    "spin",
    "tcplistener",
    "tcpstream",
    "udpsocket",
    "unixlistener",
    "unixstream",
    "wait",
    "yield_now",
];

/// Words that are too short or too common to be searched as a part, and calls.
const PHRASES: [&str; 17] = [
    "Child",
    "Command",
    "LockExclusive",
    "LockShared",
    "libc::pause",
    "rx",
    "scope",
    "File::lock",
    "Mutex::lock",
    "lock_shared",
    "accept4",
    "::accept(",
    ".accept()",
    ".connect(",
    ".join()",
    ".lock()",
    "::connect(",
];

/// Names that do not block a thread, with the reason.
const HARMLESS: [(&str, &[&str]); 9] = [
    ("the name of an option", &["wait_in_background"]),
    (
        "the worker's wait, and functions that call it with the worker as an argument",
        &[
            "worker.wait(",
            "worker().wait(",
            "stream.wait(",
            "stream_mut().wait(",
            "attempts.wait(",
            "clock.wait(",
            "fn wait(",
            "wait_for",
            "wait_for_others",
            "wait_for_pipe",
            "wait_for_source",
            "wait_for_while_open",
            "wait_from",
            "wait_at_speed",
            "wait_for_turn",
            "wait_for_more",
            "wait_to_send",
            "await_input",
            "await_leaving",
            "await_opening",
        ],
    ),
    (
        "names of values, not of blocking functions",
        &["WaitError", "let wait =", "may_wait", "tasks_waiting", "waited", "waiting"],
    ),
    ("a phase of an exchange", &["wait: Duration", "send, wait, receive", "self.wait)"]),
    ("the module of the worker's wait", &["mod wait;", "use wait::", "wait::"]),
    ("descriptors that a wait watches, and their events", &["PollFd", "PollFlags", "polled"]),
    ("sizes and addresses", &["recv_buffer_size", "ResolvedSocketAddrs"]),
    (
        "reasons of a failed handshake",
        &["SelectedUnofferedCipherSuite", "SelectedUnofferedKxGroup", "SelectedUnusableCipherSuiteForVersion"],
    ),
    ("the library's own connections, which `http/connect.rs` makes", &["self.connect(", "TlsStream::connect("]),
];

/// The files in which a thread may sleep, the names of the calls, and the reason why no deadline, abort or close is
/// delayed.
const MAY_SLEEP: [(&str, &[&str], &str); 17] = [
    (
        "worker/wait.rs",
        &["poll", "poll_with", "sleep", "wait_until_readable"],
        "a worker's wait; the stop signal ends it",
    ),
    (
        "platform/sync.rs",
        &["Condvar", "Receiver", "crossbeam_channel", ".lock()"],
        "a mutex is held only for a few steps; the other names are declared here and used elsewhere",
    ),
    (
        "worker/mod.rs",
        &["get_or_try_init", "yield_now"],
        "the waker is made with two system calls; one yield, when the task is over",
    ),
    (
        "worker/pool.rs",
        &["JoinHandle", ".join()", "park", "park_timeout", "unpark", "wait_for_work"],
        "threads without work; closing joins them after their work was stopped",
    ),
    (
        "worker/timer.rs",
        &["Condvar", "JoinHandle", ".join()", "wait", "wait_timeout"],
        "the timer's thread between two actions; an action is short",
    ),
    (
        "session/gate.rs",
        &["Condvar", "wait"],
        "closing a session waits for running calls; its stop signals end their waits",
    ),
    (
        "task/delivery.rs",
        &[
            "Condvar",
            "JoinHandle",
            "Receiver",
            ".join()",
            "park",
            "receiver",
            "try_recv",
            "unpark",
            "wait",
            "yield_now",
        ],
        "the delivery thread between two events; closing waits only for the host's callback",
    ),
    (
        "http/resolver/system.rs",
        &["Lazy", "ToSocketAddrs", "to_socket_addrs"],
        "look-up threads; a task can stop waiting for them at any time",
    ),
    // Other threads wait while one makes the value of a cell. So nothing that may take long is made in one.
    ("platform/trust_store/android.rs", &["get_or_init"], "the value exists already"),
    ("policy/media_types.rs", &["Lazy"], "a list is sorted once"),
    ("http/exchange.rs", &["get_or_init"], "the value exists already, or is a few words"),
    ("http/ureq/mod.rs", &["Lazy"], "a few words"),
    ("http/pool.rs", &["Lazy"], "of one thread"),
    ("http/tls/mod.rs", &["get_or_init", "get_or_try_init"], "a configuration, whose roots are loaded before"),
    ("http/connect.rs", &[".connect("], "the socket does not block"),
    ("storage/directory.rs", &["FlockOperation", "flock"], "a lock is tried and never waited for"),
    ("storage/partials.rs", &["FlockOperation", "flock"], "a lock is tried and never waited for"),
];

/// The allowed renamed imports. No others are allowed, because a renamed blocking call would not be recognised.
const ALIASES: [&str; 8] = [
    "TCP_CONNECTION_INFO as TCP_INFO",
    "tcp_connection_info as TcpInfo",
    "self as address",
    "Transport as UreqTransport",
    "STANDARD as BASE64",
    "Error as Tls",
    "VirtualPath as ParsedPath",
    "parse as parse_path",
];

/// The calls in a piece of code that may block.
fn sleeps_of(code: &str) -> Vec<String> {
    let words = words_of(code);
    let mut harmless = vec![false; words.len()];
    for phrase in HARMLESS.iter().flat_map(|(_, phrases)| *phrases) {
        for (start, length) in places_of(&words, phrase) {
            harmless[start..start + length].fill(true);
        }
    }
    let mut found = BTreeSet::new();
    for (word, _) in words.iter().zip(&harmless).filter(|(_, harmless)| !**harmless) {
        let lower = word.to_ascii_lowercase();
        if PARTS.iter().any(|part| lower.contains(part)) {
            found.insert(word.clone());
        }
    }
    for phrase in PHRASES {
        if places_of(&words, phrase).into_iter().any(|(start, length)| !harmless[start..start + length].contains(&true))
        {
            found.insert(phrase.to_owned());
        }
    }
    found.into_iter().collect()
}

/// The positions where the words of the phrase follow each other, with their number.
fn places_of(words: &[String], phrase: &str) -> Vec<(usize, usize)> {
    let phrase = words_of(phrase);
    let places = words.windows(phrase.len()).enumerate().filter(|(_, window)| *window == phrase.as_slice());
    places.map(|(start, _)| (start, phrase.len())).collect()
}

#[test]
fn threads_sleep_only_in_listed_places() {
    let mut used = BTreeSet::new();
    let mut faults = Vec::new();
    for source in sources() {
        for sleep in sleeps_of(&source.lines.join("\n")) {
            let mut allowed = MAY_SLEEP.iter().filter(|(path, _, _)| *path == source.path);
            if allowed.any(|(_, sleeps, _)| sleeps.contains(&sleep.as_str())) {
                used.insert((source.path.clone(), sleep));
            } else {
                faults.push(format!("{}: {sleep}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "wait with `Worker::wait` or `Worker::wait_for`:\n{}", faults.join("\n"));
    let allowed = MAY_SLEEP
        .iter()
        .flat_map(|(path, sleeps, _)| sleeps.iter().map(|sleep| ((*path).to_owned(), (*sleep).to_owned())));
    let unused: Vec<_> = allowed.filter(|pair| !used.contains(pair)).collect();
    assert!(unused.is_empty(), "no thread sleeps there any more: {unused:?}");
}

#[test]
fn every_listed_name_still_exists() {
    let all: Vec<Vec<String>> = sources().iter().map(|source| words_of(&source.lines.join("\n"))).collect();
    let is_gone = |phrase: &&str| !all.iter().any(|words| !places_of(words, phrase).is_empty());
    let gone: Vec<_> = HARMLESS.iter().flat_map(|(_, phrases)| phrases.iter().copied()).filter(is_gone).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

#[test]
fn imports_are_not_renamed() {
    let mut found = BTreeSet::new();
    for source in sources() {
        let words = words_of(&source.lines.join("\n"));
        for (start, _) in places_of(&words, "use") {
            let item = words[start..].split(|word| word == ";").next().unwrap_or_default();
            for alias in item.windows(3).filter(|window| window[1] == "as" && window[2] != "_") {
                found.insert(alias.join(" "));
            }
        }
    }
    assert_eq!(found, ALIASES.map(str::to_owned).into());
}

/// Each of these would block a thread.
#[test]
fn every_blocking_call_is_found() {
    for code in [
        "std::thread::sleep(PAUSE)",
        "CELL.get_or_init(|| read_files())",
        "ONCE.call_once(|| read_files())",
        "static ROOTS: Lazy<Roots> = Lazy::new(read_files)",
        "libc::nanosleep(&time, null_mut())",
        "libc::usleep(10)",
        "libc::pselect(0, a, b, c, d, e)",
        "libc::getaddrinfo(name, null(), &hints, &mut list)",
        "rustix::thread::clock_nanosleep_relative(clock, &time)",
        "rustix::event::poll(&mut polled, None)",
        "use rustix::event::poll as look;",
        "poll (&mut polled, None)",
        "poll::<8>(polled)",
        "[f].map(thread::sleep)",
        "epoll::wait(&epoll, &mut events, None)",
        "kevent(&queue, &changes, &mut events, None)",
        "libc::ppoll(a, b, c, d)",
        "queue.recv()",
        "queue.recv_timeout(LIMIT)",
        "queue.recv_deadline(limit)",
        "queue.send_timeout(job, LIMIT)",
        "Select::ready(&mut select)",
        "operations.ready_timeout(LIMIT)",
        "crossbeam_channel::select! { recv(a) -> b => {} }",
        "for x in rx {}",
        "fn run(jobs: Receiver<Job>) { for job in jobs {} }",
        "use std::sync::mpsc;",
        "handle.join()",
        "handle\n    .join()",
        "handle . /* the last one */ join ( )",
        "JoinHandle::join(h)",
        "thread::scope(|scope| {})",
        "state = changed.wait(g)",
        "changed.wait_while(g, |_| true)",
        "child.wait()",
        "Command::new(\"sh\").status()",
        "Condvar::new()",
        "Barrier::new(2)",
        "thread::park()",
        "thread::park_timeout(LIMIT)",
        "flock(&file, LockExclusive)",
        "rustix::fs::flock(&file, FlockOperation::LockShared)",
        "file.lock()",
        "File::lock(&file)",
        "file.lock_shared()",
        "TcpStream::connect(address)",
        "socket.connect(&address)",
        "socket.connect_timeout(&address, LIMIT)",
        "(host, 0).to_socket_addrs()",
        "while !done() { thread::yield_now() }",
        "while !done() { std::hint::spin_loop() }",
        "libc::pause()",
        "TcpListener::bind(address)",
        "listener.accept()",
        "TcpListener::accept(&listener)",
        "libc::accept(socket, null_mut(), null_mut())",
        "libc::accept4(socket, null_mut(), null_mut(), 0)",
        "UnixStream::connect(path)",
        "UnixListener::bind(path)",
        "libc::gethostbyname(name)",
        "libc::getnameinfo(&address, length, host, size, null_mut(), 0, 0)",
        "libc::fcntl(file, libc::F_SETLKW, &lock)",
        "libc::fcntl(file, libc::F_OFD_SETLKW, &lock)",
        "libc::pthread_join(thread, null_mut())",
        "RwLock::write(&state)",
        "static STATE: RwLock<State> = RwLock::new(State::NEW);",
        "futures::executor::block_on(work)",
    ] {
        assert!(!sleeps_of(code).is_empty(), "{code}");
    }
}

#[test]
fn non_blocking_code_is_not_reported() {
    for code in [
        "exchange.worker().wait(&[PollFd::new(&*socket, events)], limit)?",
        "worker.wait_for(None, || self.answer.take())?",
        "let guard = lock(&self.state);",
        "path.join(name)",
        "log(\"it waits for a poll\") // and sleeps",
        "directory.try_lock(true)?",
    ] {
        assert_eq!(sleeps_of(code), Vec::<String>::new(), "{code}");
    }
}
