//! What each command does to the panes. One match over the closed set, so that a new command can't
//! be forgotten.

use crate::lang::{tr, trn};
use crate::model::view::Scope;
use crate::model::{
    AccountName, Intent, MsgId, OutboxVerb, Role, SubmissionState, Target, Verb, WhichRules,
};
use crate::text::Clean;
use crate::tui::app::geometry::Pane;
use crate::tui::app::looked::Looking;
use crate::tui::app::outward::{Chore, Excerpt, Rsvp, Wants};
use crate::tui::app::state::{Panes, View};
use crate::tui::command::{Call, Command, Section};
use crate::tui::effect::{DraftFrom, Effect, End, Outward};
use crate::tui::event::{About, Now};
use crate::tui::part::PartJob;
use crate::tui::question::{DraftAt, Mode, Question};
use crate::tui::widget::scroll::Scroll;
use std::time::Duration;

/// So long keys do not make accounts that wait try again.
const HURRY: Duration = Duration::from_secs(30);

impl Panes {
    /// Runs a command on the panes.
    pub fn command(&mut self, call: &Call, now: Now, fx: &mut Vec<Effect>) -> Wants {
        if let Some(argument) = &call.argument {
            return self.command_with(call.command, argument, now, fx);
        }
        if !matches!(self.view, View::Mail) && is_about_the_list(call.command) {
            self.tell(Clean::lit(tr!("There are no messages in this list.")), now);
            return Wants::Nothing;
        }
        match call.command {
            Command::Down => self.vertical(1, now, fx),
            Command::Up => self.vertical(-1, now, fx),
            Command::PageDown => self.vertical(self.page(), now, fx),
            Command::PageUp => self.vertical(-self.page(), now, fx),
            Command::HalfDown => self.vertical((self.page() / 2).max(1), now, fx),
            Command::HalfUp => self.vertical(-(self.page() / 2).max(1), now, fx),
            Command::First => self.edge(false, now, fx),
            Command::Last => self.edge(true, now, fx),
            Command::Open => return self.open(now, fx),
            Command::Back => {
                let left = self.back(now, fx) || self.end_journey(fx);
                if !left && self.places().is_some_and(|p| p.sidebar.is_none()) {
                    self.focus = Pane::Sidebar;
                }
            }
            Command::Quit => {
                if !self.back(now, fx) {
                    return Wants::End(End::Quit);
                }
            }
            Command::NextPane => self.next_pane(),
            Command::NextInThread => self.read_in_thread(1, now),
            Command::PreviousInThread => self.read_in_thread(-1, now),
            Command::NextMessage => self.read_neighbour(1, now, fx),
            Command::PreviousMessage => self.read_neighbour(-1, now, fx),
            Command::NextUnread => self.next_unread(now, fx),
            Command::Compose => return Wants::Compose(String::new()),
            Command::Reply => self.draft(DraftFrom::Reply, now, fx),
            Command::ReplyAll => self.draft(DraftFrom::ReplyAll, now, fx),
            Command::ReplyList => self.draft(DraftFrom::ReplyList, now, fx),
            Command::Forward => self.draft(DraftFrom::Forward, now, fx),
            Command::ForwardWhole => self.draft(DraftFrom::ForwardWhole, now, fx),
            Command::EditAsNew => return self.edit(now, fx),
            Command::Redirect => match self.at_hand() {
                Some(_) => return Wants::Redirect,
                None => self.tell(Clean::lit(tr!("There is no message to send on.")), now),
            },
            Command::Remind => return self.ask_remind(now),
            Command::Accept => return Wants::Answer(Rsvp::Accept),
            Command::Tentative => return Wants::Answer(Rsvp::Tentative),
            Command::Decline => return Wants::Answer(Rsvp::Decline),
            Command::Counter => return Wants::Answer(Rsvp::Counter),
            Command::SendReceipt => self.outward(Outward::Receipt, now, fx),
            Command::Archive => self.act(Verb::Archive, now, fx),
            Command::Trash => return self.trash(now, fx),
            Command::Junk => self.act(Verb::Junk, now, fx),
            Command::Mute => self.act(Verb::Mute, now, fx),
            Command::Snooze => return self.filing(Wants::Snooze, now),
            Command::MergeThreads => self.merge_threads(fx),
            Command::SplitThread => match self.at_hand() {
                Some(message) => fx.push(Effect::Ask(Intent::Split(message), About::Done)),
                None => self.tell(
                    Clean::lit(tr!("There is no message to begin one with.")),
                    now,
                ),
            },
            Command::Move => return self.filing(Wants::MoveTo, now),
            Command::Copy => return self.filing(Wants::CopyTo, now),
            Command::Star => self.toggle_star(now, fx),
            Command::ToggleRead => self.toggle_read(now, fx),
            Command::Undo => {
                let undo = self.acts.undo();
                fx.push(undo);
            }
            Command::Redo => {
                let redo = self.acts.revise(Intent::Redo);
                fx.push(redo);
            }
            Command::Jobs => return Wants::Jobs,
            Command::Journal => fx.push(Effect::Query(Question::Journal { open: true })),
            Command::ApplyRules => {
                let which = WhichRules::default();
                fx.push(Effect::Ask(Intent::TestRules(which), About::Rules));
            }
            Command::Select if self.focus != Pane::Index => {}
            Command::Select
            | Command::SelectRange
            | Command::SelectThread
            | Command::SelectAll
            | Command::SelectRead
            | Command::SelectUnread
            | Command::SelectStarred
            | Command::SelectUnstarred
            | Command::Unselect => self.select(call.command, now, fx),
            Command::Search => return Wants::Search,
            Command::Filter if self.may_narrow() => return Wants::Narrow,
            Command::Filter => {
                self.tell(Clean::lit(tr!("This list can't be narrowed.")), now);
            }
            Command::GoInbox => self.show_scope(Scope::UnifiedInbox, now, fx),
            Command::GoStarred => self.search_for("is:flagged", now, fx),
            Command::GoSent => self.go_role(Role::Sent, now, fx),
            Command::GoDrafts => self.show_drafts(fx),
            Command::GoAll => self.go_role(Role::All, now, fx),
            Command::GoArchive => self.go_role(Role::Archive, now, fx),
            Command::GoOutbox => self.show_outbox(fx),
            Command::GoAccounts => {
                self.view = View::Accounts(Scroll::default());
                self.focus = Pane::Index;
            }
            Command::GoMailbox => return Wants::GoTo,
            Command::Account => return Wants::GoToAccount,
            Command::SignIn => match self.to_sign_in() {
                Ok(account) => return Wants::SignIn(account),
                Err(why) => self.alarm(&why, now),
            },
            Command::AddAccount => return Wants::End(End::AddAccount),
            Command::Tour => return Wants::Tour,
            Command::Theme => return Wants::Theme,
            Command::Layout => self.lay_out(self.shape.next(), now, fx),
            Command::GrowPane => self.resize_pane(1, now, fx),
            Command::ShrinkPane => self.resize_pane(-1, now, fx),
            Command::Pipe => return self.filing(Wants::Pipe, now),
            Command::Run => return Wants::Run,
            Command::Do => return Wants::Do,
            Command::Settings => fx.push(Effect::Reload { open: true }),
            Command::Problems => return Wants::Problems,
            Command::MailboxCreate => return Wants::Chore(Chore::Create),
            Command::MailboxRename => return Wants::Chore(Chore::Rename),
            Command::MailboxDelete => return Wants::Chore(Chore::Delete),
            Command::MailboxSubscribe => self.subscribe(true, now, fx),
            Command::MailboxUnsubscribe => self.subscribe(false, now, fx),
            Command::EmptyTrash => return Wants::Chore(Chore::Empty(Role::Trash)),
            Command::EmptyJunk => return Wants::Chore(Chore::Empty(Role::Junk)),
            Command::Tag => return self.filing(Wants::Tag, now),
            Command::Offline => self.offline(None, now, fx),
            Command::SearchOrder => self.turn_order(now, fx),
            Command::ToggleThreads => self.toggle_threads(now, fx),
            Command::Fold if self.focus == Pane::Reader => self.fold_letter(),
            Command::FoldAll if self.focus == Pane::Reader => self.fold_letters(),
            Command::FoldQuotes => self.fold_quotes(now),
            Command::Find => return self.wants_find(),
            Command::Fold => {
                let overlay = std::mem::take(&mut self.overlay);
                self.ask(fx, |p| p.index.fold(&overlay));
                self.overlay = overlay;
                self.hear(tr!("Folded or unfolded."), now);
            }
            Command::FoldAll => self.index.fold_all(&self.overlay),
            Command::Unsubscribe => self.leave_list(now, fx),
            Command::ListArchive => return Wants::Archive,
            Command::Attachments => return Wants::Attachments,
            Command::Pictures => return Wants::Pictures,
            Command::LoadPictures => self.load_pictures(now, fx),
            Command::PictureSenders => fx.push(Effect::Part(PartJob::Senders)),
            Command::Save => self.save_all(now, fx),
            Command::Links => return Wants::Links,
            Command::Yank => self.yank(now, fx),
            Command::CopyText => self.copy_message(now, fx),
            Command::CopyCode => return self.copy_one(Excerpt::Code, now, fx),
            Command::CopyBlock => return self.copy_one(Excerpt::Block, now, fx),
            Command::Headers => {
                if let Some(pager) = self.pager.as_mut() {
                    pager.toggle_headers();
                }
            }
            Command::Trust => {
                if let Some(pager) = self.pager.as_mut() {
                    pager.toggle_trust();
                }
            }
            Command::Raw => self.mode(Mode::Raw),
            Command::Browse => {
                let message = self.pager.as_ref().and_then(|pager| pager.message());
                let job = message.map(|message| PartJob::Browse { message });
                fx.extend(job.map(Effect::Part));
            }
            Command::Html => self.mode(Mode::Html),
            Command::View
            | Command::SaveView
            | Command::RemoveView
            | Command::SplitInbox
            | Command::NextTab
            | Command::PreviousTab => return self.keeping(call.command, now, fx),
            Command::CheckMail => {
                fx.push(Effect::Ask(Intent::CheckMail, About::Quiet));
                self.tell(Clean::lit(tr!("Looking for new mail…")), now);
                self.looking = Some(Looking::new(&self.status, now.wall));
            }
            Command::Sort => return Wants::CommandLine("sort "),
            Command::Export => return self.filing(Wants::CommandLine("export "), now),
            Command::CommandLine => return Wants::CommandLine(""),
            Command::Palette => return Wants::Palette,
            Command::Help => return Wants::Help,
            Command::Reload => return Wants::End(End::Reload),
            Command::Doctor => self.examine(None, fx),
            Command::Redraw => fx.push(Effect::Redraw),
            Command::Suspend => fx.push(Effect::Suspend),
            // The composer covers the panes and takes its own.
            Command::Send
            | Command::NextField
            | Command::PreviousField
            | Command::Attach
            | Command::Editor
            | Command::KeepDraft
            | Command::Leave
            | Command::Discard
            | Command::UndoTyping
            | Command::RedoTyping
            | Command::Options
            | Command::SendLater
            | Command::Spelling
            | Command::Template
            | Command::Linear => {}
            Command::Writing
            | Command::Writings
            | Command::PutAside
            | Command::NextWriting
            | Command::PreviousWriting
            | Command::Beside => {
                let drafts = self.way_to(Command::GoDrafts);
                let text = tr!(
                    "No message is being written; {key} lists drafts.",
                    key = drafts
                );
                self.tell(Clean::line(&text), now);
            }
        }
        Wants::Nothing
    }

