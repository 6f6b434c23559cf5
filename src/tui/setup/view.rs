//! The setting up of an account, drawn: one column of lines, of which those around the cursor are
//! shown where there is no room for all. The cursor of the terminal stands in the field.

use crate::config::Icons;
use crate::model::setup::{State, Step};
use crate::text::{Clean, width, wrap};
use crate::tui::screen::paint::ground;
use crate::tui::setup::deeds::Phase;
use crate::tui::setup::form::{Field, security_words};
use crate::tui::setup::wizard::Wizard;
use crate::tui::signs::Signs;
use crate::tui::theme::Theme;
use crate::tui::widget::ink::{Ink, fill};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Columns of a line of text that is read with ease.
const WIDEST: u16 = 76;
/// Columns of a field's label.
const LABEL: usize = 12;

/// Lines of why it failed, where there is little room.
const PINNED: usize = 3;

/// A line: words in a style, or a field.
enum Line {
    Words(Clean, &'static str),
    Field(Field),
}

/// Draws the screen; says where the cursor stands.
pub fn draw(wizard: &Wizard, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
    let screen = buf.area;
    fill(buf, screen, theme.style("screen.text"));
    let cols = screen.width.saturating_sub(2).min(WIDEST);
    let left = screen.x + (screen.width - cols) / 2;
    let mut lines = lines(wizard, usize::from(cols), true);
    let height = usize::from(screen.height);
    let keys = keys(wizard);
    // The last row tells the keys, and above it stands why it failed if that has no room.
    let short = lines.len() + 1 > height;
    let pinned = match short {
        true => failure(wizard, usize::from(cols)),
        false => Vec::new(),
    };
    if !pinned.is_empty() {
        lines = self::lines(wizard, usize::from(cols), false);
    }
    let room = height.saturating_sub(1 + pinned.len());
    for (n, text) in pinned.iter().enumerate() {
        let y = screen.y + u16::try_from(room + n).unwrap_or(0);
        if let Some(mut ink) = Ink::row(buf, Rect::new(left, y, cols, 1), 0) {
            ink.put(&Clean::line(text), theme.style("notice.error"));
        }
    }
    let top = usize::from(room > lines.len() + 4) * 2;
    let mark = focus(wizard, &lines);
    let skip = (lines.len() + top)
        .saturating_sub(room)
        .min(mark.saturating_sub(room / 2));
    let skip = if mark + 2 >= lines.len() {
        (lines.len() + top).saturating_sub(room)
    } else {
        skip
    };
    let mut cursor = None;
    for (n, line) in lines.drain(..).skip(skip).take(room - top).enumerate() {
        let row = Rect::new(
            left,
            screen.y + u16::try_from(top + n).unwrap_or(0),
            cols,
            1,
        );
        match line {
            Line::Words(text, style) => {
                if let Some(mut ink) = Ink::row(buf, row, 0) {
                    ink.put(&text, theme.style(style));
                }
            }
            Line::Field(field) => {
                let here = field == wizard.field && !wizard.fields().is_empty();
                let at = draw_field(wizard, field, here, buf, row, theme);
                cursor = cursor.or(at.filter(|_| here));
            }
        }
    }
    let last = Rect::new(left, screen.bottom().saturating_sub(1), cols, 1);
    if let Some(mut ink) = Ink::row(buf, last, 0) {
        ink.put(&Clean::line(&keys), theme.style("text.dim"));
    }
    if let (Phase::Browser, Some(signing)) = (wizard.phase, &wizard.signing) {
        signing.draw(buf, screen, theme);
        cursor = None;
    }
    ground(buf, theme.style("screen.back"));
    Signs::of_process(Icons::Auto).finish(buf);
    cursor
}

fn draw_field(
    wizard: &Wizard,
    field: Field,
    here: bool,
    buf: &mut Buffer,
    row: Rect,
    theme: &Theme,
) -> Option<Position> {
    let label = match here {
        true => "input.label.focused",
        false => "input.label",
    };
    let mut ink = Ink::row(buf, row, 0)?;
    ink.lit(if here { "› " } else { "  " }, theme.style(label));
    ink.column(&Clean::lit(field.label()), LABEL, theme.style(label));
    let x = ink.x();
    let rest = Rect::new(x, row.y, row.right().saturating_sub(x), 1);
    let style = theme.style("input.text");
    if let (true, Some(by_hand)) = (field.is_choice(), &wizard.by_hand) {
        let words = security_words(by_hand.security(field));
        ink.lit(words, style);
        return Some(Position::new(x, row.y));
    }
    if field.is_optional() && !here && wizard.line(field)?.is_empty() {
        ink.lit("may stay empty", theme.style("text.dim"));
        return None;
    }
    let hidden = field.is_hidden() && !wizard.revealed;
    wizard
        .line(field)?
        .draw(buf, rest, style, hidden.then_some("•"))
}

/// The line that has to be seen.
fn focus(wizard: &Wizard, lines: &[Line]) -> usize {
    let here = |line: &Line| matches!(line, Line::Field(f) if *f == wizard.field);
    let typed = !wizard.fields().is_empty();
    let at = lines.iter().position(here).filter(|_| typed);
    // While it is tried the newest words are at the end.
    at.unwrap_or(lines.len())
}

/// Why it failed and what to do, in few lines; nothing if it did not.
fn failure(wizard: &Wizard, cols: usize) -> Vec<String> {
    if wizard.phase != Phase::Broken {
        return Vec::new();
    }
    let failed = wizard
        .checks
        .iter()
        .rev()
        .find_map(|(step, state)| match state {
            State::Failed { what, todo, .. } => Some(format!("✗ {}: {what} {todo}", step.words())),
            _ => None,
        });
    let mut lines = failed.map_or_else(Vec::new, |text| wrap::wrap(&text, cols.max(10)));
    lines.truncate(PINNED);
    lines
}

/// The keys that hold.
fn keys(wizard: &Wizard) -> String {
    let demo = if wizard.further {
        ""
    } else {
        " · ctrl-d demo"
    };
    match wizard.phase {
        Phase::Asking if wizard.email().is_empty() && !wizard.further => {
            "enter demo, nothing touched · esc quit".to_owned()
        }
        Phase::Asking if let Some(meant) = &wizard.meant => {
            format!("enter go on · ctrl-t take {meant} · ctrl-e servers · esc leave")
        }
        Phase::Asking if wizard.may_browse() => {
            format!("enter go on · ctrl-o browser · ctrl-e servers{demo} · esc leave")
        }
        Phase::Asking => format!("enter go on · ctrl-e servers by hand{demo} · esc leave"),
        Phase::Agreeing if let Some(meant) = &wizard.meant => {
            format!("t take {meant} · y it is right · n name servers · esc leave")
        }
        Phase::Client => "enter go on · tab next · esc leave".to_owned(),
        Phase::Browser => String::new(),
        Phase::Agreeing => "y yes · n name other servers · esc leave".to_owned(),
        Phase::Password => {
            "enter try it · ctrl-r show · ctrl-e servers · tab next · esc leave".to_owned()
        }
        Phase::Trying => "esc stop".to_owned(),
        Phase::Broken => {
            "enter again · ctrl-e servers · ctrl-r show · tab next · esc leave".to_owned()
        }
        Phase::Safe if wizard.unlocking => "enter go on · ctrl-r show · esc without it".to_owned(),
        Phase::Safe => "enter go on · ctrl-r show · esc leave".to_owned(),
        Phase::Keeping if wizard.waits_for_store() => "esc leave".to_owned(),
        Phase::Keeping => String::new(),
        Phase::Done => "enter read mail".to_owned(),
    }
}

/// The page; `failed`: what failed stands in it, too.
fn lines(wizard: &Wizard, cols: usize, failed: bool) -> Vec<Line> {
    let mut page = Page {
        lines: Vec::new(),
        cols,
    };
    if wizard.unlocking {
        page.say("Passwords", "title.focused");
        page.gap();
        page.say("The passphrase of secrets.age, please. Enter alone goes on without it: accounts whose password is there stay offline.", "screen.text");
        page.gap();
        page.lines.push(Line::Field(Field::Passphrase));
        if let Some(said) = &wizard.said {
            page.gap();
            page.say(said, "notice.warning");
        }
        return page.lines;
    }
    page.say("Set up an account", "title.focused");
    page.gap();
    if wizard.phase == Phase::Safe || wizard.phase == Phase::Done {
        page.say(wizard.email(), "text.dim");
    } else {
        page.lines.push(Line::Field(Field::Address));
    }
    match wizard.phase {
        Phase::Asking if wizard.email().is_empty() => page.welcome(wizard),
        Phase::Asking | Phase::Agreeing | Phase::Password => page.servers(wizard),
        Phase::Client | Phase::Browser => page.client(wizard),
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

struct Page {
    lines: Vec<Line>,
    cols: usize,
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
            "Type your mail address; the servers are found. Nothing is written before everything works.",
            "text.dim",
        );
        if wizard.leaves_demo {
            self.gap();
            self.say(
                "This is for real: the account comes into your own configuration, and the demo ends once it works.",
                "text.dim",
            );
        }
        if !wizard.further {
            self.gap();
            self.say(
                "Only looking around? Enter alone shows the demo: a mail server inside, invented mail, nothing touched.",
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
            self.say("space changes the security of a server.", "text.dim");
        } else if let Some(found) = &wizard.found {
            let who = found
                .provider
                .clone()
                .map(|p| format!("{p}: "))
                .unwrap_or_default();
            self.say(
                &format!("{who}found {}", found.source.words()),
                "notice.good",
            );
            for (what, ends) in [("reads from", &found.imap), ("sends by", &found.smtp)] {
                if let Some(end) = ends.first() {
                    let security = security_words(end.security);
                    self.say(
                        &format!("  {what} {}:{} ({security})", end.host, end.port),
                        "text.dim",
                    );
                }
            }
            if let Some(question) = found.question() {
                self.gap();
                self.say(&question, "notice.warning");
            }
            if !found.takes_password() {
                self.say(
                    "enter signs in on the provider's own page, in a browser here or on another device.",
                    "notice.warning",
                );
            } else if found.browser().is_some() {
                self.say(
                    "ctrl-o signs in on the provider's own page in place of a password.",
                    "text.dim",
                );
            }
            if found.wants_app_password() {
                let page = found.app_password_page().unwrap_or("the provider's site");
                self.say(
                    &format!(
                        "An app password is wanted, not the account's own; it is made at {page}"
                    ),
                    "notice.warning",
                );
            }
            for note in &found.notes {
                self.say(note, "text.dim");
            }
        } else if let Some(whom) = &wizard.looking {
            self.say(&format!("Looking for servers… {whom}"), "text.dim");
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
        let who = wizard.provider().unwrap_or("The provider");
        self.say(
            &format!(
                "{who} lets you sign in on its own page, in a browser here or on another device. For that it has to know this program: docs/oauth.md says how to register it, which takes five minutes. It gives you a client id then, and some give a secret with it, which may stay empty."
            ),
            "screen.text",
        );
    }

    fn checks(&mut self, wizard: &Wizard, failed: bool) {
        self.gap();
        for step in Step::ALL {
            let Some(state) = wizard.checks.get(&step) else {
                continue;
            };
            let name = step.words();
            match state {
                State::Waiting | State::Skipped => self.say(&format!("  · {name}"), "text.dim"),
                State::Running(with) => self.say(&format!("  … {name}: {with}"), "screen.text"),
                State::Worked(what) => self.say(&format!("  ✓ {name}: {what}"), "notice.good"),
                State::Failed { .. } if !failed => {}
                State::Failed {
                    what, why, todo, ..
                } => {
                    self.say(&format!("  ✗ {name}: {what}"), "notice.error");
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
                self.say("Everything works.", "notice.good");
                self.glimpses(wizard);
                self.gap();
                let words = match wizard.file_is_there {
                    true => {
                        "The password goes into secrets.age; its passphrase, please. Enter alone: the password is asked for at each start."
                    }
                    false => {
                        "This desktop keeps no passwords. A passphrase of your own makes an encrypted file for it; it is asked for once a start. Enter alone: the password itself is asked for at each start."
                    }
                };
                self.say(words, "screen.text");
                self.lines.push(Line::Field(Field::Passphrase));
                if !wizard.file_is_there {
                    self.lines.push(Line::Field(Field::Again));
                }
            }
            Phase::Done => {
                self.say("Everything works, and it is written down.", "notice.good");
                for note in wizard.kept.iter().flat_map(|k| &k.notes) {
                    self.say(note, "notice.warning");
                }
                self.glimpses(wizard);
            }
            _ => {
                self.checks(wizard, true);
                self.gap();
                self.say("Writing it down…", "text.dim");
            }
        }
    }
}
