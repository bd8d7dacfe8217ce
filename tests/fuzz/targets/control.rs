//! Fuzzes the reader of lines of the control protocol.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("control", octets));
