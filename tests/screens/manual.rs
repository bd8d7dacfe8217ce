//! The manual is generated from the definitions of the command lines and the shipped configuration file. After a change, write the pages
//! with `RESOLVERD_WRITE_GOLDEN=1 cargo test --test screens manual`.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use daemon::arguments;
use daemon::metrics::table::{self, MetricKind};
use doctor::codes::Code;
use doctor::finding::Level;

/// Compares a text with the page in conf/man, or writes the page.
fn page(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/man").join(name);
    if std::env::var_os("RESOLVERD_WRITE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(actual, expected, "{} is not what the programs say", path.display());
}

/// Returns a part of a manual page in roff, from clap_mangen.
fn rendered(
    command: &Command,
    part: fn(&Man, &mut dyn std::io::Write) -> Result<(), std::io::Error>,
) -> String {
    let mut text = Vec::new();
    // Otherwise the library leaves out the options that are hidden in the short help.
    let command = command.clone().mut_args(|argument| argument.hide_short_help(false));
    part(&Man::new(command), &mut text).unwrap();
    let text = String::from_utf8(text).unwrap().replace("\\*(Aq", "\\(aq");
    let lines = text.lines().filter(|line| !line.starts_with(".ie") && !line.starts_with(".el"));
    let text: String = lines.map(|line| format!("{line}\n")).collect();
    // Writes the possible values of an option as one line each.
    text.replace(".br\n\n.br\n\\fIPossible values:\\fR\n.RS 14\n.IP \\(bu 2\n", ".nf\n")
        .replace(".IP \\(bu 2\n", "")
        .replace(".RE\n", ".fi\n")
}

/// Returns the head of a page. It has no date, so that the page changes only with its content.
fn head(name: &str, section: u8, about: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        ".TH {name} {section} \"\" \"resolverd {version}\"\n.SH NAME\n{} \\- {}\n",
        escaped(name),
        escaped(about)
    )
}

/// Escapes a text so that roff prints it unchanged (groff_char(7)).
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

fn section(title: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("{}\n", escaped(line))).collect();
    format!(".SH {title}\n{lines}")
}

fn see_also(pages: &[(&str, u8)]) -> String {
    let pages: Vec<String> =
        pages.iter().map(|(name, section)| format!(".BR {} ({section})", escaped(name))).collect();
    format!(".SH SEE ALSO\n{}\n", pages.join(" ,\n"))
}

/// Returns every command without sub-commands, with its full name such as `config show`.
fn leaves(words: &str, command: &Command) -> Vec<(String, Command)> {
    let shown = command.get_subcommands().filter(|below| !below.is_hide_set());
    let mut found = Vec::new();
    for below in shown {
        let words = format!("{words} {}", below.get_name());
        match below.has_subcommands() {
            true => {
                // A command with sub-commands is included if it explains terms.
                found.extend(below.get_after_long_help().map(|_| (words.clone(), below.clone())));
                found.extend(leaves(&words, below));
            }
            false => found.push((words, below.clone())),
        }
    }
    found
}

fn leaf(words: &str, command: &Command) -> String {
    let command = command.clone().bin_name(words).disable_help_flag(true).disable_version_flag(true);
    let synopsis = rendered(&command, Man::render_synopsis_section);
    let synopsis: String = synopsis.lines().skip(1).map(|line| format!("{line}\n")).collect();
    let about = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string);
    let about = escaped(&about.unwrap_or_default()).replace("\n\n", "\n.PP\n");
    let options = rendered(&command, Man::render_options_section);
    let options: String =
        options.lines().filter(|line| !line.starts_with(".SH")).map(|line| format!("{line}\n")).collect();
    let terms = command.get_after_long_help().map(|terms| aligned(&terms.to_string())).unwrap_or_default();
    format!(".SS {}\n{synopsis}.PP\n{}.\n{options}{terms}", escaped(words), about.trim_end_matches('.'))
}

