//! The page's file calls: reads their options, and makes their results.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use wxtransfer::{DigestAlgorithm, Error, FileInfo, FileStats, Session, WriteMode};

use crate::call::SYSTEM_ERROR;

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

    /// An optional whole number of bytes, at least `least`. 1.0 counts as 1, because JSON has only one number type.
    fn count(&self, name: &str, least: u64, err_no: i32) -> Result<Option<u64>, Refused> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let whole =
            value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number <= LARGEST as f64);
        let count = whole.map(|number| number as u64).filter(|count| *count >= least);
        count.map(Some).ok_or_else(|| (format!("value of {name} is out of range"), err_no))
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

    fn digest_algorithm(&self) -> Result<DigestAlgorithm, Refused> {
        match self.text("digestAlgorithm") {
            Some("md5") => Ok(DigestAlgorithm::Md5),
            Some("sha1") => Ok(DigestAlgorithm::Sha1),
            Some("sha256") => Ok(DigestAlgorithm::Sha256),
            _ => Err(invalid("digestAlgorithm")),
        }
    }
}

fn invalid(name: &str) -> Refused {
    (format!("Invalid argument {name}"), INVALID_ARGUMENT)
}

/// Runs one of [`CALLS`]. Returns the result or the failure in the page's form.
pub fn run(session: &Session, api: &str, options: &Map<String, Value>) -> Result<Value, Value> {
    let mut result = result(session, api, &Options(options)).map_err(|failed| match failed {
        Failed::Refused((reason, err_no)) => failure(&format!("{api}:fail {reason}"), err_no),
        Failed::Call(Error::Failed(of_the_page)) => failure(&of_the_page.err_msg, of_the_page.err_no),
        Failed::Call(refused) => failure(&format!("{api}:fail {refused}"), SYSTEM_ERROR),
    })?;
    result["errMsg"] = format!("{api}:ok").into();
    Ok(result)
}

/// The reason why a call has no result.
enum Failed {
    Refused(Refused),
    Call(Error),
}

impl From<Refused> for Failed {
    fn from(refused: Refused) -> Failed {
        Failed::Refused(refused)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Call(error)
    }
}

/// The members of the page's result, without `errMsg`.
fn result(session: &Session, api: &str, options: &Options) -> Result<Value, Failed> {
    let (path, recursive, files) = (|name: &str| options.path(name), || options.flag("recursive"), session.files());
    match api {
        "access" => files.access(path("path"))?,
        "stat" => return Ok(json!({ "stats": stats(&files.stat(path("path"), recursive()?)?) })),
        "unlink" => files.unlink(path("filePath"))?,
        "copyFile" => files.copy(path("srcPath"), path("destPath"))?,
        "rename" => files.rename(path("oldPath"), path("newPath"))?,
        "mkdir" => files.make_directory(path("dirPath"), recursive()?)?,
        "rmdir" => files.remove_directory(path("dirPath"), recursive()?)?,
        "readdir" => return Ok(json!({ "files": files.list_directory(path("dirPath"))? })),
        "getFileInfo" => {
            let (file, digest) = files.info(path("filePath"), options.digest_algorithm()?)?;
            return Ok(json!({ "size": file.size, "digest": digest }));
        }
        "readFile" => {
            let in_base64 = options.in_base64()?;
            let position = options.count("position", 0, POSITION_OUT_OF_RANGE)?.unwrap_or(0);
            let length = options.count("length", 1, LENGTH_OUT_OF_RANGE)?;
            let data = files.read(path("filePath"), position, length)?;
            let data = if in_base64 { STANDARD.encode(data) } else { String::from_utf8_lossy(&data).into_owned() };
            return Ok(json!({ "data": data }));
        }
        "writeFile" => files.write(path("filePath"), &options.data()?, WriteMode::Whole)?,
        "appendFile" => files.write(path("filePath"), &options.data()?, WriteMode::Append)?,
        "saveFile" => {
            let saved = session.save_file(path("tempFilePath"), options.text("filePath"))?;
            return Ok(json!({ "savedFilePath": saved.file_path }));
        }
        "getSavedFileList" => {
            let list = session.get_saved_file_list()?;
            return Ok(json!({ "fileList": list.iter().map(saved).collect::<Vec<_>>() }));
        }
        "getSavedFileInfo" => {
            let file = session.get_saved_file_info(path("filePath"))?;
            return Ok(json!({ "size": file.size, "createTime": file.create_time }));
        }
        "removeSavedFile" => session.remove_saved_file(path("filePath"))?,
        _ => return Err(("not supported".to_owned(), SYSTEM_ERROR).into()),
    }
    Ok(json!({}))
}

/// The failure of a file call in the page's form.
pub fn failure(err_msg: &str, err_no: i32) -> Value {
    json!({ "errMsg": err_msg, "errno": err_no, "errCode": err_no })
}

fn saved(file: &FileInfo) -> Value {
    json!({ "filePath": file.file_path, "size": file.size, "createTime": file.create_time })
}

/// One description, or a list of descriptions with their paths.
fn stats(list: &[FileStats]) -> Value {
    let described = |entry: &FileStats| {
        json!({ "mode": entry.mode, "size": entry.size, "lastAccessedTime": entry.last_accessed_time,
                "lastModifiedTime": entry.last_modified_time })
    };
    match list {
        [only] if only.path.is_empty() => described(only),
        list => list.iter().map(|entry| json!({ "path": entry.path, "stats": described(entry) })).collect(),
    }
}
