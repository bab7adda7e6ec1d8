//! The loopback server of the tests.
