//! Tests that each code in the table of finding codes is reported by a command against the lab.

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use doctor::codes::Code;
use doctor::finding::Level;
use lab::prelude::skipped;

use crate::connect::{Conduct, mail_host, policy_host};
use crate::forum::world;
use crate::gateway::Gateway;
use crate::stage::{gateway, moves, own_address, rolls};

/// The arguments of `resolverctl check`, and the expected codes of findings. The level must be that in the table of codes, or that after a
/// colon.
const CASES: &[(&str, &str)] = &[
    (
        "sound.com --selector x --from 198.18.9.1",
        "delegation_ok dnssec_ok mail_ok ptr_ok spf_ok spf_from_passes dkim_ok dmarc_ok lists_ok",
    ),
    ("sound.com --resolver 127.92.0.3", "others_ok dkim_unchecked"),
    ("slow.com", "ns_slow:note"),
    ("nothing.com", "domain_missing"),
    ("bogus.com", "dnssec_bogus"),
    ("early.com", "signature_expires"),
    ("late.com", "signature_expired"),
    ("future.com", "signature_not_yet_valid"),
    ("new.registry.com", "parent_differs"),
    ("algorithm.com", "dnssec_old_algorithm dnssec_no_effect"),
    ("digest.com", "ds_old_digest"),
    ("hashed.com", "nsec3_iterations"),
    ("printer.lan", "configured_here"),
    ("lame.com", "ns_lame dnssec_unsigned"),
    ("silent.com", "ns_silent"),
    ("typed.com", "ns_partly spf_ok"),
    ("mxless.com", "mx_unanswered"),
    ("none.com", "ns_none_answers"),
    ("notcp.com", "ns_tcp"),
    ("noedns.com", "ns_edns"),
    ("case.com", "ns_case"),
    ("open.com", "ns_recursive"),
    ("single.com", "ns_single"),
    ("six.com", "ns_unrouted"),
    ("onlysix.com", "ns_without_ipv4"),
    ("crowded.com", "ns_many"),
    ("circle.com", "mx_host_unanswered policy_unanswered"),
    ("noaddress.com", "ns_without_address"),
    ("nsaddress.com", "ns_is_address"),
    ("inner.com", "ns_private_address mail_ok"),
    ("halfsigned.com", "ns_without_keys"),
    ("halfbogus.com", "ns_bogus"),
    ("unproven.com", "ns_without_proof"),
    ("onerange.com", "denials_cover_names"),
    ("nsalias.com", "ns_is_alias ns_differ"),
    ("glue.com", "glue_differs"),
    ("glueless.com", "glue_missing:failure"),
    ("onenet.com", "ns_one_network delegation_unknown dnssec_unknown mail_unknown policy_unknown"),
    ("serial.com", "serial_differs"),
    ("differs.com", "mx_differs"),
    ("policies.com", "records_differ"),
    ("hosted.com", "configured_here mail_ok"),
    ("stubbed.com", "configured_differs configured_here ns_single"),
    ("apex.com", "apex_alias"),
    ("address.com", "mx_is_address"),
    ("fallback.com", "no_mx"),
    ("nowhere.com", "mail_nowhere"),
    ("twofold.com", "null_mx_beside_others"),
    ("null.com", "null_mx"),
    ("gone.com", "mx_without_address"),
    ("private.com", "mx_private_address"),
    ("hostdark.com", "mx_host_unanswered"),
    ("spfdark.com", "spf_unanswered"),
    ("policydark.com", "policy_unanswered"),
    ("9.9.18.198.in-addr.arpa", "ptr_missing"),
    ("mxalias.com", "mx_is_cname"),
    ("mxsix.com", "mx_without_ipv4"),
    ("mxfour.com", "mx_without_ipv6"),
    ("many.com", "mail_ok"),
    ("equal.com", "spf_missing dmarc_missing"),
    ("spftwo.com", "spf_multiple"),
    ("spfsyntax.com", "spf_syntax"),
    ("spfmany.com", "spf_lookups"),
    ("spfvoid.com", "spf_void_lookups"),
    ("spfinclude.com", "spf_include_missing"),
    ("spfall.com", "spf_allows_all"),
    ("spfopen.com --from 198.18.9.9", "spf_open_end spf_from_neutral"),
    ("spfdomain.com", "spf_include_missing"),
    ("spfptr.com", "spf_ptr"),
    ("spfmacro.com --from 198.18.9.1", "spf_unevaluated:could_not_tell"),
    ("sound.com --from 198.18.9.9", "spf_from_fails"),
    ("dkim.com --selector none", "dkim_missing"),
    ("dkim.com --selector two", "dkim_multiple"),
    ("dkim.com --selector wrong", "dkim_syntax"),
    ("dkim.com --selector weak", "dkim_weak"),
    ("dkim.com --selector revoked", "dkim_revoked"),
    ("dkim.com --selector testing", "dkim_testing"),
    ("dmarctwo.com", "dmarc_multiple"),
    ("dmarcsyntax.com", "dmarc_syntax"),
    ("dmarcnone.com", "dmarc_none"),
    ("dmarcreports.com", "dmarc_reports_refused"),
    // uk.com is a public suffix, so customer.uk.com and its report address at reports.uk.com belong to different organisations.
    // reports.uk.com does not permit these reports.
    ("customer.uk.com", "dmarc_reports_refused"),
    ("dmarcaddress.com", "dmarc_report_address dmarc_ok"),
    ("stssyntax.com", "mta_sts_syntax"),
    ("excluded.com", "mta_sts_unread"),
    ("rptsyntax.com", "tls_rpt_syntax"),
    ("dane.com", "dane_ok"),
    ("unusable.com", "tlsa_unusable"),
    ("unsignedtlsa.com", "tlsa_unsigned"),
    ("listed.com", "listed"),
    ("mail MESSAGE", "message_unread"),
    ("mail BOUNCE-bl.host.com-198.18.5.1", "bounce_listed"),
    ("mail BOUNCE-bl.host.com-198.18.9.1", "bounce_unlisted"),
    ("mail BOUNCE-page:sender.office.com-198.18.9.1", "bounce_page"),
    ("mail BOUNCE-helo:nothing.host.com-198.18.9.1", "helo_without_address:failure"),
    ("mail BOUNCE-tls:dane.com-198.18.9.1", "dane_ok"),
    ("mail BOUNCE-status:sound.com-198.18.9.1", "bounce_status mail_ok"),
    ("198.18.9.1 --helo localhost", "helo_syntax"),
    ("198.18.9.1 --helo nothing.host.com", "helo_without_address"),
    ("198.18.9.1 --helo mx2.host.com", "helo_differs"),
    ("198.18.9.9", "ptr_missing"),
    ("198.18.9.4", "ptr_differs"),
    ("198.18.9.3", "ptr_dynamic"),
    ("198.19.0.1", "ptr_unanswered"),
    ("198.20.0.1", "ptr_unanswered"),
    ("198.18.9.6", "ptr_unknown"),
    ("2001:2::1", "lists_unknown"),
    ("moved.com --resolver 127.92.0.30", "others_old"),
    ("halfmoved.com --resolver 127.92.0.30", "others_differ"),
    ("sound.com --resolver 127.92.0.31", "others_hide"),
    ("sound.com --resolver 127.92.0.32", "others_fail"),
    ("sound.com --resolver 127.92.0.99", "others_unknown"),
];

