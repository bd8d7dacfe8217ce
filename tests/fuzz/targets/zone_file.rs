//! A zone file, as an operator might write it.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| resolverd::lab::fuzz::hold("zone_file", octets));
