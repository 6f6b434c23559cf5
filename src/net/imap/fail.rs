//! The errors of this folder: how what a server said becomes a [`NetError`].

use crate::lang::kept;
use crate::net::error::{NetError, Refusal, too_many_connections};
use crate::net::imap::caps::Caps;
use crate::net::imap::code::Code;
use crate::net::imap::command::Unsayable;
use crate::net::imap::decode::{Reply, Verdict};
use crate::net::imap::quirks;

/// A tagged NO or BAD; the session goes on. `names` are what the command said that servers like to
/// repeat ([`Command::strings`](crate::net::imap::command::Command::strings)).
pub fn refused(reply: &Reply, names: &[String]) -> NetError {
    match passes(reply, &own_words(&reply.text, names)) {
        true => NetError::Later(refusal(reply)),
        false => NetError::Refused(refusal(reply)),
    }
}

/// A tagged NO or BAD to our credentials. What is said of a name and password counts before what is
/// said of trying again: "Invalid credentials, please try again" is no trouble of the server's. That
/// we may try again is a courtesy that says nothing: a wrong password that is sent again and again
/// locks the account.
pub fn sign_in(reply: &Reply) -> NetError {
    let text = reply.text.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let denied = match &reply.code {
        Some(Code::Other(name)) => name.starts_with("AUTH") || name == "EXPIRED",
        _ => false,
    };
    let wrong = denied
        || says(&[
            "invalid",
            "incorrect",
            "wrong",
            "credential",
            "bad username",
            "password",
        ]);
    // A server in trouble says so, and then that signing in failed.
    let troubled = has_fault(reply, &text) || says(&["temporar", "bandwidth"]);
    let failed = says(&["login fail", "authentication fail", "denied"]);
    let put_off = says(&[
        "later",
        "again in ",
        "again after ",
        "retry in ",
        "retry after ",
    ]);
    let passes = is_coded(reply)
        || quirks::passes(&reply.text)
        || (!wrong && (troubled || (put_off && !failed)));
    // Some refuse a right password while there are too many connections, and give no code for it.
    match passes || too_many_connections(&reply.text) {
        true => NetError::AuthLater(refusal(reply)),
        false => NetError::Auth(refusal(reply)),
    }
}

/// Whether this is said of how a sign-in was written, and not of who signs in: a wrong password that
/// is sent in one way after the other locks the account.
pub fn is_not_understood(reply: &Reply) -> bool {
    let text = reply.text.to_ascii_lowercase();
    let about_us = [
        "password",
        "credential",
        "authentication",
        "login fail",
        "denied",
    ];
    let coded = !matches!(&reply.code, None | Some(Code::Capability(_)));
    reply.verdict == Verdict::Bad && !coded && !about_us.iter().any(|word| text.contains(word))
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
    NetError::Unsendable(kept(|| why.told().to_owned()))
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
/// asked is patient only for so long. `said`: its own words.
fn passes(reply: &Reply, said: &str) -> bool {
    if is_final(reply) {
        return false;
    }
    if reply.code == Some(Code::OverQuota) {
        // A full mailbox does not empty by itself; bandwidth limits come so, too.
        return said.contains("bandwidth");
    }
    is_coded(reply) || quirks::passes(said) || is_put_off(said) || has_fault(reply, said)
}

/// Whether its code is a last word, whatever is said beside it: much of that is a mailbox's name.
fn is_final(reply: &Reply) -> bool {
    match &reply.code {
        Some(Code::NonExistent | Code::TryCreate | Code::AlreadyExists) => true,
        Some(Code::Other(name)) => FINAL.contains(&name.as_str()),
        _ => false,
    }
}

/// Codes that are a last word and that nothing else is made of (RFC 5530 §3, RFC 9051 §7.1,
/// RFC 7889 §4).
const FINAL: [&str; 8] = [
    "NOPERM",
    "CANNOT",
    "TOOBIG",
    "CLIENTBUG",
    "HASCHILDREN",
    "BADCHARSET",
    "UNKNOWN-CTE",
    "PRIVACYREQUIRED",
];

/// Whether its code says that it passes.
fn is_coded(reply: &Reply) -> bool {
    match &reply.code {
        Some(Code::Limit | Code::Unavailable | Code::InUse) => true,
        Some(Code::Other(name)) => name == "TEMPFAIL" || name == "THROTTLED",
        _ => false,
    }
}

/// What a refusal says in small letters, without what stands in quotation marks and without the
/// names that it repeats: a mailbox may be called "Temporary".
fn own_words(text: &str, names: &[String]) -> String {
    let mut said = unquoted(&text.to_lowercase());
    for name in names {
        said = without(&said, &name.to_lowercase());
    }
    said
}

/// A text without what stands in quotation marks. An apostrophe within a word is none.
fn unquoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '<']) {
        let (before, quoted) = rest.split_at(at);
        out.push_str(before);
        let mut inside = quoted.chars();
        let mark = inside.next().unwrap_or_default();
        let inside = inside.as_str();
        let ends = if mark == '<' { '>' } else { mark };
        let begins = mark != '\'' || !out.ends_with(char::is_alphanumeric);
        rest = match inside.split_once(ends).filter(|_| begins) {
            Some((_, after)) => after,
            None => {
                out.push(mark);
                inside
            }
        };
    }
    out.push_str(rest);
    out
}

