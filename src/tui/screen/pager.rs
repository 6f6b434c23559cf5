//! The reader: one message, its headers, its attachments, its text.
//!
//! What comes from the message stands in a pane whose first column it can't reach, so that no
//! body can draw a header of ours or the status line.

use crate::mime::render::{Mark, Rendered};
use crate::model::view::{AttachmentRow, IndexRow};
use crate::model::{LocationId, MailboxId, MsgId};
use crate::text::{Clean, size, width, wrap};
use crate::tui::question::{Job, LaidOut, Mode};
use std::ops::Range;
use std::sync::Arc;
use unicode_segmentation::UnicodeSegmentation;

/// What is there to be shown.
#[derive(Clone, Debug)]
pub enum Body {
    /// Being read and laid out.
    Asking,
    /// Not here yet: asked for.
    Fetching,
    /// Laid out.
    Here(Arc<Rendered>),
    /// The source.
    Source(Arc<Vec<Clean>>),
    /// Can't be shown: why.
    Trouble(Clean),
}

/// What a piece of a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The name of a header field.
    Name,
    /// The value of a header field.
    Value,
    /// The subject.
    Subject,
    /// Something that the program says of the message.
    Warning,
    /// An attachment.
    Attachment,
    /// The rule between headers and text.
    Rule,
    /// Text of the message, with the depth of its quotation.
    Text(Mark, u8),
}

/// One line, ready to be drawn.
pub type DocLine = Vec<(Clean, Tone)>;

/// The reader.
#[derive(Clone, Debug)]
pub struct Pager {
    /// Which message.
    pub message: MsgId,
    /// Where it lay when it was opened.
    pub location: LocationId,
    /// In which mailbox.
    pub mailbox: MailboxId,
    /// Its subject.
    pub subject: Clean,
    mode: Mode,
    full: bool,
    body: Body,
    doc: Vec<DocLine>,
    /// Where the mouse was pressed and where it was dragged to: lines and columns.
    selection: Option<(Cell, Cell)>,
    scroll: usize,
    width: u16,
    height: usize,
}

/// A line of the document and a column.
type Cell = (usize, usize);

impl Pager {
    /// Opens a row's message for a pane of so many columns; the job that lays it out.
    pub fn open(row: &IndexRow, width: u16) -> (Pager, Job) {
        let pager = Pager {
            message: row.message,
            location: row.location,
            mailbox: row.mailbox,
            subject: Clean::line(&row.subject),
            mode: Mode::Best,
            full: false,
            body: Body::Asking,
            doc: Vec::new(),
            selection: None,
            scroll: 0,
            width,
            height: 1,
        };
        let job = pager.job();
        (pager, job)
    }

    /// What is to be laid out for what is shown.
    pub fn job(&self) -> Job {
        Job {
            message: self.message,
            width: self.width,
            mode: self.mode,
        }
    }

    /// The body as it stands.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// How it is shown.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The attachments, once the body is here.
    pub fn attachments(&self) -> &[AttachmentRow] {
        match &self.body {
            Body::Here(r) => &r.attachments,
            _ => &[],
        }
    }

    /// The laid out message, once it is here.
    pub fn rendered(&self) -> Option<&Rendered> {
        match &self.body {
            Body::Here(r) => Some(r),
            _ => None,
        }
    }

    /// Takes the layout thread's answer. Returns whether the body has to be fetched.
    pub fn laid(&mut self, job: Job, result: LaidOut) -> bool {
        if job != self.job() {
            return false;
        }
        let missing = matches!(result, LaidOut::Missing);
        let asked = matches!(self.body, Body::Fetching);
        self.body = match result {
            LaidOut::Message(r) => Body::Here(r),
            LaidOut::Source(s) => Body::Source(s),
            LaidOut::Missing => Body::Fetching,
            LaidOut::Failed(why) => Body::Trouble(Clean::line(&why)),
        };
        self.build();
        missing && !asked
    }

    /// The body can't be had: why.
    pub fn trouble(&mut self, why: &str) {
        if matches!(self.body, Body::Asking | Body::Fetching) {
            self.body = Body::Trouble(Clean::line(why));
        }
    }

    /// Another width or height; the job if it has to be laid out anew. What is shown stays until
    /// the answer comes.
    pub fn resize(&mut self, width: u16, height: usize) -> Option<Job> {
        self.height = height.max(1);
        self.scroll_by(0);
        if width == self.width {
            return None;
        }
        self.width = width;
        self.build();
        Some(self.job())
    }

