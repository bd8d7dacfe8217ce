//! Entries of a mail queue, as `mailq` of Postfix, Exim and Sendmail and `postqueue -j` show them.
//!
//! An entry begins with a line that has the sender and the time at which the mail arrived. The other lines have the recipients
//! and the reason of the last failed delivery, without a time: the attempts were between the arrival and now. `postqueue -j`
//! writes an entry as one line.

use serde_json::{Map, Value};

use super::time;

/// The least length of a word that may be a queue id. Those of Postfix and Sendmail are longer; a shorter word such as `Nov` begins another
/// kind of line.
const MIN_ID: usize = 5;

const DAY: f64 = 86_400.0;

/// Returns the first and the last moment at which the mail can have arrived, in seconds since 1970, if the line is the first line
/// of a queue entry.
pub(super) fn arrival(line: &str, now: f64) -> Option<(f64, f64)> {
    of_json(line).or_else(|| of_exim(line, now)).or_else(|| of_postfix(line, now))
}

/// Returns the earliest and the latest time at which the mail in a line of the queue of Postfix or Sendmail may have arrived. The line has
/// the queue id, size, priority (only Sendmail with `-v`), date and sender.
fn of_postfix(line: &str, now: f64) -> Option<(f64, f64)> {
    let mut words = line.split_whitespace();
    let (id, size) = (words.next()?, words.next()?);
    let is_id =
        id.trim_end_matches(['*', '!', '#', '-', 'X']).bytes().all(|octet| octet.is_ascii_alphanumeric());
    let is_size = size.bytes().all(|octet| octet.is_ascii_digit());
    // `Nov` in `Nov 21` is not a queue id but the start of a syslog line.
    if !is_id || !is_size || id.len() < MIN_ID {
        return None;
    }
    time::in_line(words.collect::<Vec<_>>().join(" ").as_str(), now)
}

/// Returns the earliest and the latest time at which the mail in a line of Exim's queue (`exim -bp`) may have arrived. The line has its age
/// (rounded to minutes, hours or days), size, id, and the sender in angle brackets.
fn of_exim(line: &str, now: f64) -> Option<(f64, f64)> {
    let mut words = line.split_whitespace();
    let (age, size, id, sender) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (number, unit) = age.split_at_checked(age.len().checked_sub(1)?)?;
    let (one, blur) = match unit {
        "m" => (60.0, 60.0),
        "h" => (3_600.0, 3_600.0),
        "d" => (DAY, DAY),
        _ => return None,
    };
    let is_size = size.trim_end_matches(['K', 'M', 'G']).parse::<f64>().is_ok();
    if !is_size || !id.contains('-') || !sender.starts_with('<') {
        return None;
    }
    let at = now - number.parse::<u32>().map(f64::from).ok()? * one;
    Some((at - blur, (at + blur).min(now)))
}

/// The line comes from `postqueue -j`.
fn of_json(line: &str) -> Option<(f64, f64)> {
    let at = entry(line)?.get("arrival_time")?.as_f64()?;
    Some((at, at))
}

fn entry(line: &str) -> Option<Map<String, Value>> {
    if line.starts_with('{') { serde_json::from_str(line).ok() } else { None }
}

/// Splits a queue entry of `postqueue -j` into a text with the sender, and a text with the recipients and the reasons of their
/// last failed deliveries. Returns `None` if the line is not such an entry.
pub(super) fn parts(line: &str) -> Option<(String, String)> {
    let mut entry = entry(line).filter(|entry| entry.contains_key("arrival_time"))?;
    let recipients = entry.remove("recipients").unwrap_or_default();
    Some((Value::Object(entry).to_string(), recipients.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 00:00 UTC, in seconds since 1970.
    const NOW: f64 = 1_795_305_600.0;

    #[test]
    fn queue_entry_gives_arrival_time() {
        let at = |line: &str| arrival(line, NOW).map(|(first, last)| (NOW - first, last - first));
        let day = time::in_line("2026-11-21 03:12:05", NOW).map(|(first, _)| NOW - first).unwrap();
        for line in [
            "4A1B2C3D4E*    1234 Sat Nov 21 03:12:05  bob@sender.example",
            "4bXyZ12abcz0!  1234 Sat Nov 21 03:12:05  MAILER-DAEMON",
            "6AN4HY6l000757-      7 Sat Nov 21 03:12:05 <bob@sender.example>",
            "6AN4HY6l000757        7     30018 Sat Nov 21 03:12:05 <bob@sender.example>",
        ] {
            assert_eq!(at(line), Some((day, 0.0)), "{line}");
        }
        assert_eq!(
            at(
                "{\"queue_name\": \"deferred\", \"queue_id\": \"4A1B2C\", \"arrival_time\": 1795305000, \"sender\": \"bob@sender.example\"}"
            ),
            Some((600.0, 0.0))
        );
        assert_eq!(at("25m  2.9K 1tEabc-000000001Ab-0XyZ <bob@sender.example>"), Some((1_560.0, 120.0)));
        assert_eq!(at("4h  290 1tEabc-0000Xy-01 <> *** frozen ***"), Some((18_000.0, 7_200.0)));
        assert_eq!(at("0m  2.9K 1tEabc-0000Xy-01 <bob@sender.example>"), Some((60.0, 60.0)));
        for line in [
            "Nov 21 03:12:05 mx postfix/qmgr[7]: 4A1B2C: from=<bob@sender.example>, size=1234",
            "2026-11-21 03:12:05 1abCde-0000Xy-01 <= bob@sender.example H=mail.sender.example [192.0.2.7]",
            "(Host or domain name not found. Name service error for name=silent.example type=MX)",
            "us@gone.example",
            "Nov 21 03:12:05 mx rspamd[1]: 2026-11-21 03:12:05 #12(normal) <abc>; task; log: ip: 192.0.2.7",
            "-- 2 Kbytes in 1 Request.",
        ] {
            assert_eq!(at(line), None, "{line}");
        }
    }
}
