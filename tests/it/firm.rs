//! An organisation whose mail is signed in to at its provider's own page: the page, the servers that
//! take what comes of it, and the list that names them.

use crate::provider::Provider;
use crate::script::Script;
use crate::tokens::submission;

/// The organisation.
pub struct Firm {
    /// Where its page is; a device that waits there is let in at once, unless a test says otherwise.
    pub provider: Provider,
    imap: Script,
    smtp: u16,
}

impl Firm {
    /// Starts its page and its servers.
    pub fn start() -> Firm {
        let provider = Provider::start();
        let imap = Script::start(|mail| {
            mail.greeting = "IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR".to_owned();
            mail.make("Sent", "\\Sent");
            mail.add("INBOX", "in1");
        });
        let (smtp, _told) = submission("Bearer access-1");
        let mut state = provider.state();
        state.device.lasts = 600;
        state.device.errors.clear();
        drop(state);
        Firm {
            provider,
            imap,
            smtp,
        }
    }

    /// Its `providers.toml`, for all of example.test; `more`: further lines about its page.
    pub fn listed(&self, more: &str) -> String {
        let at = format!("https://127.0.0.1:{}", self.provider.port);
        format!(
            "[[provider]]\nname = \"Firm\"\ndomains = [\"example.test\"]\nimap = [\"none:127.0.0.1:{}\"]\nsmtp = [\"none:127.0.0.1:{}\"]\nsign-in = [\"oauth:firm\"]\n\n[oauth.firm]\nauth-url = \"{at}/authorize\"\ntoken-url = \"{at}/token\"\ndevice-url = \"{at}/device\"\nscopes = [\"mail\", \"offline_access\"]\nclient-id = \"postrider test\"\n{more}",
            self.imap.port, self.smtp
        )
    }
}
