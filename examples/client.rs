//! A small client for any server. Most options have curl's names:
//!
//! ```sh
//! cargo run --release --example client -- upload https://example.com/upload photo.jpg
//! cargo run --release --example client -- download https://example.com/photo.jpg -o photo.jpg --retry 3 --resume
//! ```

mod support;
#[path = "trace/page.rs"]
mod trace_page;

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
       client [OPTION…] upload URL -F NAME=@FILE
       client [OPTION…] download URL [FILE]

  -H, --header 'NAME: VALUE'   send a header; may be given several times
  -F, --form NAME=VALUE        send a field before the file; with =@FILE the file itself, once
  -o, --output FILE            the file to write; it must not exist
      --retry N                up to N more attempts after a failed one
      --rate N                 at most N bytes per second; also 500k or 2M
      --resume                 keep the partial file of an interrupted download in ~/.cache, and continue it the next time
      --trace FILE.html        write a page of all requests with a waterfall
      --cacert FILE            the only root certificates to trust, in PEM
      --insecure-http          allow http URLs
      --lan                    allow all addresses of the local network and of this machine, http too
  -h, --help                   print this";

/// The command line.
#[derive(Default)]
struct Arguments {
    uploads: bool,
    url: String,
    /// The file to send, or to write.
    file: PathBuf,
    header: Vec<(String, String)>,
    form_data: Vec<(String, String)>,
    /// The name of the file part.
    name: String,
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
    let arguments = match parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments { name: "file".into(), ..Arguments::default() };
    let (mut words, mut output, mut form_file) = (Vec::new(), None, None);
    while let Some(word) = given.next() {
        let mut value = || given.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "-H" | "--header" => {
                let (name, value) = pair(&value()?, ':')?;
                arguments.header.push((name, value.trim().to_owned()));
            }
            "-F" | "--form" => match pair(&value()?, '=')? {
                (name, file) if file.starts_with('@') => form_file = Some((name, PathBuf::from(&file[1..]))),
                field => arguments.form_data.push(field),
            },
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
    arguments.uploads = match words.next().as_deref() {
        Some("upload") => true,
        Some("download") => false,
        _ => return Err("say upload or download".into()),
    };
    arguments.url = words.next().ok_or("say a URL")?;
    let file = words.next().map(PathBuf::from);
    if words.next().is_some() {
        return Err("there are too many words".into());
    }
    arguments.file = match (arguments.uploads, file, form_file, output) {
        (true, Some(file), None, None) => file,
        (true, None, Some((name, file)), None) => {
            arguments.name = name;
            file
        }
        (true, ..) => return Err("an upload has one file".into()),
        (false, None, None, None) => name_in(&arguments.url).into(),
        (false, Some(file), None, None) | (false, None, None, Some(file)) => file,
        (false, ..) => return Err("a download has one file, and no form".into()),
    };
    Ok(arguments)
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

fn run(arguments: &Arguments) -> Result<(), String> {
    // Checked first, so that no download is wasted.
    if !arguments.uploads && arguments.file.exists() {
        return Err(format!("{} exists", arguments.file.display()));
    }
    let parent = arguments.file.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !arguments.uploads && !parent.is_dir()) {
        return Err(format!("{} is no directory", parent.display()));
    }
    let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
    // A partial file must still exist at the next start.
    let directory = if arguments.resume { cache()? } else { temporary.path().to_owned() };
    let (sender, events) = channel();
    let host = Host::open(options_of(arguments, &directory)?, arguments.trace.is_some(), sender).map_err(text)?;
    if arguments.uploads {
        host.upload(0, upload_of(arguments)?).map_err(text)?;
    } else {
        let mut request = DownloadRequest::new(&arguments.url);
        request.header = arguments.header.clone();
        host.download(0, request).map_err(text)?;
    }
    let arrow = if arguments.uploads { "↑" } else { "↓" };
    let mut tasks = [Task::new(format!("{arrow} {}", arguments.file.display()))];
    show(&mut tasks, &events, all_ended)?;
    let [task] = tasks;
    if let Some(path) = &arguments.trace {
        let page = trace_page::render(&task.traces.join("\n"))?;
        fs::write(path, page).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    // Before the session is closed, which deletes its temporary files.
    let result = finish(arguments, task.end);
    host.close().map_err(text)?;
    result
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

fn upload_of(arguments: &Arguments) -> Result<UploadRequest, String> {
    let path = std::path::absolute(&arguments.file).map_err(|error| error.to_string())?;
    let path = path.into_os_string().into_string().map_err(|_| "the file's name is not UTF-8")?;
    let parts = vec![UploadPart::new(&arguments.name, UploadSource::Path(path))];
    let body = UploadBody::Form { form_data: arguments.form_data.clone(), parts };
    let mut request = UploadRequest::new(&arguments.url, body);
    request.header = arguments.header.clone();
    Ok(request)
}

fn text(error: Error) -> String {
    error.to_string()
}

/// Prints the answer, or copies the file to its destination.
fn finish(arguments: &Arguments, end: Option<End>) -> Result<(), String> {
    match end {
        Some(End::Success { status, data, .. }) if status >= 400 => {
            print_answer(&data);
            Err(format!("the server answered {status}"))
        }
        Some(End::Success { data, .. }) if arguments.uploads => {
            print_answer(&data);
            Ok(())
        }
        Some(End::Success { file, .. }) => store(&file, &arguments.file),
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

/// Copies the file, also to another file system. Fails if the destination exists.
fn store(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", to.display());
    let mut target = fs::File::create_new(to).map_err(failed)?;
    let mut source = fs::File::open(from).map_err(failed)?;
    std::io::copy(&mut source, &mut target).map_err(failed)?;
    Ok(())
}
