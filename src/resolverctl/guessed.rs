//! What to type instead of a word that is not a command of resolverctl: words of other resolvers and of operators.
//!
//! # Decisions
//!
//! - Another resolver's word is not a second name of a command, because its options would differ. The error shows the whole
//!   command instead.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

/// In `GUESSED`, this word stands for the next word of the command line.
const PLACE: &str = "NAME";

/// In `GUESSED`, these words stand for the question in the command line: a name and a type.
const QUESTION: &str = "NAME TYPE";

/// What operators type, and what they should type instead. Some rows begin with a command of resolverctl, but are incomplete or
/// wrong. Sources: rndc(8), unbound-control(8), rec_control(1), kresctl(1), systemctl(1), and operators.
const GUESSED: &[(&[&str], &str)] = &[
    (
        &["compare"],
        "`resolverctl compare NAME` compares the answers of resolvers for a name; `resolverctl stats --since 24h --against 7d` compares the speed \
         with that of last week",
    ),
    (&["flush"], "`resolverctl flush NAME` removes a name, `resolverctl flush --all` everything"),
    (&["query", "trace"], "`resolverctl query NAME` shows the answer, `resolverctl trace NAME` each step"),
    (
        &["servers --dead", "servers --slow"],
        "`resolverctl servers` shows dead servers first, then those with the longest timeout; `resolverctl stats --by server` shows the longest waits",
    ),
    (
        &["zone add --mx", "zone add --record", "host add --mx"],
        "`resolverctl host add NAME ADDRESS` gives a host addresses; MX and other records are a [[record]] of resolverd.toml(5), then `resolverctl reload`",
    ),
    (
        &["config --diff", "config --changed", "config diff", "config changed"],
        "`resolverctl config show --changed` for what differs from the defaults; `resolverctl reload` shows what it changed",
    ),
    (&["why --yesterday", "why yesterday"], "`resolverctl why --since yesterday`"),
    (&["stats --yesterday"], "`resolverctl stats --since yesterday`"),
    (&["stats --users", "stats users"], "`resolverctl stats --by user`"),
    (&["log", "logs", "journal", "verbosity", "querylog"], "`journalctl -u resolverd`"),
    (&["lists", "list", "rbl", "dnsbls", "blacklist", "blocklist"], "`resolverctl dnsbl`"),
    (&["quota", "quotas", "limits"], "`resolverctl dnsbl`"),
    (
        &["user", "users", "who", "clients", "client"],
        "`resolverctl stats --by user`, `resolverctl stats --by client`",
    ),
    (
        &["dnssec", "validate", "validation"],
        "`resolverctl check NAME` for a domain, `resolverctl check system` for this host",
    ),
    (
        &["insecure", "insecure_add", "domain-insecure", "negative-trust-anchor", "add-nta"],
        "`resolverctl nta add NAME`",
    ),
    (&["insecure_remove", "clear-nta"], "`resolverctl nta remove NAME`"),
    (&["get-ntas", "list_insecure"], "`resolverctl nta list`"),
    (&["trustanchor", "get-tas", "managed-keys", "anchors"], "`resolverctl check system`"),
    (&["flush_zone", "flush_bogus", "flushtree"], "`resolverctl flush NAME --tree`"),
    (
        &[
            "flush_type",
            "flush_name",
            "flushname",
            "flush_cache",
            "wipe-cache",
            "clear",
            "purge",
            "drop",
            "forget",
        ],
        "`resolverctl flush NAME`, `resolverctl flush --all`",
    ),
    (&["flush_negative"], "`resolverctl flush --negative`"),
    (&["dump", "dump_cache", "dump-cache", "dumpdb"], "`resolverctl cache NAME`"),
    (&["size", "memory", "cache-size"], "`resolverctl cache`"),
    (&["dump_requestlist", "current-queries", "recursing", "requests"], "`resolverctl inflight`"),
    (&["dump_infra", "lookup_infra", "flush_infra", "upstreams"], "`resolverctl servers`"),
    (&["lookup", "dig", "nslookup", "resolve", "test"], "`resolverctl query NAME TYPE`"),
    (
        &["stats_noreset", "statistics", "get-all", "stat", "percentile", "p99"],
        "`resolverctl stats --since 24h`",
    ),
    (&["history", "yesterday", "trend", "baseline"], "`resolverctl stats --since 24h --against 7d`"),
    (
        &["slow", "slowest", "explain", "reason", "cause", "mail", "blame"],
        "`resolverctl why`, `resolverctl why NAME`",
    ),
    (&["fail", "failures", "errors", "bogus", "servfail"], "`resolverctl failed`"),
    (&["bounce", "message"], "`resolverctl why -` with the pasted bounce, or `resolverctl check mail FILE`"),
    (&["report", "html", "proof"], "`resolverctl why --html FILE NAME`"),
    (&["health", "ping", "show"], "`resolverctl status`"),
    (&["tail", "watch", "live", "queries"], "`resolverctl monitor`, `resolverctl top`"),
    (&["doctor", "diagnose", "system"], "`resolverctl check system`, `resolverctl check NAME`"),
    (
        &["forward_add", "forwarder", "forwarders", "list_forwards"],
        "`resolverctl zone add NAME ADDRESS`, `resolverctl zones`",
    ),
    (&["stub_add", "stub", "list_stubs"], "`resolverctl zone add NAME --stub ADDRESS`, `resolverctl zones`"),
    (&["forward_remove", "stub_remove"], "`resolverctl zone remove NAME`"),
    (
        &["local_zone", "local_data", "list_local_zones", "hosts"],
        "`resolverctl host add NAME ADDRESS`, `resolverctl block NAME`, `resolverctl zones`",
    ),
    (&["unblock", "local_zone_remove", "local_data_remove"], "`resolverctl zone remove NAME`"),
    (&["blocked", "deny", "nxdomain", "sinkhole"], "`resolverctl block NAME`, `resolverctl zones`"),
    (
        &["reconfig", "reload-zones", "update"],
        "`resolverctl reload`; for another version of resolverd, UPGRADE in resolverd(7)",
    ),
    (&["checkconf", "check-config", "check_conf"], "`resolverctl config check`"),
    (&["get_option", "get-parameter", "list_options", "settings"], "`resolverctl config show`"),
    (&["set_option", "set", "edit"], "change /etc/resolverd/resolverd.toml, then `resolverctl reload`"),
    (
        &["start", "stop", "restart", "enable", "disable"],
        "`systemctl restart resolverd`, and the same with start, stop, enable or disable",
    ),
    (&["migrate", "convert"], "`resolverctl import FILE`, then `resolverctl switch`"),
    (&["back", "rollback", "undo", "revert", "uninstall"], "`resolverctl switch --back`"),
    (
        &["metrics", "prometheus", "grafana", "page", "web"],
        "`man 7 resolverd-metrics`, and `[metrics]` of resolverd.toml(5)",
    ),
    (
        &["protect", "acl", "allow", "ratelimit", "rate-limit", "firewall"],
        "`man 7 resolverd`, PROTECTION AGAINST ABUSE",
    ),
    (&["upgrade", "docker", "instance", "lan"], "`man 7 resolverd`"),
    (&["cluster", "gateways", "nodes"], "`resolverctl fleet`"),
    (
        &["man", "manual", "docs"],
        "`man resolverctl`, and `man 7 resolverd-operating` for ten nights with symptoms",
    ),
];

