//! The job list: what runs now, how far it is and since when; Enter stops what can be stopped safely,
//! and shows the rest where more is told of it.

use crate::model::setup::Cancel;
use crate::model::{AccountName, AccountStatus, Link, Running};
use crate::text::{Clean, gauge, when};
use crate::tui::command::Command;
use crate::tui::question::Tray;
use crate::tui::screen::paint::say;
use crate::tui::screen::picker::{self, Item, Picker};
use crate::tui::screen::state;
use crate::tui::theme::Theme;
use crate::tui::widget::popup;
use crate::tui::work::Work;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

/// Columns of a bar.
const BAR: usize = 10;

/// What Enter does with a job.
#[derive(Clone, Debug)]
pub enum Deed {
    /// It is stopped.
    Stop(Cancel),
    /// No longer is everything fetched for a journey.
    EndJourney,
    /// More is told of it there.
    Show(Command),
    /// Nothing.
    Nothing,
}

impl Deed {
    fn words(&self) -> &'static str {
        match self {
            Deed::Stop(_) | Deed::EndJourney => "Enter stops it",
            Deed::Show(Command::GoOutbox) => "Enter shows the outbox",
            Deed::Show(_) => "Enter shows more",
            Deed::Nothing => "ends by itself",
        }
    }
}

/// What a key came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It stays open.
    Stay,
    /// It closes.
    Closed,
    /// This is wanted.
    Do(Deed),
}

/// The list.
#[derive(Clone, Debug)]
pub struct Jobs {
    picker: Picker<Deed>,
    empty: bool,
    look: Clean,
}

impl Jobs {
    /// What runs now. `look`: how one looks for mail, where nothing runs.
    pub fn new(items: Vec<Item<Deed>>, look: &str) -> Jobs {
        Jobs {
            empty: items.is_empty(),
            picker: Picker::new(Clean::lit("What runs now"), items),
            look: Clean::line(look),
        }
    }

    /// The same as it is now.
    pub fn set(&mut self, items: Vec<Item<Deed>>) {
        self.empty = items.is_empty();
        self.picker.refill(items);
    }

    /// Takes a key.
    pub fn update(&mut self, key: &KeyEvent) -> Outcome {
        if self.empty && matches!(key.code, KeyCode::Enter | KeyCode::Char('q')) {
            return Outcome::Closed;
        }
        outcome(self.picker.update(key))
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) {
        self.picker.paste(text);
    }

    /// Takes a click.
    pub fn click(&mut self, screen: Rect, at: Position) -> Outcome {
        outcome(self.picker.click(screen, at))
    }

    /// Moves the selection (the mouse wheel).
    pub fn scroll(&mut self, by: isize) {
        self.picker.scroll(by);
    }

    /// Draws it, and says where the cursor stands.
    pub fn draw(&self, buf: &mut Buffer, screen: Rect, theme: &Theme) -> Option<Position> {
        if !self.empty {
            return self.picker.draw(buf, screen, theme);
        }
        let area = popup::centred(screen, 64, 7);
        let title = Clean::lit("What runs now (esc closes)");
        let inside = popup::frame(buf, area, &title, theme);
        let text = format!(
            "Nothing. New mail comes by itself; {} looks for it now.",
            self.look
        );
        say(buf, inside, &Clean::line(&text), theme.style("popup.text"));
        None
    }
}

fn outcome(outcome: picker::Outcome<Deed>) -> Outcome {
    match outcome {
        picker::Outcome::Stay => Outcome::Stay,
        picker::Outcome::Closed => Outcome::Closed,
        picker::Outcome::Picked(deed) => Outcome::Do(deed),
    }
}

fn item(what: String, since: Option<String>, deed: Deed) -> Item<Deed> {
    Item {
        label: Clean::line(&what),
        detail: Clean::lit(deed.words()),
        aside: Clean::line(&since.unwrap_or_default()),
        value: deed,
    }
}

