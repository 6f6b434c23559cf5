//! Acting on mail: what the keys for archive, star and the like ask of the ledger, and what its
//! answers change on the screen.

use crate::lang::tr;
use crate::model::view::IndexRow;
use crate::model::{Done, FlagChange, Intent, MailboxId, System, Target, Verb};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::meant::Meant;
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::Effect;
use crate::tui::event::{About, Now};
use crate::tui::question::Question;
use crate::tui::screen::journal::Wish;
use crate::tui::screen::pager::{Letter, Pager};
use crate::tui::screen::status::Tone;

impl Panes {
    /// What is wanted with a past action.
    pub fn wish(wish: Wish) -> Effect {
        match wish {
            Wish::Look(id) => Effect::Query(Question::WouldUndo(id)),
            Wish::Undo(id) => Effect::Ask(Intent::UndoOne(id), About::Revised),
            Wish::Since(id) => Effect::Ask(Intent::UndoSince(id), About::Revised),
            Wish::Redo(id) => Effect::Ask(Intent::RedoOne(id), About::Revised),
        }
    }

    /// From now on it is about what is at hand now, until nothing covers the panes any more.
    pub fn mean(&mut self) {
        if self.meant.is_none() {
            self.meant = Some(Meant {
                targets: self.targets(),
                filed: self.filed(),
                hand: self.at_hand(),
                rows: self.rows_at_hand().into_iter().cloned().collect(),
                listed: self.is_listed(),
                selected: self.about_selected(),
            });
        }
    }

    /// What an action would be done to now: the message that is read, else the marked lines, else
    /// the selected one; or what was meant when a line was opened.
    pub fn targets(&self) -> Vec<Target> {
        if let Some(meant) = &self.meant {
            return meant.targets.clone();
        }
        match (&self.pager, self.focus) {
            (Some(pager), Pane::Reader) => {
                pager.location().map(Target::Location).into_iter().collect()
            }
            _ => self.index.targets(),
        }
    }

    /// The same of an action that files mail: where a conversation is read, all of it that lies in
    /// the mailbox, as in the list.
    fn filed(&self) -> Vec<Target> {
        if let Some(meant) = &self.meant {
            return meant.filed.clone();
        }
        let thread = self.pager.as_ref().and_then(Pager::thread);
        match thread.filter(|_| self.focus == Pane::Reader) {
            Some((thread, mailbox)) => vec![Target::Thread { thread, mailbox }],
            None => self.targets(),
        }
    }

    fn targets_of(&self, verb: &Verb) -> Vec<Target> {
        let files = matches!(
            verb,
            Verb::Archive | Verb::Trash | Verb::Junk | Verb::Move(_) | Verb::Mute | Verb::Snooze(_)
        );
        if files { self.filed() } else { self.targets() }
    }

    /// The rows of the targets, as far as they are here.
    pub fn rows_at_hand(&self) -> Vec<&IndexRow> {
        match (&self.meant, &self.pager, self.focus) {
            (Some(meant), ..) => meant.rows.iter().collect(),
            (_, Some(pager), Pane::Reader) => {
                pager.current().map(Letter::row).into_iter().collect()
            }
            _ => self.index.acted().map(|l| &l.row).collect(),
        }
    }

    /// Whether the targets are those of the list, and not what is read.
    pub fn is_listed(&self) -> bool {
        let listed = self.focus != Pane::Reader || self.pager.is_none();
        self.meant.as_ref().map_or(listed, |meant| meant.listed)
    }

    /// Asks for an action on the targets.
    pub fn act(&mut self, verb: Verb, now: Now, fx: &mut Vec<Effect>) {
        if !matches!(self.view, View::Mail) {
            return;
        }
        let targets = self.targets_of(&verb);
        if targets.is_empty() {
            self.tell(Clean::lit(tr!("No message is selected.")), now);
            return;
        }
        let listed = self.is_listed();
        let leaving = listed && self.index.marked() > 1 && self.will_leave(&verb);
        let (ticket, effect) = self.acts.act(verb, targets);
        if leaving && let Some(act) = self.acts.get(ticket) {
            self.overlay.leave(ticket, &act.targets);
        }
        if listed {
            self.index.unmark_all();
        }
        if leaving {
            self.index.rebuild(&self.overlay);
        }
        fx.push(effect);
    }

    /// Moves the targets to a mailbox, or copies them there.
    pub fn file(&mut self, to: MailboxId, copy: bool, now: Now, fx: &mut Vec<Effect>) {
        let verb = if copy { Verb::Copy(to) } else { Verb::Move(to) };
        self.act(verb, now, fx);
        // What was learnt is there the next time.
        fx.push(Effect::Query(Question::Filed));
    }

    /// Makes one conversation of those that are selected.
    pub fn merge_threads(&mut self, fx: &mut Vec<Effect>) {
        let meant = self.meant.as_ref().filter(|meant| meant.listed);
        let targets = match meant {
            Some(meant) => meant.targets.clone(),
            None => self.index.targets(),
        };
        self.index.unmark_all();
        fx.push(Effect::Ask(Intent::Merge(targets), About::Done));
    }

    /// Whether it is about rows that are selected: what they come to the ledger says, for some may
    /// be on no page that is here.
    pub fn about_selected(&self) -> bool {
        let selected = self.is_listed() && self.index.marked() > 0;
        self.meant.as_ref().map_or(selected, |meant| meant.selected)
    }

