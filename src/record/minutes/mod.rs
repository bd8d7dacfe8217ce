//! The store of minutes: what resolverd counted in each minute of the last 30 days, on disk.
//!
//! A row has the counts of a minute: outcomes of questions, behaviour of servers, and three histograms of times; and every few minutes the busiest
//! zones, DNS lists, local users and networks of servers. Counts of rows can be added up, so quantiles can be computed for any period. `row` is the
//! format of a row, `day` that of the file of a day, `times` has the buckets of the histograms, and `span` adds rows up. The daemon reads and writes
//! the files.
//!
//! # Decisions
//!
//! - There is a file for each day (UTC), to which rows are appended. A crash can damage only the last row.
//! - A name is written only once in a file. Later rows have its number instead. So a file can be read only from its beginning.
//! - Names that do not fit into `limits::ROW_ROOM` octets for each minute are left out, so all files together take less than 8 MB.

pub mod day;
pub mod limits;
pub mod row;
pub mod span;
pub mod times;
