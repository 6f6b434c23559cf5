//! What the setting up says: a page of lines for where it stands.

use crate::lang::tr;
use crate::model::Endpoint;
use crate::model::setup::{State, Step};
use crate::text::{Clean, width, wrap};
use crate::tui::setup::deeds::Phase;
use crate::tui::setup::form::{Field, security_words};
use crate::tui::setup::wizard::Wizard;

/// Lines of why it failed, where there is little room.
const PINNED: usize = 3;

/// A line of the page.
pub enum Line {
    /// Words in a style.
    Words(Clean, &'static str),
    /// A field.
    Field(Field),
}

/// The page; `failed`: what failed stands in it, too.
pub fn lines(wizard: &Wizard, cols: usize, failed: bool, linear: bool) -> Vec<Line> {
    let mut page = Page {
        lines: Vec::new(),
        cols,
        linear,
    };
    if wizard.unlocking {
        page.say(tr!("Passwords"), "title.focused");
        page.gap();
        page.say(tr!("The passphrase of secrets.age, please. Enter alone goes on without it: accounts whose password is there stay offline."), "screen.text");
        page.gap();
        page.lines.push(Line::Field(Field::Passphrase));
        if let Some(said) = &wizard.said {
            page.gap();
            page.say(said, "notice.warning");
        }
        return page.lines;
    }
    page.say(tr!("Set up an account"), "title.focused");
    page.gap();
    if wizard.phase == Phase::Safe || wizard.phase == Phase::Done {
        // A name that nobody typed is in what others will see, and so it is shown.
        let name = wizard.name.text().trim();
        page.say(&addressed(name, wizard.email()), "text.dim");
    } else {
        page.lines.push(Line::Field(Field::Address));
    }
    match wizard.phase {
        Phase::Asking if wizard.email().is_empty() => page.welcome(wizard),
        Phase::Asking | Phase::Agreeing | Phase::Password | Phase::Browser => page.servers(wizard),
        Phase::Client => page.client(wizard),
        Phase::Trying | Phase::Broken => {
            page.typed_servers(wizard);
            if wizard.phase == Phase::Broken {
                page.password(wizard);
            }
            page.checks(wizard, failed);
        }
        Phase::Safe | Phase::Keeping | Phase::Done => page.end(wizard),
    }
    if let Some(said) = &wizard.said {
        page.gap();
        page.say(said, "notice.warning");
    }
    page.lines
}

/// An address with the name beside it, as others will see it.
fn addressed(name: &str, email: &str) -> String {
    match name.is_empty() {
        true => email.to_owned(),
        false => format!("{name} <{email}>"),
    }
}

/// A server and how it is protected.
fn shown(end: &Endpoint) -> (String, &'static str) {
    let server = format!("{}:{}", end.host, end.port);
    (server, security_words(end.security))
}

struct Page {
    lines: Vec<Line>,
    cols: usize,
    linear: bool,
}

impl Page {
    fn gap(&mut self) {
        self.lines
            .push(Line::Words(Clean::default(), "screen.text"));
    }

    fn say(&mut self, text: &str, style: &'static str) {
        let text = Clean::line(text);
        for line in wrap::wrap(text.as_str(), self.cols.max(10)) {
            self.lines.push(Line::Words(Clean::line(&line), style));
        }
    }

    fn welcome(&mut self, wizard: &Wizard) {
        self.gap();
        self.say(
            tr!("Type your mail address; the servers are found. Nothing is written before everything works."),
            "text.dim",
        );
        if wizard.leaves_demo {
            self.gap();
            self.say(
                tr!("This is for real: the account comes into your own configuration, and the demo ends once it works."),
                "text.dim",
            );
        }
        if wizard.may_take_over() {
            self.gap();
            let text = tr!(
                "Coming from {program}? ctrl-g shows what of it can be taken over, and asks before it writes.",
                program = wizard.others.join(", ")
            );
            self.say(&text, "text.dim");
        }
        if !wizard.further {
            self.gap();
            self.say(
                tr!("Only looking around? Enter alone shows the demo: a mail server inside, invented mail, nothing touched."),
                "text.dim",
            );
        }
    }

