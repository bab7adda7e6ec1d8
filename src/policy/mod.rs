//! What may be asked of a server and how, decided without any I/O: addresses, domain lists, headers, redirects, limits
//! and the behaviour of old clients.

pub mod domains;
pub mod headers;
pub mod limits;
pub mod quirks;
pub mod redirect;
pub mod url;
