//! What DNS is made of: names, questions, messages in wire form, data of records, zone files, and how servers behave. Also what
//! every crate is handed instead of taking it: the clock, the random source, and hashing with a secret.
//!
//! Calls none of our crates. All others share these types, so that a question is one type from the listener to the server.
//! `wire` compares octets and decodes nothing on the way of a hit; `rdata` reads the data of records that the library refuses;
//! `zone_file` reads every text in zone-file form. `clock` and `random` are injected, so that the whole resolver runs on a
//! virtual clock and a seed (feature `simulated`).

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
pub mod zone_file;
