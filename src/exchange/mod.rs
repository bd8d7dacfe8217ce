//! One message to one server and its answer.
//!
//! May call: `clock`, `random`, `limits`, `question`. The only door to the wire.

pub mod network;
