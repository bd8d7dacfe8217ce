//! Parses and formats points in time and durations for the command line, in the time zone of the host.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ZonedDateTime};

use super::exit::CommandFailure;
use protocol::{Blame, Problem};

/// In seconds since 1970.
pub(super) fn now() -> f64 {
    Timestamp::now().as_duration().as_secs_f64()
}

/// In whole seconds since 1970.
pub(super) fn unix() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}

/// As local time, like 2026-08-01 03:12:30 CEST.
pub fn shown(unix: f64) -> String {
    let zoned = zoned(unix, &TimeZone::system());
    zoned.map(|zoned| zoned.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()).unwrap_or_default()
}

/// As local time, like 03:12:30.250.
pub(super) fn time_of_day(unix: f64) -> String {
    let zoned = zoned(unix, &TimeZone::system());
    zoned.map(|zoned| zoned.strftime("%H:%M:%S%.3f").to_string()).unwrap_or_default()
}

/// As local time, like 03:12.
pub(super) fn minute_of_day(unix: f64) -> String {
    let zoned = zoned(unix, &TimeZone::system());
    zoned.map(|zoned| zoned.strftime("%H:%M").to_string()).unwrap_or_default()
}

/// In local time.
pub(super) fn year(unix: f64) -> Option<i32> {
    Some(zoned(unix, &TimeZone::system())?.year().into())
}

/// Parses a point in time. A time of day without a date is the last such time before `now`. If a local time occurred twice
/// because clocks were set back, returns its first occurrence.
pub(super) fn read(typed: &str, now: f64) -> Option<f64> {
    read_in(typed, now, &TimeZone::system()).map(|(first, _)| first)
}

/// Like `read`, but returns the first and the last occurrence of the local time.
pub(super) fn read_both(typed: &str, now: f64) -> Option<(f64, f64)> {
    read_in(typed, now, &TimeZone::system())
}

/// Parses a date without a time, or `yesterday`. Returns the begin and the end of this day in seconds since 1970.
pub(super) fn day(typed: &str, now: f64) -> Option<(f64, f64)> {
    day_in(typed, now, &TimeZone::system())
}

fn day_in(typed: &str, now: f64, zone: &TimeZone) -> Option<(f64, f64)> {
    let date = match typed {
        "yesterday" => zoned(now, zone)?.date().yesterday().ok()?,
        typed if typed.len() == DATE => typed.parse::<Date>().ok()?,
        _ => return None,
    };
    let begin = |date: Date| {
        let midnight = date.to_zoned_datetime(zone.clone()).ok()?;
        Some(midnight.timestamp().as_duration().as_secs_f64())
    };
    Some((begin(date)?, begin(date.tomorrow().ok()?)?))
}

/// The length of a date like 2026-08-01. A longer text has a time too.
const DATE: usize = 10;

/// Parses a point in time, or a duration such as `1h`, which is subtracted from `now`.
fn since(typed: &str, now: f64) -> Option<f64> {
    let unit_at = typed.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = typed.split_at_checked(unit_at)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        "yesterday" if number.is_empty() => return Some(now - 86_400.0),
        _ => return read(typed, now),
    };
    Some(now - number.parse::<u32>().map(f64::from).ok()? * seconds)
}

/// Parses the start of a period: a point in time, or a duration before `now`. The error is a message for the operator. A time in the
/// future is an error.
pub(super) fn begin(typed: &str, now: f64) -> Result<f64, CommandFailure> {
    let begin = since(typed, now).ok_or_else(|| not_a_time(typed))?;
    if begin > now {
        let sentence = format!("\"{typed}\" is in the future");
        return Err(CommandFailure::Problem(Problem { fault: Blame::Request, sentence }));
    }
    Ok(begin)
}

pub(super) fn not_a_time(typed: &str) -> CommandFailure {
    let sentence = format!(
        "\"{typed}\" is not a time: write it like 1h, 03:12, 2026-08-01 03:12:30 or 2026-08-01T03:12:30Z"
    );
    CommandFailure::Problem(Problem { fault: Blame::Request, sentence })
}

fn zoned(unix: f64, zone: &TimeZone) -> Option<ZonedDateTime> {
    let span = SignedDuration::try_from_secs_f64(unix).ok()?;
    Some(Timestamp::from_duration(span).ok()?.to_zoned_datetime(zone.clone()))
}

