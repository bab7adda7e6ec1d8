use std::time::Instant;

use super::*;

fn conditions(transport_round_trip: Option<u64>, throughput: Option<u64>) -> NetworkConditions {
    NetworkConditions {
        http_round_trip: None,
        transport_round_trip: transport_round_trip.map(Duration::from_millis),
        throughput,
    }
}

/// An exchange whose steps are 100 ms apart, and whose last step received `body` bytes.
fn trace(bytes_sent: u64, body: u64) -> Trace {
    let start = Instant::now();
    let after = |tenths: u32| Some(start + Duration::from_millis(100) * tenths);
    Trace {
        request_start: after(0),
        request_end: after(1),
        response_start: after(2),
        response_end: after(3),
        bytes_sent,
        bytes_received: 5_000 + body,
        bytes_received_at_response_start: 5_000,
        round_trip: Some(Duration::from_millis(40)),
        ..Trace::default()
    }
}

#[test]
fn a_transfer_observes_its_times_and_speed() {
    // 100,000 bytes in a tenth of a second are 8,000,000 bits a second.
    let expected = NetworkConditions {
        http_round_trip: Some(Duration::from_millis(200)),
        transport_round_trip: Some(Duration::from_millis(40)),
        throughput: Some(8_000),
    };
    assert_eq!(NetworkConditions::observed(&trace(500, 100_000)), expected);
    assert_eq!(NetworkConditions::observed(&Trace::default()), NetworkConditions::default());
}

#[test]
fn round_trip_is_observed_only_for_a_small_request() {
    let observed = |bytes_sent| NetworkConditions::observed(&trace(bytes_sent, 0)).http_round_trip;
    // Ten segments of 1460 bytes (RFC 6928).
    assert!(observed(14_600).is_some());
    assert_eq!(observed(14_601), None);
    // The server answered before anything was sent, so a clock is wrong.
    let mut odd = trace(500, 0);
    std::mem::swap(&mut odd.request_start, &mut odd.response_start);
    assert_eq!(NetworkConditions::observed(&odd).http_round_trip, None);
}

#[test]
fn throughput_needs_a_large_complete_body() {
    let observed = |body| NetworkConditions::observed(&trace(500, body)).throughput;
    assert_eq!(observed(32 * 1024 - 1), None);
    assert!(observed(32 * 1024).is_some());
    let mut cut_off = trace(500, 100_000);
    cut_off.response_end = None;
    assert_eq!(NetworkConditions::observed(&cut_off).throughput, None);
    let mut at_once = trace(500, 100_000);
    at_once.response_end = at_once.response_start;
    assert_eq!(NetworkConditions::observed(&at_once).throughput, None);
}

/// RFC 6298 section 2.
#[test]
fn an_estimate_is_the_first_observation_and_then_moves_by_an_eighth() {
    let estimator = NetworkEstimator::default();
    assert_eq!(estimator.add(conditions(None, None)), conditions(None, None));
    assert_eq!(estimator.add(conditions(Some(80), None)), conditions(Some(80), None));
    assert_eq!(estimator.add(conditions(Some(160), Some(800))), conditions(Some(90), Some(800)));
    // Values that were not observed do not change.
    assert_eq!(estimator.add(conditions(None, Some(0))), conditions(Some(90), Some(700)));
    assert_eq!(estimator.add(conditions(Some(10), None)), conditions(Some(80), Some(700)));
    let http = NetworkConditions { http_round_trip: Some(Duration::from_millis(7)), ..conditions(None, None) };
    assert_eq!(estimator.add(http).http_round_trip, Some(Duration::from_millis(7)));
}

#[test]
fn an_estimate_never_overflows() {
    let estimator = NetworkEstimator::default();
    let most = NetworkConditions {
        http_round_trip: Some(Duration::MAX),
        transport_round_trip: Some(Duration::MAX),
        throughput: Some(u64::MAX),
    };
    estimator.add(most);
    assert!(estimator.add(most).throughput.is_some());
}

/// The limits in the table of the Network Information API.
#[test]
fn effective_type_is_the_slowest_that_matches() {
    use EffectiveType::{Net2g, Net3g, Net4g, Slow2g, Unknown};
    let cases = [
        (None, None, Unknown),
        (Some(0), None, Net4g),
        (Some(269), None, Net4g),
        (Some(270), None, Net3g),
        (Some(1399), None, Net3g),
        (Some(1400), None, Net2g),
        (Some(1999), None, Net2g),
        (Some(2000), None, Slow2g),
        (None, Some(701), Net4g),
        (None, Some(700), Net3g),
        (None, Some(71), Net3g),
        (None, Some(70), Net2g),
        (None, Some(51), Net2g),
        (None, Some(50), Slow2g),
        (Some(10), Some(60), Net2g),
        (Some(2000), Some(100_000), Slow2g),
        (Some(10), Some(100_000), Net4g),
    ];
    for (round_trip, throughput, expected) in cases {
        let actual = conditions(round_trip, throughput).effective_type();
        assert_eq!(actual, expected, "{round_trip:?} ms, {throughput:?} kbit/s");
    }
}

#[test]
fn slow_server_does_not_make_the_network_slow() {
    let slow_server = NetworkConditions { http_round_trip: Some(Duration::from_secs(9)), ..conditions(Some(10), None) };
    assert_eq!(slow_server.effective_type(), EffectiveType::Net4g);
    let only_http = NetworkConditions { transport_round_trip: None, ..slow_server };
    assert_eq!(only_http.effective_type(), EffectiveType::Slow2g);
}
