//! A client's message through the query reader.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("query", octets));
