//! The user's own addresses: whom `me` means in a query (`from:me`, `to:me`).

use crate::model::account::Account;
use std::sync::{Arc, PoisonError, RwLock};

type All = Arc<Vec<String>>;

/// Those of the process. Like the language they belong to it as a whole; whoever reads the
/// configuration sets them.
static OWN: RwLock<Option<All>> = RwLock::new(None);

#[cfg(test)]
thread_local! {
    /// Those of a test's thread alone.
    static HERE: std::cell::RefCell<Option<All>> = const { std::cell::RefCell::new(None) };
}

/// From now on, on every thread, these are the addresses that the accounts send from.
pub fn choose(accounts: &[Account]) {
    let addresses = accounts.iter().flat_map(Account::senders);
    let addresses = addresses.map(|address| address.addr);
    *OWN.write().unwrap_or_else(PoisonError::into_inner) = Some(ready(addresses));
}

/// On this thread alone, while a test does something.
#[cfg(test)]
pub fn during<T>(addresses: &[&str], work: impl FnOnce() -> T) -> T {
    let addresses = addresses.iter().map(|address| (*address).to_owned());
    let before = HERE.replace(Some(ready(addresses)));
    let done = work();
    HERE.replace(before);
    done
}

fn ready(addresses: impl Iterator<Item = String>) -> All {
    let mut all: Vec<String> = Vec::new();
    // A domain beyond ASCII has two forms (RFC 5890).
    let forms = |address: String| {
        let address = address.to_lowercase();
        let (local, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
        let with = |domain: String| match domain.is_empty() {
            true => local.to_owned(),
            false => format!("{local}@{domain}"),
        };
        let wire = idna::domain_to_ascii(domain).unwrap_or_default();
        [
            with(idna::domain_to_unicode(domain).0),
            with(wire),
            address.clone(),
        ]
    };
    for address in addresses.flat_map(forms) {
        if !address.is_empty() && !all.contains(&address) {
            all.push(address);
        }
    }
    Arc::new(all)
}

/// All of them, in lower case, each once; none before anybody said.
pub fn addresses() -> Arc<Vec<String>> {
    #[cfg(test)]
    if let Some(here) = HERE.with_borrow(Clone::clone) {
        return here;
    }
    let own = OWN.read().unwrap_or_else(PoisonError::into_inner);
    own.clone().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_counts_once_in_lower_case() {
        let own = ["Ada@Example.test", "ada@example.TEST", "", "bo@x"];
        let all = during(&own, addresses);
        assert_eq!(*all, ["ada@example.test", "bo@x"]);
        let all = during(&["Zoë@Bücher.example"], addresses);
        assert_eq!(*all, ["zoë@bücher.example", "zoë@xn--bcher-kva.example"]);
    }
}
