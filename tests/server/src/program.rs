use std::env;
use std::ffi::OsString;
use std::path::Path;

/// The words of a command that runs a program of the tests: the path alone, or behind the words of `WXT_RUNNER`, which
/// names what such programs need on this machine, an emulator for example.
pub fn program_words(program: impl AsRef<Path>) -> Vec<OsString> {
    let runner = env::var("WXT_RUNNER").unwrap_or_default();
    runner.split_whitespace().map(OsString::from).chain([program.as_ref().into()]).collect()
}
