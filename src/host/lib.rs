//! This host: `switch` replaces its resolver by resolverd, or undoes this, and `system` checks it, and `own_mail` finds
//! what of the operator's mail is on it.
//!
//! Only `resolverctl` uses this crate, so the daemon contains none of it. Facts about the host are read first and
//! then passed to pure functions, so that tests can use a directory tree instead of the host.

pub mod limits;
pub mod own_mail;
pub mod switch;
pub mod system;
