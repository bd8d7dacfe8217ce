//! Nothing but dependencies: each crate has this one among those of its tests, so that `cargo test -p CRATE` takes the libraries that
//! `cargo test` has built.
