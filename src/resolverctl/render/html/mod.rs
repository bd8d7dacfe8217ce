//! Writes the findings about domains as one HTML page, which can be sent to the owners of the domains. The page loads no other
//! files, and can be printed.
//!
//! The names and records on the page come from other hosts. So `escaped` makes each text safe, and the page forbids scripts and
//! content from other hosts.

pub mod chain;
mod document;
mod escape;
pub mod waterfall;

use self::chain::{KeyChain, picture};
use self::document::document;
use self::escape::escaped;
use super::domain::{counts, sentence, worst};
use dns::clock::minute;
use doctor::finding::{Finding, Level, Topic};

/// The findings about a domain or an address.
#[derive(Clone, Debug)]
pub struct DomainReport {
    /// The typed text; `None` if the subject is from an email.
    pub typed: Option<String>,
    /// The domain or address.
    pub subject: String,
    /// The findings, the most serious first.
    pub findings: Vec<Finding>,
    /// The chain of keys of the domain, or why it could not be read; none for an address, or if there is no page.
    pub chain: Option<Result<KeyChain, String>>,
}

const STYLE: &str = "
body { font: 16px/1.45 sans-serif; color: #1b1b1b; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; }
.answer { font-size: 1.1rem; } .small { color: #555; font-size: .9rem; }
article { border-left: .35rem solid #888; padding: .1rem .8rem; margin: .7rem 0; break-inside: avoid; }
article h3 { font-size: 1rem; margin: .2rem 0; } article p { margin: .2rem 0; overflow-wrap: anywhere; }
.failure { border-color: #b3261e; } .warning { border-color: #b26a00; } .ok { border-color: #2e7d32; }
.level { text-transform: uppercase; font-size: .8rem; letter-spacing: .05em; }
.evidence { font-family: monospace; font-size: .9rem; }
.chain { display: flex; flex-wrap: wrap; gap: .6rem .4rem; list-style: none; margin: .7rem 0; padding: 0; }
.chain li { display: flex; align-items: center; gap: .4rem; max-width: 100%; break-inside: avoid; }
.arrow { max-width: 8rem; text-align: right; color: #555; font-size: .9rem; }
.zone { border: 2px solid; border-radius: .3rem; padding: .3rem .7rem; max-width: 14rem; overflow-wrap: anywhere; }
.zone b, .zone span { display: block; } .zone .level { font-weight: bold; }
.secure { border-color: #2e7d32; background: #eef6ee; } .insecure { border-color: #777; background: #f4f4f4; }
.bogus { border-color: #b3261e; background: #fcecea; } .indeterminate { border-color: #b26a00; border-style: dashed; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } section { break-after: page; } section:last-of-type { break-after: auto; } }
";

/// Returns the page. `unix` is the time of the check, in seconds since 1970.
pub fn page(reports: &[DomainReport], unix: u64) -> String {
    let names: Vec<String> = reports.iter().map(|report| escaped(&report.subject)).collect();
    let title = format!("Mail and DNS of {}", names.join(", "));
    let sections: String = reports.iter().map(|report| section(report, unix)).collect();
    document(&title, "light", STYLE, &format!("<body>\n{sections}</body>\n"))
}

fn section(report: &DomainReport, unix: u64) -> String {
    let counts = counts(&report.findings);
    let answer = worst(&report.findings)
        .map_or_else(|| format!("{counts}."), |worst| format!("{counts}. Most important: {worst}"));
    let mut text = format!(
        "<section>\n<h1>{}</h1>\n<p class=\"answer\">{}</p>\n<p class=\"small\">Checked at {} by resolverctl.</p>\n",
        escaped(&report.subject),
        escaped(&answer),
        minute(unix)
    );
    text.extend(report.chain.as_ref().map(picture));
    for topic in Topic::ALL {
        let mut of_topic =
            report.findings.iter().filter(|finding| finding.code.entry().topic == topic).peekable();
        if of_topic.peek().is_some() {
            text.push_str(&format!("<h2>{}</h2>\n", escaped(topic.heading())));
            of_topic.for_each(|finding| text.push_str(&article(finding)));
        }
    }
    text + "</section>\n"
}

fn article(finding: &Finding) -> String {
    let (entry, level) = (finding.code.entry(), finding.level.word());
    let mut text = format!(
        "<article class=\"{level}\">\n<h3><span class=\"level\">{level}</span> {}</h3>\n\
         <p class=\"evidence\">{}</p>\n",
        escaped(entry.title),
        escaped(&finding.evidence)
    );
    if finding.level != Level::Ok {
        let lines = [
            ("Effect", finding.effect().to_owned()),
            ("Change", sentence(finding.remedy())),
            ("Source", entry.source.to_owned()),
        ];
        for (head, line) in lines.iter().filter(|(_, line)| !line.is_empty()) {
            text.push_str(&format!("<p><b>{head}:</b> {}</p>\n", escaped(line)));
        }
    }
    text + "</article>\n"
}
