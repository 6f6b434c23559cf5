//! From what was found to what will be done: whole accounts, names that are free, nothing that is
//! there already. Pure; what only others know is asked of [`Here`].

use crate::migrate::found::{Binding, Findings, Found, Given, Kind, Note, Place};
use crate::migrate::{keys, words};
use crate::model::{
    Account, AccountName, Address, ArchiveBy, Auth, Contact, Endpoint, Group, MailboxPolicy,
    Secret, SecretSource, Security, SyncPolicy,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Members of one group.
const MEMBERS: usize = 1_000;
/// Octets of all groups together: the configuration's file has its bound, and other things in it.
const GROUPS: usize = 512 << 10;

/// What is here already, and what others know.
pub struct Here<'h> {
    /// The accounts.
    pub accounts: &'h [Account],
    /// The names of groups.
    pub groups: &'h [Group],
    /// Whether a program prints people.
    pub has_people: bool,
    /// Whether people of this program were written down before.
    pub has_cards: bool,
    /// The preset that keys have, if they have one.
    pub preset: Option<&'h str>,
    /// Whether a key is bound on a screen.
    pub has_key: &'h dyn Fn(&str, &str) -> bool,
    /// The types that programs are named for.
    pub open: &'h [(String, Vec<String>)],
    /// The server that sends for an account that names none, if its provider is known.
    pub smtp: &'h dyn Fn(&Found) -> Option<Endpoint>,
    /// A name for the account of an address, that is not taken.
    pub name_for: &'h dyn Fn(&str, &[AccountName]) -> AccountName,
    /// Whether an extension of IMAP can be left unused by this name.
    pub is_extension: &'h dyn Fn(&str) -> bool,
    /// Whether there is such a file.
    pub is_file: &'h dyn Fn(&Path) -> bool,
}

/// An account that will be written down.
#[derive(Clone, Debug)]
pub struct Planned {
    /// As it will be.
    pub account: Account,
    /// The password in clear text, which goes to where secrets are kept.
    pub clear: Option<Secret>,
    /// What to know of it, each a sentence without its stop.
    pub notes: Vec<String>,
}

/// An account that will not.
#[derive(Clone, Debug)]
pub struct LeftOut {
    /// Its name or address. Untrusted text.
    pub name: String,
    /// Why, and what to do. Untrusted text: it holds an address.
    pub why: String,
    /// Whether only because it is here.
    pub is_here: bool,
}

/// What will be done.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The files that were read.
    pub files: Vec<PathBuf>,
    /// The accounts to be added.
    pub accounts: Vec<Planned>,
    /// Those that can't be, or are there.
    pub left_out: Vec<LeftOut>,
    /// The groups to be added.
    pub groups: Vec<(String, Vec<String>)>,
    /// The people to be written into a file of cards.
    pub people: Vec<Contact>,
    /// The program that prints people.
    pub people_command: Option<Vec<String>>,
    /// The preset of keys.
    pub preset: Option<&'static str>,
    /// The keys.
    pub keys: Vec<Binding>,
    /// Programs that show attachments.
    pub open: Vec<(String, Vec<String>)>,
    /// What is not taken over, by place.
    pub notes: Vec<Note>,
}

impl Plan {
    /// Whether nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
            && self.groups.is_empty()
            && self.people.is_empty()
            && self.people_command.is_none()
            && self.preset.is_none()
            && self.keys.is_empty()
            && self.open.is_empty()
    }
}