    /// Fetches everything for a journey: of one account, or of all.
    pub fn offline(&mut self, account: Option<AccountName>, now: Now, fx: &mut Vec<Effect>) {
        let wanted = |name: &&AccountName| account.as_ref().is_none_or(|a| a == *name);
        let apart = self.status.apart();
        let apart: Vec<&str> = apart
            .iter()
            .filter(wanted)
            .map(AccountName::as_str)
            .collect();
        let about = match apart.as_slice() {
            [] => About::Done,
            one_or_more => {
                let text = trn!(
                    n = one_or_more.len(),
                    "{names} is not connected; it begins when it is",
                    "{names} are not connected; it begins when they are",
                    names = one_or_more.join(tr!(", "))
                );
                self.tell(Clean::line(&text), now);
                About::Quiet
            }
        };
        fx.push(Effect::Ask(Intent::Offline(account), about));
    }

    /// Ends what [`Panes::offline`] began. Says whether there was something.
    fn end_journey(&mut self, fx: &mut Vec<Effect>) -> bool {
        let under_way = self.status.journey();
        if under_way {
            fx.push(Effect::Ask(Intent::StopOffline, About::Done));
        }
        under_way
    }

    /// A key was pressed: whoever waits after a failure tries again now, at most every half minute.
    pub fn somebody_is_here(&mut self, now: Now, fx: &mut Vec<Effect>) {
        if self
            .hurried
            .is_some_and(|t| now.mono.duration_since(t) < HURRY)
        {
            return;
        }
        let waiting = self.status.waiting();
        if !waiting.is_empty() {
            self.hurried = Some(now.mono);
        }
        let asks = waiting.into_iter().map(Intent::TryAgain);
        fx.extend(asks.map(|intent| Effect::Ask(intent, About::Quiet)));
    }

