//! The honest server on the wire.

mod client;

use std::io::{Read, Write};
use std::net::TcpStream;

use client::{Response, connect, connect_tls, get, request, trusting};
use serde_json::{Value, json};
use wxtransfer_test_server::{Options, ProxyServer, Server, pattern_byte, pattern_bytes, pattern_sha256};

fn server() -> Server {
    Server::start(Options::default())
}

fn json_of(response: &Response) -> Value {
    serde_json::from_slice(&response.body).expect("JSON")
}

const MULTIPART: &str = "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n小明\r\n\
    --b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nagain\r\n\
    --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.png\"\r\nContent-Type: image/png\r\n\r\n";

fn upload_head(length: usize) -> String {
    format!(
        "POST /upload HTTP/1.1\r\nHost: h\r\nX-MiXed: 1\r\nx-second: 2\r\nX-MiXed: 3\r\n\
        Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
    )
}

#[test]
fn upload_is_reported_part_by_part_and_recorded() {
    let server = server();
    let body = format!("{MULTIPART}abc\r\n--b--\r\n");
    let response = request(connect(server.address()), &upload_head(body.len()), body.as_bytes());
    assert_eq!(response.status, 200);
    let answer = json_of(&response);
    assert_eq!(answer["method"], "POST");
    assert_eq!(answer["headers"][1], json!(["X-MiXed", "1"]));
    assert_eq!(answer["headers"][3], json!(["X-MiXed", "3"]));
    assert_eq!(answer["parts"], json!(["user", "user", "file"]));
    assert_eq!(answer["fields"], json!([["user", "小明"], ["user", "again"]]));
    assert_eq!(answer["content_length"], body.len());
    // The SHA-256 of "abc" is the first example of FIPS 180.
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let file = json!({
        "name": "file", "filename": "a%22b.png", "content_type": "image/png", "length": 3, "sha256": sha256,
    });
    assert_eq!(answer["files"], json!([file]));

    let [received] = &server.requests()[..] else { panic!("one request") };
    assert!(received.body.complete);
    assert_eq!(received.body.bytes.as_deref(), Some(body.as_bytes()));
    assert_eq!(received.body.fields(), [("user", "小明"), ("user", "again")]);
    assert_eq!(received.header("x-mixed"), Some("1"));
}

#[test]
fn large_upload_is_hashed_but_not_stored() {
    let server = server();
    let length = 5_000_000;
    let mut body = MULTIPART.as_bytes().to_vec();
    body.extend(pattern_bytes(0, length));
    body.extend_from_slice(b"\r\n--b--\r\n");
    let mut stream = connect_tls(server.tls_address(), &trusting()).expect("a handshake");
    let response = request(&mut stream, &upload_head(body.len()), &body);
    assert_eq!(json_of(&response)["files"][0]["length"], length);
    let received = &server.requests()[0].body;
    assert_eq!(received.files()[0].sha256, pattern_sha256(length as u64));
    assert_eq!((received.length, &received.bytes), (body.len() as u64, &None));
}

#[test]
fn an_upload_that_breaks_off_is_recorded_as_incomplete() {
    let server = server();
    let mut stream = connect(server.address());
    stream.write_all(upload_head(1000).as_bytes()).expect("to send");
    stream.write_all(MULTIPART.as_bytes()).expect("to send");
    server.wait_for_requests(1);
    drop(stream);
    server.wait_for_open_connections(0);
    let received = &server.requests()[0];
    assert!(!received.body.complete);
    assert_eq!(received.body.length, MULTIPART.len() as u64);
}

#[test]
fn bytes_route_supports_chunks_compression_and_ranges() {
    let server = server();
    let length = 700_001;
    let expected: Vec<u8> = (0..length).map(pattern_byte).collect();
    let ask = |query: &str, headers: &str| get(connect(server.address()), &format!("/bytes/{length}{query}"), headers);

    let whole = ask("?type=image/png", "");
    assert!(whole.body == expected);
    assert_eq!(whole.header("content-length"), Some("700001"));
    assert_eq!(whole.header("content-type"), Some("image/png"));

    let chunked = ask("?chunked=1", "");
    assert_eq!(chunked.header("content-length"), None);
    assert!(chunked.body == expected);

    let compressed = ask("?gzip=1", "");
    assert_eq!(compressed.header("content-encoding"), Some("gzip"));
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(&compressed.body[..]).read_to_end(&mut decoded).expect("gzip");
    assert!(decoded == expected);

    let etag = whole.header("etag").expect("an entity tag");
    let part = ask("", &format!("Range: bytes=700000-\r\nIf-Range: {etag}\r\n"));
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 700000-700000/700001")));
    assert_eq!(part.body, [pattern_byte(700_000)]);
    assert_eq!(ask("", "Range: bytes=1-2\r\nIf-Range: \"other\"\r\n").status, 200);
    assert_eq!(ask("", "Range: bytes=700001-\r\n").header("content-range"), Some("bytes */700001"));
}

