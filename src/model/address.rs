//! A mailbox address of RFC 5322 §3.4 as data: what came in a header, not yet fit to be shown.

use std::fmt;

/// One address: an optional display name and an addr-spec.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The display name as decoded, empty where there is none. Untrusted text.
    pub name: String,
    /// `local@domain` as decoded; may be malformed in received mail. Untrusted text.
    pub addr: String,
}

impl Address {
    /// An address from its two parts.
    pub fn new(name: impl Into<String>, addr: impl Into<String>) -> Address {
        Address {
            name: name.into(),
            addr: addr.into(),
        }
    }

    /// The name where there is one to be seen, else the addr-spec; that too if the name looks like
    /// another address.
    pub fn display(&self) -> &str {
        if !self.name.contains(is_seen) || self.is_disguised() {
            &self.addr
        } else {
            &self.name
        }
    }

    /// Whether the name holds an address that is not this one.
    pub fn is_disguised(&self) -> bool {
        let is_between = |c: char| c.is_whitespace() || "<>()[]\"',;:|".contains(c);
        // The wide and the small form look the same.
        let is_at = |c: char| matches!(c, '@' | '＠' | '﹫');
        let is_address = |word: &&str| {
            let parts = word.split_once(is_at);
            parts.is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        };
        let named = self.name.split(is_between).find(is_address);
        named.is_some_and(|named| !named.eq_ignore_ascii_case(&self.addr))
    }

    /// Whether both name the same mailbox: the domain without regard to case and in either of its
    /// forms (RFC 5890), and the local part without regard to case, too, as every provider in use has
    /// it (RFC 5321 §2.4 would allow otherwise).
    pub fn same_mailbox(&self, other: &Address) -> bool {
        if self.addr.eq_ignore_ascii_case(&other.addr) {
            return true;
        }
        // Only a domain beyond ASCII has two.
        let both = || Some((wire_form(&self.addr)?, wire_form(&other.addr)?));
        let odd = !self.addr.is_ascii() || !other.addr.is_ascii();
        odd && both().is_some_and(|(one, two)| one == two)
    }

    /// The part after the last `@`, empty if there is none.
    pub fn domain(&self) -> &str {
        self.addr.rsplit_once('@').map_or("", |(_, d)| d)
    }
}

/// Whether a text is a mail address without a name, as the configuration takes one.
pub fn is_mailbox(text: &str) -> bool {
    let bad = |c: char| c.is_whitespace() || c.is_control() || "<>,;\"()".contains(c);
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !text.contains(bad)
    })
}

/// Whether a character of a name can be seen: no blank, and nothing that takes no room (Unicode's
/// default ignorable characters, and fillers).
fn is_seen(c: char) -> bool {
    let hidden = matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164
        | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xe0000..=0xe0fff);
    !hidden && !c.is_whitespace()
}

/// An address in lower case, its domain in ASCII.
fn wire_form(addr: &str) -> Option<String> {
    let (local, domain) = addr.rsplit_once('@')?;
    let domain = idna::domain_to_ascii(domain).ok()?;
    Some(format!("{}@{domain}", local.to_lowercase()))
}

impl fmt::Display for Address {
    /// As typed into a header: `Name <addr>`, the name quoted where RFC 5322 wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str(&self.addr);
        }
        if self.name.chars().any(|c| "()<>[]:;@\\,.\"".contains(c)) {
            let quoted = self.name.replace('\\', "\\\\").replace('"', "\\\"");
            write!(f, "\"{quoted}\" <{}>", self.addr)
        } else {
            write!(f, "{} <{}>", self.name, self.addr)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_the_same_in_both_of_its_forms() {
        let same = |a: &str, b: &str| Address::new("", a).same_mailbox(&Address::new("", b));
        assert!(same("Ada@b\u{fc}cher.example", "ada@xn--bcher-kva.example"));
        assert!(same("ada@B\u{dc}CHER.example", "ada@b\u{fc}cher.example"));
        assert!(!same("ada@b\u{fc}cher.example", "ada@bucher.example"));
        assert!(!same("ada@b\u{fc}cher.example", "bob@b\u{fc}cher.example"));
        assert!(!same("ada@\u{fc}\u{fc}--", "\u{fc}"));
    }

    #[test]
    fn a_name_that_nobody_sees_is_none() {
        for name in ["", " ", "\u{200b}\u{2060}", "\u{3164}\u{2800}", "\u{a0}"] {
            assert_eq!(Address::new(name, "a@x.example").display(), "a@x.example");
        }
        assert_eq!(
            Address::new("\u{2605}", "a@x.example").display(),
            "\u{2605}"
        );
    }

    #[test]
    fn a_name_that_is_another_address_is_not_shown_for_it() {
        for (name, shown) in [
            ("Joe", "Joe"),
            ("", "evil@x.test"),
            ("joe@good.example", "evil@x.test"),
            ("Joe <joe@good.example>,", "evil@x.test"),
            ("EVIL@x.test", "EVIL@x.test"),
            ("Joe @ Work.", "Joe @ Work."),
        ] {
            assert_eq!(Address::new(name, "evil@x.test").display(), shown);
        }
    }
}
