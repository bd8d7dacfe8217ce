//! A server's message through scrub into the caches.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| stage::fuzz::hold("response", octets));
