//! The fields of the servers, for who says them by hand: from endpoints to lines and back.

use crate::lang::{tr, trc};
use crate::model::setup::{Proposal, SignIn, Source};
use crate::model::{Endpoint, Security};
use crate::tui::widget::line_edit::LineEdit;

/// A field of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The address.
    Address,
    /// The password.
    Password,
    /// The full name, which may stay empty.
    Name,
    /// What the provider calls this program, where one signs in with a browser.
    Client,
    /// The secret that goes with it, where there is one.
    ClientSecret,
    /// The server that mail is read from, `HOST:PORT`.
    Imap,
    /// How that is protected.
    ImapSecurity,
    /// The server that sends, `HOST:PORT`.
    Smtp,
    /// How that is protected.
    SmtpSecurity,
    /// The name that one signs in with.
    User,
    /// The passphrase of the encrypted file.
    Passphrase,
    /// The same once more.
    Again,
}

impl Field {
    /// What stands before it.
    pub fn label(self) -> &'static str {
        match self {
            Field::Address => trc!("form", "Address"),
            Field::Password => trc!("form", "Password"),
            Field::Name => trc!("form", "Your name"),
            Field::Client => trc!("form", "Client id"),
            Field::ClientSecret => trc!("form", "Its secret"),
            Field::Imap => trc!("form", "Mail server"),
            Field::ImapSecurity => trc!("form", "  security"),
            Field::Smtp => trc!("form", "Sends by"),
            Field::SmtpSecurity => trc!("form", "  security"),
            Field::User => trc!("form", "User name"),
            Field::Passphrase => trc!("form", "Passphrase"),
            Field::Again => trc!("form", "Once more"),
        }
    }

    /// Whether it is chosen with the space bar, not typed.
    pub fn is_choice(self) -> bool {
        matches!(self, Field::ImapSecurity | Field::SmtpSecurity)
    }

    /// Whether it need not be filled in.
    pub fn is_optional(self) -> bool {
        matches!(self, Field::Name | Field::ClientSecret)
    }

    /// Whether what stands there is not shown.
    pub fn is_hidden(self) -> bool {
        use Field::{Again, ClientSecret, Passphrase, Password};
        matches!(self, Password | ClientSecret | Passphrase | Again)
    }
}

/// The servers as they are typed.
#[derive(Clone, Debug, Default)]
pub struct ByHand {
    /// `HOST:PORT` of the server that mail is read from.
    pub imap: LineEdit,
    /// `HOST:PORT` of the one that sends.
    pub smtp: LineEdit,
    /// The name to sign in with.
    pub user: LineEdit,
    securities: [Option<Security>; 2],
}

impl ByHand {
    /// What was found, to be changed; without that the usual names below the address's domain.
    pub fn of(found: Option<&Proposal>, address: &str) -> ByHand {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let first =
            |list: Option<&Vec<Endpoint>>, usual: (&str, u16)| match list.and_then(|l| l.first()) {
                // What is usual follows the port when that is typed anew.
                Some(end) => (
                    format!("{}:{}", end.host, end.port),
                    Some(end.security).filter(|s| *s != by_port(end.port)),
                ),
                None => (format!("{}.{domain}:{}", usual.0, usual.1), None),
            };
        let (imap, imap_security) = first(found.map(|f| &f.imap), ("imap", 993));
        let (smtp, smtp_security) = first(found.map(|f| &f.smtp), ("smtp", 465));
        ByHand {
            imap: LineEdit::new(&imap),
            smtp: LineEdit::new(&smtp),
            user: LineEdit::new(found.map_or(address, |f| &f.user)),
            securities: [imap_security, smtp_security],
        }
    }

    /// How a server is protected: as chosen, else as its port says.
    pub fn security(&self, field: Field) -> Security {
        let (chosen, line) = match field {
            Field::SmtpSecurity => (self.securities.last(), &self.smtp),
            _ => (self.securities.first(), &self.imap),
        };
        let usual = parted(line.text()).map_or(Security::Tls, |(_, port)| by_port(port));
        chosen.copied().flatten().unwrap_or(usual)
    }

    /// Takes the next way of protection. In the clear only to this machine.
    pub fn turn(&mut self, field: Field) {
        let line = if field == Field::SmtpSecurity {
            &self.smtp
        } else {
            &self.imap
        };
        let here = parted(line.text()).is_ok_and(|(host, _)| crate::config::is_loopback(&host));
        let next = match self.security(field) {
            Security::Tls => Security::StartTls,
            Security::StartTls if here => Security::None,
            Security::StartTls | Security::None => Security::Tls,
        };
        let place = if field == Field::SmtpSecurity { 1 } else { 0 };
        if let Some(security) = self.securities.get_mut(place) {
            *security = Some(next);
        }
    }

    /// The servers as if they had been found.
    ///
    /// # Errors
    /// What is no server, in words, and where.
    pub fn proposal(&self) -> Result<Proposal, (Field, &'static str)> {
        let end = |line: &LineEdit, field, which| {
            let (host, port) = parted(line.text()).map_err(|why| (field, why))?;
            let security = self.security(which);
            if security == Security::None && !crate::config::is_loopback(&host) {
                return Err((which, tr!("only this machine is talked to in the clear")));
            }
            Ok(Endpoint {
                host,
                port,
                security,
                pin_sha256: None,
            })
        };
        let user = self.user.text().trim();
        if user.is_empty() {
            return Err((Field::User, tr!("the name to sign in with is missing")));
        }
        Ok(Proposal {
            provider: None,
            source: Source::Typed,
            imap: vec![end(&self.imap, Field::Imap, Field::ImapSecurity)?],
            smtp: vec![end(&self.smtp, Field::Smtp, Field::SmtpSecurity)?],
            user: user.to_owned(),
            meant: None,
            sign_in: vec![SignIn::Password],
            outside: Vec::new(),
            notes: Vec::new(),
        })
    }
}

/// The word for a protection.
pub fn security_words(security: Security) -> &'static str {
    match security {
        Security::Tls => "TLS",
        Security::StartTls => "STARTTLS",
        Security::None => tr!("none (this machine only)"),
    }
}

fn by_port(port: u16) -> Security {
    match port {
        143 | 587 | 2525 => Security::StartTls,
        _ => Security::Tls,
    }
}

fn parted(text: &str) -> Result<(String, u16), &'static str> {
    let Some((host, port)) = text.trim().rsplit_once(':') else {
        return Err(tr!("a server looks like imap.example.org:993"));
    };
    let named = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']');
    if host.is_empty() || !host.chars().all(named) {
        return Err(tr!("a server looks like imap.example.org:993"));
    }
    match port.parse::<u16>() {
        Ok(25) => Err(tr!(
            "port 25 is for servers among themselves; use 465 or 587"
        )),
        Ok(port) if port > 0 => Ok((host.trim_matches(['[', ']']).to_owned(), port)),
        _ => Err(tr!("a port is a number from 1 to 65535")),
    }
}
