//! Converts the settings of dnsmasq that no module next to this one converts, such as those of the cache. Reports settings that are not converted.

use std::sync::LazyLock;

use super::reader::DnsmasqSetting;
use crate::draft::Draft;
use crate::finding::Weight::{Dangerous, Different, Unneeded};
use crate::option_table::ProgramOptions;
use crate::values::{private, seconds, texts};

/// Options that are reported instead of converted.
static OPTIONS: LazyLock<ProgramOptions> =
    LazyLock::new(|| ProgramOptions::built_in(include_str!("options.toml")));

/// Converts or reports the settings that no other file of this module handles.
pub(super) fn add(settings: &[DnsmasqSetting], draft: &mut Draft) {
    cache(settings, draft);
    ports(settings, draft);
    rebinding(settings, draft);
    parts(settings, draft);
    let is_part = |setting: &&DnsmasqSetting| OPTIONS.parts.row(&setting.option, "").is_some();
    for setting in settings.iter().filter(|setting| !is_part(setting)) {
        OPTIONS.report(&OPTIONS.options, (&setting.option, setting.field(0)), setting, draft);
    }
    settings
        .iter()
        .filter(|setting| setting.option == "trust-anchor")
        .for_each(|setting| anchor(setting, draft));
}

/// Adds one finding for each function of dnsmasq that is not part of a resolver, such as DHCP. The finding refers to the first setting of this
/// function, and counts the others.
fn parts(settings: &[DnsmasqSetting], draft: &mut Draft) {
    for row in &OPTIONS.parts.row {
        let of_part: Vec<&DnsmasqSetting> =
            settings.iter().filter(|setting| row.has(&setting.option)).collect();
        let (Some(first), Some(last)) = (of_part.first(), of_part.last()) else { continue };
        let shown = match of_part.len() {
            1 => first.typed.to_string(),
            number => format!("{} ({number} settings, the last in line {})", first.typed, last.place.line),
        };
        row.report(&(&first.place, shown.as_str()), draft);
    }
}

fn cache(settings: &[DnsmasqSetting], draft: &mut Draft) {
    let last = |option: &str| settings.iter().rfind(|setting| setting.option == option);
    let longest = ["max-ttl", "max-cache-ttl"].iter().filter_map(|option| last(option));
    let number = |setting: &DnsmasqSetting| setting.field(0).parse::<u64>().ok();
    // If both maximum TTLs are set, dnsmasq's clients get the shorter one.
    if let Some(shortest) =
        longest.filter(|setting| number(setting).is_some_and(|ttl| ttl > 0)).min_by_key(|one| number(one))
        && let Some((text, _)) = seconds(shortest.field(0), 604_800)
    {
        draft.set(shortest, ("[cache]", "max_ttl"), text);
    }
    if let Some(off) = last("no-negcache") {
        draft.set(off, ("[cache]", "negative_max_ttl"), "0s");
    }
    if let Some(stale) = last("use-stale-cache") {
        // Without a value, dnsmasq uses stale answers for up to one day; 0 means without limit. The limit of resolverd is three days.
        let span = match stale.field(0) {
            "" => "1d".to_owned(),
            "0" => "3d".to_owned(),
            typed => seconds(typed, 259_200).map_or_else(|| "1d".to_owned(), |(text, _)| text),
        };
        draft.set(stale, ("[cache]", "serve_stale"), span);
    }
}

fn ports(settings: &[DnsmasqSetting], draft: &mut Draft) {
    let last = |option: &str| settings.iter().rfind(|setting| setting.option == option);
    let (least, most) = (last("min-port"), last("max-port"));
    let Some(typed) = least.or(most) else { return };
    let number = |setting: Option<&DnsmasqSetting>, usual: u16| {
        setting.and_then(|setting| setting.field(0).parse::<u16>().ok()).unwrap_or(usual)
    };
    let range = format!("{}-{}", number(least, 1_024).max(1_024), number(most, u16::MAX));
    draft.set(typed, ("[resolve]", "source_ports"), range);
}

/// Converts the protection against DNS rebinding: private addresses are not accepted for names on the internet, except in some domains.
fn rebinding(settings: &[DnsmasqSetting], draft: &mut Draft) {
    if let Some(stop) = settings.iter().find(|setting| setting.option == "stop-dns-rebind") {
        draft.set(stop, ("[resolve]", "private_addresses"), private());
        if !settings.iter().any(|setting| setting.option == "rebind-localhost-ok") {
            let did = "removed addresses of 127.0.0.0/8 too";
            let instead = "resolverd keeps them: DNS lists and SPF answer with them";
            draft.report(Different, stop, (did, instead));
        }
    }
    if let Some(alone) = settings.iter().find(|setting| setting.option == "rebind-localhost-ok") {
        let did = "kept addresses of 127.0.0.0/8";
        draft.report(Unneeded, alone, (did, "resolverd does"));
    }
    let mut names: Vec<String> = Vec::new();
    let typed: Vec<&DnsmasqSetting> =
        settings.iter().filter(|setting| setting.option == "rebind-domain-ok").collect();
    for setting in &typed {
        let domains = setting.domains().map_or_else(|| setting.fields.clone(), |(domains, _)| domains);
        names.extend(domains.iter().filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase()));
    }
    if let Some(first) = typed.first() {
        draft.set(first, ("[resolve]", "private_domains"), texts(names));
    }
}

/// resolverd has the keys of the root built in, so a trust anchor for the root is not needed.
fn anchor(setting: &DnsmasqSetting, draft: &mut Draft) {
    if setting.fields.iter().any(|field| field == ".") {
        let did = "gave a key of the root";
        return draft.report(Unneeded, setting, (did, "resolverd has them built in"));
    }
    let did = "gave a key to validate with";
    let instead = "write it as a DS record into a file, and set dnssec.trust_anchor to the file";
    draft.report(Dangerous, setting, (did, instead));
}
