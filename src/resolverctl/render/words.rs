//! Formats numbers, durations and shares in the same way on all screens.

use std::time::Duration;

use serde::Serialize;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use record::{Quantiles, TimeSpan, Window};

pub(super) const MESSAGE: &str =
    "message: the queries for one email; resolverd groups queries by client, names and time\n";

/// Returns the counts that are not 0: "1 failure, 2 warnings".
pub fn problems(counts: impl Iterator<Item = (usize, &'static str, &'static str)>) -> String {
    let found: Vec<String> = counts
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }))
        .collect();
    if found.is_empty() { "no problems found".to_owned() } else { found.join(", ") }
}

/// Formats a number with a space between thousands: "1 284 007".
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Events per second, with one decimal place below ten.
pub fn rate(count: u64, seconds: f64) -> String {
    if seconds <= 0.0 {
        return "0.0".to_owned();
    }
    let rate = count as f64 / seconds;
    if rate < 10.0 { format!("{rate:.1}") } else { number(rate.round() as u64) }
}

/// A duration in seconds with a suitable unit: "42 µs", "38 ms", "4.3 s".
pub fn time(seconds: f64) -> String {
    let micros = seconds * 1e6;
    if micros < 999.5 {
        format!("{micros:.0} µs")
    } else if micros < 9_950.0 {
        format!("{:.1} ms", micros / 1e3)
    } else if micros < 999_500.0 {
        format!("{:.0} ms", micros / 1e3)
    } else if seconds < 9.95 {
        format!("{seconds:.1} s")
    } else {
        age(seconds)
    }
}

/// A long duration in seconds with its two largest units: "3 h 4 min".
pub fn age(seconds: f64) -> String {
    TimeSpan(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)).to_string()
}

/// The used and the available (`of`) octets in MiB: "98 of 128".
pub fn mebibytes(octets: u64, of: u64) -> String {
    format!("{} of {}", in_mebibytes(octets), in_mebibytes(of))
}

/// Formats octets in MiB, without the unit.
pub(crate) fn in_mebibytes(octets: u64) -> String {
    let mebibytes = octets as f64 / f64::from(1 << 20);
    if mebibytes < 9.95 { format!("{mebibytes:.1}") } else { format!("{mebibytes:.0}") }
}

/// Returns the share of each count in the sum of all, in tenths of a per cent. The shares add up to exactly 1000, unless all counts are zero: the
/// largest remainders are rounded up (Hamilton's method).
pub fn shares(counts: &[u64]) -> Vec<u64> {
    let total: u128 = counts.iter().map(|count| u128::from(*count)).sum();
    if total == 0 {
        return vec![0; counts.len()];
    }
    let scaled: Vec<u128> = counts.iter().map(|count| u128::from(*count) * 1_000).collect();
    let mut shares: Vec<u64> =
        scaled.iter().map(|scaled| u64::try_from(scaled / total).unwrap_or(0)).collect();
    let missing = 1_000_u64.saturating_sub(shares.iter().sum());
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(scaled.get(*place).map_or(0, |scaled| scaled % total)));
    for place in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
        }
    }
    shares
}

/// A round trip in seconds, as text; 0 is "no reply".
pub fn round_trip(seconds: f64) -> String {
    if seconds > 0.0 { time(seconds) } else { "no reply".to_owned() }
}

/// Returns a share as text, for example "12.3 %". `permille` is the share in tenths of a per cent.
pub fn percent(permille: u64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

/// The share of `count` in `total`, in per cent.
pub(crate) fn percent_of(count: u64, total: u64) -> String {
    percent(shares(&[count, total.saturating_sub(count)]).first().copied().unwrap_or(0))
}

/// Returns the quantiles of some durations as texts; a dash if nothing was counted.
pub fn quantiles(times: &Quantiles) -> Vec<String> {
    if times.count == 0 {
        return vec!["–".to_owned()];
    }
    let Quantiles { p50, p90, p99, max, .. } = *times;
    [("p50", p50), ("p90", p90), ("p99", p99), ("max", max)]
        .map(|(name, seconds)| format!("{name} {}", time(seconds)))
        .to_vec()
}

/// Returns the word for a value of an enum, as it is in JSON.
pub fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Returns the label of the part of the cache that has the name `name` in the control protocol.
pub fn store(name: &str) -> &str {
    match name {
        "answers" => "whole answers",
        "rrsets" => "record sets (RRsets)",
        "servers" => "server data",
        "failures" => "cached failures",
        other => other,
    }
}

/// The name of the period of the statistics, or "since start" if the daemon has run for a shorter time.
pub fn window(window: Window, seconds: f64) -> String {
    let younger = window.length().is_none_or(|length| seconds < length.as_secs_f64() - f64::from(TOLERANCE));
    let name = match window {
        Window::Minute if !younger => "last minute",
        Window::FiveMinutes if !younger => "last 5 min",
        Window::Hour if !younger => "last hour",
        _ => "since start",
    };
    name.to_owned()
}

/// By how many seconds a period may be shorter than its name says, because the counters are copied only every ten seconds.
const TOLERANCE: u8 = 10;

/// Returns as much of a text as `width` columns can show, with "…" at the end if the text was longer.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fitting = |letter: char| {
        left = left.checked_sub(letter.width().unwrap_or(0))?;
        Some(letter)
    };
    let mut cut: String = text.chars().map_while(fitting).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_and_times_read_well() {
        assert_eq!(number(1_284_007), "1 284 007");
        assert_eq!(number(12), "12");
        let times = [0.000_042, 0.001_25, 0.038, 0.999_7, 4.26, 61.4, 600.0, 11_040.0, 273_600.0].map(time);
        assert_eq!(
            times,
            ["42 µs", "1.2 ms", "38 ms", "1.0 s", "4.3 s", "61 s", "10 min", "3 h 4 min", "3 d 4 h"]
        );
        assert_eq!(mebibytes(98 << 20, 128 << 20), "98 of 128");
        assert_eq!(mebibytes(7_104, 1_200_000), "0.0 of 1.1");
        assert_eq!(rate(385_200, 300.0), "1 284");
        assert_eq!(rate(3, 60.0), "0.1");
        assert_eq!(rate(3, 0.0), "0.0");
    }

    #[test]
    fn window_name_tells_covered_time() {
        assert_eq!(window(Window::FiveMinutes, 303.0), "last 5 min");
        assert_eq!(window(Window::FiveMinutes, 42.0), "since start");
        assert_eq!(window(Window::Start, 273_600.0), "since start");
    }

    proptest! {
        #[test]
        fn percentages_add_up_to_a_hundred(counts in proptest::collection::vec(0_u64..u64::MAX / 16, 1..12)) {
            let shares = shares(&counts);
            let expected = if counts.iter().all(|count| *count == 0) { 0 } else { 1_000 };
            prop_assert_eq!(shares.iter().sum::<u64>(), expected);
            let total: f64 = counts.iter().map(|count| *count as f64).sum();
            for (count, share) in counts.iter().zip(&shares) {
                prop_assert!(total == 0.0 || (*count as f64 / total * 1_000.0 - *share as f64).abs() <= 1.0);
            }
        }
    }
}