/// What to do about what was found.
pub fn plan(mut found: Findings, here: &Here<'_>) -> Plan {
    let mut plan = Plan {
        files: std::mem::take(&mut found.files),
        ..Plan::default()
    };
    let mut taken: Vec<AccountName> = here.accounts.iter().map(|a| a.name.clone()).collect();
    for one in std::mem::take(&mut found.accounts) {
        let twice = plan.accounts.iter().any(|p| is_same(&p.account, &one));
        let is_here = here.accounts.iter().any(|a| is_same(a, &one));
        if twice || is_here {
            let why = match is_here {
                true => "it is here already",
                false => "it stands there twice",
            };
            plan.left_out.push(LeftOut {
                name: called(&one),
                why: why.to_owned(),
                is_here,
            });
            continue;
        }
        match account(&one, &taken, here) {
            Ok(planned) => {
                taken.push(planned.account.name.clone());
                plan.accounts.push(planned);
            }
            Err(why) => plan.left_out.push(LeftOut {
                name: called(&one),
                why,
                is_here: false,
            }),
        }
    }
    groups(&mut found, here, &mut plan);
    if here.has_cards && !found.people.is_empty() {
        found.people.clear();
        let why = "the file of cards is here already, and stays as it is";
        found.note(&Place::default(), "address book", Kind::Otherwise, why);
    }
    let mut known = BTreeSet::new();
    for person in std::mem::take(&mut found.people) {
        let address = &person.address.addr;
        if words::is_address(address) && known.insert(address.to_lowercase()) {
            plan.people.push(person);
        }
    }
    match found.people_command.take() {
        Some(_) if here.has_people => {
            let why = "a program is named for that already ([contacts] command)";
            found.note(&Place::default(), "address book", Kind::Otherwise, why);
        }
        other => plan.people_command = other.filter(|argv| argv.iter().all(|w| !w.contains('\0'))),
    }
    plan.preset = found.preset.filter(|_| here.preset.is_none());
    keys::thin(
        &mut found.keys,
        here.preset.or(found.preset).unwrap_or_default(),
    );
    for key in std::mem::take(&mut found.keys) {
        if (here.has_key)(key.screen, &key.key) {
            let why = "the key means something in keys.toml already";
            found.note(&key.place, &key.key, Kind::Otherwise, why);
        } else {
            plan.keys.push(key);
        }
    }
    for (kind, argv) in std::mem::take(&mut found.open) {
        let known = here.open.iter().chain(&plan.open).any(|(k, _)| *k == kind);
        if !known && argv.iter().all(|w| !w.contains('\0')) {
            plan.open.push((kind, argv));
        }
    }
    let mut seen = BTreeSet::new();
    let mut first = |n: &Note| seen.insert((n.place.clone(), n.what.clone(), n.why.clone()));
    found.notes.retain(|n| first(n));
    let mut seen = BTreeSet::new();
    plan.files.retain(|f| seen.insert(f.clone()));
    found
        .notes
        .sort_by(|a, b| (a.kind, &a.place).cmp(&(b.kind, &b.place)));
    plan.notes = found.notes;
    plan
}

fn called(found: &Found) -> String {
    let names = [&found.name, &found.email, &found.user];
    let name = names.into_iter().find(|n| !n.is_empty());
    let host = || {
        found
            .imap
            .as_ref()
            .map_or("", |e| e.host.as_str())
            .to_owned()
    };
    name.cloned().unwrap_or_else(host)
}

fn is_same(account: &Account, found: &Found) -> bool {
    let host = found.imap.as_ref().map_or("", |e| e.host.as_str());
    let address = account.email.eq_ignore_ascii_case(&found.email);
    let login = account.user.eq_ignore_ascii_case(found.login());
    account.imap.host.eq_ignore_ascii_case(host) && (address || login)
}

