//! Decisions without any I/O: addresses, domain lists, headers, redirects, further attempts, limits, and the behaviour
//! of old clients.

pub mod addresses;
pub mod content_disposition;
pub mod digest_fields;
pub mod domains;
pub mod extension;
pub mod headers;
pub mod lan;
pub mod limits;
pub mod media_types;
pub mod quirks;
pub mod redirect;
pub mod resume;
pub mod retry;
pub mod url;