    /// Shows an account's inbox.
    pub fn go_account(&mut self, name: &AccountName, now: Now, fx: &mut Vec<Effect>) {
        let inbox = self
            .sidebar
            .with_role(Role::Inbox, Some(name))
            .map(|m| m.id);
        match inbox {
            Some(id) => self.show_scope(Scope::Mailbox(id), now, fx),
            None => self.tell(Clean::lit(tr!("This account has no inbox here yet.")), now),
        }
    }

    /// Asks for a mailbox only where there is something to file.
    fn filing(&mut self, wants: Wants, now: Now) -> Wants {
        if matches!(self.view, View::Mail) && !self.targets().is_empty() {
            return wants;
        }
        self.tell(Clean::lit(tr!("No message is selected.")), now);
        Wants::Nothing
    }

    /// Whether the hint line should offer a command now.
    pub fn can(&self, command: Command) -> bool {
        let about_mail = command.info().section == Section::Mail
            && !matches!(command, Command::Undo | Command::Redo | Command::ApplyRules);
        let answers = matches!(
            command,
            Command::Reply
                | Command::ReplyAll
                | Command::ReplyList
                | Command::Forward
                | Command::ForwardWhole
                | Command::EditAsNew
                | Command::Redirect
                | Command::SendReceipt
                | Command::Remind
                | Command::Accept
                | Command::Tentative
                | Command::Decline
                | Command::Counter
        );
        match &self.view {
            View::Mail => match command {
                Command::NextMessage => self.focus == Pane::Reader,
                Command::NextInThread | Command::PreviousInThread => {
                    let reader = self.pager.as_ref();
                    reader.is_some_and(|p| p.number().is_some() || p.finding().is_some())
                }
                Command::Open => self.focus != Pane::Reader,
                Command::Back => self.focus == Pane::Reader,
                Command::Links => self
                    .pager
                    .as_ref()
                    .and_then(|p| p.rendered())
                    .is_some_and(|r| !r.links.is_empty()),
                Command::Accept | Command::Tentative | Command::Decline | Command::Counter => {
                    let pager = self.pager.as_ref();
                    let rendered = pager.and_then(|p| p.rendered());
                    rendered.is_some_and(|r| r.invitation.is_some())
                }
                Command::Save => self
                    .pager
                    .as_ref()
                    .is_some_and(|p| !p.attachments().is_empty()),
                _ => true,
            },
            // There is nothing to read in the other lists.
            _ if matches!(
                command,
                Command::NextMessage | Command::Save | Command::Links
            ) =>
            {
                false
            }
            View::Drafts(_) => command == Command::Trash || !(about_mail || answers),
            View::Outbox(_) => command == Command::EditAsNew || !(about_mail || answers),
            View::Accounts(_) => !(about_mail || answers),
        }
    }

