//! This crate contains only dependencies. Each other crate uses it for its tests, so that `cargo test -p CRATE` uses the same builds of
//! libraries as `cargo test`.
