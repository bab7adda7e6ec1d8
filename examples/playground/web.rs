//! The host for a browser: serves the page, receives its messages by POST, and answers with server-sent events.
//!
//! | request | effect |
//! |---|---|
//! | `GET /` and the files of the page | see [`content`] |
//! | `GET /events` | opens a bridge for the page; its first event, `page`, contains the number `N` of the other requests |
//! | `POST /send?page=N`, `POST /sync?page=N` | `wxtransferSend` and `wxtransferSendSync` |
//! | `POST /import?page=N&name=…` | makes a temporary file from the body, as `wx.chooseImage` does |
//! | `GET /file?path=wxfile://…` | a file of the mini program, for the phone to show or play |
//! | `POST /host?do=…` | `enterBackground`, `enterForeground`, or `relaunch` with `platform` and `clientVersion` |
//! | `GET /servers` | the requests that the servers received |

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fs, thread};

use serde_json::{Value, json};
use wxtransfer::{Error, Session, VERSION};

use crate::bridge::Bridge;
use crate::call::text_of;
use crate::content::content;
use crate::http::{Answer, Listener, Request};
use crate::servers::Servers;
use crate::session::{self, Settings};

/// Serves until the standard input ends or contains a line.
pub fn run(port: u16, data_directory: &str) -> Result<(), String> {
    let listener = Listener::bind(port).map_err(|error| format!("port {port}: {error}"))?;
    let address = listener.address();
    let playground = Arc::new(Playground::start(data_directory)?);
    let for_requests = Arc::clone(&playground);
    thread::spawn(move || listener.serve(move |request| for_requests.answer(&request)));
    println!("Open http://{address}/ in a browser. Enter ends.");
    // A read error also ends the program.
    let _ = io::stdin().lines().next();
    playground.session().close().map_err(text)
}

struct Playground {
    servers: Servers,
    settings: Settings,
    session: Mutex<Arc<Session>>,
    pages: Mutex<HashMap<u64, Arc<Bridge>>>,
    next_number: AtomicU64,
}

impl Playground {
    fn start(data_directory: &str) -> Result<Playground, String> {
        let servers = Servers::start();
        let settings = servers.settings(data_directory);
        let session = Mutex::new(Arc::new(session::open(&settings).map_err(text)?));
        Ok(Playground { servers, settings, session, pages: Mutex::default(), next_number: AtomicU64::new(1) })
    }

    fn session(&self) -> Arc<Session> {
        Arc::clone(&self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn pages(&self) -> MutexGuard<'_, HashMap<u64, Arc<Bridge>>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn page(&self, request: &Request) -> Result<Arc<Bridge>, String> {
        let number = request.query("page").parse().unwrap_or(0);
        self.pages().get(&number).cloned().ok_or_else(|| "no such page".to_owned())
    }

    fn answer(self: &Arc<Playground>, request: &Request) -> Answer {
        let answer = match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/events") => Ok(self.events()),
            ("GET", "/servers") => Ok(json_answer(&self.servers.seen())),
            ("GET", "/file") => self.file(request),
            ("POST", "/send") => self.send(request),
            ("POST", "/sync") => self.send_sync(request),
            ("POST", "/import") => self.import(request),
            ("POST", "/host") => self.control(request),
            ("GET", path) => match content(path) {
                Some((content_type, text)) => Ok(Answer::Content { content_type, body: text.as_bytes().to_vec() }),
                None => return Answer::Error { status: "404 Not Found", reason: "no such file".into() },
            },
            _ => Err("no such request".to_owned()),
        };
        answer.unwrap_or_else(|reason| Answer::Error { status: "400 Bad Request", reason })
    }

    fn send(&self, request: &Request) -> Result<Answer, String> {
        self.page(request)?.receive(&message(request)?)?;
        Ok(json_answer(&json!({})))
    }

    fn send_sync(&self, request: &Request) -> Result<Answer, String> {
        Ok(json_answer(&self.page(request)?.answer_at_once(&message(request)?)))
    }

    fn import(&self, request: &Request) -> Result<Answer, String> {
        let page = self.page(request)?;
        let file = page.session().import_data(&request.body, Some(request.query("name"))).map_err(text)?;
        Ok(json_answer(&json!({ "tempFilePath": file.file_path, "size": file.size })))
    }

    fn file(&self, request: &Request) -> Result<Answer, String> {
        let file = self.session().resolve_path(request.query("path")).map_err(text)?;
        let body = fs::read(&file.native_path).map_err(|error| error.to_string())?;
        let extension = file.native_path.extension().and_then(|extension| extension.to_str());
        let content_type = match extension {
            Some("png") => "image/png",
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("wav") => "audio/wav",
            Some("txt" | "json") => "text/plain",
            _ => "application/octet-stream",
        };
        Ok(Answer::Content { content_type, body })
    }

    fn control(&self, request: &Request) -> Result<Answer, String> {
        match request.query("do") {
            "enterBackground" => self.session().enter_background().map_err(text)?,
            "enterForeground" => self.session().enter_foreground().map_err(text)?,
            "relaunch" => self.relaunch(request.query("platform"), request.query("clientVersion"))?,
            _ => return Err("not supported".into()),
        }
        Ok(json_answer(&json!({})))
    }

    /// Ends this launch of the mini program, which deletes its temporary files, and starts another one.
    fn relaunch(&self, platform: &str, client_version: &str) -> Result<(), String> {
        let (platform, client_version) = (platform.to_owned(), client_version.to_owned());
        let settings = Settings { platform, client_version, ..self.settings.clone() };
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        // Fails if the session is closed already, because the last relaunch could not open the next one.
        let _ = session.close();
        *session = Arc::new(session::open(&settings).map_err(text)?);
        Ok(())
    }

    /// The page's events. Its bridge lives as long as this connection.
    fn events(self: &Arc<Playground>) -> Answer {
        let playground = Arc::clone(self);
        Answer::Stream(Box::new(move |socket| {
            let (sender, messages) = channel();
            let ends = sender.clone();
            let bridge = Bridge::new(
                playground.session(),
                // Fails only if nobody listens any more.
                Arc::new(move |message| _ = sender.send(Some(message))),
            );
            let number = playground.next_number.fetch_add(1, Ordering::Relaxed);
            playground.pages().insert(number, Arc::new(bridge));
            let mut reader = socket.try_clone()?;
            thread::spawn(move || {
                // The browser sends nothing more. So when the read returns, for any reason, the connection has ended.
                let _ = reader.read(&mut [0]);
                let _ = ends.send(None);
            });
            let page = text_of(&json!({ "page": number, "version": VERSION }));
            let sent = send_events(socket, &page, std::iter::from_fn(|| messages.recv().ok().flatten()));
            let bridge = playground.pages().remove(&number);
            if let Some(bridge) = bridge {
                bridge.end();
            }
            sent
        }))
    }
}

fn send_events(mut socket: TcpStream, page: &str, messages: impl Iterator<Item = String>) -> io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
    socket.write_all(format!("{head}event: page\ndata: {page}\n\n").as_bytes())?;
    for message in messages {
        socket.write_all(format!("data: {message}\n\n").as_bytes())?;
    }
    Ok(())
}

fn text(error: Error) -> String {
    error.to_string()
}

fn message(request: &Request) -> Result<Value, String> {
    serde_json::from_slice(&request.body).map_err(|_| "not a message of the page".to_owned())
}

fn json_answer(value: &Value) -> Answer {
    Answer::Content { content_type: "application/json", body: text_of(value).into_bytes() }
}
