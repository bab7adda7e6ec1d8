//! A small client for any server. Most options have curl's names:
//!
//! ```sh
//! cargo run --release --example client -- upload https://example.com/upload photo.jpg
//! cargo run --release --example client -- download https://example.com/photo.jpg -o photo.jpg --retry 3 --resume
//! ```

mod support;
#[path = "trace/page.rs"]
mod trace_page;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{env, fs};

use support::bars::{Task, all_ended, show};
use support::host::{End, Host, options};
use wxtransfer::{
    DownloadRequest, Error, LanPolicy, Resume, SessionOptions, UploadBody, UploadPart, UploadRequest, UploadSource,
};

const USAGE: &str = "\
usage: client [OPTION…] upload URL FILE
       client [OPTION…] upload URL -F NAME=@FILE…
       client [OPTION…] download URL [FILE]

  -H, --header 'NAME: VALUE'   send a header; may be given several times
  -F, --form NAME=VALUE        send a field of a form, before its files; may be given several times
  -F, --form NAME=@FILE        send a file; ';type=TYPE' and ';filename=NAME' may follow
  -F, --form NAME=<FILE        send a field with the text of a file
      --form-string NAME=VALUE send a field whose value may contain ';', or begin with '@' or '<'
  -o, --output FILE            the file to write; it must not exist
      --retry N                up to N more attempts after a failed one
      --rate N                 at most N bytes per second; also 500k or 2M
      --resume                 keep the partial file of an interrupted download in ~/.cache, and continue it the next time
      --trace FILE.html        write a page of all requests with a waterfall; the file must not exist
      --cacert FILE            the only root certificates to trust, in PEM
      --insecure-http          allow http URLs
      --lan                    allow all addresses of the local network and of this machine, http too
  -h, --help                   print this";

enum Call {
    /// The files to send.
    Upload(Vec<UploadPart>),
    /// The file to write.
    Download(PathBuf),
}

/// The command line without the call.
#[derive(Default)]
struct Arguments {
    url: String,
    header: Vec<(String, String)>,
    form_data: Vec<(String, String)>,
    retries: u32,
    /// Bytes per second; 0 means no limit.
    rate: u64,
    resume: bool,
    trace: Option<PathBuf>,
    root_certificates: Option<PathBuf>,
    insecure_http: bool,
    lan: bool,
}

