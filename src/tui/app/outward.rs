//! What goes out of a message at hand: drafts that answer it, itself to somebody else, a receipt.

use crate::lang::tr;
use crate::mime::recipients::parse_list;
use crate::mime::roster;
use crate::model::view::IndexRow;
use crate::model::{AccountName, Address, Intent, MsgId, Role, Verb};
use crate::text::{Clean, later};
use crate::tui::app::geometry::Pane;
use crate::tui::app::state::{Panes, View};
use crate::tui::effect::{DraftFrom, Effect, End, Outward};
use crate::tui::event::{About, Now};
use crate::tui::screen::pager::Pager;

/// How one answers an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rsvp {
    /// One comes.
    Accept,
    /// Perhaps.
    Tentative,
    /// One does not come.
    Decline,
    /// Another time would be better.
    Counter,
}

/// What is copied out of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excerpt {
    /// A one-time code.
    Code,
    /// A block of code or a patch.
    Block,
}

/// What is to be done to mailboxes, and needs a name or an answer first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chore {
    /// One more.
    Create,
    /// Another name.
    Rename,
    /// Away with it.
    Delete,
    /// Away with all that is in the account's mailbox of this role.
    Empty(Role),
}

/// What a command needs that the panes can't do by themselves: something that covers them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Nothing.
    Nothing,
    /// What the list is narrowed to.
    Narrow,
    /// A new message, to these people if any are named.
    Compose(String),
    /// The selected draft in the composer.
    EditDraft,
    /// A mailbox to move to.
    MoveTo,
    /// A mailbox to copy to.
    CopyTo,
    /// A tag.
    Tag,
    /// People to send a message on to.
    Redirect,
    /// When one is reminded of a message.
    Remind,
    /// Until when a conversation is put off.
    Snooze,
    /// What is said with an answer to an invitation.
    Answer(Rsvp),
    /// What runs now.
    Jobs,
    /// Words to look for.
    Search,
    /// Words to look for in what is read.
    Find,
    /// The command line, with a text to begin with.
    CommandLine(&'static str),
    /// A program to give messages to.
    Pipe,
    /// A program to run.
    Run,
    /// Several commands.
    Do,
    /// What is wrong with the user's files.
    Problems,
    /// The palette.
    Palette,
    /// The help.
    Help,
    /// A mailbox to go to.
    GoTo,
    /// An account to go to.
    GoToAccount,
    /// To sign in to an account anew.
    SignIn(AccountName),
    /// The tour, or its end.
    Tour,
    /// A saved view to show.
    View,
    /// A name for what is searched for.
    ViewName,
    /// Tabs for the inbox.
    Splits,
    /// Something to be done to mailboxes that is asked about first.
    Chore(Chore),
    /// Other colours.
    Theme,
    /// The pages of the message's list.
    Archive,
    /// The links of the message.
    Links,
    /// One of several things to copy.
    CopyOne(Excerpt),
    /// The attachments of the message.
    Attachments,
    /// The pictures of the message.
    Pictures,
    /// What to do with a message in the outbox.
    Decide,
    /// The end, or to leave the screen and come back.
    End(End),
}

impl Wants {
    /// Whether what is typed or chosen is about the message at hand when it opens.
    pub fn is_about_mail(&self) -> bool {
        matches!(
            self,
            Wants::MoveTo
                | Wants::CopyTo
                | Wants::Tag
                | Wants::Redirect
                | Wants::Remind
                | Wants::Snooze
                | Wants::Pipe
                | Wants::CommandLine(_)
                | Wants::Palette
                | Wants::Do
        )
    }
}

impl Panes {
    /// The message that is read or selected, or that was when a line was opened.
    pub fn at_hand(&self) -> Option<MsgId> {
        if let Some(meant) = &self.meant {
            return meant.hand;
        }
        let reading = self.pager.as_ref().filter(|_| self.focus == Pane::Reader);
        let message = reading
            .and_then(Pager::message)
            .or_else(|| self.index.selected().map(|l| l.row.message));
        message.filter(|_| matches!(self.view, View::Mail))
    }

