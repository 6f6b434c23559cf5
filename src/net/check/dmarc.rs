//! A domain's DMARC policy as receivers read it (RFC 7489 §6.3). Pure.

use crate::lang::tr;

/// What to do with mail that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    /// Nothing.
    None,
    /// Into junk.
    Quarantine,
    /// Refuse it.
    Reject,
}

impl Policy {
    fn read(word: &str) -> Option<Policy> {
        match word.to_ascii_lowercase().as_str() {
            "none" => Some(Policy::None),
            "quarantine" => Some(Policy::Quarantine),
            "reject" => Some(Policy::Reject),
            _ => None,
        }
    }

    /// What receivers do with mail that fails, in the language of the screen.
    pub(super) fn words(self) -> &'static str {
        match self {
            Policy::None => tr!("mail that fails both SPF and DKIM is delivered all the same"),
            Policy::Quarantine => tr!("mail that fails both SPF and DKIM goes into junk"),
            Policy::Reject => tr!("mail that fails both SPF and DKIM is refused"),
        }
    }

    /// As it stands in the record.
    pub(super) fn name(self) -> &'static str {
        match self {
            Policy::None => "none",
            Policy::Quarantine => "quarantine",
            Policy::Reject => "reject",
        }
    }
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dmarc {
    /// For the domain itself.
    pub policy: Policy,
    /// For names below it.
    pub below: Policy,
    /// Of how much mail, in percent.
    pub percent: u8,
    /// Whether the domain wants reports.
    pub reports: bool,
}

/// Reads a record; `None` for a text that is none, an error for one without a policy.
pub(super) fn read(record: &str) -> Option<Result<Dmarc, ()>> {
    let mut tags = record.split(';').filter_map(|tag| tag.split_once('='));
    let (name, version) = tags.next()?;
    if name.trim() != "v" || version.trim() != "DMARC1" {
        return None;
    }
    let (mut policy, mut below, mut percent, mut reports) = (None, None, 100, false);
    for (name, value) in tags {
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "p" => policy = Policy::read(value),
            "sp" => below = Policy::read(value),
            "pct" => percent = value.parse().unwrap_or(100).min(100),
            "rua" => reports = !value.is_empty(),
            _ => {}
        }
    }
    Some(policy.ok_or(()).map(|policy| Dmarc {
        policy,
        below: below.unwrap_or(policy),
        percent,
        reports,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read() {
        let found = read("v=DMARC1; p=reject; sp=none; pct=50; rua=mailto:x@example.test");
        let wanted = Dmarc {
            policy: Policy::Reject,
            below: Policy::None,
            percent: 50,
            reports: true,
        };
        assert_eq!(found, Some(Ok(wanted)));
        let plain = read("v=DMARC1;p=Quarantine").unwrap().unwrap();
        assert_eq!(
            (plain.policy, plain.below),
            (Policy::Quarantine, Policy::Quarantine)
        );
        assert_eq!(read("v=DMARC1; rua=mailto:x@example.test"), Some(Err(())));
        assert_eq!(read("v=DMARC1; p=maybe"), Some(Err(())));
        assert_eq!(read("v=spf1 -all"), None);
        assert_eq!(read("p=none"), None);
    }
}
