//! One message of what is read: its row, whether it is unfolded, and its lines.

use super::document::{DocLine, Dress, MORE, Tone, document, head, said, spoken_head};
use super::inlays::Inlays;
use super::ways::Ways;
use crate::lang::{of, tr};
use crate::mime::render::{Line, Mark, Rendered, Standing};
use crate::model::System;
use crate::model::view::IndexRow;
use crate::text::Clean;
use crate::tui::part::{Leave, PartJob, PartOf, Remotely};
use crate::tui::picture::Inlay;
use crate::tui::question::{Job, LaidOut, Mode, Source};
use std::collections::BTreeMap;
use std::sync::Arc;

/// So many octets of a source are read at first.
const FIRST: u64 = 128 << 10;
/// At most so many.
const FARTHEST: u64 = 16 << 20;
/// So many times as many whenever who reads comes near the end of what is here.
const STRIDE: u64 = 8;

/// What is there to be shown.
#[derive(Clone, Debug)]
enum Body {
    /// Being read and laid out.
    Asking,
    /// Not here yet: asked for.
    Fetching,
    /// Laid out.
    Here(Arc<Rendered>),
    /// The source.
    Source(Arc<Source>),
    /// Can't be shown: why.
    Trouble(Clean),
}

/// How the letters of a reader are shown.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Columns.
    pub width: u16,
    /// Whether there are several, so that each has a line with its writer.
    pub several: bool,
    /// Whether there is so little room that headers are one line.
    pub brief: bool,
    /// Whether everything is said in words, for who hears it.
    pub linear: bool,
    /// The present time, seconds since 1970.
    pub now: i64,
    /// What the keys are that sentences name.
    pub ways: Arc<Ways>,
}

/// A message in the reader.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its row, as the store has it.
    stored: IndexRow,
    /// Its row with what was done since.
    row: IndexRow,
    /// Whether it is more than a line.
    open: bool,
    /// Whether it was seen on this screen, so that it need not be marked again.
    seen: bool,
    mode: Mode,
    /// Octets of its source that are wanted.
    reach: u64,
    full: bool,
    trust: bool,
    quotes: Option<bool>,
    body: Body,
    laid: Option<Job>,
    /// Its pictures that were loaded from the web.
    loaded: Vec<PartOf>,
    /// The pictures of its text that are ready.
    inlays: Inlays,
    /// Whether its pictures on the web were asked for of themselves.
    asked_web: bool,
    lines: Vec<DocLine>,
    /// How many of them stand above its text.
    above: usize,
}

impl Letter {
    /// A message of which nothing is known but its row.
    pub fn new(row: IndexRow, open: bool) -> Letter {
        Letter {
            stored: row.clone(),
            row,
            open,
            seen: false,
            mode: Mode::Best,
            reach: FIRST,
            full: false,
            trust: false,
            quotes: None,
            body: Body::Asking,
            laid: None,
            loaded: Vec::new(),
            inlays: Inlays::default(),
            asked_web: false,
            lines: Vec::new(),
            above: 0,
        }
    }

    /// Its row, as shown.
    pub fn row(&self) -> &IndexRow {
        &self.row
    }

    /// Its row as the store has it.
    pub fn stored(&self) -> &IndexRow {
        &self.stored
    }

    /// Its row changed in the store.
    pub fn store(&mut self, row: IndexRow) {
        self.stored = row;
    }

    /// Its row is shown so from now on.
    pub fn show(&mut self, row: IndexRow, set: &Setting) {
        if row != self.row {
            self.row = row;
            self.build(set);
        }
    }

    /// Whether it is unread.
    pub fn is_unread(&self) -> bool {
        !self.row.flags.system.has(System::SEEN)
    }

    /// Whether it is unfolded.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Folds or unfolds it.
    pub fn open(&mut self, open: bool, set: &Setting) {
        if self.open != open {
            self.open = open;
            self.build(set);
        }
    }

