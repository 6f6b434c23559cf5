//! What is arranged right after signing in, in one round trip: ENABLE (RFC 5161, 7162, 6855, 9051),
//! ID (RFC 2971), which some servers insist on, and COMPRESS=DEFLATE (RFC 4978).
//!
//! Each is asked for only where it is offered, and a refusal changes nothing. Only what we asked
//! for is believed to be enabled. COMPRESS goes last, and whatever comes after its OK is compressed.

use crate::model::SyncPolicy;
use crate::net::error::NetError;
use crate::net::imap::caps::Caps;
use crate::net::imap::command::Command;
use crate::net::imap::decode::Untagged;
use crate::net::imap::quirks;
use crate::net::imap::session::{Enabled, Session};

/// What we say to ID.
const ID: &str = concat!(
    "ID (\"name\" \"postrider\" \"version\" \"",
    env!("CARGO_PKG_VERSION"),
    "\")"
);
/// Characters of each half of a server's name that are kept.
const HALF: usize = 200;

impl Session {
    /// Arranges what a fresh session needs.
    pub(super) fn settle(&mut self, policy: &SyncPolicy) -> Result<(), NetError> {
        let mut commands = Vec::new();
        let asked = self.to_enable();
        if !asked.is_empty() {
            commands.push(Command::new(format!("ENABLE {}", asked.join(" "))));
        }
        if self.caps.has("ID") {
            commands.push(Command::new(ID));
        }
        let near = self.port.line().stream().is_loopback();
        let squeeze = policy.compress.unwrap_or(!near) && self.caps.has("COMPRESS=DEFLATE");
        let squeeze = squeeze.then_some(commands.len());
        if squeeze.is_some() {
            commands.push(Command::new("COMPRESS DEFLATE"));
        }
        if !commands.is_empty() {
            let mut told = Caps::default();
            let mut id = None;
            self.pipeline(&commands, squeeze, &mut |_, said| {
                match said {
                    // Some say it once for each.
                    Untagged::Enabled(caps) => told.add(caps),
                    Untagged::Id(pairs) => id = Some(pairs),
                    other => return Ok(Some(other)),
                }
                Ok(None)
            })?;
            let is = |name: &str| asked.contains(&name) && told.has(&name.to_ascii_uppercase());
            self.enabled = Enabled {
                condstore: is("CONDSTORE") || is("QRESYNC"),
                qresync: is("QRESYNC"),
                utf8: is("UTF8=ACCEPT"),
                rev2: is("IMAP4rev2"),
            };
            self.server_id = id.and_then(|pairs| called(&pairs));
        }
        if let Some(id) = &self.server_id {
            quirks::apply(id, &mut self.caps);
        }
        self.notes.labels = self.caps.gmail();
        let utf8 = self.utf8();
        self.port.line().set_utf8(utf8);
        Ok(())
    }

    fn to_enable(&self) -> Vec<&'static str> {
        let caps = &self.caps;
        if !caps.enable() {
            return Vec::new();
        }
        let resume = match (caps.has("QRESYNC"), caps.has("CONDSTORE")) {
            (true, _) => Some("QRESYNC"),
            (false, true) => Some("CONDSTORE"),
            (false, false) => None,
        };
        let utf8 = caps.has("UTF8=ACCEPT") || caps.has("UTF8=ONLY");
        let rev2 = caps.has("IMAP4REV2");
        let names = [
            resume,
            utf8.then_some("UTF8=ACCEPT"),
            rev2.then_some("IMAP4rev2"),
        ];
        names.into_iter().flatten().collect()
    }
}

/// Name and version in one line.
fn called(pairs: &[(String, String)]) -> Option<String> {
    let get = |key: &str| {
        let found = pairs.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.chars().take(HALF).collect::<String>())
    };
    let halves: Vec<String> = [get("name"), get("version")]
        .into_iter()
        .flatten()
        .collect();
    (!halves.is_empty()).then(|| halves.join(" "))
}
