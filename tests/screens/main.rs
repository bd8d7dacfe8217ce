//! What people read: screens, files of golden output, the manual, and what `resolverctl` says without a daemon.

mod check_system;
mod config_show;
mod hickory_zone_files;
mod import;
mod manual;
mod migration;
mod readme;
mod render;