fn main() -> ExitCode {
    if env::args().skip(1).any(|word| word == "-h" || word == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let (call, arguments) = match parse(env::args().skip(1)) {
        Ok(parsed) => parsed,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(call, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<(Call, Arguments), String> {
    let mut arguments = Arguments::default();
    let (mut words, mut parts, mut output) = (Vec::new(), Vec::new(), None);
    while let Some(word) = given.next() {
        let (option, attached) = split(&word);
        let mut value =
            || attached.map(str::to_owned).or_else(|| given.next()).ok_or(format!("{option} needs a value"));
        match option {
            "-H" | "--header" => {
                let (name, value) = pair(&value()?, ':')?;
                arguments.header.push((name, value.trim().to_owned()));
            }
            "-F" | "--form" => {
                let (name, value) = pair(&value()?, '=')?;
                match value.strip_prefix('@') {
                    Some(file) => parts.push(part(name, file)?),
                    None => arguments.form_data.push((name, field(&value)?)),
                }
            }
            "--form-string" => arguments.form_data.push(pair(&value()?, '=')?),
            "-o" | "--output" => output = Some(PathBuf::from(value()?)),
            "--retry" => arguments.retries = value()?.parse().map_err(|_| "--retry needs a number".to_owned())?,
            "--rate" | "--limit-rate" => arguments.rate = rate(&value()?)?,
            "--resume" => arguments.resume = true,
            "--trace" => arguments.trace = Some(value()?.into()),
            "--cacert" => arguments.root_certificates = Some(value()?.into()),
            "--insecure-http" => arguments.insecure_http = true,
            "--lan" => arguments.lan = true,
            option if option.starts_with('-') => return Err(format!("there is no option {option}")),
            _ => words.push(word),
        }
    }
    let mut words = words.into_iter();
    let uploads = match words.next().as_deref() {
        Some("upload") => true,
        Some("download") => false,
        _ => return Err("say upload or download".into()),
    };
    arguments.url = words.next().ok_or("say a URL")?;
    let file = words.next();
    if words.next().is_some() {
        return Err("there are too many words".into());
    }
    let call = match (uploads, file, output) {
        (true, _, Some(_)) => return Err("-o is for downloads; the answer to an upload is printed".into()),
        (true, Some(file), None) if parts.is_empty() => Call::Upload(vec![part_of("file".into(), &file)?]),
        (true, Some(_), None) => return Err("say FILE or -F NAME=@FILE, not both".into()),
        (true, None, None) if parts.is_empty() => return Err("an upload needs a file".into()),
        (true, None, None) => Call::Upload(parts),
        (false, ..) if !parts.is_empty() || !arguments.form_data.is_empty() => return Err("-F is for uploads".into()),
        (false, Some(_), Some(_)) => return Err("a download has one file".into()),
        (false, None, None) => Call::Download(name_in(&arguments.url).into()),
        (false, Some(file), None) => Call::Download(file.into()),
        (false, None, Some(file)) => Call::Download(file),
    };
    Ok((call, arguments))
}

/// An option and the value that is attached to it, as in `-oFILE`.
fn split(word: &str) -> (&str, Option<&str>) {
    match word.get(..2) {
        Some("-H" | "-F" | "-o") if word.len() > 2 => (&word[..2], Some(&word[2..])),
        _ => (word, None),
    }
}

/// The value of a field: its text, or that of a file after `<`.
fn field(value: &str) -> Result<String, String> {
    if value.contains(";type=") || value.contains(";filename=") {
        return Err("a field has neither type nor filename; --form-string sends such a text as it is".into());
    }
    match value.strip_prefix('<') {
        Some(file) => fs::read_to_string(file).map_err(|error| format!("{file}: {error}")),
        None => Ok(value.to_owned()),
    }
}

/// A file of a form, from what follows `@`: its path and its attributes.
fn part(name: String, text: &str) -> Result<UploadPart, String> {
    let mut words = text.split(';');
    let mut part = part_of(name, words.next().unwrap_or_default())?;
    for attribute in words {
        match attribute.trim().split_once('=') {
            Some(("type", value)) => part.media_type = Some(value.to_owned()),
            Some(("filename", value)) => part.file_name = Some(value.to_owned()),
            _ => return Err(format!("a file has a type and a filename, not {attribute:?}")),
        }
    }
    Ok(part)
}

fn part_of(name: String, file: &str) -> Result<UploadPart, String> {
    let path = std::path::absolute(file).map_err(|error| format!("{file:?}: {error}"))?;
    let path = path.into_os_string().into_string().map_err(|_| "the directory's name is not UTF-8")?;
    Ok(UploadPart::new(name, UploadSource::Path(path)))
}

/// A number with one of curl's units, which are powers of 1024.
fn rate(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    number.filter(|rate| *rate > 0).ok_or(format!("{text} is no number of bytes per second"))
}

fn pair(text: &str, separator: char) -> Result<(String, String), String> {
    let (name, value) = text.split_once(separator).ok_or(format!("{text:?} has no {separator:?}"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn run(call: Call, arguments: &Arguments) -> Result<(), String> {
    // Checked first, so that no transfer is wasted.
    let target = match &call {
        Call::Upload(_) => None,
        Call::Download(file) => Some(file.clone()),
    };
    for file in target.iter().chain(&arguments.trace) {
        check_new(file)?;
    }
    if target.is_some() && target == arguments.trace {
        return Err("the download and --trace have the same file".into());
    }
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    // With `--resume`, a partial file must still exist at the next start.
    let directory = if arguments.resume { cache()? } else { temporary.path().to_owned() };
    let (sender, events) = channel();
    let host = Host::open(options_of(arguments, &directory)?, arguments.trace.is_some(), sender).map_err(text)?;
    let label = match call {
        Call::Upload(parts) => {
            let label = format!("↑ {}", names(&parts));
            let body = UploadBody::Form { form_data: arguments.form_data.clone(), parts };
            let mut request = UploadRequest::new(&arguments.url, body);
            request.header = arguments.header.clone();
            host.upload(0, request).map_err(text)?;
            label
        }
        Call::Download(file) => {
            let mut request = DownloadRequest::new(&arguments.url);
            request.header = arguments.header.clone();
            host.download(0, request).map_err(text)?;
            format!("↓ {}", file.display())
        }
    };
    let mut tasks = [Task::new(label)];
    show(&mut tasks, &events, all_ended)?;
    let [task] = tasks;
    if let Some(path) = &arguments.trace {
        let page = trace_page::render(&task.traces.join("\n"))?;
        store(&mut page.as_bytes(), path)?;
    }
    // The file is copied before the session is closed, which deletes its temporary files.
    let result = finish(target.as_deref(), task.end);
    host.close().map_err(text)?;
    result
}

/// Fails if a file exists already, or if there is no directory for it.
fn check_new(file: &Path) -> Result<(), String> {
    if file.symlink_metadata().is_ok() {
        return Err(format!("{} exists", file.display()));
    }
    match file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if !parent.is_dir() => Err(format!("{} is no directory", parent.display())),
        _ => Ok(()),
    }
}

/// The names of the files, without their directories.
fn names(parts: &[UploadPart]) -> String {
    let name = |part: &UploadPart| match &part.source {
        UploadSource::Path(path) => path.rsplit('/').next().unwrap_or_default().to_owned(),
        _ => part.name.clone(),
    };
    parts.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn options_of(arguments: &Arguments, directory: &Path) -> Result<SessionOptions, String> {
    // A page is limited to a minute and 200 MiB. A user at a terminal may want more.
    const TIMEOUT: Duration = Duration::from_secs(60 * 60);
    let mut options = options(directory);
    if let Some(path) = &arguments.root_certificates {
        options.root_certificates = Some(fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    options.skip_domain_check = true;
    options.allow_plain_http = arguments.insecure_http;
    if arguments.lan {
        options.lan_policy = LanPolicy::AllLocal;
    }
    options.limits.max_timeout = TIMEOUT;
    options.limits.default_upload_timeout = TIMEOUT;
    options.limits.default_download_timeout = TIMEOUT;
    options.limits.max_download_size = 1 << 40;
    options.limits.max_bytes_per_second = arguments.rate;
    options.retry.max_retries = arguments.retries;
    if arguments.resume {
        options.resume = Resume::AcrossLaunches;
    }
    Ok(options)
}

fn text(error: Error) -> String {
    error.to_string()
}

/// Prints the answer, or copies the file of a download to its target.
fn finish(target: Option<&Path>, end: Option<End>) -> Result<(), String> {
    match end {
        Some(End::Success { status, data, .. }) if status >= 400 => {
            print_answer(&data);
            Err(format!("the server answered {status}"))
        }
        Some(End::Success { data, file, .. }) => match target {
            None => {
                print_answer(&data);
                Ok(())
            }
            Some(target) => {
                let mut file = fs::File::open(&file).map_err(|error| format!("{}: {error}", file.display()))?;
                store(&mut file, target)
            }
        },
        Some(End::Failure(failure)) => Err(failure.to_string()),
        None => Err("the task ended without a result".into()),
    }
}

fn print_answer(data: &str) {
    if !data.is_empty() {
        println!("{data}");
    }
}

/// The directory for partial files of `--resume`.
fn cache() -> Result<PathBuf, String> {
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let directory = base.ok_or("--resume needs HOME or XDG_CACHE_HOME")?.join("wxtransfer-client");
    fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    Ok(directory)
}

/// The last part of a URL's path, as a file name.
fn name_in(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let after_host = path.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    match after_host.rsplit('/').next() {
        None | Some("" | "." | "..") => "download",
        Some(name) => name,
    }
}

/// Writes a new file. Fails if it exists.
fn store(from: &mut impl Read, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", to.display());
    let mut target = fs::File::create_new(to).map_err(failed)?;
    std::io::copy(from, &mut target).map_err(failed)?;
    Ok(())
}
