//! `export`: messages into an mbox file, a Maildir or a folder of `.eml` files. What isn't here yet is
//! fetched. Begun again after a crash or a cut it goes on where it was: a message's file is named by
//! its octets, and of an unfinished mbox what is whole is kept.

use super::bars::Bars;
use super::exit::{self, Failure};
use super::fetcher::{Fetcher, There};
use super::home::Home;
use super::json;
use super::lists::find_mailbox;
use super::passphrase;
use super::placed::{alone, create, folder, go_on, part, put, settle};
use super::reading;
use super::say::{aside, say};
use super::words::{Export, Form};
use crate::mime::maildir::{self, Keywords};
use crate::mime::mbox::{self, Letter, Mbox, Next};
use crate::mime::parse;
use crate::model::{Account, Expr, Flags, MailboxId, MsgId, Query, Target, Term};
use crate::signal::Board;
use crate::store::{ByKey, Reader};
use crate::sync::engine;
use crate::text::{Clean, when};
use anyhow::Result;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, UNIX_EPOCH};

/// One message that is to be written.
struct Wanted {
    message: MsgId,
    flags: Flags,
    date: i64,
}

/// The mailbox that is written, as it is listed here.
struct Listed {
    mailbox: MailboxId,
    /// Messages whose place is not known any more.
    lost: u64,
}

/// What came of it.
#[derive(Default)]
struct Count {
    wanted: u64,
    written: u64,
    known: u64,
    twice: u64,
    missing: BTreeMap<String, u64>,
    found: u64,
}

impl Count {
    /// Whether what was written is there.
    fn is_found(&self) -> bool {
        self.found == self.written + self.known
    }
}

/// `export`
///
/// # Errors
/// An unknown mailbox, a query that can't be read, a place that can't be written to.
pub fn export(home: &Home, as_json: bool, args: &Export) -> Result<u8> {
    let reader = home.reader()?;
    if let Some(file) = args.form.mbox.as_deref().filter(|f| f.exists()) {
        let told = format!("{} is there already", file.display());
        return Err(Failure::new(exit::IO, told).into());
    }
    let (wanted, listed) = wanted(home, &reader, args)?;
    // Without it what is here is written all the same.
    let _ = passphrase::unlock(
        &home.secrets,
        // A dry run fetches nothing.
        &asked(
            home,
            &reader,
            if args.dry_run { &[] } else { &wanted },
            listed.as_ref(),
        )?,
    );
    let board = Arc::new(Board::new());
    let parts = home.parts(home.config.accounts.clone(), Arc::clone(&board), false)?;
    let stop = Arc::new(AtomicBool::new(false));
    let kits = parts.accounts.iter();
    let kits = kits.map(|a| (a.name.clone(), engine::kit(&parts, a, &stop)));
    let mut fetcher = Fetcher::new(&reader, kits.collect());
    let start = Count {
        wanted: wanted.len() as u64,
        ..Count::default()
    };
    let start = match &listed {
        Some(listed) => compare(&mut fetcher, listed, start)?,
        None => start,
    };
    let (working, done) = crossbeam_channel::bounded::<()>(0);
    let count = std::thread::scope(|scope| {
        let bars = scope.spawn(|| Bars::new(!as_json).follow(&board, &done));
        let count = match (&args.form, args.dry_run) {
            (_, true) => Ok(start),
            (
                Form {
                    mbox: Some(file), ..
                },
                _,
            ) => into_mbox(&mut fetcher, file, &wanted, start),
            (
                Form {
                    maildir: Some(folder),
                    ..
                },
                _,
            ) => into_folder(&mut fetcher, folder, true, &wanted, start),
            (Form { eml, .. }, _) => {
                let folder = eml.as_deref().unwrap_or(Path::new("."));
                into_folder(&mut fetcher, folder, false, &wanted, start)
            }
        };
        drop(working);
        drop(bars.join());
        count
    })?;
    fetcher.hang_up()?;
    tell(as_json, args, &count)
}

