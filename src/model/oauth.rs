//! How an account is signed in to with the provider's own page in a browser (OAuth 2.0, RFC 6749),
//! as the configuration says it, and what a sign-in tells whoever waits for it.

use std::fmt;

/// Where the secret of the registered program comes from, if the provider gave it one. For a program
/// on a user's machine it proves nothing (RFC 8252 §8.5), but some providers want to hear it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ClientSecret {
    /// It has none.
    #[default]
    None,
    /// Kept where the account's own secrets are kept; asked for at the first sign-in.
    Kept,
    /// The first line that this command prints.
    Command(Vec<String>),
}

/// A provider and what it knows this program as. Every address was looked at: they are https.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OAuth {
    /// What the provider is called, for sentences.
    pub provider: String,
    /// Its word in the configuration; empty: the configuration names all of its addresses.
    pub word: String,
    /// What the provider calls the registered program.
    pub client_id: String,
    /// The program's secret.
    pub client_secret: ClientSecret,
    /// What is asked for: reading mail, sending it, and doing so for longer than an hour.
    pub scopes: Vec<String>,
    /// The page that the browser opens.
    pub auth_url: String,
    /// Where tokens come from.
    pub token_url: String,
    /// Where codes for another device come from (RFC 8628); `None`: nowhere.
    pub device_url: Option<String>,
    /// Further fields of the page's address.
    pub extra: Vec<(String, String)>,
    /// The name by which the provider's page leads back to this machine: `127.0.0.1`, or
    /// `localhost` where only that can be registered.
    pub back_to: String,
}

/// Which way a sign-in goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignInBy {
    /// A browser here if there can be one, else another device.
    #[default]
    Best,
    /// A browser on this machine (RFC 8252).
    Browser,
    /// A browser anywhere, and a code that is typed there (RFC 8628).
    Device,
}

/// What a sign-in asks of the user. What the provider wrote in it is no more than an https address
/// and a short code, both plain ASCII.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInStep {
    /// Open this address; the page leads back here.
    Page {
        /// The address.
        url: String,
        /// Whether a browser was started for it.
        opened: bool,
        /// The port on this machine that the page leads back to.
        port: u16,
    },
    /// Open this address anywhere and type the code.
    Code {
        /// The address.
        url: String,
        /// The code.
        code: String,
        /// The address with the code in it, for a camera.
        whole: String,
        /// Seconds that the code is good for.
        lasts: u64,
    },
    /// The user has done it; the tokens are being fetched and kept.
    Fetching,
}

/// What whoever waits for a sign-in says to it.
#[derive(Clone)]
pub enum SignInWord {
    /// The address at which the browser ended, from where it could not come back by itself.
    Pasted(super::Secret),
    /// Leave it.
    Cancel,
}

impl fmt::Debug for SignInWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SignInWord::Pasted(_) => "Pasted(***)",
            SignInWord::Cancel => "Cancel",
        })
    }
}
