//! One IMAP connection: bytes in, commands out of them (by imap-codec), answers back.
//!
//! Every message from the client is bounded, and before the login tightly so. What can't be read
//! is answered BAD and costs the client nothing but that command; what can't be bounded costs it
//! the connection.

use super::answer::Answer;
use super::ask::Extra;
use super::commands::{run, run_own, sign_in};
use super::events::tell_others;
use super::extended;
use super::own::Own;
use super::reader::Read;
use super::session::Session;
use super::wire::{Event, Peer};
use imap_codec::decode::Decoder;
use imap_codec::fragmentizer::{FragmentInfo, Fragmentizer, LiteralAnnouncement};
use imap_codec::{AuthenticateDataCodec, CommandCodec, IdleDoneCodec};
use imap_types::IntoStatic;
use imap_types::auth::{AuthMechanism, AuthenticateData};
use imap_types::command::{Command, CommandBody};
use imap_types::core::{LiteralMode, Tag};
use std::sync::Arc;

/// The longest line.
const MAX_LINE: usize = 64 * 1024;
/// The longest literal before the login.
const MAX_EARLY_LITERAL: u32 = 4096;
/// The longest literal: a message.
const MAX_LITERAL: u32 = 32 * 1024 * 1024;
/// The longest literal that LITERAL- lets a client send without asking (RFC 7888 §5).
const MAX_LITERAL_MINUS: u32 = 4096;

