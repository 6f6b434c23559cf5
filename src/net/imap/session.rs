//! A signed-in connection: runs commands, sorts what comes back, knows when it is over.
//!
//! Every error but a tagged NO or BAD ends the session ([`Session::is_dead`]); the outcome of the
//! command that was running is unknown then and must be probed before it is repeated (RFC 4549).
//! Untagged data that a command did not ask for is kept for [`Session::take_unsolicited`].

use crate::model::{MailboxName, UidValidity, name};
use crate::net::error::NetError;
use crate::net::imap::asked::Asked;
use crate::net::imap::caps::Caps;
use crate::net::imap::command::{Command, Part};
use crate::net::imap::decode::{Reply, Said, Untagged, Verdict};
use crate::net::imap::fail;
use crate::net::imap::shim::{Pace, Port};
use crate::net::imap::unasked::{Notes, Unsolicited};
use crate::net::imap::wire::Limits;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// What is in force on a connection (RFC 5161, RFC 7162, RFC 6855, RFC 9051).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Enabled {
    /// Changes come with their modification sequence.
    pub condstore: bool,
    /// Expunged messages are told by UID, and a mailbox can be resumed.
    pub qresync: bool,
    /// UTF8=ACCEPT: names and headers may be in UTF-8.
    pub utf8: bool,
    /// IMAP4rev2.
    pub rev2: bool,
}

/// What a command does with an untagged response: it keeps it (`None`) or gives it back.
pub(super) type On<'c> = dyn FnMut(Untagged<'_>) -> Result<Option<Untagged<'_>>, NetError> + 'c;