    /// Lines of a page in the focused pane.
    fn page(&self) -> isize {
        let lines = match (self.focus, &self.pager) {
            (Pane::Reader, Some(pager)) => pager.height(),
            _ => self.index.height(),
        };
        isize::try_from(lines.saturating_sub(1).max(1)).unwrap_or(1)
    }

    fn vertical(&mut self, by: isize, now: Now, fx: &mut Vec<Effect>) {
        match self.focus {
            Pane::Sidebar => self.sidebar.step(by),
            Pane::Reader => {
                if let Some(pager) = self.pager.as_mut() {
                    pager.scroll_by(by);
                }
            }
            Pane::Index if matches!(self.view, View::Mail) => {
                self.ask(fx, |p| p.index.step(by, now.mono));
            }
            Pane::Index => self.step_list(by),
        }
    }

    fn edge(&mut self, end: bool, now: Now, fx: &mut Vec<Effect>) {
        let far = if end { isize::MAX } else { -isize::MAX };
        match self.focus {
            Pane::Sidebar => self.sidebar.step(far),
            Pane::Reader => {
                if let Some(pager) = self.pager.as_mut() {
                    pager.scroll_to(end);
                }
            }
            Pane::Index if !matches!(self.view, View::Mail) => self.step_list(far),
            Pane::Index if end => self.ask(fx, |p| p.index.last(now.mono)),
            Pane::Index => self.ask(fx, |p| p.index.first(now.mono)),
        }
    }

