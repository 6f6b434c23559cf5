//! A message from the command line: what `send` sends and what `compose` begins.

use super::exit::{self, Failure};
use super::home;
use super::written::{Compose, Written};
use crate::config::{Config, files};
use crate::mime::linked::from_mailto;
use crate::mime::{reply, roster};
use crate::model::{Draft, DraftAttachment, Group};
use anyhow::Result;
use std::io::Read as _;
use std::path::Path;

/// The largest text that is taken from standard input: 150 MiB.
pub(super) const MOST: u64 = 150 << 20;

/// The message that the command line begins; what is to be said of a link goes to `warnings`.
///
/// # Errors
/// No such account, no such link, or what was written can't be put into it.
pub fn draft(config: &Config, begun: &Compose, warnings: &mut Vec<String>) -> Result<Draft> {
    let usage = |why: &str| Failure::new(exit::USAGE, why);
    let account = home::account(config, begun.written.account.as_deref())?;
    let mut draft = match &begun.link {
        None => reply::fresh(account),
        Some(link) => {
            let none = || usage("this is no mailto: link; recipients go with --to");
            let (linked, said) = from_mailto(link, account).ok_or_else(none)?;
            warnings.extend(said.words());
            linked
        }
    };
    if begun.written.body_file.as_deref() == Some(Path::new("-")) {
        return Err(usage("the keys come from standard input: name a file with the text").into());
    }
    put(&mut draft, &begun.written, &config.groups)?;
    Ok(draft)
}

/// Puts into a draft what was said of it, each group's members in its place.
///
/// # Errors
/// A text that can't be read, a file that can't be attached.
pub(super) fn put(draft: &mut Draft, written: &Written, groups: &[Group]) -> Result<()> {
    let fields = [
        (&mut draft.to, &written.to),
        (&mut draft.cc, &written.cc),
        (&mut draft.bcc, &written.bcc),
    ];
    for (field, more) in fields {
        let there = Some(&*field).filter(|f| !f.is_empty());
        let all: Vec<&str> = there.into_iter().chain(more).map(String::as_str).collect();
        let all = all.join(", ");
        *field = roster::expand(&all, groups).unwrap_or(all);
    }
    if let Some(subject) = &written.subject {
        draft.subject.clone_from(subject);
    }
    if let Some(path) = &written.body_file {
        let text = match path.as_os_str() == "-" {
            true => text_of_stdin()?,
            false => files::read_text(path).map_err(|why| Failure::new(exit::NO_INPUT, why))?,
        };
        draft.body.insert_str(0, &text);
    }
    for path in &written.attach {
        let found = files::attachable(path).map_err(|why| Failure::new(exit::DATA, why))?;
        draft.attachments.push(DraftAttachment::file(found.path));
    }
    Ok(())
}

fn text_of_stdin() -> Result<String> {
    let mut text = String::new();
    let most = std::io::stdin().lock().take(MOST + 1);
    if { most }.read_to_string(&mut text)? as u64 > MOST {
        return Err(Failure::new(exit::DATA, "the text is larger than 150 MB").into());
    }
    Ok(text)
}