/// What several commands at once do with an untagged response: the number of the first command
/// that has no answer yet stands before it.
pub(super) type OnEach<'c> =
    dyn FnMut(usize, Untagged<'_>) -> Result<Option<Untagged<'_>>, NetError> + 'c;

/// A command that wants no data.
pub(super) fn nothing(said: Untagged<'_>) -> Result<Option<Untagged<'_>>, NetError> {
    Ok(Some(said))
}

/// What ended a wait.
pub(super) enum Heard {
    Continue,
    Done(Reply),
}

/// A signed-in connection to an IMAP server. Dropping it closes the connection without a word;
/// [`Session::logout`] says good-bye.
#[derive(Debug)]
pub struct Session {
    imap: imap::Session<Port>,
    pub(super) port: Port,
    pub(super) caps: Caps,
    pub(super) notes: Notes,
    pub(super) selected: Option<MailboxName>,
    pub(super) pace: Pace,
    /// Whether the server did not do with IDLE what it announced.
    pub(super) idle_refused: bool,
    /// The same of ESEARCH.
    pub(super) esearch_refused: bool,
    /// The same of what extensions add to a header.
    pub(super) bare: bool,
    pub(super) enabled: Enabled,
    /// What the server calls itself, bounded, not cleaned.
    pub(super) server_id: Option<String>,
    /// Whether the selected mailbox keeps modification sequences.
    pub(super) modseqs: bool,
    /// The generation of the selected mailbox, while all that was told of it has been taken in.
    pub(super) followed: Option<UidValidity>,
    /// The mailboxes that were seen with a UIDVALIDITY.
    pub(super) numbered: BTreeSet<MailboxName>,
    /// A window of headers that was asked for and not heard out.
    pub(super) ahead: Option<Asked>,
}

impl Session {
    pub(super) fn new(imap: imap::Session<Port>, port: Port, caps: Caps, pace: Pace) -> Session {
        Session {
            imap,
            port,
            caps,
            notes: Notes::default(),
            selected: None,
            pace,
            idle_refused: false,
            esearch_refused: false,
            bare: false,
            enabled: Enabled::default(),
            server_id: None,
            modseqs: false,
            followed: None,
            numbered: BTreeSet::new(),
            ahead: None,
        }
    }

    /// What the server can do, as told after signing in, without what it is known to do wrong.
    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Whether the session is over: every call fails from now on.
    pub fn is_dead(&self) -> bool {
        self.port.line().is_dead()
    }

    /// The mailbox that is selected.
    pub fn selected(&self) -> Option<&MailboxName> {
        self.selected.as_ref()
    }

    /// How many messages the selected mailbox holds, as far as the server told.
    pub fn exists(&self) -> u32 {
        self.notes.exists
    }

    /// Octets received so far, after decryption and before they were unpacked.
    pub fn received(&self) -> u64 {
        self.port.line().stream().received()
    }

    /// How long the server has said nothing that we read.
    pub fn quiet_for(&self) -> Duration {
        self.port.line().stream().quiet_for()
    }

    /// What is in force on this connection.
    pub fn enabled(&self) -> Enabled {
        self.enabled
    }

    /// Whether what goes over the wire is compressed.
    pub fn compressed(&self) -> bool {
        self.port.line().stream().is_compressed()
    }

    /// What the server calls itself: its name and version, bounded, not cleaned.
    pub fn server_id(&self) -> Option<&str> {
        self.server_id.as_deref()
    }

    /// Takes what the server said without being asked. Who takes it has to make something of it:
    /// the open mailbox is followed no longer ([`Session::stay`]).
    pub fn take_unsolicited(&mut self) -> Unsolicited {
        self.followed = None;
        std::mem::take(&mut self.notes.unsolicited)
    }

    /// Takes the server's alerts, which are meant for the user (RFC 9051 §7.1): its own words, not
    /// cleaned, at most eight.
    pub fn take_alerts(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes.alerts)
    }

    /// Asks whether anything is new; what is stands in [`Session::take_unsolicited`].
    ///
    /// # Errors
    /// See the module.
    pub fn noop(&mut self) -> Result<bool, NetError> {
        self.run(&Command::new("NOOP"), &mut nothing)?;
        Ok(!self.notes.unsolicited.is_empty())
    }

    /// Whether the server answers within `patience`. A session that does not is over.
    pub fn lives(&mut self, patience: Duration) -> bool {
        let usual = self.pace;
        let hasty = Pace {
            stall: patience.min(usual.stall),
            ..usual
        };
        self.port.line().set_pace(hasty);
        let answered = self.run(&Command::new("NOOP"), &mut nothing);
        self.port.line().set_pace(usual);
        answered.is_ok()
    }

    /// Says good-bye and waits a few seconds for the answer. The session is dead then.
    pub fn logout(&mut self) {
        let patience = Duration::from_secs(5).min(self.pace.stall);
        self.port.line().set_pace(Pace {
            stall: patience,
            ..self.pace
        });
        // The answer changes nothing any more.
        let _ = self.run(&Command::new("LOGOUT"), &mut nothing);
        self.port.line().kill();
    }

    /// Closes the connection without a word. The session is dead then.
    pub fn close(&mut self) {
        let mut line = self.port.line();
        line.kill();
        line.stream().shut();
    }

    /// Runs one command to its tagged answer, handing what comes before it to `on`.
    pub(super) fn run(
        &mut self,
        command: &Command<'_>,
        on: &mut On<'_>,
    ) -> Result<Reply, NetError> {
        let mut parts = command.parts().iter().peekable();
        let mut begun = false;
        while let Some(part) = parts.next() {
            let mut text = match part {
                Part::Literal(bytes) => {
                    self.port.line().send(bytes)?;
                    if parts.peek().is_some() {
                        continue;
                    }
                    String::new()
                }
                Part::Text(text) => text.clone(),
            };
            let mut waits = false;
            if let Some(Part::Literal(bytes)) = parts.peek() {
                // A server that does not know `~{n}` would take what follows for commands.
                waits = text.ends_with('~') || !self.caps.nonsync_literal(bytes.len());
                let plus = if waits { "" } else { "+" };
                text.push_str(&format!("{{{}{plus}}}", bytes.len()));
            }
            self.say(&text, !std::mem::replace(&mut begun, true))?;
            if waits && let Heard::Done(status) = self.listen(true, on)? {
                return self.finish(status, &command.strings());
            }
        }
        match self.listen(false, on)? {
            Heard::Done(status) => self.finish(status, &command.strings()),
            Heard::Continue => Err(fail::protocol("the server wants more than there is")),
        }
    }

    /// Runs several commands that are sent together, to all their answers, in order. Commands with
    /// literals that the server is waited for must not be among them, nor with several. After an OK to number `squeeze` the line is compressed.
    pub(super) fn pipeline(
        &mut self,
        commands: &[Command<'_>],
        squeeze: Option<usize>,
        on: &mut OnEach<'_>,
    ) -> Result<Vec<Reply>, NetError> {
        let mut tags: Vec<Vec<u8>> = Vec::new();
        self.port.line().cork(true)?;
        for command in commands {
            match command.parts() {
                [Part::Text(text)] => self.say(text, true)?,
                // Where the server is not waited for.
                [Part::Text(text), Part::Literal(bytes)]
                    if self.caps.nonsync_literal(bytes.len()) =>
                {
                    self.say(&format!("{text}{{{}+}}", bytes.len()), true)?;
                    tags.push(self.port.line().tag().to_vec());
                    self.port.line().send(bytes)?;
                    self.port.line().send(b"\r\n")?;
                    continue;
                }
                _ => {
                    self.port.line().kill();
                    return Err(fail::protocol("a command that can't be sent with others"));
                }
            }
            tags.push(self.port.line().tag().to_vec());
        }
        self.port.line().cork(false)?;
        let mut replies: Vec<Option<Reply>> = vec![None; tags.len()];
        let notes = &mut self.notes;
        let mut line = self.port.line();
        while let Some(first) = replies.iter().position(Option::is_none) {
            let (which, reply) = line.hear(&mut |said| match said {
                Said::Continue(_) => Ok(None),
                Said::Tagged(tag, reply) => {
                    let open = tags.iter().zip(&replies);
                    let which = open
                        .enumerate()
                        .find(|(_, (t, reply))| *t == tag && reply.is_none())
                        .map(|(which, _)| which)
                        .ok_or_else(|| fail::protocol("an answer to no question of ours"))?;
                    if matches!(reply.verdict, Verdict::Bye | Verdict::Preauth) {
                        return Err(fail::protocol("an answer that is none"));
                    }
                    notes.alert(&reply);
                    Ok(Some((which, reply)))
                }
                Said::Untagged(said) => {
                    if let Some(said) = on(first, said)? {
                        notes.note(said);
                    }
                    Ok(None)
                }
            })?;
            if squeeze == Some(which) && reply.verdict == Verdict::Ok {
                line.compress();
            }
            if let Some(slot) = replies.get_mut(which) {
                *slot = Some(reply);
            }
        }
        Ok(replies.into_iter().flatten().collect())
    }

    /// Whether the server takes and sends names in UTF-8.
    pub(super) fn utf8(&self) -> bool {
        let only = self.caps.has("IMAP4REV2") && !self.caps.has("IMAP4REV1");
        self.enabled.utf8 || self.enabled.rev2 || only
    }

    /// Begins a command about a mailbox, in the spelling that is in force.
    pub(super) fn about(
        &self,
        verb: &str,
        mailbox: &MailboxName,
    ) -> Result<Command<'static>, NetError> {
        let command = Command::new(verb);
        match self.utf8() {
            true => command.name_in_utf8(&name::to_utf8(mailbox)),
            false => command.mailbox(mailbox),
        }
        .map_err(fail::unsayable)
    }

    /// How many responses a fetch may cause.
    pub(super) fn budget(&self) -> u64 {
        u64::from(self.notes.exists) * 4 + 200_000
    }

    /// What is fetched beside FLAGS, with a blank before it.
    pub(super) fn label_item(&self) -> &'static str {
        match self.caps.gmail() {
            true => " X-GM-LABELS",
            false => "",
        }
    }

    /// Runs a command under other bounds on responses than usual.
    pub(super) fn run_within(
        &mut self,
        limits: Limits,
        responses: u64,
        command: &Command<'_>,
        on: &mut On<'_>,
    ) -> Result<Reply, NetError> {
        self.hear_out()?;
        {
            let mut line = self.port.line();
            line.set_pace(Pace {
                responses,
                ..self.pace
            });
            line.set_limits(limits);
        }
        let outcome = self.run(command, on);
        self.usual_bounds();
        outcome
    }

    /// How many responses there may be to what is asked next, and how much of literals is kept.
    pub(super) fn bounds(&mut self, responses: u64, keep: usize) {
        let mut line = self.port.line();
        line.set_pace(Pace {
            responses,
            ..self.pace
        });
        line.set_limits(Limits {
            keep,
            ..Limits::default()
        });
    }

    /// The usual bounds again.
    pub(super) fn usual_bounds(&mut self) {
        self.bounds(self.pace.responses, Limits::default().keep);
    }

    /// Writes a line: the first of a command through the crate, which adds a tag.
    pub(super) fn say(&mut self, text: &str, first: bool) -> Result<(), NetError> {
        if self.is_dead() {
            return Err(fail::over());
        }
        if !first {
            return self.port.line().send(format!("{text}\r\n").as_bytes());
        }
        self.hear_out()?;
        let imap = &mut self.imap;
        match guard(&self.port, || imap.run_command(text))? {
            Ok(()) => Ok(()),
            Err(error) => Err(lost(&self.port, &error)),
        }
    }

    /// Lets a window go that was asked for and that nobody fetched.
    fn hear_out(&mut self) -> Result<(), NetError> {
        let Some(ahead) = self.ahead.take().filter(|ahead| ahead.reply.is_none()) else {
            return Ok(());
        };
        self.bounds(self.budget(), 0);
        let notes = &mut self.notes;
        let outcome = self.port.line().hear(&mut |said| match said {
            Said::Continue(_) => Ok(None),
            Said::Tagged(tag, _) if tag == ahead.tag => Ok(Some(())),
            Said::Tagged(..) => Err(fail::protocol("an answer to no question of ours")),
            Said::Untagged(Untagged::Fetch(item)) if item.section.is_some() => Ok(None),
            Said::Untagged(said) => {
                notes.note(said);
                Ok(None)
            }
        });
        self.usual_bounds();
        outcome
    }

    /// Hears the server out: until it is done, or until it wants more if `waits`.
    pub(super) fn listen(&mut self, waits: bool, on: &mut On<'_>) -> Result<Heard, NetError> {
        let notes = &mut self.notes;
        let mut line = self.port.line();
        let expected = line.tag().to_vec();
        line.hear(&mut |said| match said {
            Said::Continue(_) => Ok(waits.then_some(Heard::Continue)),
            Said::Tagged(tag, status) if tag == expected => {
                notes.alert(&status);
                Ok(Some(Heard::Done(status)))
            }
            Said::Tagged(..) => Err(fail::protocol("an answer to no question of ours")),
            Said::Untagged(said) => {
                if let Some(said) = on(said)? {
                    notes.note(said);
                }
                Ok(None)
            }
        })
    }

    /// The end of a command; `names` are what it said that servers like to repeat.
    pub(super) fn finish(&mut self, status: Reply, names: &[String]) -> Result<Reply, NetError> {
        if self.notes.renumbered {
            // It must not happen while a mailbox is open (RFC 9051 §2.3.1.1). What the command did,
            // and to which messages, is unknown.
            self.port.line().kill();
            return Err(fail::protocol("the open mailbox was renumbered"));
        }
        match status.verdict {
            Verdict::Ok => Ok(status),
            Verdict::No | Verdict::Bad => Err(fail::refused(&status, names)),
            Verdict::Bye | Verdict::Preauth => {
                self.port.line().kill();
                Err(fail::protocol("an answer that is none"))
            }
        }
    }
}

/// Calls into the crate; a panic there ends the session and nothing else.
pub(super) fn guard<T>(port: &Port, call: impl FnOnce() -> T) -> Result<T, NetError> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| {
        port.line().kill();
        fail::protocol("the imap library could not cope with an answer")
    })
}

/// The error behind an error of the crate's; the session is over.
pub(super) fn lost(port: &Port, error: &imap::Error) -> NetError {
    let mut line = port.line();
    line.kill();
    line.take_error()
        .unwrap_or_else(|| fail::protocol(error.to_string()))
}
