//! A query log, a pcap file or a dnstap file of an operator.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("capture", octets));
