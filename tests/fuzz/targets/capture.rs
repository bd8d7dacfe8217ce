//! Fuzzes the readers of query logs, packet captures and dnstap files.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("capture", octets));
