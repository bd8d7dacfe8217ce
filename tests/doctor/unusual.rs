//! Checks of healthy domains with unusual properties: no failure, and only correct warnings.

use std::sync::Arc;

use crate::faults::tree;
use crate::simulated::check;
use config::Family;
use doctor::codes::Code;
use doctor::facts::CheckSubject;
use doctor::finding::{Finding, Level};
use lab::delegations::Tree;
use lab::simulation::{Simulation, config_for, config_trusting, paused};
use lab::world::ServerPlan;

const KEY: &str = "TXT \"v=DKIM1; k=ed25519; p=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\"\n";

/// The domain, the selector of its DKIM signatures (may be empty), its zones with their records, and the codes of the warnings that the
/// check may report.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [Code]);

const MAIL: &str = "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n";

const CASES: &[Case] = &[
    (
        "parked.com.",
        "",
        &[(
            "parked.com.",
            "@ A 198.18.9.80\n@ MX 0 .\n@ TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n*._domainkey TXT \"v=DKIM1; p=\"\n",
        )],
        &[],
    ),
    (
        "silent.com.",
        "",
        &[(
            "silent.com.",
            "@ MX 0 .\n* MX 0 .\n@ TXT \"v=spf1 -all\"\n* TXT \"v=spf1 -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n",
        )],
        &[],
    ),
    ("aliased.com.", "s1", &[("aliased.com.", "MAIL\ns1._domainkey CNAME key.provider.com.\n")], &[]),
    (
        "aliasedpolicy.com.",
        "",
        &[(
            "aliasedpolicy.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc CNAME policy.provider.com.\n",
        )],
        &[],
    ),
    (
        "delegated.com.",
        "s1",
        &[
            ("delegated.com.", "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n"),
            ("_dmarc.delegated.com.", "@ TXT \"v=DMARC1; p=reject\"\n"),
            ("_domainkey.delegated.com.", "s1 KEY"),
        ],
        &[],
    ),
    (
        "news.sender.com.",
        "",
        &[("sender.com.", "MAIL\nnews MX 10 mx1.hosts.com.\nnews TXT \"v=spf1 mx -all\"\n")],
        &[],
    ),
    (
        "cut.sender2.com.",
        "s1",
        &[
            ("sender2.com.", "MAIL\n"),
            ("cut.sender2.com.", "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx -all\"\ns1._domainkey KEY"),
        ],
        &[],
    ),
    (
        "included.com.",
        "",
        &[(
            "included.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 include:spf.provider.com ~all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n",
        )],
        &[],
    ),
    (
        "redirected.com.",
        "",
        &[(
            "redirected.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 redirect=spf.provider.com\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n",
        )],
        &[],
    ),
    (
        "macro.com.",
        "",
        &[(
            "macro.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 exists:%{i}._spf.macro.com mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject\"\n",
        )],
        &[],
    ),
    (
        "upper.com.",
        "",
        &[(
            "upper.com.",
            "@ MX 10 MX1.Hosts.COM.\n@ TXT \"V=spf1 MX -ALL\"\n_dmarc TXT \"v=DMARC1;p=REJECT\"\n",
        )],
        &[],
    ),
    (
        "verified.com.",
        "",
        &[(
            "verified.com.",
            "MAIL\n@ MX 32767 ms12345678.msv1.invalid.\n@ TXT \"google-site-verification=x\"\n@ TXT \"MS=ms1\"\n",
        )],
        &[],
    ),
    ("wild.com.", "", &[("wild.com.", "MAIL\n* A 198.18.9.80\n")], &[]),
    (
        "reports.com.",
        "",
        &[(
            "reports.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:a@provider.com,mailto:b@reports.com\"\n\
             _smtp._tls TXT \"v=TLSRPTv1; rua=mailto:a@provider.com\"\n",
        )],
        &[],
    ),
    (
        "own.com.",
        "",
        &[(
            "own.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=quarantine; sp=reject; np=reject\"\n",
        )],
        &[],
    ),
    (
        "loose.com.",
        "",
        &[(
            "loose.com.",
            "@ MX 10 mx1.hosts.com.\n@ TXT \"v=spf1 mx ?all\"\n_dmarc TXT \"v=DMARC1; p=none\"\n",
        )],
        &[],
    ),
];

/// The records of the zone `provider.com.`, to which the checked domains refer, for example a policy.
const PROVIDER: &str = "key KEY\npolicy TXT \"v=DMARC1; p=reject\"\nspf TXT \"v=spf1 ip4:9.9.0.0/20 ip4:198.18.9.1 ~all\"\n\
    reports.com._report._dmarc TXT \"v=DMARC1\"\n";

fn build(signed: bool) -> Tree {
    let mut tree = tree(MAIL, &[]);
    let servers = ["ns1.hosts.com", "ns2.hosts.com"].map(str::to_owned);
    let written = |text: &str| text.replace("MAIL\n", MAIL).replace("KEY", KEY);
    tree.zone("provider.com.", &servers, &written(PROVIDER)).unwrap();
    for (_, _, zones, _) in CASES {
        for (zone, text) in *zones {
            tree.zone(zone, &servers, &written(text)).unwrap();
        }
    }
    // Thirteen servers, each with an IPv4 and an IPv6 address.
    let many: Vec<String> = (1..=13).map(|number| format!("n{number}.many.com")).collect();
    for (number, name) in (1_u8..).zip(&many) {
        let addresses =
            vec![[198, 18, 20 + number, 1].into(), format!("2001:2:0:{number}::1").parse().unwrap()];
        tree.server(ServerPlan::new(name, addresses)).unwrap();
    }
    tree.zone("many.com.", &many, MAIL).unwrap();
    if signed {
        for zone in [".", "com.", "many.com."] {
            tree.sign(zone, Some("".parse().unwrap())).unwrap();
        }
        for (zone, _) in CASES.iter().flat_map(|(_, _, zones, _)| *zones) {
            tree.sign(zone, Some("".parse().unwrap())).unwrap();
        }
    }
    tree
}

#[test]
fn unusual_healthy_domains_have_no_warnings() {
    let many: Case = ("many.com.", "", &[], &[]);
    let mut faults = Vec::new();
    for signed in [false, true] {
        let lab = Arc::new(build(signed).build().unwrap());
        let mut config = if signed { config_trusting(&lab) } else { config_for(&lab) };
        config.resolve.ipv6 = Family::On;
        paused(async {
            let simulation = Simulation::new(lab, config, 1);
            for (domain, selector, _, expected) in CASES.iter().chain([&many]) {
                let selectors = Some((*selector).to_owned()).filter(|selector| !selector.is_empty());
                let subject = CheckSubject {
                    domain: (*domain).to_owned(),
                    selectors: selectors.into_iter().collect(),
                    ..CheckSubject::default()
                };
                let found = check(&simulation, subject).await.1;
                let is_bad =
                    |finding: &&Finding| finding.level < Level::Note && !expected.contains(&finding.code);
                let bad: Vec<String> = found
                    .iter()
                    .filter(is_bad)
                    .map(|finding| format!("{:?}: {}", finding.code, finding.evidence))
                    .collect();
                if !bad.is_empty() {
                    faults.push(format!("{domain} (signed: {signed}): {}", bad.join(" | ")));
                }
            }
        });
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
