//! The entry `[[view]]`: a group of clients that see zones of their own. The IP address of a client decides to which view the client belongs.

use hickory_proto::rr::Name;
use ipnet::IpNet;

use super::forms::{List, NAME, Optional, Text, Texts};
use super::keys::{ConfigKey, TableEntry, key};
use super::report::{WrongValue, quoted};
use super::value::{Read, Typed};
use super::{addresses, value};
use crate::limits;

/// The values of a `[[view]]`: a group of clients that see zones of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfiguredView {
    /// The name of the view. The key `view` of zones, hosts and records refers to it.
    pub name: String,
    /// The networks of the clients. If several views contain a client, the view with the longest matching prefix applies.
    pub clients: Vec<IpNet>,
    /// The zones without `view` that the clients of this view see, by apex. `None` means all of them.
    pub zones: Option<Vec<Name>>,
}

impl TableEntry for ConfiguredView {
    const NAME: &'static str = "view";
    const MOST: usize = limits::MAX_VIEWS;
    const KEYS: &'static [ConfigKey<Self>] = &[
        key!(Self, name, VIEW).required(),
        key!(Self, clients, Texts(clients)).required(),
        key!(Self, zones, Optional(List(NAME)))
            .comment(&[
                (Some("[]"), "its clients use no [[zone]] entries without `view`"),
                (None, "[[zone]] entries without `view` that its clients can use"),
            ])
            .unset("all"),
    ];

    fn blank() -> Self {
        Self { name: String::new(), clients: Vec::new(), zones: None }
    }

    fn title(&self) -> String {
        format!("view {}", self.name)
    }
}

pub(super) const VIEW: Text<String> = Text(word, String::clone);

/// Reads the name of a view. Only the characters in `fits` are permitted, so that error texts can contain the name without quotes.
fn word(typed: &Typed<'_>) -> Read<String> {
    let text = value::text(typed)?;
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    if text.is_empty() || text.len() > limits::MAX_VIEW_NAME || !text.chars().all(fits) {
        let wrong = format!("{} is not the name of a view", quoted(text));
        let most = limits::MAX_VIEW_NAME;
        let remedy = format!("write a word like \"office\": letters, digits, -, _ and ., at most {most}");
        return Err(WrongValue::new(wrong, remedy));
    }
    Ok(text.to_owned())
}

/// Returns " of the view X", for error texts, or an empty text if there is no view.
pub(super) fn of_view(view: Option<&str>) -> String {
    view.map_or_else(String::new, |view| format!(" of the view {view}"))
}

fn clients(typed: &Typed<'_>) -> Read<Vec<IpNet>> {
    let networks = value::list(typed, addresses::client_network)?;
    match networks.len() {
        0 => Err(WrongValue::new(
            "is empty, so the view has no clients",
            "add a network, or remove the [[view]]",
        )),
        1..=limits::MAX_VIEW_NETWORKS => Ok(networks),
        _ => {
            let most = limits::MAX_VIEW_NETWORKS;
            Err(WrongValue::new(format!("has more than {most} networks"), "join networks to larger ones"))
        }
    }
}
