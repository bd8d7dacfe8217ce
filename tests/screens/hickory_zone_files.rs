//! Zone files that the parser of Hickory DNS refuses or reads differently from resolverd's parser: the rows of a table in CONTRIBUTING.md.

use std::path::Path;
use std::str::FromStr;

use dns::zone_file;
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::txt::Parser;

/// The word in the table for a text that the parser refuses.
const ERROR: &str = "error";

/// Hickory's parser needs a TTL before the records.
const BEFORE: &str = "$TTL 60\n";

fn origin() -> Name {
    Name::from_str("example.").unwrap()
}

/// Returns the octets in quotation marks. Quotation marks, backslashes and octets that are not printable ASCII become decimal escapes.
fn quoted(octets: &[u8]) -> String {
    let shown = octets.iter().map(|octet| match octet {
        b'"' | b'\\' => format!("\\{octet:03}"),
        b' '..=b'~' => char::from(*octet).to_string(),
        _ => format!("\\{octet:03}"),
    });
    format!("\"{}\"", shown.collect::<String>())
}

fn told<'r>(records: impl Iterator<Item = &'r Record>) -> String {
    let one = |record: &Record| {
        let data = match &record.data {
            RData::TXT(text) => text.txt_data.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(" "),
            RData::Unknown { rdata, .. } => {
                let digits: String = rdata.anything.iter().map(|octet| format!("{octet:02x}")).collect();
                format!("\\# {} {digits}", rdata.anything.len())
            }
            data => data.to_string(),
        };
        let kind = match record.record_type() {
            RecordType::Unknown(number) => format!("TYPE{number}"),
            kind => kind.to_string(),
        };
        format!("{} {kind} {}", record.name, data.trim_end())
    };
    records.map(one).collect::<Vec<_>>().join("; ")
}

fn ours(text: &str) -> String {
    let read = zone_file::records(&origin(), text);
    read.map_or_else(|_| ERROR.to_owned(), |records| told(records.iter()))
}

fn of_hickory(text: &str) -> String {
    let read = Parser::new(text, None, Some(origin())).parse();
    read.map_or_else(
        |_| ERROR.to_owned(),
        |(_, sets)| told(sets.values().flat_map(|set| set.records_without_rrsigs())),
    )
}

/// Returns the texts in backquotes of a cell of the table.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn hickory_difference_table_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md");
    let text = std::fs::read_to_string(path).unwrap();
    let section = text.split_once("## What we would offer to Hickory").unwrap().1;
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| RFC "))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 10, "{} rows", rows.len());
    let mut wrong = Vec::new();
    for row in rows {
        let [_, input, ours_in_table, theirs] = row[..] else { panic!("{row:?}") };
        let input = format!("{BEFORE}{}\n", code(input).join("\n"));
        let expected = |cell: &str| if cell == ERROR { cell.to_owned() } else { code(cell).join("; ") };
        for (parser, found, cell) in
            [("resolverd", ours(&input), ours_in_table), ("Hickory", of_hickory(&input), theirs)]
        {
            if found != expected(cell) {
                wrong.push(format!("{parser} reads {input}as {found}, and the table has {cell}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each zone text of these tests begins with `BEFORE`. The parsers of resolverd and of Hickory DNS must read a usual zone with it alike.
#[test]
fn a_usual_zone_is_read_alike() {
    let text = format!(
        "{BEFORE}@ SOA ns host 1 2 3 4 5\n@ NS ns\nns 30 IN A 192.0.2.1\n@ MX 10 mail\nt TXT \"a\"\n"
    );
    let sorted = |told: String| {
        let mut records: Vec<String> = told.split("; ").map(str::to_owned).collect();
        records.sort();
        records
    };
    assert_eq!(sorted(ours(&text)), sorted(of_hickory(&text)));
    assert_eq!(sorted(ours(&text)).len(), 5);
}
