//! Signing in to an account anew: which one is meant, and which one can be.

use crate::lang::tr;
use crate::model::{AccountName, Link, SecretSource};
use crate::tui::app::state::Panes;

impl Panes {
    /// The account that is meant when none is named: one that is stopped, or the only one, or the one
    /// on the screen, of those that are signed in to in a browser.
    ///
    /// # Errors
    /// There is none.
    pub fn to_sign_in(&self) -> Result<AccountName, String> {
        let all: Vec<&AccountName> = self
            .accounts
            .iter()
            .filter(|a| matches!(a.secret, SecretSource::OAuth(_)))
            .map(|a| &a.name)
            .collect();
        let stopped =
            |name: &&&AccountName| matches!(self.status.of(name).link, Link::Stopped { .. });
        let shown = self.shown_account();
        let found = all
            .iter()
            .find(stopped)
            .or_else(|| all.iter().find(|name| shown.as_ref() == Some(**name)))
            .or(all.first());
        found.map(|name| (**name).clone()).ok_or_else(|| {
            tr!("No account is signed in to in a browser (docs/oauth.md)").to_owned()
        })
    }

    /// Whether an account can be signed in to in a browser.
    ///
    /// # Errors
    /// Why it can't.
    pub fn signs_in_by_browser(&self, name: &AccountName) -> Result<(), String> {
        let found = self.accounts.iter().find(|a| a.name == *name);
        match found.map(|a| &a.secret) {
            Some(SecretSource::OAuth(_)) => Ok(()),
            _ => Err(tr!(
                "{name} is not signed in to in a browser: it has no `oauth` in the configuration",
                name
            )),
        }
    }
}
