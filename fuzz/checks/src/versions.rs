//! A newer client or base library never has a quirk that an older one lacks, and only lists of numbers are versions.
//!
//! Input: the platform in one byte, then two versions, separated by 0xFF.

use std::cmp::Ordering;

use wxtransfer::fuzzing;

/// Newer than any version that had quirks.
const NEW: &str = "999";

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((&platform, rest)) = data.split_first() else { return };
    let mut texts = rest.splitn(2, |byte| *byte == 0xff).map(|text| String::from_utf8_lossy(text).into_owned());
    let (Some(one), Some(other)) = (texts.next(), texts.next()) else { return };
    let base = |text: &str| fuzzing::quirks(platform, NEW, Some(text));
    let client = |text: &str| fuzzing::quirks(platform, text, None);
    for text in [&one, &other] {
        assert_eq!(base(text).is_some(), numbers(text).is_some(), "{text:?}");
        assert_eq!(client(text).is_some(), numbers(text).is_some(), "{text:?}");
        assert_eq!(fuzzing::quirks(platform, NEW, Some(NEW)), client(NEW), "an absent base library is the newest");
    }
    let (Some(first), Some(second)) = (numbers(&one), numbers(&other)) else { return };
    for quirks_of in [&base as &dyn Fn(&str) -> Option<[Vec<&'static str>; 2]>, &client] {
        let (first_quirks, second_quirks) =
            (quirks_of(&one).expect("a version"), quirks_of(&other).expect("a version"));
        match compare(&first, &second) {
            Ordering::Equal => assert_eq!(first_quirks, second_quirks, "{one:?} is {other:?}"),
            Ordering::Less => assert!(contains(&first_quirks, &second_quirks), "{one:?} is older than {other:?}"),
            Ordering::Greater => assert!(contains(&second_quirks, &first_quirks), "{one:?} is newer than {other:?}"),
        }
    }
}

/// The numbers of a version.
fn numbers(text: &str) -> Option<Vec<u32>> {
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').map(|part| Some(part).filter(is_number)?.parse().ok()).collect()
}

/// A missing number counts as 0.
fn compare(one: &[u32], other: &[u32]) -> Ordering {
    let number = |list: &[u32], at: usize| list.get(at).copied().unwrap_or(0);
    let places = 0..one.len().max(other.len());
    places.map(|at| number(one, at).cmp(&number(other, at))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn contains(all: &[Vec<&str>; 2], some: &[Vec<&str>; 2]) -> bool {
    all.iter().zip(some).all(|(all, some)| some.iter().all(|name| all.contains(name)))
}
