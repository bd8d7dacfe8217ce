//! Fuzzes the reader of snapshots of the cache.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("snapshot", octets));
