//! Whether a message says what is asked for, by a look at the message itself: for what so many say that
//! a few looks at the newest find enough, while an index would put hundreds of thousands together
//! first. It does so for the beginning of a word above all: the lists of all words that begin so have
//! to be merged before the first of them can be told.

use crate::model::query::{Expr, Field, Term};
use crate::store::codec;
use crate::store::error::Result;
use crate::store::texts::{self, Read, Said, Texts};
use crate::store::words;
use crate::text::tokens::{self, Wanted};
use rusqlite::{Connection, OptionalExtension as _};

/// What is reckoned with, in tenths of microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    /// A look at a message.
    pub look: usize,
    /// A message that an index finds by a whole word, and by the beginning of one.
    pub whole: usize,
    pub begun: usize,
    /// Messages that are looked at before it is judged whether that is the shorter way.
    pub sample: usize,
    /// What beginnings of words may cost an index, and looks at all messages may cost, before only
    /// those are looked at that have the whole words beside them.
    pub dear: usize,
}

impl Costs {
    /// As it was measured: a look 12 µs; `dear` are 60 ms.
    const MEASURED: Costs = Costs {
        look: 120,
        whole: 3,
        begun: 10,
        sample: 48,
        dear: 600_000,
    };

    #[cfg(not(test))]
    fn here() -> Costs {
        Costs::MEASURED
    }

    #[cfg(test)]
    fn here() -> Costs {
        tests::COSTS.get()
    }
}

/// A question that looks can answer.
pub(super) struct Looks<'c> {
    conn: &'c Connection,
    texts: Texts<'c>,
    tree: Tree,
    costs: Costs,
    /// Messages that were looked at, and how many of them fitted.
    looked: usize,
    fitted: usize,
    /// What they may cost.
    most: usize,
}

enum Tree {
    All(Vec<Tree>),
    Any(Vec<Tree>),
    Word(Word),
}

struct Word {
    field: Field,
    wanted: Wanted,
    said: Said,
    /// Whether it is the beginning of words.
    prefix: bool,
    /// Of the sample, how many have it.
    found: usize,
}

/// The columns of a message that words of its header stand in.
#[derive(Default)]
struct Head {
    subject: String,
    from: String,
    to: String,
}

impl<'c> Looks<'c> {
    /// `None` where an index is needed: for anything but single words, and where texts lie as an older
    /// program kept them.
    pub(super) fn new(conn: &'c Connection, root: &Expr) -> Result<Option<Looks<'c>>> {
        let Some(tree) = Tree::of(root) else {
            return Ok(None);
        };
        Ok((!texts::has_old(conn)?).then(|| Looks {
            conn,
            texts: Texts::new(conn),
            tree,
            costs: Costs::here(),
            looked: 0,
            fitted: 0,
            most: usize::MAX,
        }))
    }

    /// The same where there is another way besides an index.
    pub(super) fn cheap(self) -> Looks<'c> {
        Looks {
            most: self.costs.dear,
            ..self
        }
    }

    /// Whether beginnings of words would cost an index much, among so many messages, to judge by the
    /// sample.
    pub(super) fn begun_is_dear(&self, all: usize) -> bool {
        let costs = self.costs;
        self.tree.cost(true, costs) * all / costs.sample.max(1) >= costs.dear
    }

    /// Whether a message fits.
    pub(super) fn fits(&mut self, message: i64) -> Result<bool> {
        let sampling = self.looked < self.costs.sample;
        let mut look = Look {
            message,
            head: None,
            text: None,
            conn: self.conn,
            texts: &mut self.texts,
            sampling,
        };
        let fits = look.fits(&mut self.tree)?;
        self.looked += 1;
        self.fitted += usize::from(fits);
        Ok(fits)
    }

    /// Whether it is worth while to go on, for so many more among so many messages: not where the rest
    /// would take longer than an index, to judge by the sample.
    pub(super) fn go_on(&self, more: usize, all: usize) -> bool {
        let costs = self.costs;
        if self.looked < costs.sample {
            return true;
        }
        let by_index = self.tree.cost(false, costs) * all / costs.sample.max(1);
        let spent = self.looked * costs.look;
        let left = more.saturating_mul(self.looked) / self.fitted.max(1);
        let left = left.saturating_mul(costs.look);
        // What was looked at already is lost if it was in vain.
        left <= by_index.min(self.most) && spent <= by_index * 2
    }
}

