//! Decides the extension of a downloaded or imported file. It is the only part of a server's name that becomes part of
//! a file's name.

use super::{content_disposition, media_types};
use crate::terms::extension::of_name;

/// The suffixes of server programs, whose answers have any format: `/download.php`.
const PROGRAMS: [&str; 40] = [
    "action", "asax", "ashx", "asmx", "asp", "aspx", "axd", "cfc", "cfm", "cgi", "cshtml", "dll", "do", "faces",
    "fcgi", "htx", "jhtml", "jsf", "jsp", "jspa", "jspx", "jws", "lua", "mvc", "nsf", "php", "php3", "php4", "php5",
    "php7", "php8", "phps", "pht", "phtml", "pl", "psp", "py", "rb", "shtml", "svc",
];

/// The formats that many others are based on, most of which are in no table.
const BASES: [&str; 2] = ["txt", "zip"];

/// The extension of a download without the dot: at most ten ASCII letters and digits in lower case.
///
/// A `Content-Type` that names a format decides, as in WeChat. The file's name decides if the type names no format, or
/// one that servers also send for the name's format: a `docx` sent as `application/zip`, a `csv` as
/// `application/vnd.ms-excel`. An unknown extension is assumed to be a text or `zip` format if the type says so: a
/// `pem` sent as `text/plain`. The name is that of `Content-Disposition`, or else the last component of the URL's path.
pub fn of_download(content_type: Option<&str>, url_path: &str, content_disposition: Option<&str>) -> Option<String> {
    let named = || {
        let mut names = content_disposition.into_iter().flat_map(content_disposition::file_names);
        names.find_map(|name| of_name(&name)).or_else(|| of_url_path(url_path))
    };
    match content_type.and_then(media_types::usual_extension) {
        Some(usual) => Some(named().filter(|name| refines(name, usual)).unwrap_or_else(|| usual.to_owned())),
        None => named(),
    }
}

/// Whether a file with the extension `name` may have a type whose usual extension is `usual`.
fn refines(name: &str, usual: &str) -> bool {
    let is_unknown = !media_types::is_known(name) && says_something(name);
    media_types::passes_for(name, usual) || BASES.contains(&usual) && is_unknown
}

/// The extension of a URL path's last component without its parameters (`;jsessionid=…`, RFC 3986 §3.3).
fn of_url_path(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    of_name(name.split(';').next()?).filter(|extension| says_something(extension))
}

/// Whether an extension may be that of a format. A program's suffix and a version number (`/api/v1.0`, `/v1.2b`) are
/// not.
fn says_something(extension: &str) -> bool {
    let is_number = extension.starts_with(|first: char| first.is_ascii_digit()) && !media_types::is_known(extension);
    !is_number && !PROGRAMS.contains(&extension)
}

#[cfg(test)]
#[path = "extension_tests.rs"]
mod tests;
