//! What comes in from outside: answers of the reader thread, and the board.

use crate::lang::tr;
use crate::model::{MailboxId, Role};
use crate::signal::{Announcement, Posted, Topic};
use crate::text::Clean;
use crate::tui::app::state::{Panes, View};
use crate::tui::command::Command;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::question::{Answer, Question};
use crate::tui::screen::pager::Pager;
use crate::tui::screen::status::Tone;

impl Panes {
    /// Takes an answer of the reader thread.
    pub fn answered(&mut self, answer: Answer, now: Now, fx: &mut Vec<Effect>) {
        match answer {
            Answer::Sidebar {
                mailboxes,
                outbox,
                drafts,
                reminders,
            } => {
                // Once: afterwards the outbox's line and what the submitter says tell it.
                let words = outbox.words().filter(|_| !self.sidebar.loaded());
                if let Some(words) = words {
                    let key = self.way_to(Command::GoOutbox);
                    self.alarm(&tr!("{words}: {key} says why", words, key), now);
                }
                let listed = self.index.mailbox().and_then(|id| self.sidebar.mailbox(id));
                let listed = listed.cloned();
                self.sidebar.set(mailboxes, outbox, drafts);
                if let Some(listed) = listed {
                    self.leave_if_gone(&listed, now, fx);
                }
                if !self.sidebar.loaded() {
                    fx.push(Effect::Query(Question::Lists));
                }
                self.reminders = reminders;
                if self.habits.is_none() {
                    self.habits = Some(Vec::new());
                    fx.push(Effect::Query(Question::Filed));
                }
            }
            Answer::Filed(habits) => self.habits = Some(habits),
            Answer::Sorts(sorts) => self.sorts_came(sorts, now, fx),
            Answer::Window {
                serial,
                page,
                rows,
                more,
            } => {
                let questions =
                    self.index
                        .window(serial, page, rows, more, &mut self.overlay, now.mono);
                fx.extend(questions.into_iter().map(Effect::Query));
            }
            Answer::Thread {
                serial,
                thread,
                rows,
            } => {
                self.index.thread(serial, thread, rows, &self.overlay);
            }
            Answer::Soon { serial, rows } => self.index.soon(serial, rows, &self.overlay),
            Answer::Served { serial, messages } => self.index.served(serial, messages),
            Answer::Picked {
                serial,
                ticket,
                how,
                found,
            } => self.picked((serial, ticket), how, found, now, fx),
            Answer::Lists(lists) => self.lists = lists,
            Answer::Excerpts { serial, found } => self.index.excerpts(serial, found),
            Answer::Conversation { thread, rows } => {
                if let Some(pager) = self.pager.as_mut() {
                    pager.gather(thread, rows, &self.overlay);
                }
            }
            Answer::NextUnread { serial, key } => {
                let (questions, outcome) = self.index.unread_at(serial, key, now.mono);
                fx.extend(questions.into_iter().map(Effect::Query));
                self.index_outcome(outcome, now);
            }
            Answer::NoList { serial, why } => {
                // Over a list that stays there is no other place to say it.
                if !self.is_searching() {
                    self.alarm(&why, now);
                }
                self.index.failed(serial, &why);
            }
            Answer::Outbox(rows, reminders) => {
                if let View::Outbox(outbox) = &mut self.view {
                    outbox.set(rows, reminders);
                }
            }
            Answer::Drafts(rows) => {
                if let View::Drafts(drafts) = &mut self.view {
                    drafts.set(rows);
                }
            }
            Answer::Counts(counts) => {
                self.sorted.counted(counts);
                self.sidebar.set_views(self.sorted.views());
            }
            Answer::Draft(..)
            | Answer::Known { .. }
            | Answer::Journal { .. }
            | Answer::WouldUndo(_) => {}
            Answer::Failed(why) => self.alarm(&why, now),
        }
    }

    /// Tells what came of a look for new mail.
    fn tell_looked(&mut self, now: Now) {
        self.looking.take_if(|looking| looking.is_over(now.wall));
        let said = self.looking.as_ref();
        if let Some(said) = said.and_then(|l| l.outcome(&self.status, now.wall)) {
            self.looking = None;
            self.status.murmur(Clean::line(&said), now.mono);
        }
    }

    /// Takes what was written on the board.
    pub fn posted(&mut self, posted: Posted, now: Now, fx: &mut Vec<Effect>) {
        self.status.update(posted.statuses);
        self.tell_looked(now);
        let mut counts = false;
        let mut list = false;
        let mut drafts = false;
        for topic in posted.topics {
            match topic {
                Topic::Mailboxes => counts = true,
                Topic::Mailbox(id) => {
                    counts = true;
                    drafts |= self
                        .sidebar
                        .mailbox(id)
                        .is_some_and(|m| m.role == Some(Role::Drafts));
                    list |= self.index.concerns(id, self.is_inbox(id));
                }
                Topic::Body(id) => {
                    if let Some(pager) = self.pager.as_mut() {
                        pager.came(id);
                    }
                }
                Topic::NoBody(id, why) => {
                    if let Some(pager) = self.pager.as_mut() {
                        pager.trouble(id, &tr!("This message is not here yet: {why}", why));
                    }
                }
                Topic::ServerHits => list |= self.is_searching(),
                Topic::Outbox | Topic::Reminders => {
                    counts = true;
                    if matches!(self.view, View::Outbox(_)) {
                        fx.push(Effect::Query(Question::Outbox));
                    }
                }
                Topic::Drafts => {
                    counts = true;
                    drafts = true;
                }
                // A prompt covers the panes: the layers ask for it.
                Topic::Configuration => fx.push(Effect::Reload { open: false }),
                Topic::PasswordWanted(_) => {}
            }
        }
        if drafts && matches!(self.view, View::Drafts(_)) {
            fx.push(Effect::Query(Question::Drafts));
        }
        if counts {
            fx.push(Effect::Query(Question::Sidebar));
            self.count(fx);
        }
        if list {
            self.ask(fx, |p| p.index.reload(now.mono));
        }
        if counts && let Some(again) = self.pager.as_ref().and_then(Pager::again) {
            fx.push(Effect::Query(again));
        }
        let signs = self.signs;
        let written = |text: &str| signs.written(&Clean::line(text)).to_string();
        let announced = posted.announced.into_iter().map(|said| {
            Effect::Announce(Announcement {
                title: written(&said.title),
                body: written(&said.body),
                ..said
            })
        });
        fx.extend(announced);
        for notice in posted.notices {
            self.status
                .say(Clean::line(&notice), Tone::Plain, false, now.mono);
        }
    }

    /// Whether a mailbox may be an inbox; one that is not known yet may.
    fn is_inbox(&self, id: MailboxId) -> bool {
        self.sidebar
            .mailbox(id)
            .is_none_or(|m| m.role == Some(Role::Inbox))
    }

    /// A deadline passed: what has had its time goes, and a doubtful overlay is compared again.
    pub fn tick(&mut self, now: Now, fx: &mut Vec<Effect>) {
        self.status.expire(now.mono);
        self.find_more(now);
        if self.overlay.deadline().is_some_and(|d| d <= now.mono) {
            self.overlay.expire(now.mono);
            self.lay_over();
            self.ask(fx, |p| p.index.reload(now.mono));
        }
    }
}
