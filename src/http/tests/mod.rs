mod exchange;
mod support;
mod truncation;
