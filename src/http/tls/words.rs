//! Words for what rustls and webpki report.
//!
//! They describe most errors by the name of a variant, some with every object identifier that they know. No such text leaves
//! this folder: the names are turned into words, and what a peer chose is shortened.

use std::fmt;

use rustls::{CertificateError, OtherError};

use crate::terms::shortened;

/// What is wrong with a certificate, whichever it is.
pub(super) fn reason(error: &CertificateError) -> String {
    match error {
        CertificateError::Other(OtherError(other)) => match other.downcast_ref::<webpki::Error>() {
            Some(error) => words_of(error),
            None => shortened(&other.to_string(), 100),
        },
        _ => words_of(error),
    }
}

/// The words that the name of a variant is made of, without what the variant holds.
pub(super) fn words_of(error: &dyn fmt::Debug) -> String {
    let mut words = String::new();
    for letter in format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric) {
        if letter.is_ascii_uppercase() && words.ends_with(|last: char| !last.is_ascii_uppercase()) {
            words.push(' ');
        }
        words.push(letter);
    }
    words.to_ascii_lowercase()
}

/// A host, so that a sentence is no longer than `errMsg` may be.
pub(super) fn short(host: &str) -> String {
    shortened(host, 50)
}
