//! SELECT and EXAMINE: what a client is told of a mailbox that it opens, and with QRESYNC what
//! changed since it was last here (RFC 3501 §6.3.1, RFC 7162 §3.2.5, RFC 8474 §4.2).

use super::answer::{Answer, flag};
use super::folder::Folder;
use super::give::mailbox_id;
use super::listing;
use super::search::{ranges, within};
use super::session::{Session, View, count, tell_flags};
use super::spell;
use crate::model::System;
use imap_types::command::SelectParameter;
use imap_types::core::Tag;
use imap_types::flag::FlagPerm;
use imap_types::response::{Code, Data, Response, Status, StatusKind};
use imap_types::sequence::SequenceSet;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the client knows of a mailbox from earlier.
#[derive(Clone, Debug)]
pub struct Known {
    /// UIDVALIDITY.
    pub validity: u32,
    /// HIGHESTMODSEQ.
    pub modseq: u64,
    /// The UIDs it holds; `None` for not said.
    pub uids: Option<SequenceSet>,
    /// Sequence numbers and the UIDs it held under them.
    pub pairs: Option<(SequenceSet, SequenceSet)>,
}

/// How a mailbox is to be opened.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// With CONDSTORE.
    pub condstore: bool,
    /// With QRESYNC.
    pub known: Option<Known>,
}

impl Ask {
    /// Reads what stands in parentheses.
    pub fn of(parameters: Vec<SelectParameter>) -> Ask {
        let mut ask = Ask::default();
        for parameter in parameters {
            match parameter {
                SelectParameter::CondStore => ask.condstore = true,
                SelectParameter::QResync {
                    uid_validity,
                    mod_sequence_value,
                    known_uids,
                    seq_match_data,
                } => {
                    ask.known = Some(Known {
                        validity: uid_validity.get(),
                        modseq: mod_sequence_value.get(),
                        uids: known_uids,
                        pairs: seq_match_data,
                    });
                }
            }
        }
        ask
    }
}

/// Opens a mailbox and answers.
pub fn open(
    s: &mut Session,
    tag: &Tag<'_>,
    mailbox: &str,
    read_only: bool,
    ask: &Ask,
    out: &mut Answer,
) {
    if s.view.take().is_some() && s.offers("CONDSTORE") {
        out.note("CLOSED", "the other mailbox is closed");
    }
    s.saved.clear();
    if ask.condstore || ask.known.is_some() {
        s.condstore = true;
    }
    let shared = Arc::clone(&s.shared);
    let mut world = shared.world();
    let person = s.person(&mut world);
    let Some((person, folder)) = person.and_then(|p| Some((&*p, p.folders.get(mailbox)?))) else {
        return out.no(tag, "NONEXISTENT", "no such mailbox");
    };
    told_of(s, folder, read_only, out);
    if s.rev2 {
        out.line(listing::line(person, mailbox, Some(folder), &[], s.style()));
    }
    if let Some(known) = ask.known.as_ref().filter(|k| k.validity == folder.validity) {
        resync(folder, known, out);
    }
    s.view = Some(View {
        mailbox: mailbox.to_owned(),
        id: folder.id,
        validity: folder.validity,
        read_only,
        known: folder.messages.iter().map(|m| (m.uid, m.modseq)).collect(),
        told: folder.highest,
    });
    match read_only {
        true => out.ok(tag, "READ-ONLY", "opened for reading"),
        false => out.ok(tag, "READ-WRITE", "opened"),
    }
}

