//! Moments of a command line: local times and spans. The time zone of the host applies.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::exit::CommandFailure;
use crate::control::protocol::{Blame, Problem};

/// The moment, in seconds since 1970.
pub(super) fn now() -> f64 {
    Timestamp::now().as_duration().as_secs_f64()
}

/// The moment, in whole seconds since 1970.
pub(super) fn unix() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}

/// A moment in local time with its zone, like 2026-08-01 03:12:30 CEST.
pub(super) fn shown(unix: f64) -> String {
    let zoned = zoned(unix, &TimeZone::system());
    zoned.map(|zoned| zoned.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()).unwrap_or_default()
}

/// The time of day of a moment in local time, like 03:12:30.250.
pub(super) fn time_of_day(unix: f64) -> String {
    let zoned = zoned(unix, &TimeZone::system());
    zoned.map(|zoned| zoned.strftime("%H:%M:%S%.3f").to_string()).unwrap_or_default()
}

/// The year of a moment in local time.
pub(super) fn year(unix: f64) -> Option<i32> {
    Some(zoned(unix, &TimeZone::system())?.year().into())
}

/// Reads a moment: a time of today or of yesterday, whichever was last, or one with its date.
pub(super) fn read(typed: &str, now: f64) -> Option<f64> {
    read_in(typed, now, &TimeZone::system())
}

/// Reads the start of a time: a span before `now`, or a moment.
fn since(typed: &str, now: f64) -> Option<f64> {
    let unit_at = typed.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = typed.split_at_checked(unit_at)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return read(typed, now),
    };
    Some(now - number.parse::<u32>().map(f64::from).ok()? * seconds)
}

/// Like `since`, as an argument.
///
/// # Errors
/// It is no time, or a time in the future.
pub(super) fn begin(typed: &str, now: f64) -> Result<f64, CommandFailure> {
    let begin = since(typed, now).ok_or_else(|| not_a_time(typed))?;
    if begin > now {
        let sentence = format!("\"{typed}\" is in the future");
        return Err(CommandFailure::Problem(Problem { fault: Blame::Request, sentence }));
    }
    Ok(begin)
}

/// The failure of a command line with another word than a time.
pub(super) fn not_a_time(typed: &str) -> CommandFailure {
    let sentence = format!(
        "\"{typed}\" is not a time: write it like 1h, 03:12, 2026-08-01 03:12:30 or 2026-08-01T03:12:30Z"
    );
    CommandFailure::Problem(Problem { fault: Blame::Request, sentence })
}

fn zoned(unix: f64, zone: &TimeZone) -> Option<Zoned> {
    let span = SignedDuration::try_from_secs_f64(unix).ok()?;
    Some(Timestamp::from_duration(span).ok()?.to_zoned(zone.clone()))
}

fn read_in(typed: &str, now: f64, zone: &TimeZone) -> Option<f64> {
    let seconds = |moment: Timestamp| moment.as_duration().as_secs_f64();
    if let Ok(moment) = typed.parse::<Timestamp>() {
        return Some(seconds(moment));
    }
    if let Ok(local) = typed.parse::<DateTime>() {
        return Some(seconds(local.to_zoned(zone.clone()).ok()?.timestamp()));
    }
    let time: Time = typed.parse().ok()?;
    let today = zoned(now, zone)?.date();
    let on = |day: jiff::civil::Date| {
        Some(seconds(day.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp()))
    };
    let last = on(today)?;
    if last > now { on(today.yesterday().ok()?) } else { Some(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_host_and_the_last_ones() {
        // Noon of 2026-11-21 in UTC, which is 13:00 one hour east of it.
        let (noon, zone) = (1_795_262_400.0, TimeZone::fixed(jiff::tz::offset(1)));
        let read = |typed| read_in(typed, noon, &zone).map(|at| at - noon);
        assert_eq!(read("12:30"), Some(-1_800.0));
        assert_eq!(read("12:30:15"), Some(-1_785.0));
        assert_eq!(read("14:00"), Some(-23.0 * 3_600.0));
        assert_eq!(read("2026-11-21 12:00"), Some(-3_600.0));
        assert_eq!(read("2026-11-21T12:00:00Z"), Some(0.0));
        assert_eq!(read("yesterday"), None);
        assert_eq!(since("90m", noon), Some(noon - 5_400.0));
        assert_eq!(since("7x", noon), None);
    }
}
