//! A message as lines of the reader: headers, what we have to say of it, attachments, text.
//!
//! What comes from the message stands in a pane whose first column it can't reach, so that no
//! body can draw a header of ours or the status line.

use super::inlays::Inlays;
use super::ways::Ways;
use crate::lang::{mark, of, of_in, tr, trn};
use crate::mime::link::Remote;
use crate::mime::lookalike::shown_addr;
use crate::mime::render::{Line, Mark, Rendered};
use crate::mime::trust::{self, Level, Trust};
use crate::model::view::IndexRow;
use crate::text::{Clean, when, width, wrap};
use crate::tui::part;
use crate::tui::picture::MOVES;

/// Quoted text in the middle of a message is folded from so many lines on; what it ends with,
/// just before the answer to it, stays.
const LONG_QUOTE: usize = 14;
/// So many lines of a folded quotation stay before the answer to it.
const KEPT_OF_QUOTE: usize = 4;
/// Quoted text that nothing follows is folded from so many lines on.
const LAST_QUOTE: usize = 3;

/// What a piece of a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Who wrote a message of a conversation.
    Writer,
    /// The same, of one that is unread.
    WriterUnread,
    /// What stands beside the writer: the date, the beginning of a folded message.
    Aside,
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
    /// Stands for quoted lines that are folded.
    Fold,
    /// The message is on its way.
    Waiting,
    /// The message can't be shown.
    Trouble,
    /// Text of the message, with the depth of its quotation.
    Text(Mark, u8),
    /// A picture of the text by its number, and which of its rows.
    Picture(u32, u16),
}

impl Tone {
    /// Whether a piece of this meaning and the next are read as one text: then they are put in order
    /// together.
    pub fn goes_on(self, next: Tone) -> bool {
        match (self, next) {
            (Tone::Text(this, _), Tone::Text(next, _)) => this.goes_on(next),
            (this, next) => this == next,
        }
    }
}

/// One line, ready to be drawn.
pub type DocLine = Vec<(Clean, Tone)>;

/// How a message is laid out as lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dress<'a> {
    /// Columns.
    pub cols: usize,
    /// All header fields, not the usual ones.
    pub full: bool,
    /// All that is known of who sent it, not only what is wrong.
    pub trust: bool,
    /// How many of its pictures were loaded from the web.
    pub loaded: usize,
    /// Whether long quotations are folded.
    pub fold: bool,
    /// Whether a line with its writer and date stands above it, which its headers need not repeat.
    pub headed: bool,
    /// Whether that line is all there is of its headers.
    pub brief: bool,
    /// What the keys are that sentences name.
    pub ways: &'a Ways,
}

/// What is said below the beginning of a message.
pub const MORE: &str = mark!("The rest of this message is being read…");

/// Headers, what we have to say, attachments, a rule, the text; and how many lines stand above the
/// text.
pub fn document(r: &Rendered, dress: Dress<'_>, inlays: &Inlays) -> (Vec<DocLine>, usize) {
    let cols = dress.cols;
    let all = if dress.full {
        &r.all_headers
    } else {
        &r.headers
    };
    let told = |name: &Clean| {
        let mut said = ["from", "date", "subject"].iter();
        let said = dress.headed && said.any(|s| name.as_str().eq_ignore_ascii_case(s));
        !dress.full && (dress.brief || said)
    };
    let headers: Vec<_> = all.iter().filter(|(n, _)| !told(n)).collect();
    let mut doc = Vec::new();
    let named = |name: &Clean| match dress.full {
        true => name.clone(),
        false => Clean::line(of_in("head", name.as_str())),
    };
    let longest = headers.iter().map(|(n, _)| width::width(named(n).as_str()));
    let longest = longest.max();
    let name_cols = longest.unwrap_or(0).min(16) + 2;
    let leaves = r.list.as_ref().is_some_and(|l| l.can_be_left) && !dress.headed && !dress.full;
    let mut is_named = false;
    for (name, value) in headers {
        let tone = match name.as_str().eq_ignore_ascii_case("subject") {
            true => Tone::Subject,
            false => Tone::Value,
        };
        let is_list = leaves && name.as_str() == "List";
        is_named |= is_list;
        let left = is_list.then(|| Clean::line(&format!("{value}{}", leaves_it(dress.ways))));
        let value = left.as_ref().unwrap_or(value);
        header(&mut doc, &named(name), (value, tone), name_cols, cols);
    }
    trust(&mut doc, &r.trust, dress);
    if leaves && !is_named {
        let text = format!(
            "{}{}",
            tr!("Sent to a list of people"),
            leaves_it(dress.ways)
        );
        doc.extend(said(&text, cols, Tone::Aside));
    }
    if let Some(warning) = &r.warning {
        doc.extend(said(warning.as_str(), cols, Tone::Warning));
    }
    if let Some(text) = on_the_web(&r.remote, dress.loaded, dress.ways) {
        doc.extend(said(&text, cols, Tone::Aside));
    }
    if r.invitation.is_some() && !dress.full {
        let Ways {
            accept,
            perhaps,
            decline,
            ..
        } = dress.ways;
        let text = tr!(
            "{accept} accepts it · {perhaps} perhaps · {decline} declines",
            accept,
            perhaps,
            decline
        );
        doc.extend(said(&text, cols, Tone::Aside));
    }
    for (n, a) in r.attachments.iter().enumerate() {
        let label = part::label_in(a, Some(r));
        let text = format!("[{}] {label}", n + 1);
        doc.push(vec![(Clean::line(&text), Tone::Attachment)]);
    }
    if dress.headed && !(dress.brief && dress.full) {
        doc.push(Vec::new());
    } else {
        doc.push(vec![(Clean::line(&"─".repeat(cols)), Tone::Rule)]);
    }
    let above = doc.len();
    text(&mut doc, &r.lines, dress.fold, inlays);
    if r.more {
        doc.push(Vec::new());
        doc.extend(said(of(MORE), cols, Tone::Waiting));
    }
    (doc, above)
}

