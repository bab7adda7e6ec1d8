//! Few values belong to a thread. Such a value passes data beside the parameters, so a reader does not see where it
//! comes from, and it is wrong as soon as the work moves to another thread.

use super::sources;
use super::words::words_of;

/// The allowed thread-local values, with the reason why a parameter cannot take their place.
const ALLOWED: [(&str, &str, &str); 3] = [
    (
        "task/delivery.rs",
        "CALLBACK_DEPTH",
        "the host's code is between the callback and the call inside it, and passes on no value of the library",
    ),
    (
        "http/tls/handshake.rs",
        "CURRENT",
        "rustls is between the handshake and the signer, and passes on only the message",
    ),
    (
        "storage/notes.rs",
        "DEFERRED",
        "messages come from every function below a held turn, and from drops, which have no parameters",
    ),
];

/// The names of the thread-local values in a piece of code. A value that is not a `static` in `thread_local!` is listed
/// under the name of its mechanism, such as `LocalKey`.
fn thread_locals_of(code: &str) -> Vec<String> {
    let words = words_of(code);
    let mut found = Vec::new();
    for (index, word) in words.iter().enumerate() {
        match word.as_str() {
            "thread_local" if words.get(index + 1).is_some_and(|next| next == "!") => {
                found.extend(statics_of(&words[index + 2..]));
            }
            "thread_local" | "ThreadLocal" | "LocalKey" | "pthread_setspecific" => found.push(word.clone()),
            _ => {}
        }
    }
    found
}

/// The names after each `static` in the brackets with which the words begin.
fn statics_of(words: &[String]) -> Vec<String> {
    let mut depth = 0;
    let is_inside = |word: &&String| {
        match word.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        depth > 0
    };
    let inside: Vec<_> = words.iter().take_while(is_inside).collect();
    inside.windows(2).filter(|pair| pair[0] == "static").map(|pair| pair[1].clone()).collect()
}

#[test]
fn thread_locals_are_only_those_listed() {
    let found = sources().into_iter().flat_map(|source| {
        let names = thread_locals_of(&source.lines.join("\n"));
        names.into_iter().map(move |name| (source.path.clone(), name))
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    let mut allowed = ALLOWED.map(|(path, name, _)| (path.to_owned(), name.to_owned()));
    allowed.sort();
    assert_eq!(found, allowed, "pass the value as a parameter");
}

#[test]
fn every_thread_local_is_found() {
    let code = "thread_local! { static A: X = f({ 1 }); pub static B: Y = y(); } static C: u8 = 0; thread_local!(static D: Z);";
    assert_eq!(thread_locals_of(code), ["A", "B", "D"]);
    assert_eq!(thread_locals_of("#[thread_local] static A: u8 = 0;"), ["thread_local"]);
    assert_eq!(thread_locals_of("use std::thread::LocalKey;"), ["LocalKey"]);
}
