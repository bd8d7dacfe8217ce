//! Moves a host from another resolver to resolverd: `import` converts configurations, `switch` replaces the resolver of this
//! host and undoes this, `system` checks this host.
//!
//! This crate calls `resolver` (its configuration), `history` and `dns`. Only `resolverctl` uses it, so the daemon contains no
//! code for the formats of other resolvers. The facts about the host are read first and then passed to pure functions, so that
//! tests can use a directory tree instead of the files of this host.

pub mod import;
pub mod limits;
pub mod switch;
pub mod system;
