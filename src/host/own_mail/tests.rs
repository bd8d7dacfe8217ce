use super::*;
use std::fs;

/// Writes files below a directory, readable by everybody.
fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = root.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    root
}

const PUBLIC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 18, 0, 1));

// Debian's answers for an internet site, and rspamd with keys in its usual place.
#[test]
fn stock_postfix_with_rspamd_is_read() {
    let root = host(&[
        (
            "etc/postfix/main.cf",
            "smtpd_tls_cert_file=/etc/ssl/mx.pem\nsmtpd_tls_key_file=/etc/ssl/private/mx.key\n# a = b\nmyhostname = mx.example.com\nmyorigin = /etc/mailname\n\
             mydestination = $myhostname, example.com, mx.example.com,\n  localhost.example.com, localhost\nvirtual_alias_domains = hash:/etc/postfix/virtual\n",
        ),
        ("etc/mailname", "example.com\n"),
        ("etc/postfix/virtual", "# domains\nother.example anything\n"),
        ("etc/ssl/mx.pem", "pem"),
        (
            "etc/rspamd/local.d/dkim_signing.conf",
            "# signs\nselector = \"mail\";\ndomain {\n  other.example { selector = \"s2\"; path = \"/keys/$domain.key\"; }\n}\n",
        ),
        ("var/lib/rspamd/dkim/example.com.mail.key", "key"),
        ("keys/other.example.key", "key"),
    ]);
    let found = suggest(root.path(), &[PUBLIC]);
    let domains: Vec<&str> = found.domains.iter().map(String::as_str).collect();
    assert_eq!(domains, ["example.com", "other.example"]);
    assert_eq!((found.addresses, found.helo.as_deref()), (vec![PUBLIC], Some("mx.example.com")));
    let items = |files: &BTreeSet<SuggestedFile>| -> Vec<String> {
        assert!(files.iter().all(|file| file.is_readable), "{files:?}");
        files.iter().map(|file| file.item.clone()).collect()
    };
    assert_eq!(items(&found.certificates), ["/etc/ssl/mx.pem"]);
    assert_eq!(
        items(&found.dkim_keys),
        [
            "example.com:mail:/var/lib/rspamd/dkim/example.com.mail.key",
            "other.example:s2:/keys/other.example.key"
        ]
    );
}

#[test]
fn exim_with_opendkim_is_read() {
    let root = host(&[
        ("etc/hostname", "mx.example.org\n"),
        ("etc/mailname", "mx.example.org\n"),
        (
            "etc/exim4/update-exim4.conf.conf",
            "dc_eximconfig_configtype='internet'\ndc_other_hostnames='example.org:list.example.org'\n",
        ),
        (
            "etc/exim4/exim4.conf.localmacros",
            "MAIN_TLS_ENABLE = yes\nMAIN_TLS_CERTIFICATE = /etc/exim4/mx.crt\n",
        ),
        ("etc/exim4/mx.crt", "pem"),
        ("etc/opendkim.conf", "KeyTable refile:/etc/dkim/table\n"),
        ("etc/dkim/table", "one example.org:d1:/etc/dkim/one.private\n"),
        ("etc/dkim/one.private", "key"),
    ]);
    let found = suggest(root.path(), &[]);
    let domains: Vec<&str> = found.domains.iter().map(String::as_str).collect();
    assert_eq!(
        (domains, found.helo.as_deref()),
        (vec!["example.org", "list.example.org"], Some("mx.example.org"))
    );
    assert_eq!(
        found.dkim_keys.first().map(|key| key.item.as_str()),
        Some("example.org:d1:/etc/dkim/one.private")
    );
}

#[test]
fn file_below_closed_directory_is_unreadable() {
    let root = host(&[("etc/letsencrypt/live/mx/fullchain.pem", "pem")]);
    let host = CheckedHost { root: root.path() };
    assert!(is_readable(&host, "/etc/letsencrypt/live/mx/fullchain.pem"));
    fs::set_permissions(root.path().join("etc/letsencrypt/live"), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(!is_readable(&host, "/etc/letsencrypt/live/mx/fullchain.pem"));
}

#[test]
fn log_shows_domains_of_own_senders() {
    let mail = |id: &str, from: &str, first: &str| {
        format!(
            "Dec  1 10:00:00 mx postfix/{first}\n2026-12-01T10:00:01+00:00 mx postfix/qmgr[7]: {id}: from=<{from}>, size=1, nrcpt=1\n"
        )
    };
    let log: String = (0..3)
        .map(|number| {
            mail(&format!("A{number}"), "a@Own.example", &format!("pickup[5]: A{number}: uid=0 from=<a>"))
                + &mail(
                    &format!("B{number}"),
                    "b@user.example",
                    &format!("smtpd[6]: B{number}: client=x[192.0.2.9], sasl_username=b"),
                )
                + &mail(
                    &format!("C{number}"),
                    "c@foreign.example",
                    &format!("smtpd[6]: C{number}: client=y[192.0.2.8]"),
                )
        })
        .collect();
    let found: Vec<String> = mail_log::senders(&log).into_iter().collect();
    assert_eq!(found, ["own.example", "user.example"]);
    assert!(mail_log::senders(&log[..200]).is_empty(), "a single mail");
}
