//! msmtp, which sends for those whose mail another program fetches: its accounts by their
//! addresses. It goes on sending, with the secrets that it has.

use crate::migrate::found::{Findings, Found, Kind, Place};
use crate::migrate::shelf::Shelf;
use crate::migrate::words::{self, Url, split_quoted};

/// Accounts looked at.
const MOST: usize = 100;

/// An account of msmtp.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    name: String,
    from: String,
    user: String,
    host: String,
}

impl Sender {
    fn signs_in(&self) -> Url {
        login(&self.host, &self.user)
    }
}

/// The accounts of msmtp's own file, if there is one.
pub fn read_usual(shelf: &mut Shelf<'_>, out: &mut Findings) -> Vec<Sender> {
    let places = [
        shelf.dirs.home.join(".msmtprc"),
        shelf.dirs.config.join("msmtp/config"),
    ];
    let text = places.iter().find_map(|path| shelf.maybe(path, out));
    let mut all = text.map(|text| read(&text)).unwrap_or_default();
    if all.len() > MOST {
        let why = format!("only the first {MOST} accounts of msmtp were looked at");
        out.note(&Place::default(), "msmtp", Kind::Yours, &why);
        all.truncate(MOST);
    }
    all
}

fn read(text: &str) -> Vec<Sender> {
    let mut all: Vec<Sender> = Vec::new();
    let mut usual = Sender::default();
    let mut is_usual = true;
    for line in text.lines() {
        let line = line.trim();
        let (key, value) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let value = split_quoted(value).into_iter().next().unwrap_or_default();
        match key {
            "defaults" => is_usual = true,
            // `account default : name` names one that is there.
            "account" => {
                is_usual = false;
                let mut sender = usual.clone();
                let parent = line.split_once(':').map(|(_, p)| p.trim());
                if let Some(parent) = parent.and_then(|p| all.iter().find(|s| s.name == p)) {
                    sender = parent.clone();
                }
                sender.name = value.trim_end_matches(':').trim().to_owned();
                all.push(sender);
            }
            "from" | "user" | "host" => {
                let sender = match is_usual {
                    true => Some(&mut usual),
                    false => all.last_mut(),
                };
                if let Some(sender) = sender {
                    match key {
                        "from" => sender.from = value,
                        "user" => sender.user = value,
                        _ => sender.host = value,
                    }
                }
            }
            _ => {}
        }
    }
    all.retain(|s| !s.name.is_empty() && !s.name.starts_with('-'));
    all
}

/// Gives each account that has no way to send the one that msmtp has for it, and its address.
pub fn join(senders: &[Sender], out: &mut Findings) {
    let mut notes: Vec<Place> = Vec::new();
    let alone = out.accounts.len() == 1;
    for account in &mut out.accounts {
        if account.smtp.is_some() || account.sendmail.is_some() {
            continue;
        }
        let named =
            |s: &&Sender| !account.name.is_empty() && s.name.eq_ignore_ascii_case(&account.name);
        let same = |s: &&Sender| {
            let login = account.login();
            let is = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(login);
            is(&s.from) || is(&s.user)
        };
        let near = |s: &&Sender| {
            let host = account.imap.as_ref().map_or("", |e| e.host.as_str());
            alone && !host.is_empty() && s.signs_in().same_login(&login(host, account.login()))
        };
        let found = senders
            .iter()
            .find(same)
            .or_else(|| senders.iter().find(named));
        let Some(sender) = found.or_else(|| senders.iter().find(near)) else {
            continue;
        };
        take(account, sender);
        notes.push(account.place.clone());
    }
    for place in notes {
        let why = "msmtp goes on sending for it, with its own configuration and password";
        out.note(&place, "sending", Kind::Otherwise, why);
    }
}

fn take(account: &mut Found, sender: &Sender) {
    let argv = ["msmtp", "-a", &sender.name];
    account.sendmail = Some(argv.into_iter().map(str::to_owned).collect());
    for address in [&sender.from, &sender.user] {
        if account.email.is_empty() && words::is_address(address) {
            account.email.clone_from(address);
        }
    }
}

/// Who signs in where.
fn login(host: &str, user: &str) -> Url {
    Url {
        host: host.to_owned(),
        user: user.to_owned(),
        ..Url::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Endpoint, Security};

    fn account(name: &str, user: &str) -> Found {
        Found {
            name: name.to_owned(),
            user: user.to_owned(),
            imap: Some(Endpoint {
                host: "imap.x.test".to_owned(),
                port: 993,
                security: Security::Tls,
                pin_sha256: None,
            }),
            ..Found::default()
        }
    }

    #[test]
    fn who_says_no_login_is_not_everybody() {
        let senders = read(
            "account bare\nhost smtp.y.test\n\naccount home\nhost smtp.x.test\nuser ada\n\
             from ada@x.test\n",
        );
        let mut out = Findings {
            accounts: vec![
                account("", ""),
                account("other", "ADA"),
                account("home", "x"),
            ],
            ..Findings::default()
        };
        join(&senders, &mut out);
        let by: Vec<Option<String>> = out
            .accounts
            .iter()
            .map(|a| a.sendmail.as_ref().and_then(|argv| argv.last().cloned()))
            .collect();
        assert_eq!(by, [None, Some("home".to_owned()), Some("home".to_owned())]);
        assert_eq!(out.accounts[1].email, "ada@x.test");
    }

    #[test]
    fn a_sender_of_the_same_operator_is_no_neighbour_of_the_same_country() {
        for (host, user, sender, found) in [
            ("imap.x.test", "ada", "host smtp.x.test", true),
            (
                "imap.x.test",
                "ada",
                "host smtp.x.test\nuser ada@x.test",
                true,
            ),
            ("imap.x.test", "ada", "host smtp.x.test\nuser bo", false),
            ("imap.x.co.uk", "ada", "host smtp.x.co.uk", true),
            ("imap.x.co.uk", "ada", "host smtp.y.co.uk", false),
            ("x.co.uk", "ada", "host y.co.uk", false),
        ] {
            let mut out = Findings {
                accounts: vec![account("", user)],
                ..Findings::default()
            };
            out.accounts[0].imap.as_mut().unwrap().host = host.to_owned();
            join(&read(&format!("account one\n{sender}\n")), &mut out);
            let is = out.accounts[0].sendmail.is_some();
            assert_eq!(is, found, "{host} {user} {sender}");
        }
    }
}
