//! Entries of a snapshot of the cache.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| resolverd::lab::fuzz::hold("snapshot", octets));
