//! Copies of drafts, step by step.

use super::copies::{CopyState, DraftCopy};
use super::{Local, LocalReader};
use crate::model::{
    AccountName, Draft, DraftId, MailboxName, MessageId, MessageKey, Uid, UidValidity,
};
use crate::store::Renames;

struct Bench {
    local: Local,
    _dir: tempfile::TempDir,
}

fn work() -> AccountName {
    AccountName("work".to_owned())
}

fn drafts() -> MailboxName {
    MailboxName::new("Drafts")
}

fn id(n: u32) -> MessageId {
    MessageId::new(&format!("{n}@x.example")).unwrap()
}

fn at(uid: u32) -> Option<(UidValidity, Uid)> {
    Some((UidValidity(7), Uid::new(uid).unwrap()))
}

impl Bench {
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let local = Local::open(&dir.path().join("local.db")).unwrap();
        Bench { local, _dir: dir }
    }

    fn save(&mut self, draft: Option<DraftId>, body: &str, now: i64) -> DraftId {
        let before = draft.and_then(|id| self.read().draft(id).unwrap());
        let draft = Draft {
            id: draft,
            rev: before.map_or(0, |d| d.rev),
            body: body.to_owned(),
            ..Draft::new(work())
        };
        self.local.save_draft(&draft, now).unwrap()
    }

    fn claim(&mut self, draft: DraftId, n: u32) -> DraftCopy {
        let claimed = self.local.claim_copy(draft, &work(), &drafts(), &id(n));
        claimed.unwrap().unwrap().0
    }

    fn read(&self) -> &LocalReader {
        self.local.read()
    }

    fn due(&self, now: i64) -> Vec<DraftId> {
        self.read().uncopied(&work(), now, 20).unwrap()
    }

    fn states(&self) -> Vec<CopyState> {
        let copies = self.read().copies(&work()).unwrap();
        copies.iter().map(|c| c.state).collect()
    }
}

#[test]
fn a_draft_is_due_once_it_rests_or_is_closed() {
    let mut bench = Bench::new();
    let draft = bench.save(None, "a", 100);
    assert!(bench.due(110).is_empty(), "it is being typed");
    assert_eq!(bench.due(120), [draft]);
    assert_eq!(bench.due(50), [draft], "a clock that was put back");
    bench.local.close_draft(draft).unwrap();
    assert_eq!(bench.due(100), [draft]);
    let other = AccountName("home".to_owned());
    assert!(bench.read().uncopied(&other, 200, 20).unwrap().is_empty());

    let copy = bench.claim(draft, 1);
    assert_eq!((copy.state, copy.saved), (CopyState::Appending, 100));
    assert_eq!(bench.due(100), [draft], "nobody knows of it yet");
    let again = bench.claim(draft, 2);
    assert_eq!(again, copy, "the same attempt, the same Message-ID");
    bench.local.copy_placed(copy.id, at(5)).unwrap();
    assert!(bench.due(500).is_empty());

    // Saved within the second of the copy: it is another one all the same.
    bench.save(Some(draft), "b", 100);
    assert_eq!(bench.due(130), [draft]);
    let newer = bench.claim(draft, 3);
    assert_ne!(newer.saved, copy.saved);
    assert_eq!(bench.states(), [CopyState::There, CopyState::Appending]);
    bench.local.copy_placed(newer.id, at(6)).unwrap();
    assert_eq!(bench.states(), [CopyState::Stale, CopyState::There]);
    assert_eq!(bench.local.stale_copies(&work()).unwrap()[0].at, at(5));
    bench.local.drop_copy(copy.id).unwrap();
    assert_eq!(bench.states(), [CopyState::There]);
    assert!(bench.due(500).is_empty());
}

#[test]
fn what_is_discarded_or_sent_from_elsewhere_leaves_stale_copies() {
    let mut bench = Bench::new();
    let one = bench.save(None, "a", 100);
    let two = bench.save(None, "b", 100);
    for (n, draft) in [(1, one), (2, two)] {
        let copy = bench.claim(draft, n);
        bench.local.copy_placed(copy.id, at(n)).unwrap();
    }
    assert!(bench.local.stale_copies(&work()).unwrap().is_empty());
    bench.local.discard_draft(one, 1).unwrap();
    let draft = Draft {
        id: Some(two),
        ..Draft::new(AccountName("home".to_owned()))
    };
    bench.local.save_draft(&draft, 200).unwrap();
    let stale = bench.local.stale_copies(&work()).unwrap();
    assert_eq!(
        stale.iter().map(|c| c.at).collect::<Vec<_>>(),
        [at(1), at(2)]
    );
    let gone = bench.local.claim_copy(one, &work(), &drafts(), &id(9));
    assert_eq!(gone.unwrap(), None);
}

#[test]
fn a_copy_that_somebody_removed_is_not_made_again_until_it_is_written_on() {
    let mut bench = Bench::new();
    let draft = bench.save(None, "a", 100);
    let copy = bench.claim(draft, 1);
    bench.local.copy_placed(copy.id, at(5)).unwrap();
    bench.local.copy_missing(copy.id).unwrap();
    assert_eq!(bench.read().removed_elsewhere().unwrap(), [draft]);
    assert!(bench.due(500).is_empty());
    bench.save(Some(draft), "b", 300);
    assert_eq!(bench.due(500), [draft]);
    assert!(bench.read().removed_elsewhere().unwrap().is_empty());
    let copy = bench.claim(draft, 2);
    bench.local.copy_placed(copy.id, at(6)).unwrap();
    assert_eq!(bench.states(), [CopyState::There]);
}

#[test]
fn a_message_of_another_program_is_replaced_by_uid_and_never_found_by_name() {
    let mut bench = Bench::new();
    let key = MessageKey {
        mailbox: drafts(),
        uidvalidity: UidValidity(7),
        uid: Uid::new(5).unwrap(),
        message_id: Some(id(1)),
        size: 10,
    };
    let draft = Draft {
        body: "mine".to_owned(),
        ..Draft::new(work())
    };
    let one = bench
        .local
        .save_draft_of(&draft, &work(), &key, 100)
        .unwrap()
        .id;
    let found = bench
        .read()
        .draft_copied_at(&work(), &drafts(), at(5).unwrap());
    assert_eq!(found.unwrap(), Some(one));
    let copies = bench.read().copies(&work()).unwrap();
    assert_eq!((copies[0].message_id.clone(), copies[0].at), (None, at(5)));
    assert_eq!(bench.due(200), [one]);
    // Written on twice: two drafts, and it goes with the first.
    let two = bench
        .local
        .save_draft_of(&draft, &work(), &key, 100)
        .unwrap()
        .id;
    assert_ne!(one, two);
    assert_eq!(bench.states(), [CopyState::There]);
    let renames = Renames {
        batch: 1,
        names: vec![(drafts(), MailboxName::new("Entw"))],
    };
    assert!(bench.local.rename_mailboxes(&work(), &renames).unwrap());
    let copies = bench.read().copies(&work()).unwrap();
    assert_eq!(copies[0].mailbox, MailboxName::new("Entw"));
    bench.local.discard_draft(one, 1).unwrap();
    assert_eq!(bench.local.stale_copies(&work()).unwrap().len(), 1);
}
