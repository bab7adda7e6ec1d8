use std::time::Duration;

use super::*;

/// The times of a hop in milliseconds after its start. Absent ones did not happen.
#[derive(Default)]
struct Times {
    dns: Option<(u64, Option<u64>)>,
    connect: Option<(u64, Option<u64>)>,
    tls: Option<(u64, Option<u64>)>,
    request: Option<(u64, Option<u64>)>,
    response: Option<(u64, Option<u64>)>,
}

/// The phases of a hop that ended after `end` milliseconds: blocked, dns, connect, ssl, send, wait, receive.
fn phases(times: &Times, end: u64) -> [i64; 7] {
    let start = Instant::now();
    let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
    let begin = |span: Option<(u64, Option<u64>)>| span.map(|(begin, _)| at(begin));
    let finish = |span: Option<(u64, Option<u64>)>| span.and_then(|(_, finish)| finish).map(at);
    let trace = Trace {
        dns_start: begin(times.dns),
        dns_end: finish(times.dns),
        connect_start: begin(times.connect),
        connect_end: finish(times.connect),
        tls_start: begin(times.tls),
        tls_end: finish(times.tls),
        request_start: begin(times.request),
        request_end: finish(times.request),
        response_start: begin(times.response),
        response_end: finish(times.response),
        ..Trace::default()
    };
    let timings = Timings::new(&trace, start, at(end));
    let Timings { blocked, dns, connect, ssl, send, wait, receive } = timings;
    let phases = [Some(blocked), dns, connect, ssl, Some(send), Some(wait), Some(receive)];
    let phases = phases.map(|phase| phase.map_or(-1, |phase| phase.as_millis() as i64));
    let parts: i64 =
        phases.iter().enumerate().filter(|(index, part)| *index != 3 && **part >= 0).map(|(_, part)| part).sum();
    assert_eq!(timings.total().as_millis() as i64, parts);
    phases
}

#[test]
fn a_hop_is_divided_into_the_phases_of_har() {
    let span = |begin, finish| Some((begin, Some(finish)));
    let open = |begin| Some((begin, None));
    let new = Times {
        dns: span(1, 11),
        connect: span(11, 31),
        tls: span(31, 61),
        request: span(61, 65),
        response: span(165, 265),
    };
    // `ssl` is part of `connect`.
    assert_eq!(phases(&new, 300), [1, 10, 50, 30, 4, 100, 100]);
    let plain = Times { tls: None, ..new };
    assert_eq!(phases(&plain, 300), [1, 10, 20, -1, 34, 100, 100]);
    let kept = Times { request: span(2, 3), response: span(13, 14), ..Times::default() };
    assert_eq!(phases(&kept, 20), [2, -1, -1, -1, 1, 10, 1]);
    let address = Times { connect: span(1, 3), request: span(3, 4), response: span(8, 9), ..Times::default() };
    assert_eq!(phases(&address, 9), [1, -1, 2, -1, 1, 4, 1]);
    // The rest of an aborted hop belongs to the phase in progress.
    let no_name = Times { dns: open(1), ..Times::default() };
    assert_eq!(phases(&no_name, 60), [1, 59, -1, -1, 0, 0, 0]);
    let no_connection = Times { connect: open(1), ..Times::default() };
    assert_eq!(phases(&no_connection, 60), [1, -1, 59, -1, 0, 0, 0]);
    let no_tls = Times { connect: span(1, 20), tls: open(20), ..Times::default() };
    assert_eq!(phases(&no_tls, 60), [1, -1, 59, 40, 0, 0, 0]);
    let half_sent = Times { request: open(1), ..Times::default() };
    assert_eq!(phases(&half_sent, 60), [1, -1, -1, -1, 59, 0, 0]);
    let no_answer = Times { request: span(1, 2), ..Times::default() };
    assert_eq!(phases(&no_answer, 60), [1, -1, -1, -1, 1, 58, 0]);
    let cut_off = Times { request: span(1, 2), response: open(5), ..Times::default() };
    assert_eq!(phases(&cut_off, 60), [1, -1, -1, -1, 1, 3, 55]);
    // The answer came before the whole request was sent.
    let early = Times { request: open(1), response: span(5, 6), ..Times::default() };
    assert_eq!(phases(&early, 9), [1, -1, -1, -1, 4, 0, 1]);
    let early = Times { request: span(1, 6), response: span(5, 9), ..Times::default() };
    assert_eq!(phases(&early, 9), [1, -1, -1, -1, 5, 0, 3]);
    assert_eq!(phases(&Times::default(), 7), [7, -1, -1, -1, 0, 0, 0]);
}

#[test]
fn only_header_values_without_secrets_are_kept() {
    let cases = [
        ("image/png", "image/png"),
        ("Application/PDF; charset=secret", "application/pdf"),
        ("text/secret", ""),
        ("secret", ""),
        ("", ""),
    ];
    for (content_type, kept) in cases {
        assert_eq!(known_media_type(content_type), kept, "{content_type}");
    }
    for range in ["bytes=0-", "bytes=100-199", "bytes=-500"] {
        assert!(is_plain_range(range), "{range}");
    }
    for range in
        ["", "bytes=0", "bytes=0-1,5-6", "bytes=secret-", "secret=0-", "bytes=0-1 ", "bytes=000000000000000000001-"]
    {
        assert!(!is_plain_range(range), "{range}");
    }
}

/// Adds an entry with a number.
fn add(tracer: &Tracer, number: u64) -> bool {
    let mut entry = Object::new();
    entry.number("number", number);
    tracer.add(entry)
}

fn entry(number: u64, dropped: u64) -> Option<String> {
    Some(format!("{{\"number\":{number},\"_dropped\":{dropped}}}"))
}

#[test]
fn entries_that_the_host_does_not_receive_are_few_and_counted() {
    let tracer = Tracer::default();
    assert!((0..33).all(|number| add(&tracer, number)));
    assert!(!(100..200).any(|number| add(&tracer, number)), "no event is added while those of the 33 entries wait");
    for number in 0..32 {
        assert_eq!(tracer.take(), Some(format!("{{\"number\":{number}}}")));
    }
    assert!(add(&tracer, 200));
    assert_eq!(tracer.take(), entry(199, 100));
    assert_eq!(tracer.take(), Some("{\"number\":200}".to_owned()));
    assert_eq!((tracer.take(), tracer.take_last()), (None, None));
}

#[test]
fn last_entry_counts_all_before_it() {
    let tracer = Tracer::default();
    assert_eq!((0..100).filter(|number| add(&tracer, *number)).count(), 33);
    assert!(tracer.take().is_some());
    assert_eq!(tracer.take_last(), entry(99, 98));
    assert_eq!((tracer.take(), tracer.take_last()), (None, None));
}
