//! Every IMAP command that the server knows, and what it does; the others are answered BAD.

use super::answer::Answer;
use super::ask::Extra;
use super::changes::{self, Labels, Store};
use super::events;
use super::give::mailbox_id;
use super::listing::{self, is_usable};
use super::opening::{self, Ask};
use super::own::Own;
use super::person::Person;
use super::reading::{self, Fetch, Flush};
use super::session::Session;
use super::spell;
use imap_types::command::{Command, CommandBody, StoreModifier};
use imap_types::core::{IString, NString, Tag};
use imap_types::extensions::binary::LiteralOrLiteral8;
use imap_types::mailbox::Mailbox;
use imap_types::response::Data;
use imap_types::sequence::SequenceSet;

/// How many wrong passwords end a connection.
const MAX_REFUSED: u32 = 3;

/// The name of the one quota root.
const ROOT: &str = "everything";

/// Judges a login and answers; for LOGIN and AUTHENTICATE alike.
pub fn sign_in(s: &mut Session, tag: &Tag<'_>, user: &str, password: &[u8], out: &mut Answer) {
    if s.shared.knows(user, password) {
        s.who = Some(user.to_owned());
        let code = format!("CAPABILITY {}", s.shared.offer.line(true));
        return out.ok(tag, &code, "signed in");
    }
    s.refused += 1;
    out.no(
        tag,
        "AUTHENTICATIONFAILED",
        "user name or password is wrong",
    );
    if s.refused >= MAX_REFUSED {
        out.bye("too many wrong passwords");
        s.over = true;
    }
}

/// Does a command and gathers the answer. AUTHENTICATE and IDLE are the connection's own business.
pub fn run(
    s: &mut Session,
    command: Command<'_>,
    extra: &Extra,
    out: &mut Answer,
    flush: Flush<'_>,
) {
    let Command { tag, body } = command;
    let tag = &tag;
    match body {
        CommandBody::Capability => {
            let line = s.shared.offer.line(s.who.is_some());
            out.line(format!("CAPABILITY {line}"));
            out.ok(tag, "", "CAPABILITY done");
        }
        CommandBody::Noop | CommandBody::Check => {
            s.tell(true, out);
            out.ok(tag, "", "done");
        }
        CommandBody::Logout => {
            out.bye("see you");
            out.ok(tag, "", "LOGOUT done");
            s.over = true;
        }
        CommandBody::Id { .. } => {
            let of = |k: &'static str, v: &'static str| {
                Some((
                    IString::try_from(k).ok()?,
                    NString(IString::try_from(v).ok()),
                ))
            };
            let pairs = [
                of("name", "postrider demo"),
                of("version", env!("CARGO_PKG_VERSION")),
            ];
            out.data(Data::Id {
                parameters: Some(pairs.into_iter().flatten().collect()),
            });
            out.ok(tag, "", "ID done");
        }
        CommandBody::Login { username, password } if s.who.is_none() => {
            let user = String::from_utf8_lossy(username.as_ref()).into_owned();
            sign_in(s, tag, &user, password.declassify().as_ref(), out);
        }
        body if s.who.is_none() => {
            drop(body);
            out.bad(Some(tag), "sign in first");
        }
        body => signed_in(s, tag, body, extra, out, flush),
    }
}

fn signed_in(
    s: &mut Session,
    tag: &Tag<'_>,
    body: CommandBody<'_>,
    extra: &Extra,
    out: &mut Answer,
    flush: Flush<'_>,
) {
    let utf8 = s.utf8;
    let name = |mailbox: &Mailbox<'_>| listing::name(mailbox, utf8).unwrap_or_default();
    match body {
        CommandBody::Select {
            mailbox,
            parameters,
        } => opening::open(s, tag, &name(&mailbox), false, &Ask::of(parameters), out),
        CommandBody::Examine {
            mailbox,
            parameters,
        } => opening::open(s, tag, &name(&mailbox), true, &Ask::of(parameters), out),
        CommandBody::Create { mailbox } => create(s, tag, &name(&mailbox), out),
        CommandBody::Delete { mailbox } => {
            let name = name(&mailbox);
            let gone = with_person(s, |p| p.delete(&name));
            let why = "no such mailbox, or it must stay";
            done(s, tag, gone == Some(true), "NONEXISTENT", why, out);
        }
        CommandBody::Rename { from, to } => {
            let (from, to) = (name(&from), name(&to));
            let moved = with_person(s, |p| is_usable(&to, p) && p.rename(&from, &to));
            let why = "it can't be renamed to that";
            done(s, tag, moved == Some(true), "CANNOT", why, out);
        }
        CommandBody::Subscribe { mailbox } => subscribe(s, tag, &name(&mailbox), true, out),
        CommandBody::Unsubscribe { mailbox } => subscribe(s, tag, &name(&mailbox), false, out),
        CommandBody::Append {
            mailbox,
            flags,
            date,
            message,
        } => {
            let raw = match &message {
                LiteralOrLiteral8::Literal(l) => l.data(),
                LiteralOrLiteral8::Literal8(l) => &l.data,
            };
            let date = date.map_or_else(
                || jiff::Timestamp::now().as_second(),
                |d| d.as_ref().timestamp(),
            );
            changes::append(s, tag, &name(&mailbox), &flags, date, raw, out);
        }
        body if s.view.is_none() => {
            drop(body);
            out.bad(
                Some(tag),
                "no mailbox is open, or the command is not known here",
            );
        }
        body => opened(s, tag, body, extra, out, flush),
    }
}