/// Returns a term in bold, as the tag of the next paragraph.
fn tag(term: &str) -> String {
    format!(".IP \"\\fB{}\\fR\"", escaped(term))
}

/// Keeps the line breaks of a text.
fn aligned(text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("{}\n", escaped(line))).collect();
    format!(".PP\n.nf\n{lines}.fi\n")
}

/// Returns the synopsis and the options of a program, without its commands.
fn program(command: &Command) -> String {
    rendered(command, Man::render_synopsis_section) + &rendered(command, Man::render_options_section)
}

/// Returns the codes that usually have this level.
fn codes(level: Level) -> String {
    let codes = Code::ALL.iter().map(|code| code.entry()).filter(|entry| entry.level == level);
    let words: Vec<&str> = codes.map(|entry| entry.word).collect();
    format!("{}\n{}\n", tag(level.word()), words.join(",\n"))
}

/// Each example is a command and its purpose.
const EXAMPLES: &[(&str, &str)] = &[
    ("resolverctl", "See whether resolverd works, and if not, what to do."),
    ("resolverctl why", "See what delayed mail in the last hour, and who can repair it."),
    ("resolverctl why --at 02:00", "See the same for two o'clock."),
    ("grep 4C3B2A.*to= /var/log/mail.log | resolverctl why -", "Find out why this mail was slow or refused."),
    ("mailq | resolverctl why -", "Find out why mail waits in the queue: one verdict, by cause."),
    ("resolverctl why --html slow.html example.com", "Write why its mail was slow to a page."),
    ("resolverctl failed --since 30m", "See the zones that failed in the last half hour."),
    ("resolverctl check example.com", "Find the faults of a domain that gets no mail."),
    ("resolverctl stats --since 24h --against 7d", "Compare the last day with the same day a week ago."),
    ("resolverctl stats --by user", "See which local users ask and wait most."),
    ("resolverctl dnsbl test 192.0.2.1", "See which DNS lists have an address."),
    ("resolverctl flush --tree example.com", "Forget a domain after its owner has repaired it."),
    ("resolverctl nta add --for 1d example.com", "Deliver to a domain with wrong signatures for a day."),
];

#[test]
fn resolverctl_1() {
    let command = resolverctl::Arguments::command();
    let about = command.get_about().unwrap().to_string();
    let commands: String =
        leaves("resolverctl", &command).iter().map(|(words, command)| leaf(words, command)).collect();
    let exit = command.get_after_long_help().unwrap().to_string();
    let levels = [Level::Failure, Level::Warning, Level::CouldNotTell, Level::Note, Level::Ok];
    let codes: String = levels.into_iter().map(codes).collect();
    let examples: String =
        EXAMPLES.iter().map(|(typed, purpose)| format!("{}\n{}\n", tag(typed), escaped(purpose))).collect();
    let text = head("resolverctl", 1, &about)
        + &program(&command)
        + ".SH COMMANDS\nThe default command is \\fBstatus\\fR.\n"
        + &commands
        + ".SH CODES OF CHECK\nThe codes of findings in JSON and in the log, by their usual level.\n"
        + &codes
        + ".SH EXIT STATUS\n"
        + &aligned(exit.trim_start_matches("Exit codes:\n"))
        + ".SH EXAMPLES\n"
        + &examples
        + &see_also(&[("resolverd", 7), ("resolverd", 8), ("resolverd.toml", 5), ("resolverd-operating", 7)]);
    page("resolverctl.1", &text);
}

