use std::time::Duration;

use super::*;

fn fetched() -> Profile {
    Profile { fetch_start: epoch_milliseconds(), ..Profile::default() }
}

fn at(time: u64) -> Span {
    Span { start: time, end: time }
}

/// WeChat's typings: equal to `fetchStart` on a kept connection. The TLS members are 0 only without TLS.
#[test]
fn steps_skipped_on_a_kept_connection_equal_fetch_start() {
    for is_tls in [false, true] {
        let mut profile = fetched();
        profile.record(&Trace { reused: true, is_tls, ..Trace::default() });
        let start = at(profile.fetch_start);
        assert_eq!((profile.domain_look_up, profile.connect), (start, start));
        assert_eq!(profile.ssl_connection, if is_tls { start } else { Span::default() });
        assert!(profile.socket_reused);
    }
}

#[test]
fn ip_address_has_no_look_up_time() {
    let now = Some(Instant::now());
    let mut profile = fetched();
    profile.record(&Trace { connect_start: now, connect_end: now, ..Trace::default() });
    assert_eq!(profile.domain_look_up, at(profile.fetch_start));
    assert_ne!(profile.connect, Span::default());
    assert_eq!(profile.ssl_connection, Span::default());
}

#[test]
fn steps_after_a_failure_are_zero() {
    let mut profile = fetched();
    profile.record(&Trace { dns_start: Some(Instant::now()), ..Trace::default() });
    assert_eq!(profile.domain_look_up.end, 0);
    assert_ne!(profile.domain_look_up.start, 0);
    assert_eq!((profile.connect, profile.ssl_connection), (Span::default(), Span::default()));
    // Not even the look-up happened: a rule refused the connection.
    let mut profile = fetched();
    profile.record(&Trace::default());
    assert_eq!((profile.domain_look_up, profile.connect), (Span::default(), Span::default()));
}

#[test]
fn connect_time_ends_with_the_tls_handshake() {
    let start = Instant::now();
    let tls_end = start + Duration::from_millis(50);
    let mut profile = fetched();
    profile.record(&Trace {
        connect_start: Some(start),
        connect_end: Some(start),
        tls_start: Some(start),
        tls_end: Some(tls_end),
        is_tls: true,
        ..Trace::default()
    });
    assert_eq!(profile.connect.end, profile.ssl_connection.end);
}

/// WeChat's typings: only redirects within the same domain count, otherwise 0.
#[test]
fn redirects_count_only_within_one_origin() {
    let mut profile = Profile { fetch_start: 5, ..Profile::default() };
    profile.redirected(true);
    assert_eq!(profile.redirect.start, 5);
    profile.fetch_start = 9;
    profile.redirected(true);
    assert_eq!(profile.redirect.start, 5);
    assert!(profile.redirect.end > 9);
    profile.redirected(false);
    assert_eq!(profile.redirect, Span::default());
}