fn opened(
    s: &mut Session,
    tag: &Tag<'_>,
    body: CommandBody<'_>,
    extra: &Extra,
    out: &mut Answer,
    flush: Flush<'_>,
) {
    let utf8 = s.utf8;
    let name = |mailbox: &Mailbox<'_>| listing::name(mailbox, utf8).unwrap_or_default();
    match body {
        CommandBody::Close => changes::close(s, tag, out),
        CommandBody::Unselect => {
            s.view = None;
            out.ok(tag, "", "UNSELECT done");
        }
        CommandBody::Expunge => changes::expunge(s, tag, None, out),
        CommandBody::ExpungeUid { sequence_set } => {
            changes::expunge(s, tag, Some(&sequence_set), out);
        }
        CommandBody::Search { criteria, uid, .. } => {
            reading::search(s, tag, criteria.as_ref(), extra, uid, out);
        }
        CommandBody::Fetch {
            sequence_set,
            macro_or_item_names,
            uid,
            modifiers,
        } => {
            let asked = Fetch {
                set: &sequence_set,
                uid,
                names: macro_or_item_names,
                extra,
                modifiers,
            };
            reading::fetch(s, tag, asked, out, flush);
        }
        CommandBody::Store {
            sequence_set,
            kind,
            response,
            flags,
            uid,
            modifiers,
        } => {
            let mut since = modifiers.iter().map(|StoreModifier::UnchangedSince(n)| *n);
            let asked = Store {
                set: &sequence_set,
                uid,
                kind,
                response,
                flags: &flags,
                unchanged: since.next(),
            };
            changes::store(s, tag, &asked, out);
        }
        CommandBody::Copy {
            sequence_set,
            mailbox,
            uid,
        } => changes::copy(s, tag, &sequence_set, &name(&mailbox), (uid, false), out),
        CommandBody::Move {
            sequence_set,
            mailbox,
            uid,
        } => changes::copy(s, tag, &sequence_set, &name(&mailbox), (uid, true), out),
        _ => out.bad(Some(tag), "that command is not offered"),
    }
}

/// Does a command that imap-codec has no words for.
pub fn run_own(s: &mut Session, tag: &Tag<'_>, own: Own, out: &mut Answer) {
    if s.who.is_none() {
        return out.bad(Some(tag), "sign in first");
    }
    match own {
        Own::Enable(wanted) => enable(s, tag, &wanted, out),
        Own::List(asked) => {
            let status = |item: &str| asked.status.iter().any(|i| i == item);
            if status("HIGHESTMODSEQ") {
                s.enable_condstore(out);
            }
            let style = s.style();
            with_person(s, |p| listing::list(p, &asked, style, out));
            s.tell(true, out);
            out.ok(tag, "", "LIST done");
        }
        Own::Lsub(patterns) => {
            with_person(s, |p| listing::lsub(p, &patterns, s.utf8, out));
            s.tell(true, out);
            out.ok(tag, "", "LSUB done");
        }
        Own::Status(name, items) => {
            if items.iter().any(|i| i == "HIGHESTMODSEQ") {
                s.enable_condstore(out);
            }
            let line = with_person(s, |p| {
                let folder = p.folders.get(&name)?;
                Some(listing::status(&name, folder, &items, s.utf8))
            });
            match line.flatten() {
                Some(line) => {
                    out.line(line);
                    s.tell(true, out);
                    out.ok(tag, "", "STATUS done");
                }
                None => out.no(tag, "NONEXISTENT", "no such mailbox"),
            }
        }
        Own::Namespace => {
            let shape = with_person(s, |p| p.shape.clone()).unwrap_or_default();
            let prefix = spell::quoted(&shape.prefix);
            let delimiter = spell::quoted(&shape.delimiter.to_string());
            out.line(format!("NAMESPACE (({prefix} {delimiter})) NIL NIL"));
            out.ok(tag, "", "NAMESPACE done");
        }
        Own::Notify(asked) => events::listen(s, tag, asked, out),
        Own::QuotaRoot(name) => {
            if with_person(s, |p| p.folders.contains_key(&name)) != Some(true) {
                return out.no(tag, "NONEXISTENT", "no such mailbox");
            }
            let name = spell::mailbox(&name, s.utf8);
            out.line(format!("QUOTAROOT {name} {ROOT}"));
            tell_quota(s, out);
            out.ok(tag, "", "GETQUOTAROOT done");
        }
        Own::Quota(root) if root == ROOT => {
            tell_quota(s, out);
            out.ok(tag, "", "GETQUOTA done");
        }
        Own::Quota(_) => out.no(tag, "NONEXISTENT", "no such quota root"),
        Own::Compress => {
            s.compress = true;
            out.ok(tag, "", "compressed from here on");
        }
        Own::Labels {
            set,
            uid,
            add,
            silent,
            labels,
        } => match (s.view.is_some(), SequenceSet::try_from(set.as_str())) {
            (true, Ok(set)) => {
                let asked = Labels {
                    set: &set,
                    uid,
                    add,
                    silent,
                    labels: &labels,
                };
                changes::label(s, tag, &asked, out);
            }
            _ => out.bad(Some(tag), "no mailbox is open, or that is no set"),
        },
        Own::Nothing => {
            s.tell(false, out);
            out.ok(tag, "", "nothing to do");
        }
    }
}

