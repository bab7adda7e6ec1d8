//! A server of files with ranges, which can break off its first answer for a file.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A file of the server.
#[derive(Debug)]
pub struct Served {
    pub content: Vec<u8>,
    /// The first answer ends after this many bytes, and the second request gets no answer. So the download of a session
    /// without retries fails. Later requests are answered completely.
    pub cut: Option<usize>,
}

/// The files by the number that is their path.
type Files = HashMap<usize, Served>;

/// Serves until the process ends. Returns the URL.
pub fn start(files: Files) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let files = Arc::new(files);
    let requests: Arc<Mutex<HashMap<usize, u32>>> = Arc::default();
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (files, requests) = (files.clone(), requests.clone());
            // An error ends the connection, as the client's end of it does.
            thread::spawn(move || serve(&client, &files, &requests));
        }
    });
    url
}

fn serve(mut client: &TcpStream, files: &Files, requests: &Mutex<HashMap<usize, u32>>) -> io::Result<()> {
    let mut input = BufReader::new(client.try_clone()?);
    loop {
        let (mut number, mut range, mut validator) = (None, None, None);
        loop {
            let mut line = String::new();
            if input.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end();
            if let Some(target) = line.strip_prefix("GET /") {
                number = target.split(' ').next().and_then(|number| number.parse::<usize>().ok());
            }
            match line.split_once(": ") {
                Some(("Range", value)) => {
                    let begin = value.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
                    range = begin.and_then(|begin| begin.parse::<usize>().ok());
                }
                Some(("If-Range", value)) => validator = Some(value.to_owned()),
                None if line.is_empty() => break,
                _ => {}
            }
        }
        let number = number.expect("the number of a file");
        let Served { content, cut } = &files[&number];
        let request = {
            let mut requests = requests.lock().expect("a lock");
            let request = requests.entry(number).or_insert(0);
            *request += 1;
            *request
        };
        let end = match (cut, request) {
            (Some(cut), 1) => *cut,
            (Some(_), 2) => return Ok(()),
            _ => content.len(),
        };
        let (size, tag) = (content.len(), format!("\"{number}\""));
        let begin = range.filter(|begin| *begin < size && validator.as_ref() == Some(&tag));
        let status = match begin {
            Some(begin) => format!("206 Partial Content\r\nContent-Range: bytes {begin}-{}/{size}", size - 1),
            None => "200 OK".to_owned(),
        };
        let begin = begin.unwrap_or(0);
        write!(client, "HTTP/1.1 {status}\r\nETag: {tag}\r\nContent-Length: {}\r\n\r\n", size - begin)?;
        client.write_all(&content[begin..end])?;
        if end < size {
            return Ok(());
        }
    }
}
