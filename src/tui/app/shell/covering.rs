//! What covers the panes: brought where a command wants it, and taken away again when it is done.

use super::App;
use super::awaited::Why;
use crate::lang::tr;
use crate::model::{AccountName, Draft, SignInBy};
use crate::text::Clean;
use crate::tui::app::commands;
use crate::tui::app::compose::Writing;
use crate::tui::app::layers::{Ask, For, Layer, Turn};
use crate::tui::app::outward::Wants;
use crate::tui::app::popup::Popup;
use crate::tui::app::state::View;
use crate::tui::effect::Effect;
use crate::tui::event::Now;
use crate::tui::question::{DraftAt, Question};

impl App {
    /// What became of the topmost layer.
    pub(super) fn turned(&mut self, turn: Turn, now: Now, fx: &mut Vec<Effect>) {
        if turn.close {
            self.layers.pop();
        }
        match turn.ask {
            Some(Ask::Call(call)) => self.call(&call, now, fx),
            Some(Ask::Theme(name)) => self.theme(&name, now),
            Some(Ask::Cover(layer)) => self.layers.push(*layer),
            Some(Ask::Writing(serial)) => self.desk.bring(serial),
            Some(Ask::SignIn(account, by)) => self.sign_in(account, by, fx),
            Some(Ask::Time(timed)) => self.layers.push(Layer::time(timed)),
            None => {}
        }
        self.forget_meant();
    }

    /// What was opened is done: what comes now is about what is at hand.
    pub(super) fn forget_meant(&mut self) {
        if self.layers.is_empty() {
            self.panes.meant = None;
        }
    }

    /// An account needs its password. Whoever writes a message is told so, once: it is not asked for
    /// before that is over, and nothing comes or goes for the account until then.
    pub(super) fn want_password(&mut self, account: &AccountName, now: Now) {
        if self.passwords.contains(account) {
            return;
        }
        self.passwords.push_back(account.clone());
        if self.desk.has_keys() {
            let text = tr!(
                "{account} needs its password; it is asked for once this message is put aside or sent.",
                account = account.as_str()
            );
            self.panes.tell(Clean::line(&text), now);
        }
    }

    /// Asks for the next password that is wanted, when nothing else is asked and nobody types:
    /// what was meant for a message must not go to a server as a password.
    pub(super) fn ask_password(&mut self, now: Now) {
        let typing = self.desk.has_keys() || self.keys.has_begun();
        if self.layers.is_empty()
            && !typing
            && !self.panes.index.is_picking()
            && let Some(account) = self.passwords.pop_front()
        {
            self.layers.push(Layer::password(&account, now.mono));
        }
    }

    /// Brings what the panes can't bring themselves.
    pub(super) fn fulfil(&mut self, wants: Wants, now: Now, fx: &mut Vec<Effect>) {
        let context = self.context();
        if wants.is_about_mail() {
            self.panes.mean();
        }
        let popup = match wants {
            Wants::Nothing => return,
            Wants::End(end) => return self.leave(end, now, fx),
            Wants::Tour => return,
            Wants::SignIn(account) => return self.sign_in(account, SignInBy::Best, fx),
            Wants::Links => Popup::links(&self.panes).map(Layer::Popup),
            Wants::Archive => Popup::archive(&self.panes).map(Layer::Popup),
            Wants::CopyOne(what) => Popup::excerpts(&self.panes, what).map(Layer::Popup),
            Wants::Attachments => Popup::attachments(&self.panes).map(Layer::Popup),
            Wants::Pictures => match Popup::pictures(&self.panes) {
                Ok(parts) => return self.show_pictures(parts, fx),
                Err(why) => return self.panes.tell(Clean::line(&why), now),
            },
            Wants::Decide => Popup::decide(&self.panes, now).map(Layer::Popup),
            Wants::MoveTo => Ok(Layer::mailbox(&self.panes, For::Moving)),
            Wants::CopyTo => Ok(Layer::mailbox(&self.panes, For::Copying)),
            Wants::Tag => Ok(Layer::tag(&self.panes)),
            Wants::Redirect => Ok(Layer::redirect(self.desk.questions())),
            Wants::Remind => Ok(Layer::remind()),
            Wants::Snooze => Ok(Layer::snooze()),
            Wants::Answer(rsvp) => Layer::answer(&self.panes, rsvp),
            Wants::GoTo => Ok(Layer::mailbox(&self.panes, For::Going)),
            Wants::GoToAccount => Ok(Layer::account(&self.panes)),
            Wants::View => Ok(Layer::views(&self.panes)),
            Wants::ViewName => Ok(Layer::view_name()),
            Wants::Splits => Ok(Layer::splits(&self.panes)),
            Wants::Chore(chore) => Layer::chore(&self.panes, chore, now),
            Wants::Problems => self.problems(),
            Wants::Jobs => Ok(Layer::jobs(&self.panes, now)),
            Wants::Pipe => Ok(Layer::pipe(&self.panes)),
            Wants::Run => Ok(Layer::run()),
            Wants::Do => Ok(Layer::several()),
            Wants::Theme => Ok(Layer::theme(self.dress.setting(), &self.panes.themes)),
            Wants::Search => {
                fx.push(Effect::Query(Question::Lists));
                Ok(Layer::search(&self.panes, self.desk.questions()))
            }
            Wants::Narrow => {
                fx.push(Effect::Query(Question::Lists));
                Ok(Layer::narrow(&self.panes, self.desk.questions()))
            }
            Wants::Find => Ok(Layer::find()),
            Wants::CommandLine(text) => Ok(Layer::command_line(context, &self.panes, text)),
            Wants::Palette => Ok(Layer::palette(context, self.keys.map())),
            Wants::Help => Ok(Layer::help(context, self.keys.map())),
            Wants::Compose(people) => {
                // Who looks at every inbox writes as his first account, not as the row's.
                let shown = self.panes.index.mailbox();
                let shown = shown.and_then(|id| self.panes.sidebar.mailbox(id));
                let shown = shown.map(|m| m.account.clone());
                let draft = Writing::blank(&self.panes.accounts, shown.as_ref());
                match draft {
                    Some(draft) => {
                        let to = people;
                        self.write(Draft { to, ..draft }, fx);
                    }
                    None => self
                        .panes
                        .alarm(tr!("there is no account to write with"), now),
                }
                return;
            }
            Wants::EditDraft => {
                if let View::Drafts(drafts) = &self.panes.view {
                    match drafts.selected().map(|row| row.at) {
                        Some(DraftAt::Here(id)) => self.awaited.ask([id], Why::Wanted, fx),
                        Some(DraftAt::There(message, _)) => fx.extend(commands::go_on(message)),
                        None => {}
                    }
                }
                return;
            }
        };
        match popup {
            Ok(layer) => self.layers.push(layer),
            Err(why) => self.panes.tell(Clean::lit(why), now),
        }
    }
}
