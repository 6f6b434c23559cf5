//! Drafts that answer, pass on, or go on with a message (RFC 5322 §3.6.3, §3.6.4).

use super::answer::{self, Hints};
use super::attachment::safe_name;
use super::draft_copy;
use super::quote::{self, MAX_LINES, Pages};
use super::recipients::format_list;
use super::tree::Tree;
use super::wire::one_line;
use super::{field, parse};
use crate::model::{
    Account, Address, Draft, DraftAttachment, DraftKind, Envelope, MessageId, SendOptions,
};
use crate::text::subject::{FORWARD, REPLY, after_prefix};
use crate::text::{Clean, when};

pub use super::answer::Way;

/// A new message: the sender and the signature.
pub fn fresh(account: &Account) -> Draft {
    let from = account.identity();
    Draft {
        body: format!("\n{}", signature(account, &from)),
        ..from_sender(account, &from)
    }
}

/// An answer. `raw` is the message if its body is here (then it is quoted); `own` are the user's
/// addresses in all accounts, which are not written to, unless there is nobody else. `pages` says
/// how HTML is quoted. With
/// [`Way::List`] nobody is written to if the message came from no list.
pub fn reply(
    raw: Option<&[u8]>,
    envelope: &Envelope,
    account: &Account,
    way: Way,
    own: &[Address],
    pages: Pages,
) -> Draft {
    let hints = raw.map(Hints::read).unwrap_or_default();
    let own = &with_senders(own, account);
    let (to, cc) = answer::whom(envelope, &hints, (&account.senders(), own), way);
    let from = answer::identity(envelope, &hints, account);
    let quoted = raw
        .map(|raw| quote::quotation(raw, envelope, pages))
        .unwrap_or_default();
    Draft {
        kind: DraftKind::Reply,
        to: typed(&to),
        cc: typed(&cc),
        subject: prefixed("Re: ", &envelope.subject, &REPLY),
        body: format!("\n\n{quoted}{}", signature(account, &from)),
        in_reply_to: envelope.message_id.clone(),
        references: references(envelope),
        ..from_sender(account, &from)
    }
}

fn with_senders(own: &[Address], account: &Account) -> Vec<Address> {
    let mut all = own.to_vec();
    all.extend(account.senders());
    all
}

/// An empty draft from one of our addresses, with what belongs to it.
fn from_sender(account: &Account, from: &Address) -> Draft {
    let mut identities = account.identities.iter();
    let identity = identities.find(|i| i.email.eq_ignore_ascii_case(&from.addr));
    Draft {
        from: from.to_string(),
        reply_to: identity
            .and_then(|i| i.reply_to.clone())
            .unwrap_or_default(),
        ..Draft::new(account.name.clone())
    }
}

/// A message passed on inline, with its attachments. The signature stands below it: whoever gets it
/// takes all that follows one for part of it, and leaves that out of answers.
pub fn forward(raw: &[u8], envelope: &Envelope, account: &Account, pages: Pages) -> Draft {
    let from = answer::identity(envelope, &Hints::read(raw), account);
    let mut body = "\n\n---------- Forwarded message ----------\n".to_owned();
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            body.push_str(&format!("{name}: {}\n", Clean::line(value)));
        }
    };
    put("From", &format_list(&envelope.from));
    put("Date", &envelope.date.map(when::sent).unwrap_or_default());
    put("Subject", &envelope.subject);
    put("To", &format_list(&envelope.to));
    put("Cc", &format_list(&envelope.cc));
    body.push('\n');
    let tree = Tree::read(raw);
    let text = quote::text(&tree, 0, pages);
    for p in text.iter().take(MAX_LINES) {
        repeat(&mut body, p.quote, p.text.trim_end());
    }
    if text.len() > MAX_LINES {
        body.push_str("[…]\n");
    }
    body.push_str(&signature(account, &from));
    Draft {
        kind: DraftKind::Forward,
        subject: prefixed("Fwd: ", &envelope.subject, &FORWARD),
        body,
        attachments: quote::attachments(&tree),
        ..from_sender(account, &from)
    }
}

/// A message passed on whole, as an attachment (RFC 2046 §5.2.1): header, signatures and all, but not
/// who got a blind copy of one of ours.
pub fn forward_whole(raw: &[u8], envelope: &Envelope, account: &Account) -> Draft {
    let from = answer::identity(envelope, &Hints::read(raw), account);
    let subject = Clean::line(&envelope.subject);
    let title = match subject.as_str().trim() {
        "" => "message",
        title => title,
    };
    Draft {
        kind: DraftKind::Forward,
        subject: prefixed("Fwd: ", &envelope.subject, &FORWARD),
        body: format!("\n{}", signature(account, &from)),
        attachments: vec![DraftAttachment::Bytes {
            inline: false,
            name: safe_name(&format!("{title}.eml")),
            media_type: "message/rfc822".to_owned(),
            bytes: without_blind(raw).into(),
        }],
        ..from_sender(account, &from)
    }
}

