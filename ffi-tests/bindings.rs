//! The lines of the bindings that repeat the header.
//!
//! A file of a binding has such lines between two comments: `// Generated from wxtransfer.h: properties WxtProfile`, for
//! example, and `// Generated until here`. All other lines are written by hand. The first comment says what the lines are
//! and of which struct, or of which constants. `table.rs` has what the header does not say.
//!
//! To update the lines after a change of `src/ffi`: `WXT_REFRESH_HEADER=1 cargo test --test ffi header`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::tools::source;

mod comments;
mod harmony;
mod header;
mod jni;
mod kotlin;
mod names;
mod swift;
mod table;

use header::Header;

const BEGIN: &str = "// Generated from wxtransfer.h: ";
const END: &str = "// Generated until here";

/// Where files with generated lines are.
const DIRECTORIES: [&str; 4] =
    ["bindings/kotlin/src/main", "bindings/kotlin/jni/src", "bindings/swift/Sources", "bindings/harmony"];

#[test]
fn generated_lines_of_the_bindings_match_the_header() {
    let header = Header::parse(&fs::read_to_string(env!("WXTRANSFER_GENERATED_HEADER")).unwrap());
    let mut files = Vec::new();
    DIRECTORIES.iter().for_each(|directory| add_files_below(&source(directory), &mut files));
    let mut pieces = 0;
    let mut stale = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let generated = generated(&header, &file, &text);
        pieces += text.matches(BEGIN).count();
        if generated != text {
            if env::var_os("WXT_REFRESH_HEADER").is_some() {
                fs::write(&file, generated).unwrap();
            } else {
                stale.push(file);
            }
        }
    }
    assert!(pieces > 30, "only {pieces} pieces of generated lines were found");
    assert!(
        stale.is_empty(),
        "src/ffi or these files have changed: run `WXT_REFRESH_HEADER=1 cargo test --test ffi header` and look at the \
         difference of {stale:#?}"
    );
}

fn add_files_below(directory: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            add_files_below(&path, files);
        } else if ["c", "kt", "rs", "swift", "ts"].contains(&extension(&path)) {
            files.push(path);
        }
    }
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// The text of a file with new lines between the comments.
fn generated(header: &Header, file: &Path, text: &str) -> String {
    let mut result = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        result += &format!("{line}\n");
        let Some((indentation, piece)) = line.split_once(BEGIN) else { continue };
        let (what, of) = piece.rsplit_once(' ').unwrap_or_else(|| panic!("{}: {line}", file.display()));
        let indent = indentation.len();
        let inner = match extension(file) {
            "c" => harmony::c_lines(header, what, of),
            "kt" => kotlin::lines(header, what, of, indent),
            "swift" => swift::lines(header, what, of, indent),
            "ts" => harmony::arkts_lines(header, what, of, indent),
            _ => jni::lines(header, what, of),
        };
        for inner in inner {
            result += format!("{indentation}{inner}").trim_end();
            result.push('\n');
        }
        let end = lines.by_ref().find(|line| line.trim() == END);
        assert!(end.is_some(), "{}: there is no end after: {line}", file.display());
        result += &format!("{indentation}{END}\n");
    }
    result
}

const HEADER: &str = "
/* ==== Sessions ==== */

/**
 * First
 * line.
 *
 * Second.
 */
#define WXT_LOG_INFO 2

typedef struct {
  /**
   * Set to `sizeof(WxtX)`.
   */
  size_t struct_size;
  /**
   * How long, in
   * milliseconds. Default: 0, which means 10.
   */
  uint32_t some_time;
  /**
   * A list.
   */
  const WxtStr *names;
  /**
   * The number of `names`.
   */
  size_t name_count;
  void (*post)(void *context,
               void *data);
} WxtX;
";

#[test]
fn the_header_is_read_as_it_is_written() {
    let header = Header::parse(HEADER);
    let constant = &header.constants[0];
    assert_eq!((constant.name.as_str(), constant.value, constant.section.as_str()), ("WXT_LOG_INFO", 2, "Sessions"));
    assert_eq!(constant.comment, "First line.\n\nSecond.");
    let fields = header.fields("WxtX");
    assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["some_time", "names"]);
    assert!(fields[0].is_number() && fields[0].is_time() && fields[0].zero_means_default() && !fields[1].is_number());
}
