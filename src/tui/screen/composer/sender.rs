//! From whom it goes: every address of every account goes round, and what belongs to an address
//! (its signature, where answers go) goes with it, unless it was changed by hand.

use super::Composer;
use crate::mime::recipients::parse_list;
use crate::mime::reply::signature;
use crate::model::{Account, Address, DraftKind};
use std::time::Instant;

impl Composer {
    /// Every address that can be sent from, with its account.
    fn senders(&self) -> Vec<(&Account, Address)> {
        let of = |a| Account::senders(a).into_iter().map(move |s| (a, s));
        self.accounts.iter().flat_map(of).collect()
    }

    /// Whether there is another address to send from.
    pub(super) fn may_turn_sender(&self) -> bool {
        self.senders().len() > 1
    }

    /// The address that From names, if it is one of the user's.
    pub(super) fn address(&self) -> Option<Address> {
        let from = parse_list(&self.draft.from).ok()?;
        from.into_iter().next()
    }

    /// Sends from the next address (or the one before).
    pub(super) fn turn_sender(&mut self, by: isize, now: Instant) {
        let here = self.address();
        let senders = self.senders();
        let is_here = |(account, address): &(&Account, Address)| {
            account.name == self.draft.account
                && here.as_ref().is_some_and(|h| h.same_mailbox(address))
        };
        let at = senders.iter().position(is_here).unwrap_or(0);
        let at = at.cast_signed() + by;
        let Some(len) = isize::try_from(senders.len()).ok().filter(|n| *n > 1) else {
            return;
        };
        let next = at.rem_euclid(len).cast_unsigned();
        let Some((account, address)) = senders.get(next).cloned() else {
            return;
        };
        let account = account.clone();
        self.send_from(&account, &address, now);
    }

    /// Sends from this address of this account.
    pub(super) fn send_from(&mut self, account: &Account, address: &Address, now: Instant) {
        let before = self.account().cloned();
        let old = self
            .address()
            .or_else(|| before.as_ref().map(Account::identity));
        if let (Some(before), Some(old)) = (before, old) {
            self.change_signature(&signature(&before, &old), &signature(account, address));
            let asked = answers_to(&before, &old);
            if self.reply_to.text().trim() == asked.trim() {
                self.reply_to.set(&answers_to(account, address));
            }
        }
        self.draft.account = account.name.clone();
        self.draft.from = address.to_string();
        self.saves.changed(now);
    }

    /// Puts another signature in place of the one that stands there, where it is unchanged.
    fn change_signature(&mut self, old: &str, new: &str) {
        if old == new {
            return;
        }
        let body = self.body.text();
        let text = old.trim_end();
        let found = body
            .rfind(text)
            .filter(|_| !text.is_empty())
            .and_then(|at| {
                let (before, rest) = body.split_at_checked(at)?;
                let after = rest.get(text.len()..)?;
                let whole = after.is_empty() || after.starts_with('\n');
                whole.then(|| format!("{before}{}{after}", new.trim_end()))
            });
        let added = || {
            let fresh = old.is_empty() && self.draft.kind == DraftKind::New;
            fresh.then(|| format!("{}\n{new}", body.trim_end_matches('\n')))
        };
        if let Some(text) = found.or_else(added) {
            self.body.set(&text);
        }
    }

    /// The sender as shown: the address of the account, where nothing else stands there.
    pub(super) fn sender(&self) -> String {
        if self.draft.from.trim().is_empty() {
            let account = self.account().map(Account::identity);
            account.unwrap_or_default().to_string()
        } else {
            self.draft.from.clone()
        }
    }
}

/// The Reply-To of one of the account's addresses.
fn answers_to(account: &Account, address: &Address) -> String {
    let same = |email: &str| email.eq_ignore_ascii_case(&address.addr);
    let identity = account.identities.iter().find(|i| same(&i.email));
    identity
        .and_then(|i| i.reply_to.clone())
        .unwrap_or_default()
}
