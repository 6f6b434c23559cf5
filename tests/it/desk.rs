//! The program without its processes: the ledger and the worker as the library offers them, on a
//! home of their own. Does in a millisecond what a command of the program does in thirty.

use crate::both::ACCOUNT;
use crate::pty::PATIENCE;
use postrider::demo::Demo;
use postrider::model::account::SecretText;
use postrider::model::{
    Account, AccountName, Endpoint, Flags, Intent, MailboxName, Reach, Secret, SecretSource,
    Security, Service, SyncPolicy,
};
use postrider::net::http::Client;
use postrider::signal::Board;
use postrider::store::{Cache, Local, Priority, Reader, Writer};
use postrider::sync::check::Checks;
use postrider::sync::connections::Rank;
use postrider::sync::engine::{self, Engine, Parts};
use postrider::sync::host::{Host, NoSecret};
use postrider::sync::kit::{Kit, Stores};
use postrider::sync::pull::{self, Pulled};
use postrider::sync::rhythm::Rhythm;
use postrider::sync::{SyncError, mailboxes};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One user's desk.
pub struct Desk {
    /// Where its databases lie.
    pub home: tempfile::TempDir,
    engine: Engine,
    kit: Kit,
}

struct Alone;

impl Host for Alone {
    fn secret(&self, account: &Account, _: Service) -> Result<Secret, NoSecret> {
        match &account.secret {
            SecretSource::Memory(text) => Ok(text.0.clone()),
            other => panic!("{other:?}"),
        }
    }
    fn remember(&self, _: &AccountName, _: Secret) {}
    fn forget(&self, _: &AccountName, _: Service) {}
    fn attachment(&self, path: &Path) -> Result<Vec<u8>, String> {
        Err(path.display().to_string())
    }
    fn changed(&self) {}
    fn nudge(&self) {}
}

/// An account on 127.0.0.1, without TLS.
pub fn account(port: u16, user: &str) -> Account {
    let endpoint = |port| Endpoint {
        host: "127.0.0.1".to_owned(),
        port,
        security: Security::None,
        pin_sha256: None,
    };
    Account {
        name: AccountName(ACCOUNT.to_owned()),
        email: format!("{user}@example.test"),
        full_name: String::new(),
        user: user.to_owned(),
        secret: SecretSource::Memory(SecretText(Secret::new("secret".to_owned()))),
        imap: endpoint(port),
        smtp: endpoint(9),
        ca_file: None,
        sync: SyncPolicy {
            bodies: Reach::None,
            ..SyncPolicy::default()
        },
        save_sent: Some(false),
        mirror_drafts: true,
        archive: postrider::model::ArchiveBy::default(),
        auth: postrider::model::Auth::Password,
        identities: Vec::new(),
        sendmail: None,
        authserv_id: Vec::new(),
        future_release: false,
        signature: None,
    }
}

impl Desk {
    /// A desk of somebody who has never synchronised, with a server on 127.0.0.1.
    pub fn new(port: u16, user: &str) -> Desk {
        Desk::of(account(port, user), Arc::new(Alone))
    }

    /// The same with the first account of the demo's server.
    pub fn at(demo: &Demo) -> Desk {
        let there = demo.accounts()[0].clone();
        let ours = Account {
            user: there.user,
            secret: there.secret,
            ..account(there.imap.port, "ada")
        };
        Desk::of(ours, Arc::new(Alone))
    }

    /// The same of this account, with this world outside.
    pub fn of(account: Account, host: Arc<dyn Host>) -> Desk {
        let home = tempfile::Builder::new().prefix("prd").tempdir().unwrap();
        let stores = Stores {
            cache: home.path().join("cache.db"),
            local: home.path().join("local.db"),
        };
        drop(Local::open(&stores.local).unwrap());
        let cache = Cache::open(&stores.cache, 0).unwrap().cache;
        let parts = Parts {
            accounts: vec![account.clone()],
            stores,
            writer: Writer::spawn(cache).unwrap(),
            board: Arc::new(Board::new()),
            host,
            web: Client::default(),
            rules: Arc::default(),
            by_subject: None,
            undo_window: 0,
            rhythm: Rhythm::default(),
            online: false,
        };
        engine::recover(&parts).unwrap();
        let kit = engine::kit(&parts, &account, &Arc::new(AtomicBool::new(false)));
        Desk {
            home,
            engine: Engine::start(parts).unwrap(),
            kit,
        }
    }

    /// The means of its account.
    pub fn kit(&self) -> &Kit {
        &self.kit
    }

    fn ask(&self, intent: Intent) -> bool {
        let (say, heard) = crossbeam_channel::bounded(1);
        let reply = move |done: Result<_, String>| {
            let _ = say.send(done.is_ok());
        };
        self.engine.ask(intent, Box::new(reply));
        heard.recv_timeout(PATIENCE).unwrap()
    }

    /// Has an intent recorded and laid over the cache; whether there was anything to do.
    pub fn act(&self, intent: Intent) -> bool {
        let done = self.ask(intent);
        // The ledger answers first and tells the cache then: behind a second intent it has.
        self.ask(Intent::CheckMail);
        self.kit.writer.run(Priority::Batch, |_| Ok(())).unwrap();
        done
    }

    /// One turn as `sync --once` makes it: whether it went well, or why not.
    pub fn sync(&self) -> Result<(), String> {
        engine::once(&self.kit).map(drop).map_err(|e| e.to_string())
    }

    /// A look at the cache.
    pub fn reader(&self) -> Reader {
        Reader::open(&self.kit.stores.cache).unwrap()
    }

    /// One pull of the inbox by somebody who is called away whenever he may be.
    pub fn pull_harried(&self, checks: &mut Checks) -> Result<Pulled, SyncError> {
        let reader = self.reader();
        let mut session = self.kit.dial(Rank::Worker, None)?;
        let all = mailboxes::known(&self.kit, &reader)?;
        let inbox = all.first().unwrap();
        let (kit, cut_in) = (&self.kit, &mut || true);
        let outcome = pull::mailbox(&mut session, kit, &reader, inbox, checks, cut_in);
        self.kit.writer.run(Priority::Batch, |_| Ok(()))?;
        outcome
    }

    /// The flags of all messages of a mailbox, as the cache believes that the server has them.
    pub fn flags(&self, mailbox: &str) -> Vec<Flags> {
        let reader = self.reader();
        let name = MailboxName::new(mailbox);
        let account = AccountName(ACCOUNT.to_owned());
        let found = reader.mailbox_named(&account, &name).unwrap().unwrap();
        let mut all = Vec::new();
        let mut each = |_, flags| all.push(flags);
        reader
            .flags_between(found.id, 1, u32::MAX, &mut each)
            .unwrap();
        all
    }
}
