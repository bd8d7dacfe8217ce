//! Shared types: names, questions, DNS messages in wire form, record data, zone files, and the results of queries to servers.
//! Also the clock, the random source and the keyed hash, which functions get as arguments.
//!
//! This crate calls no other crate of the workspace. All others share its types. `wire` compares octets, so that a cache hit
//! decodes nothing. `rdata` reads the data of records that the DNS library rejects; `zone_file` reads all texts in the format of
//! zone files, and writes data as text. With the feature `simulated`, the whole resolver runs on a virtual clock and a seed.

pub mod cached;
pub mod clock;
pub mod conduct;
pub mod hash;
pub mod limits;
pub mod question;
pub mod random;
pub mod rdata;
pub mod secret;
#[cfg(any(test, feature = "simulated"))]
pub mod stage;
pub mod wire;
mod words;
pub mod zone_file;
