//! Shared types: names, questions, messages in wire form, record data, zone files, and the results of queries to servers. Also the clock, the
//! random source and the keyed hash, which functions receive as arguments instead of using those of the system.
//!
//! Calls none of our crates. All others share these types, so that a question is one type from the listener to the server.
//! `wire` compares octets: a cache hit needs no decoding. `rdata` reads the data of records that the library refuses; `zone_file`
//! reads every text in zone-file form, and writes data as text. With the feature `simulated`, the whole resolver runs on a virtual clock and a seed.

pub mod clock;
pub mod conduct;
pub mod hash;
pub mod limits;
pub mod question;
pub mod random;
pub mod rdata;
#[cfg(any(test, feature = "simulated"))]
pub mod stage;
pub mod wire;
mod words;
pub mod zone_file;
