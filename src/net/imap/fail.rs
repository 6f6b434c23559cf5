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

/// A tagged NO or BAD to our credentials. What is said of a name and password counts before what is
/// said of trying again: "Invalid credentials, please try again" is no trouble of the server's.
pub fn sign_in(reply: &Reply) -> NetError {
    let text = reply.text.to_ascii_lowercase();
    let wrong = [
        "invalid",
        "incorrect",
        "wrong",
        "credential",
        "bad username",
        "password",
    ];
    let denied = match &reply.code {
        Some(Code::Other(name)) => name.starts_with("AUTH") || name == "EXPIRED",
        _ => false,
    };
    let judged = denied || wrong.iter().any(|word| text.contains(word));
    let passes = is_coded(reply) || quirks::passes(&reply.text) || (!judged && passes(reply));
    // Some refuse a right password while there are too many connections, and give no code for it.
    match passes || too_many_connections(&reply.text) {
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

/// Whether a refusal passes by itself: by its code, or in words that many use. Where it does not, who
/// asked is patient only for so long.
fn passes(reply: &Reply) -> bool {
    if reply.code == Some(Code::OverQuota) {
        // A full mailbox does not empty by itself; bandwidth limits come so, too.
        return reply.text.to_ascii_lowercase().contains("bandwidth");
    }
    is_coded(reply) || quirks::passes(&reply.text) || is_put_off(&reply.text) || has_fault(reply)
}

/// Whether its code says that it passes.
fn is_coded(reply: &Reply) -> bool {
    match &reply.code {
        Some(Code::Limit | Code::Unavailable | Code::InUse) => true,
        Some(Code::Other(name)) => name == "TEMPFAIL" || name == "THROTTLED",
        _ => false,
    }
}

/// Whether these words put us off.
fn is_put_off(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let words = ["bandwidth", "try again", "temporar"];
    words.iter().any(|word| text.contains(word))
}

/// Whether the server stumbled: over what was asked, or over itself.
fn has_fault(reply: &Reply) -> bool {
    let text = reply.text.to_ascii_lowercase();
    let words = ["system error", "server error", "internal error"];
    matches!(&reply.code, Some(Code::Other(name)) if name == SERVERBUG)
        || words.iter().any(|word| text.contains(word))
}

/// The code of a server that stumbled (RFC 5530 §3).
const SERVERBUG: &str = "SERVERBUG";

/// Whether a command was refused and may be tried in another way, or in pieces: for good, or by a
/// server that stumbled and did not say that it would be better later.
pub fn is_refusal(error: &NetError) -> bool {
    match error {
        NetError::Refused(_) => true,
        NetError::Later(r) => {
            let fault = Reply {
                verdict: Verdict::No,
                code: r.code.clone().map(Code::Other),
                text: r.text.clone(),
            };
            let later = [
                "LIMIT",
                "UNAVAILABLE",
                "INUSE",
                "TEMPFAIL",
                "THROTTLED",
                "OVERQUOTA",
            ];
            let coded = r.code.as_deref().is_some_and(|code| later.contains(&code));
            has_fault(&fault) && !coded && !is_put_off(&r.text) && !quirks::passes(&r.text)
        }
        _ => false,
    }
}
