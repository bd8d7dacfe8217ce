//! The output of `resolverctl changes`: a table of the changed records, or a sentence which says that none was seen.

use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use dns::wire::presentation::harmless;
use protocol::Reply;
use record::changes::ChangeRow;

const HEAD: [(&str, Align); 5] = [
    ("when", Align::Left),
    ("name", Align::Left),
    ("record", Align::Left),
    ("old", Align::Left),
    ("new", Align::Left),
];

/// Returns the table. `asked`: the typed name, and the time since which changes were requested, in seconds since 1970 (0 for all). `moment` formats a
/// point in time.
pub fn table(replies: &[Reply], asked: (&str, f64), moment: &dyn Fn(f64) -> String, style: Style) -> String {
    let (name, from) = (harmless(asked.0), asked.1);
    let mut table = TextTable::new(&HEAD);
    for reply in replies {
        if let Reply::RecordChange(ChangeRow { at, name, record, old, new }) = reply {
            let words = [name, record.label(), old, new].map(harmless);
            table.plain(std::iter::once(moment(*at as f64)).chain(words).collect());
        }
    }
    let begin = replies.iter().find_map(|reply| match reply {
        Reply::ChangesBegin { since, off } => Some((*since, *off)),
        _ => None,
    });
    let sentence = match begin {
        None => String::new(),
        Some((_, true)) => {
            "resolverd watches no records, because it has no query history (history.size is 0).".to_owned()
        }
        Some((None, _)) => format!(
            "The records of {name} are not watched: no client has asked for its MX records lately. Type a domain that mail comes from or goes to."
        ),
        Some((Some(since), _)) if table.is_empty() => {
            let since = since as f64;
            let watched =
                if from > since { format!("; watched since {}", moment(since)) } else { String::new() };
            let begin = moment(from.max(since));
            style.paint(
                Paint::Good,
                &format!("No change of the records of {name} seen since {begin}{watched}."),
            )
        }
        Some((Some(since), _)) => {
            style.paint(Paint::Faint, &format!("watched since {}", moment(since as f64)))
        }
    };
    let table = if table.is_empty() { String::new() } else { table.text(style, None) };
    table + &sentence + "\n"
}

/// Returns the line of `why` about a change shortly before a message.
pub(super) fn line(change: &ChangeRow, moment: &dyn Fn(f64) -> String) -> String {
    let ChangeRow { at, name, record, old, new } = change;
    let [name, old, new] = [name, old, new].map(|text| harmless(text));
    format!("Before it: {} of {name} changed at {}: {old} -> {new}\n", record.label(), moment(*at as f64))
}