/// A text without a name, wherever that stands in it for itself.
fn without(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !name.is_empty()
        && let Some((before, after)) = rest.split_once(name)
    {
        out.push_str(before);
        let within = out.ends_with(char::is_alphanumeric)
            && name.starts_with(char::is_alphanumeric)
            || after.starts_with(char::is_alphanumeric) && name.ends_with(char::is_alphanumeric);
        out.push_str(if within { name } else { " " });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether these words put us off.
fn is_put_off(said: &str) -> bool {
    let words = ["bandwidth", "try again", "temporar"];
    words.iter().any(|word| said.contains(word))
}

/// Whether the server stumbled: over what was asked, or over itself.
fn has_fault(reply: &Reply, said: &str) -> bool {
    let words = ["system error", "server error", "internal error"];
    matches!(&reply.code, Some(Code::Other(name)) if name == SERVERBUG)
        || words.iter().any(|word| said.contains(word))
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
            let said = own_words(&r.text, &[]);
            has_fault(&fault, &said) && !coded && !is_put_off(&said) && !quirks::passes(&said)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::imap::command::Command;
    use proptest::prelude::*;

    fn reply(words: &str) -> Reply {
        let (code, text) = match words.strip_prefix('[').and_then(|w| w.split_once("] ")) {
            Some((code, text)) => (Some(Code::parse(code.as_bytes())), text),
            None => (None, words),
        };
        Reply {
            verdict: Verdict::No,
            code,
            text: text.to_owned(),
        }
    }

    fn names(name: &str) -> Vec<String> {
        let name = crate::model::name::encode(name);
        let command = Command::new("SELECT ").astring(&name).unwrap();
        command.strings()
    }

    #[test]
    fn a_mailbox_may_be_called_as_if_it_put_us_off() {
        let gone = [
            (
                "Temporary",
                "[NONEXISTENT] Mailbox doesn't exist: Temporary",
            ),
            ("Temporary", "[TRYCREATE] Mailbox doesn't exist: Temporary"),
            ("Temporary", "Mailbox doesn't exist: \"Temporary\""),
            ("x", "Mailbox doesn't exist: 'Temporary'"),
            ("x", "Mailbox doesn't exist: <Temporary>"),
            ("Work/Temporary", "No such mailbox Work/Temporary"),
            ("Temporär", "No such mailbox Tempor&AOQ-r"),
            ("Temporary ä", "No such mailbox Temporary ä"),
        ];
        let last = [
            ("Temporary", "[NOPERM] Permission denied: Temporary"),
            ("Temporary", "[CANNOT] Can't delete Temporary"),
            ("Temporary", "[TOOBIG] too big for Temporary"),
            ("Temporary", "[OVERQUOTA] Quota exceeded for Temporary"),
            ("bandwidth", "[OVERQUOTA] Quota exceeded: bandwidth"),
            ("Temporary", "Temporary doesn't exist."),
            ("Server error", "Unknown mailbox Server error"),
        ];
        // What a server says itself still counts.
        let later = [
            ("Temporary", "[UNAVAILABLE] Temporary"),
            ("Temporary", "Temporary can't be opened, try again"),
            ("tempo", "Temporary failure"),
            ("x", "It's temporarily locked, isn't it"),
            ("x", "Temporary trouble with the user's mailbox"),
            ("x", "[SERVERBUG] Internal error"),
            ("x", "System Error (Failure)"),
            ("", "Temporary failure"),
        ];
        let judged = |(mailbox, words): (&str, &str)| refused(&reply(words), &names(mailbox));
        let passes = |error: &NetError| matches!(error, NetError::Later(_));
        for case in gone {
            let error = judged(case);
            assert!(!passes(&error) && error.no_such_mailbox(), "{case:?}");
        }
        for case in last {
            assert!(!passes(&judged(case)), "{case:?}");
        }
        for case in later {
            assert!(passes(&judged(case)), "{case:?}");
        }
        let there = judged(("Temporary", "[ALREADYEXISTS] Temporary exists, try again"));
        assert!(!passes(&there) && there.already_exists());
    }

    proptest! {
        #[test]
        fn any_words_are_judged(
            text in "(Temporary|try again|a|'|\"|<|>| |İ|\\PC){0,20}",
            name in "(Temporary|a|'|İ|\\PC){0,5}",
        ) {
            let said = own_words(&text, &[name]);
            prop_assert!(said.len() <= 2 * text.len());
            sign_in(&reply(&text));
        }
    }
}
