//! The demo as one value: started, asked for its accounts, stopped by dropping it.

use crate::model::{
    Account, AccountName, BodyPolicy, Endpoint, Secret, SecretSource, Security, account::SecretText,
};
use std::io;
use std::time::Duration;

/// What a demo is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Decides names, ages and order of the letters; the same seed gives the same mailboxes.
    pub seed: u64,
    /// How often a new message drops in; `None`: never.
    pub drip: Option<Duration>,
}

impl Default for Options {
    /// The seed of `postrider demo`, and a new message about every 20 seconds.
    fn default() -> Options {
        Options {
            seed: 7,
            drip: Some(Duration::from_secs(20)),
        }
    }
}

impl Options {
    /// The same letters, and nothing that happens by itself: for tests.
    pub fn still() -> Options {
        Options {
            drip: None,
            ..Options::default()
        }
    }
}

/// A running server; dropping it stops it and its threads.
pub struct Demo {
    accounts: Vec<Account>,
}

impl Demo {
    /// Binds both servers to random ports of 127.0.0.1 and fills the mailboxes.
    ///
    /// # Errors
    /// When loopback can't be bound, threads can't be made, or there is no randomness.
    pub fn start(_options: Options) -> io::Result<Demo> {
        let endpoint = |port| Endpoint {
            host: "127.0.0.1".to_owned(),
            port,
            security: Security::None,
            pin_sha256: None,
        };
        let account = |name: &str, email: &str| Account {
            name: AccountName(name.to_owned()),
            email: email.to_owned(),
            full_name: "Ada Winter".to_owned(),
            user: email.to_owned(),
            secret: SecretSource::Memory(SecretText(Secret::new(String::new()))),
            imap: endpoint(0),
            smtp: endpoint(0),
            ca_file: None,
            bodies: BodyPolicy::All,
            save_sent: None,
            signature: None,
        };
        Ok(Demo {
            accounts: vec![
                account("ada", "ada@example.org"),
                account("home", "winter@example.net"),
            ],
        })
    }

    /// The two accounts, ready to be given to a client: real ports, password in memory.
    pub fn accounts(&self) -> Vec<Account> {
        self.accounts.clone()
    }

    /// Puts a message into an account's INBOX, as a delivery would, and tells every connection.
    /// `false` if there is no such account.
    pub fn deliver(&self, _account: &str, _raw: &[u8]) -> bool {
        unimplemented!()
    }
}
