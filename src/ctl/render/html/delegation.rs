//! The picture of a delegation: the zone above at the left, its name servers, and the zone at the right.
//!
//! States differ in words and in strokes, not in colour alone: paper has none.

use super::escape::escaped;
use doctor::outline::{Outline, OutlineServer, OutlineState};

/// Width of the picture, in its own units.
const WIDTH: usize = 960;
/// Left edges and widths of the three columns.
const PARENT: (usize, usize) = (5, 190);
const SERVER: (usize, usize) = (275, 410);
const ZONE: (usize, usize) = (765, 190);
/// Height of a line of text.
const LINE: usize = 19;
/// Space between boxes.
const GAP: usize = 12;
/// Characters of a line in a column of zones, of a name of a server, and of a line below it; longer texts are cut, and whole in
/// their tooltip. Names are bold, and so wider: 8 units for a character, and 7 for others, in a browser with DejaVu Sans.
const SHORT: usize = 20;
const LONG_NAME: usize = 46;
const LONG: usize = 54;

/// The picture with its caption.
pub(super) fn picture(outline: &Outline) -> String {
    let heights: Vec<usize> =
        outline.servers.iter().map(|server| LINE * (1 + server.addresses.len().max(1)) + GAP).collect();
    let height = heights.iter().map(|height| height + GAP).sum::<usize>().max(60);
    let middle = height / 2;
    let (mut lines, mut boxes, mut top) = (String::new(), String::new(), GAP / 2);
    for (server, box_height) in outline.servers.iter().zip(&heights) {
        let center = top + box_height / 2;
        if server.above == Some(true) {
            lines.push_str(&line((PARENT.0 + PARENT.1, middle), (SERVER.0, center)));
        }
        if server.own == Some(true) {
            lines.push_str(&line((SERVER.0 + SERVER.1, center), (ZONE.0, middle)));
        }
        boxes.push_str(&server_box(server, top, *box_height));
        top += box_height + GAP;
    }
    let parent = outline.parent.as_deref().map_or_else(String::new, |parent| {
        let root = if parent == "." { ". (root)" } else { parent };
        zone_box(PARENT, middle, (root, "zone above"))
    });
    let zone = zone_box(ZONE, middle, (&outline.apex, "zone"));
    format!(
        "<figure>\n<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Delegation of {}\">\n\
         {lines}{parent}{boxes}{zone}</svg>\n<figcaption class=\"small\">A line from the left: the zone above (at the \
         registrar) names this server. A line to the right: the zone itself names it.</figcaption>\n</figure>\n",
        escaped(&outline.apex)
    )
}

fn line((x1, y1): (usize, usize), (x2, y2): (usize, usize)) -> String {
    format!("<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>\n")
}

fn zone_box((x, width): (usize, usize), middle: usize, (name, role): (&str, &str)) -> String {
    let top = middle.saturating_sub(25);
    format!(
        "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"50\" rx=\"4\"/>\n{}{}",
        text((x + 8, top + LINE), "bold", name, SHORT),
        text((x + 8, top + 2 * LINE), "role", role, SHORT)
    )
}

fn server_box(server: &OutlineServer, top: usize, height: usize) -> String {
    let (x, width) = SERVER;
    let sound = |(_, state): &&_| matches!(state, OutlineState::Serves(_));
    let serving = server.addresses.iter().filter(sound).count();
    let unknown = |(_, state): &_| matches!(state, OutlineState::Untold | OutlineState::Unknown);
    let class = match serving {
        0 if server.addresses.iter().any(unknown) => "unknown",
        0 => "faulty",
        all if all == server.addresses.len() => "serves",
        _ => "partly",
    };
    let mut drawn = format!(
        "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>\n{}",
        text((x + 8, top + LINE), "bold", &server.name, LONG_NAME)
    );
    let mut at = top + LINE;
    let mut below = |words: &str| {
        at += LINE;
        drawn.push_str(&text((x + 8, at), "state", words, LONG));
    };
    for (address, state) in &server.addresses {
        let words = match state {
            OutlineState::Serves(serial) => format!("serial {serial}"),
            OutlineState::Lame(words) => words.clone(),
            OutlineState::Silent => "does not answer".to_owned(),
            OutlineState::Untold => "could not tell".to_owned(),
            OutlineState::Unknown => "not asked".to_owned(),
        };
        below(&format!("{address}: {words}"));
    }
    if server.addresses.is_empty() {
        below("no address");
    }
    drawn
}

/// A line of text, cut at a number of characters; the whole text is its tooltip.
fn text((x, y): (usize, usize), class: &str, whole: &str, most: usize) -> String {
    let cut: String = whole.chars().take(most).collect();
    let mark = if whole.chars().count() > most { "…" } else { "" };
    let tooltip = if mark.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(whole)) };
    format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{tooltip}{}{mark}</text>\n", escaped(&cut))
}
