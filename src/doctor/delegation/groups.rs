//! Creates texts about groups of servers that gave the same answer. The smallest group comes first, so that a finding begins with the
//! exceptions.

/// The largest group is called "the others" if it has at least this number of servers. Of any other group with more servers than this, the
/// text names two servers and the number of the rest.
const MANY: usize = 4;

/// Sorts groups by their number of servers. Each group is an answer with the servers that give it. In the result, the boolean is true for the last
/// group if the text calls it "the others".
fn in_order(groups: impl IntoIterator<Item = (String, Vec<String>)>) -> Vec<(String, Vec<String>, bool)> {
    let mut groups: Vec<(String, Vec<String>)> = groups.into_iter().collect();
    groups.sort_by_key(|(_, servers)| servers.len());
    let before = groups.iter().rev().nth(1).map(|(_, servers)| servers.len());
    let last = groups.len().saturating_sub(1);
    let are_others = |place: usize, servers: &[String]| {
        place == last && servers.len() >= MANY && before.is_some_and(|before| before < servers.len())
    };
    let marked = groups.into_iter().enumerate();
    marked
        .map(|(place, (said, servers))| {
            let others = are_others(place, &servers);
            (said, servers, others)
        })
        .collect()
}

fn named(servers: &[String], are_others: bool) -> String {
    match servers {
        _ if are_others => format!("the {} others", servers.len()),
        [first, second, more @ ..] if servers.len() > MANY => {
            format!("{first} and {second} and {} more", more.len())
        }
        _ => servers.join(" and "),
    }
}

/// Returns a text about the groups in the form "A has X; the 11 others have Y".
pub(crate) fn having(groups: impl IntoIterator<Item = (String, Vec<String>)>) -> String {
    let texts = in_order(groups).into_iter().map(|(said, servers, are_others)| {
        let verb = if servers.len() == 1 { "has" } else { "have" };
        format!("{} {verb} {said}", named(&servers, are_others))
    });
    texts.collect::<Vec<_>>().join("; ")
}

/// Returns a text about the groups in the form "X at A; Y at the 11 others".
pub(crate) fn being_at(groups: impl IntoIterator<Item = (String, Vec<String>)>) -> String {
    let texts = in_order(groups).into_iter();
    let texts = texts.map(|(said, servers, are_others)| format!("{said} at {}", named(&servers, are_others)));
    texts.collect::<Vec<_>>().join("; ")
}

/// Returns a text about servers with their descriptions: "A answers REFUSED; B answers REFUSED", or "each of 9 servers answers REFUSED: A, B, ...".
pub(crate) fn with_conduct<'t>(servers: impl IntoIterator<Item = (&'t str, &'t str)>) -> String {
    let mut conducts: Vec<(&str, Vec<&str>)> = Vec::new();
    for (server, conduct) in servers {
        match conducts.iter_mut().find(|(known, _)| *known == conduct) {
            Some((_, servers)) => servers.push(server),
            None => conducts.push((conduct, vec![server])),
        }
    }
    let texts = conducts.into_iter().map(|(conduct, servers)| match servers.len() {
        ..MANY => servers.iter().map(|server| format!("{server} {conduct}")).collect::<Vec<_>>().join("; "),
        count => format!("each of {count} servers {conduct}: {}", servers.join(", ")),
    });
    texts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smallest_group_comes_first() {
        let servers = |count: usize| (0..count).map(|number| format!("s{number}")).collect::<Vec<_>>();
        let of = |first: usize, second: usize| {
            having([("x".to_owned(), servers(first)), ("y".to_owned(), servers(second))])
        };
        assert_eq!(of(1, 1), "s0 has x; s0 has y");
        assert_eq!(of(2, 1), "s0 has y; s0 and s1 have x");
        assert_eq!(of(11, 1), "s0 has y; the 11 others have x");
        assert_eq!(of(2, 9), "s0 and s1 have x; the 9 others have y");
        assert_eq!(of(4, 4), "s0 and s1 and s2 and s3 have x; s0 and s1 and s2 and s3 have y");
        assert_eq!(of(6, 6), "s0 and s1 and 4 more have x; s0 and s1 and 4 more have y");
        let serials = [("7 (newest)".to_owned(), servers(5)), ("6 (old)".to_owned(), servers(1))];
        assert_eq!(being_at(serials), "6 (old) at s0; 7 (newest) at the 5 others");
    }

    #[test]
    fn servers_of_same_conduct_are_counted() {
        assert_eq!(with_conduct([("a", "is lame"), ("b", "is lame")]), "a is lame; b is lame");
        let many = [("a", "is lame"), ("b", "is lame"), ("c", "is slow"), ("d", "is lame"), ("e", "is lame")];
        assert_eq!(with_conduct(many), "each of 4 servers is lame: a, b, d, e; c is slow");
    }
}
