//! Tunnels through proxies.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use super::support::*;
use crate::http::*;

/// A proxy that connects every tunnel to `target`, and the requests that it received.
fn proxy_to(target: std::net::SocketAddr, answer: &'static str) -> (Server, mpsc::Receiver<String>) {
    let (sender, asked) = mpsc::channel();
    let sender = Mutex::new(sender);
    let server = Server::start(move |mut client, _| {
        let Some(head) = read_head(&mut client) else { return };
        sender.lock().unwrap().send(head).unwrap();
        client.write_all(answer.as_bytes()).unwrap();
        if !answer.contains(" 200 ") {
            return;
        }
        let server = TcpStream::connect(target).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let up = thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = std::io::copy(&mut { server }, &mut client);
        let _ = client.shutdown(Shutdown::Both);
        up.join().unwrap();
    });
    (server, asked)
}

fn client_through(proxy: &str, trust: Trust) -> Client {
    let proxy = Some(Proxy::parse(proxy).unwrap());
    // The proxy resolves the target's name.
    let resolver = Some(FixedResolver::new(vec![]) as Arc<dyn Resolver>);
    Client::new(ClientOptions { proxy, resolver, trust, ..options() }).unwrap()
}

#[test]
fn every_request_goes_through_a_tunnel() {
    let authority = Authority::new();
    let tls = tls_server(authority.issue("test.example").config(), |mut stream, _| {
        read_request(&mut stream).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret").unwrap();
    });
    let plain = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret");
    let plain_url = url::Url::parse(&format!("http://test.example:{}/x", plain.address.port())).unwrap();
    for (target, url) in [(&tls, tls.tls_url()), (&plain, plain_url)] {
        let (proxy, asked) = proxy_to(target.address, "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n");
        let trust = Trust::Roots(vec![authority.root.clone()]);
        let client = client_through(&format!("http://us%65r:p%3A%C3%A4ss@{}", proxy.address), trust);
        let exchange = exchange();
        let mut response = get(&client, &url, &exchange).unwrap();
        assert_eq!(read_all(&mut response).unwrap(), b"secret");
        assert_eq!(exchange.trace().peer, Some(proxy.address));

        let head = asked.recv_timeout(PATIENCE).unwrap();
        let authority = format!("test.example:{}", target.address.port());
        assert!(head.starts_with(&format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n")), "{head}");
        // "user:p:äss", encoded by another program.
        assert!(head.contains("\r\nProxy-Authorization: Basic dXNlcjpwOsOkc3M=\r\n"), "{head}");
    }
}

#[test]
fn a_proxy_that_refuses_is_a_proxy_error() {
    let target = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    for (answer, status, text) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5\r\n\r\nlogin", Some(407), "user name"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Some(403), "403"),
        ("HTTP/1.1 302 Found\r\nLocation: http://captive.example/\r\n\r\n", Some(302), "302"),
        ("SSH-2.0-x\r\n", None, "not HTTP"),
        ("", None, "closed"),
    ] {
        let (proxy, _asked) = proxy_to(target, answer);
        let client = client_through(&format!("http://{}", proxy.address), Trust::Platform);
        let error = get(&client, &url::Url::parse("http://test.example/").unwrap(), &exchange()).err().unwrap();
        let refused = match error.kind {
            ErrorKind::ProxyRefused(status) => Some(status),
            ErrorKind::Proxy => None,
            _ => panic!("{error:?}"),
        };
        assert_eq!(refused, status, "{error:?}");
        assert!(error.detail.contains(text), "{error:?}");
    }
}

/// The server behind a tunnel does not send before the client does, so bytes after the proxy's answer would be taken
/// for the server's.
#[test]
fn bytes_after_the_proxys_answer_are_a_proxy_error() {
    let proxy = Server::answering("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    let client = client_through(&format!("http://{}", proxy.address), Trust::Platform);
    let error = get(&client, &url::Url::parse("http://test.example/").unwrap(), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Proxy), "{error:?}");
    assert_eq!(error.detail, "the proxy sent more than its answer");
}

#[test]
fn a_proxy_that_cannot_be_reached_is_a_proxy_error() {
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    for proxy in [format!("http://{nobody}"), "http://proxy.example:3128".to_owned()] {
        let client = client_through(&proxy, Trust::Platform);
        let error = get(&client, &url::Url::parse("http://test.example/").unwrap(), &exchange()).err().unwrap();
        assert!(matches!(error.kind, ErrorKind::Proxy), "{error:?}");
    }
}

#[test]
fn only_an_http_proxy_can_be_given() {
    for url in ["https://proxy.example", "socks5://proxy.example:1080", "http://proxy.example/path", "proxy", "http://"]
    {
        assert!(matches!(Proxy::parse(url), Err(Error { kind: ErrorKind::Proxy, .. })), "{url}");
    }
    let proxy = Proxy::parse("http://user:secret@proxy.example").unwrap();
    assert_eq!(format!("{proxy:?}"), "Proxy(proxy.example:80)");
}

/// A connection to the proxy of the environment fails the test.
#[test]
fn proxy_variables_of_the_environment_are_ignored() {
    // A variable set here would affect other tests of the process, so a child process runs the test.
    if std::env::var_os("WXTRANSFER_TEST_PROXY_CHILD").is_none() {
        let trap = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = format!("http://{}", trap.local_addr().unwrap());
        let words = wxtransfer_test_server::program_words(std::env::current_exe().unwrap());
        let status = std::process::Command::new(&words[0])
            .args(&words[1..])
            .args(["--exact", "http::tests::proxy::proxy_variables_of_the_environment_are_ignored"])
            .env("WXTRANSFER_TEST_PROXY_CHILD", "1")
            .envs(["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].map(|name| (name, &proxy)))
            .env_remove("no_proxy")
            .env_remove("NO_PROXY")
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        trap.set_nonblocking(true).unwrap();
        assert!(trap.accept().is_err(), "the proxy of the environment was used");
        return;
    }
    let server = Server::start(|mut stream, _| {
        let mut first = [0; 4];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"GET ");
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let url = url::Url::parse(&format!("http://test.example:{}/", server.address.port())).unwrap();
    assert_eq!(get(&client(), &url, &exchange()).unwrap().status, 204);
}