/// The octets of a message without the fields of its header that name who was to be named nowhere.
fn without_blind(raw: &[u8]) -> Vec<u8> {
    let (fields, _) = field::split(raw);
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    for f in fields.iter().filter(|f| f.is_blind()) {
        // A field is a piece of the message.
        let begin = (f.raw.as_ptr() as usize).wrapping_sub(rest.as_ptr() as usize);
        let (before, from) = rest.split_at_checked(begin).unwrap_or((rest, &[]));
        out.extend_from_slice(before);
        rest = from.get(f.raw.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// A message taken up again as a draft: its own words, recipients (Bcc too) and attachments. It
/// gets a new Message-ID when it is sent, and one that somebody else wrote a sender of ours. Where it
/// lies tells whether the user wrote it, not what it says of itself: then it stays letter for letter
/// (`as_written`); all else is clean.
pub fn edit(
    raw: &[u8],
    account: &Account,
    own: &[Address],
    pages: Pages,
    as_written: bool,
) -> Draft {
    let tree = Tree::read(raw);
    let e = parse::of_fields(&tree.fields);
    let own = with_senders(own, account);
    let is_ours = |a: &Address| own.iter().any(|o| o.same_mailbox(a));
    // A draft that names nobody is one of ours.
    let ours = e.from.is_empty() || e.from.iter().any(is_ours);
    let kept = |text: &str| match as_written {
        true => one_line(text),
        false => Clean::line(text).into_string(),
    };
    let list = |name: &str| {
        if let Some(line) = draft_copy::line(&tree.fields, name) {
            return kept(&line);
        }
        let found = tree.fields.iter().filter(|f| f.is(name));
        let all = found.flat_map(|f| field::all_addresses(f.value));
        let all = all.map(|a| Address::new(kept(&a.name), a.addr));
        format_list(&all.collect::<Vec<_>>())
    };
    let in_reply_to = e.in_reply_to.first().filter(|_| ours).cloned();
    Draft {
        kind: if in_reply_to.is_some() {
            DraftKind::Reply
        } else {
            DraftKind::New
        },
        from: match e.from.iter().find(|from| is_ours(from)) {
            Some(from) => Address::new(kept(&from.name), from.addr.clone()).to_string(),
            None => Some(list("From"))
                .filter(|line| ours && !line.is_empty())
                .unwrap_or_else(|| account.identity().to_string()),
        },
        reply_to: if ours {
            list("Reply-To")
        } else {
            String::new()
        },
        to: list("To"),
        cc: list("Cc"),
        bcc: list("Bcc"),
        subject: kept(&e.subject),
        body: words_of(&tree, pages, as_written),
        attachments: quote::attachments(&tree),
        in_reply_to,
        references: if ours { e.references } else { Vec::new() },
        options: SendOptions {
            markdown: draft_copy::is_markdown(&tree.fields),
            ..SendOptions::default()
        },
        ..Draft::new(account.name.clone())
    }
}

/// The text of a message to be written on.
fn words_of(tree: &Tree<'_>, pages: Pages, as_written: bool) -> String {
    let mut paragraphs = quote::written(tree, pages);
    match as_written {
        true => quote::lettered(&mut paragraphs),
        false => quote::clean(&mut paragraphs),
    }
    let mut body = String::new();
    for p in paragraphs {
        let text = match p.text.as_str() {
            dashes @ "-- " => dashes,
            text => text.trim_end(),
        };
        repeat(&mut body, p.quote, text);
    }
    body
}

/// Adds a line behind the marks of its quotation.
fn repeat(body: &mut String, quote: usize, text: &str) {
    body.push_str(&">".repeat(quote));
    if quote > 0 {
        body.push(' ');
    }
    body.push_str(text);
    body.push('\n');
}

/// The subject with exactly one prefix in front, however many of its kind it had.
fn prefixed(prefix: &str, subject: &str, kind: &[&str]) -> String {
    let clean = Clean::line(subject);
    let mut rest = clean.as_str().trim();
    while let Some(after) = after_prefix(rest, kind) {
        rest = after;
    }
    format!("{prefix}{rest}").trim_end().to_owned()
}

/// RFC 5322 §3.6.4: the parent's References (or its one In-Reply-To) and the parent.
fn references(e: &Envelope) -> Vec<MessageId> {
    let mut list = match (e.references.as_slice(), e.in_reply_to.as_slice()) {
        ([], [one]) => vec![one.clone()],
        (list, _) => list.to_vec(),
    };
    list.retain(|id| Some(id) != e.message_id.as_ref());
    list.extend(e.message_id.clone());
    list
}

/// As it stands in a field of the composer: names clean, addresses as they are.
fn typed(list: &[Address]) -> String {
    let clean: Vec<Address> = list
        .iter()
        .map(|a| Address::new(Clean::line(&a.name).to_string(), a.addr.clone()))
        .collect();
    format_list(&clean)
}

/// What stands below a new message from this address of the account's: `-- ` and the signature,
/// or nothing.
pub fn signature(account: &Account, from: &Address) -> String {
    let identities = account.identities.iter();
    let own = identities
        .filter(|i| i.email.eq_ignore_ascii_case(&from.addr))
        .find_map(|i| i.signature.as_deref());
    match own.or(account.signature.as_deref()).map(str::trim_end) {
        Some(text) if !text.is_empty() => format!("\n-- \n{text}\n"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests;
