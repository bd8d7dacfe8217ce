//! Questions that no client has asked: lists asked ahead of clients, lists tested and probed, root servers asked in doubt.
//!
//! Each part is a task of the daemon. It learns from `dnsbl` and `record`, and asks through `resolve`, as a client does; no
//! question waits for it.

pub mod ahead;
pub mod tend;
pub mod witness;
