//! The facts that a bounce leaves out, each with the change that helps.

/// A fact that a bounce may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Untold {
    /// The address of the client.
    Client,
    /// The address of the client, and a signature.
    Proof,
    /// The HELO name of the client.
    Helo,
    /// The domain of the sender.
    Sender,
    /// The recipient.
    Recipient,
}

impl Untold {
    const ALL: [Self; 5] = [Self::Client, Self::Proof, Self::Helo, Self::Sender, Self::Recipient];

    /// The sentence about it.
    const fn words(self) -> &'static str {
        match self {
            Self::Client => "the receiver refuses the client, and the bounce does not tell its address",
            Self::Proof => {
                "the receiver refuses the mail by DMARC, and the bounce tells neither the address of the client nor a signature"
            }
            Self::Helo => "the receiver refuses the HELO name of the client, and the bounce does not tell it",
            Self::Sender => "the receiver refuses the sender, and the text does not tell its domain",
            Self::Recipient => "no recipient that did not get the mail was found in this bounce",
        }
    }

    /// The change that helps.
    const fn remedy(self) -> &'static str {
        match self {
            Self::Client => {
                "Find the public address of the host that sent the mail, and check it with `resolverctl check ADDRESS`"
            }
            Self::Proof => {
                "Check the domain of the sender with `resolverctl check DOMAIN --from ADDRESS --selector SELECTOR`: the public address of \
                 the host that sent the mail, and the selector of its DKIM signatures"
            }
            Self::Helo => {
                "Look for the HELO name in the configuration of the host that sent the mail (myhostname or smtp_helo_name in Postfix), and \
                 check it with `resolverctl check DOMAIN --from ADDRESS --helo NAME`"
            }
            Self::Sender => "Check the domain of the sender with `resolverctl check DOMAIN`",
            Self::Recipient => "Check the domain of the recipient with `resolverctl check DOMAIN`",
        }
    }
}

/// The sentences about those that a bounce leaves out: the client, the client and a signature, the HELO name, the sender, the recipient.
pub(super) fn words(is_untold: [bool; Untold::ALL.len()]) -> Vec<String> {
    let untold = Untold::ALL.into_iter().zip(is_untold).filter(|(_, is_untold)| *is_untold);
    untold.map(|(untold, _)| untold.words().to_owned()).collect()
}

/// The change that helps against the first of the sentences, if it is about such a fact.
pub(super) fn remedy(unread: &[String]) -> Option<&'static str> {
    let first = unread.first()?;
    Untold::ALL.into_iter().find(|untold| untold.words() == first).map(Untold::remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fact_that_is_left_out_has_its_remedy() {
        for untold in Untold::ALL {
            let found = remedy(&[untold.words().to_owned(), "text/plain: its base64 is damaged".to_owned()]);
            assert_eq!(found, Some(untold.remedy()));
        }
        assert_eq!(remedy(&["text/plain: its base64 is damaged".to_owned()]), None);
        assert_eq!(remedy(&[]), None);
        assert_eq!(words([false, false, true, false, false]), [Untold::Helo.words()]);
    }
}