const CERTIFICATES: &str = ".SH CERTIFICATES\n\
             `tls`, `https`, `quic`, `certificate` and `key` of resolverd.toml(5) make resolverd answer gateways and containers over TLS, HTTPS and QUIC. The service \
             runs as the user resolverd, which cannot read the files of ACME clients. Let the ACME client copy them at each \
             renewal. With certbot, write this to /etc/letsencrypt/renewal\\-hooks/deploy/resolverd and make it executable:\n\
             .PP\n.nf\n.RS\n\
             #!/bin/sh\n\
             install \\-d \\-m 0750 \\-g resolverd /etc/resolverd/tls\n\
             install \\-m 0640 \\-g resolverd \"$RENEWED_LINEAGE/privkey.pem\" /etc/resolverd/tls/privkey.pem\n\
             install \\-m 0640 \\-g resolverd \"$RENEWED_LINEAGE/fullchain.pem\" /etc/resolverd/tls/fullchain.pem\n\
             .RE\n.fi\n.PP\n\
             resolverd takes renewed files into use within 30 s. If the key does not fit the certificate, or a file cannot be \
             read, it logs that once, uses the old pair, and `resolverctl status` shows it; a start or a reload with such files fails. The status also has a problem from \
             14 days before the certificate ends. `sudo \\-u resolverd resolverd \\-\\-check` shows whether the user can read the files.\n";

#[test]
fn resolverd_8() {
    // Packages are built without the feature `lab`, so without the command `demo`.
    let whole = arguments::Arguments::command();
    let command = Command::new("resolverd")
        .version(env!("CARGO_PKG_VERSION"))
        .about(whole.get_about().unwrap().to_string())
        .args(whole.get_arguments().cloned());
    let about = command.get_about().unwrap().to_string();
    let text = head("resolverd", 8, &about)
        + &program(&command)
        + &section(
            "DESCRIPTION",
            "A caching, recursing and validating DNS resolver for mail software on this host.\nWithout a configuration file \
             it listens at port 53 of 127.0.0.1 and ::1 and answers only this host.",
        )
        + &section(
            "SIGNALS",
            "SIGTERM, SIGINT: answer the queries in progress (with SERVFAIL after 0.5 s) and stop.\n\
             SIGHUP: reload the configuration file. If the file has an error, nothing changes.",
        )
        + &section(
            "LOG",
            "`journalctl -u resolverd` has lines for failed and slow queries with their cause, zones that fail, DNS lists that refuse or are \
             silent, loss in the network of this host, and reloads: the first failure of a zone in an hour, slow queries (at most ten a minute), and the \
             begin and end of each state. `journalctl -u resolverd -p warning` shows those that need attention: zones that \
             fail, lists and networks with a fault, quotas, and what resolverd cannot do. A zone that has not worked since the start of resolverd, \
             as many domains in spam, has a line there only after ten failures in five minutes or more, with pauses of at most a minute; \
             `resolverctl why` shows all zones that delay mail, and `resolverctl failed` has all failures of seven days.\n\
             `man 7 resolverd` describes upgrades, containers, clients in the LAN, protection against abuse, a second instance and several gateways.",
        )
        + &section(
            "EXIT STATUS",
            "0 stopped by a signal, 1 failed to start or stopped after repeated panics, 2 usage, 6 configuration invalid",
        )
        + CERTIFICATES
        + &section(
            "FILES",
            "/etc/resolverd/resolverd.toml, /run/resolverd/control.sock, /var/lib/resolverd (cache, queries of 7 days in history,\nstatistics of 30 days in minutes, records that have changed in changes.json, MTA-STS policies in tls_policies.json)",
        )
        + &see_also(&[
            ("resolverd", 7),
            ("resolverctl", 1),
            ("resolverd.toml", 5),
            ("resolverd-operating", 7),
            ("resolverd-migration", 7),
        ]);
    page("resolverd.8", &text);
}