    /// Shows it in another way, or back in the best one.
    pub fn toggle_mode(&mut self, mode: Mode) -> Job {
        self.mode = if self.mode == mode { Mode::Best } else { mode };
        self.scroll = 0;
        self.job()
    }

    /// Shows all header fields, or the usual ones.
    pub fn toggle_headers(&mut self) {
        self.full = !self.full;
        self.scroll = 0;
        self.build();
    }

    /// Scrolls by lines; says whether anything moved.
    pub fn scroll_by(&mut self, by: isize) -> bool {
        let most = self.doc.len().saturating_sub(self.height);
        let before = self.scroll;
        self.scroll = before.saturating_add_signed(by).min(most);
        self.scroll != before
    }

    /// To the first line or the last.
    pub fn scroll_to(&mut self, end: bool) {
        self.scroll = if end { usize::MAX } else { 0 };
        self.scroll_by(0);
    }

    /// Lines of the pane.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The lines on the screen.
    pub fn visible(&self) -> &[DocLine] {
        let end = (self.scroll + self.height).min(self.doc.len());
        self.doc.get(self.scroll..end).unwrap_or(&[])
    }

    /// The text of the message, once it is here.
    pub fn text(&self) -> Option<String> {
        let line = |spans: &mut dyn Iterator<Item = &str>| spans.collect::<String>();
        let lines: Vec<String> = match &self.body {
            Body::Here(r) => {
                let each = r.lines.iter();
                each.map(|l| line(&mut l.spans.iter().map(|s| s.text.as_str())))
                    .collect()
            }
            Body::Source(lines) => lines.iter().map(|l| l.to_string()).collect(),
            _ => return None,
        };
        Some(lines.join("\n"))
    }

    /// The mouse is pressed at a row and a column of what is seen: a selection begins.
    pub fn press(&mut self, row: usize, column: usize) {
        let cell = (self.scroll + row, column);
        self.selection = Some((cell, cell));
    }

    /// The mouse is dragged: the selection goes there.
    pub fn drag(&mut self, row: usize, column: usize) {
        if let Some((_, to)) = &mut self.selection {
            *to = (self.scroll + row, column);
        }
    }

    /// The columns of a row of what is seen that are selected, if some are.
    pub fn selected(&self, row: usize) -> Option<Range<usize>> {
        self.columns_of(self.scroll + row)
    }

    fn columns_of(&self, line: usize) -> Option<Range<usize>> {
        let (from, to) = self.selection.filter(|(from, to)| from != to)?;
        let (from, to) = (from.min(to), from.max(to));
        if line < from.0 || line > to.0 || line >= self.doc.len() {
            return None;
        }
        let begin = if line == from.0 { from.1 } else { 0 };
        let end = if line == to.0 { to.1 + 1 } else { usize::MAX };
        Some(begin..end)
    }

    /// What is selected, a line each, without the blanks at their ends.
    pub fn selected_text(&self) -> Option<String> {
        let (from, to) = self.selection.filter(|(from, to)| from != to)?;
        let (first, last) = (from.0.min(to.0), from.0.max(to.0));
        let mut lines = Vec::new();
        for (n, line) in self.doc.iter().enumerate().take(last + 1).skip(first) {
            let columns = self.columns_of(n).unwrap_or(0..0);
            let whole: String = line.iter().map(|(text, _)| text.as_str()).collect();
            let mut column = 0;
            let mut kept = String::new();
            for symbol in whole.graphemes(true) {
                if columns.contains(&column) {
                    kept.push_str(symbol);
                }
                column += width::width(symbol);
            }
            lines.push(kept.trim_end().to_owned());
        }
        let text = lines.join("\n");
        (!text.trim().is_empty()).then_some(text)
    }

    /// How far it is scrolled, in percent; `None` if everything fits.
    pub fn percent(&self) -> Option<usize> {
        let most = self.doc.len().saturating_sub(self.height);
        (most > 0).then(|| self.scroll * 100 / most)
    }

    fn build(&mut self) {
        self.selection = None;
        self.doc = match &self.body {
            Body::Here(r) => document(r, self.full, usize::from(self.width)),
            Body::Source(lines) => lines
                .iter()
                .map(|l| vec![(l.clone(), Tone::Text(Mark::Plain, 0))])
                .collect(),
            _ => Vec::new(),
        };
        self.scroll_by(0);
    }
}

