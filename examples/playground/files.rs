//! The page's file calls, from their options to their result.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::call::SYSTEM_ERROR;
use crate::file_calls::{File, FileOutcome, FileResult, Stats};
use crate::session::Session;

/// The calls that [`run`] knows.
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

/// `errno` of base64 that cannot be read.
const BASE64: i32 = 1_300_203;

/// Runs one of [`CALLS`]. Both the result and the failure are what the page is given.
pub fn run(session: &Session, api: &str, options: &Map<String, Value>) -> Result<Value, Value> {
    let failed = |reason: &str, err_no: i32| failure(&format!("{api}:fail {reason}"), err_no);
    let text = |name: &str| options.get(name).and_then(Value::as_str);
    let path = |name: &str| text(name).unwrap_or_default();
    let number = |name: &str| options.get(name).and_then(Value::as_f64).map_or(0, |number| number as u64);
    let recursive = options.get("recursive").and_then(Value::as_bool).unwrap_or(false);
    let in_base64 = text("encoding") == Some("base64");
    let outcome = match api {
        "access" => session.access(path("path")),
        "stat" => session.stat(path("path"), recursive),
        "unlink" => session.unlink(path("filePath")),
        "copyFile" => session.copy_file(path("srcPath"), path("destPath")),
        "rename" => session.rename(path("oldPath"), path("newPath")),
        "mkdir" => session.make_directory(path("dirPath"), recursive),
        "rmdir" => session.remove_directory(path("dirPath"), recursive),
        "readdir" => session.list_directory(path("dirPath")),
        "getFileInfo" => session.file_info(path("filePath"), text("digestAlgorithm").unwrap_or("md5")),
        "readFile" => session.read_file(path("filePath"), number("position"), number("length")),
        "writeFile" | "appendFile" => {
            let data = path("data").as_bytes();
            let decoded = if in_base64 { STANDARD.decode(data) } else { Ok(data.to_vec()) };
            let bytes = decoded.map_err(|_| failed("base64 encode error", BASE64))?;
            session.write_file(path("filePath"), &bytes, api == "appendFile")
        }
        "saveFile" => session.save_file(path("tempFilePath"), text("filePath")),
        "getSavedFileList" => session.saved_files(),
        "getSavedFileInfo" => session.saved_file(path("filePath")),
        "removeSavedFile" => session.remove_saved_file(path("filePath")),
        _ => return Err(failed("not supported", SYSTEM_ERROR)),
    };
    let mut result = result(api, in_base64, taken(outcome, failed)?);
    result["errMsg"] = format!("{api}:ok").into();
    Ok(result)
}

/// What a page learns of a file call that failed.
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

/// One description, or a list of them by their paths.
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