#[test]
fn redirects_count_down_to_their_target() {
    let server = server();
    let mut target = "/redirect/307?to=/status/404&n=3".to_owned();
    for left in [2, 1, 0] {
        let response = get(connect(server.address()), &target, "");
        assert_eq!(response.status, 307);
        target = response.header("location").expect("a location").to_owned();
        assert_eq!(target.contains(&format!("n={left}")), left > 0, "{target}");
    }
    assert_eq!(target, "/status/404");
    assert_eq!(get(connect(server.address()), &target, "").status, 404);
}

#[test]
fn texts_are_in_the_charset_they_name() {
    let server = server();
    let ask = |query: &str| get(connect(server.address()), &format!("/text{query}"), "");
    assert_eq!(ask("").body, "你好，世界".as_bytes());
    assert_eq!(ask("?charset=utf-8&bom=1").body, "\u{feff}你好，世界".as_bytes());
    let utf_16: Vec<u8> = "你好，世界".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(ask("?charset=utf-16le").body, utf_16);
    let (gbk, _, _) = encoding_rs::GBK.encode("你好，世界");
    assert_eq!(ask("?charset=gbk").body, *gbk);
    assert_eq!(ask("?charset=gbk").header("content-type"), Some("text/plain; charset=gbk"));
}

#[test]
fn drip_has_its_announced_length() {
    let server = server();
    let response = get(connect(server.address()), "/drip?n=5&ms=1", "");
    assert_eq!(response.header("content-length"), Some("5"));
    assert_eq!(response.body, pattern_bytes(0, 5));
}

#[test]
fn record_shows_kept_connections_and_resumed_sessions() {
    let server = server();
    let config = trusting();
    let mut stream = connect_tls(server.tls_address(), &config).expect("a handshake");
    get(&mut stream, "/headers", "");
    get(&mut stream, "/headers", "");
    let mut again = connect_tls(server.tls_address(), &config).expect("a handshake");
    get(&mut again, "/headers", "");
    let requests = server.wait_for_requests(3);
    let connections: Vec<u64> = requests.iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 1]);
    let resumed = |index: usize| requests[index].tls.as_ref().map(|tls| (tls.version.as_str(), tls.resumed));
    assert_eq!((resumed(0), resumed(2)), (Some(("TLSv1_3", false)), Some(("TLSv1_3", true))));
    assert_eq!(requests[0].tls.as_ref().and_then(|tls| tls.server_name.as_deref()), Some("localhost"));
    assert_eq!(std::fs::read_to_string(server.ca_file()).expect("ca.pem"), server.ca_pem());
}

#[test]
fn proxy_requires_credentials_and_a_target_on_this_machine() {
    let server = server();
    let proxy = ProxyServer::start(Some(("user", "secret")));
    // "user:secret" in base 64, by RFC 7617's rules.
    let credentials = "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n";
    let ask = |target: &str, headers: &str| ask_proxy(&proxy, target, headers);
    let target = format!("localhost:{}", server.address().port());
    assert!(ask(&target, "").0.starts_with(b"HTTP/1.1 407 "));
    assert!(ask("192.0.2.1:80", credentials).0.starts_with(b"HTTP/1.1 403 "));
    let (head, tunnel) = ask(&target, credentials);
    assert!(head.starts_with(b"HTTP/1.1 200 "));
    assert_eq!(get(tunnel, "/bytes/3", "").body, pattern_bytes(0, 3));
    let asked: Vec<(String, u16)> =
        proxy.connects().into_iter().map(|connect| (connect.target, connect.status)).collect();
    assert_eq!(asked, [(target.clone(), 407), ("192.0.2.1:80".to_owned(), 403), (target, 200)]);
}

#[test]
fn proxy_tunnels_to_the_server_that_a_name_is_mapped_to() {
    let server = server();
    let address = server.address();
    let proxy = ProxyServer::leading(move |target| (target == "example.com:443").then_some(address));
    let (head, tunnel) = ask_proxy(&proxy, "example.com:443", "");
    assert!(head.starts_with(b"HTTP/1.1 200 "));
    assert_eq!(get(tunnel, "/bytes/3", "").body, pattern_bytes(0, 3));
    assert!(ask_proxy(&proxy, "example.com:80", "").0.starts_with(b"HTTP/1.1 403 "));
}

/// The head of the answer to a `CONNECT`, and the connection behind it.
fn ask_proxy(proxy: &ProxyServer, target: &str, headers: &str) -> (Vec<u8>, TcpStream) {
    let mut stream = connect(proxy.address());
    write!(stream, "CONNECT {target} HTTP/1.1\r\n{headers}\r\n").expect("to send");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    (head, stream)
}
