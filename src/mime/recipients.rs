//! Address lists as people type them, and addr-specs that may go on the wire.

use crate::lang::tr;
use crate::model::Address;

/// The longest address, in octets (RFC 5321 §4.5.3.1.3). How much of it stands before the @ only the
/// server behind it can judge: those of tickets and of answers by mail have more than 64 there.
const LONGEST: usize = 254;

/// Why a list of addresses can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", placed(.message, *.at))]
pub struct ListError {
    /// Where the trouble begins, in characters from the start.
    pub at: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

fn placed(message: &str, at: usize) -> String {
    tr!("{message} (at character {n})", message, n = at + 1)
}

/// Reads what was typed into To, Cc or Bcc: `Ada <a@b.example>, bob@x.example; "C, D" <c@d.example>`.
/// Commas, semicolons and line breaks divide; empty entries are passed over; a group's name
/// (`friends: a@x.example;`) is dropped. The domain comes back as typed.
///
/// # Errors
/// The first entry that is not an address, with its place.
pub fn parse_list(text: &str) -> Result<Vec<Address>, ListError> {
    let mut list = Vec::new();
    for (at, entry) in entries(text)? {
        if !entry.trim().is_empty() {
            list.push(one(at, &entry)?);
        }
    }
    Ok(list)
}

/// The list as it would be typed.
pub fn format_list(list: &[Address]) -> String {
    let shown: Vec<String> = list.iter().map(ToString::to_string).collect();
    shown.join(", ")
}

fn error<T>(at: usize, message: impl Into<String>) -> Result<T, ListError> {
    let message = message.into();
    Err(ListError { at, message })
}

/// Cuts at commas, semicolons and line ends outside quotes, brackets and comments. A parenthesis that
/// nothing closes begins no comment.
pub(super) fn entries(text: &str) -> Result<Vec<(usize, String)>, ListError> {
    match cut(text, true)? {
        Some(entries) => Ok(entries),
        None => Ok(cut(text, false)?.unwrap_or_default()),
    }
}

/// The entries; `None` if a comment is not closed.
fn cut(text: &str, comments: bool) -> Result<Option<Vec<(usize, String)>>, ListError> {
    let mut out = Vec::new();
    let mut now = String::new();
    let mut start = 0;
    let mut quoted: Option<usize> = None;
    let mut angle: Option<usize> = None;
    let mut depth = 0_usize;
    let mut escaped = false;
    for (at, c) in text.chars().enumerate() {
        let inside = quoted.is_some() || angle.is_some() || depth > 0;
        let divides = !inside && matches!(c, ',' | ';' | '\n');
        if divides {
            out.push((start, std::mem::take(&mut now)));
            start = at + 1;
            continue;
        }
        now.push(c);
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' if quoted.is_some() || depth > 0 => escaped = true,
            '(' if comments && quoted.is_none() && angle.is_none() => depth += 1,
            ')' if depth > 0 => depth -= 1,
            // In a comment every other sign is one as any (RFC 5322 §3.2.2).
            _ if depth > 0 => {}
            '"' => quoted = if quoted.is_some() { None } else { Some(at) },
            '<' if quoted.is_none() => {
                if angle.is_some() {
                    return error(
                        at,
                        tr!("a second \"<\" before the first is closed by \">\""),
                    );
                }
                angle = Some(at);
            }
            '>' if quoted.is_none() => angle = None,
            // `group:` names what follows and is no part of it.
            ':' if quoted.is_none() && angle.is_none() && !now.contains('@') => {
                now.clear();
                start = at + 1;
            }
            _ => {}
        }
    }
    if let Some(at) = angle {
        return error(at, tr!("the \"<\" is not closed by \">\""));
    }
    if let Some(at) = quoted {
        return error(at, tr!("the quotation mark is not closed"));
    }
    out.push((start, now));
    Ok((depth == 0).then_some(out))
}