/// The whole of an account, or why it can't be one.
fn account(found: &Found, taken: &[AccountName], here: &Here<'_>) -> Result<Planned, String> {
    let Some(imap) = found.imap.clone() else {
        return Err("no server is known for it".to_owned());
    };
    let add = |email: &str| format!("`postrider account add {email} --imap {}`", place(&imap));
    if !words::is_address(&found.email) {
        return Err(format!("its address is not said there: {}", add("ADDRESS")));
    }
    let mut notes = Vec::new();
    let smtp = match (&found.smtp, &found.sendmail) {
        (Some(end), _) => end.clone(),
        (None, Some(_)) => Endpoint {
            host: "localhost".to_owned(),
            port: 25,
            security: Security::None,
            pin_sha256: None,
        },
        (None, None) => match (here.smtp)(found) {
            Some(end) => {
                notes.push("no server for sending is named there; its provider's was taken".into());
                end
            }
            None => {
                return Err(format!(
                    "no server for sending is named there: {} finds or asks for it",
                    add(&found.email)
                ));
            }
        },
    };
    let (secret, clear, auth) = secret(found, &mut notes);
    let mut sync = SyncPolicy::default();
    let left_out = found
        .exclude
        .iter()
        .filter(|p| !p.trim().is_empty() && is_plain(p) && !p.eq_ignore_ascii_case("INBOX"));
    sync.mailboxes = left_out
        .map(|pattern| MailboxPolicy {
            pattern: pattern.clone(),
            left_out: true,
            headers: None,
            bodies: None,
        })
        .collect();
    let without = found.without.iter().filter(|e| (here.is_extension)(e));
    sync.without = without.cloned().collect();
    let ca_file = found.ca_file.clone().filter(|path| {
        let there = (here.is_file)(path);
        if !there {
            notes.push("the file of certificates that it names is not there".to_owned());
        }
        there
    });
    let user = Some(found.login()).filter(|u| is_plain(u) && !u.is_empty());
    let mut identities = found.identities.clone();
    identities.retain(|i| words::is_address(&i.email));
    for identity in &mut identities {
        identity.full_name = words::shown(&identity.full_name);
    }
    Ok(Planned {
        account: Account {
            name: name(found, taken, here),
            email: found.email.clone(),
            full_name: words::shown(&found.full_name),
            user: user.unwrap_or(&found.email).to_owned(),
            secret,
            imap,
            smtp,
            ca_file,
            sync,
            save_sent: found.save_sent,
            mirror_drafts: true,
            archive: ArchiveBy::default(),
            signature: found.signature.clone(),
            auth,
            identities,
            sendmail: found.sendmail.clone().filter(|_| found.smtp.is_none()),
            authserv_id: found.authserv_id.clone(),
            future_release: false,
        },
        clear,
        notes,
    })
}

/// Where its secret comes from from now on.
fn secret(found: &Found, notes: &mut Vec<String>) -> (SecretSource, Option<Secret>, Auth) {
    let whole = |argv: &[String]| {
        let program = argv.first().is_some_and(|p| !p.is_empty());
        program && argv.iter().all(|w| !w.contains('\0'))
    };
    match &found.given {
        Given::Command(argv) if whole(argv) => {
            (SecretSource::Command(argv.clone()), None, found.auth)
        }
        // A token runs out: one that stands somewhere is none.
        _ if found.auth != Auth::Password || found.browser => {
            notes.push(
                "it signed in with a token or in a browser: docs/oauth.md tells how that is done \
                 here; until then a password (of an app, perhaps) is asked for"
                    .to_owned(),
            );
            (SecretSource::Prompt, None, Auth::Password)
        }
        Given::Clear(secret) => (SecretSource::Keyring, Some(secret.clone()), Auth::Password),
        Given::Command(_) | Given::Nothing => (SecretSource::Prompt, None, Auth::Password),
    }
}

/// What the account is called there, where that is free and a sensible name.
fn name(found: &Found, taken: &[AccountName], here: &Here<'_>) -> AccountName {
    let own = words::shown(&found.name);
    let free = taken.iter().all(|t| t.as_str() != own);
    if own.is_empty() || own.chars().count() > 40 || !free || own.contains(['"', '\\']) {
        return (here.name_for)(&found.email, taken);
    }
    AccountName(own)
}

fn place(end: &Endpoint) -> String {
    format!("{}:{}", end.host, end.port)
}

fn is_plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

