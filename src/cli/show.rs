//! `show`: one message; its body is fetched if it is not here yet.

use super::args::Show;
use super::exit::{self, Failure};
use super::home::{self, Home};
use super::passphrase;
use super::say::aside;
use super::{json, lists};
use crate::mime::render::{RenderOptions, render};
use crate::mime::report;
use crate::mime::trust::{self, Known};
use crate::model::view::MessageRow;
use crate::model::{Account, Address, MsgId};
use crate::signal::Board;
use crate::store::met::met;
use crate::store::{LocalReader, Reader};
use crate::sync::bodies::Came;
use crate::sync::{Kit, engine, ondemand};
use crate::text::Clean;
use anyhow::Result;
use serde_json::json;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// `show`
///
/// Of several messages each begins with a line `==> ID <==`, and in JSON each is an object on a
/// line of its own. One that can't be shown is told on standard error, and the others are shown.
///
/// # Errors
/// Ids that are none; of one message, that it is unknown, or that its body can't be fetched.
pub fn show(home: &Home, as_json: bool, args: &Show) -> Result<u8> {
    let reader = home.reader()?;
    let ids = match args.newest {
        Some(count) => {
            let (mailbox, account) = (args.mailbox.as_deref(), args.account.as_deref());
            let scope = lists::scope(home, &reader, mailbox, account)?;
            let rows = lists::newest(&reader, &scope, false, count)?;
            rows.into_iter().map(|row| row.message).collect()
        }
        None => {
            let ids = args.ids.iter().map(|id| home::message_id(id));
            ids.collect::<Result<Vec<MsgId>>>()?
        }
    };
    if args.form.raw && io::stdout().is_terminal() {
        let told = "the source may drive this terminal; send it to a file or a pager: postrider show --raw ID | less";
        return Err(Failure::new(exit::USAGE, told).into());
    }
    if let ([id], None) = (ids.as_slice(), args.newest) {
        one(home, &reader, as_json, args, *id)?;
        return Ok(0);
    }
    if args.form.raw {
        let told =
            "where one source ends and the next begins could not be told; ask for one at a time";
        return Err(Failure::new(exit::USAGE, told).into());
    }
    let mut code = 0;
    for (n, id) in ids.iter().enumerate() {
        if !as_json {
            let blank = if n > 0 { "\n" } else { "" };
            let mut out = io::stdout().lock();
            writeln!(out, "{blank}==> m{} <==", id.0)?;
            out.flush()?;
        }
        if let Err(error) = one(home, &reader, as_json, args, *id) {
            // Nobody listens any more.
            if error.is::<io::Error>() {
                return Err(error);
            }
            let words = Clean::block(&format!("{error:#}"));
            aside!("postrider: m{}: {words}", id.0);
            if code == 0 {
                code = exit::code(&error);
            }
        }
    }
    Ok(code)
}

