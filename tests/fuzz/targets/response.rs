//! Fuzzes the code that reads a server's message, from the removal of foreign records (`scrub`) to the cache.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("response", octets));
