//! The plain statements of a configuration in Lua: calls and assignments with constant values. All others, such as
//! functions and loops, are programs: they are kept as text, to be reported.

use crate::limits;
use std::path::Path;
use std::sync::Arc;

use super::finding::SourcePlace;
use super::secret::keyword;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LuaValue {
    /// A string, or a number as it was typed.
    Text(String),
    /// A name: `true`, a constant, or a variable.
    Name(String),
    /// A product of numbers and units like `100 * MB`.
    Number(u64),
    /// A table: each entry with its key, if it has one.
    Table(Vec<(Option<String>, LuaValue)>),
    /// A call.
    Call(String, Vec<LuaValue>),
}

/// A statement with its place and its text.
#[derive(Clone, Debug)]
pub(super) struct LuaStatement {
    pub(super) place: SourcePlace,
    /// Its first line; its name alone if the line has more than one statement.
    pub(super) typed: String,
    pub(super) kind: LuaKind,
}

/// The kind of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LuaKind {
    /// A call of a function, by its whole name.
    Call(String, Vec<LuaValue>),
    /// A variable and its value.
    Assign(String, LuaValue),
    /// A program, or a value that is not constant.
    Program,
}

impl LuaStatement {
    /// Its name without its values, which may be secrets.
    pub(super) fn keyword(&self) -> String {
        match &self.kind {
            LuaKind::Call(name, _) => format!("{}(...)", keyword(name)),
            LuaKind::Assign(name, _) => format!("{} = ...", keyword(name)),
            LuaKind::Program => begin(&self.typed),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(String),
    Mark(char),
}

struct Reader<'t> {
    tokens: &'t [(Token, usize)],
    at: usize,
}

impl LuaValue {
    /// The texts of a value: its own text, or the texts of the entries of a table.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Table(entries) => entries.iter().flat_map(|(_, value)| value.texts()).collect(),
            // policy.todnames({...}), todname('...'), kres.str2dname('...'), kres.str2ip('...')
            Self::Call(name, arguments)
                if ["todname", "todnames", "str2dname", "str2ip"].iter().any(|end| name.ends_with(end)) =>
            {
                arguments.iter().flat_map(Self::texts).collect()
            }
            Self::Name(_) | Self::Number(_) | Self::Call(..) => Vec::new(),
        }
    }

    /// The value of a key of a table.
    pub(super) fn key(&self, wanted: &str) -> Option<&Self> {
        let Self::Table(entries) = self else { return None };
        entries.iter().find(|(key, _)| key.as_deref() == Some(wanted)).map(|(_, value)| value)
    }
}

/// The begin of a program: the function that it defines or calls, or its variable. `a line` if it has none, as a line of a
/// file of another kind.
fn begin(typed: &str) -> String {
    let local = typed.strip_prefix("local ").unwrap_or(typed);
    let rest = local.strip_prefix("function ").unwrap_or(local);
    let end = rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "_.:".contains(letter)));
    let (name, after) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or_default();
    let is_name = keyword(&name.replace(':', ".")) != keyword("");
    let mark = if after.starts_with('(') {
        "(...)"
    } else if after.starts_with(" = ") {
        " = ..."
    } else {
        return keyword("").to_owned();
    };
    let words = typed.strip_suffix(rest).unwrap_or_default();
    if is_name { format!("{words}{name}{mark}") } else { keyword("").to_owned() }
}