fn one(at: usize, entry: &str) -> Result<Address, ListError> {
    let lead = entry.chars().take_while(|c| c.is_whitespace()).count();
    let at = at + lead;
    let entry = entry.trim();
    let (name, addr, addr_at) = match split_angle(entry) {
        Some((name, addr, after)) => {
            if !after.trim().is_empty() {
                let place = entry.chars().count() - after.trim_start().chars().count();
                return error(at + place, tr!("a comma is missing between two addresses"));
            }
            let before = name.chars().count() + 1;
            (unquote(name.trim()), addr.trim(), at + before)
        }
        // The old form: `addr (Name)`.
        None => match entry.split_once('(') {
            Some((addr, comment)) => (
                comment.trim_end().trim_end_matches(')').trim().to_owned(),
                addr.trim(),
                at,
            ),
            None => (String::new(), entry, at),
        },
    };
    if name.chars().any(is_break) {
        return error(
            at,
            tr!("a name can't hold line breaks or control characters"),
        );
    }
    check_addr(addr).map_err(|message| ListError {
        at: addr_at,
        message,
    })?;
    let addr = addr.to_owned();
    Ok(Address { name, addr })
}

/// What stands before, inside and after the brackets that are neither quoted nor in a comment. A
/// parenthesis that nothing closes begins no comment.
fn split_angle(entry: &str) -> Option<(&str, &str, &str)> {
    let at = angle(entry, true).or_else(|Unclosed| angle(entry, false));
    let (name, rest) = entry.split_at(at.ok().flatten()?);
    let (addr, after) = rest.get(1..)?.split_once('>')?;
    Some((name, addr, after))
}

/// A comment without its end.
struct Unclosed;

/// Where the bracket begins, if there is one.
fn angle(entry: &str, comments: bool) -> Result<Option<usize>, Unclosed> {
    let mut quoted = false;
    let mut escaped = false;
    let mut depth = 0_usize;
    for (n, c) in entry.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted || depth > 0 => escaped = true,
            '(' if comments && !quoted => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            '"' => quoted = !quoted,
            '<' if !quoted => return Ok(Some(n)),
            _ => {}
        }
    }
    match depth {
        0 => Ok(None),
        _ => Err(Unclosed),
    }
}

fn unquote(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut out = String::new();
    let mut escaped = false;
    for c in inner.chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            escaped = false;
            out.push(c);
        }
    }
    out
}

/// Characters that some reader takes for a line's end, and every other control character.
pub fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Whether this is an addr-spec that may be written to (RFC 5321 §4.1.2, RFC 6531): says what is
/// wrong, in words for whoever typed it.
pub(crate) fn check_addr(addr: &str) -> Result<(), String> {
    if addr.is_empty() {
        return Err(tr!("an address is missing").to_owned());
    }
    let Some((local, domain)) = addr.rsplit_once('@') else {
        return Err(tr!(
            "\"{shown}\" is no address: it needs the form name@domain",
            shown = crate::text::Clean::line(addr)
        ));
    };
    let shown = crate::text::Clean::line(addr);
    let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
    let bad =
        |c: char| is_break(c) || (!quoted && (c.is_whitespace() || "()<>[]:;@\\,\"".contains(c)));
    if local.is_empty() || domain.is_empty() {
        Err(tr!(
            "\"{shown}\" needs something on both sides of the @",
            shown
        ))
    } else if local.chars().any(bad) {
        Err(tr!(
            "\"{shown}\" has a character before the @ that can't stand there",
            shown
        ))
    } else if shown.as_str() != addr {
        Err(tr!("\"{shown}\" has an invisible character in it", shown))
    } else if addr.len() > LONGEST {
        Err(tr!("\"{shown}\" is longer than an address can be", shown))
    } else if ascii_domain(domain).is_none() {
        Err(tr!(
            "\"{shown}\" does not end with the name of a domain",
            shown
        ))
    } else {
        Ok(())
    }
}

/// A domain in the form for the wire: labels beyond ASCII as A-labels (RFC 5890), address
/// literals as they are. `None` if it is no domain.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    if let Some(literal) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) {
        let good = !literal.is_empty()
            && literal.bytes().all(|b| {
                b.is_ascii_hexdigit() || matches!(b, b'.' | b':') || b.is_ascii_alphabetic()
            });
        return good.then(|| domain.to_owned());
    }
    let ascii = idna::domain_to_ascii(domain).ok()?;
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    (ascii.len() <= 253 && ascii.split('.').all(label)).then_some(ascii)
}

