//! Fuzzes the reader of clients' messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("query", octets));
