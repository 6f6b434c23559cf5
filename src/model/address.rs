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

    /// The name where there is one, else the addr-spec; that too if the name looks like another
    /// address.
    pub fn display(&self) -> &str {
        if self.name.is_empty() || self.is_disguised() {
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

    /// Whether both name the same mailbox: the domain without regard to case, and the local part
    /// too, as every provider in use does (RFC 5321 §2.4 would allow otherwise).
    pub fn same_mailbox(&self, other: &Address) -> bool {
        self.addr.eq_ignore_ascii_case(&other.addr)
    }

    /// The part after the last `@`, empty if there is none.
    pub fn domain(&self) -> &str {
        self.addr.rsplit_once('@').map_or("", |(_, d)| d)
    }
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