    /// Whether the row that was meant stands here no more, and another one does.
    pub fn is_meant_gone(&self) -> bool {
        let here = self.index.selected().map(|line| self.index.target(line));
        let meant = self.meant.as_ref().filter(|m| m.listed && !m.selected);
        meant.is_some_and(|meant| here.is_some_and(|here| meant.targets != [here]))
    }

    /// Stars the targets, or takes the stars away if all have one.
    pub fn toggle_star(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if self.about_selected() {
            return self.act(Verb::ToggleStar, now, fx);
        }
        let starred = self.row_is(|row| row.flags.system.has(System::FLAGGED));
        let change = match starred {
            true => FlagChange::clear(System::FLAGGED),
            false => FlagChange::set(System::FLAGGED),
        };
        self.hear(
            if starred {
                tr!("Star taken away.")
            } else {
                tr!("Starred.")
            },
            now,
        );
        // A thread is starred by its newest message, as elsewhere; unstarred as a whole.
        self.flag(change, !starred, now, fx);
    }

    /// Marks the targets read if any is unread, else unread.
    pub fn toggle_read(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if self.about_selected() {
            return self.act(Verb::ToggleRead, now, fx);
        }
        let unread = match self.is_listed() {
            true => self.row_is(|row| row.unread > 0),
            false => self.row_is(|row| !row.flags.system.has(System::SEEN)),
        };
        let change = match unread {
            true => FlagChange::set(System::SEEN),
            false => FlagChange::clear(System::SEEN),
        };
        self.hear(
            if unread {
                tr!("Marked as read.")
            } else {
                tr!("Marked as unread.")
            },
            now,
        );
        self.flag(change, !unread, now, fx);
    }

    fn row_is(&self, is: impl Fn(&IndexRow) -> bool) -> bool {
        self.rows_at_hand().first().is_some_and(|row| is(row))
    }

    /// Says a change to who doesn't see it.
    pub fn hear(&mut self, words: &'static str, now: Now) {
        if self.linear {
            self.tell(Clean::lit(words), now);
        }
    }

    /// Changes flags of the targets; `newest`: of a selected thread only those of its newest message.
    fn flag(&mut self, change: FlagChange, newest: bool, now: Now, fx: &mut Vec<Effect>) {
        let newest = newest && self.is_listed();
        let verb = Verb::Flag(change);
        let row = self.rows_at_hand().first().map(|row| row.location);
        match row.filter(|_| newest) {
            Some(location) => {
                let targets = vec![Target::Location(location)];
                fx.push(self.acts.act(verb, targets).1);
            }
            None => self.act(verb, now, fx),
        }
    }

    /// Takes the ledger's answer to an act. The list changes in this very turn.
    pub fn acted(
        &mut self,
        ticket: u64,
        result: Result<Done, String>,
        now: Now,
        fx: &mut Vec<Effect>,
    ) {
        let act = self.acts.close(ticket);
        self.overlay.left(ticket);
        let done = match result {
            Ok(done) => done,
            Err(why) => {
                self.lay_over();
                self.alarm(&why, now);
                return;
            }
        };
        let Some(act) = act else {
            return;
        };
        match &act.verb {
            Some(verb) => self.overlay.add(verb, &act.targets, &done, now.mono),
            None => {
                if done.draft.is_some() {
                    self.status.stop_counting();
                }
                self.show_again(now, fx);
            }
        }
        let read = self.pager.as_ref().and_then(Pager::location);
        self.lay_over();
        if read.is_some_and(|location| done.gone.contains(&location)) {
            self.close_reader();
        }
        if !done.label.is_empty() {
            let text = Clean::line(&done.label);
            self.status.say(text, Tone::Good, done.undoable, now.mono);
        }
    }

    /// An action of the journal was taken back or done again.
    pub fn revised(&mut self, result: Result<Done, String>, now: Now, fx: &mut Vec<Effect>) {
        if result.is_ok() {
            self.show_again(now, fx);
            self.lay_over();
        }
        self.told(result, now);
    }

    /// What is shown is no longer what was done here last: it is read again.
    fn show_again(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.overlay.clear();
        self.ask(fx, |p| p.index.reload(now.mono));
    }

    /// What is looked for by words may be something else now: lists and counts are asked for again.
    pub fn look_again(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.ask(fx, |p| p.index.reload(now.mono));
        self.count(fx);
    }

    /// What was done is laid over what is listed and read.
    pub fn lay_over(&mut self) {
        self.index.rebuild(&self.overlay);
        let over = self
            .pager
            .as_mut()
            .is_some_and(|p| !p.overlay(&self.overlay));
        if over {
            self.close_reader();
        }
    }

    /// Says what came of something other than an act on mail.
    pub fn told(&mut self, result: Result<Done, String>, now: Now) {
        match result {
            Ok(done) if done.label.is_empty() => {}
            Ok(Done {
                leaves_in: Some(seconds),
                ..
            }) => self.status.count_down(seconds, now.mono),
            Ok(done) => {
                let text = Clean::line(&done.label);
                self.status.say(text, Tone::Good, done.undoable, now.mono);
            }
            Err(why) => self.alarm(&why, now),
        }
    }

    /// Back to the list.
    pub fn close_reader(&mut self) {
        self.pager = None;
        if self.focus == Pane::Reader {
            self.focus = Pane::Index;
        }
    }
}
