use super::*;

#[test]
fn percentage_is_rounded_down() {
    // (done, total, expected)
    let cases = [
        (0, 10, 0),
        (1, 3, 33),
        (2, 3, 66),
        (3, 3, 100),
        (999, 1000, 99),
        (4, 3, 100),
        (0, 0, 100),
        (u64::MAX - 1, u64::MAX, 99),
        (u64::MAX, u64::MAX, 100),
    ];
    for (done, total, expected) in cases {
        assert_eq!(percent(done, total), expected, "{done} of {total}");
    }
}

fn progress(total_bytes: u64, total_bytes_expected: Option<u64>, progress: Option<u32>) -> Progress {
    Progress { total_bytes, total_bytes_expected, progress }
}

#[test]
fn new_progress_overwrites_undelivered_progress() {
    let cell = ProgressCell::new(true);
    assert!(cell.set(1, Some(100)));
    for total in 2..=70 {
        assert!(!cell.set(total, Some(100)), "one event is queued already");
    }
    assert_eq!(cell.take(), Some(progress(70, Some(100), Some(70))));
    assert_eq!(cell.take(), None, "it was reported");
}

#[test]
fn progress_events_are_an_interval_apart() {
    let cell = ProgressCell::new(true);
    let start = Instant::now();
    let mut events = 0;
    let mut total = 0;
    while events < 4 {
        total += 1;
        if cell.set(total, None) {
            events += 1;
            assert!(cell.take().is_some());
        }
    }
    assert!(start.elapsed() >= 3 * PROGRESS_INTERVAL, "{:?}", start.elapsed());
}

#[test]
fn a_failure_reports_held_back_progress_unless_all_bytes_were_transferred() {
    for (done, reported) in [(20, Some(progress(20, Some(100), Some(20)))), (100, None)] {
        let cell = ProgressCell::new(true);
        assert_eq!(cell.take_held_back(), None, "nothing has happened");
        assert!(cell.set(10, Some(100)));
        cell.take();
        assert_eq!(cell.take_held_back(), None, "it was reported");
        assert!(!cell.set(done, Some(100)), "too early");
        assert_eq!(cell.take_held_back(), reported);
    }
}

#[test]
fn held_back_progress_is_reported_once() {
    let cell = ProgressCell::new(true);
    assert!(!cell.release(), "nothing has happened");
    assert!(cell.set(10, Some(100)));
    assert!(!cell.release(), "the event is queued already");
    cell.take();
    assert!(!cell.set(20, Some(100)), "too early");
    assert!(cell.release());
    assert!(!cell.release());
    assert_eq!(cell.take(), Some(progress(20, Some(100), Some(20))));
    assert!(!cell.release());
}

#[test]
fn progress_never_decreases() {
    let cell = ProgressCell::new(true);
    cell.set(50, Some(100));
    // A body that is sent again after a redirect counts from its start.
    cell.set(10, Some(100));
    assert_eq!(cell.take(), Some(progress(50, Some(100), Some(50))));
    // The percentage does not fall either if a second attempt has a higher total.
    cell.set(60, Some(1000));
    assert_eq!(cell.take(), Some(progress(60, Some(1000), Some(50))));
    // An attempt with an unknown total keeps the percentage.
    cell.set(60, None);
    assert_eq!(cell.take(), Some(progress(60, None, None)));
    cell.set(60, Some(2000));
    assert_eq!(cell.take(), Some(progress(60, Some(2000), Some(50))));
    // The value never exceeds the total, and 100 % means that the newest attempt is complete.
    cell.set(20, Some(30));
    assert_eq!(cell.take(), Some(progress(60, Some(60), Some(99))));
    cell.set(30, Some(30));
    assert_eq!(cell.take(), Some(progress(60, Some(60), Some(100))));
}

#[test]
fn final_value_is_the_total_and_reported_once() {
    let cell = ProgressCell::new(true);
    cell.set(30, None);
    assert_eq!(cell.take(), Some(progress(30, None, None)));
    cell.set(40, None);
    assert_eq!(cell.take_final(), Some(progress(40, Some(40), Some(100))));
    assert_eq!(cell.take_final(), None);

    let cell = ProgressCell::new(true);
    cell.set(100, Some(100));
    assert_eq!(cell.take(), Some(progress(100, Some(100), Some(100))));
    assert_eq!(cell.take_final(), None, "it was reported");

    // The first attempt may have received more bytes than the final total.
    let cell = ProgressCell::new(true);
    cell.set(90, Some(100));
    assert_eq!(cell.take(), Some(progress(90, Some(100), Some(90))));
    cell.set(30, Some(30));
    assert_eq!(cell.take(), Some(progress(90, Some(90), Some(100))));
    assert_eq!(cell.take_final(), None, "it was reported");
}

/// To a page, 100 % means success, and a download with all bytes can still fail.
#[test]
fn value_for_the_end_is_reported_only_by_a_success() {
    let cell = ProgressCell::new(true);
    assert!(cell.set(50, Some(100)));
    cell.set_for_the_end(100, Some(100));
    assert_eq!(cell.take(), None, "by the event that is queued already");
    assert_eq!(cell.take_held_back(), None, "by a failure");
    assert_eq!(cell.take_final(), Some(progress(100, Some(100), Some(100))));
}

#[test]
fn disabled_progress_has_no_final_value() {
    let cell = ProgressCell::new(false);
    assert!(!cell.set(1, Some(1)));
    assert_eq!(cell.take_final(), None);
}
