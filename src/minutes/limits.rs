//! Limits of the store of minutes.

/// The number of days before today whose rows are kept.
pub const KEPT_DAYS: u64 = 30;

/// The number of octets that the file of a day may have for each minute of the day. With it, all files together take less than 8 MB.
pub const ROW_ROOM: u64 = 178;

/// The number of minutes whose octets (`ROW_ROOM`) the file of a day may use in advance, because at the beginning of a day all names are new.
pub(crate) const ROOM_AHEAD: u64 = 60;

/// The largest size of the file of a day in octets.
pub const MAX_DAY_FILE: u64 = 24 * 60 * ROW_ROOM;

const _: () = assert!((KEPT_DAYS + 1) * MAX_DAY_FILE < 8_000_000);

/// The time between two rows with zones, lists, users and networks, in minutes. If each row had them, they would take most of the disk.
pub const NAMES_INTERVAL: u64 = 5;

/// The largest number of names of each kind in a row: zones, lists, users and networks.
pub const MAX_BUSY: usize = 30;

/// The largest number of names in the file of a day. A busy gateway has some hundred.
pub(crate) const MAX_NAMES: usize = 4_096;

/// The longest name in a file, in octets, as text.
pub(crate) const MAX_NAME_TEXT: usize = 255;

/// The largest number of names whose counts are summed for one reply. These take at most 3 MiB. Further names are left out.
pub(crate) const MAX_SUMMED_NAMES: usize = 16_384;

/// The largest number of spans (periods whose rows are added up) in one reply: the number of minutes in a day.
pub const MAX_SPANS: u64 = 1_440;
