//! What tests of the ledger stand on: real databases, one account and no network.

use super::bells::{AccountBells, Bells};
use super::error::LedgerError;
use super::host::{Host, NoSecret};
use super::kit::Stores;
use super::ledger::Ledger;
use crate::mime::build::from_rfc5322;
use crate::model::*;
use crate::signal::{Board, Doorbell};
use crate::store::shelf::message;
use crate::store::{Cache, Local, MailboxInfo, Priority, Reader, Writer};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Nobody;

impl Host for Nobody {
    fn secret(&self, _: &Account, _: Service) -> Result<Secret, NoSecret> {
        Err(NoSecret::Ask)
    }
    fn remember(&self, _: &AccountName, _: Secret) {}
    fn forget(&self, _: &AccountName, _: Service) {}
    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|e| e.to_string())
    }
    fn changed(&self) {}
    fn nudge(&self) {}
}

pub(super) fn account() -> Account {
    Account {
        name: AccountName("work".to_owned()),
        email: "me@example.test".to_owned(),
        full_name: "Me".to_owned(),
        user: "me".to_owned(),
        signature: None,
        ..crate::mime::wire::tests::account()
    }
}

pub(super) struct Desk {
    _dir: tempfile::TempDir,
    pub(super) ledger: Ledger,
    pub(super) worker: Doorbell,
}

impl Desk {
    pub(super) fn new() -> Desk {
        let dir = tempfile::tempdir().unwrap();
        let stores = Stores {
            cache: dir.path().join("cache.db"),
            local: dir.path().join("local.db"),
        };
        let writer = Writer::spawn(Cache::open(&stores.cache, 0).unwrap().cache).unwrap();
        let worker = Doorbell::new().unwrap();
        let mut bells = Bells::default();
        bells.accounts.insert(
            account().name,
            AccountBells {
                worker: worker.ringer(),
                submitter: Doorbell::new().unwrap().ringer(),
                harvest: Doorbell::new().unwrap().ringer(),
                fetcher: crossbeam_channel::bounded(1).0,
                marks: Arc::default(),
            },
        );
        let ledger = Ledger {
            local: Local::open(&stores.local).unwrap(),
            reader: Reader::open(&stores.cache).unwrap(),
            writer,
            stores,
            accounts: vec![account()],
            board: Arc::new(Board::new()),
            host: Arc::new(Nobody),
            bells,
            rules: Arc::default(),
            undo_window: 10,
            idle: Duration::from_millis(20),
            fresh: Default::default(),
            begun: 0,
        };
        Desk {
            _dir: dir,
            ledger,
            worker,
        }
    }

    /// A message that lies there without its body.
    pub(super) fn receive(&self, mailbox: &'static str) -> (MsgId, LocationId) {
        let all = [("INBOX", Role::Inbox), ("Trash", Role::Trash)];
        let all = all.map(|(wire, role)| MailboxInfo::plain(wire, Some(role)));
        let message = message(1, Envelope::default());
        let take = move |cache: &mut Cache| {
            cache.set_mailboxes(&account().name, &all, 1, &[])?;
            let name = MailboxName::new(mailbox);
            let there = cache.read().mailbox_named(&account().name, &name)?.unwrap();
            let taken = cache.ingest(there.id, UidValidity(1), &[message], None)?;
            let (_, message, location) = taken.new[0];
            Ok((message, location))
        };
        self.ledger.writer.run(Priority::Urgent, take).unwrap()
    }

    /// A conversation of an old message and a newer one, and a message alone: their places, and the
    /// conversation.
    pub(super) fn receive_three(&self) -> ([LocationId; 3], ThreadId) {
        let alone = self.receive("INBOX").1;
        let id = |n: u32| MessageId::new(&format!("{n}@x.example"));
        let letter = |n: u32, answers: Option<u32>| {
            let envelope = Envelope {
                message_id: id(n),
                in_reply_to: answers.and_then(id).into_iter().collect(),
                ..Envelope::default()
            };
            message(n, envelope)
        };
        let all = [letter(2, None), letter(3, Some(2))];
        let take = move |cache: &mut Cache| {
            let name = MailboxName::new("INBOX");
            let there = cache.read().mailbox_named(&account().name, &name)?.unwrap();
            let taken = cache.ingest(there.id, UidValidity(1), &all, None)?;
            Ok([taken.new[0].2, taken.new[1].2])
        };
        let [old, new] = self.ledger.writer.run(Priority::Urgent, take).unwrap();
        let thread = self.ledger.reader.row_at(new).unwrap().unwrap().thread;
        ([alone, old, new], thread)
    }

    /// Which of these have a star, once what was asked is in the cache.
    pub(super) fn starred(&self, places: &[LocationId]) -> Vec<bool> {
        // Behind whatever was laid over it.
        let behind = |_: &mut Cache| Ok(());
        self.ledger.writer.run(Priority::Urgent, behind).unwrap();
        let row = |place: &LocationId| self.ledger.reader.row_at(*place).unwrap().unwrap();
        let star = |place| row(place).flags.system.has(System::FLAGGED);
        places.iter().map(star).collect()
    }

    /// Queues a message that no composer wrote.
    pub(super) fn queue(&mut self) -> OutboxId {
        let raw = b"From: me@example.test\r\nTo: you@example.test\r\nBcc: them@example.test\r\nSubject: Tea\r\n\r\nAt four.\r\n";
        let outgoing = from_rfc5322(raw, &account(), 1).unwrap();
        let intent = Intent::Queue(Box::new(outgoing));
        self.ledger.carry_out(intent).unwrap().outbox.unwrap()
    }

    pub(super) fn decide(&mut self, id: OutboxId, verb: OutboxVerb) -> Result<Done, LedgerError> {
        self.ledger.carry_out(Intent::Outbox(id, verb))
    }
}