/// The number of commands at the same time. Most of the time, they wait for servers.
const AT_ONCE: usize = 8;

/// `codes`: for each code that was found as expected, the levels of these findings. `faults`: the commands whose output lacked an expected
/// code.
#[derive(Default)]
struct Seen {
    codes: BTreeMap<String, Vec<String>>,
    faults: Vec<String>,
}

fn usual(word: &str) -> &'static str {
    let code = Code::ALL.iter().find(|code| code.entry().word == word);
    let level = code.unwrap_or_else(|| panic!("{word} is no code")).entry().level;
    match level {
        Level::Failure => "failure",
        Level::Warning => "warning",
        Level::CouldNotTell => "could_not_tell",
        Level::Note => "note",
        Level::Ok => "ok",
    }
}

fn check(gateway: &Gateway, arguments: &[&str], codes: &str, seen: &Mutex<Seen>) {
    let (_, lines) = gateway.run(&[&["--json", "check"], arguments].concat());
    let found: Vec<(String, String)> = lines
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap().to_owned();
            (text("code"), text("level"))
        })
        .collect();
    let mut seen = seen.lock().unwrap();
    for wanted in codes.split(' ') {
        let (code, level) = wanted.split_once(':').unwrap_or_else(|| (wanted, usual(wanted)));
        if found.iter().any(|one| *one == (code.to_owned(), level.to_owned())) {
            seen.codes.entry(code.to_owned()).or_default().push(arguments.join(" "));
        } else {
            seen.faults.push(format!("{arguments:?} does not tell {code} ({level}): {lines:#?}"));
        }
    }
}