    /// The row of the message at hand, if it is here.
    pub fn row_at_hand(&self) -> Option<&IndexRow> {
        let hand = self.at_hand()?;
        let meant = self.meant.iter().flat_map(|meant| &meant.rows);
        let mut rows = meant.chain(self.index.selected().map(|l| &l.row));
        rows.find(|row| row.message == hand)
    }

    /// Asks for a draft made from the message at hand.
    pub fn draft(&mut self, from: DraftFrom, now: Now, fx: &mut Vec<Effect>) {
        match self.at_hand() {
            Some(message) => fx.push(Effect::Draft {
                from,
                message,
                late: false,
            }),
            None => self.tell(Clean::lit(tr!("There is no message to answer.")), now),
        }
    }

    /// Whether one can be reminded of the message at hand: only what one sent oneself is answered.
    /// In the outbox it is asked what becomes of the reminder that is selected there.
    pub fn ask_remind(&mut self, now: Now) -> Wants {
        if matches!(&self.view, View::Outbox(outbox) if outbox.reminder().is_some()) {
            return Wants::Decide;
        }
        let row = self.row_at_hand();
        let sent = row.is_none_or(|r| r.from.iter().any(|f| self.is_own(f)));
        let why = match self.at_hand() {
            None => tr!("There is no message to be reminded of."),
            Some(_) if !sent => tr!("You can only be reminded of messages that you sent."),
            Some(_) => return Wants::Remind,
        };
        self.tell(Clean::lit(why), now);
        Wants::Nothing
    }

    /// Whether an address is one that the user sends from.
    pub fn is_own(&self, address: &Address) -> bool {
        self.accounts.iter().any(|a| a.sends_as(address))
    }

    /// Sets a reminder of the message at hand for the time that is typed.
    ///
    /// # Errors
    /// In plain words: the time can't be read.
    pub fn remind(
        &mut self,
        typed: &str,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Result<(), &'static str> {
        let at = later::parse(typed, now.wall).ok_or_else(later::not_understood)?;
        let set = self.at_hand().map(|message| Intent::Remind(message, at));
        fx.extend(set.map(|intent| Effect::Ask(intent, About::Done)));
        Ok(())
    }

    /// Puts the targets off until the time that is typed; `now` brings back what was put off.
    ///
    /// # Errors
    /// In plain words: the time can't be read.
    pub fn snooze(
        &mut self,
        typed: &str,
        now: Now,
        fx: &mut Vec<Effect>,
    ) -> Result<(), &'static str> {
        let until = match typed.trim() {
            "now" => None,
            text => Some(later::parse(text, now.wall).ok_or_else(later::not_understood)?),
        };
        self.act(Verb::Snooze(until), now, fx);
        Ok(())
    }

    /// Asks how the list of the message at hand is left.
    pub fn leave_list(&mut self, now: Now, fx: &mut Vec<Effect>) {
        match self.at_hand() {
            Some(message) => fx.push(Effect::Leave(message)),
            None => self.tell(Clean::lit(tr!("There is no message of a list here.")), now),
        }
    }

    /// Sends the message at hand on to those who are named, groups among them.
    ///
    /// # Errors
    /// In plain words: they can't be read as addresses.
    pub fn redirect(&mut self, typed: &str, now: Now, fx: &mut Vec<Effect>) -> Result<(), String> {
        let to = roster::expand(typed, &self.groups).unwrap_or_else(|| typed.to_owned());
        parse_list(&to).map_err(|why| why.to_string())?;
        self.outward(Outward::Redirect(to), now, fx);
        Ok(())
    }

    /// Sends something of the message that is read or selected, without a draft.
    pub fn outward(&mut self, outward: Outward, now: Now, fx: &mut Vec<Effect>) {
        match self.at_hand() {
            Some(message) => fx.push(Effect::Build(outward, message)),
            None => self.tell(Clean::lit(tr!("There is no message to send on.")), now),
        }
    }
}
