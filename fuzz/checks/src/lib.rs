//! The checks of the fuzz targets, each for one input. `fuzz/run.sh` searches for inputs that fail, and
//! `tests/corpus.rs` replays the committed inputs.
//!
//! A check panics if the library violates a rule of a specification, disagrees with another parser, or loses data.

mod answer;
mod c_interface;
mod certificate;
mod chunked_body;
mod chunks;
mod content_coding;
mod domains;
mod exchange;
mod extension;
mod headers;
mod host;
mod input;
mod multipart;
mod path;
mod redirect;
mod response_head;
mod scripted_server;
mod tls_records;
mod url;
mod versions;

/// The check of one input.
pub type Check = fn(&[u8]);

/// The names of the targets, and their checks.
pub const TARGETS: [(&str, Check); 14] = [
    ("c_interface", c_interface::check),
    ("chunked_body", chunked_body::check),
    ("content_coding", content_coding::check),
    ("domains", domains::check),
    ("exchange", exchange::check),
    ("extension", extension::check),
    ("headers", headers::check),
    ("multipart", multipart::check),
    ("path", path::check),
    ("redirect", redirect::check),
    ("response_head", response_head::check),
    ("tls_records", tls_records::check),
    ("url", url::check),
    ("versions", versions::check),
];

/// Checks one input of the target `name`.
///
/// # Panics
/// If the check fails, or there is no such target.
pub fn check(name: &str, data: &[u8]) {
    let (_, check) = TARGETS.iter().find(|(target, _)| *target == name).expect("a target");
    check(data);
}
