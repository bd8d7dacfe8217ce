//! Draws the screen of `resolverctl top` from its state: the daemon and the rates at the top, the table below them, and the keys in the last line.

use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Modifier, Style};
use ratatui_core::terminal::Frame;
use ratatui_core::text::{Line, Span, Text};
use unicode_width::UnicodeWidthStr;

use super::live::TopLive;
use super::table::{GAP, TopTable, fit, padded, sparkline, trend_width};
use crate::outcome;
use crate::render::style::Paint;
use crate::render::words;
use dns::wire::presentation::harmless;

/// The line with the names of the tables, and the line with the titles of the columns.
const TITLES: u16 = 2;

const KEYS: &str = "q quit  Tab table  s sort  r reverse  w period  ? help";

/// The keys for a terminal that is too narrow for `KEYS`.
const FEW_KEYS: &str = "q quit  1-6 tables  w period  ? help";

/// Maximum number of lines for the rates, or for a problem with the daemon. A small terminal has fewer, because the rest of the
/// screen needs `OTHERS` lines.
const NOTES: usize = 4;

/// The first line, two lines of titles, at least one row, and the last line.
const OTHERS: u16 = 5;

/// Explains the names of two tables, below each table and in the help.
const WHO: &str = "clients: addresses that send queries; users: accounts of programs on this host";

const HELP: [&str; 13] = [
    "1 to 6, Tab    another table: zones, servers, lists, clients, failures, users",
    "s              sort by the next column",
    "r              sort in the other direction",
    "w              the next period: 1m, 5m, 1h, start",
    "up, down       scroll; also k, j, page up, page down, space",
    "Home, End      the first row, the last row; also g, G",
    "Esc            back to the table; in the table: quit",
    "?              this help",
    "q, Ctrl-C      quit",
    WHO,
    "The rates (queries/s) are measured between the last two updates of the screen.",
    "trend: one bar for each update of the screen, the latest at the right.",
    "The table of lists counts since the start of resolverd, not since the period began.",
];

/// Draws the screen. `now` is in seconds since 1970.
pub fn draw(frame: &mut Frame<'_>, live: &TopLive, now: f64) {
    let area = frame.area();
    let line = |number: u16| Rect { y: area.y.saturating_add(number), height: 1, ..area }.intersection(area);
    let last = area.height.saturating_sub(1);
    let painter = Painter { is_colored: live.is_colored };
    let head = wrapped(&daemon(live, now), area.width.into()).into_iter().next().unwrap_or_default();
    frame.render_widget(painter.line(&head, Paint::Head), line(0));
    let mut notes = Vec::new();
    if area.height > 2 {
        let room = usize::from(area.height.saturating_sub(OTHERS)).clamp(1, NOTES);
        let (text, paint) = note(live);
        notes.extend(wrapped(&text, area.width.into()).into_iter().map(|line| painter.line(&line, paint)));
        notes.truncate(room);
    }
    let begin = u16::try_from(notes.len()).unwrap_or(0).saturating_add(1);
    for (number, note) in (1..begin).zip(notes) {
        frame.render_widget(note, line(number));
    }
    let body = Rect {
        y: area.y.saturating_add(begin),
        height: area.height.saturating_sub(begin).saturating_sub(1),
        ..area
    }
    .intersection(area);
    if live.is_help() {
        let text: String = HELP.iter().map(|line| outcome::wrapped(line, area.width.into()) + "\n").collect();
        frame.render_widget(Text::raw(text), body);
    } else {
        frame.render_widget(table(live, body, painter), body);
    }
    if last > 0 {
        let keys = if usize::from(area.width) < KEYS.len() { FEW_KEYS } else { KEYS };
        frame.render_widget(painter.line(keys, Paint::Faint), line(last));
    }
}

/// Returns a line with the time, the period of the table, and the version and uptime of the daemon.
fn daemon(live: &TopLive, now: f64) -> String {
    let time = live.time_of_day(now);
    let daemon = live.daemon().map_or_else(
        || "resolverd".to_owned(),
        |(version, uptime)| format!("resolverd {}  up {}", harmless(version), words::age(uptime)),
    );
    format!("{time}  period: {}  {daemon}", words::window(live.window(), f64::INFINITY))
}

/// Returns the line with the rates, or the problem with the daemon.
fn note(live: &TopLive) -> (String, Paint) {
    if let Some(trouble) = live.trouble() {
        return (harmless(&trouble), Paint::Bad);
    }
    match live.rates() {
        None => ("queries per second: from the next update on".to_owned(), Paint::Faint),
        Some(rates) => {
            let text = format!(
                "{} queries/s  {} from cache  {} SERVFAIL  {} queries/s to servers",
                words::rate(rates.questions, rates.seconds),
                words::percent_of(rates.cache, rates.questions),
                words::percent_of(rates.failed, rates.questions),
                words::rate(rates.messages, rates.seconds),
            );
            (text, Paint::Plain)
        }
    }
}

