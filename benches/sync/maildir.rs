//! A corpus written straight into the files of a server's maildir, with the list of UIDs that
//! Dovecot keeps beside them, so that the order is settled and nothing must be delivered.

use crate::corpus::{Corpus, UNREAD};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Makes a user's INBOX of a corpus: message `n` has the UID `n + 1`.
pub fn write(homes: &Path, user: &str, corpus: &Corpus) {
    let home = homes.join(user);
    fill(&home.join("Maildir"), corpus);
    own(homes, &home);
}

/// Makes many mailboxes beside the INBOX, each of such a corpus.
pub fn write_many(homes: &Path, user: &str, boxes: usize, corpus: &Corpus) {
    let home = homes.join(user);
    fill(&home.join("Maildir"), corpus);
    let mut names = String::new();
    for n in 0..boxes {
        fill(&home.join(format!("Maildir/.box{n:03}")), corpus);
        let _ = writeln!(names, "box{n:03}");
    }
    fs::write(home.join("Maildir/subscriptions"), names).unwrap();
    own(homes, &home);
}

fn fill(maildir: &Path, corpus: &Corpus) {
    for folder in ["cur", "new", "tmp"] {
        fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    let list = File::create(maildir.join("dovecot-uidlist")).unwrap();
    let mut list = BufWriter::new(list);
    writeln!(
        list,
        "3 V1400000000 N{} G00112233445566778899aabbccddeeff",
        corpus.len() + 1
    )
    .unwrap();
    for at in 0..corpus.len() {
        let text = corpus.message(at);
        let lines = text.bytes().filter(|b| *b == b'\n').count();
        let date = corpus.date(at);
        let (size, wire) = (text.len(), text.len() + lines);
        let name = format!("{date}.M{at}P1.bench,S={size},W={wire}");
        let seen = if at % UNREAD == 0 { "" } else { "S" };
        let mut file = File::create(maildir.join(format!("cur/{name}:2,{seen}"))).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        // What Dovecot takes for INTERNALDATE.
        let date = Duration::from_secs(u64::try_from(date).unwrap());
        file.set_modified(SystemTime::UNIX_EPOCH + date).unwrap();
        writeln!(list, "{} :{name}", at + 1).unwrap();
    }
    list.flush().unwrap();
}

/// Gives all of it to whoever owns the mail of this server.
fn own(homes: &Path, path: &Path) {
    let owner = fs::metadata(homes).unwrap();
    let meta = fs::metadata(path).unwrap();
    if meta.uid() != owner.uid() {
        chown(path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    if meta.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            own(homes, &entry.unwrap().path());
        }
    }
}