/// What leaves the list that a message came over.
fn leaves_it(ways: &Ways) -> String {
    tr!(" · {key} leaves it", key = ways.leave)
}

/// That pictures lie on the web, and what becomes of them.
fn on_the_web(remote: &Remote, loaded: usize, ways: &Ways) -> Option<String> {
    match (remote.pictures.len(), loaded, remote.clear) {
        (0, _, 0) => None,
        (0, _, n) => Some(trn!(
            n,
            "{n} picture on the web can't be loaded safely",
            "{n} pictures on the web can't be loaded safely"
        )),
        (n, 0, _) => Some(trn!(
            n,
            "{n} picture on the web not loaded · {key} loads",
            "{n} pictures on the web not loaded · {key} loads",
            key = ways.load
        )),
        (_, n, _) => Some(trn!(
            n,
            "{n} picture loaded from the web · {key} shows",
            "{n} pictures loaded from the web · {key} shows",
            key = ways.show
        )),
    }
}

/// What is to be said of who sent it: one line, or all of it.
fn trust(doc: &mut Vec<DocLine>, trust: &Trust, dress: Dress<'_>) {
    let tone = |level| match level {
        Level::Fine | Level::Note => Tone::Aside,
        Level::Careful | Level::Alarm => Tone::Warning,
    };
    if !dress.trust {
        if let Some(line) = trust.line() {
            doc.extend(said(line.as_str(), dress.cols, tone(trust.level())));
        }
        return;
    }
    for (reason, line) in trust.reasons.iter().zip(trust.details()) {
        doc.extend(said(line.as_str(), dress.cols, tone(reason.level)));
    }
}

/// The line of a message in a conversation: its writer and date, and of a folded one how it
/// begins. `fold`: whether it is unfolded; `None`: it can't be folded.
pub fn head(row: &IndexRow, fold: Option<bool>, unread: bool, cols: usize, now: i64) -> DocLine {
    let open = fold.unwrap_or(true);
    let sign = match fold {
        Some(true) => "▾ ",
        Some(false) => "▸ ",
        None => "",
    };
    let star = if row.flags.system.has(crate::model::System::FLAGGED) {
        "★ "
    } else {
        ""
    };
    let from = row.from.first();
    let name = from.map_or(tr!("(nobody)"), |a| a.display());
    let who = match from.filter(|a| open && cols >= 60 && a.display() != a.addr) {
        Some(a) => format!("{name} <{}>", shown_addr(&a.addr)),
        None => name.to_owned(),
    };
    let date = if open && cols >= 60 {
        when::long(row.date)
    } else {
        when::short(row.date, now)
    };
    let room = cols.saturating_sub(width::width(&date) + 2);
    let tone = if unread {
        Tone::WriterUnread
    } else {
        Tone::Writer
    };
    let who = Clean::line(&who);
    // Of an unfolded one the line below its header tells.
    let mark = match trust::of_names(&row.from) {
        Level::Fine => String::new(),
        _ if open => String::new(),
        level => format!("{} ", level.glyph()),
    };
    let start = Clean::line(&format!("{sign}{star}{mark}{who}"));
    let start_cols = if open {
        room
    } else {
        room.min((cols / 3).max(16))
    };
    let mut line = vec![(Clean::line(&width::fit(start.as_str(), start_cols)), tone)];
    let left = room.saturating_sub(start_cols);
    if left > 2 {
        let begins = row.snippet.as_deref().unwrap_or_default();
        let begins = Clean::line(begins);
        let begins = width::fit(begins.as_str(), left - 1);
        line.push((Clean::line(&format!(" {begins}")), Tone::Aside));
    } else {
        line.push((Clean::line(&" ".repeat(left)), Tone::Aside));
    }
    line.push((Clean::line(&format!("  {date}")), Tone::Aside));
    line
}

