//! Limits of the store of minutes.

/// The number of days before today that are stored.
pub const KEPT_DAYS: u64 = 30;

/// The largest number of files of days. If the clock jumps, files are kept longer than `KEPT_DAYS`, but at most this number of files.
pub(crate) const MAX_DAYS: usize = 62;

/// The number of octets in the file of a day for each minute. With this limit, all files together take less than 8 MB.
pub const ROW_ROOM: u64 = 178;

/// The file of a day may take `ROW_ROOM` octets for each minute that has passed, and for this number of minutes more: at the beginning of a day, all
/// names are new, and take most of the room.
pub(crate) const ROOM_AHEAD: u64 = 60;

/// The largest size of the file of a day in octets.
pub const MAX_DAY_FILE: u64 = 24 * 60 * ROW_ROOM;

const _: () = assert!((KEPT_DAYS + 1) * MAX_DAY_FILE < 8_000_000);

/// The time in minutes between two rows with zones, lists, users and networks. In every row, they would take most of the space.
pub const NAMES_INTERVAL: u64 = 5;

/// The largest number of names of each kind in a row.
pub const MAX_BUSY: usize = 30;

/// The largest number of names in the file of a day. A busy gateway has some hundred.
pub(crate) const MAX_NAMES: usize = 4_096;

/// The largest size of a name in octets.
pub(crate) const MAX_NAME_TEXT: usize = 255;

/// The largest number of names that are summed for one reply. They take at most 3 MiB. Further names are left out.
pub(crate) const MAX_SUMMED_NAMES: usize = 16_384;

/// The largest number of spans (periods whose rows are added up) in one reply: one for each minute of a day.
pub const MAX_SPANS: u64 = 1_440;