/// Writes a file with a bounce, and returns its path. `BOUNCE-LIST-ADDRESS` has a DNS list and the refused address.
/// `BOUNCE-page:HOST-ADDRESS` names a web page and no list. `BOUNCE-helo:NAME-ADDRESS` names only the HELO name.
/// `BOUNCE-tls:DOMAIN-ADDRESS` is about TLS to a mail host of the domain. `BOUNCE-status:DOMAIN-ADDRESS` has a status code and no reply.
fn bounce(gateway: &Gateway, word: &str) -> Option<String> {
    let (list, address) = word.strip_prefix("BOUNCE-")?.split_once('-')?;
    let file = gateway.path(word);
    let reply = match list.split_once(':') {
        Some(("helo", name)) => format!("450 4.7.1 <{name}>: Helo command rejected: Host not found"),
        Some(("tls", domain)) => {
            let text = format!(
                "From: MAILER-DAEMON@sound.com\n\n<you@{domain}>: Server certificate not\n    trusted\n"
            );
            std::fs::write(&file, text).unwrap();
            return Some(file.to_str().unwrap().to_owned());
        }
        Some(("status", domain)) => {
            let text = format!(
                "From: MAILER-DAEMON@here.com\n\nFinal-Recipient: rfc822; you@{domain}\nAction: failed\nStatus: 4.4.7\n"
            );
            std::fs::write(&file, text).unwrap();
            return Some(file.to_str().unwrap().to_owned());
        }
        Some((_, host)) => format!("550 5.7.1 [{address}] is refused, see https://{host}/why?ip={address}"),
        None => format!("554 5.7.1 Client host [{address}] blocked using {list}"),
    };
    let text = format!(
        "From: MAILER-DAEMON@sound.com\n\n<you@null.com>: host mx.host.com[198.18.9.2] said: {reply}\n"
    );
    std::fs::write(&file, text).unwrap();
    Some(file.to_str().unwrap().to_owned())
}

fn cases(gateway: &Gateway, seen: &Mutex<Seen>) {
    let message = gateway.path("message");
    std::fs::write(
        &message,
        "From: a@sound.com, a@b.com, a@c.com, a@d.com, a@e.com\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Transfer-Encoding: base64\n\n!!!!\n--b--\n",
    )
    .unwrap();
    // These files replace the `resolv.conf` of this machine. One has a resolver without faults, the other an address without a resolver.
    let (sound, nobody) = (gateway.path("sound.conf"), gateway.path("nobody.conf"));
    std::fs::write(&sound, "nameserver 127.92.0.3\n").unwrap();
    std::fs::write(&nobody, "nameserver 127.92.0.99\n").unwrap();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((arguments, codes)) = CASES.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut words: Vec<&str> = arguments.split(' ').collect();
                    let bounce = words.last().and_then(|word| bounce(gateway, word));
                    for word in &mut words {
                        if *word == "MESSAGE" {
                            *word = message.to_str().unwrap();
                        } else if word.starts_with("BOUNCE-") {
                            *word = bounce.as_deref().unwrap();
                        }
                    }
                    if words.contains(&"--resolver") {
                        let file = if arguments.ends_with(".99") { &nobody } else { &sound };
                        words.extend(["--resolv-conf", file.to_str().unwrap()]);
                    }
                    check(gateway, &words, codes, seen);
                }
            });
        }
    });
}

