//! Screens, golden files, the manual, the picture of the crates, and the output of `resolverctl` without a daemon.

mod check_system;
mod config_show;
mod crates;
mod hickory_zone_files;
mod import;
mod manual;
mod migration;
mod readme;
mod render;
