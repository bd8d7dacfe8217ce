//! Names, questions, messages in wire form, data of records, zone files, and the results of queries to servers. Also the clock, the
//! random source and the keyed hashing, which are arguments everywhere.
//!
//! Calls none of our crates. All others share these types, so that a question is one type from the listener to the server.
//! `wire` compares octets: a cache hit needs no decoding. `rdata` reads the data of records that the library refuses; `zone_file`
//! reads every text in zone-file form. With the feature `simulated`, the whole resolver runs on a virtual clock and a seed.

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
