//! The lines of the bindings that repeat the header.
//!
//! A file of a binding has such lines between two comments: `// Generated from wxtransfer.h: properties WxtProfile`,
//! for example, and `// Generated until here`. All other lines are written by hand. The first comment names the kind of
//! the lines, and their struct or constants. `pieces.txt` lists these comments. `table.rs` has the information that the
//! header lacks. `generated.rs` compares the lines with the files, and updates them.

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

/// The directories that contain files with generated lines.
const DIRECTORIES: [&str; 4] =
    ["bindings/kotlin/src/main", "bindings/kotlin/jni/src", "bindings/swift/Sources", "bindings/harmony"];

/// Each comment that begins generated lines, as `file: what the lines are`.
const PIECES: &str = include_str!("bindings/pieces.txt");

/// The files with generated lines, each with its new text.
pub fn files(header: &str) -> Vec<(PathBuf, String)> {
    let header = Header::parse(header);
    header.check_times("WxtSessionOptions");
    let mut files = Vec::new();
    DIRECTORIES.iter().for_each(|directory| add_files_below(&source(directory), &mut files));
    files.sort();
    let mut found = Vec::new();
    let mut texts = Vec::new();
    for file in files {
        let written = fs::read_to_string(&file).unwrap();
        let (text, pieces) = generated(&header, &file, &written);
        let name = file.strip_prefix(source("")).unwrap().display().to_string();
        found.extend(pieces.iter().map(|piece| format!("{name}: {piece}")));
        texts.push((file, text));
    }
    check_pieces(&found, PIECES);
    texts
}

/// Compares the pieces that were found with the list. A piece whose first comment is missing would not be updated any
/// more when the header changes.
fn check_pieces(found: &[String], list: &str) {
    let listed: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    let missing: Vec<_> = listed.iter().filter(|piece| !found.iter().any(|found| found == *piece)).collect();
    let new: Vec<_> = found.iter().filter(|piece| !listed.contains(&piece.as_str())).collect();
    assert!(
        found == listed,
        "ffi-tests/bindings/pieces.txt lists generated pieces that the files do not have: {missing:#?}\nand does not \
         list these: {new:#?}\nIts lines are in the order of the files and of their lines."
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

/// The text of a file with new lines between the comments, and the descriptions of its pieces.
fn generated<'a>(header: &Header, file: &Path, text: &'a str) -> (String, Vec<&'a str>) {
    let mut result = String::new();
    let mut pieces = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        result += &format!("{line}\n");
        let Some((indentation, piece)) = line.split_once(BEGIN) else { continue };
        pieces.push(piece);
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
        let end = lines.by_ref().find(|line| line.trim() == END || line.contains(BEGIN));
        assert!(end.is_some_and(|end| end.trim() == END), "{}: there is no end after: {line}", file.display());
        result += &format!("{indentation}{END}\n");
    }
    (result, pieces)
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
fn constants_and_fields_of_a_header_are_parsed() {
    let header = Header::parse(HEADER);
    let constant = &header.constants[0];
    assert_eq!((constant.name.as_str(), constant.value, constant.section.as_str()), ("WXT_LOG_INFO", 2, "Sessions"));
    assert_eq!(constant.comment, "First line.\n\nSecond.");
    let fields = header.fields("WxtX");
    assert_eq!(fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["some_time", "names"]);
    assert!(fields[0].is_number() && fields[0].is_time() && fields[0].zero_means_default() && !fields[1].is_number());
}

#[test]
#[should_panic(expected = "`idle_time` is in milliseconds, so it has to be a `u32`")]
fn field_in_milliseconds_must_be_u32() {
    let field = "/**\n * How long, in milliseconds.\n */\nuint64_t idle_time;";
    Header::parse(&format!("typedef struct {{\n{field}\n}} WxtX;\n")).check_times("WxtX");
}

#[test]
#[should_panic(expected = "that the files do not have: [\n    \"b.kt: options WxtX\",\n]")]
fn missing_piece_is_reported() {
    check_pieces(&["a.kt: options WxtX".to_owned()], "# Pieces.\na.kt: options WxtX\nb.kt: options WxtX\n");
}

#[test]
#[should_panic(expected = "there is no end after: // Generated from wxtransfer.h: number count WxtX")]
fn missing_end_comment_is_reported() {
    let text = format!("{BEGIN}number count WxtX\nfn by_hand() {{}}\n{BEGIN}text count WxtX\n{END}\n");
    generated(&Header::parse(HEADER), Path::new("structs.rs"), &text);
}
