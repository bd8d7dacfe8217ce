//! This crate has only dependencies. The tests of each other crate use it, so that `cargo test -p CRATE` uses the same builds of libraries
//! as `cargo test`.
