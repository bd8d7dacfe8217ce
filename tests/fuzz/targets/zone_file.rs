//! A zone file, as an operator might write it.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("zone_file", octets));
