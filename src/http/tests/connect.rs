//! From a host name to a connection.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::cancel::BlackHole;
use super::support::*;
use crate::http::*;

const NO_CONTENT: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn client_resolving(addresses: Vec<IpAddr>) -> (Client, Arc<FixedResolver>) {
    let resolver = FixedResolver::new(addresses);
    (Client::new(ClientOptions { resolver: Some(resolver.clone()), ..options() }).unwrap(), resolver)
}

fn named(port: u16) -> url::Url {
    url::Url::parse(&format!("http://test.example:{port}/")).unwrap()
}

#[test]
fn dead_address_delays_a_connection_by_less_than_300_ms() {
    let server = Server::answering(NO_CONTENT);
    let hole = BlackHole::at(Ipv4Addr::new(127, 0, 0, 2), server.address.port());
    let (client, _) = client_resolving(vec![hole.address(), IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    let (exchange, begin) = (exchange(), Instant::now());
    let response = get(&client, &named(hole.port), &exchange).unwrap();
    let took = begin.elapsed();
    assert_eq!(response.status, 204);
    assert_eq!(exchange.trace().peer, Some(server.address));
    // The upper limit allows for a slow machine. Without racing, this would take the system's own limit of over a
    // minute.
    assert!(took >= Duration::from_millis(250), "{took:?}");
    assert!(took < Duration::from_millis(600), "{took:?}");
    let connecting = exchange.trace().connect_end.unwrap() - exchange.trace().connect_start.unwrap();
    assert!(connecting < Duration::from_millis(300), "{connecting:?}");
}

#[test]
fn refusing_address_does_not_delay_a_connection() {
    let server = Server::answering(NO_CONTENT);
    let refusing = [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let (client, _) = client_resolving(vec![refusing[0], refusing[1], IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    let exchange = exchange();
    assert_eq!(get(&client, &named(server.address.port()), &exchange).unwrap().status, 204);
    let connecting = exchange.trace().connect_end.unwrap() - exchange.trace().connect_start.unwrap();
    assert!(connecting < Duration::from_millis(200), "{connecting:?}");
}

/// The network may have changed meanwhile, so the name may have other addresses.
#[test]
fn a_name_is_looked_up_again_after_a_wait_for_a_network() {
    let server = Server::answering(NO_CONTENT);
    let (client, resolver) = client_resolving(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    let asked = Cell::new(0);
    let may_connect = || {
        asked.set(asked.get() + 1);
        Ok(asked.get() < 3)
    };
    let response = get_with(&client, &named(server.address.port()), &exchange(), &may_connect).unwrap();
    // Twice for each look-up: before it, and before the attempt to connect, after which the name is looked up again.
    assert_eq!((response.status, asked.get()), (204, 4));
    assert_eq!(resolver.calls.load(Ordering::SeqCst), 2);
}

/// Without a network, a look-up fails at once.
#[test]
fn a_look_up_waits_for_a_network() {
    struct OfDevice {
        is_online: AtomicBool,
        calls: AtomicUsize,
    }
    impl Resolver for OfDevice {
        fn resolve(&self, _: &str, answer: ResolverAnswer) {
            self.calls.fetch_add(1, Ordering::SeqCst);
            if self.is_online.load(Ordering::SeqCst) {
                answer.finish(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
            }
        }
    }
    let server = Server::answering(NO_CONTENT);
    // In the second case, the network goes away after the wait for it.
    for (waits, calls) in [([true, false, false], 1), ([false, true, false], 2)] {
        let device = Arc::new(OfDevice { is_online: AtomicBool::new(false), calls: AtomicUsize::new(0) });
        let client = Client::new(ClientOptions { resolver: Some(device.clone()), ..options() }).unwrap();
        let waits = Cell::new(&waits[..]);
        let may_connect = || {
            let (&has_waited, rest) = waits.get().split_first().unwrap_or((&false, &[]));
            waits.set(rest);
            device.is_online.fetch_or(has_waited, Ordering::SeqCst);
            Ok(has_waited)
        };
        let response = get_with(&client, &named(server.address.port()), &exchange(), &may_connect).unwrap();
        assert_eq!((response.status, device.calls.load(Ordering::SeqCst)), (204, calls));
    }
}

#[test]
fn working_address_behind_many_dead_ones_is_found() {
    let server = Server::answering(NO_CONTENT);
    let mut addresses: Vec<IpAddr> = (10..30).map(|last| IpAddr::V4(Ipv4Addr::new(127, 0, 0, last))).collect();
    addresses.push(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let (client, _) = client_resolving(addresses);
    assert_eq!(get(&client, &named(server.address.port()), &exchange()).unwrap().status, 204);
}

#[test]
fn error_is_connect_if_every_address_refuses() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let (client, _) = client_resolving(vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3))]);
    let error = get(&client, &named(port), &exchange()).err().unwrap();
    assert!(matches!(error.kind, ErrorKind::Connect), "{error:?}");
}

#[test]
fn a_name_without_an_address_is_a_name_resolution_error() {
    struct Dropping;
    impl Resolver for Dropping {
        fn resolve(&self, _: &str, answer: ResolverAnswer) {
            drop(answer);
        }
    }
    let dropping = Client::new(ClientOptions { resolver: Some(Arc::new(Dropping)), ..options() }).unwrap();
    // RFC 6761 section 6.4: this name never has an address, and it is not queried outside of the machine.
    let system = Client::new(ClientOptions { resolver: None, ..options() }).unwrap();
    let nowhere = url::Url::parse("http://wxtransfer.invalid/").unwrap();
    for client in [client_resolving(vec![]).0, dropping, system] {
        let error = get(&client, &nowhere, &exchange()).err().unwrap();
        assert!(matches!(error.kind, ErrorKind::NameResolution), "{error:?}");
    }
}

#[test]
fn system_resolver_is_used_without_another_one() {
    let server = Server::answering(NO_CONTENT);
    let client = Client::new(ClientOptions { resolver: None, ..options() }).unwrap();
    let url = url::Url::parse(&format!("http://localhost:{}/", server.address.port())).unwrap();
    assert_eq!(get(&client, &url, &exchange()).unwrap().status, 204);
}

#[test]
fn only_names_of_new_connections_are_resolved() {
    let server = Server::answering(NO_CONTENT);
    let (client, resolver) = client_resolving(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    for _ in 0..3 {
        assert_eq!(get(&client, &named(server.address.port()), &exchange()).unwrap().status, 204);
    }
    assert_eq!(resolver.calls.load(Ordering::SeqCst), 1);
    assert_eq!(get(&client, &server.url(), &exchange()).unwrap().status, 204);
    assert_eq!(resolver.calls.load(Ordering::SeqCst), 1);
}

#[test]
fn an_ipv6_literal_is_connected_to() {
    let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else {
        // Without IPv6 on this machine, there is nothing to test.
        return;
    };
    let server = Server::on(listener, |mut stream, _| {
        use std::io::Write;
        let head = read_head(&mut stream).unwrap();
        assert!(head.contains("Host: [::1]:"), "{head}");
        stream.write_all(NO_CONTENT.as_bytes()).unwrap();
    });
    assert_eq!(get(&client(), &server.url(), &exchange()).unwrap().status, 204);
}

/// A forbidden address must be found whether it comes before or after an allowed one.
#[test]
fn address_rule_receives_all_addresses_of_a_name() {
    let server = Server::answering(NO_CONTENT);
    let (local, private) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3)));
    for addresses in [[private, local], [local, private]] {
        for refused in addresses {
            let rule: client::AddressRule = Arc::new(move |host, addresses| {
                assert_eq!(host, "test.example");
                match addresses.contains(&refused) {
                    true => Err(Error::new(ErrorKind::AddressRefused, format!("{refused} is refused"))),
                    false => Ok(()),
                }
            });
            let resolver = Some(FixedResolver::new(addresses.to_vec()) as Arc<dyn Resolver>);
            let client = Client::new(ClientOptions { resolver, address_rule: Some(rule), ..options() }).unwrap();
            let error = get(&client, &named(server.address.port()), &exchange()).err().unwrap();
            assert!(matches!(error.kind, ErrorKind::AddressRefused), "{addresses:?}: {error:?}");
            assert_eq!(error.detail, format!("{refused} is refused"));
        }
    }
    assert_eq!(server.connections(), 0);
}
