//! Two windows on one draft: whoever comes second finds out, and nobody's words are lost.

use super::tests::{Home, outgoing, work};
use super::{KeptDraft, Local, Parted};
use crate::model::{Draft, DraftId, SubmissionState};
use crate::store::process::Process;
use std::process::{Child, Command, Stdio};

fn draft(body: &str) -> Draft {
    Draft {
        body: body.to_owned(),
        ..Draft::new(work())
    }
}

/// The draft as a composer has it that read it now, with this text.
fn read(local: &Local, id: DraftId, body: &str) -> Draft {
    Draft {
        body: body.to_owned(),
        ..local.read().draft(id).unwrap().unwrap()
    }
}

/// What was just saved was saved by this process, not by ours.
fn by(local: &Local, id: DraftId, process: i64) {
    let sql = "UPDATE draft SET open = ?2 WHERE id = ?1";
    let values = [id.0, process];
    local.reader.conn.execute(sql, values).unwrap();
}

fn bodies(local: &Local) -> Vec<String> {
    let mut all = local.read().drafts().unwrap();
    all.sort_by_key(|d| d.id.map(|id| id.0));
    all.into_iter().map(|d| d.body).collect()
}

/// A process that runs until it is dropped, and its number.
struct Other(Child, i64);

impl Other {
    fn start() -> Other {
        let child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let number = i64::from(child.id());
        Other(child, number)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

#[test]
fn what_another_window_wrote_is_not_written_over() {
    let home = Home::new();
    let (mut here, mut there) = (home.open(), home.open());
    let id = here.save_draft(&draft("begun"), 1).unwrap();
    here.close_draft(id).unwrap();
    let (mut ours, theirs) = (read(&here, id, "ours"), read(&there, id, "theirs"));
    let first = there.keep_draft(&theirs, 2).unwrap();
    assert_eq!((first.id, first.parted), (id, None));
    by(&there, id, 7);
    // Within the same second, too.
    let second = here.keep_draft(&ours, 2).unwrap();
    assert_ne!(second.id, id);
    assert_eq!(second.parted, Some(Parted::Changed));
    assert_eq!(bodies(&here), ["theirs", "ours"]);
    // From now on each has his own.
    (ours.id, ours.rev, ours.body) = (Some(second.id), second.rev, "ours, longer".to_owned());
    assert_eq!(here.keep_draft(&ours, 3).unwrap().parted, None);
    assert_eq!(bodies(&here), ["theirs", "ours, longer"]);
    // Of two saves of one window the second does not know what the first was answered.
    ours.body = "ours, longer still".to_owned();
    assert_eq!(here.keep_draft(&ours, 3).unwrap().id, second.id);
    // Who typed nothing that is not there has lost nothing.
    let same = Draft {
        rev: 0,
        ..read(&there, id, "theirs")
    };
    let kept = here.keep_draft(&same, 4).unwrap();
    assert_eq!((kept.id, kept.parted), (id, None));
    assert_eq!(bodies(&here).len(), 2);
}

#[test]
fn what_was_changed_or_sent_in_another_window_is_not_sent_as_it_was() {
    let home = Home::new();
    let (mut here, mut there) = (home.open(), home.open());
    let id = here.save_draft(&draft("begun"), 1).unwrap();
    here.close_draft(id).unwrap();
    let (ours, theirs) = (read(&here, id, "ours"), read(&there, id, "theirs"));
    let submit = |local: &mut Local, draft: &Draft| {
        let mut out = outgoing(None);
        out.draft = draft.id.map(|id| (id, draft.rev));
        local.submit(&out, 5)
    };
    there.keep_draft(&theirs, 2).unwrap();
    by(&there, id, 7);
    let why = here.keep_to_send(&ours, 3).unwrap_err().to_string();
    assert!(why.contains("changed in another window"), "{why}");
    // Nor is it if that happened while it was built.
    assert!(submit(&mut here, &ours).is_err());
    assert!(here.read().outbox().unwrap().is_empty());
    assert_eq!(bodies(&here), ["theirs"]);

    let theirs = read(&there, id, "theirs");
    let sent = submit(&mut there, &theirs).unwrap();
    let why = here.keep_to_send(&ours, 3).unwrap_err().to_string();
    assert!(why.contains("on its way already"), "{why}");
    // What was typed meanwhile becomes a draft; what says the same as what is sent does not.
    let same = here.keep_draft(&theirs, 6).unwrap();
    assert_eq!((same.id, same.parted), (id, None));
    assert_eq!(bodies(&here), Vec::<String>::new());
    let kept = here.keep_draft(&ours, 6).unwrap();
    assert_eq!(kept.parted, Some(Parted::Gone));
    assert_eq!(bodies(&here), ["ours"]);

    there.claim_submission(sent, 100).unwrap();
    there.dot(sent, &[]).unwrap();
    let accepted = SubmissionState::Accepted;
    there.finish(sent, accepted, None, 0).unwrap();
    // The draft is gone: an open window that still shows it sends it only when it has heard so.
    let why = here.keep_to_send(&theirs, 7).unwrap_err().to_string();
    assert!(why.contains("sent or thrown away"), "{why}");
    assert!(submit(&mut here, &theirs).is_err());
    let kept = here.keep_draft(&theirs, 8).unwrap();
    assert_eq!(kept.parted, Some(Parted::Gone));
    let KeptDraft { id, rev, .. } = kept;
    let (id, again) = (Some(id), theirs);
    assert!(submit(&mut here, &Draft { id, rev, ..again }).is_ok());
}

#[test]
fn a_draft_that_stands_open_elsewhere_is_not_closed_here() {
    let home = Home::new();
    let mut local = home.open();
    let id = local.save_draft(&draft("theirs"), 1).unwrap();
    let other = Other::start();
    by(&local, id, other.1);
    let open = |local: &Local| local.read().open_drafts().unwrap();
    local.close_draft(id).unwrap();
    local.put_aside(id).unwrap();
    assert_eq!(open(&local), [(id, Some(Process::numbered(other.1)))]);
    drop(other);
    local.put_aside(id).unwrap();
    assert_eq!(open(&local), [(id, None)]);
    local.close_draft(id).unwrap();
    assert_eq!(open(&local), []);
}

#[test]
fn what_a_window_that_is_open_did_is_named_before_it_is_taken_back() {
    use crate::store::Undo;
    let home = Home::new();
    let mut local = home.open();
    let sending = local.submit(&outgoing(None), 1).unwrap();
    let other = Other::start();
    let sql = "UPDATE action SET process = ?1";
    local.reader.conn.execute(sql, [other.1]).unwrap();
    let asked = local.undo(2, 0).unwrap();
    let named = matches!(&asked, Undo::Named { elsewhere: true, entry } if entry.at == 1);
    assert!(named, "{asked:?}");
    assert!(local.read().submission(sending).unwrap().is_some());
    let asked = local.undo(3, 0).unwrap();
    assert!(matches!(asked, Undo::Done(_)), "{asked:?}");
    // One that has ended is nobody who could be surprised.
    local.submit(&outgoing(None), 4).unwrap();
    local.reader.conn.execute(sql, [other.1]).unwrap();
    drop(other);
    let asked = local.undo(5, 0).unwrap();
    assert!(matches!(asked, Undo::Done(_)), "{asked:?}");
}

#[test]
fn where_a_part_of_a_move_went_is_known_though_the_rest_was_cut() {
    use super::tests::{key, op, to};
    use super::{Moved, Place};
    use crate::model::{Uid, UidValidity};
    let home = Home::new();
    let mut local = home.open();
    let keys = vec![key("INBOX", 1), key("INBOX", 2)];
    let moves = op(to("Archive"), keys.clone());
    let queued = local.act("Archived", 1, &[moves]).unwrap().1.remove(0);
    assert!(local.claim(queued.id).unwrap());
    let at = |uid| Place {
        mailbox: crate::model::MailboxName::new("Archive"),
        at: Some((UidValidity(9), Uid::new(uid).unwrap())),
    };
    let first = Moved {
        key: keys[0].clone(),
        to: at(71),
    };
    local.went(queued.id, std::slice::from_ref(&first)).unwrap();
    // Cut here: it is in flight, and the next run finds the first where it is.
    let mut local = home.open();
    let place = |local: &Local, key| local.read().follow(&work(), key).unwrap();
    assert_eq!(place(&local, &keys[0]), Some(at(71)));
    assert_eq!(place(&local, &keys[1]), None);
    let undone = super::tests::undo(&mut local, 2).unwrap();
    let back: Vec<u32> = undone
        .inverse
        .iter()
        .flat_map(|op| op.keys.iter().map(|k| k.uid.get()))
        .collect();
    assert!(back.contains(&71), "{undone:?}");
    let second = Moved {
        key: keys[1].clone(),
        to: at(72),
    };
    local.confirm(queued.id, &[first, second]).unwrap();
    assert_eq!(place(&local, &keys[0]), Some(at(71)));
    assert_eq!(place(&local, &keys[1]), Some(at(72)));
}
