//! Names that look like other names: domains in mixed scripts, domains that differ from a known
//! one only to a machine (UTS #39; RFC 5890 for the
//! form on the wire).

use super::recipients::ascii_domain;
use std::borrow::Cow;
use unicode_security::confusable_detection::skeleton;
use unicode_security::{RestrictionLevel, RestrictionLevelDetection};

/// The longest domain that is looked at, in octets; a real one has 253.
const LONGEST: usize = 1_000;

/// What is strange about how a domain is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Letters of several scripts in one label.
    Mixed,
    /// A label in other letters than Latin that all look like Latin ones.
    Disguised,
    /// Characters that can't be seen, or that no domain may hold.
    Invalid,
}

/// What is strange about a domain, as it stands or with `xn--` labels; `None`: nothing.
pub fn oddity(domain: &str) -> Option<Oddity> {
    let encoded = |l: &str| l.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("xn--"));
    if domain.is_ascii() && !domain.split('.').any(encoded) {
        return None;
    }
    if domain.len() > LONGEST {
        return Some(Oddity::Invalid);
    }
    let (text, valid) = idna::domain_to_unicode(domain);
    if valid.is_err() || domain.chars().any(crate::text::clean::is_forbidden) {
        return Some(Oddity::Invalid);
    }
    let top_is_latin = text.rsplit('.').next().is_some_and(|top| top.is_ascii());
    let strange = |label: &str| {
        if label.is_ascii() {
            return None;
        }
        match label.detect_restriction_level() {
            RestrictionLevel::MinimallyRestrictive | RestrictionLevel::Unrestricted => {
                Some(Oddity::Mixed)
            }
            _ if top_is_latin && skeleton(label).all(|c| c.is_ascii()) => Some(Oddity::Disguised),
            _ => None,
        }
    };
    text.split('.').find_map(strange)
}

/// A domain for showing: one that is written strangely in the form of the wire, any other as it
/// stands. Untrusted text.
pub fn shown(domain: &str) -> Cow<'_, str> {
    match oddity(domain) {
        None => Cow::Borrowed(domain),
        Some(_) => match ascii_domain(domain) {
            Some(ascii) => Cow::Owned(ascii),
            // No domain at all: what stands there, with everything spelt out.
            None => Cow::Owned(domain.chars().flat_map(char::escape_default).collect()),
        },
    }
}

/// An address for showing, its domain as [`shown`] gives it. Untrusted text.
pub fn shown_addr(addr: &str) -> Cow<'_, str> {
    match addr.rsplit_once('@') {
        Some((local, domain)) => match shown(domain) {
            Cow::Borrowed(_) => Cow::Borrowed(addr),
            Cow::Owned(domain) => Cow::Owned(format!("{local}@{domain}")),
        },
        None => Cow::Borrowed(addr),
    }
}

/// What a domain looks like: two with the same looks are hard to tell apart.
pub fn looks(domain: &str) -> String {
    let seen: String = skeleton(&decoded(domain))
        .flat_map(char::to_lowercase)
        .collect();
    // Pairs that run together, which the table has only in part.
    seen.replace("vv", "w").replace("cl", "d")
}

/// A domain with the letters that it pretends to have.
pub fn pretended(domain: &str) -> String {
    let mut out = String::new();
    for c in decoded(domain).chars() {
        let mut buf = [0; 4];
        match c.is_ascii() {
            true => out.push(c),
            false => out.extend(skeleton(c.encode_utf8(&mut buf))),
        }
    }
    out
}

/// The domain with its `xn--` labels read, its other letters as they stand.
fn decoded(domain: &str) -> Cow<'_, str> {
    let (domain, _) = domain.split_at(domain.floor_char_boundary(LONGEST));
    match oddity(domain) {
        None if domain.is_ascii() => Cow::Borrowed(domain),
        _ => Cow::Owned(idna::domain_to_unicode(domain).0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn honest_domains_are_nothing_strange() {
        for domain in [
            "example.org",
            "bücher.example",
            "xn--bcher-kva.example",
            "почта.рф",
            "日本語.example",
            "日本abc.example",
            "한국.example",
            "straße.example",
            "ελλάδα.gr",
            "café-münchen.example",
            "مثال.example",
            "הבית.example",
            "",
        ] {
            assert_eq!(oddity(domain), None, "{domain}");
        }
    }

    #[test]
    fn s14_strange_domains_are_shown_as_the_network_has_them() {
        for (domain, want, shows) in [
            ("аpple.com", Oddity::Mixed, "xn--pple-43d.com"),
            ("xn--pple-43d.com", Oddity::Mixed, "xn--pple-43d.com"),
            ("аррӏе.com", Oddity::Disguised, "xn--80ak6aa92e.com"),
            (
                "mail.gοοd.example",
                Oddity::Mixed,
                "mail.xn--gd-jbca.example",
            ),
            ("a\u{202e}b.example", Oddity::Invalid, "a\\u{202e}b.example"),
        ] {
            assert_eq!(oddity(domain), Some(want), "{domain}");
            assert_eq!(shown(domain), shows);
        }
        assert_eq!(shown_addr("u@аpple.com"), "u@xn--pple-43d.com");
        assert_eq!(shown_addr("u@bücher.example"), "u@bücher.example");
    }

    #[test]
    fn s14_looks_are_what_people_see() {
        for (a, b) in [
            ("paypal.com", "paypa1.com"),
            ("paypal.com", "PayPaI.com"),
            ("modern.example", "rnodern.example"),
            ("google.com", "g00gle.com"),
            ("wave.example", "vvave.example"),
            ("apple.com", "аррӏе.com"),
            ("apple.com", "xn--80ak6aa92e.com"),
        ] {
            assert_eq!(looks(a), looks(b), "{a} {b}");
        }
        assert_ne!(looks("example.org"), looks("example.com"));
        assert_ne!(looks("bücher.example"), looks("bucher.example"));
    }

    proptest! {
        #[test]
        fn anything_is_looked_at(text in "(\\PC|xn--|[а-я]|@|\\.|\u{202e}|-){0,40}") {
            oddity(&text);
            looks(&text);
            shown_addr(&text);
        }
    }
}