fn connections(gateway: &Gateway, seen: &Mutex<Seen>) {
    let hosts = [
        ("dane.com", Conduct::Sound, "tlsa_matches certificate_invalid"),
        ("mismatch.com", Conduct::Sound, "tlsa_mismatch"),
        ("excluded.com", Conduct::Ends(10), "certificate_expires"),
        ("excluded.com", Conduct::Ends(-1), "certificate_expired"),
        ("excluded.com", Conduct::Rejects, "smtp_rejects"),
        ("excluded.com", Conduct::WithoutTls, "starttls_missing"),
        ("excluded.com", Conduct::BreaksTls, "starttls_fails"),
        ("excluded.com", Conduct::Mumbles, "smtp_unknown"),
    ];
    for (domain, conduct, codes) in hosts {
        let (port, heard) = mail_host([127, 92, 0, 20], conduct);
        let port = port.to_string();
        check(gateway, &[domain, "--connect", "--smtp-port", &port, "--https-port", "1"], codes, seen);
        heard.join().unwrap();
    }
    // This mail host accepts one connection and then closes the port, so further connections are refused.
    let (port, heard) = mail_host([127, 92, 0, 20], Conduct::Rejects);
    drop(TcpStream::connect(("127.92.0.20", port)).unwrap());
    heard.join().unwrap();
    let port = port.to_string();
    check(gateway, &["dane.com", "--connect", "--smtp-port", &port], "smtp_refused:failure", seen);
    let policies = [
        ("mode: enforce\r\nmx: smtp.host.com\r\nmax_age: 86400", "mta_sts_ok smtp_ok"),
        ("mode: enforce\r\nmx: mx.host.com\r\nmax_age: 86400", "mta_sts_mx"),
        ("mode: enforce\r\n", "mta_sts_policy"),
        ("", "mta_sts_unreachable"),
    ];
    tls_demanded(gateway, seen);
    for (policy, codes) in policies {
        let status = if policy.is_empty() { "404 Not Found" } else { "200 OK" };
        let reply = format!("HTTP/1.0 {status}\r\n\r\nversion: STSv1\r\n{policy}\r\n");
        let ((smtp, mail), (https, heard)) =
            (mail_host([127, 92, 0, 20], Conduct::Sound), policy_host([127, 92, 0, 20], reply));
        let (smtp, https) = (smtp.to_string(), https.to_string());
        let ports = ["--smtp-port", smtp.as_str(), "--https-port", &https];
        check(gateway, &[&["excluded.com", "--connect"], ports.as_slice()].concat(), codes, seen);
        mail.join().unwrap();
        heard.join().unwrap();
    }
}

/// With the mode "enforce" of MTA-STS, missing TLS or an untrusted certificate prevents all mail; with "testing" it does not.
fn tls_demanded(gateway: &Gateway, seen: &Mutex<Seen>) {
    let cases = [
        ("enforce", Conduct::WithoutTls, "starttls_missing:failure"),
        ("enforce", Conduct::BreaksTls, "starttls_fails:failure"),
        ("testing", Conduct::BreaksTls, "starttls_fails"),
        ("enforce", Conduct::Version1, "certificate_invalid:failure"),
        ("testing", Conduct::Version1, "certificate_invalid:warning"),
    ];
    for (mode, conduct, codes) in cases {
        let policy = format!("version: STSv1\r\nmode: {mode}\r\nmx: smtp.host.com\r\nmax_age: 86400\r\n");
        let reply = format!("HTTP/1.0 200 OK\r\n\r\n{policy}");
        let ((smtp, mail), (https, heard)) =
            (mail_host([127, 92, 0, 20], conduct), policy_host([127, 92, 0, 20], reply));
        let (smtp, https) = (smtp.to_string(), https.to_string());
        let ports = ["--smtp-port", smtp.as_str(), "--https-port", &https];
        check(gateway, &[&["excluded.com", "--connect"], ports.as_slice()].concat(), codes, seen);
        mail.join().unwrap();
        heard.join().unwrap();
    }
}