/// Returns what to type instead of the words that clap refused with this error; `None` if no row of `GUESSED` has these words.
pub(super) fn instead(words: &[OsString], error: &clap::Error) -> Option<String> {
    let words: Vec<&str> = words.iter().map(|word| word.to_str()).collect::<Option<_>>()?;
    let row =
        |is_typed: &dyn Fn(&&str) -> bool| GUESSED.iter().find(|(guessed, _)| guessed.iter().any(is_typed));
    let has_all = |guessed: &&str| guessed.contains(' ') && are_in_order(guessed, &words);
    if let Some((_, command)) = row(&has_all) {
        return Some((*command).to_owned());
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else {
        let (_, command) = row(&|guessed| words.last() == Some(guessed))?;
        return Some((*command).to_owned());
    };
    let (before, after) = words.split_at(words.iter().position(|word| word == typed)?);
    if before.last() == Some(&"host") {
        return Some(format!("`resolverctl query {typed}`, `resolverctl host add {typed} ADDRESS`"));
    }
    let (_, command) = GUESSED.iter().find(|(guessed, _)| guessed.contains(&typed.as_str()))?;
    // A row of `GUESSED` replaces only the first command of the line, and no sub-command such as those of `zone` or `config`.
    let commands = super::Arguments::command();
    if before.iter().any(|word| commands.find_subcommand(word).is_some()) {
        return None;
    }
    if command.contains(QUESTION) {
        let is_of_question = |word: &&&str| !word.starts_with(['-', '@', '+']);
        let asked: Vec<&str> = after.iter().skip(1).filter(is_of_question).take(2).copied().collect();
        let asked = if asked.is_empty() { PLACE.to_owned() } else { asked.join(" ") };
        return Some(command.replace(QUESTION, &asked));
    }
    Some(match after.get(1).filter(|next| !next.starts_with('-')) {
        Some(next) => command.replace(PLACE, next),
        None => (*command).to_owned(),
    })
}

/// Returns true if the words of `guessed` are in the command line, in this order.
fn are_in_order(guessed: &str, words: &[&str]) -> bool {
    let mut rest = words.iter();
    guessed.split(' ').all(|wanted| rest.any(|word| *word == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    // No guess is a command itself.
    #[test]
    fn suggested_commands_are_valid() {
        for (guessed, text) in GUESSED {
            for typed in *guessed {
                let words = ["resolverctl"].into_iter().chain(typed.split(' ')).map(OsString::from);
                let words: Vec<OsString> = words.collect();
                let error = super::super::Arguments::try_parse_from(&words).unwrap_err();
                let hint = text.replace(QUESTION, PLACE);
                assert!(instead(&words, &error).is_some_and(|found| found == hint), "{typed}");
            }
            for command in text.split('`').filter(|part| part.starts_with("resolverctl ")) {
                let parsed = super::super::Arguments::try_parse_from(command.split(' '));
                assert!(parsed.is_ok(), "{command}: {parsed:?}");
            }
        }
    }

    #[test]
    fn suggestion_includes_typed_name() {
        let instead = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            instead(&words, &super::super::Arguments::try_parse_from(&words).unwrap_err())
        };
        assert_eq!(
            instead("resolverctl flush_zone mx.example").unwrap(),
            "`resolverctl flush mx.example --tree`"
        );
        for (typed, right) in [
            ("dig @127.0.0.1 mx.example MX +short", "`resolverctl query mx.example MX`"),
            ("nslookup mx.example", "`resolverctl query mx.example`"),
            ("dig", "`resolverctl query NAME`"),
            ("host mx.example", "`resolverctl query mx.example`, `resolverctl host add mx.example ADDRESS`"),
        ] {
            assert_eq!(instead(&format!("resolverctl {typed}")).as_deref(), Some(right));
        }
        let added = instead("resolverctl zone add lan --mx mail.lan").unwrap();
        assert!(added.contains("[[record]]"), "{added}");
        let dead = instead("resolverctl --json servers --dead").unwrap();
        assert!(dead.starts_with("`resolverctl servers` shows dead servers first"), "{dead}");
        assert!(instead("resolverctl config diff").unwrap().contains("config show --changed"));
        assert_eq!(instead("resolverctl dump -a").unwrap(), "`resolverctl cache NAME`");
        assert_eq!(instead("resolverctl --socket /s users").unwrap(), instead("resolverctl users").unwrap());
        assert_eq!(instead("resolverctl xyzzy"), None);
        assert_eq!(instead("resolverctl config dig"), None, "not a command of resolverctl itself");
        assert_eq!(instead("resolverctl compare --xyzzy"), None);
    }
}