fn groups(found: &mut Findings, here: &Here<'_>, plan: &mut Plan) {
    let mut known: BTreeSet<String> = here.groups.iter().map(|g| g.name.to_lowercase()).collect();
    let mut left = GROUPS;
    for alias in std::mem::take(&mut found.aliases) {
        let name = alias.name.trim();
        let odd = |c: char| c.is_control() || "@,;:<>\"()".contains(c);
        let what = format!("alias {name}");
        if name.is_empty() || name.contains(odd) {
            let why = "a group can't be called so: words without @ , ; : and brackets";
            found.note(&alias.place, &what, Kind::Yours, why);
            continue;
        }
        if known.contains(&name.to_lowercase()) {
            let why = "there is a group of that name already";
            found.note(&alias.place, &what, Kind::Otherwise, why);
            continue;
        }
        let mut members: Vec<String> = alias
            .members
            .iter()
            .filter(|m| words::is_address(&m.addr))
            .map(member)
            .collect();
        if members.len() > MEMBERS {
            let why = format!("only its first {MEMBERS} members were taken");
            found.note(&alias.place, &what, Kind::Yours, &why);
            members.truncate(MEMBERS);
        }
        if members.is_empty() {
            continue;
        }
        let octets = name.len() + members.iter().map(|m| m.len() + 4).sum::<usize>();
        let Some(rest) = left.checked_sub(octets) else {
            let why = "there are too many names for people for one configuration; a file of cards \
                ([contacts] vcards) can hold more";
            found.note(&alias.place, &what, Kind::Yours, why);
            continue;
        };
        left = rest;
        known.insert(name.to_lowercase());
        plan.groups.push((name.to_owned(), members));
    }
}

/// A member as it stands in the configuration.
fn member(address: &Address) -> String {
    let name = words::shown(&address.name).replace(['<', '>', '"'], "");
    match name.trim() {
        "" => address.addr.clone(),
        name => format!("{name} <{}>", address.addr),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::found::Alias;

    fn here() -> Here<'static> {
        Here {
            accounts: &[],
            groups: &[],
            has_people: false,
            has_cards: false,
            preset: None,
            has_key: &|_, _| false,
            open: &[],
            smtp: &|_| None,
            name_for: &|email, _| AccountName(email.to_owned()),
            is_extension: &|_| false,
            is_file: &|_| false,
        }
    }

    #[test]
    fn keys_are_left_out_by_the_preset_that_will_hold() {
        let found = || Findings {
            preset: Some("mutt"),
            keys: vec![Binding {
                screen: "global",
                key: "c".to_owned(),
                commands: vec!["go-mailbox".to_owned()],
                place: Place::default(),
            }],
            ..Findings::default()
        };
        assert_eq!(plan(found(), &here()).keys, []);
        // There it is for writing.
        let other = Here {
            preset: Some("alpine"),
            ..here()
        };
        let other = plan(found(), &other);
        assert_eq!((other.keys.len(), other.preset), (1, None));
    }

    #[test]
    fn groups_have_bounds_and_what_is_beyond_is_told() {
        let address = |n: usize| Address::new("", format!("somebody.{n}@lists.example.test"));
        let group = |n: usize, members: usize| Alias {
            name: format!("group {n}"),
            members: (0..members).map(address).collect(),
            place: Place::default(),
        };
        let mut found = Findings {
            aliases: (0..40).map(|n| group(n, 1_000)).collect(),
            ..Findings::default()
        };
        found.aliases.push(group(100, 1_001));
        found.aliases.push(group(0, 1));
        let plan = plan(found, &here());
        let octets: usize = plan.groups.iter().flat_map(|g| &g.1).map(String::len).sum();
        assert!(octets < GROUPS && !plan.groups.is_empty());
        assert!(plan.groups.iter().all(|g| g.1.len() <= MEMBERS));
        // Each that is not whole is told of: those beyond, the long one twice, and the twin.
        assert_eq!(plan.notes.len(), 40 - plan.groups.len() + 3);
    }
}
