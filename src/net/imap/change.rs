//! Changing mail: flags, move, copy, expunge, append (RFC 9051 §6.4, RFC 6851, RFC 4315, RFC 6855).
//!
//! Only UIDs, and never a plain EXPUNGE, which would remove what another client has marked.
//! APPEND is our own: the crate neither quotes its mailbox nor keeps the reason of a refusal.
//! Sets are sent in pieces; when a later piece is refused, the ones before it have happened.

use crate::lang::{kept, tr};
use crate::model::{
    FlagChange, Flags, MailboxName, System, Uid, UidSet, UidValidity, is_keyword, name,
};
use crate::net::error::{NetError, Refusal};
use crate::net::imap::code::Code;
use crate::net::imap::command::Command;
use crate::net::imap::decode::{Reply, Untagged};
use crate::net::imap::item::MONTHS;
use crate::net::imap::session::{Session, nothing};
use crate::net::imap::{fail, gmail};
use crate::text::size;

/// One message's way: its UID before, and the generation and UID after.
pub type Copied = (Uid, UidValidity, Uid);

/// How an expunge went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expunged {
    /// The messages are gone.
    Gone,
    /// They are marked `\Deleted` and still there: the server has no UIDPLUS, or it does not work.
    OnlyMarked,
}

impl Session {
    /// Sets and clears flags, and Gmail's labels among the keywords ([`gmail`]), which are passed
    /// over on any other server. Messages that are gone are passed over by the server.
    ///
    /// # Errors
    /// See [`Session`]; a refusal, too, if the server says that it left messages as they were
    /// (RFC 7162 §3.1.3) and says so again when asked once more.
    pub fn store(&mut self, uids: &UidSet, change: &FlagChange) -> Result<(), NetError> {
        let pieces = uids.split(UidSet::LINE, u64::MAX);
        for (sign, flags) in [("+", &change.add), ("-", &change.remove)] {
            let mut flags = flags.clone();
            let mut labels = Vec::new();
            flags.keywords.retain(|keyword| {
                let label = keyword.starts_with(gmail::PREFIX);
                labels.extend(label.then(|| keyword.clone()));
                !label
            });
            for piece in pieces.iter().filter(|_| !flags.is_empty()) {
                let text = format!("UID STORE {} {sign}FLAGS.SILENT ", piece.to_wire());
                let command = Command::new(text).flags(&flags).map_err(fail::unsayable)?;
                let done = self.run(&command, &mut nothing)?;
                if matches!(done.code, Some(Code::Modified(_))) {
                    // A delta never conflicts with what others do, so it is simply said again.
                    let again = self.run(&command, &mut nothing)?;
                    if matches!(again.code, Some(Code::Modified(_))) {
                        return Err(fail::refused(&again, &[]));
                    }
                }
            }
            if !labels.is_empty() && self.caps.gmail() {
                let labels = self.labels(&labels)?;
                for piece in &pieces {
                    let text = format!("UID STORE {} {sign}X-GM-LABELS.SILENT (", piece.to_wire());
                    let mut command = Command::new(text);
                    for (at, label) in labels.iter().enumerate() {
                        let gap = if at > 0 { " " } else { "" };
                        command = command.text(gap);
                        command = match self.utf8() {
                            true => command.name_in_utf8(label),
                            false => command.astring(label),
                        }
                        .map_err(fail::unsayable)?;
                    }
                    self.run(&command.text(")"), &mut nothing)?;
                }
            }
        }
        Ok(())
    }

    /// Labels as the server spells them.
    fn labels(&self, keywords: &[String]) -> Result<Vec<Vec<u8>>, NetError> {
        let spelled = |keyword: &String| {
            let label = gmail::label(keyword).ok_or_else(|| {
                let why = kept(|| tr!("Gmail can't have a label of this name").to_owned());
                NetError::Unsendable(why)
            })?;
            Ok(match self.utf8() {
                true => label.into_bytes(),
                false => name::encode(&label),
            })
        };
        keywords.iter().map(spelled).collect()
    }