/// Divides a text into lines of at most `width` columns, between words. If the text has two spaces anywhere, they separate items such as
/// figures, and the text is divided only between items.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let separator = if text.contains("  ") { "  " } else { " " };
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(separator) {
        match lines.last_mut() {
            Some(line) if line.width() + separator.len() + word.width() <= width => {
                line.push_str(separator);
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Returns the line with the names of the tables and the order of the rows. If the line is too long, only the selected table has its name.
fn tabs(live: &TopLive, width: usize, painter: Painter) -> Line<'static> {
    let shown = live.table();
    let key = |place: usize| (place + 1).to_string();
    let tab = |place: usize, table: TopTable| match table == shown {
        true => format!("[{}={}]", key(place), table.word()),
        false => format!("{}={}", key(place), table.word()),
    };
    let (sorted, is_reversed) = live.order();
    let title = shown.columns().get(sorted).copied().unwrap_or_default();
    let order = format!(" by {title}{}", if is_reversed { ", reversed" } else { "" });
    let names = TopTable::ALL.into_iter().enumerate().map(|(place, table)| tab(place, table).len() + 1);
    let whole = names.sum::<usize>() + order.len();
    let mut tabs = Vec::new();
    for (place, table) in TopTable::ALL.into_iter().enumerate() {
        let text = if table == shown || whole <= width { tab(place, table) } else { key(place) };
        let style = if table == shown { painter.selected() } else { painter.style(Paint::Plain) };
        tabs.extend([Span::styled(text, style), Span::raw(" ")]);
    }
    tabs.push(Span::styled(order, painter.style(Paint::Faint)));
    Line::from(tabs)
}

/// The names of all tables, the titles of the columns, and the rows from the first visible one on.
fn table(live: &TopLive, area: Rect, painter: Painter) -> Text<'static> {
    let shown = live.table();
    let width = usize::from(area.width);
    let trend = trend_width(width);
    let columns = fit(shown, live.rows(), if trend == 0 { width } else { width - trend - GAP });
    let title = |place: usize| shown.columns().get(place).copied().unwrap_or_default();
    let mut titles: Vec<String> = columns.iter().map(|column| padded(title(column.place), column)).collect();
    if trend > 0 {
        titles.push(words::cut(&format!("{} trend", title(TopTable::FIRST_SORT)), trend));
    }
    let mut lines =
        vec![tabs(live, width, painter), Line::styled(titles.join("  "), painter.style(Paint::Head))];
    if live.rows().is_empty() {
        let text = if live.is_read() { shown.empty() } else { "reading" };
        lines.push(Line::styled(text, painter.style(Paint::Faint)));
    }
    let room = usize::from(area.height.saturating_sub(TITLES)).max(1);
    for row in live.rows().iter().skip(live.first()).take(room) {
        let mut spans = Vec::new();
        for column in &columns {
            let Some(cell) = row.cells.get(column.place) else { continue };
            if !spans.is_empty() {
                spans.push(Span::raw("  "));
            }
            spans.push(Span::styled(padded(&cell.text, column), painter.style(cell.paint)));
        }
        if trend > 0 {
            spans.push(Span::raw(format!("  {}", sparkline(live.trend(row, trend)))));
        }
        lines.push(Line::from(spans));
    }
    let room = usize::from(area.height).saturating_sub(lines.len() + 1);
    let notes: Vec<String> =
        legend(live, trend).into_iter().filter(|line| line.width() <= width).take(room).collect();
    if live.is_read() && !notes.is_empty() {
        lines.push(Line::default());
        lines.extend(notes.into_iter().map(|line| Line::styled(line, painter.style(Paint::Faint))));
    }
    Text::from(lines)
}

/// Returns the lines below the rows. They explain the table, and the sparklines if the width of the sparklines (`trend`) is not 0.
fn legend(live: &TopLive, trend: usize) -> Vec<String> {
    let shown = live.table();
    let mut lines = vec![shown.legend().to_owned()];
    if trend > 0 {
        let title = shown.columns().get(TopTable::FIRST_SORT).copied().unwrap_or_default();
        let period = words::window(live.window(), f64::INFINITY);
        lines.push(format!(
            "trend: {title} ({period}) at each update of the screen, one bar each, the latest at the right"
        ));
    }
    lines.push(WHO.to_owned());
    lines
}

/// The style of each kind of text, with or without colours.
#[derive(Clone, Copy, Debug)]
struct Painter {
    is_colored: bool,
}

impl Painter {
    fn style(self, paint: Paint) -> Style {
        let color = |color| if self.is_colored { Style::new().fg(color) } else { Style::new() };
        match paint {
            Paint::Plain => Style::new(),
            Paint::Head => Style::new().add_modifier(Modifier::BOLD),
            Paint::Faint => Style::new().add_modifier(Modifier::DIM),
            Paint::Bad => color(Color::Red),
            Paint::Good => color(Color::Green),
        }
    }

    /// The selected table.
    fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn line(self, text: &str, paint: Paint) -> Line<'static> {
        Line::styled(text.to_owned(), self.style(paint))
    }
}
