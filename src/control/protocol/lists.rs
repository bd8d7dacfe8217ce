//! Rows of the replies about DNS lists.
//!
//! Spans are in seconds.

use serde::{Deserialize, Serialize};

use crate::dnsbl::batch::Mode;
use crate::dnsbl::entry::Counts;
use crate::dnsbl::list::{OnRefusal, Purpose, Subject};
use crate::dnsbl::state::Standing;
use crate::dnsbl::way::Way;
use crate::question::ListSays;

/// A list that was asked, and how it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListState {
    /// Its zone.
    pub list: String,
    /// Whom it is asked of; a list has a row for each.
    pub way: Way,
    /// What being listed means; none for a zone that only looks like a list.
    pub purpose: Option<Purpose>,
    /// How it is; none for a list that is shut down, or none at all.
    #[serde(flatten)]
    pub standing: Option<Standing>,
    /// What was asked of it since the start.
    #[serde(flatten)]
    pub counts: Counts,
    /// Questions that went out today (UTC), those asked ahead and tests included.
    pub today: u64,
    /// Questions a day that the operator allows.
    pub quota: Option<u64>,
    /// Questions a day that are free.
    pub free_quota: Option<u64>,
    /// Questions asked ahead that a client asked in time.
    pub ahead_used: u64,
    /// Questions asked ahead that none did.
    pub ahead_wasted: u64,
    /// Seconds that clients did not have to wait for it because of them; where `batch` only observes, would not have had to.
    pub ahead_saved: f64,
    /// What to know or do; empty where all is well.
    pub note: String,
}

/// What is asked ahead of clients, whichever list it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AheadState {
    /// Which lists are.
    pub batch: Mode,
    /// Questions and answers that were not learnt from, as there were too many at once or their names were too long.
    pub unheard: u64,
}

/// A list of the registry, or of the operator's configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListFacts {
    /// Its zone.
    pub list: String,
    /// What being listed means.
    pub purpose: Purpose,
    /// What is looked up in it.
    pub subjects: Vec<Subject>,
    /// When and how it was shut down.
    pub dead: Option<String>,
    /// Codes of listings.
    pub listed: Vec<CodeFact>,
    /// Codes of refusals.
    pub refused: Vec<CodeFact>,
    /// What a client gets for a refusal.
    pub on_refusal: OnRefusal,
    /// Questions a day that are free.
    pub free_quota: Option<u64>,
    /// Who may ask.
    pub terms: String,
    /// Where this is from.
    pub source: String,
    /// Whether the configuration has a say in it.
    pub configured: bool,
}

/// A code, and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFact {
    /// An address, or the first and the last of several.
    pub code: String,
    /// What it means.
    pub means: String,
}

/// What a list says of an address or a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListTest {
    /// Its zone.
    pub list: String,
    /// What being listed means.
    pub purpose: Purpose,
    /// What it said; none where it was not asked.
    pub says: Option<ListSays>,
    /// Its codes, and what they mean.
    pub codes: Vec<CodeFact>,
    /// Its text.
    pub text: Vec<String>,
    /// Why it tells nothing, or was not asked.
    pub why: Option<String>,
    /// How long it took.
    pub elapsed: f64,
}