impl Tree {
    fn of(expr: &Expr) -> Option<Tree> {
        let each = |sides: &[Expr]| sides.iter().map(Tree::of).collect::<Option<Vec<Tree>>>();
        match expr {
            Expr::All(sides) if !sides.is_empty() => each(sides).map(Tree::All),
            Expr::Any(sides) => each(sides).map(Tree::Any),
            Expr::Term(Term::Words {
                field,
                text,
                prefix,
            }) => Word::new(*field, text, *prefix).map(Tree::Word),
            Expr::All(_) | Expr::Not(_) | Expr::Term(_) => None,
        }
    }

    /// What all of the sample that has its words, or the beginnings of words alone, costs an index.
    fn cost(&self, begun: bool, costs: Costs) -> usize {
        match self {
            Tree::All(sides) | Tree::Any(sides) => {
                sides.iter().map(|side| side.cost(begun, costs)).sum()
            }
            Tree::Word(word) if word.prefix => word.found * costs.begun,
            Tree::Word(_) if begun => 0,
            Tree::Word(word) => word.found * costs.whole,
        }
    }
}

impl Word {
    fn new(field: Field, text: &str, prefix: bool) -> Option<Word> {
        // Of several words an index of headers knows more than a look at each line does.
        if words::part(text).is_some() || tokens::words(text).len() != 1 {
            return None;
        }
        Some(Word {
            field: match field {
                Field::File | Field::Cc => return None,
                other => other,
            },
            wanted: Wanted::new(&words::bounded(text), false, prefix)?,
            said: Said::new(field, text, prefix, None)?,
            prefix,
            found: 0,
        })
    }
}

/// A look at one message.
struct Look<'l, 'c> {
    message: i64,
    head: Option<Head>,
    /// What its text says, once that was read.
    text: Option<Option<Read>>,
    conn: &'c Connection,
    texts: &'l mut Texts<'c>,
    /// Whether each word is asked for, though the answer be known without.
    sampling: bool,
}

impl Look<'_, '_> {
    fn fits(&mut self, tree: &mut Tree) -> Result<bool> {
        let (sides, all) = match tree {
            Tree::Word(word) => {
                let says = self.says(word)?;
                word.found += usize::from(says && self.sampling);
                return Ok(says);
            }
            Tree::All(sides) => (sides, true),
            Tree::Any(sides) => (sides, false),
        };
        let mut answer = all;
        for side in sides {
            if answer != all && !self.sampling {
                break;
            }
            let fits = self.fits(side)?;
            answer = if all { answer && fits } else { answer || fits };
        }
        Ok(answer)
    }

    fn says(&mut self, word: &Word) -> Result<bool> {
        let in_head = |head: &Head| match word.field {
            Field::From => word.wanted.is_in(&head.from),
            Field::To => word.wanted.is_in(&head.to),
            Field::Subject => word.wanted.is_in(&head.subject),
            _ => [&head.subject, &head.from, &head.to]
                .iter()
                .any(|text| word.wanted.is_in(text)),
        };
        Ok(match word.field {
            Field::Body => self.in_text(&word.said)?,
            Field::Any => in_head(self.head()?) || self.in_text(&word.said)?,
            _ => in_head(self.head()?),
        })
    }

    fn in_text(&mut self, said: &Said) -> Result<bool> {
        let text = match self.text.take() {
            Some(text) => text,
            None => self.texts.read(self.message)?,
        };
        let text = self.text.insert(text);
        Ok(text.as_ref().is_some_and(|text| text.says(said)))
    }

    fn head(&mut self) -> Result<&Head> {
        let head = match self.head.take() {
            Some(head) => head,
            None => read(self.conn, self.message)?,
        };
        Ok(self.head.insert(head))
    }
}

/// The words of a message's header, as its index is given them.
fn read(conn: &Connection, message: i64) -> Result<Head> {
    let mut select =
        conn.prepare_cached("SELECT subject, from_, sender, to_, cc FROM message WHERE id = ?1")?;
    let people = |columns: &[&str]| {
        let mut text = String::new();
        for column in columns {
            codec::push_people(&mut text, &mut codec::addresses_in(column).iter());
        }
        text
    };
    let head = select.query_row([message], |row| {
        Ok(Head {
            subject: row.get(0)?,
            from: people(&[row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?]),
            to: people(&[row.get_ref(3)?.as_str()?, row.get_ref(4)?.as_str()?]),
        })
    });
    Ok(head.optional()?.unwrap_or_default())
}

#[cfg(test)]
pub(super) mod tests {
    use super::Costs;
    use std::cell::Cell;

    thread_local! {
        /// What this thread reckons with.
        pub static COSTS: Cell<Costs> = const { Cell::new(Costs::MEASURED) };
    }
}
