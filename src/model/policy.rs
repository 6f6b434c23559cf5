//! What is fetched of an account before anybody asks, and how much of the server it may use.

/// How far back something is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: only on demand.
    None,
    /// Messages of the last so many days.
    Days(u32),
    /// The newest messages up to so many octets together, in each mailbox.
    Octets(u64),
    /// Everything.
    All,
}

/// What holds for some mailboxes in place of the account's own policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxPolicy {
    /// Which: a whole path as people see it, levels by `/`, case ignored; `*` stands for anything.
    pub pattern: String,
    /// Whether they are left out: not listed, not fetched.
    pub left_out: bool,
    /// How far back headers go, if it differs.
    pub headers: Option<Reach>,
    /// How far back bodies go, if it differs.
    pub bodies: Option<Reach>,
}

/// An account's policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncPolicy {
    /// How far back headers go; all unless said otherwise.
    pub headers: Reach,
    /// How far back bodies go; 30 days unless said otherwise.
    pub bodies: Reach,
    /// Whether attachments of what is fetched unasked are kept, too; else they are read for the search
    /// and left out, and fetched once they are wanted.
    pub attachments: bool,
    /// Whether PDF documents are read for the search, where anything can.
    pub papers: bool,
    /// What differs for some mailboxes; the first that names one counts.
    pub mailboxes: Vec<MailboxPolicy>,
    /// IMAP connections at most, of all kinds; at least 2. A server's own limit stands above it.
    pub connections: u8,
    /// Octets that may be received in a day without being asked for; `None`: as many as there are.
    pub budget: Option<u64>,
    /// COMPRESS=DEFLATE (RFC 4978): `None` uses it wherever the server is not on this machine.
    pub compress: Option<bool>,
    /// Capabilities that are not to be used although the server offers them, upper case.
    pub without: Vec<String>,
}

impl Default for SyncPolicy {
    fn default() -> SyncPolicy {
        SyncPolicy {
            headers: Reach::All,
            bodies: Reach::Days(30),
            attachments: false,
            papers: true,
            mailboxes: Vec::new(),
            connections: 4,
            budget: None,
            compress: None,
            without: Vec::new(),
        }
    }
}

impl SyncPolicy {
    /// How far back headers of a mailbox go.
    pub fn headers_of(&self, path: &str) -> Reach {
        let own = self.of(path).and_then(|p| p.headers);
        own.unwrap_or(self.headers)
    }

    /// How far back bodies of a mailbox go.
    pub fn bodies_of(&self, path: &str) -> Reach {
        let own = self.of(path).and_then(|p| p.bodies);
        own.unwrap_or(self.bodies)
    }

    /// Whether a mailbox is left out. INBOX never is.
    pub fn leaves_out(&self, path: &str) -> bool {
        path != "INBOX" && self.of(path).is_some_and(|p| p.left_out)
    }

    fn of(&self, path: &str) -> Option<&MailboxPolicy> {
        self.mailboxes.iter().find(|p| is_like(&p.pattern, path))
    }
}

/// Whether `path` is what `pattern` names. Linear in both: the last `*` alone is ever taken back.
fn is_like(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.to_lowercase(), path.to_lowercase());
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_whole_paths() {
        for (pattern, path, like) in [
            ("Lists/*", "lists/rust", true),
            ("Lists/*", "Lists", false),
            ("*spam*", "INBOX/Spam old", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("Junk", "Junk", true),
            ("Junk", "Junk/x", false),
            ("*", "", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(is_like(pattern, path), like, "{pattern} {path}");
        }
    }

    #[test]
    fn the_first_policy_that_names_a_mailbox_counts_and_the_inbox_stays() {
        let one = |pattern: &str, left_out, headers| MailboxPolicy {
            pattern: pattern.into(),
            left_out,
            headers,
            bodies: None,
        };
        let policy = SyncPolicy {
            mailboxes: vec![
                one("Lists/*", false, Some(Reach::Days(7))),
                one("*", true, None),
            ],
            ..SyncPolicy::default()
        };
        assert_eq!(policy.headers_of("Lists/x"), Reach::Days(7));
        assert_eq!(policy.bodies_of("Lists/x"), Reach::Days(30));
        assert!(!policy.leaves_out("Lists/x") && policy.leaves_out("Old"));
        assert!(!policy.leaves_out("INBOX"));
    }
}