/// What an account is at.
pub fn of_account(name: &AccountName, status: &AccountStatus, now: i64) -> Vec<Item<Deed>> {
    let mut items: Vec<Item<Deed>> = Vec::new();
    let since = |at: i64| (at > 0).then(|| format!("since {}", when::clock(at, now)));
    let tasks = status.tasks.iter();
    items.extend(tasks.map(
        |Running {
             since: at,
             progress,
         }| {
            let bar = match gauge::percent(progress.done, progress.total) {
                Some(_) => format!("{} ", gauge::bar(progress.done, progress.total, BAR)),
                None => String::new(),
            };
            // As the status line has it.
            let doing = match (progress.doing.as_str(), progress.total) {
                ("", _) => "syncing ".to_owned(),
                (_, 0) => String::new(),
                (doing, _) => format!("{doing} "),
            };
            let words = state::progress(progress);
            let deed = match status.journey {
                true => Deed::EndJourney,
                false => Deed::Show(Command::GoAccounts),
            };
            item(format!("{name}: {bar}{doing}{words}"), since(*at), deed)
        },
    ));
    if status.journey && status.tasks.is_empty() {
        let text = format!("{name}: fetching everything to read offline");
        items.push(item(text, None, Deed::EndJourney));
    }
    if status.link == Link::Connecting {
        let text = format!("{name}: connecting");
        items.push(item(
            text,
            since(status.since),
            Deed::Show(Command::GoAccounts),
        ));
    }
    if status.pending > 0 {
        let words = state::changes(status.pending);
        let text = format!("{name}: {words} for the server");
        items.push(item(text, None, Deed::Show(Command::Journal)));
    }
    items
}

/// What is on its way out.
pub fn of_outbox(tray: Tray) -> Option<Item<Deed>> {
    let moving = tray.all.saturating_sub(tray.stuck);
    let text = match moving {
        0 => return None,
        1 => "1 message is on its way out".to_owned(),
        n => format!("{n} messages are on their way out"),
    };
    Some(item(text, None, Deed::Show(Command::GoOutbox)))
}

/// Work of the screen's own.
pub fn of_work(work: &Work, now: i64) -> Item<Deed> {
    let bar = match gauge::percent(work.done, work.total) {
        Some(_) => format!("{} ", gauge::bar(work.done, work.total, BAR)),
        None => String::new(),
    };
    let count = match (work.done, work.total) {
        (0, 0) => String::new(),
        (done, total) => format!(", {}", gauge::count(done, total)),
    };
    let since = format!("since {}", when::clock(work.since, now));
    let deed = work.stop.clone().map_or(Deed::Nothing, Deed::Stop);
    let mut item = item(format!("{bar}{}{count}", work.what), Some(since), deed);
    if work.stop.as_ref().is_some_and(Cancel::is_cancelled) {
        item.detail = Clean::lit("stops at its next step");
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Progress;
    use crate::tui::key::Key;
    use crate::tui::widget::ink::tests::shown;

    const NOW: i64 = 1_700_000_000;

    fn jobs() -> Vec<Item<Deed>> {
        let status = AccountStatus {
            link: Link::Online,
            tasks: vec![Running {
                since: NOW - 60,
                progress: Progress {
                    what: "headers of INBOX".into(),
                    done: 12_400,
                    total: 50_000,
                    rate: 9_800,
                    left: Some(4),
                    ..Progress::default()
                },
            }],
            pending: 3,
            ..AccountStatus::default()
        };
        let work = Work {
            what: Clean::lit("Writing messages to a file"),
            since: NOW - 5,
            done: 30,
            total: 120,
            stop: Some(Cancel::default()),
        };
        let tray = Tray { all: 3, stuck: 1 };
        let mut items = of_account(&AccountName("work".into()), &status, NOW);
        items.extend(of_outbox(tray));
        items.push(of_work(&work, NOW));
        items
    }

    #[test]
    fn drawn_at_every_size_and_without_anything() {
        for (columns, rows) in [(40, 12), (80, 24), (200, 30)] {
            for (name, items) in [("jobs", jobs()), ("jobs_none", Vec::new())] {
                let list = Jobs::new(items, "ctrl-r");
                let drawn = shown(columns, rows, |buf, area| {
                    list.draw(buf, area, &Theme::default())
                });
                insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), drawn);
            }
        }
    }

    #[test]
    fn enter_stops_what_can_be_stopped() {
        let mut list = Jobs::new(jobs(), "ctrl-r");
        let mut press = |name: &str| list.update(&Key::parse(name).unwrap().event());
        assert!(matches!(
            press("enter"),
            Outcome::Do(Deed::Show(Command::GoAccounts))
        ));
        for _ in 0..3 {
            press("down");
        }
        let Outcome::Do(Deed::Stop(cancel)) = press("enter") else {
            panic!("the export is stopped");
        };
        cancel.cancel();
        let mut none = Jobs::new(Vec::new(), "ctrl-r");
        let enter = Key::parse("enter").unwrap().event();
        assert!(matches!(none.update(&enter), Outcome::Closed));
    }
}