    fn servers(&mut self, wizard: &Wizard) {
        self.typed_servers(wizard);
        if wizard.phase == Phase::Password {
            self.password(wizard);
        }
        self.gap();
        if wizard.by_hand.is_some() {
            self.say(
                tr!("space changes the security of a server, ctrl-u empties a line."),
                "text.dim",
            );
        } else if let Some(found) = &wizard.found {
            let who = found
                .provider
                .clone()
                .map(|p| format!("{p}: "))
                .unwrap_or_default();
            let words = format!("{who}{}", found.source.found());
            self.say(&words, "notice.good");
            if let Some((server, security)) = found.imap.first().map(shown) {
                let words = tr!("  reads from {server} ({security})", server, security);
                self.say(&words, "text.dim");
            }
            if let Some((server, security)) = found.smtp.first().map(shown) {
                let words = tr!("  sends by {server} ({security})", server, security);
                self.say(&words, "text.dim");
            }
            if let Some(question) = found.question() {
                self.gap();
                self.say(&question, "notice.warning");
            }
            if !found.takes_password() {
                self.say(
                    tr!("enter signs in on the provider's own page, in a browser here or on another device."),
                    "notice.warning",
                );
            } else if found.browser().is_some() {
                self.say(
                    tr!("ctrl-o signs in on the provider's own page in place of a password."),
                    "text.dim",
                );
            }
            if found.wants_app_password() {
                let words = match found.app_password_page() {
                    Some(page) => tr!(
                        "An app password is wanted, not the account's own; it is made at {page}",
                        page
                    ),
                    None => tr!("An app password is wanted, not the account's own; it is made at the provider's site").to_owned(),
                };
                self.say(&words, "notice.warning");
            }
            for note in &found.notes {
                self.say(note, "text.dim");
            }
        } else if let Some(whom) = &wizard.looking {
            self.say(&tr!("Looking for servers… {whom}", whom), "text.dim");
        }
    }

    fn typed_servers(&mut self, wizard: &Wizard) {
        if wizard.by_hand.is_some() {
            let all = [
                Field::Imap,
                Field::ImapSecurity,
                Field::Smtp,
                Field::SmtpSecurity,
                Field::User,
            ];
            self.lines.extend(all.map(Line::Field));
        }
    }

    fn password(&mut self, wizard: &Wizard) {
        let fields = wizard.fields();
        let all = [Field::Password, Field::Name];
        let here = all.into_iter().filter(|f| fields.contains(f));
        self.lines.extend(here.map(Line::Field));
    }

    /// What the provider calls this program.
    fn client(&mut self, wizard: &Wizard) {
        let all = [Field::Client, Field::ClientSecret, Field::Name];
        self.lines.extend(all.map(Line::Field));
        self.gap();
        let words = match (wizard.provider(), wizard.filled) {
            (Some(who), true) => tr!(
                "The client id for {who} is known. If it came with a secret, type that here, too: it is nowhere that it could be read from now.",
                who
            ),
            (None, true) => tr!("The client id for the provider is known. If it came with a secret, type that here, too: it is nowhere that it could be read from now.").to_owned(),
            (Some(who), false) => tr!(
                "docs/oauth.md says how to register this program with {who}, in five minutes. You get a client id then, from some with a secret, and sign in on the provider's own page, in a browser here or on another device.",
                who
            ),
            (None, false) => tr!("docs/oauth.md says how to register this program with the provider, in five minutes. You get a client id then, from some with a secret, and sign in on the provider's own page, in a browser here or on another device.").to_owned(),
        };
        self.say(&words, "screen.text");
    }

    fn checks(&mut self, wizard: &Wizard, failed: bool) {
        self.gap();
        for step in Step::ALL {
            let Some(state) = wizard.checks.get(&step) else {
                continue;
            };
            let name = format!("  {}{}", sign(state, self.linear), step.words());
            match state {
                State::Waiting | State::Skipped => self.say(&name, "text.dim"),
                State::Running(with) => self.say(&format!("{name}: {with}"), "screen.text"),
                State::Worked(what) => self.say(&format!("{name}: {what}"), "notice.good"),
                State::Failed { .. } if !failed => {}
                State::Failed {
                    what, why, todo, ..
                } => {
                    self.say(&format!("{name}: {what}"), "notice.error");
                    for more in [why, todo].into_iter().filter(|m| !m.is_empty()) {
                        self.say(more, "screen.text");
                    }
                }
            }
        }
        self.glimpses(wizard);
    }