/// The accounts whose servers will be asked: for what a mailbox has, and for what isn't here.
fn asked(
    home: &Home,
    reader: &Reader,
    wanted: &[Wanted],
    listed: Option<&Listed>,
) -> Result<Vec<Account>> {
    let accounts = &home.config.accounts;
    if !home.secrets.must_unlock(accounts) {
        return Ok(Vec::new());
    }
    let mut names = BTreeSet::new();
    if let Some(mailbox) = listed.map(|l| reader.mailbox(l.mailbox)).transpose()? {
        names.extend(mailbox.map(|m| m.account));
    }
    for message in wanted.iter().map(|w| w.message) {
        let here = reader.message(message)?.is_some_and(|row| row.has_body);
        if !here || reader.is_hollow(message)? {
            let place = reader.locate(message)?.into_iter().next();
            names.extend(place.map(|p| p.account));
        }
    }
    let asked = accounts.iter().filter(|a| names.contains(&a.name));
    Ok(asked.cloned().collect())
}

/// What is to be written; of a mailbox also what is known of it.
fn wanted(home: &Home, reader: &Reader, args: &Export) -> Result<(Vec<Wanted>, Option<Listed>)> {
    let mut all = Vec::new();
    if let Some(name) = &args.mailbox {
        let row = find_mailbox(home, reader, name, args.account.as_deref())?;
        let mut listed = Listed {
            mailbox: row.id,
            lost: 0,
        };
        for target in reader.resolve(&[Target::Mailbox(row.id)])? {
            match reader.by_key(&target.account, &target.key)? {
                ByKey::Here(known) => all.push(Wanted {
                    message: known.message,
                    flags: target.flags,
                    date: known.date,
                }),
                ByKey::Gone | ByKey::Unread => listed.lost += 1,
            }
        }
        return Ok((all, Some(listed)));
    }
    let text = args.query.join(" ");
    if text.trim().is_empty() {
        let told = "say what: a query, or -m MAILBOX";
        return Err(Failure::new(exit::USAGE, told).into());
    }
    let mut query =
        Query::parse(&text).map_err(|e| Failure::new(exit::USAGE, format!("{text}: {e}")))?;
    if let Some(name) = &args.account {
        home.account(name)?;
        query.root = Expr::all([query.root, Expr::Term(Term::Account(name.clone()))]);
    }
    let found = reader.search(&query, when::now(), usize::MAX)?;
    let mut seen = BTreeSet::new();
    for row in found.rows {
        if seen.insert(row.message.0) {
            all.push(Wanted {
                message: row.message,
                flags: row.flags,
                date: row.date,
            });
        }
    }
    all.sort_by_key(|w| (w.date, w.message.0));
    Ok((all, None))
}

/// What of a mailbox is not listed here counts as missing: the server says which messages it has. One
/// that can't be asked said when the mailbox was last read how many those were.
fn compare(fetcher: &mut Fetcher<'_>, listed: &Listed, mut count: Count) -> Result<Count> {
    let cursor = fetcher.reader.cursor(listed.mailbox)?;
    let asked = match fetcher.reader.mailbox(listed.mailbox)? {
        Some(mailbox) => fetcher.there(&mailbox),
        None => Ok(None),
    };
    let more_than_here = |exists: u32| u64::from(exists).saturating_sub(cursor.held);
    let absent = match asked {
        Ok(Some(There::Numbered(validity, uids))) => match cursor.uidvalidity == Some(validity) {
            true => uids.minus(&fetcher.reader.all_uids(listed.mailbox)?).len(),
            false => uids.len(),
        },
        Ok(Some(There::Counted(exists))) => more_than_here(exists),
        Ok(None) => more_than_here(cursor.exists),
        Err(error) => {
            let told = Clean::line(&error.to_string()).to_string();
            aside!("compared with what the server said last, as it can't be asked: {told}");
            more_than_here(cursor.exists)
        }
    };
    let never = cursor.uidvalidity.is_none() && absent == 0;
    for (why, n) in [
        (
            "not listed here: `postrider sync --once` lists what `headers` reaches",
            absent,
        ),
        ("its place on the server is not known any more", listed.lost),
        (
            "the mailbox was never read: run `postrider sync --once`",
            u64::from(never),
        ),
    ] {
        if n > 0 {
            *count.missing.entry(why.to_owned()).or_insert(0) += n;
            count.wanted += n;
        }
    }
    Ok(count)
}

/// The names of a Maildir's keywords: the old list or the new one, whatever happens.
fn write_keywords(maildir: &Path, keywords: &Keywords) -> Result<()> {
    let under_way = maildir.join("tmp").join("dovecot-keywords.tmp");
    let mut file = create(&under_way)?;
    file.write_all(keywords.write().as_bytes())?;
    file.sync_all()?;
    fs::rename(&under_way, maildir.join("dovecot-keywords"))?;
    Ok(())
}