/// Shows one message.
fn one(home: &Home, reader: &Reader, as_json: bool, args: &Show, id: MsgId) -> Result<()> {
    let gone = || Failure::new(exit::NO_INPUT, format!("there is no message m{}", id.0));
    if reader.message(id)?.is_none() {
        return Err(gone().into());
    }
    let raw = body(home, reader, id, args)?;
    let message = reader.message(id)?.ok_or_else(gone)?;
    if args.form.raw {
        let mut out = io::stdout().lock();
        out.write_all(&raw)?;
        out.flush()?;
        return Ok(());
    }
    let mut rendered = render(&raw, &RenderOptions::default());
    let local = home.local_reader()?;
    rendered.trust = trust::of(&raw, &known(home, reader, &local, &message)?);
    let facts = match &message.envelope.message_id {
        Some(id) => local.reports(id)?,
        None => Vec::new(),
    };
    report::show(&mut rendered, &facts);
    let text: Vec<String> = rendered
        .lines
        .iter()
        .map(|l| l.spans.iter().map(|s| s.text.as_str()).collect())
        .collect();
    if as_json {
        let headers: Vec<_> = rendered
            .all_headers
            .iter()
            .map(|(n, v)| json!([n.as_str(), v.as_str()]))
            .collect();
        let links: Vec<_> = rendered
            .links
            .iter()
            .map(|l| json!({"text": l.text.as_str(), "url": l.url}))
            .collect();
        let mut object = json::message(&message);
        if let Some(fields) = object.as_object_mut() {
            fields.insert("reports".to_owned(), json::facts(&facts));
            fields.insert("trust".to_owned(), json::trust(&rendered.trust));
            if !args.form.text {
                fields.insert("headers".to_owned(), headers.into());
            }
            if !args.form.headers {
                fields.insert("text".to_owned(), text.join("\n").into());
                fields.insert("links".to_owned(), links.into());
            }
        }
        json::print(json!({ "message": object }))?;
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let headers = if args.form.headers {
        &rendered.all_headers
    } else {
        &rendered.headers
    };
    if !args.form.text {
        for (name, value) in headers {
            writeln!(out, "{name}: {value}")?;
        }
    }
    if args.form.headers {
        return Ok(());
    }
    if !args.form.text {
        writeln!(out)?;
        if let Some(line) = rendered.trust.line() {
            writeln!(out, "[{line}]\n")?;
        }
        if let Some(warning) = &rendered.warning {
            writeln!(out, "[{warning}]\n")?;
        }
    }
    for line in &text {
        writeln!(out, "{line}")?;
    }
    if !args.form.text {
        print_after(&mut out, &rendered)?;
    }
    out.flush()?;
    Ok(())
}

/// What speaks for the sender beside the message.
fn known(home: &Home, reader: &Reader, local: &LocalReader, message: &MessageRow) -> Result<Known> {
    let accounts = &home.config.accounts;
    let own: Vec<Address> = accounts.iter().flat_map(Account::senders).collect();
    let place = message.places.first();
    let account = place.and_then(|p| accounts.iter().find(|a| a.name == p.account));
    let met = Some(met(reader, local, message)?);
    Ok(match account {
        Some(account) => Known::new(account, own, met),
        None => Known {
            own,
            met,
            ..Known::default()
        },
    })
}

fn print_after(
    out: &mut impl io::Write,
    rendered: &crate::mime::render::Rendered,
) -> io::Result<()> {
    if !rendered.links.is_empty() {
        writeln!(out)?;
    }
    for (n, link) in rendered.links.iter().enumerate() {
        writeln!(out, "[{}] {}", n + 1, link.target)?;
    }
    for attachment in &rendered.attachments {
        let (name, kind) = (
            Clean::line(&attachment.name),
            Clean::line(&attachment.media_type),
        );
        writeln!(
            out,
            "[attached] {name} ({kind}, {})",
            crate::text::size::human(attachment.size)
        )?;
    }
    Ok(())
}

fn body(home: &Home, reader: &Reader, id: MsgId, args: &Show) -> Result<Vec<u8>> {
    // What is attached is not shown; the source has it.
    let here = || match args.form.raw {
        true => reader.body(id),
        false => Ok(reader.shown(id)?.map(|shown| shown.raw)),
    };
    if let Some(raw) = here()? {
        // It is used: what is attached to it stays here.
        if args.form.raw
            && reader.will_be_hollow(id)?
            && let Ok(kit) = kit(home, reader, id)
        {
            ondemand::stays(&kit, reader, id)?;
        }
        return Ok(raw);
    }
    if args.offline {
        return Err(Failure::new(
            exit::TEMPORARY,
            "not all of the message is here yet, and --offline fetches nothing",
        )
        .into());
    }
    let kit = kit(home, reader, id)?;
    passphrase::unlock(&home.secrets, std::slice::from_ref(&kit.account))?;
    let mut session = None;
    let came = ondemand::serve(&kit, &mut session, id)?;
    if let Some(session) = session {
        session.hang_up();
    }
    if let Some(raw) = here()? {
        return Ok(raw);
    }
    if came != Came::Settled {
        return Err(on_its_way());
    }
    let why = reader
        .message(id)?
        .and_then(|m| m.body_error)
        .unwrap_or_else(|| "the server gave nothing".to_owned());
    Err(Failure::new(exit::UNAVAILABLE, Clean::line(&why).to_string()).into())
}

/// The means of the account that has a message.
fn kit(home: &Home, reader: &Reader, id: MsgId) -> Result<Kit> {
    let place = reader.locate(id)?.into_iter().next();
    let place = place.ok_or_else(on_its_way)?;
    let account = home.account(place.account.as_str())?.clone();
    let parts = home.parts(vec![account.clone()], Arc::new(Board::new()), false)?;
    Ok(engine::kit(
        &parts,
        &account,
        &Arc::new(AtomicBool::new(false)),
    ))
}

fn on_its_way() -> anyhow::Error {
    Failure::new(
        exit::TEMPORARY,
        "the message is on its way; try again after a sync",
    )
    .into()
}
