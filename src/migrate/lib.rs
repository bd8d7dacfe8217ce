//! From another resolver to resolverd: `import` translates configurations, `switch` changes the resolver of this host and
//! undoes it, `system` checks this host.
//!
//! Calls `resolver` (its configuration), `history` and `dns`. Only `resolverctl` uses it: the daemon has no code of other
//! resolvers' formats. What is read of the host is handed to pure functions, so that tests run over
//! trees of files instead of the machine.

pub mod import;
pub mod limits;
pub mod switch;
pub mod system;