/// Headers, what we have to say, attachments, a rule, the text.
fn document(r: &Rendered, full: bool, cols: usize) -> Vec<DocLine> {
    let headers = if full { &r.all_headers } else { &r.headers };
    let mut doc = Vec::new();
    let longest = headers.iter().map(|(n, _)| width::width(n.as_str())).max();
    let name_cols = longest.unwrap_or(0).min(16) + 2;
    for (name, value) in headers {
        header(&mut doc, name, value, name_cols, cols);
    }
    if let Some(warning) = &r.warning {
        for line in wrap::wrap(warning.as_str(), cols.saturating_sub(2).max(1)) {
            doc.push(vec![(Clean::line(&line), Tone::Warning)]);
        }
    }
    for (n, a) in r.attachments.iter().enumerate() {
        let text = format!(
            "[{}] {}  {}, {}",
            n + 1,
            if a.name.is_empty() {
                "unnamed"
            } else {
                &a.name
            },
            a.media_type,
            size::human(a.size)
        );
        doc.push(vec![(Clean::line(&text), Tone::Attachment)]);
    }
    doc.push(vec![(Clean::line(&"─".repeat(cols)), Tone::Rule)]);
    for line in &r.lines {
        let spans = line.spans.iter();
        doc.push(
            spans
                .map(|s| (s.text.clone(), Tone::Text(s.style, line.quote)))
                .collect(),
        );
    }
    doc
}

fn header(doc: &mut Vec<DocLine>, name: &Clean, value: &Clean, name_cols: usize, cols: usize) {
    let tone = if name.as_str().eq_ignore_ascii_case("subject") {
        Tone::Subject
    } else {
        Tone::Value
    };
    let room = cols.saturating_sub(name_cols).max(8);
    let mut label = Clean::line(&width::fit(&format!("{name}:"), name_cols));
    let lines = wrap::wrap(value.as_str(), room);
    if lines.is_empty() {
        doc.push(vec![(label, Tone::Name)]);
        return;
    }
    for line in lines {
        doc.push(vec![(label, Tone::Name), (Clean::line(&line), tone)]);
        label = Clean::line(&" ".repeat(name_cols));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mime::render::{Line, Span};
    use crate::tui::question::tests::row;

    fn rendered(lines: usize) -> Arc<Rendered> {
        Arc::new(Rendered {
            headers: vec![(Clean::lit("From"), Clean::lit("Ada"))],
            lines: (0..lines)
                .map(|n| Line {
                    spans: vec![Span {
                        text: Clean::line(&format!("line {n}")),
                        style: Mark::Plain,
                    }],
                    quote: 0,
                })
                .collect(),
            ..Rendered::default()
        })
    }

    #[test]
    fn a_missing_body_is_fetched_once_and_then_shown() {
        let (mut pager, job) = Pager::open(&row(1, 1), 60);
        assert!(pager.laid(job, LaidOut::Missing));
        assert!(!pager.laid(job, LaidOut::Missing), "asked for already");
        pager.laid(job, LaidOut::Message(rendered(3)));
        pager.resize(60, 10);
        assert_eq!(pager.visible().len(), 5);
    }

    #[test]
    fn an_answer_for_another_width_is_not_shown() {
        let (mut pager, job) = Pager::open(&row(1, 1), 60);
        assert!(pager.resize(40, 10).is_some());
        pager.laid(job, LaidOut::Message(rendered(3)));
        assert!(matches!(pager.body(), Body::Asking));
    }

    #[test]
    fn what_the_mouse_was_dragged_over_is_selected() {
        let (mut pager, job) = Pager::open(&row(1, 1), 60);
        pager.resize(60, 10);
        pager.laid(job, LaidOut::Message(rendered(100)));
        pager.press(4, 2);
        assert_eq!(pager.selected_text(), None, "a click selects nothing");
        pager.drag(2, 3);
        assert_eq!(pager.selected_text().as_deref(), Some("e 0\nline 1\nlin"));
        assert_eq!(
            (pager.selected(2), pager.selected(5)),
            (Some(3..usize::MAX), None)
        );
        pager.scroll_by(1);
        assert_eq!(
            pager.selected(1),
            Some(3..usize::MAX),
            "it moves with the text"
        );
        pager.toggle_headers();
        assert_eq!(pager.selected_text(), None);
        assert!(
            pager
                .text()
                .is_some_and(|t| t.starts_with("line 0\nline 1\n"))
        );
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let (mut pager, job) = Pager::open(&row(1, 1), 60);
        pager.resize(60, 10);
        pager.laid(job, LaidOut::Message(rendered(100)));
        assert!(!pager.scroll_by(-5));
        pager.scroll_to(true);
        assert_eq!(pager.percent(), Some(100));
        assert!(!pager.scroll_by(1) && pager.scroll_by(-1));
    }
}
