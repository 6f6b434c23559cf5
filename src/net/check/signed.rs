//! The keys that receivers check a domain's signatures with, as the name system has them
//! (DKIM, RFC 6376).

use super::dkim::{self, Key};
use super::said::{careful, list};
use super::shown::clean;
use crate::lang::tr;
use crate::model::checkup::Step;
use crate::net::dns::{Kind, Said};
use crate::net::domain::Resolver;

/// Names of keys that are tried at once.
const AT_ONCE: usize = 8;

/// Looks the keys up by these names; without any, by the usual ones.
pub(super) fn look(domain: &str, known: &[String], resolver: &Resolver) -> Step {
    let usual = dkim::USUAL.map(str::to_owned);
    let names = if known.is_empty() { &usual } else { known };
    let mut found: Vec<(String, Key)> = Vec::new();
    for some in names.chunks(AT_ONCE) {
        std::thread::scope(|scope| {
            let asked: Vec<_> = some
                .iter()
                .map(|selector| {
                    let name = format!("{selector}._domainkey.{domain}");
                    let look = move || resolver.say_of(&name, Kind::Txt);
                    (
                        selector,
                        std::thread::Builder::new().spawn_scoped(scope, look),
                    )
                })
                .collect();
            for (selector, thread) in asked {
                if let Some(Said::Records(texts)) = thread.ok().and_then(|t| t.join().ok()) {
                    let key = texts.iter().find_map(|text| dkim::key(text));
                    found.extend(key.map(|key| (clean(selector), key)));
                }
            }
        });
    }
    judge(&found, known)
}

fn judge(found: &[(String, Key)], known: &[String]) -> Step {
    const NAME: &str = "DKIM";
    let words: Vec<String> = found
        .iter()
        .map(|(selector, key)| match key {
            Key::Rsa(bits) => tr!("{selector} (RSA, {bits} bits)", selector, bits),
            Key::Ed25519 => format!("{selector} (Ed25519)"),
            Key::Revoked => tr!("{selector} (taken back)", selector),
            Key::Broken => tr!("{selector} (can't be read)", selector),
        })
        .collect();
    let words = words.join(tr!(", "));
    let works =
        |key: &Key| matches!(key, Key::Ed25519) || matches!(key, Key::Rsa(bits) if *bits >= 1024);
    let good = found.iter().any(|(_, key)| works(key));
    match (good, found.is_empty(), known.is_empty()) {
        (true, ..) if found.iter().any(|(_, k)| matches!(k, Key::Rsa(1024..2048))) => Step::note(
            NAME,
            tr!("keys: {words}; 2,048 bits are usual today", words),
        ),
        (true, ..) => Step::fine(NAME, tr!("keys: {words}", words)),
        (false, false, _) => careful(
            NAME,
            tr!("no key that counts: {words}", words),
            tr!("receivers trust neither keys below 1,024 bits nor those that were taken back"),
            tr!("have your provider make a new key and put it into the domain's name system"),
        ),
        (false, true, false) => careful(
            NAME,
            tr!(
                "no key for {names}, with which your mail was signed",
                names = list(known)
            ),
            tr!("signatures on your mail can't be checked and count for nothing"),
            tr!("ask your provider for the key's record"),
        ),
        (false, true, true) => Step::note(
            NAME,
            tr!(
                "no key under any of the usual names; whether your mail is signed, a message from you to yourself tells (its DKIM-Signature, s=)"
            ),
        ),
    }
}