/// The statements of a text.
pub(super) fn statements(path: &Arc<Path>, text: &str) -> Vec<LuaStatement> {
    let tokens = tokens(text);
    let lines: Vec<&str> = text.lines().collect();
    let mut reader = Reader { tokens: &tokens, at: 0 };
    let mut statements = Vec::new();
    while let Some((token, line)) = reader.tokens.get(reader.at) {
        let start = reader.at;
        if *token == Token::Mark(';') {
            reader.at = start.saturating_add(1);
            continue;
        }
        let read = reader.statement().filter(|_| reader.ends(start));
        let kind = read.unwrap_or_else(|| {
            // What was read of it is part of the program: to read it again from each of its lines takes quadratic time.
            let read = reader.at;
            reader.skip(start, read);
            LuaKind::Program
        });
        let typed = lines.get(line.saturating_sub(1)).map_or("", |line| line.trim()).to_owned();
        let place = SourcePlace { file: Arc::clone(path), line: *line };
        let mut statement = LuaStatement { place, typed, kind };
        // The line may have another statement too.
        if statement.typed.contains(';') {
            statement.typed = statement.keyword();
        }
        statements.push(statement);
    }
    statements
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.peek()?.clone();
        self.at = self.at.saturating_add(1);
        Some(token)
    }

    fn mark(&mut self, wanted: char) -> Option<()> {
        (self.peek() == Some(&Token::Mark(wanted))).then(|| self.at = self.at.saturating_add(1))
    }

    /// Whether a statement that began at `start` ends here: the next token is on another line, or a semicolon.
    fn ends(&self, start: usize) -> bool {
        let line = |at: usize| self.tokens.get(at).map(|(_, line)| *line);
        let last = self.at.checked_sub(1).filter(|last| *last >= start).and_then(line);
        match self.tokens.get(self.at) {
            None | Some((Token::Mark(';'), _)) => true,
            Some((_, next)) => last.is_some_and(|last| last < *next),
        }
    }

    /// `name(arguments)`, `name {table}`, `name = value`, each also after `local`.
    fn statement(&mut self) -> Option<LuaKind> {
        if self.peek() == Some(&Token::Word("local".to_owned())) {
            self.at = self.at.saturating_add(1);
        }
        let name = self.name()?;
        if self.mark('=').is_some() {
            return Some(LuaKind::Assign(name, self.value(0)?));
        }
        Some(LuaKind::Call(name, self.arguments(0)?))
    }

    /// A name with dots and colons, and string keys in brackets.
    fn name(&mut self) -> Option<String> {
        let Token::Word(mut name) = self.next()? else { return None };
        if ["function", "if", "for", "while", "repeat", "return", "end", "do"].contains(&name.as_str()) {
            return None;
        }
        loop {
            if self.mark('.').is_some() || self.mark(':').is_some() {
                let Token::Word(word) = self.next()? else { return None };
                name.push('.');
                name.push_str(&word);
            } else if self.mark('[').is_some() {
                let Token::Text(key) = self.next()? else { return None };
                self.mark(']')?;
                name.push('.');
                name.push_str(&key);
            } else {
                return Some(name);
            }
        }
    }

    fn arguments(&mut self, depth: usize) -> Option<Vec<LuaValue>> {
        if depth > limits::MAX_NESTED {
            return None;
        }
        match self.peek()? {
            Token::Text(_) | Token::Mark('{') => Some(vec![self.value(depth)?]),
            Token::Mark('(') => {
                self.at = self.at.saturating_add(1);
                let mut arguments = Vec::new();
                while self.mark(')').is_none() {
                    arguments.push(self.value(depth.saturating_add(1))?);
                    if self.mark(',').is_none() && self.peek() != Some(&Token::Mark(')')) {
                        return None;
                    }
                }
                Some(arguments)
            }
            _ => None,
        }
    }

    fn value(&mut self, depth: usize) -> Option<LuaValue> {
        if depth > limits::MAX_NESTED {
            return None;
        }
        let first = match self.peek()? {
            Token::Text(_) => {
                let Some(Token::Text(text)) = self.next() else { return None };
                LuaValue::Text(text)
            }
            Token::Number(_) => {
                let Some(Token::Number(number)) = self.next() else { return None };
                LuaValue::Text(number)
            }
            Token::Mark('{') => self.table(depth.saturating_add(1))?,
            Token::Word(_) => {
                let name = self.name()?;
                match self.peek() {
                    Some(Token::Mark('(' | '{') | Token::Text(_)) => {
                        LuaValue::Call(name, self.arguments(depth.saturating_add(1))?)
                    }
                    _ => LuaValue::Name(name),
                }
            }
            Token::Mark(_) => return None,
        };
        if self.peek() != Some(&Token::Mark('*')) {
            return Some(first);
        }
        let mut product = factor(&first)?;
        while self.mark('*').is_some() {
            let next = match self.next()? {
                Token::Number(number) => LuaValue::Text(number),
                Token::Word(word) => LuaValue::Name(word),
                Token::Text(_) | Token::Mark(_) => return None,
            };
            product = product.checked_mul(factor(&next)?)?;
        }
        Some(LuaValue::Number(product))
    }

    fn table(&mut self, depth: usize) -> Option<LuaValue> {
        self.mark('{')?;
        let mut entries = Vec::new();
        while self.mark('}').is_none() {
            let key = match (self.peek()?, self.tokens.get(self.at.saturating_add(1)).map(|(token, _)| token))
            {
                (Token::Word(key), Some(Token::Mark('='))) => {
                    let key = key.clone();
                    self.at = self.at.saturating_add(2);
                    Some(key)
                }
                (Token::Mark('['), Some(Token::Text(key))) => {
                    let key = key.clone();
                    self.at = self.at.saturating_add(2);
                    self.mark(']')?;
                    self.mark('=')?;
                    Some(key)
                }
                // A constant as a key: `[kres.type.A]`.
                (Token::Mark('['), Some(Token::Word(_))) => {
                    self.at = self.at.saturating_add(1);
                    let key = self.name()?;
                    self.mark(']')?;
                    self.mark('=')?;
                    Some(key)
                }
                _ => None,
            };
            entries.push((key, self.value(depth)?));
            if self.mark(',').is_none() && self.mark(';').is_none() && self.peek() != Some(&Token::Mark('}'))
            {
                return None;
            }
        }
        Some(LuaValue::Table(entries))
    }

    /// Goes on behind the program that begins at `start`: to the first line at which all its blocks and brackets are
    /// closed, not before the token `read`.
    fn skip(&mut self, start: usize, read: usize) {
        let mut open: i64 = 0;
        self.at = start;
        while let Some((token, line)) = self.tokens.get(self.at) {
            open = open.saturating_add(match token {
                Token::Word(word) if ["function", "if", "do", "repeat"].contains(&word.as_str()) => 1,
                Token::Word(word) if ["end", "until"].contains(&word.as_str()) => -1,
                Token::Mark('(' | '{' | '[') => 1,
                Token::Mark(')' | '}' | ']') => -1,
                _ => 0,
            });
            self.at = self.at.saturating_add(1);
            let is_last = self.tokens.get(self.at).is_none_or(|(_, next)| next > line);
            if open <= 0 && is_last && self.at >= read {
                return;
            }
        }
    }
}

