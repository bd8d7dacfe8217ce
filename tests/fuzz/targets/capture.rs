//! A query log, a packet capture or a dnstap file of an operator.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("capture", octets));
