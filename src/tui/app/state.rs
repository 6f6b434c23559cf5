//! What the screen remembers, one field a subject; each screen keeps its own.

use crate::config::{Dates, ListLook};
use crate::model::view::{Order, Scope, Sort};
use crate::model::{Account, AccountName, Group, Reminder};
use crate::text::system::numberless;
use crate::text::{Clean, when};
use crate::tui::app::acts::Acts;
use crate::tui::app::bars::Bars;
use crate::tui::app::geometry::{Pane, Places};
use crate::tui::app::looked::Looking;
use crate::tui::app::meant::Meant;
use crate::tui::app::sorted::Sorted;
use crate::tui::arrange::{Shape, Share};
use crate::tui::command::{Call, Command, Context};
use crate::tui::commanded;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::keymap::Keymap;
use crate::tui::narrowing::Narrowing;
use crate::tui::overlay::Overlay;
use crate::tui::ports::Taste;
use crate::tui::question::{Habit, Listing, Question};
use crate::tui::screen::drafts::Drafts;
use crate::tui::screen::index::Index;
use crate::tui::screen::outbox::Outbox;
use crate::tui::screen::pager::Pager;
use crate::tui::screen::sidebar::Sidebar;
use crate::tui::screen::status::{Status, Tone};
use crate::tui::signs::Signs;
use crate::tui::widget::scroll::Scroll;
use crate::tui::work::Works;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A list of no more lines has none to spare.
const ABOVE: u16 = 4;

/// Which list stands in the middle.
#[derive(Debug)]
pub enum View {
    /// Messages.
    Mail,
    /// What is on its way out.
    Outbox(Outbox),
    /// Drafts kept here.
    Drafts(Drafts),
    /// The accounts.
    Accounts(Scroll),
}

/// Everything that the panes show. What covers them is in `layers`.
#[derive(Debug)]
pub struct Panes {
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Columns on the right that a message being written takes; with the rule before it.
    pub taken: u16,
    /// What is said of messages that are being written and not on the screen.
    pub writing: Clean,
    /// What keys go to.
    pub focus: Pane,
    /// The mailboxes.
    pub sidebar: Sidebar,
    /// The list of messages.
    pub index: Index,
    /// The message that is read.
    pub pager: Option<Pager>,
    /// Which list stands in the middle.
    pub view: View,
    /// What is said.
    pub status: Status,
    /// What was done and is not in the cache yet.
    pub overlay: Overlay,
    /// What runs on threads of the screen's own.
    pub works: Works,
    /// What was asked of the ledger.
    pub acts: Acts,
    /// Whether threads are one row.
    pub threaded: bool,
    /// What lists tell of a message.
    pub list: ListLook,
    /// The signs that the terminal has.
    pub signs: Signs,
    /// When a date on the screen is told otherwise.
    pub aging: Option<Instant>,
    /// When words are looked on for in what is read.
    pub finding: Option<Instant>,
    /// How the user wants the panes to stand.
    pub shape: Shape,
    /// The border between panes that the mouse holds.
    pub gripped: Option<Share>,
    /// The bars at the panes' edges.
    pub bars: Bars,
    /// Whether there is one pane, for who hears it.
    pub linear: bool,
    /// What was listed before a search.
    pub before_search: Option<Listing>,
    /// What was narrowed last, if it still is what is listed.
    pub narrowing: Option<Narrowing>,
    /// The search that servers were asked for last.
    pub sought: String,
    /// The mailing lists that there is mail of, as far as they were asked for.
    pub lists: Vec<String>,
    /// In which orders mailboxes are listed that have one of their own.
    pub sorts: Vec<(Scope, Sort)>,
    /// In which order searches list what they find.
    pub order: Order,
    /// The accounts.
    pub accounts: Vec<Account>,
    /// What nobody answered in time.
    pub reminders: Vec<Reminder>,
    /// The saved views and the tabs over the inbox.
    pub sorted: Sorted,
    /// Where mail was filed; `None` before that was asked.
    pub habits: Option<Vec<Habit>>,
    /// The groups of the configuration.
    pub groups: Vec<Group>,
    /// Where attachments are saved if nothing else is said.
    pub downloads: PathBuf,
    /// The names of the user's themes.
    pub themes: Vec<String>,
    /// What was typed on the command line, the newest last.
    pub past: Vec<String>,
    /// When a key last made accounts that wait try again.
    pub hurried: Option<Instant>,
    /// What is typed or chosen over the panes is about this, and not about what is at hand by then.
    pub meant: Option<Meant>,
    /// A look for new mail of which the user is still to be told.
    pub looking: Option<Looking>,
    /// What the keys mean, for sentences that name one.
    pub keymap: Arc<Keymap>,
}

