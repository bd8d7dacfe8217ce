//! The text for a server's answer in the trail, the list of the steps of a resolution.

use hickory_proto::op::Message;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};

use super::classify::{Classified, End};
use super::failure::conduct_text;
use dns::conduct::Conduct;
use dns::limits::MAX_ERROR_TEXT;
use dns::question::ExtendedError;
use exchange::Trouble;
use record::note::Words;

const EXTENDED_ERROR: u16 = 15;

/// Describes an answer for the trail. With `keyed`, texts from the server are left out, because the query had a customer's key and they may repeat
/// it.
pub(super) fn summary(said: &Classified, message: &Message, keyed: bool) -> Words {
    let authoritative = message.metadata.authoritative;
    let authority = if authoritative { "" } else { ", without AA" };
    match said {
        Classified::Found(found) => match &found.end {
            End::Data => Words::Records { count: found.answers.len(), authoritative },
            End::Alias(target) => format!("alias of {target}{authority}").into(),
            End::TooLong => format!("YXDOMAIN{authority}").into(),
            End::Negative { nxdomain, .. } => Words::Negative { nxdomain: *nxdomain, authoritative },
        },
        Classified::Referral(referral) => {
            let (servers, addresses) = (referral.servers.len(), referral.glue.len());
            let text = format!("referral to {} (servers: {servers}, addresses: {addresses})", referral.zone);
            text.into()
        }
        Classified::Doubtful(_) => format!("negative answer that is not from the zone{authority}").into(),
        Classified::NoRoom => Trouble::NoRoom.to_string().into(),
        Classified::Nothing(conduct) => {
            let (code, error) = (message.metadata.response_code, extended_error(message, keyed));
            let text = conduct_text(*conduct);
            match (conduct, error) {
                (Conduct::OtherError, error) => {
                    format!("{text} {}{}", u16::from(code), error.unwrap_or_default()).into()
                }
                (_, Some(error)) => format!("{text}{error}").into(),
                (_, None) => Words::Fixed(text),
            }
        }
    }
}

/// Returns the extended error in a server's reply (RFC 8914), to be appended to another text.
fn extended_error(message: &Message, keyed: bool) -> Option<String> {
    let code = EdnsCode::from(EXTENDED_ERROR);
    let Some(EdnsOption::Unknown(_, data)) = message.edns.as_ref()?.option(code) else { return None };
    let (number, text) = data.split_first_chunk::<2>()?;
    let number = u16::from_be_bytes(*number);
    let text = if keyed { "".into() } else { String::from_utf8_lossy(text) };
    let error = ExtendedError::new(number, text.chars().take(MAX_ERROR_TEXT).collect::<String>());
    let name = error.name().map(|name| format!(" ({name})")).unwrap_or_default();
    let text = if error.text.is_empty() { String::new() } else { format!(": {}", error.text) };
    Some(format!(", extended error {number}{name}{text}"))
}