/// Into one file, which has its name only when it is whole: else the next run goes on with it.
fn into_mbox(
    fetcher: &mut Fetcher<'_>,
    path: &Path,
    wanted: &[Wanted],
    mut count: Count,
) -> Result<Count> {
    let part = part(path);
    let (mut octets, mut rest) = (0u64, wanted.iter());
    let file = go_on(&part)?;
    alone(&file, &part)?;
    let held = file.try_clone()?;
    // What stands there already, as long as it is what would be written.
    let length = file.metadata()?.len();
    if length > 0 {
        let mut mbox = Mbox::new(BufReader::new(&file));
        while let Ok(Some(Next::Letter(letter))) = mbox.read() {
            let mut ahead = rest.clone();
            let Some(next) = ahead.next() else { break };
            let Ok(bytes) = fetcher.get(next.message)? else {
                break;
            };
            let mut again = Vec::new();
            let ours = Letter {
                bytes,
                flags: next.flags.clone(),
                date: Some(next.date),
            };
            mbox::write(&mut again, &sender(&ours.bytes), &ours)?;
            let mut there = Vec::new();
            mbox::write(&mut there, &sender(&letter.bytes), &letter)?;
            // The last one may have been cut at its very end.
            if again != there || octets + again.len() as u64 > length {
                break;
            }
            octets += again.len() as u64;
            count.known += 1;
            rest = ahead;
        }
    }
    file.set_len(octets)?;
    let mut out = BufWriter::new(file);
    std::io::Seek::seek(&mut out, std::io::SeekFrom::End(0))?;
    for next in rest {
        match fetcher.get(next.message)? {
            Ok(bytes) => {
                let letter = Letter {
                    bytes,
                    flags: next.flags.clone(),
                    date: Some(next.date),
                };
                mbox::write(&mut out, &sender(&letter.bytes), &letter)?;
                count.written += 1;
            }
            Err(why) => *count.missing.entry(why).or_insert(0) += 1,
        }
        fetcher.progress(count.known + count.written, count.wanted);
    }
    out.flush()?;
    out.get_ref().sync_all()?;
    drop(out);
    let mut mbox = Mbox::new(BufReader::new(File::open(&part)?));
    while mbox.read()?.is_some() {
        count.found += 1;
    }
    if count.missing.is_empty() && count.is_found() {
        put(&part, path)?;
    }
    drop(held);
    Ok(count)
}

fn sender(bytes: &[u8]) -> String {
    let from = parse::envelope(bytes).from.into_iter().next();
    from.map(|a| a.addr).unwrap_or_default()
}

/// Into a file for each, named by when it came and by its octets.
fn into_folder(
    fetcher: &mut Fetcher<'_>,
    path: &Path,
    is_maildir: bool,
    wanted: &[Wanted],
    mut count: Count,
) -> Result<Count> {
    folder(path)?;
    let (home, tmp) = match is_maildir {
        true => {
            for part in ["cur", "new", "tmp"] {
                folder(&path.join(part))?;
            }
            (path.join("cur"), path.join("tmp"))
        }
        false => (path.to_owned(), path.to_owned()),
    };
    let mut keywords = reading::keywords(path);
    // By what names begin with: flags may have changed since.
    let mut there: BTreeSet<String> = BTreeSet::new();
    for entry in fs::read_dir(&home)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        there.extend(name.split([':', ',']).next().map(str::to_owned));
    }
    let mut ours = BTreeSet::new();
    for next in wanted {
        let bytes = match fetcher.get(next.message)? {
            Ok(bytes) => bytes,
            Err(why) => {
                *count.missing.entry(why).or_insert(0) += 1;
                continue;
            }
        };
        let hash = Sha256::digest(&bytes);
        let mark: String = hash.iter().take(8).map(|b| format!("{b:02x}")).collect();
        let stem = match is_maildir {
            true => format!("{}.{mark}.postrider", next.date.max(0)),
            false => format!("{}-{mark}", next.date.max(0)),
        };
        if !ours.insert(stem.clone()) {
            count.twice += 1;
            continue;
        }
        if there.contains(&stem) {
            count.known += 1;
            continue;
        }
        let before = keywords.clone();
        let mut own = Keywords::default();
        let (letters, _) = match is_maildir {
            true => maildir::letters(&next.flags, &mut keywords),
            false => maildir::letters(&next.flags, &mut own),
        };
        if is_maildir && keywords != before {
            write_keywords(path, &keywords)?;
        }
        let name = match is_maildir {
            true => format!("{stem}:2,{letters}"),
            false => {
                let letters: String = letters.chars().filter(char::is_ascii_uppercase).collect();
                format!("{stem},{letters}.eml")
            }
        };
        let under_way = tmp.join(format!("{stem}.tmp"));
        let mut file = create(&under_way)?;
        match is_maildir {
            true => file.write_all(&lf(bytes))?,
            false => file.write_all(&bytes)?,
        }
        let time = UNIX_EPOCH + Duration::from_secs(next.date.max(0).unsigned_abs());
        file.set_modified(time)?;
        file.sync_all()?;
        fs::rename(&under_way, home.join(name))?;
        count.written += 1;
        fetcher.progress(count.known + count.written, count.wanted);
    }
    // The names are as durable as what they stand for before it is said that all are there.
    settle(&home)?;
    settle(path)?;
    for entry in fs::read_dir(&home)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let stem = name.split([':', ',']).next().unwrap_or_default();
        count.found += u64::from(ours.contains(stem));
    }
    Ok(count)
}

