//! Moves a host from another resolver to resolverd: `import` converts configurations, `switch` replaces the resolver of this host or undoes this,
//! `system` checks this host.
//!
//! Only `resolverctl` uses this crate, so the daemon contains no code for the formats of other resolvers. Facts about the host are read first and
//! then passed to pure functions, so that tests can use a directory tree instead of the host.

pub mod import;
pub mod limits;
pub mod switch;
pub mod system;