impl Panes {
    /// The panes at the start, and what is to be asked first.
    pub fn new(
        accounts: Vec<Account>,
        taste: Taste,
        sorted: Sorted,
        keymap: Arc<Keymap>,
        size: (u16, u16),
        now: Now,
    ) -> (Panes, Vec<Effect>) {
        let names: Vec<AccountName> = accounts.iter().map(|a| a.name.clone()).collect();
        let listing = sorted.listing(Sort::default(), Scope::UnifiedInbox, taste.threads);
        let mut panes = Panes {
            size,
            taken: 0,
            writing: Clean::default(),
            focus: Pane::Index,
            sidebar: Sidebar::new(names.clone()),
            index: Index::new(listing),
            pager: None,
            view: View::Mail,
            status: Status::new(names, Arc::clone(&keymap)),
            overlay: Overlay::default(),
            works: Works::default(),
            acts: Acts::default(),
            threaded: taste.threads,
            list: taste.list,
            signs: Signs::of_process(taste.icons),
            aging: None,
            finding: None,
            shape: Shape::new(taste.layout),
            gripped: None,
            bars: Bars::default(),
            linear: taste.linear,
            before_search: None,
            narrowing: None,
            sought: String::new(),
            lists: Vec::new(),
            sorts: Vec::new(),
            order: Order::default(),
            accounts,
            reminders: Vec::new(),
            sorted,
            habits: None,
            groups: Vec::new(),
            downloads: PathBuf::new(),
            themes: Vec::new(),
            past: Vec::new(),
            hurried: None,
            meant: None,
            looking: None,
            keymap,
        };
        // The sidebar first: the reader thread answers the newest question first.
        let mut fx = vec![Effect::Query(Question::Sidebar)];
        fx.push(Effect::Query(Question::Sorts));
        panes.ask(&mut fx, |p| p.index.reload(now.mono));
        panes.sidebar.set_views(panes.sorted.views());
        panes.count(&mut fx);
        panes.settle(&mut fx);
        (panes, fx)
    }

    /// Where everything stands now.
    pub fn places(&self) -> Option<Places> {
        let places = if self.linear {
            Places::one(self.size, self.focus, self.reading())
        } else {
            Places::of(self.room(), self.focus, self.reading(), &self.shape)
        };
        let mut places = places.map(|p| p.below(self.size.0))?;
        // Tabs stand above the inbox, and what nobody answered.
        for _ in 0..usize::from(self.has_tabs()) + usize::from(self.is_reminding()) {
            if let Some(index) = places.index.as_mut().filter(|i| i.inner.height > ABOVE) {
                index.inner.y += 1;
                index.inner.height -= 1;
            }
        }
        Some(places)
    }

    /// Whether an inbox is listed and something is to be reminded of above it.
    pub fn is_reminding(&self) -> bool {
        let scope = self.index.listing().scope();
        scope.is_some_and(|s| self.is_an_inbox(s))
            && matches!(self.view, View::Mail)
            && !self.reminders.is_empty()
    }

    /// Columns and rows that the panes have.
    pub fn room(&self) -> (u16, u16) {
        (self.size.0.saturating_sub(self.taken), self.size.1)
    }

    /// Whether there is a reader beside or over the list.
    pub fn reading(&self) -> bool {
        self.pager.is_some() && matches!(self.view, View::Mail)
    }

    /// Where keys go that go to the panes.
    pub fn context(&self) -> Context {
        match self.focus {
            Pane::Sidebar => Context::Sidebar,
            Pane::Index => Context::Index,
            Pane::Reader => Context::Reader,
        }
    }

    /// How a sentence names the way to a command.
    pub fn way_to(&self, command: Command) -> String {
        self.keymap.way_to(self.context(), command)
    }

    /// Runs something that asks questions, and asks them.
    pub fn ask(&mut self, fx: &mut Vec<Effect>, run: impl FnOnce(&mut Panes) -> Vec<Question>) {
        fx.extend(run(self).into_iter().map(Effect::Query));
    }

    /// Keeps what was typed on the command line, each line once.
    pub fn remember(&mut self, call: &Call, fx: &mut Vec<Effect>) {
        let line = call.to_string();
        commanded::add(&mut self.past, line.clone());
        fx.push(Effect::Remember(line));
    }

    /// Says something that is as it should be.
    pub fn tell(&mut self, text: Clean, now: Now) {
        self.status.say(text, Tone::Plain, false, now.mono);
    }

    /// Says that something failed.
    pub fn alarm(&mut self, text: &str, now: Now) {
        let text = Clean::line(&numberless(text));
        self.status.say(text, Tone::Bad, false, now.mono);
    }

    /// Lines that a message has in a list: all of it is said in one for who hears it.
    pub fn tall(&self) -> usize {
        match self.linear {
            true => 1,
            false => self.list.density.lines(),
        }
    }

    /// Finds out when a date on the screen is told otherwise, if dates are told by how long ago they
    /// were.
    pub fn age(&mut self, now: Now) {
        let index = &self.index;
        let shown = index.lines().iter().skip(index.top()).take(index.height());
        let relative = self.list.dates == Dates::Relative && matches!(self.view, View::Mail);
        let left = shown
            .map(|line| when::older_in(line.row.date, now.wall))
            .min();
        let left = left.filter(|_| relative);
        self.aging = left.map(|seconds| now.mono + Duration::from_secs(seconds.min(86_400)));
    }

    /// After every event: focus only where there is something, and every pane told its size.
    pub fn settle(&mut self, fx: &mut Vec<Effect>) {
        if self.focus == Pane::Reader && !self.reading() {
            self.focus = Pane::Index;
        }
        let Some(places) = self.places() else {
            return;
        };
        if let Some(area) = places.sidebar {
            self.sidebar.resize(usize::from(area.inner.height));
        }
        if let Some(area) = places.index {
            let rows = usize::from(area.inner.height);
            self.index.resize(rows / self.tall());
        }
        if let (Some(area), Some(pager)) = (places.reader, self.pager.as_mut()) {
            let cols = super::geometry::text_columns(area.inner.width);
            pager.set_linear(self.linear);
            pager.set_ways(&self.keymap);
            pager.resize(cols, usize::from(area.inner.height));
        }
        self.read_on(fx);
        fx.extend(self.index.excerpts_wanted().map(Effect::Query));
    }
}
