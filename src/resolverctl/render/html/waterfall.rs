//! Writes messages (emails) of the query history as an HTML page: the slowest one as a waterfall, and a line for each other one. `resolverctl why
//! --html` writes the page to a file, and the daemon serves it as a part of its own page.

use super::document::document;
use super::escaped;
use crate::render::why::{
    culprits, has_row, longest_first, named_kind, outcome, reply_word, shown, time_to_reply,
};
use crate::render::words;
use explain::why::{MessageReport, QuestionReport, SentReport};
use record::culprit::{CulpritKind, Side};

/// The largest number of queries to servers that the page shows below a query of a client.
const SENT: usize = 6;

/// The largest number of messages (emails) below the waterfall of the first one. Further messages are not on the page.
const OTHERS: usize = 8;

const STYLE: &str = "
:root { color-scheme: light dark; --text: #1b1b1b; --faint: #595959; --back: #fff; --line: #d5d5d5; --cache: #56b4e9; --server: #0072b2; --silent: #d55e00; --wait: #cc79a7; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e6e6; --faint: #a8a8a8; --back: #16181c; --line: #3a3d44; --server: #3d9be0; --silent: #f0802b; } }
body { font: 15px/1.45 sans-serif; color: var(--text); background: var(--back); margin: 0; padding: .2rem; overflow-wrap: anywhere; }
body.file { max-width: 70rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.05rem; margin: 0 0 .3rem; } h2 { font-size: 1rem; margin: .9rem 0 .2rem; } p { margin: .25rem 0; }
.small, small { color: var(--faint); font-size: .85rem; }
.legend span { display: inline-block; margin-right: .9rem; } .legend i { display: inline-block; width: 1.1rem; height: .7rem; margin-right: .3rem; }
.sums { display: flex; height: 1.6rem; margin: .3rem 0; }
.sums b { display: block; overflow: hidden; white-space: nowrap; color: #fff; font-size: .85rem; line-height: 1.6rem; text-indent: .3rem; }
.row { display: grid; grid-template-columns: minmax(8rem, 24rem) 1fr; gap: .1rem .6rem; border-top: 1px solid var(--line); padding: .1rem 0; }
.row.critical .name { font-weight: bold; } .row.sent { border: 0; color: var(--faint); font-size: .85rem; } .row.sent .name { padding-left: 1rem; }
svg { width: 100%; height: 1.25rem; display: block; overflow: visible; } svg text { font: 12px sans-serif; fill: var(--text); }
.critical svg text { font-weight: bold; }
.cache { fill: var(--cache); background: var(--cache); } .server { fill: var(--server); background: var(--server); }
.silent { fill: var(--silent); background: var(--silent); } .wait { fill: var(--wait); background: var(--wait); }
.others { background: #a14700; } .this_host { background: #005b8e; } .client { background: #6b6b6b; } .unknown { background: #767676; } .rest { background: #4d7a4d; }
ol { margin: .2rem 0; padding-left: 1.6rem; }
@media (max-width: 600px) { .row { grid-template-columns: 1fr; } }
@media print { body.file { margin: 0; max-width: none; } * { print-color-adjust: exact; } }
";

/// Returns the page about the messages (emails), the first one as a waterfall. `note` is a sentence above the waterfall; `moment` formats a point in
/// time.
pub fn page(
    messages: &[&MessageReport],
    note: &str,
    moment: &dyn Fn(f64) -> String,
    is_file: bool,
) -> String {
    let mut body = String::new();
    if !note.is_empty() {
        body.push_str(&format!("<p>{}</p>\n", escaped(note)));
    }
    match messages.split_first() {
        None => body.push_str("<p>No message (email).</p>\n"),
        Some((worst, _)) if worst.is_absent() => {
            let text = format!("{}. To do: {}.", worst.culprit.evidence, worst.culprit.advice);
            body.push_str(&format!("<p>{}</p>\n", escaped(&text)));
        }
        Some((worst, others)) => {
            body.push_str(&waterfall(worst, moment));
            if !others.is_empty() {
                let line = |other: &&MessageReport| format!("<li>{}</li>\n", one_line(other, moment));
                let lines: String = others.iter().take(OTHERS).map(line).collect();
                body.push_str(&format!("<h2>Other messages (emails)</h2>\n<ol>\n{lines}</ol>\n"));
            }
        }
    }
    let class = if is_file { " class=\"file\"" } else { "" };
    document("Why a mail was slow", "light dark", STYLE, &format!("<body{class}>\n{body}</body>\n"))
}

fn waterfall(report: &MessageReport, moment: &dyn Fn(f64) -> String) -> String {
    let count = report.questions.len() as u64 + report.left_out;
    let said = [report.line.as_deref(), report.times.as_deref()];
    let said = said.into_iter().flatten().map(|line| format!("<p class=\"small\">{}</p>\n", escaped(line)));
    let mut text = said.collect::<String>();
    text.push_str(&format!(
        "<h1>{}: {} of DNS {}</h1>\n<p class=\"small\">client {}, {} {} in {}</p>\n",
        escaped(&moment(report.began)),
        words::time(report.waited),
        match report.culprit.kind {
            _ if report.exceeds_delay => "for several mails, or before the delay",
            CulpritKind::Unknown => "in these queries",
            _ => "for one mail",
        },
        escaped(&report.client),
        words::number(count),
        if count == 1 { "query" } else { "queries" },
        words::time(report.took)
    ));
    for (head, culprit) in culprits(report) {
        let kind = named_kind(culprit).map(|kind| format!(" {kind};")).unwrap_or_default();
        text.push_str(&format!("<p><b>{head}:{kind}</b> {}</p>\n", escaped(&culprit.evidence)));
        for (head, line) in
            [("This zone", culprit.usual.as_deref()), ("To do", Some(culprit.advice.as_str()))]
        {
            if let Some(line) = line {
                text.push_str(&format!("<p><b>{head}:</b> {}</p>\n", escaped(line)));
            }
        }
    }
    text.push_str(&sums_bar(report));
    text.push_str(
        "<p class=\"legend small\"><span><i class=\"cache\"></i>from cache</span> <span><i class=\"server\"></i>server answered</span> \
         <span><i class=\"silent\"></i>no usable answer</span> <span><i class=\"wait\"></i>waited here</span> <b>bold</b>: the mail waited for this query alone</p>\n",
    );
    let critical = critical(report);
    let rows = shown(report);
    for question in &rows {
        let is_critical = critical.iter().any(|one| std::ptr::eq(*one, *question));
        text.push_str(&row(question, is_critical, report.took));
    }
    let hidden = count.saturating_sub(rows.len() as u64);
    if hidden > 0 {
        let quick = report.questions.iter().any(|question| !has_row(question));
        let why = if quick { "the quickest, or from the cache" } else { "the quickest" };
        text.push_str(&format!(
            "<p class=\"small\">and {} more {} ({why})</p>\n",
            words::number(hidden),
            if hidden == 1 { "query" } else { "queries" }
        ));
    }
    text
}

/// Returns the start and the end of the wait for servers, in seconds. The wait lasts `question.servers`; it is not computed from the
/// queries to servers, because the report may lack some of them.
fn with_servers(question: &QuestionReport) -> (f64, f64) {
    let begin = question.at + question.queued.min((question.elapsed - question.servers).max(0.0));
    (begin, begin + question.servers)
}

/// Shows how long the message (email) waited because of each side (`Side`), and how long for no single
/// cause.
fn sums_bar(report: &MessageReport) -> String {
    let of_client = report.sums.get(&Side::Client).copied().unwrap_or(0.0);
    let rest = report.waited + of_client - report.sums.values().sum::<f64>();
    let sides = report.sums.iter().map(|(side, time)| (words::word(side), side.label(), *time));
    let parts = sides.chain(Some(("rest".to_owned(), "other waits", rest)));
    let parts: Vec<_> = parts.filter(|(.., time)| *time > 0.0).collect();
    let bar = |(class, _, time): &(String, &str, f64)| {
        // The bars fill the line only if the sum of their `flex` numbers is at least 1. In seconds the sum may be less, so the
        // numbers are microseconds.
        format!("<b class=\"{class}\" style=\"flex:{:.0} 1 0\">{}</b>", time * 1e6, words::time(*time))
    };
    let legend = |(class, label, time): &(String, &str, f64)| {
        format!("<span><i class=\"{class}\"></i>{label}: {}</span> ", words::time(*time))
    };
    let (bars, legend): (String, String) =
        (parts.iter().map(bar).collect(), parts.iter().map(legend).collect());
    format!("<div class=\"sums\">{bars}</div>\n<p class=\"legend small\">waited for {legend}</p>\n")
}

/// Returns the questions that made the email wait, the last one first: the question that ended last, then the one that ended last before that
/// question began, and so on. Questions without a row are skipped.
fn critical(report: &MessageReport) -> Vec<&QuestionReport> {
    let mut path = Vec::new();
    let mut end = f64::MAX;
    let ends = |question: &QuestionReport| question.at + question.elapsed;
    // Each further question on the path began before the one that was found before it. So the loop also ends if answers from the cache take no time.
    let is_before = |question: &QuestionReport, end: f64| question.at < end && ends(question) <= end;
    loop {
        let before = report.questions.iter().filter(|question| has_row(question) && is_before(question, end));
        let Some(last) = before.max_by(|one, other| ends(one).total_cmp(&ends(other))) else { return path };
        path.push(last);
        end = last.at;
    }
}

fn row(question: &QuestionReport, is_critical: bool, took: f64) -> String {
    let class = if is_critical { "row critical" } else { "row" };
    let waited = question.elapsed - question.servers;
    let kind = match question.messages.is_empty() && question.servers <= 0.0 {
        true if question.outcome.is_failure() => "silent",
        true => "cache",
        false => "wait",
    };
    let mut bars = bar(kind, question.at, question.elapsed, took);
    let (begin, end) = with_servers(question);
    if kind == "wait" && end > begin {
        bars.push_str(&bar("server", begin, end - begin, took));
    }
    for sent in &question.messages {
        // If several questions share a resolution, the resolution may have sent the query before this question came.
        let begin = sent.at.max(question.at);
        let end = (sent.at + sent.round_trip).min(question.at + question.elapsed);
        if end > begin {
            bars.push_str(&bar(kind_of(sent), begin, end - begin, took));
        }
    }
    let label = format!("{} {}", words::time(question.elapsed), outcome(question));
    let mut text = format!(
        "<div class=\"{class}\" title=\"at {}, {} of it without a query to a server\"><div class=\"name\">{} {}</div><svg role=\"img\" aria-label=\"{label}\">{bars}{}</svg></div>\n",
        words::time(question.at),
        words::time(waited.max(0.0)),
        escaped(&question.name),
        escaped(&question.kind),
        label_at(question.at, question.elapsed, took, &label)
    );
    if let Some(error) = &question.error {
        text.push_str(&format!("<p class=\"small\">{}</p>\n", escaped(error)));
    }
    if !is_critical && !question.outcome.is_failure() {
        return text;
    }
    let mut sent = longest_first(question);
    sent.truncate(SENT);
    sent.sort_by(|one, other| one.at.total_cmp(&other.at));
    for one in sent {
        let time = time_to_reply(one, question);
        let label = format!("{} {}", words::time(time), reply_word(one));
        text.push_str(&format!(
            "<div class=\"row sent\"><div class=\"name\">{} over {} for {}</div><svg role=\"img\" aria-label=\"{label}\">{}{}</svg></div>\n",
            escaped(&one.server),
            words::word(&one.transport).to_uppercase(),
            escaped(&one.zone),
            bar(kind_of(one), one.at, time, took),
            label_at(one.at, time, took, &label)
        ));
    }
    text
}

fn kind_of(sent: &SentReport) -> &'static str {
    if sent.conduct.is_some_and(|conduct| !conduct.is_fault()) { "server" } else { "silent" }
}

/// The percentage of `seconds` in the whole time `took` of the message (email).
fn part(seconds: f64, took: f64) -> f64 {
    if took > 0.0 { (seconds / took * 100.0).clamp(0.0, 100.0) } else { 0.0 }
}

fn bar(class: &str, at: f64, elapsed: f64, took: f64) -> String {
    let (begin, width) = (part(at, took).min(99.6), part(elapsed.max(0.0), took).max(0.4));
    format!(
        "<rect class=\"{class}\" x=\"{begin:.2}%\" y=\"15%\" width=\"{:.2}%\" height=\"70%\"/>",
        width.min(100.0 - begin)
    )
}

/// Returns the label of a bar. It is behind the bar if there is room, otherwise before the bar if there is room, otherwise over its begin.
fn label_at(at: f64, elapsed: f64, took: f64, label: &str) -> String {
    const ROOM: f64 = 60.0;
    let (begin, end) = (part(at, took), part(at + elapsed, took));
    let (x, shift, anchor, over) = match (end < ROOM, begin > 100.0 - ROOM) {
        (true, _) => (end, 5, "start", ""),
        (_, true) => (begin, -5, "end", ""),
        _ => (begin, 5, "start", " style=\"fill:#fff;paint-order:stroke;stroke:#333;stroke-width:2px\""),
    };
    format!(
        "<text x=\"{x:.2}%\" y=\"68%\" dx=\"{shift}\" text-anchor=\"{anchor}\"{over}>{}</text>",
        escaped(label)
    )
}

fn one_line(report: &MessageReport, moment: &dyn Fn(f64) -> String) -> String {
    let zone = report.culprit.zone.as_deref().unwrap_or_default();
    let first = report.questions.first().map_or("", |question| &question.name);
    format!(
        "{}: <b>{}</b> {} {} <small>first query {}</small>",
        escaped(&moment(report.began)),
        words::time(report.waited),
        report.culprit.kind.label(),
        escaped(zone),
        escaped(first)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use dns::question::{DnsResult, Outcome};

    fn question(at: f64, elapsed: f64) -> QuestionReport {
        QuestionReport {
            at,
            name: "<b>.example.".to_owned(),
            kind: "A".to_owned(),
            outcome: Outcome::Upstream,
            result: DnsResult::Unknown,
            list: None,
            codes: Vec::new(),
            named_by: None,
            concluded_from: None,
            elapsed,
            queued: 0.0,
            servers: elapsed,
            of_subject: false,
            transport: None,
            user: None,
            error: None,
            messages: Vec::new(),
        }
    }

    #[test]
    fn critical_path_has_awaited_queries() {
        let questions = vec![question(0.0, 0.2), question(0.0, 0.5), question(0.5, 0.1), question(0.6, 2.0)];
        let line = Some("mx postfix/smtp[9]: 4F2A91: to=<a@one.example>, delay=2.7".to_owned());
        let report = MessageReport { took: 2.6, waited: 2.6, questions, line, ..MessageReport::default() };
        let path: Vec<f64> = critical(&report).iter().map(|one| one.elapsed).collect();
        assert_eq!(path, [2.0, 0.1, 0.5]);
        // A cached denial of the name that the operator asks for has a row, and takes no time.
        let mut cached = question(2.6, 0.0);
        (cached.result, cached.of_subject) = (DnsResult::NoName, true);
        let mut report = report;
        report.questions.push(cached);
        let path: Vec<f64> = critical(&report).iter().map(|one| one.elapsed).collect();
        assert_eq!(path, [0.0, 2.0, 0.1, 0.5]);
        let page = page(&[&report], "", &|_| "noon".to_owned(), true);
        assert!(page.contains("smtp[9]: 4F2A91: to=&lt;a@one.example&gt;, delay=2.7</p>"), "{page}");
        assert!(page.contains("&lt;b&gt;.example. A") && !page.contains("<b>.example"), "{page}");
    }
}