#[test]
fn resolverd_metrics_7() {
    let rows: String = table::all()
        .iter()
        .map(|metric| {
            let labels = match metric.labels {
                [] => String::new(),
                labels => format!(" {{{}}}", labels.join(", ")),
            };
            let head = format!("{}{labels}", metric.name);
            // Counters have names with `_total`, so only other kinds are stated.
            let kind = match metric.kind {
                MetricKind::Counter => String::new(),
                kind => capital(kind.word()) + ": ",
            };
            format!("{}\n{kind}{}\n", tag(&head), escaped(metric.about))
        })
        .collect();
    let text = head("resolverd-metrics", 7, "metrics of resolverd for Prometheus")
        + &section(
            "DESCRIPTION",
            "With metrics.listen of resolverd.toml(5), resolverd serves its statistics over HTTP at the path /metrics, in the text \
             format of Prometheus. Times are in seconds, sizes in bytes. Counters begin at 0 when resolverd \
             starts. Words and values of labels are those of `resolverctl --json`; `resolverctl stats --help` \
             explains them. No client, name or server is a label.\n\
             Keep the listener on loopback, or behind a firewall.\n\
             At / it serves a page with the state, and for the last hour, day, week or month: zones, lists and networks of servers, the DNS time of \
             messages (emails), why a mail was slow, lists, and local users. It has names and clients, as far as history.redact leaves them. metrics.page of \
             resolverd.toml(5) says who may read it: by default root, the user that resolverd runs as, and the users whom \
             /etc/passwd or /etc/group has in the group of the control socket, if their program connects over loopback. \
             `ssh -L 9453:127.0.0.1:9453 HOST` as one of them shows the page elsewhere. The page is served only under an \
             address, localhost, or a name in metrics.hosts. The page asks for its data by relative paths, so a proxy may serve it below any path \
             that ends with a slash.",
        )
        + ".SH METRICS\n"
        + &rows
        + &section(
            "FILES",
            "/usr/share/doc/resolverd/alerts.yml: alerts for rule_files of prometheus.yml\n\
             /usr/share/doc/resolverd/grafana.json: a dashboard to import into Grafana",
        )
        + &see_also(&[("resolverd.toml", 5), ("resolverctl", 1), ("resolverd", 8)]);
    page("resolverd-metrics.7", &text);
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// Comment lines of the shipped configuration file, and the lines that they describe.
#[derive(Default)]
struct Block {
    comment: Vec<String>,
    lines: Vec<String>,
}

/// Splits the file into blocks. Blank lines separate the blocks, except inside a value of several lines.
fn blocks(file: &str) -> Vec<Block> {
    let mut blocks = vec![Block::default()];
    for line in file.lines() {
        let comment = line.strip_prefix("# ").or_else(|| (line == "#").then_some(""));
        let ends = line.is_empty() || (comment.is_some() && !blocks.last().unwrap().lines.is_empty());
        if ends {
            blocks.push(Block::default());
        }
        let block = blocks.last_mut().unwrap();
        match comment {
            Some(comment) => block.comment.push(comment.to_owned()),
            None if line.is_empty() => {}
            None => block.lines.push(line.to_owned()),
        }
    }
    blocks.retain(|block| !block.comment.is_empty() || !block.lines.is_empty());
    blocks
}

/// Joins the lines of a comment. `Default:`, `Range:` and indented values begin a new line; other lines of a paragraph are joined.
fn filled(comment: &[String]) -> String {
    let begins = |line: &str| line.starts_with("Default") || line.starts_with("Range");
    let mut text = String::new();
    for line in comment {
        let indent = line.len() - line.trim_start().len();
        if line.is_empty() {
            text += ".PP\n";
            continue;
        }
        if begins(line) || (1..4).contains(&indent) {
            text += ".br\n";
        }
        text += &format!("{}\n", escaped(line.trim_start()));
    }
    text
}

/// Returns the name of a key, its comment, and its line in the file.
fn key(block: &Block) -> String {
    let is_head = |line: &&String| line.starts_with("#[[");
    let heads = block.lines.iter().filter(is_head).count();
    let starts =
        |line: &&String| line.trim_start_matches('#').starts_with(|letter: char| letter.is_ascii_lowercase());
    let names: Vec<&str> = block
        .lines
        .iter()
        .filter(starts)
        .map(|line| line.trim_start_matches('#').split(" = ").next().unwrap())
        // The key `name` of an entry such as `[[zone]]` is described in the first block of the entry.
        .filter(|name| heads == 0 || *name != "name")
        .collect();
    let lines: String =
        block.lines.iter().map(|line| format!("{}\n", escaped(line.trim_start_matches('#')))).collect();
    // The comment of a block states the default values. So the lines of the block are shown only if one of them is an example (after `#`)
    // or has a list of values.
    let is_shown = |line: &String| line.starts_with('#') || (line.contains(" = [") && !line.ends_with("[]"));
    let shown = match block.lines.iter().any(is_shown) {
        true => format!(".IP\n.nf\n{lines}.fi\n"),
        false => String::new(),
    };
    format!("{}\n{}{shown}", tag(&names.join(", ")), filled(&block.comment))
}

#[test]
fn resolverd_toml_5() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    let mut text = head("resolverd.toml", 5, "configuration of resolverd") + ".SH DESCRIPTION\n";
    let mut entry = String::new();
    for mut block in blocks(&shipped) {
        if let Some(section) = block.lines.first().filter(|line| line.starts_with('[')) {
            text += &format!(".SH {}\n", escaped(section));
            block.lines.remove(0);
        } else if let [head] = block.lines.as_slice()
            && head.starts_with("#[[")
            && *head != entry
        {
            text += &format!(".SH {}\n{}", escaped(&head[1..]), filled(&block.comment));
            entry.clone_from(head);
            continue;
        }
        match (block.lines.is_empty(), block.comment.is_empty()) {
            (true, true) => {}
            (true, false) => text += &filled(&block.comment),
            (false, _) => text += &key(&block),
        }
    }
    text += &see_also(&[("resolverd", 8), ("resolverctl", 1)]);
    page("resolverd.toml.5", &text);
}

