//! The job list: what runs now, how far it is and since when; Enter stops what can be stopped safely,
//! and shows the rest where more is told of it.

use crate::lang::{tr, trn};
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
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
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
            Deed::Stop(_) | Deed::EndJourney => tr!("Enter stops it"),
            Deed::Show(Command::GoOutbox) => tr!("Enter shows the outbox"),
            Deed::Show(_) => tr!("Enter shows more"),
            Deed::Nothing => tr!("ends by itself"),
        }
    }
}

/// Which job it is, whatever else comes and goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Work of the screen's own, by its number.
    Work(u64),
    /// A task of an account, by when it began and what it is about.
    Task(AccountName, i64, String),
    /// Fetching everything of an account.
    Journey(AccountName),
    /// Coming to an account's server.
    Connecting(AccountName),
    /// What an account's server is to be told.
    Pending(AccountName),
    /// What is on its way out.
    Outbox,
}

/// A job in the list.
#[derive(Clone, Debug)]
pub struct Job {
    which: Which,
    deed: Deed,
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
    picker: Picker<Job>,
    empty: bool,
    look: Clean,
}

impl Jobs {
    /// What runs now. `look`: how one looks for mail, where nothing runs.
    pub fn new(items: Vec<Item<Job>>, look: &str) -> Jobs {
        Jobs {
            empty: items.is_empty(),
            picker: Picker::new(Clean::lit(tr!("What runs now")), items),
            look: Clean::line(look),
        }
    }

    /// The same as it is now.
    pub fn set(&mut self, items: Vec<Item<Job>>) {
        self.empty = items.is_empty();
        self.picker.refill(items, |a, b| a.which == b.which);
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

    /// Takes the mouse, if it is on the bar.
    pub fn pull(&mut self, mouse: &MouseEvent) -> bool {
        self.picker.pull(mouse)
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
        let title = Clean::lit(tr!("What runs now (esc closes)"));
        let inside = popup::frame(buf, area, &title, theme);
        let text = tr!(
            "Nothing. New mail comes by itself; {key} looks for it now.",
            key = self.look
        );
        say(buf, inside, &Clean::line(&text), theme.style("popup.text"));
        None
    }
}

fn outcome(outcome: picker::Outcome<Job>) -> Outcome {
    match outcome {
        picker::Outcome::Stay => Outcome::Stay,
        picker::Outcome::Closed => Outcome::Closed,
        picker::Outcome::Picked(job) => Outcome::Do(job.deed),
    }
}

fn item(which: Which, what: String, since: Option<String>, deed: Deed) -> Item<Job> {
    Item {
        label: Clean::line(&what),
        detail: Clean::lit(deed.words()),
        aside: Clean::line(&since.unwrap_or_default()),
        value: Job { which, deed },
    }
}

/// What an account is at.
pub fn of_account(name: &AccountName, status: &AccountStatus, now: i64) -> Vec<Item<Job>> {
    let mut items: Vec<Item<Job>> = Vec::new();
    let since = |at: i64| (at > 0).then(|| tr!("since {time}", time = when::clock(at, now)));
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
            let words = state::progress(progress);
            let words = match (progress.doing.as_str(), progress.total) {
                ("", _) => tr!("syncing {what}", what = words),
                (_, 0) => words,
                (doing, _) => format!("{doing} {words}"),
            };
            let which = Which::Task(name.clone(), *at, progress.what.clone());
            let text = format!("{name}: {bar}{words}");
            item(which, text, since(*at), Deed::Show(Command::GoAccounts))
        },
    ));
    if status.journey {
        let text = tr!("{name}: fetching everything to read offline", name);
        let which = Which::Journey(name.clone());
        items.push(item(which, text, None, Deed::EndJourney));
    }
    if status.link == Link::Connecting {
        let text = tr!("{name}: connecting", name);
        items.push(item(
            Which::Connecting(name.clone()),
            text,
            since(status.since),
            Deed::Show(Command::GoAccounts),
        ));
    }
    if status.pending > 0 {
        let text = trn!(
            n = status.pending,
            "{name}: {shown} change waits for the server",
            "{name}: {shown} changes wait for the server",
            name,
            shown = gauge::grouped(status.pending)
        );
        let which = Which::Pending(name.clone());
        items.push(item(which, text, None, Deed::Show(Command::Journal)));
    }
    items
}

/// What is on its way out.
pub fn of_outbox(tray: Tray) -> Option<Item<Job>> {
    let moving = tray.all.saturating_sub(tray.stuck);
    let text = match moving {
        0 => return None,
        n => trn!(
            n,
            "{n} message is on its way out",
            "{n} messages are on their way out"
        ),
    };
    let deed = Deed::Show(Command::GoOutbox);
    Some(item(Which::Outbox, text, None, deed))
}

/// Work of the screen's own, by its number.
pub fn of_work(number: u64, work: &Work, now: i64) -> Item<Job> {
    let bar = match gauge::percent(work.done, work.total) {
        Some(_) => format!("{} ", gauge::bar(work.done, work.total, BAR)),
        None => String::new(),
    };
    let count = match (work.done, work.total) {
        (0, 0) => String::new(),
        (done, total) => format!(", {}", gauge::count(done, total)),
    };
    let since = tr!("since {time}", time = when::clock(work.since, now));
    let deed = work.stop.clone().map_or(Deed::Nothing, Deed::Stop);
    let text = format!("{bar}{}{count}", work.what);
    let mut item = item(Which::Work(number), text, Some(since), deed);
    if work.stop.as_ref().is_some_and(Cancel::is_cancelled) {
        item.detail = Clean::lit(tr!("stops at its next step"));
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

    fn jobs() -> Vec<Item<Job>> {
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
        items.push(of_work(7, &work, NOW));
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
    fn enter_stops_no_other_job_than_the_one_that_was_chosen() {
        let own = |number, stop: &Cancel| {
            let work = Work {
                what: Clean::lit("Writing messages to a file"),
                since: NOW,
                done: 0,
                total: 0,
                stop: Some(stop.clone()),
            };
            of_work(number, &work, NOW)
        };
        let (one, two) = (Cancel::default(), Cancel::default());
        let enter = Key::parse("enter").unwrap().event();
        let mut list = Jobs::new(vec![own(1, &one), own(2, &two)], "ctrl-r");
        list.set(vec![own(2, &two)]);
        assert!(matches!(list.update(&enter), Outcome::Stay), "1 is over");
        list.update(&Key::parse("down").unwrap().event());
        assert!(matches!(list.update(&enter), Outcome::Do(Deed::Stop(_))));
    }

    #[test]
    fn a_journey_is_a_job_of_its_own_beside_its_tasks() {
        let tasks = vec![Running::default()];
        let status = AccountStatus {
            journey: true,
            tasks,
            ..AccountStatus::default()
        };
        let items = of_account(&AccountName("work".into()), &status, NOW);
        let ends = |job: &&Item<Job>| matches!(job.value.deed, Deed::EndJourney);
        assert_eq!((items.len(), items.iter().filter(ends).count()), (2, 1));
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