/// A factor of a product: a number, or a unit of sizes or of times in seconds.
fn factor(value: &LuaValue) -> Option<u64> {
    match value {
        LuaValue::Text(number) => number.parse().ok(),
        LuaValue::Name(unit) => Some(match unit.as_str() {
            "KB" => 1 << 10,
            "MB" => 1 << 20,
            "GB" => 1 << 30,
            "sec" | "second" => 1,
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => return None,
        }),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    let mut line: usize = 1;
    while let Some(letter) = letters.next() {
        match letter {
            '\n' => line = line.saturating_add(1),
            '-' if letters.peek() == Some(&'-') => {
                letters.next();
                let rest: String = letters.clone().take(2).collect();
                if rest == "[[" {
                    let mut last = ' ';
                    for letter in letters.by_ref() {
                        line = line.saturating_add(usize::from(letter == '\n'));
                        if (last, letter) == (']', ']') {
                            break;
                        }
                        last = letter;
                    }
                } else {
                    while letters.peek().is_some_and(|letter| *letter != '\n') {
                        letters.next();
                    }
                }
            }
            '\'' | '"' => {
                let begin = line;
                let mut word = String::new();
                while let Some(next) = letters.next().filter(|next| *next != letter) {
                    line = line.saturating_add(usize::from(next == '\n'));
                    // The number of an octet stays as it was typed: a text with one is a name in wire form.
                    let is_escape = next == '\\' && !letters.peek().is_some_and(char::is_ascii_digit);
                    word.push(if is_escape { letters.next().unwrap_or(next) } else { next });
                }
                tokens.push((Token::Text(word), begin));
            }
            _ if letter.is_whitespace() => {}
            _ if letter.is_ascii_alphanumeric() || letter == '_' => {
                let mut word = String::from(letter);
                let is_number = letter.is_ascii_digit();
                while let Some(next) = letters.next_if(|next| {
                    next.is_ascii_alphanumeric() || *next == '_' || (is_number && *next == '.')
                }) {
                    word.push(next);
                }
                tokens.push((if is_number { Token::Number(word) } else { Token::Word(word) }, line));
            }
            _ => tokens.push((Token::Mark(letter), line)),
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(usize, LuaKind)> {
        let statements = statements(&Arc::from(Path::new("f")), text);
        statements.into_iter().map(|one| (one.place.line, one.kind)).collect()
    }

    #[test]
    fn calls_and_assignments_have_values() {
        let found = kinds(
            "-- x\nnet.listen('127.0.0.1', 53, { kind = 'dns' }) -- y\ncache.size = 100 * MB\nmodules = {\n 'stats',\n dns64 = 'fe80::1' }\n",
        );
        let text = |text: &str| LuaValue::Text(text.to_owned());
        let kind = LuaValue::Table(vec![(Some("kind".to_owned()), text("dns"))]);
        assert_eq!(
            found,
            [
                (2, LuaKind::Call("net.listen".to_owned(), vec![text("127.0.0.1"), text("53"), kind])),
                (3, LuaKind::Assign("cache.size".to_owned(), LuaValue::Number(100 << 20))),
                (
                    4,
                    LuaKind::Assign(
                        "modules".to_owned(),
                        LuaValue::Table(vec![
                            (None, text("stats")),
                            (Some("dns64".to_owned()), text("fe80::1"))
                        ])
                    )
                ),
            ]
        );
    }

    #[test]
    fn programs_are_passed_over_as_one() {
        let found = kinds(
            "function f()\n if x then y() end\n for i in z do w() end\nend\nview:addr('10.0.0.0/8', policy.all(policy.PASS))\nlocal x = a + 1\nprint('a' .. b)\n",
        );
        let is_program: Vec<(usize, bool)> =
            found.iter().map(|(line, kind)| (*line, *kind == LuaKind::Program)).collect();
        assert_eq!(is_program, [(1, true), (5, false), (6, true), (7, true)]);
    }
}
