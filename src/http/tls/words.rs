//! Converts names of rustls and webpki errors into words.
//!
//! Both describe most errors by the name of a variant, some with long lists of object identifiers. Such text does not
//! leave this folder: names become words, and text chosen by a peer is shortened.

use std::fmt;

use rustls::{CertificateError, OtherError};

use crate::terms::shortened;

/// What is wrong with a certificate, whichever one it is.
pub(super) fn reason(error: &CertificateError) -> String {
    match error {
        CertificateError::Other(OtherError(other)) => match other.downcast_ref::<webpki::Error>() {
            Some(error) => words_of(error),
            None => shortened(&other.to_string(), 100),
        },
        _ => words_of(error),
    }
}

/// The words of a variant's name, without its fields.
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

/// A shortened host, so that a sentence fits into `errMsg`.
pub(super) fn short(host: &str) -> String {
    shortened(host, 50)
}