/// Lines that all end with CRLF end with LF, as in a Maildir; others stay as they are.
fn lf(bytes: Vec<u8>) -> Vec<u8> {
    let all = bytes.iter().filter(|b| **b == b'\n').count();
    let pairs = bytes.windows(2).filter(|w| *w == b"\r\n").count();
    let returns = bytes.iter().filter(|b| **b == b'\r').count();
    if all != pairs || returns != pairs {
        return bytes;
    }
    bytes.into_iter().filter(|b| *b != b'\r').collect()
}

fn tell(as_json: bool, args: &Export, count: &Count) -> Result<u8> {
    let dry = args.dry_run;
    let written = dry || count.is_found();
    let whole = count.missing.is_empty() && written;
    if as_json {
        json::print(json!({
            "wanted": count.wanted, "written": count.written, "known": count.known,
            "twice": count.twice, "missing": count.missing, "found": count.found,
            "verified": whole, "dry_run": dry,
        }))?;
    } else if dry {
        let missing: u64 = count.missing.values().sum();
        say!("{} messages would be written", count.wanted - missing);
    } else {
        let twice = match count.twice {
            0 => String::new(),
            n => format!(", {n} are there twice and were written once"),
        };
        let verified = match (whole, args.mailbox.is_some()) {
            (true, true) => "verified: all are there".to_owned(),
            (true, false) => "verified: all that was found here is there".to_owned(),
            (false, _) => format!("{} of them are there", count.found),
        };
        say!(
            "{} messages: {} written, {} were written before{twice}; {verified}",
            count.wanted,
            count.written,
            count.known,
        );
    }
    if let (Some(file), false, false, false) = (&args.form.mbox, as_json, dry, whole) {
        aside!("not whole, so it is called {}", part(file).display());
    }
    for (why, n) in count.missing.iter().filter(|_| !as_json) {
        aside!("{n} not written: {}", Clean::line(why));
    }
    Ok(if whole { 0 } else { exit::DIFFERENT })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn nothing_is_written_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let precious = dir.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        fs::create_dir(dir.path().join("tmp")).unwrap();
        let links = [
            "dovecot-keywords",
            "tmp/dovecot-keywords.tmp",
            "1.tmp",
            "a.part",
        ];
        for link in links {
            symlink(&precious, dir.path().join(link)).unwrap();
        }
        let keywords = Keywords::parse("0 $Forwarded\n");
        write_keywords(dir.path(), &keywords).unwrap();
        let mut file = create(&dir.path().join("1.tmp")).unwrap();
        file.write_all(b"other").unwrap();
        let part = go_on(&dir.path().join("a.part")).unwrap();
        part.set_len(2).unwrap();
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
        assert_eq!(reading::keywords(dir.path()), keywords);
        // What somebody made meanwhile is not replaced.
        fs::write(dir.path().join("box"), "theirs").unwrap();
        let part = dir.path().join("a.part");
        assert!(put(&part, &dir.path().join("box")).is_err());
        assert_eq!(fs::read(dir.path().join("box")).unwrap(), b"theirs");
        put(&part, &dir.path().join("other")).unwrap();
        put(&dir.path().join("other"), &part).unwrap();
        // What was begun is gone on with.
        assert_eq!(
            go_on(&dir.path().join("a.part"))
                .unwrap()
                .metadata()
                .unwrap()
                .len(),
            2
        );
    }
}