    fn open(&mut self, now: Now, fx: &mut Vec<Effect>) -> Wants {
        match (self.focus, &self.view) {
            (Pane::Sidebar, _) => self.open_entry(now, fx),
            (_, View::Outbox(outbox)) => {
                let Some(reminder) = outbox.reminder() else {
                    return Wants::Decide;
                };
                let (account, id) = (reminder.account.clone(), reminder.message_id.clone());
                self.show_conversation(account, id, now, fx);
            }
            (_, View::Drafts(_)) => return Wants::EditDraft,
            (_, View::Accounts(_)) => {}
            (Pane::Index, View::Mail) => match self.server_draft() {
                Some(draft) => fx.extend(go_on(draft)),
                None if self.is_meant_gone() => self.alarm(tr!("this message is gone"), now),
                None => self.open_selected(now, fx),
            },
            (Pane::Reader, View::Mail) => {
                if let Some(pager) = self.pager.as_mut() {
                    if pager.is_folded() {
                        pager.toggle();
                    } else {
                        pager.scroll_by(1);
                    }
                }
            }
        }
        Wants::Nothing
    }

    /// Takes a message up again; one that may have been sent only after a look at the choices.
    fn edit(&mut self, now: Now, fx: &mut Vec<Effect>) -> Wants {
        let View::Outbox(outbox) = &self.view else {
            self.draft(DraftFrom::Edit, now, fx);
            return Wants::Nothing;
        };
        match outbox.selected() {
            Some(row) if row.state == SubmissionState::InDoubt => return Wants::Decide,
            Some(row) => {
                let edit = Intent::Outbox(row.id, OutboxVerb::Edit);
                fx.push(Effect::Ask(edit, About::Outbox(row.id)));
            }
            None => {}
        }
        Wants::Nothing
    }

    fn trash(&mut self, now: Now, fx: &mut Vec<Effect>) -> Wants {
        match &self.view {
            View::Mail => self.act(Verb::Trash, now, fx),
            View::Drafts(drafts) => {
                let intent = drafts.selected().map(|row| match row.at {
                    DraftAt::Here(id) => Intent::DiscardDraft(id),
                    DraftAt::There(_, location) => Intent::Act {
                        verb: Verb::Trash,
                        targets: vec![Target::Location(location)],
                    },
                });
                fx.extend(intent.map(|i| Effect::Ask(i, About::Done)));
            }
            View::Outbox(_) => return Wants::Decide,
            View::Accounts(_) => {}
        }
        Wants::Nothing
    }

    fn next_pane(&mut self) {
        self.focus = match self.focus {
            Pane::Sidebar => Pane::Index,
            Pane::Index if self.reading() => Pane::Reader,
            Pane::Index | Pane::Reader => Pane::Sidebar,
        };
    }

    /// Searches for something fixed, and goes to what is found.
    pub fn search_for(&mut self, text: &str, now: Now, fx: &mut Vec<Effect>) {
        self.search(text, now, fx);
        self.focus = Pane::Index;
    }
}

/// Whether a command is about the list of messages, which another may stand before.
fn is_about_the_list(command: Command) -> bool {
    matches!(
        command,
        Command::Star
            | Command::MergeThreads
            | Command::ToggleRead
            | Command::Select
            | Command::Fold
            | Command::FoldAll
            | Command::Yank
            | Command::NextUnread
            | Command::NextMessage
            | Command::PreviousMessage
    )
}

/// Goes on with a draft that lies on the server. Its text may not be here, and one can't open it to
/// get it.
pub fn go_on(message: MsgId) -> [Effect; 2] {
    let text = Intent::FetchBody(message);
    [
        Effect::Ask(text, About::Quiet),
        Effect::Draft {
            from: DraftFrom::GoOn,
            message,
            late: false,
        },
    ]
}