    /// Whether the server moves messages in one step (RFC 6851). Elsewhere a move is
    /// [`Session::copy_to`] and then [`Session::expunge`], by whoever keeps note of how far it got.
    pub fn has_move(&self) -> bool {
        self.caps.includes("MOVE")
    }

    /// Moves messages, where there is [`Session::has_move`]; where they are now, for those that the
    /// server told.
    ///
    /// # Errors
    /// See [`Session`]; a refusal with TRYCREATE if the target isn't there.
    pub fn move_to(&mut self, uids: &UidSet, to: &MailboxName) -> Result<Vec<Copied>, NetError> {
        self.transfer("MOVE", uids, to)
    }

    /// Copies messages.
    ///
    /// # Errors
    /// See [`Session::move_to`].
    pub fn copy_to(&mut self, uids: &UidSet, to: &MailboxName) -> Result<Vec<Copied>, NetError> {
        self.transfer("COPY", uids, to)
    }

    /// Removes messages for good, these and no others.
    ///
    /// # Errors
    /// See [`Session`].
    pub fn expunge(&mut self, uids: &UidSet) -> Result<Expunged, NetError> {
        self.store(uids, &FlagChange::set(System::DELETED))?;
        if !self.caps.uidplus() {
            return Ok(Expunged::OnlyMarked);
        }
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let command = Command::new(format!("UID EXPUNGE {}", piece.to_wire()));
            match self.run(&command, &mut nothing) {
                // Announced, not done (Proton Mail Bridge #123), and no reason in it. They are marked,
                // and what was copied before stands: nobody is to do that again.
                Err(NetError::Refused(Refusal { code: None, .. })) => {
                    self.caps.remove("UIDPLUS");
                    return Ok(Expunged::OnlyMarked);
                }
                other => other.map(drop)?,
            }
        }
        Ok(Expunged::Gone)
    }

    /// Adds a message to a mailbox; where it went, if the server tells. `date` is its
    /// INTERNALDATE, seconds since 1970.
    ///
    /// # Errors
    /// See [`Session`]; a refusal with TRYCREATE if the mailbox isn't there, with OVERQUOTA if it
    /// does not fit; [`NetError::Unsendable`] if it is larger than the server says that it takes
    /// (RFC 7889).
    pub fn append(
        &mut self,
        to: &MailboxName,
        flags: &Flags,
        date: Option<i64>,
        bytes: &[u8],
    ) -> Result<Option<(UidValidity, Uid)>, NetError> {
        self.fits(bytes.len())?;
        let date = date.map(date_time).unwrap_or_default();
        let command = self.append_command(to, flags, &date)?;
        let plain = command.clone().literal(bytes);
        // Octets of UTF-8 in a header are announced (RFC 6855 §4), or the server refuses them.
        let done = match self.enabled.utf8 && has_8_bit_header(bytes) {
            true => {
                let announced = command.text("UTF8 (~").literal(bytes).text(")");
                match self.run(&announced, &mut nothing) {
                    // No reason in it: some enable UTF8=ACCEPT and don't know its APPEND.
                    Err(NetError::Refused(Refusal { code: None, .. })) => {
                        self.run(&plain, &mut nothing)?
                    }
                    outcome => outcome?,
                }
            }
            false => self.run(&plain, &mut nothing)?,
        };
        Ok(match done.code {
            Some(Code::AppendUid(validity, list)) => list.iter().next().map(|uid| (validity, uid)),
            _ => None,
        })
    }

    /// Whether the server takes so much at once; it is not tried otherwise.
    pub(super) fn fits(&self, octets: usize) -> Result<(), NetError> {
        match self.caps.append_limit() {
            Some(most) if octets as u64 > most => Err(NetError::Unsendable(kept(|| {
                tr!(
                    "the message has {size}; the server takes at most {most}",
                    size = size::human(octets as u64),
                    most = size::human(most)
                )
            }))),
            _ => Ok(()),
        }
    }

    /// What stands before the literal of an APPEND. A keyword that can't be said, which Gmail has and
    /// others may have told, must not keep the message away; a label is none.
    pub(super) fn append_command(
        &self,
        to: &MailboxName,
        flags: &Flags,
        date: &str,
    ) -> Result<Command<'static>, NetError> {
        let mut flags = flags.clone();
        let said = |k: &String| !k.starts_with(gmail::PREFIX) && is_keyword(k);
        flags.keywords.retain(said);
        let command = self.about("APPEND ", to)?.text(" ").flags(&flags);
        Ok(command.map_err(fail::unsayable)?.text(&format!(" {date}")))
    }

    fn transfer(
        &mut self,
        verb: &str,
        uids: &UidSet,
        to: &MailboxName,
    ) -> Result<Vec<Copied>, NetError> {
        let mut copied = Vec::new();
        for piece in uids.split(UidSet::LINE, u64::MAX) {
            let command = self.about(&format!("UID {verb} {} ", piece.to_wire()), to)?;
            let mut pairs = |code: &Option<Code>| {
                if let Some(Code::CopyUid(validity, from, into)) = code
                    && from.len() == into.len()
                {
                    // A pair that was not asked for is not believed, nor are more than asked for.
                    let all = from.iter().zip(into.iter()).take(MOST_PAIRS);
                    let ours = all.filter(|(from, _)| piece.contains(*from));
                    copied.extend(ours.map(|(from, into)| (from, *validity, into)));
                }
            };
            let done = self.run(&command, &mut |said| {
                if let Untagged::Reply(Reply { code, .. }) = &said {
                    pairs(code);
                }
                Ok(Some(said))
            })?;
            pairs(&done.code);
        }
        copied.sort_unstable();
        copied.dedup_by_key(|(from, _, _)| *from);
        Ok(copied)
    }
}

