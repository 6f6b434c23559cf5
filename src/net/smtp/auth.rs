//! Signing in (RFC 4954): by PLAIN or LOGIN with a password, by XOAUTH2 or OAUTHBEARER with an
//! access token. Credentials go out only over TLS, or to this machine.

use super::reply::Reply;
use super::session::{Pace, SmtpSession};
use super::watch::Watch;
use crate::lang::tr;
use crate::model::{Account, Auth, Secret};
use crate::net::error::{NetError, TlsFault};
use crate::net::sasl;
use crate::net::trace::Ring;
use zeroize::Zeroizing;

/// Octets of a command line with its end (RFC 5321 §4.5.3.1.4). A longer first message of a
/// mechanism goes out once it is asked for (RFC 4954 §4).
const LONGEST_COMMAND: usize = 512;
/// A server asks so often after everything was said, and not more.
const MOST_QUESTIONS: usize = 3;

impl SmtpSession {
    /// Connects and signs in. `watch` is told where the server is slow, now and with every message.
    ///
    /// # Errors
    /// When the server can't be reached, is not what it should be, or refuses us.
    pub fn connect(
        account: &Account,
        secret: &Secret,
        pace: Pace,
        watch: Watch,
    ) -> Result<SmtpSession, NetError> {
        let mut session = SmtpSession::greet(account, pace, Ring::default(), watch)?;
        session.sign_in(account, secret)?;
        Ok(session)
    }

    /// Signs in as the account says.
    ///
    /// # Errors
    /// [`NetError::Auth`] for a wrong name, password or token, [`NetError::AuthLater`] where it may
    /// pass.
    pub fn sign_in(&mut self, account: &Account, secret: &Secret) -> Result<(), NetError> {
        if !self.is_private() {
            return Err(NetError::tls(TlsFault::ClearText, || {
                tr!("no password is sent without TLS").to_owned()
            }));
        }
        self.hushed(|session| session.authenticate(account, secret))
            .map_err(|e| sasl::hidden(e, account.auth, &account.user, secret, &account.smtp))
    }

    fn authenticate(&mut self, account: &Account, secret: &Secret) -> Result<(), NetError> {
        let auth = sasl::chosen(account.auth, |name| self.offers().lists("AUTH", name));
        let first = sasl::first(auth, &account.user, secret, &account.smtp)?;
        let mut reply = None;
        if self.offers().lists("AUTH", sasl::name(auth)) {
            reply = Some(self.mechanism(auth, &sasl::encoded(&first))?);
        }
        // 504: the server does not know what it offered.
        if auth == Auth::Password
            && self.offers().lists("AUTH", "LOGIN")
            && reply.as_ref().is_none_or(|r| r.code == 504)
        {
            reply = Some(self.auth_login(&account.user, secret.reveal())?);
        }
        let Some(reply) = reply else {
            let offered = self.offers().get("AUTH").unwrap_or_default();
            let offered: Vec<&str> = offered.split_whitespace().collect();
            return Err(sasl::not_offered(auth, &offered));
        };
        match reply.code {
            code if code / 100 == 2 => Ok(()),
            421 => Err(NetError::Busy(reply.refusal())),
            code if code / 100 == 4 => Err(NetError::AuthLater(reply.refusal())),
            code if code / 100 == 5 => Err(NetError::Auth(reply.refusal())),
            _ => Err(NetError::Protocol(
                "the server asks for credentials without end".to_owned(),
            )),
        }
    }

    /// A mechanism of one message, which is encoded already.
    fn mechanism(&mut self, auth: Auth, message: &str) -> Result<Reply, NetError> {
        let command = format!("AUTH {}", sasl::name(auth));
        let mut whole = Zeroizing::new(format!("{command} {message}\r\n"));
        // Some ask for a password's message although it came with the command.
        let mut unsaid = auth == Auth::Password;
        if whole.len() > LONGEST_COMMAND {
            whole = Zeroizing::new(format!("{command}\r\n"));
            unsaid = true;
        }
        let mut reply = self.command_in_secret(&command, &whole)?;
        for _ in 0..MOST_QUESTIONS {
            let line = match reply.code {
                334 if unsaid => Zeroizing::new(format!("{message}\r\n")),
                // The reasons of a refusal.
                334 => Zeroizing::new(format!("{}\r\n", *sasl::encoded(sasl::again(auth)))),
                _ => break,
            };
            unsaid = false;
            reply = self.command_in_secret("", &line)?;
        }
        Ok(reply)
    }

    fn auth_login(&mut self, user: &str, password: &str) -> Result<Reply, NetError> {
        let mut reply = self.command("AUTH LOGIN\r\n")?;
        for word in [user, password] {
            if reply.code != 334 {
                break;
            }
            let line = Zeroizing::new(format!("{}\r\n", *sasl::encoded(word)));
            reply = self.command_in_secret("", &line)?;
        }
        Ok(reply)
    }
}
