//! The output of `resolverctl own`: a table of own domains and addresses with their states, and what to do.

use super::domain::{below, sentence};
use super::style::{Paint, Style};
use super::table::{Align, TextTable};
use super::words::age;
use doctor::finding::Level;
use host::own_mail::{SuggestedFile, SuggestedMail};
use protocol::watched::{WatchedFinding, WatchedRow};
use watched::history::Standing;

/// Returns the table of own domains and addresses, and below it what to do about each finding. Notes are left out.
pub fn table(rows: &[WatchedRow], moment: &dyn Fn(f64) -> String, style: Style) -> String {
    if rows.is_empty() {
        return "no own domains and addresses; `resolverctl own --suggest` prints the lines for the configuration\n"
            .to_owned();
    }
    let mut table = TextTable::new(&[("THING", Align::Left), ("STATE", Align::Left), ("SINCE", Align::Left)]);
    let mut advice = String::new();
    for row in rows {
        let mut tell = |state: String, paint: Paint, since: Option<u64>| {
            let since = since.map(|since| moment(since as f64)).unwrap_or_default();
            let cells = [(row.domain.clone(), Paint::Plain), (state, paint), (since, Paint::Plain)];
            table.row(cells.into());
        };
        let mut is_ok = true;
        if let Some(why) = &row.could_not_tell {
            tell(format!("could not tell: {why}"), Paint::Plain, row.could_not_tell_since);
            is_ok = false;
        } else if row.checked.is_none() {
            tell(format!("not checked yet; next check in {}", age(row.next)), Paint::Plain, None);
            is_ok = false;
        }
        for finding in row.findings.iter().filter(|finding| finding.level < Level::Note) {
            let paint = if finding.level == Level::Failure { Paint::Bad } else { Paint::Plain };
            tell(state(finding), paint, Some(finding.since));
            advice.push_str(&format!("\n{}: {}\n", row.domain, finding.evidence));
            if !finding.remedy.is_empty() {
                advice.push_str(&below("to do: ", &sentence(&finding.remedy), style));
            }
            is_ok = false;
        }
        if is_ok {
            tell("ok".to_owned(), Paint::Good, None);
        }
    }
    table.text(style, None) + &advice
}

/// Returns the level and the title of a finding, and how certain it is.
fn state(finding: &WatchedFinding) -> String {
    let standing = match finding.standing {
        _ if finding.unseen => " (not looked for by the last check)",
        Standing::Coming => " (found once, not confirmed)",
        Standing::Present => "",
        Standing::Going => " (not found by the last check)",
    };
    format!("{}: {}{standing}", finding.level.word(), finding.code.entry().title)
}

/// Returns the section `[own]` with what this host shows. Files that resolverd cannot read are comments.
pub fn section(mail: &SuggestedMail) -> String {
    let list = |items: Vec<String>| {
        let quoted: Vec<String> = items.iter().map(|item| format!("{item:?}")).collect();
        format!("[{}]", quoted.join(", "))
    };
    let domains = list(mail.domains.iter().cloned().collect());
    let addresses = list(mail.addresses.iter().map(ToString::to_string).collect());
    let mut text = format!("[own]\ndomains = {domains}\n");
    if mail.addresses.is_empty() {
        text.push_str("# This host has no public address. Write the address that receivers see.\n");
    }
    text.push_str(&format!("addresses = {addresses}\n"));
    if let Some(helo) = &mail.helo {
        text.push_str(&format!("helo = {helo:?}\n"));
    }
    for (key, files) in [("certificates", &mail.certificates), ("dkim_keys", &mail.dkim_keys)] {
        let (readable, closed): (Vec<&SuggestedFile>, Vec<_>) =
            files.iter().partition(|file| file.is_readable);
        for file in closed {
            text.push_str(&format!("# Not every user may read this file. Let the user resolverd read it, and add it to {key}:\n# {:?}\n", file.item));
        }
        if !readable.is_empty() {
            text.push_str(&format!(
                "{key} = {}\n",
                list(readable.iter().map(|file| file.item.clone()).collect())
            ));
        }
    }
    text
}