/// The same as one sentence, for who hears it.
pub fn spoken_head(row: &IndexRow, fold: Option<bool>, unread: bool, now: i64) -> DocLine {
    let name = row.from.first().map_or(tr!("nobody"), |a| a.display());
    let mut text = [name, &when::short(row.date, now)].join(tr!(", "));
    let doubt = trust::of_names(&row.from) != Level::Fine;
    let starred = row.flags.system.has(crate::model::System::FLAGGED);
    let states = [
        (unread, tr!("unread")),
        (starred, tr!("starred")),
        (doubt, tr!("doubtful sender")),
        (fold == Some(false), tr!("folded")),
    ];
    for (_, word) in states.iter().filter(|(is, _)| *is) {
        text.push_str(tr!(", "));
        text.push_str(word);
    }
    let begins = row.snippet.as_deref().unwrap_or_default();
    if fold == Some(false) && !begins.trim().is_empty() {
        text.push_str(&format!(": {begins}"));
    }
    let tone = match unread {
        true => Tone::WriterUnread,
        false => Tone::Writer,
    };
    vec![(Clean::line(&text), tone)]
}

/// Words of ours, wrapped.
pub fn said(words: &str, cols: usize, tone: Tone) -> impl Iterator<Item = DocLine> {
    let lines = wrap::wrap(words, cols.saturating_sub(2).max(1));
    lines
        .into_iter()
        .map(move |line| vec![(Clean::line(&line), tone)])
}

fn header(
    doc: &mut Vec<DocLine>,
    name: &Clean,
    (value, tone): (&Clean, Tone),
    name_cols: usize,
    cols: usize,
) {
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

/// The text, with a line instead of each long quotation if those are folded.
fn text(doc: &mut Vec<DocLine>, lines: &[Line], fold: bool, inlays: &Inlays) {
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let quoted = lines.iter().skip(at).take_while(|l| l.quote > 0).count();
        let hidden = if fold { folded(lines, at, quoted) } else { 0 };
        if hidden > 0 {
            let text = trn!(n = hidden, "··· {n} quoted line", "··· {n} quoted lines");
            doc.push(vec![(Clean::line(&text), Tone::Fold)]);
            at += hidden;
            continue;
        }
        pictured(doc, line, inlays);
        // The rest of a quotation that is shown, and the line itself.
        for line in lines.iter().skip(at + 1).take(quoted.saturating_sub(1)) {
            pictured(doc, line, inlays);
        }
        at += quoted.max(1);
    }
}

/// How many of the quoted lines that begin here are folded.
fn folded(lines: &[Line], at: usize, quoted: usize) -> usize {
    let after = lines.iter().skip(at + quoted);
    let last = after.clone().all(|l| {
        l.spans
            .iter()
            .all(|s| s.style == Mark::Signature || s.text.as_str().trim().is_empty())
    });
    if last && quoted >= LAST_QUOTE {
        quoted
    } else if !last && quoted >= LONG_QUOTE {
        quoted - KEPT_OF_QUOTE
    } else {
        0
    }
}

/// A line, with the pictures above it that are ready.
fn pictured(doc: &mut Vec<DocLine>, line: &Line, inlays: &Inlays) {
    for n in &line.pictures {
        let Some(inlay) = inlays.get(*n) else {
            continue;
        };
        // Blank to whoever looks for words, and to whoever copies.
        let blank = Clean::line(&" ".repeat(usize::from(inlay.columns)));
        let row = |row| vec![(blank.clone(), Tone::Picture(*n, row))];
        doc.extend((0..inlay.rows).map(row));
        if inlay.moves {
            doc.push(vec![(Clean::lit(of(MOVES)), Tone::Aside)]);
        }
    }
    doc.push(drawn(line));
}

fn drawn(line: &Line) -> DocLine {
    let spans = line.spans.iter();
    spans
        .map(|s| (s.text.clone(), Tone::Text(s.style, line.quote)))
        .collect()
}
