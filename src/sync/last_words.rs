//! What a connection that ended tells of why: whether what was asked for may have ended it.

use crate::net::NetError;

/// Last words of servers that hang up on everybody, or on whom they have had enough of; many give no
/// code with them.
const PASSING: [&str; 14] = [
    "bandwidth",
    "exceeded",
    "try again",
    "temporar",
    "unavailable",
    "is closed",
    "invalidated",
    "expired",
    "shutting down",
    "shutdown",
    "maintenance",
    "restart",
    "too many",
    "inactiv",
];

/// Whether a connection that ended so may have been ended by what was asked for. A server that says
/// why it hangs up, or when to come back, is believed.
pub fn may_be(error: &NetError) -> bool {
    match error {
        NetError::Cut(_) | NetError::Protocol(_) | NetError::Timeout => true,
        NetError::Busy(words) => {
            words.code.is_none() && error.wait_hint().is_none() && passing(error).is_none()
        }
        _ => false,
    }
}

/// The same of what was sent: a code or words that tell of that are believed, too.
pub fn may_be_of_sent(error: &NetError) -> bool {
    const TELLS: [&str; 5] = ["TOOBIG", "OVERQUOTA", "CANNOT", "CLIENTBUG", "SERVERBUG"];
    let code = error.refusal().and_then(|words| words.code.as_deref());
    may_be(error)
        || passing(error).is_some_and(tell_of_size)
        || (matches!(error, NetError::Busy(_)) && code.is_some_and(|code| TELLS.contains(&code)))
}

/// Whether last words are about how much was sent.
fn tell_of_size(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    let tells = ["size", "too large", "too big", "too long"];
    tells.iter().any(|word| words.contains(word))
}

/// The last words, if they sound as if it would pass, and nothing but the words says so: some are said
/// of one message, too, and then they are said whenever that one is asked for.
pub fn passing(error: &NetError) -> Option<&str> {
    let NetError::Busy(words) = error else {
        return None;
    };
    let text = words.text.to_ascii_lowercase();
    let passes = PASSING.iter().any(|word| text.contains(word));
    let only_words = words.code.is_none() && error.wait_hint().is_none();
    (passes && only_words).then_some(words.text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_that_pass_are_no_message_s_fault() {
        let bye = |text: &str| {
            NetError::Busy(crate::net::Refusal {
                text: text.to_owned(),
                ..Default::default()
            })
        };
        for text in [
            "Account exceeded command or bandwidth limits. (Failure)",
            "Connection is closed. 13",
            "Session invalidated - AccessTokenExpired",
            "Server shutting down.",
        ] {
            assert!(!may_be(&bye(text)), "{text}");
            assert_eq!(passing(&bye(text)), Some(text));
        }
        assert!(may_be(&bye("Internal error")) && may_be(&bye("")));
        assert_eq!(passing(&bye("Internal error")), None);
        let coded = |code: &str| {
            NetError::Busy(crate::net::Refusal {
                code: Some(code.to_owned()),
                ..Default::default()
            })
        };
        assert!(!may_be(&coded("TOOBIG")) && may_be_of_sent(&coded("TOOBIG")));
        assert!(may_be_of_sent(&bye("Maximum message size exceeded")));
        assert!(!may_be_of_sent(&bye("Server shutting down.")));
        assert!(!may_be_of_sent(&coded("UNAVAILABLE")) && may_be_of_sent(&bye("")));
    }
}
