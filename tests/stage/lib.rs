//! Parts that several test programs need: a small internet on sockets with a daemon, traffic whose failures are stored, a store of the
//! history in memory, the popularity of names, and the targets of the fuzzer.
//!
//! This is a separate crate, so that it is compiled only once. It may call all other crates.

pub mod fuzz;
pub mod memory_store;
pub mod popularity;
pub mod sockets;
pub mod watched;

pub use sockets::{PATIENCE, Stage, lab, name, query};
