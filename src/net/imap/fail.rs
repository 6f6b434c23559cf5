//! The errors of this folder: how what a server said becomes a [`NetError`].

use crate::net::error::{NetError, Refusal, too_many_connections};
use crate::net::imap::caps::Caps;
use crate::net::imap::code::Code;
use crate::net::imap::command::Unsayable;
use crate::net::imap::decode::{Reply, Verdict};
use crate::net::imap::quirks;

/// A tagged NO or BAD; the session goes on.
pub fn refused(reply: &Reply) -> NetError {
    match passes(reply) {
        true => NetError::Later(refusal(reply)),
        false => NetError::Refused(refusal(reply)),
    }
}

/// A tagged NO or BAD to our credentials.
pub fn sign_in(reply: &Reply) -> NetError {
    // Some refuse a right password while there are too many connections, and give no code for it.
    match passes(reply) || too_many_connections(&reply.text) {
        true => NetError::AuthLater(refusal(reply)),
        false => NetError::Auth(refusal(reply)),
    }
}

/// The server hung up, with these last words.
pub fn closed(bye: &Reply) -> NetError {
    NetError::Busy(refusal(bye))
}

/// Something that is allowed but of no use to us; the session goes on.
pub fn odd(text: &str) -> NetError {
    NetError::Refused(Refusal {
        text: text.to_owned(),
        ..Refusal::default()
    })
}

/// Out of step; the session ends.
pub fn protocol(text: impl Into<String>) -> NetError {
    NetError::Protocol(text.into())
}

/// The session had ended before.
pub fn over() -> NetError {
    NetError::Cut("the session has ended".to_owned())
}

/// A command that can't be written.
pub fn unsayable(why: Unsayable) -> NetError {
    NetError::Unsendable(why.to_string())
}

/// Capabilities that came untagged, in the form of those that come in a code.
pub fn told(caps: Caps) -> Reply {
    Reply {
        verdict: Verdict::Ok,
        code: Some(Code::Capability(caps)),
        text: String::new(),
    }
}

fn refusal(reply: &Reply) -> Refusal {
    Refusal {
        reply: 0,
        code: reply.code.as_ref().map(|code| code.name().to_owned()),
        text: reply.text.clone(),
    }
}

/// Whether a refusal passes by itself.
fn passes(reply: &Reply) -> bool {
    let coded = match &reply.code {
        Some(Code::Limit | Code::Unavailable | Code::InUse) => true,
        // Bandwidth limits come as OVERQUOTA, too; a full mailbox does not empty by itself.
        Some(Code::OverQuota) => reply.text.contains("bandwidth"),
        Some(Code::Other(name)) => name == "TEMPFAIL" || name == "THROTTLED",
        _ => false,
    };
    coded || quirks::passes(&reply.text)
}