/// Returns the first and the last point in time that the text can denote. They differ only if clocks were set back.
fn read_in(typed: &str, now: f64, zone: &TimeZone) -> Option<(f64, f64)> {
    let seconds = |moment: Timestamp| moment.as_duration().as_secs_f64();
    if let Ok(moment) = typed.parse::<Timestamp>() {
        return Some((seconds(moment), seconds(moment)));
    }
    let both = |local: DateTime| {
        let moment = zone.to_ambiguous_zoned_datetime(local);
        // Only a local time that occurred twice (`Fold`) denotes two points in time. A local time that was skipped when clocks
        // were set forward denotes one.
        let last = if matches!(moment.offset(), AmbiguousOffset::Fold { .. }) {
            moment.clone().later()
        } else {
            moment.clone().compatible()
        };
        Some((seconds(moment.compatible().ok()?.timestamp()), seconds(last.ok()?.timestamp())))
    };
    if let Ok(local) = typed.parse::<DateTime>() {
        return both(local);
    }
    if typed.contains(['+', '-', 'Z', 'z']) {
        return with_offset(typed, now).map(|moment| (seconds(moment), seconds(moment)));
    }
    let time: Time = typed.parse().ok()?;
    let today = zoned(now, zone)?.date();
    let (first, last) = both(today.to_datetime(time))?;
    if first > now { both(today.yesterday().ok()?.to_datetime(time)) } else { Some((first, last)) }
}

/// The most recent point in time, for a text like 03:12+02:00 or 03:12Z.
fn with_offset(typed: &str, now: f64) -> Option<Timestamp> {
    let today = zoned(now, &TimeZone::UTC)?.date();
    // A time of day with a UTC offset may belong to the previous or the next day in UTC.
    let days = [today.tomorrow(), Ok(today), today.yesterday(), today.yesterday().and_then(Date::yesterday)];
    let moments =
        days.into_iter().flatten().filter_map(|day| format!("{day}T{typed}").parse::<Timestamp>().ok());
    moments.into_iter().find(|moment| moment.as_duration().as_secs_f64() <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_time_is_latest_local_moment() {
        // Noon of 2026-11-21 in UTC, which is 13:00 in the zone of this test.
        let (noon, zone) = (1_795_262_400.0, TimeZone::fixed(jiff::tz::offset(1)));
        let read = |typed| {
            read_in(typed, noon, &zone).map(|(first, last)| {
                assert_eq!(first, last);
                first - noon
            })
        };
        assert_eq!(read("12:30"), Some(-1_800.0));
        assert_eq!(read("12:30:15"), Some(-1_785.0));
        assert_eq!(read("14:00"), Some(-23.0 * 3_600.0));
        assert_eq!(read("2026-11-21 12:00"), Some(-3_600.0));
        assert_eq!(read("2026-11-21T12:00:00Z"), Some(0.0));
        assert_eq!(read("12:30+02:00"), Some(-5_400.0));
        assert_eq!(read("11:30:15Z"), Some(-1_785.0));
        assert_eq!(read("12:30Z"), Some(-84_600.0), "not yet today");
        assert_eq!(read("07:00:00-05:00"), Some(0.0));
        assert_eq!(read("07:00:01-05:00"), Some(-86_399.0));
        assert_eq!(read("00:30+14:00"), Some(-5_400.0), "it is the next day there");
        assert_eq!(read("12:30+soon"), None);
        assert_eq!(read("yesterday"), None);
        assert_eq!(since("90m", noon), Some(noon - 5_400.0));
        assert_eq!(since("7x", noon), None);
        assert_eq!(since("1w", noon), Some(noon - 604_800.0));
        assert_eq!(since("yesterday", noon), Some(noon - 86_400.0));
        assert_eq!(since("7yesterday", noon), None);
    }

    #[test]
    fn date_without_time_is_local_day() {
        let (noon, zone) = (1_795_262_400.0, TimeZone::fixed(jiff::tz::offset(1)));
        let day = |typed| day_in(typed, noon, &zone).map(|(begin, end)| (begin - noon, end - noon));
        assert_eq!(day("2026-11-21"), Some((-46_800.0, 39_600.0)));
        assert_eq!(day("yesterday"), Some((-133_200.0, -46_800.0)));
        for time in ["2026-11-21 12:00", "12:30", "1d", "2026-13-01"] {
            assert_eq!(day(time), None, "{time}");
        }
    }

    // The clocks of the host were set back.
    #[test]
    fn repeated_hour_has_two_moments() {
        // Clocks were set back from 03:00 to 02:00 at 01:00 UTC of 2026-10-25, and forward at 01:00 UTC of 2026-03-29.
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let moment = |text: &str| text.parse::<Timestamp>().unwrap().as_duration().as_secs_f64();
        let now = moment("2026-11-22T12:00:00Z");
        for (typed, first, last) in [
            ("2026-10-25 02:30:00", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
            ("2026-10-25 03:30:00", "2026-10-25T02:30:00Z", "2026-10-25T02:30:00Z"),
            ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z", "2026-10-25T01:30:00Z"),
        ] {
            assert_eq!(read_in(typed, now, &zone), Some((moment(first), moment(last))), "{typed}");
        }
    }
}
