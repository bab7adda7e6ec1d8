//! Compilers and paths.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The flags under which the header must compile.
pub const C99: &[&str] = &["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];
/// The same for C++.
pub const CPP11: &[&str] = &["-x", "c++", "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// A path in this package.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A directory for the files of one test. It stays until the next run, for inspection.
pub fn output_directory(test: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ffi").join(test);
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// A library that cargo built for this test, next to the test's own program, or the one in `WXT_LIBRARIES`.
pub fn library(name: &str) -> PathBuf {
    let library = match env::var_os("WXT_LIBRARIES") {
        Some(directory) => Path::new(&directory).join(name),
        None => env::current_exe().unwrap().with_file_name(name),
    };
    assert!(library.exists(), "{} is missing: run this test through cargo", library.display());
    library
}

/// The tool that the environment specifies, or the default one. It may contain arguments: `CC="ccache cc"`.
pub fn tool(variable: &str, usual: &str) -> Command {
    let text = env::var(variable).unwrap_or_else(|_| usual.to_owned());
    let mut words = text.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or(usual));
    command.args(words);
    command
}

/// The C compiler with the header's include path and the environment's flags.
pub fn c_compiler(flags: &[&str]) -> Command {
    let mut command = tool("CC", "cc");
    command.args(flags).args(words("CFLAGS")).arg("-I").arg(source("include"));
    command
}

/// The C++ compiler, likewise.
pub fn cpp_compiler(flags: &[&str]) -> Command {
    let mut command = tool("CXX", "c++");
    command.args(flags).args(words("CXXFLAGS")).arg("-I").arg(source("include"));
    command
}

/// The words of an environment variable.
pub fn words(variable: &str) -> Vec<String> {
    env::var(variable).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Runs a command to its end. A failure ends the test and shows the command's output.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(
        output.status.success(),
        "{:?} ended with {}\n{}{}",
        command,
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// Compiles a text without linking it.
pub fn compile(compiler: &mut Command, directory: &Path, text: &str) {
    let file = directory.join("source.c");
    fs::write(&file, text).unwrap();
    run(compiler.args(["-c".as_ref(), file.as_os_str(), OsStr::new("-o")]).arg(directory.join("source.o")));
}
