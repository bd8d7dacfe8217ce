//! The store of minutes: what resolverd counted in each minute of the last 30 days, on disk.
//!
//! A row has the counts of a minute: outcomes of questions, behaviour of servers, and three histograms of times. Every few minutes it also has the
//! busiest zones, DNS lists, local users and networks of servers. Rows can be added up, so quantiles can be computed for a period of any length. The
//! module `row` has the format of a row, `day` the format of the file of a day, and `times` the buckets of the histograms; `span` adds rows up. The
//! daemon makes the rows, and reads and writes the files.
//!
//! This crate calls `history` for the counts, and `dns`. It has no clock and no file of its own.
//!
//! # Decisions
//!
//! - There is a file for each day (UTC), to which rows are appended. A row that a crash has cut off is lost; the rows before it are not.
//! - A name is written only once in a file. Later rows of the file have its number instead. So a file can be read only from its beginning.
//! - Names that do not fit into `limits::ROW_ROOM` octets for each minute of the day are left out, so all files take less than 8 MB.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::panic
)]

pub mod day;
pub mod limits;
pub mod row;
pub mod span;
pub mod times;