/// Whether the header of a message holds octets beyond ASCII.
pub(super) fn has_8_bit_header(message: &[u8]) -> bool {
    message
        .split(|&b| b == b'\n')
        .take_while(|line| !matches!(line, [] | [b'\r']))
        .any(|line| !line.is_ascii())
}

/// Pairs that are read from one COPYUID.
const MOST_PAIRS: usize = 1_000_000;

/// A quoted `date-time` in UTC with a blank behind it (RFC 9051 §9).
pub(super) fn date_time(seconds: i64) -> String {
    let Ok(time) = jiff::Timestamp::from_second(seconds) else {
        return String::new();
    };
    let t = time.to_zoned(jiff::tz::TimeZone::UTC);
    let month = usize::try_from(t.month() - 1).ok();
    let month = month.and_then(|m| MONTHS.get(m)).copied().unwrap_or("Jan");
    format!(
        "\"{:2}-{month}-{:04} {:02}:{:02}:{:02} +0000\" ",
        t.day(),
        t.year(),
        t.hour(),
        t.minute(),
        t.second()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::imap::item::internal_date;
    use proptest::prelude::*;

    #[test]
    fn dates_as_the_wire_spells_them() {
        assert_eq!(date_time(0), "\" 1-Jan-1970 00:00:00 +0000\" ");
        assert_eq!(
            internal_date(b" 7-Feb-1994 21:52:25 -0800"),
            Some(760_686_745)
        );
        for bad in [
            "",
            "NIL",
            "32-Jan-2000 00:00:00 +0000",
            "1-Foo-2000 00:00:00 +0000",
        ] {
            assert_eq!(internal_date(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn dates_go_round(seconds in -2_000_000_000i64..9_000_000_000) {
            let text = date_time(seconds);
            prop_assert_eq!(internal_date(text.trim().trim_matches('"').as_bytes()), Some(seconds));
        }
    }
}