fn told_of(s: &Session, folder: &Folder, read_only: bool, out: &mut Answer) {
    let mut names: Vec<String> = System::ALL.iter().map(|(_, n)| (*n).to_owned()).collect();
    let mut keywords = BTreeSet::new();
    for message in &folder.messages {
        keywords.extend(message.flags.keywords.iter().cloned());
    }
    names.extend(keywords);
    let all: Vec<_> = names.iter().filter_map(|n| flag(n)).collect();
    let mut permanent: Vec<FlagPerm<'_>> = Vec::new();
    if !read_only {
        permanent.extend(all.iter().cloned().map(FlagPerm::Flag));
        permanent.push(FlagPerm::Asterisk);
    }
    out.data(Data::Flags(all));
    out.data(Data::Exists(count(folder.messages.len())));
    if !s.rev2 {
        out.data(Data::Recent(0));
        let mut all = folder.messages.iter();
        let unseen = all.position(|m| !m.flags.system.has(System::SEEN));
        if let Some(at) = unseen {
            out.note(&format!("UNSEEN {}", at + 1), "first unread");
        }
    }
    out.note(&format!("UIDVALIDITY {}", folder.validity), "UIDs valid");
    out.note(&format!("UIDNEXT {}", folder.next), "predicted next UID");
    out.permanent(permanent);
    if s.offers("CONDSTORE") {
        out.note(&format!("HIGHESTMODSEQ {}", folder.highest), "highest");
    }
    if s.offers("OBJECTID") {
        let id = mailbox_id(folder.id);
        out.note(&format!("MAILBOXID ({id})"), "its id");
    }
}

/// VANISHED (EARLIER) and the changed messages.
fn resync(folder: &Folder, known: &Known, out: &mut Answer) {
    let all = vec![(1, folder.next.saturating_sub(1))];
    let last = folder.next.saturating_sub(1);
    let held = known.uids.as_ref().map_or(all, |u| ranges(u, last));
    let from = known
        .pairs
        .as_ref()
        .map_or(0, |pairs| agreed(folder, pairs));
    let gone = vanished(folder, known.modseq, &held, from);
    if !gone.is_empty() {
        out.line(format!("VANISHED (EARLIER) {}", spell::set(&gone)));
    }
    for (place, message) in folder.messages.iter().enumerate() {
        if message.modseq > known.modseq && within(&held, message.uid) {
            tell_flags(place, message, true, out);
        }
    }
}

/// The UIDs of these that were expunged since then; if that is forgotten, all of them that are not
/// there and are above `from`.
pub fn vanished(folder: &Folder, since: u64, held: &[(u32, u32)], from: u32) -> Vec<u32> {
    match folder.gone_since(since) {
        Some(gone) => gone.into_iter().filter(|u| within(held, *u)).collect(),
        None => {
            let here: BTreeSet<u32> = folder.messages.iter().map(|m| m.uid).collect();
            let all = (1..folder.next).filter(|u| *u > from && within(held, *u));
            all.filter(|u| !here.contains(u)).collect()
        }
    }
}

/// Up to which UID the client's numbering and ours are the same (RFC 7162 §3.2.5.2).
fn agreed(folder: &Folder, pairs: &(SequenceSet, SequenceSet)) -> u32 {
    let numbers = |set: &SequenceSet| -> Vec<u32> {
        let last = folder.next.saturating_sub(1);
        let all = ranges(set, last).into_iter();
        all.flat_map(|(a, b)| a..=b.min(last))
            .take(10_000)
            .collect()
    };
    let (seqs, uids) = (numbers(&pairs.0), numbers(&pairs.1));
    let same = |(seq, uid): &(u32, u32)| {
        let place = usize::try_from(*seq).unwrap_or(0).wrapping_sub(1);
        folder.messages.get(place).is_some_and(|m| m.uid == *uid)
    };
    let agreed = seqs.into_iter().zip(uids).filter(same);
    agreed.map(|(_, uid)| uid).max().unwrap_or(0)
}

impl Answer {
    /// PERMANENTFLAGS, which imap-codec spells.
    fn permanent(&mut self, flags: Vec<FlagPerm<'_>>) {
        use imap_codec::ResponseCodec;
        use imap_codec::encode::Encoder;
        use imap_types::core::Text;
        let Ok(text) = Text::try_from("flags that are kept") else {
            return;
        };
        let code = Some(Code::PermanentFlags(flags));
        let Ok(status) = Status::new(None, StatusKind::Ok, code, text);
        let response = Response::Status(status);
        self.raw(&ResponseCodec::default().encode(&response).dump());
    }
}
