//! The number of bytes that a connection waits for. The tests check the socket's `SO_RCVLOWAT`, and measure no time.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use socket2::Socket;

use super::*;
use crate::http::tests::support::*;
use crate::http::tls::{TlsSettings, Trust, server_name};
use crate::http::tls_stream::TlsStream;
use crate::platform::set_receive_low_water_mark;

/// The socket's low-water mark after a wait for more of a body. The wait itself ends at once.
fn mark_for(connection: &mut Connection, exchange: &Exchange, rest: Rest) -> u64 {
    connection.wait_for_more(exchange, rest, 0, Some(Instant::now())).unwrap();
    connection.channel.stream().low_water_mark().into()
}

#[test]
fn large_body_waits_for_many_bytes_until_its_end() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut connection =
        Connection::new(Channel::Plain(connected(listener.local_addr().unwrap()).0), TrustNumber::default());
    let exchange = exchange();
    let mut mark_for = |left| mark_for(&mut connection, &exchange, Rest::Length(left));
    assert_eq!(mark_for(GATHERING_REST - 1), 1);
    assert_eq!(mark_for(GATHERING_REST), GATHERING_REST);
    for left in [GATHERING_REST - 1, 1000, 2] {
        assert_eq!(mark_for(left), left);
    }
    assert_eq!(mark_for(1), 1);
    assert_eq!(mark_for(1000), 1, "the next body is a small one");
}

/// An exchange whose response began `age` ago.
fn exchange_of_age(age: Duration) -> Arc<Exchange> {
    let exchange = exchange();
    exchange.times().response_start = Instant::now().checked_sub(age);
    exchange
}

#[test]
fn wait_for_more_chunks_grows_with_the_age_of_the_response() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut connection =
        Connection::new(Channel::Plain(connected(listener.local_addr().unwrap()).0), TrustNumber::default());
    let (young, old) = (exchange_of_age(Duration::from_millis(100)), exchange_of_age(Duration::from_secs(4)));
    let very_old = exchange_of_age(Duration::from_secs(3600));
    let mark = u64::from(LOW_WATER_MARK);
    assert_eq!(mark_for(&mut connection, &young, Rest::Chunk(1000)), 1, "a body that has just begun may end soon");
    assert_eq!(
        mark_for(&mut connection, &young, Rest::Chunk(GATHERING_REST)),
        GATHERING_REST,
        "the body does not end before these bytes"
    );
    for left in [0, 1, 1000] {
        assert_eq!(mark_for(&mut connection, &old, Rest::Chunk(left)), mark);
    }
    let (_, time) = connection.gathering(&old, Rest::Chunk(0)).unwrap();
    assert!((Duration::from_millis(125)..old.gathering_time()).contains(&time), "{time:?}");
    assert_eq!(connection.gathering(&very_old, Rest::Chunk(0)).unwrap().1, very_old.gathering_time());
    assert_eq!(mark_for(&mut connection, &young, Rest::UntilClose), mark, "the close ends the wait");
}

#[test]
fn short_wait_for_many_bytes_is_not_a_stall() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut connection =
        Connection::new(Channel::Plain(connected(listener.local_addr().unwrap()).0), TrustNumber::default());
    let exchange = exchange_of_age(Duration::from_secs(1));
    let stalls = Arc::new(AtomicUsize::new(0));
    let counted = stalls.clone();
    exchange.on_body_stalled(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    let mut stalls_after = |rest, timeouts| {
        connection.wait_for_more(&exchange, rest, timeouts, Some(Instant::now())).unwrap();
        stalls.swap(0, Ordering::Relaxed)
    };
    // Progress would be reported more often than its interval.
    assert_eq!(stalls_after(Rest::Chunk(0), 0), 0);
    assert_eq!(stalls_after(Rest::Chunk(0), 1), 0);
    assert_eq!(stalls_after(Rest::Chunk(0), 2), 1);
    // These waits last for the interval.
    assert_eq!(stalls_after(Rest::Length(GATHERING_REST), 0), 0);
    assert_eq!(stalls_after(Rest::Length(GATHERING_REST), 1), 1);
    assert_eq!(stalls_after(Rest::Length(1), 1), 1);
}

#[test]
fn wait_covers_the_missing_bytes_of_a_record() {
    const SENT: usize = 100;
    let (sender, sizes) = mpsc::channel();
    let sender = Mutex::new(sender);
    let authority = Authority::new();
    let server = tls_server(authority.issue("test.example").config(), move |mut stream, _| {
        stream.flush().unwrap();
        stream.conn.writer().write_all(&[b'x'; 5000]).unwrap();
        let mut record = Vec::new();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut record).unwrap();
        }
        stream.sock.write_all(&record[..SENT]).unwrap();
        sender.lock().unwrap().send(record.len()).unwrap();
        stay(&stream.sock);
    });
    let exchange = exchange();
    let trust = Trust::from_pem(authority.root_pem.as_bytes()).unwrap();
    let name = server_name("test.example").unwrap();
    let config = TlsSettings::new(trust, Vec::new(), None).unwrap().config(exchange.worker(), &name).unwrap();
    let address = (Ipv4Addr::LOCALHOST, server.url().port().unwrap()).into();
    let stream = TlsStream::connect(&exchange, connected(address).0, config, name);
    let mut connection = Connection::new(Channel::Tls(Box::new(stream.unwrap())), TrustNumber::default());
    let size = sizes.recv_timeout(PATIENCE).unwrap();
    // Session tickets may arrive before the incomplete record.
    loop {
        let received = connection.channel.receive(&exchange, &mut [0; 10], Source::Socket).unwrap();
        assert_eq!(received, Received::Nothing);
        let Channel::Tls(stream) = &connection.channel else { unreachable!() };
        if stream.received() == SENT {
            break;
        }
        let limit = Some(Instant::now() + PATIENCE);
        assert!(connection.channel.stream_mut().wait(&exchange, Interest::Readable, limit).unwrap().input);
    }
    assert_eq!(mark_for(&mut connection, &exchange, Rest::Length(10)), (size - SENT) as u64);
}

/// Checks the size of the receive buffer, because a peer on loopback never fills it. `benches/links.sh` measures the
/// round trips that a smaller buffer costs.
#[test]
fn receive_buffer_is_larger_than_the_low_water_mark() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let (stream, socket) = connected(address);
    let ours = Socket::from(socket);
    let mut connection = Connection::new(Channel::Plain(stream), TrustNumber::default());
    let mark = mark_for(&mut connection, &exchange(), Rest::Length(u32::MAX.into()));
    let with_the_mark_alone = Socket::from(TcpStream::connect(address).unwrap());
    set_receive_low_water_mark(&with_the_mark_alone, u32::try_from(mark).unwrap()).unwrap();
    let (room, least) = (ours.recv_buffer_size().unwrap(), with_the_mark_alone.recv_buffer_size().unwrap());
    assert!(room >= 3 * least, "{room} bytes, where the mark alone takes {least}");
}