    /// It is on the screen: whether it is to be marked as read now.
    pub fn look_at(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.seen, true);
        first && self.is_unread()
    }

    /// The laid out message, once it is here.
    pub fn rendered(&self) -> Option<&Rendered> {
        match &self.body {
            Body::Here(r) => Some(r),
            _ => None,
        }
    }

    /// How it is shown.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Shows it in another way, or back in the best one; after the HTML comes its text alone.
    pub fn toggle_mode(&mut self, mode: Mode) {
        self.mode = match (self.mode, mode) {
            (Mode::Html, Mode::Html) => Mode::Reader,
            (Mode::Reader, Mode::Html) => Mode::Best,
            (now, mode) if now == mode => Mode::Best,
            (_, mode) => mode,
        };
        self.reach = FIRST;
    }

    /// Shows all header fields, or the usual ones.
    pub fn toggle_headers(&mut self, set: &Setting) {
        self.full = !self.full;
        self.build(set);
    }

    /// Tells all that is known of who sent it, or only what is wrong.
    pub fn toggle_trust(&mut self, set: &Setting) {
        self.trust = !self.trust;
        self.build(set);
    }

    /// Folds its long quotations, or unfolds them. Says whether there are any.
    pub fn toggle_quotes(&mut self, set: &Setting) -> bool {
        let before = self.lines.len();
        self.quotes = Some(!self.folds(set));
        self.build(set);
        self.lines.len() != before
    }

    /// What is to be laid out for what is shown.
    pub fn job(&self, set: &Setting) -> Job {
        Job {
            message: self.row.message,
            width: set.width,
            mode: self.mode,
            reach: match self.mode {
                Mode::Raw => self.reach,
                _ => 0,
            },
        }
    }

    /// What has to be laid out before it can be shown.
    pub fn wants(&self, set: &Setting) -> Option<Job> {
        let job = self.job(set);
        (self.open && self.laid != Some(job)).then_some(job)
    }

    /// Who reads it comes to the end of what is here of its source: more of it is wanted.
    pub fn read_on(&mut self, set: &Setting) {
        let waits = self.laid != Some(self.job(set));
        if self.mode == Mode::Raw && self.has_more() && !waits {
            self.reach = (self.reach * STRIDE).min(FARTHEST);
        }
    }

    /// Takes the layout thread's answer. Returns whether the body has to be fetched.
    pub fn laid(&mut self, job: Job, result: LaidOut, set: &Setting) -> bool {
        if job != self.job(set) {
            return false;
        }
        // Of how it begins nothing is kept: the rest is still wanted.
        self.laid = (!result.is_beginning()).then_some(job);
        let missing = matches!(result, LaidOut::Missing);
        let asked = matches!(self.body, Body::Fetching);
        let same = match (&self.body, &result) {
            (Body::Here(old), LaidOut::Message(new)) => old.pictures == new.pictures,
            _ => false,
        };
        if !same {
            self.inlays = Inlays::default();
        }
        self.body = match result {
            LaidOut::Message(r) => Body::Here(r),
            LaidOut::Source(s) => Body::Source(s),
            LaidOut::Missing => Body::Fetching,
            LaidOut::Failed(why) => Body::Trouble(Clean::line(&why)),
        };
        self.build(set);
        missing && !asked
    }

    /// Its body came, or what is told of it changed: to be laid out anew.
    pub fn came(&mut self) {
        self.laid = None;
    }

    /// Its body is not to be had just now: why. One that is here stays.
    pub fn trouble(&mut self, why: &str, set: &Setting) {
        if matches!(self.body, Body::Fetching) {
            self.body = Body::Trouble(Clean::line(why));
            self.build(set);
        }
    }

    /// Its text, once it is here.
    pub fn text(&self) -> Option<String> {
        let lines: Vec<String> = match &self.body {
            Body::Here(r) if r.more => return None,
            Body::Here(r) => r.lines.iter().map(Line::text).collect(),
            Body::Source(source) if source.more => return None,
            Body::Source(source) => source.lines.iter().map(Clean::to_string).collect(),
            _ => return None,
        };
        Some(lines.join("\n"))
    }

    /// Its pictures that were loaded from the web.
    pub fn loaded(&self) -> &[PartOf] {
        &self.loaded
    }

    /// These of its pictures were loaded from the web. Whether some of them stand in its text.
    pub fn set_loaded(&mut self, parts: Vec<PartOf>, set: &Setting) -> bool {
        self.loaded = parts;
        self.build(set);
        let urls = self.loaded.iter().filter_map(|p| p.url.as_ref());
        let stand = self.rendered().map_or(&[][..], |r| &r.pictures);
        let stand = |url: &String| {
            stand
                .iter()
                .any(|s| matches!(s, Standing::Web(u) if u == url))
        };
        urls.into_iter().any(stand)
    }

    /// Its pictures on the web, and whose they are.
    pub fn remotely(&self) -> Option<Remotely> {
        let rendered = self.rendered()?;
        let sender = match self.row.from.as_slice() {
            [one] => one.addr.clone(),
            _ => String::new(),
        };
        Some(Remotely {
            message: self.row.message,
            sender,
            verified: rendered.trust.verified,
            urls: rendered.remote.pictures.clone(),
        })
    }

    /// What is to be done so that its pictures can be seen, if that was not asked for: those that it
    /// brings are made ready, and those on the web loaded where the user said so once for all.
    pub fn wants_pictures(&mut self, set: &Setting) -> Vec<PartJob> {
        if !self.open || self.has_more() {
            return Vec::new();
        }
        let mut out = Vec::new();
        let whole = self.rendered().is_some();
        if whole && self.loaded.is_empty() && !std::mem::replace(&mut self.asked_web, true) {
            let what = self.remotely().filter(|w| !w.urls.is_empty());
            let leave = Leave::Standing;
            out.extend(what.map(|what| PartJob::Load { what, leave }));
        }
        if let Body::Here(rendered) = &self.body {
            let message = self.row.message;
            out.extend(self.inlays.ask(message, rendered, &self.loaded, set.width));
        }
        out
    }

    /// Pictures of its text are ready for so many columns.
    pub fn inlaid(&mut self, columns: u16, pictures: &BTreeMap<u32, Arc<Inlay>>, set: &Setting) {
        if self.inlays.came(columns, pictures) {
            self.build(set);
        }
    }

    /// A picture of its text, once it is ready.
    pub fn inlay(&self, number: u32) -> Option<&Inlay> {
        self.inlays.get(number)
    }

    /// Whether only its beginning is here.
    pub fn has_more(&self) -> bool {
        self.open
            && match &self.body {
                Body::Here(rendered) => rendered.more,
                Body::Source(source) => source.more && self.reach < FARTHEST,
                _ => false,
            }
    }

    /// Where its text begins, counted in its lines.
    pub fn text_begins(&self) -> usize {
        self.above
    }

    /// Its lines.
    pub fn lines(&self) -> &[DocLine] {
        &self.lines
    }

    fn folds(&self, set: &Setting) -> bool {
        self.quotes.unwrap_or(set.several)
    }

    /// Makes its lines anew.
    pub fn build(&mut self, set: &Setting) {
        let cols = usize::from(set.width);
        self.lines.clear();
        self.above = 0;
        if set.several || (set.brief && !self.full) {
            let unread = set.several && self.is_unread();
            let fold = set.several.then_some(self.open);
            let line = match set.linear {
                true => spoken_head(&self.row, fold, unread, set.now),
                false => head(&self.row, fold, unread, cols, set.now),
            };
            self.lines.push(line);
        }
        if !self.open {
            return;
        }
        match &self.body {
            Body::Here(r) => {
                let dress = Dress {
                    cols,
                    full: self.full,
                    trust: self.trust,
                    loaded: self.loaded.len(),
                    fold: self.folds(set),
                    headed: set.several || set.brief,
                    brief: set.brief,
                    ways: &set.ways,
                };
                let (lines, above) = document(r, dress, &self.inlays);
                self.above = self.lines.len() + above;
                self.lines.extend(lines);
            }
            Body::Source(source) => {
                let line = |l: &Clean| vec![(l.clone(), Tone::Text(Mark::Plain, 0))];
                self.lines.extend(source.lines.iter().map(line));
                if self.has_more() {
                    self.lines.extend(said(of(MORE), cols, Tone::Waiting));
                } else if source.more {
                    let text = tr!("The source goes on, but is too long to be shown.");
                    self.lines.extend(said(text, cols, Tone::Waiting));
                }
            }
            Body::Asking => {}
            Body::Fetching => {
                let words = Clean::lit(tr!("Fetching the message…"));
                self.lines.push(vec![(words, Tone::Waiting)]);
            }
            Body::Trouble(why) => self.lines.extend(said(why.as_str(), cols, Tone::Trouble)),
        }
        if set.several {
            self.lines.push(Vec::new());
        }
    }
}
