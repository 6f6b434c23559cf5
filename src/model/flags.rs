//! Message flags: the system set of RFC 9051 §2.3.2 and free keywords.

use std::collections::BTreeSet;
use std::ops::{BitAnd, BitOr, Not};

/// A set of system flags, stored as bits. The numbers are in databases: never change them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct System(pub u8);

impl System {
    /// No flag.
    pub const NONE: System = System(0);
    /// `\Seen`
    pub const SEEN: System = System(1);
    /// `\Answered`
    pub const ANSWERED: System = System(2);
    /// `\Flagged`
    pub const FLAGGED: System = System(4);
    /// `\Deleted`
    pub const DELETED: System = System(8);
    /// `\Draft`
    pub const DRAFT: System = System(16);
    /// Each flag with its spelling on the wire.
    pub const ALL: [(System, &'static str); 5] = [
        (System::SEEN, "\\Seen"),
        (System::ANSWERED, "\\Answered"),
        (System::FLAGGED, "\\Flagged"),
        (System::DELETED, "\\Deleted"),
        (System::DRAFT, "\\Draft"),
    ];

    /// Whether every flag of `other` is set.
    pub fn has(self, other: System) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for System {
    type Output = System;
    fn bitor(self, o: System) -> System {
        System(self.0 | o.0)
    }
}

impl BitAnd for System {
    type Output = System;
    fn bitand(self, o: System) -> System {
        System(self.0 & o.0)
    }
}

impl Not for System {
    type Output = System;
    fn not(self) -> System {
        System(!self.0 & 31)
    }
}

/// Whether a keyword can be said in a command: it is an atom (RFC 9051 §9 `flag-keyword`).
pub fn is_keyword(keyword: &str) -> bool {
    let plain = |b: u8| b.is_ascii_graphic() && !b"(){%*\"\\]".contains(&b);
    !keyword.is_empty() && keyword.bytes().all(plain)
}

/// All flags of one message in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The system flags.
    pub system: System,
    /// Keywords as the server spells them; unknown ones are kept. `\Recent` is never kept.
    pub keywords: BTreeSet<String>,
}

impl Flags {
    /// Only system flags.
    pub fn of(system: System) -> Flags {
        Flags {
            system,
            keywords: BTreeSet::new(),
        }
    }

    /// Reads one flag as the wire spells it, without regard to case; `\Recent`, `\*` and other
    /// unknown `\` flags are left out.
    pub fn insert_wire(&mut self, flag: &str) {
        if let Some((bit, _)) = System::ALL
            .iter()
            .find(|(_, name)| name.eq_ignore_ascii_case(flag))
        {
            self.system = self.system | *bit;
        } else if !flag.starts_with('\\') && !flag.is_empty() {
            self.keywords.insert(flag.to_owned());
        }
    }

    /// The flags as IMAP spells them, system flags first.
    pub fn to_wire(&self) -> Vec<String> {
        let system = System::ALL
            .iter()
            .filter(|(bit, _)| self.system.has(*bit))
            .map(|(_, n)| (*n).to_owned());
        system.chain(self.keywords.iter().cloned()).collect()
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.system == System::NONE && self.keywords.is_empty()
    }

    /// These flags after `change`. A keyword goes in whatever case it stands.
    pub fn after(&self, change: &FlagChange) -> Flags {
        let mut keywords = self.keywords.clone();
        let gone = &change.remove.keywords;
        keywords.retain(|k| !gone.iter().any(|g| g.eq_ignore_ascii_case(k)));
        keywords.extend(change.add.keywords.iter().cloned());
        Flags {
            system: (self.system & !change.remove.system) | change.add.system,
            keywords,
        }
    }
}

/// On a message whose sender has had a read receipt (RFC 3503 §3).
pub const MDN_SENT: &str = "$MDNSent";

/// What a user changed, as a delta: never the whole set (RFC 4549 §4.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagChange {
    /// Flags to set.
    pub add: Flags,
    /// Flags to clear.
    pub remove: Flags,
}

impl FlagChange {
    /// Sets system flags.
    pub fn set(system: System) -> FlagChange {
        FlagChange {
            add: Flags::of(system),
            remove: Flags::default(),
        }
    }

    /// Clears system flags.
    pub fn clear(system: System) -> FlagChange {
        FlagChange {
            add: Flags::default(),
            remove: Flags::of(system),
        }
    }

    /// This change and then the other, as one.
    pub fn and(&self, then: &FlagChange) -> FlagChange {
        FlagChange {
            add: self.add.after(then),
            remove: self.remove.after(&then.inverse()),
        }
    }

    /// The change that takes this one back.
    pub fn inverse(&self) -> FlagChange {
        FlagChange {
            add: self.remove.clone(),
            remove: self.add.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_are_read_without_case_and_recent_is_dropped() {
        let mut flags = Flags::default();
        for f in ["\\seen", "\\Recent", "\\*", "$Forwarded"] {
            flags.insert_wire(f);
        }
        assert_eq!(flags.to_wire(), ["\\Seen", "$Forwarded"]);
    }

    #[test]
    fn a_change_and_its_inverse() {
        let change = FlagChange::set(System::SEEN);
        let before = Flags::of(System::FLAGGED);
        assert_eq!(before.after(&change).after(&change.inverse()), before);
        let other = FlagChange::clear(System::FLAGGED).and(&FlagChange::set(System::ANSWERED));
        let both = change.and(&other);
        assert_eq!(before.after(&both), before.after(&change).after(&other));
        assert_eq!(change.and(&change.inverse()).add, Flags::default());
        let mut spelt = Flags::default();
        spelt.insert_wire("$Label1");
        let mut change = FlagChange::default();
        change.remove.insert_wire("$label1");
        assert_eq!(spelt.after(&change), Flags::default());
    }
}
