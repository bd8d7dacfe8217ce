//! Lines of the log of qmail: `delivery 1: failure: Sorry,_I_couldn't_find_any_host_named_a.example._(#5.1.2)/`.
//!
//! The text is that of the bounce (qmail-send(8)), with underscores for spaces and slashes for the ends of lines. The recipient stands in
//! another line: `starting delivery 1: msg 7 to remote y@a.example`.

use std::borrow::Cow;

/// The words before the text of a failed delivery.
const BEFORE_TEXT: [&str; 2] = [": failure: ", ": deferral: "];

/// The message with the texts of deliveries as they stand in bounces.
pub(super) fn readable(message: &str) -> Cow<'_, str> {
    if let Some(reply) = reply_alone(message) {
        return reply.into();
    }
    if !message.lines().any(|line| text_of(line).is_some()) {
        return message.into();
    }
    let lines = message.lines().map(|line| match text_of(line) {
        Some((before, text)) => {
            let text = text.replace('_', " ").replace("/Remote host", "\nRemote host");
            format!("{before}{}\n", text.replace("/Giving up", "\nGiving up").trim_end_matches('/'))
        }
        None => format!("{line}\n"),
    });
    lines.collect::<String>().into()
}

/// A reply of a receiver that was pasted without the text around it, as a bounce has it (RFC 5321 section 4.2).
fn reply_alone(message: &str) -> Option<String> {
    let lines: Vec<&str> = message.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_reply =
        |line: &&str| matches!(line.as_bytes(), [b'4' | b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..]);
    (!lines.is_empty() && lines.iter().all(is_reply)).then(|| format!("the host said: {}\n", lines.join(" ")))
}

/// A line of a failed delivery, parted before its text.
fn text_of(line: &str) -> Option<(&str, &str)> {
    let ends = BEFORE_TEXT.iter().filter_map(|words| Some(line.find(words)? + words.len()));
    let (before, text) = line.split_at_checked(ends.min()?)?;
    (before.contains("delivery ") && text.contains('_')).then_some((before, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_delivery_is_read_as_the_text_of_its_bounce() {
        let line = "@4000 delivery 1: failure: Sorry,_I_couldn't_find_any_host_named_a.example._(#5.1.2)/";
        let text = "@4000 delivery 1: failure: Sorry, I couldn't find any host named a.example. (#5.1.2)\n";
        assert_eq!(readable(line), text);
        let line = "delivery 2: deferral: 192.0.2.1_does_not_like_recipient./Remote_host_said:_451_4.1.8_no/Giving_up_on_192.0.2.1./";
        let text = "delivery 2: deferral: 192.0.2.1 does not like recipient.\nRemote host said: 451 4.1.8 no\nGiving up on 192.0.2.1.\n";
        assert_eq!(readable(line), text);
        assert_eq!(readable("450 4.7.25 no\n"), "the host said: 450 4.7.25 no\n");
        assert_eq!(readable("550-5.7.1 a\r\n550 5.7.1 b\r\n"), "the host said: 550-5.7.1 a 550 5.7.1 b\n");
        for other in ["status: failure: a_b", "delivery 1: success: did_0+0+1/", "a_b", ""] {
            assert_eq!(readable(other), other);
        }
    }
}
