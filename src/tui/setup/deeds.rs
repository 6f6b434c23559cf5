//! What comes to the setting up and what it has done: answers in, deeds out, and where it stands.

use crate::model::setup::{AtProvider, Attempt, Brought, Found, Keeping, Kept, Tried};
use crate::model::{Account, Endpoint, Secret, SignInBy, SignInStep, SignInWord};

/// What comes from those who were asked. The number is that of the question.
#[derive(Debug)]
pub enum Came {
    /// Of servers that are looked for.
    Found(u64, Found),
    /// Of an account that is tried.
    Tried(u64, Tried),
    /// Whether the desktop's secret store can be used.
    Keyring(bool),
    /// Whether the encrypted file took the passphrase.
    Opened(Result<(), String>),
    /// What is known of signing in at the provider.
    Provider(u64, Result<Box<AtProvider>, String>),
    /// What is to be done at the provider's page.
    Step(u64, SignInStep),
    /// What came of signing in there.
    Signed(u64, Result<Brought, String>),
    /// The provider's page can't be opened from here: why.
    Unopened(String),
    /// Whether the account was written down.
    Kept(Result<Box<Kept>, String>),
}

/// What is to be done.
#[derive(Debug)]
pub enum Deed {
    /// Look for the servers of this address, and forget who was asked before; after a moment, or now.
    Find(u64, String, bool),
    /// Try this.
    Try(u64, Box<Attempt>),
    /// Say what is known of signing in at the provider of this word, to these servers.
    Provider(u64, String, Vec<Endpoint>),
    /// Sign in to this account at its provider's page, with the client's secret.
    SignIn(u64, Box<Account>, Option<Secret>, SignInBy),
    /// Say this to who signs in.
    Word(SignInWord),
    /// Copy this.
    Copy(String),
    /// Open this in a browser.
    OpenUrl(String),
    /// Open or make the encrypted file.
    Open(Secret),
    /// Write this down.
    Keep(Box<Keeping>),
    /// Ask nobody any more.
    Cancel,
    /// Leave: nothing was done.
    Leave,
    /// Show the demo.
    Demo,
    /// Take over what another program has.
    TakeOver,
    /// Read mail with what was set up.
    Done,
}

/// Where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The address is typed, or the servers are.
    Asking,
    /// Servers that nobody vouches for are to be agreed to.
    Agreeing,
    /// The password is typed.
    Password,
    /// What the provider calls this program is typed.
    Client,
    /// One signs in at the provider's page.
    Browser,
    /// It is tried.
    Trying,
    /// Something did not work.
    Broken,
    /// A place for the password is to be made.
    Safe,
    /// It is being written down.
    Keeping,
    /// It is set up.
    Done,
}