/// What the next line is.
enum Expect {
    Command,
    Password(Tag<'static>),
    Done(Tag<'static>),
}

/// One connection.
struct Connection {
    peer: Peer,
    session: Session,
    expect: Expect,
    out: Answer,
    /// Whether the command that is being read has a literal that nobody said we take.
    unasked_literal: bool,
}

/// Serves a client until it leaves.
pub fn serve(peer: Peer) {
    let session = Session::new(Arc::clone(peer.shared()));
    let mut connection = Connection {
        peer,
        session,
        expect: Expect::Command,
        out: Answer::default(),
        unasked_literal: false,
    };
    // An error is a client that is gone; there is nobody left to tell.
    let _ = connection.talk();
}

impl Connection {
    fn flush(&mut self) -> std::io::Result<()> {
        let bytes = self.out.take();
        self.peer.send(&bytes)
    }

    fn talk(&mut self) -> std::io::Result<()> {
        let code = format!("CAPABILITY {}", self.session.shared.offer.line(false));
        self.out.note(&code, "postrider demo, in memory");
        self.flush()?;
        let mut fragments = Fragmentizer::new(MAX_LITERAL + 2 * 64 * 1024);
        let mut buffer = vec![0; 16 * 1024];
        // Where the line that is being read began, and whether it is a line and not a literal.
        let (mut line_start, mut in_line) = (0, true);
        while !self.session.over {
            let Some(fragment) = fragments.progress() else {
                let pending = fragments.message_bytes().len().saturating_sub(line_start);
                if in_line && pending > MAX_LINE {
                    self.out.bye("that line is too long");
                    return self.flush();
                }
                match self.peer.wait(&mut buffer) {
                    Event::Bytes(n) => fragments.enqueue_bytes(buffer.get(..n).unwrap_or_default()),
                    Event::Rung => {
                        // In IDLE as ever; else as far as NOTIFY asked for it.
                        match self.expect {
                            Expect::Done(_) => self.session.tell(true, &mut self.out),
                            _ => self.session.tell_unasked(&mut self.out),
                        }
                        tell_others(&mut self.session, &mut self.out);
                        self.flush()?;
                    }
                    Event::Cut => return Ok(()),
                    Event::End => {
                        self.out
                            .bye("the server stops, or nothing was said for too long");
                        return self.flush();
                    }
                }
                continue;
            };
            if let FragmentInfo::Line {
                announcement: Some(announced),
                ..
            } = fragment
            {
                in_line = false;
                if !self.literal(&mut fragments, announced)? {
                    (line_start, in_line) = (0, true);
                }
                continue;
            }
            (line_start, in_line) = (fragments.message_bytes().len(), true);
            if fragments.is_message_complete() {
                line_start = 0;
                self.message(&fragments);
                tell_others(&mut self.session, &mut self.out);
                self.flush()?;
                if std::mem::take(&mut self.session.compress) {
                    self.peer.compress();
                }
            }
        }
        Ok(())
    }

    /// Accepts or refuses a literal that was announced; `false` if the command ends here.
    fn literal(
        &mut self,
        fragments: &mut Fragmentizer,
        announced: LiteralAnnouncement,
    ) -> std::io::Result<bool> {
        let limit = match self.session.who {
            Some(_) => MAX_LITERAL,
            None => MAX_EARLY_LITERAL,
        };
        let fits = announced.length <= limit
            && fragments.message_bytes().len() <= MAX_LITERAL as usize
            && !(self.session.who.is_none() && fragments.message_bytes().len() > MAX_LINE);
        if announced.mode == LiteralMode::NonSync {
            let small = announced.length <= MAX_LITERAL_MINUS && self.session.offers("LITERAL-");
            self.unasked_literal |= !small && !self.session.offers("LITERAL+");
        }
        match (announced.mode, fits) {
            (LiteralMode::Sync, true) => {
                self.out.go_on("go on");
                self.flush()?;
            }
            (LiteralMode::NonSync, true) => {}
            (LiteralMode::Sync, false) => {
                match fragments.decode_tag() {
                    Some(tag) => self.out.no(&tag, "TOOBIG", "that is too big"),
                    None => self.out.bad(None, "that is too big"),
                }
                fragments.skip_message();
                self.flush()?;
                return Ok(false);
            }
            (LiteralMode::NonSync, false) => {
                // It is on its way already, and nobody is to make us read it.
                self.out.bye("that is too big");
                self.session.over = true;
                self.flush()?;
            }
        }
        Ok(true)
    }

    fn message(&mut self, fragments: &Fragmentizer) {
        match std::mem::replace(&mut self.expect, Expect::Command) {
            Expect::Done(tag) => match fragments.decode_message(&IdleDoneCodec::default()) {
                Ok(_) => {
                    self.session.tell(true, &mut self.out);
                    self.out.ok(&tag, "", "IDLE done");
                }
                Err(_) => self.out.bad(Some(&tag), "DONE was expected"),
            },
            Expect::Password(tag) => {
                match fragments.decode_message(&AuthenticateDataCodec::default()) {
                    Ok(AuthenticateData::Continue(data)) => self.plain(&tag, data.declassify()),
                    Ok(AuthenticateData::Cancel) => self.out.bad(Some(&tag), "cancelled"),
                    Err(_) => self.out.bad(Some(&tag), "that is not base64"),
                }
            }
            Expect::Command => self.command(fragments),
        }
    }

    fn command(&mut self, fragments: &Fragmentizer) {
        let tag = fragments.decode_tag().map(IntoStatic::into_static);
        let Some(tag) = tag.filter(|_| !fragments.is_max_message_size_exceeded()) else {
            return self.out.bad(None, "that is not a command known here");
        };
        let (verb, read) = extended::read(fragments.message_bytes(), &self.session.state());
        if !verb.is_empty() && verb.len() <= 20 {
            self.session.shared.count(&verb);
        }
        if std::mem::take(&mut self.unasked_literal) {
            return self.out.bad(Some(&tag), "literals are to be announced");
        }
        match read {
            Read::Bad(why) => self.out.bad(Some(&tag), why),
            Read::No(code, why) => self.out.no(&tag, &code, why),
            Read::Own(Own::Compress) if self.peer.is_compressed() => {
                self.out
                    .no(&tag, "COMPRESSIONACTIVE", "it is compressed already");
            }
            Read::Own(own) => run_own(&mut self.session, &tag, own, &mut self.out),
            Read::Core(bytes, extra) => match CommandCodec::default().decode(&bytes) {
                Ok(([], command)) => self.known(command, &extra),
                _ => self.out.bad(Some(&tag), "that is not a command known here"),
            },
        }
    }

    fn known(&mut self, command: Command<'_>, extra: &Extra) {
        match &command.body {
            CommandBody::Authenticate {
                mechanism,
                initial_response,
            } if self.session.who.is_none() => {
                if *mechanism != AuthMechanism::Plain {
                    return self.out.no(&command.tag, "", "only PLAIN is offered");
                }
                let tag = command.tag.clone().into_static();
                match initial_response {
                    Some(data) => self.plain(&tag, data.declassify()),
                    None => {
                        self.out.challenge();
                        self.expect = Expect::Password(tag);
                    }
                }
            }
            CommandBody::Idle if self.session.who.is_some() => {
                self.out.go_on("waiting");
                self.session.tell(true, &mut self.out);
                self.expect = Expect::Done(command.tag.clone().into_static());
            }
            _ => {
                let peer = &mut self.peer;
                let mut flush = |out: &mut Answer| peer.send(&out.take()).is_ok();
                run(&mut self.session, command, extra, &mut self.out, &mut flush);
            }
        }
    }

    /// SASL PLAIN (RFC 4616): authorisation, user and password, with NULs between.
    fn plain(&mut self, tag: &Tag<'_>, data: &[u8]) {
        let mut parts = data.splitn(3, |b| *b == 0);
        let (_, user, password) = (parts.next(), parts.next(), parts.next());
        match (user.map(std::str::from_utf8), password) {
            (Some(Ok(user)), Some(password)) => {
                sign_in(&mut self.session, tag, user, password, &mut self.out);
            }
            _ => self.out.bad(Some(tag), "that is not SASL PLAIN"),
        }
    }
}