/// The addr-spec as it goes on the wire; `None` if it can't.
pub(crate) fn wire_addr(addr: &str) -> Option<String> {
    check_addr(addr).ok()?;
    let (local, domain) = addr.rsplit_once('@')?;
    Some(format!("{local}@{}", ascii_domain(domain)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_type() {
        let text = "Ada <a@b.example>, bob@x.example; \"C, \\\"D\\\"\" <c@d.example>,\n(Eve) , f@g.example (Eff),";
        let err = parse_list(text).unwrap_err();
        assert!(err.message.contains("missing"), "{err}");
        let list = parse_list(&text.replace("(Eve) ,", "")).unwrap();
        let want = [
            "Ada|a@b.example",
            "|bob@x.example",
            "C, \"D\"|c@d.example",
            "Eff|f@g.example",
        ];
        let got: Vec<String> = list
            .iter()
            .map(|a| format!("{}|{}", a.name, a.addr))
            .collect();
        assert_eq!(got, want);
        assert_eq!(parse_list(&format_list(&list)).unwrap(), list);
        assert!(parse_list(" ,; ").unwrap().is_empty());
        assert_eq!(
            parse_list("team: a@x.example, b@x.example;").unwrap().len(),
            2
        );
        let comments =
            "bob@x.example (Smith, Bob), Eve (a; (b, c) d:) <e@x.example>, f@x.example (x\\), y)";
        let list = parse_list(comments).unwrap();
        let names: Vec<&str> = list.iter().map(|a| a.name.as_str()).collect();
        assert_eq!(names, ["Smith, Bob", "Eve (a; (b, c) d:)", "x\\), y"]);
        // A quotation mark in one quotes nothing, and a bracket holds no address.
        let odd = "Eve (5\" tall) <e@x.example>, f@x.example (once <old@x.example>)";
        let list = parse_list(odd).unwrap();
        let got: Vec<String> = list
            .iter()
            .map(|a| format!("{}|{}", a.name, a.addr))
            .collect();
        assert_eq!(
            got,
            [
                "Eve (5\" tall)|e@x.example",
                "once <old@x.example>|f@x.example"
            ]
        );
        // One that nothing closes is a sign as any other.
        let open = parse_list("Ada ( <a@x.example>, b@x.example (Bee), c@x.example").unwrap();
        assert_eq!(open.len(), 3, "{open:?}");
    }

    #[test]
    fn errors_have_a_place() {
        for (text, at) in [
            ("a@b.example, bob", 13),
            ("a@b.example, Bob <bob>", 18),
            ("Ada <a@b.example", 4),
            ("\"Ada <a@b.example>", 0),
            ("a@b.example <c@d.example> e@f.example", 26),
            ("a@b@c.example", 0),
            ("a b@c.example", 0),
            ("a@-x.example", 0),
            ("a@x..example", 0),
            ("é@", 0),
            ("a@b.example\u{2028}", 0),
        ] {
            match parse_list(text) {
                Err(e) => assert_eq!(e.at, at, "{text}: {e}"),
                Ok(list) => assert!(text.ends_with('\u{2028}'), "{text}: {list:?}"),
            }
        }
    }

    #[test]
    fn how_long_a_name_before_the_at_may_be_is_not_ours_to_say() {
        let ticket = |n: usize| format!("reply+{}@reply.example", "a".repeat(n));
        assert_eq!(check_addr(&ticket(90)), Ok(()));
        assert!(check_addr(&ticket(300)).is_err());
    }

    #[test]
    fn domains_become_a_labels() {
        assert_eq!(
            wire_addr("u@bücher.example").unwrap(),
            "u@xn--bcher-kva.example"
        );
        assert_eq!(wire_addr("u@[127.0.0.1]").unwrap(), "u@[127.0.0.1]");
        assert!(wire_addr("u@x\r\nRCPT TO:<v@y>").is_none());
        assert!(wire_addr("u\u{85}@x.example").is_none());
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_fit_for_the_wire(text in "(\\PC|@|<|>|\"|,|\r|\n|\\\\|x.example){0,30}") {
            if let Ok(list) = parse_list(&text) {
                for a in list {
                    let wire = wire_addr(&a.addr);
                    prop_assert!(wire.is_some());
                    prop_assert!(!wire.unwrap().contains(['\r', '\n', '\0']));
                    prop_assert!(!a.name.chars().any(is_break));
                }
            }
        }
    }
}
