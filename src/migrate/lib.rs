//! From another resolver to resolverd.
pub mod import;
pub mod limits;
pub mod switch;
pub mod system;