    fn glimpses(&mut self, wizard: &Wizard) {
        if wizard.glimpses.is_empty() {
            return;
        }
        self.gap();
        let from = (self.cols / 3).min(24);
        for glimpse in &wizard.glimpses {
            let who = width::cut(&glimpse.from, from.saturating_sub(2)).to_string();
            let pad = " ".repeat(from.saturating_sub(width::width(&who)));
            let text = Clean::line(&format!("{who}{pad}{}", glimpse.subject));
            let style = if glimpse.seen {
                "index.text"
            } else {
                "index.unread"
            };
            self.lines.push(Line::Words(text, style));
        }
    }

    fn end(&mut self, wizard: &Wizard) {
        self.gap();
        match wizard.phase {
            Phase::Safe => {
                self.say(tr!("Everything works."), "notice.good");
                self.glimpses(wizard);
                self.gap();
                let words = match (wizard.file_is_there, wizard.by_browser()) {
                    (true, true) => {
                        tr!(
                            "What keeps you signed in goes into secrets.age; its passphrase, please."
                        )
                    }
                    (false, true) => {
                        tr!(
                            "This desktop keeps no secrets. A passphrase of your own makes an encrypted file for what keeps you signed in; it is asked for once a start."
                        )
                    }
                    (true, false) => {
                        tr!(
                            "The password goes into secrets.age; its passphrase, please. Enter alone: the password is asked for at each start."
                        )
                    }
                    (false, false) => {
                        tr!(
                            "This desktop keeps no passwords. A passphrase of your own makes an encrypted file for it; it is asked for once a start. Enter alone: the password itself is asked for at each start."
                        )
                    }
                };
                self.say(words, "screen.text");
                self.lines.push(Line::Field(Field::Passphrase));
                if !wizard.file_is_there {
                    self.lines.push(Line::Field(Field::Again));
                }
            }
            Phase::Done => {
                self.say(
                    tr!("Everything works, and it is written down."),
                    "notice.good",
                );
                let words = match wizard.name.text().trim().is_empty() {
                    true => tr!(
                        "Others see the address alone; full-name in config.toml puts a name beside it."
                    ),
                    false => {
                        tr!("The name is what others see; full-name in config.toml changes it.")
                    }
                };
                self.say(words, "text.dim");
                for note in wizard.kept.iter().flat_map(|k| &k.notes) {
                    self.say(note, "notice.warning");
                }
                self.glimpses(wizard);
            }
            _ => {
                self.checks(wizard, true);
                self.gap();
                let words = match wizard.waits_for_store() {
                    true => {
                        tr!(
                            "Waiting for the desktop's secret store; it may ask you to unlock it. Nothing is written yet."
                        )
                    }
                    false => tr!("Writing it down…"),
                };
                self.say(words, "text.dim");
            }
        }
    }
}

/// Why it failed and what to do, in few lines; nothing if it did not.
pub fn failure(wizard: &Wizard, cols: usize, linear: bool) -> Vec<String> {
    if wizard.phase != Phase::Broken {
        return Vec::new();
    }
    let failed = wizard
        .checks
        .iter()
        .rev()
        .find_map(|(step, state)| match state {
            State::Failed { what, todo, .. } => {
                let sign = sign(state, linear);
                Some(format!("{sign}{}: {what} {todo}", step.words()))
            }
            _ => None,
        });
    let mut lines = failed.map_or_else(Vec::new, |text| wrap::wrap(&text, cols.max(10)));
    lines.truncate(PINNED);
    lines
}

/// What stands before a step: a sign, or a word where signs are not shown.
fn sign(state: &State, linear: bool) -> &'static str {
    match (linear, state) {
        (false, State::Waiting | State::Skipped) => "· ",
        (false, State::Running(_)) => "… ",
        (false, State::Worked(_)) => "✓ ",
        (false, State::Failed { .. }) => "✗ ",
        (true, State::Waiting) => tr!("To do: "),
        (true, State::Skipped) => tr!("Left out: "),
        (true, State::Running(_)) => tr!("Under way: "),
        (true, State::Worked(_)) => tr!("Works: "),
        (true, State::Failed { .. }) => tr!("Failed: "),
    }
}
