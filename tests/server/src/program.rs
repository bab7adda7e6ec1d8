use std::env;
use std::ffi::OsString;
use std::path::Path;

/// The words of a command that runs a test program: the words of `WXT_RUNNER`, if it is set, then the program's path.
/// `WXT_RUNNER` is the command that runs such programs on this machine, for example an emulator.
pub fn program_words(program: impl AsRef<Path>) -> Vec<OsString> {
    let runner = env::var("WXT_RUNNER").unwrap_or_default();
    runner.split_whitespace().map(OsString::from).chain([program.as_ref().into()]).collect()
}