/// The sentence about when to change a key begins with one of these words.
const WHEN: [&str; 6] = ["Set ", "Add ", "Increase ", "Decrease ", "Change ", "Remove "];

/// The comment of a key says what it does, then its default, its range, and when to change it. The default must be the value in the file.
/// `tests/simulated/config` compares defaults and ranges with the code.
#[test]
fn shipped_keys_have_default_and_range() {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/resolverd.toml");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    // The comments describe these default values in words.
    let in_words = ["addresses", "allow", "deny_servers", "messages"];
    let mut seen = 0;
    for block in blocks(&shipped) {
        let uncommented = |line: &String| line.trim_start_matches('#').to_owned();
        let lines = block.lines.iter().filter(|line| !line.starts_with(['[', ' ', ']']));
        let keys: Vec<String> = lines.map(uncommented).filter(|line| line.contains(" = ")).collect();
        let text = block.comment.join(" ");
        if keys.is_empty() || text.starts_with("As in [") || text.contains("Required.") {
            continue;
        }
        let place = |begin: &str| block.comment.iter().position(|line| line.starts_with(begin));
        let default = place("Default: ").unwrap_or_else(|| panic!("no default: {keys:?}"));
        assert_ne!(default, 0, "the effect comes first: {keys:?}");
        let range = block.comment.iter().position(|line| line.contains("Range: "));
        let range = range.unwrap_or_else(|| panic!("no range: {keys:?}"));
        assert!(range >= default && text.find("Range: ") > text.find("Default: "), "the order: {keys:?}");
        let advises = |line: &String| WHEN.iter().any(|word| line.starts_with(word));
        let advice = block.comment[range + 1..].iter().any(advises);
        assert!(advice, "not said when to change it: {keys:?}");
        assert!(!block.comment[..range].iter().any(advises), "the advice comes last: {keys:?}");
        if block.lines.iter().all(|line| !line.starts_with('#')) {
            let stated = block.comment[default].trim_start_matches("Default: ");
            for key in &keys {
                let (name, value) = key.split_once(" = ").unwrap();
                let value = if value == "\"\"" { value } else { value.trim_matches('"') };
                assert!(in_words.contains(&name) || stated.starts_with(value), "{name} is not {stated}");
            }
        }
        seen += keys.len();
    }
    assert!(seen >= 50, "{seen} keys");
}
