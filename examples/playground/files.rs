//! The page's file calls, from their options to their result.

use serde_json::{Map, Value, json};

use crate::call::INTERNAL;
use crate::session::{File, FileOutcome, Session};

/// The calls that [`run`] knows.
pub const CALLS: [&str; 4] = ["saveFile", "getSavedFileList", "getSavedFileInfo", "removeSavedFile"];

/// Runs one of [`CALLS`]. Both the result and the failure are what the page is given.
pub fn run(session: &Session, api: &str, options: &Map<String, Value>) -> Result<Value, Value> {
    let path = |name: &str| options.get(name).and_then(Value::as_str);
    let required = |name: &str| path(name).unwrap_or_default();
    match api {
        "saveFile" => {
            let files = files(api, session.save_file(required("tempFilePath"), path("filePath")))?;
            Ok(ok(api, json!({ "savedFilePath": files.first().map(|file| &file.path) })))
        }
        "getSavedFileList" => {
            let entry =
                |file: File| json!({ "filePath": file.path, "size": file.size, "createTime": file.create_time });
            let list: Vec<Value> = files(api, session.saved_files())?.into_iter().map(entry).collect();
            Ok(ok(api, json!({ "fileList": list })))
        }
        "getSavedFileInfo" => {
            let files = files(api, session.saved_file(required("filePath")))?;
            let info = |file: &File| json!({ "size": file.size, "createTime": file.create_time });
            Ok(ok(api, files.first().map_or(json!({}), info)))
        }
        "removeSavedFile" => {
            files(api, session.remove_saved_file(required("filePath")))?;
            Ok(ok(api, json!({})))
        }
        _ => Err(failure(&format!("{api}:fail not supported"), INTERNAL)),
    }
}

/// What a page learns of a file call that failed.
pub fn failure(err_msg: &str, err_no: i32) -> Value {
    json!({ "errMsg": err_msg, "errno": err_no, "errCode": err_no })
}

fn ok(api: &str, mut result: Value) -> Value {
    result["errMsg"] = format!("{api}:ok").into();
    result
}

fn files(api: &str, outcome: FileOutcome) -> Result<Vec<File>, Value> {
    match outcome {
        Ok(Ok(files)) => Ok(files),
        Ok(Err(of_the_page)) => Err(failure(&of_the_page.err_msg, of_the_page.err_no)),
        Err(refused) => Err(failure(&format!("{api}:fail {refused}"), INTERNAL)),
    }
}