/// Checks a domain whose stub server has other records than the public servers. The first line of the output must report this.
fn stubbed(gateway: &Gateway) {
    let sound = gateway.path("sound.conf");
    let (_, lines) = gateway.run(&[
        "check",
        "stubbed.com",
        "--resolver",
        "127.92.0.3",
        "--resolv-conf",
        sound.to_str().unwrap(),
    ]);
    let first = "stubbed.com: the configuration of this host gives other records than the name servers of the zone: MX here: 10 \
                 mx2.host.com.; ";
    assert!(lines[0].starts_with(first), "{lines:#?}");
    let evidence =
        "at the servers of the zone: 10 mx.host.com.. stubbed.com. is answered by [[zone]] stubbed.com, ";
    assert!(lines.iter().any(|line| line.contains(evidence)), "{lines:#?}");
    let others_ok = Code::OthersOk.entry().title;
    assert!(lines.iter().all(|line| !line.contains(others_ok)), "{lines:#?}");
}

/// Tests a name with a customer key. No list may get the name, except the list of the key, and no screen may show the key.
fn keyed(gateway: &Gateway) {
    let key = "a1b2c3d4e5f6a7b8c9d0e1f2g3";
    let refused = gateway.command(&["dnsbl", "test", &format!("{key}.zen.dq.spamhaus.net")]);
    let refused = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.contains("no list is asked about it") && !refused.contains(key), "{refused}");
}

#[test]
fn each_code_has_causing_fault() {
    let (gateway, seen) = (gateway(), Mutex::default());
    cases(&gateway, &seen);
    connections(&gateway, &seen);
    // Brings the records of the domain into the cache, before `moves` changes them.
    check(&gateway, &["moved.com"], "mail_ok", &seen);
    moves(&gateway);
    check(&gateway, &["moved.com"], "cached_here", &seen);
    check(&gateway, &["rolled.com"], "dnssec_bogus", &seen);
    rolls(&gateway);
    check(&gateway, &["rolled.com"], "ds_repaired", &seen);
    let (_, lines) = gateway.run(&["--json", "check", "hosted.com"]);
    assert!(
        lines.iter().any(|line| line.contains("mail.hosted.com. is answered by [[host]] mail.hosted.com")),
        "{lines:#?}"
    );
    assert!(lines.iter().all(|line| !line.contains("\"cached_here\"")), "{lines:#?}");
    stubbed(&gateway);
    keyed(&gateway);
    check(&world(), &["connected.com"], "dnssec_not_validated", &seen);
    // Commands do not read the files of `[own]`: `own_mail` has these codes.
    let mut exceptions = vec!["tlsa_next_mismatch", "dkim_key_differs", "own_file_unread"];
    if own_address().is_some() {
        check(&gateway, &["here.com"], "mx_is_here", &seen);
    } else {
        skipped("mx_is_here: this host has no address but those of loopback");
        exceptions.push("mx_is_here");
    }
    for (side, own, other) in [
        ("--as-sender", "spf_missing dmarc_missing mx_private_address", "mta_sts_unread"),
        ("--as-recipient", "mta_sts_unread mx_private_address", "spf_missing dmarc_missing"),
    ] {
        check(&gateway, &["excluded.com", side], own, &seen);
        let (_, lines) = gateway.run(&["--json", "check", "excluded.com", side]);
        let told = |code: &str| lines.iter().any(|line| line.contains(&format!("\"{code}\"")));
        assert!(!other.split(' ').any(told), "{side}: {lines:#?}");
    }
    // If no other resolver answers, it is unknown whether other resolvers have correct records (exit code 4).
    let file = gateway.path("nobody.conf");
    let alone = ["check", "sound.com", "--resolver", "127.92.0.99", "--resolv-conf", file.to_str().unwrap()];
    for (arguments, expected) in
        [(&alone[..], 4), (&["check", "sound.com"][..], 0), (&["check", "lame.com"][..], 1)]
    {
        let (exit, lines) = gateway.run(arguments);
        assert_eq!(exit, expected, "{lines:#?}");
    }
    let Seen { codes, faults } = seen.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let words = Code::ALL.iter().map(|code| code.entry().word);
    let missing: Vec<&str> =
        words.filter(|word| !codes.contains_key(*word) && !exceptions.contains(word)).collect();
    assert!(missing.is_empty(), "no command tells {missing:?}");
}
