//! This crate has no code, only dependencies. The tests of each other crate depend on it. So `cargo test -p CRATE` builds the libraries with the
//! same features as `cargo test`, and need not build them again.
