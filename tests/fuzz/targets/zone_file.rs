//! Fuzzes the readers of zone files.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("zone_file", octets));
