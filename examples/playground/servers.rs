//! The servers for the page, all on this machine. A proxy maps the page's host names to them.
//!
//! | URL | server |
//! |---|---|
//! | `https://example.com` | a correct server; its path `/drip` is slow |
//! | `http://example.com/download/123` | a voice message |
//! | `https://faulty.example.test` | a server that closes, stalls or resets in the middle of an answer |

use serde_json::{Value, json};
use wxtransfer_test_server::{
    Authority, FaultServer, Options, ProxyServer, Script, Server, Step, Transport, response_head,
};

use crate::session::Settings;
use crate::voice;

pub struct Servers {
    honest: Server,
    voice: FaultServer,
    faulty: FaultServer,
    proxy: ProxyServer,
}

impl Servers {
    pub fn start() -> Servers {
        let honest = Server::start(Options::default());
        let voice = FaultServer::start_with(Transport::Plain, |_| Step::Choose(voice_for_target).into());
        let faulty = FaultServer::by_target(Transport::TLS);
        let (example, plain, fault) = (honest.tls_address(), voice.address(), faulty.address());
        let proxy = ProxyServer::leading(move |target| match target {
            "example.com:443" => Some(example),
            "example.com:80" => Some(plain),
            "faulty.example.test:443" => Some(fault),
            _ => None,
        });
        Servers { honest, voice, faulty, proxy }
    }

    /// Settings whose domain lists allow these servers. `http` is allowed, because the guide's download uses it.
    pub fn settings(&self, data_directory: &str) -> Settings {
        let domains = ["https://example.com", "http://example.com", "https://faulty.example.test"];
        Settings {
            data_directory: data_directory.to_owned(),
            domains: domains.map(str::to_owned).to_vec(),
            allow_plain_http: true,
            root_certificates: Authority::shared().pem().to_owned(),
            proxy: self.proxy.url(),
            ..Settings::default()
        }
    }

    /// The requests that the servers received, for the page to show.
    pub fn seen(&self) -> Value {
        let requests = self.honest.requests().into_iter().map(|request| {
            let parts = request.body.parts.iter().map(|part| {
                json!({ "name": part.name, "value": part.value, "filename": part.filename,
                        "contentType": part.content_type, "length": part.length,
                        "sha256": part.sha256.map(|byte| format!("{byte:02x}")).concat() })
            });
            json!({
                "server": "example.com", "method": request.method, "target": request.target,
                "headers": request.headers, "bodyLength": request.body.length, "complete": request.body.complete,
                "parts": parts.collect::<Vec<_>>(), "connection": request.connection,
            })
        });
        let mut seen: Vec<Value> = requests.collect();
        for (name, server) in [("example.com (http)", &self.voice), ("faulty.example.test", &self.faulty)] {
            seen.extend((0..server.connections()).filter_map(|connection| {
                let received = String::from_utf8_lossy(&server.received(connection)).into_owned();
                let mut words = received.split_whitespace();
                let (method, target) = (words.next()?, words.next()?);
                Some(json!({ "server": name, "method": method, "target": target, "connection": connection }))
            }));
        }
        let connects: Vec<Value> = self
            .proxy
            .connects()
            .iter()
            .map(|connect| json!({ "target": connect.target, "status": connect.status }))
            .collect();
        json!({ "requests": seen, "connects": connects })
    }
}

fn voice_for_target(target: &str) -> Script {
    let (status, body) = if target == "/download/123" { (200, voice::wav()) } else { (404, Vec::new()) };
    let head =
        response_head(status, &[("Content-Type", "audio/wav"), ("Connection", "close")], Some(body.len() as u64));
    Script::new([Step::ReadWholeBody, Step::Send([head, body].concat()), Step::Close])
}