/// RFC 5161: what is known is enabled and named, the rest is passed over.
fn enable(s: &mut Session, tag: &Tag<'_>, wanted: &[String], out: &mut Answer) {
    let mut line = "ENABLED".to_owned();
    let mut condstore = false;
    for name in wanted {
        // Capabilities are compared without case; IMAP4rev2 is announced in this one.
        let name = match name.as_str() {
            "IMAP4REV2" => "IMAP4rev2",
            other => other,
        };
        if !s.offers(name) {
            continue;
        }
        match name {
            "CONDSTORE" => condstore = true,
            "QRESYNC" => (condstore, s.qresync) = (true, true),
            "UTF8=ACCEPT" => s.utf8 = true,
            "IMAP4rev2" => (s.rev2, s.utf8) = (true, true),
            _ => continue,
        }
        line.push(' ');
        line.push_str(name);
    }
    out.line(line);
    if condstore {
        s.enable_condstore(out);
    }
    out.ok(tag, "", "ENABLE done");
}

/// RFC 9208 §4.2: usage and limit in units of 1024 bytes.
fn tell_quota(s: &Session, out: &mut Answer) {
    let (used, limit) = with_person(s, |p| (p.used(), p.quota)).unwrap_or_default();
    let used = used.div_ceil(1024);
    out.line(format!("QUOTA {ROOT} (STORAGE {used} {})", limit / 1024));
}

fn create(s: &mut Session, tag: &Tag<'_>, name: &str, out: &mut Answer) {
    let made = with_person(s, |p| {
        let wanted = name.trim_end_matches(p.shape.delimiter).to_owned();
        let made = is_usable(&wanted, p) && p.create(&wanted, None);
        let folder = p.folders.get(&wanted).filter(|_| made)?;
        Some(mailbox_id(folder.id))
    });
    match made.flatten() {
        None => {
            let why = "it can't be made, or is there already";
            done(s, tag, false, "CANNOT", why, out);
        }
        Some(id) => {
            s.shared.world().ring();
            s.tell(true, out);
            let code = match s.offers("OBJECTID") {
                true => format!("MAILBOXID ({id})"),
                false => String::new(),
            };
            out.ok(tag, &code, "made");
        }
    }
}

fn with_person<T>(s: &Session, f: impl FnOnce(&mut Person) -> T) -> Option<T> {
    let mut world = s.shared.world();
    s.person(&mut world).map(f)
}

fn done(
    s: &mut Session,
    tag: &Tag<'_>,
    well: bool,
    code: &'static str,
    why: &str,
    out: &mut Answer,
) {
    s.shared.world().ring();
    s.tell(true, out);
    if well {
        out.ok(tag, "", "done");
    } else {
        out.no(tag, code, why);
    }
}

fn subscribe(s: &mut Session, tag: &Tag<'_>, mailbox: &str, wanted: bool, out: &mut Answer) {
    let there = with_person(s, |p| {
        let folder = p.folders.get_mut(mailbox);
        folder.map(|f| f.subscribed = wanted).is_some()
    });
    let why = "no such mailbox";
    done(s, tag, there == Some(true), "NONEXISTENT", why, out);
}
