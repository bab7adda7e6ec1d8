//! The page's file calls: reads their options, and makes their results.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::call::SYSTEM_ERROR;
use crate::file_calls::{File, FileOutcome, FileResult, Stats};
use crate::session::Session;

/// The calls that [`run`] supports.
pub const CALLS: [&str; 16] = [
    "access",
    "stat",
    "unlink",
    "copyFile",
    "rename",
    "mkdir",
    "rmdir",
    "readdir",
    "getFileInfo",
    "readFile",
    "writeFile",
    "appendFile",
    "saveFile",
    "getSavedFileList",
    "getSavedFileInfo",
    "removeSavedFile",
];

/// `errno` of an invalid option of a message.
const INVALID_ARGUMENT: i32 = 1_300_022;
/// `errno` of invalid base64.
const BASE64: i32 = 1_300_203;
const LENGTH_OUT_OF_RANGE: i32 = 1_301_006;
const POSITION_OUT_OF_RANGE: i32 = 1_301_009;

/// The largest integer that every JSON parser represents exactly.
const LARGEST: u64 = (1 << 53) - 1;

/// The options of one message. Options that violate `bindings/javascript.md` are refused with a reason and an `errno`.
struct Options<'a>(&'a Map<String, Value>);

type Refused = (String, i32);

impl<'a> Options<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A missing path becomes an empty one, which the library refuses.
    fn path(&self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    fn flag(&self, name: &str) -> Result<bool, Refused> {
        self.0.get(name).map_or(Ok(false), |value| value.as_bool().ok_or_else(|| invalid(name)))
    }

    /// A whole number of bytes, at least `least`. 0 if it is missing. 1.0 counts as 1, because JSON has only one number type.
    fn count(&self, name: &str, least: u64, err_no: i32) -> Result<u64, Refused> {
        let Some(value) = self.0.get(name) else { return Ok(0) };
        let whole =
            value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number <= LARGEST as f64);
        let count = whole.map(|number| number as u64).filter(|count| *count >= least);
        count.ok_or_else(|| (format!("value of {name} is out of range"), err_no))
    }

    fn in_base64(&self) -> Result<bool, Refused> {
        match self.text("encoding") {
            Some("base64") => Ok(true),
            Some("utf8") => Ok(false),
            _ => Err(invalid("encoding")),
        }
    }

    fn data(&self) -> Result<Vec<u8>, Refused> {
        let in_base64 = self.in_base64()?;
        let data = self.text("data").ok_or_else(|| invalid("data"))?;
        match in_base64 {
            true => STANDARD.decode(data).map_err(|_| ("base64 encode error".to_owned(), BASE64)),
            false => Ok(data.as_bytes().to_vec()),
        }
    }

    fn digest_algorithm(&self) -> Result<&'a str, Refused> {
        let known = self.text("digestAlgorithm").filter(|name| matches!(*name, "md5" | "sha1" | "sha256"));
        known.ok_or_else(|| invalid("digestAlgorithm"))
    }
}

fn invalid(name: &str) -> Refused {
    (format!("Invalid argument {name}"), INVALID_ARGUMENT)
}

/// Runs one of [`CALLS`]. Returns the result or the failure in the page's form.
pub fn run(session: &Session, api: &str, options: &Map<String, Value>) -> Result<Value, Value> {
    let failed = |reason: &str, err_no: i32| failure(&format!("{api}:fail {reason}"), err_no);
    let refused = |(reason, err_no): Refused| failed(&reason, err_no);
    let options = Options(options);
    let (path, recursive) = (|name: &str| options.path(name), || options.flag("recursive").map_err(refused));
    let mut in_base64 = false;
    let outcome = match api {
        "access" => session.access(path("path")),
        "stat" => session.stat(path("path"), recursive()?),
        "unlink" => session.unlink(path("filePath")),
        "copyFile" => session.copy_file(path("srcPath"), path("destPath")),
        "rename" => session.rename(path("oldPath"), path("newPath")),
        "mkdir" => session.make_directory(path("dirPath"), recursive()?),
        "rmdir" => session.remove_directory(path("dirPath"), recursive()?),
        "readdir" => session.list_directory(path("dirPath")),
        "getFileInfo" => session.file_info(path("filePath"), options.digest_algorithm().map_err(refused)?),
        "readFile" => {
            in_base64 = options.in_base64().map_err(refused)?;
            let position = options.count("position", 0, POSITION_OUT_OF_RANGE).map_err(refused)?;
            let length = options.count("length", 1, LENGTH_OUT_OF_RANGE).map_err(refused)?;
            session.read_file(path("filePath"), position, length)
        }
        "writeFile" | "appendFile" => {
            session.write_file(path("filePath"), &options.data().map_err(refused)?, api == "appendFile")
        }
        "saveFile" => session.save_file(path("tempFilePath"), options.text("filePath")),
        "getSavedFileList" => session.saved_files(),
        "getSavedFileInfo" => session.saved_file(path("filePath")),
        "removeSavedFile" => session.remove_saved_file(path("filePath")),
        _ => return Err(failed("not supported", SYSTEM_ERROR)),
    };
    let mut result = result(api, in_base64, taken(outcome, failed)?);
    result["errMsg"] = format!("{api}:ok").into();
    Ok(result)
}

/// The failure of a file call in the page's form.
pub fn failure(err_msg: &str, err_no: i32) -> Value {
    json!({ "errMsg": err_msg, "errno": err_no, "errCode": err_no })
}

fn taken(outcome: FileOutcome, failed: impl Fn(&str, i32) -> Value) -> Result<FileResult, Value> {
    match outcome {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(of_the_page)) => Err(failure(&of_the_page.err_msg, of_the_page.err_no)),
        Err(refused) => Err(failed(&refused, SYSTEM_ERROR)),
    }
}

fn result(api: &str, in_base64: bool, result: FileResult) -> Value {
    let first = result.files.first();
    match api {
        "stat" => json!({ "stats": stats(&result.stats) }),
        "readdir" => json!({ "files": result.names }),
        "getFileInfo" => json!({ "size": first.map(|file| file.size), "digest": result.digest }),
        "readFile" if in_base64 => json!({ "data": STANDARD.encode(result.data) }),
        "readFile" => json!({ "data": String::from_utf8_lossy(&result.data) }),
        "saveFile" => json!({ "savedFilePath": first.map(|file| &file.path) }),
        "getSavedFileList" => json!({ "fileList": result.files.iter().map(saved).collect::<Vec<_>>() }),
        "getSavedFileInfo" => json!({
            "size": first.map(|file| file.size),
            "createTime": first.map(|file| file.create_time),
        }),
        _ => json!({}),
    }
}

fn saved(file: &File) -> Value {
    json!({ "filePath": file.path, "size": file.size, "createTime": file.create_time })
}

/// One description, or a list of descriptions with their paths.
fn stats(list: &[Stats]) -> Value {
    let described = |entry: &Stats| {
        json!({ "mode": entry.mode, "size": entry.size, "lastAccessedTime": entry.last_accessed_time,
                "lastModifiedTime": entry.last_modified_time })
    };
    match list {
        [only] if only.path.is_empty() => described(only),
        list => list.iter().map(|entry| json!({ "path": entry.path, "stats": described(entry) })).collect(),
    }
}
