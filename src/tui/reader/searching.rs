//! The search thread: what is found by words, the text around them, and which messages a search picks.

use super::Stack;
use crate::lang::tr;
use crate::model::view::{IndexRow, Order};
use crate::model::{MsgId, Query};
use crate::store::{Error, Reader};
use crate::text::when;
use crate::tui::event::Event;
use crate::tui::excerpts::excerpts;
use crate::tui::picking::pick;
use crate::tui::question::{Answer, Listing, Question};
use crate::tui::shelves::unreadable;
use crossbeam_channel::{Receiver, Sender};
use std::path::Path;

/// Messages that a search shows at most, and those that it shows first where they are found sooner.
const FOUND: usize = 500;
const SOON: usize = 60;

/// Answers until nobody asks, or listens, any more.
pub(super) fn serve_searches(
    cache: &Path,
    reader: &Result<Reader, Error>,
    questions: &Receiver<Question>,
    events: &Sender<Event>,
) {
    let mut stack = Stack::default();
    while let Some(question) = stack.next(questions) {
        let soon = |answer| drop(events.send(Event::Rows(answer)));
        for answer in answers(cache, reader, &question, questions, &soon) {
            if events.send(Event::Rows(answer)).is_err() {
                return;
            }
        }
    }
}

/// The answers to a question; none where a newer one waits. What comes before them is told `soon`.
fn answers(
    cache: &Path,
    reader: &Result<Reader, Error>,
    question: &Question,
    newer: &Receiver<Question>,
    soon: &dyn Fn(Answer),
) -> Vec<Answer> {
    match (question, reader) {
        (
            Question::Excerpts {
                serial,
                query,
                messages,
            },
            Ok(reader),
        ) => {
            let found = excerpts(reader, query, messages, &|| !newer.is_empty());
            let serial = *serial;
            vec![Answer::Excerpts { serial, found }]
        }
        (
            Question::Pick {
                serial,
                ticket,
                listing,
                which,
                how,
            },
            reader,
        ) => {
            let found = match reader {
                Ok(reader) => pick(reader, listing, which),
                Err(error) => Err(unreadable(cache, error)),
            };
            vec![Answer::Picked {
                serial: *serial,
                ticket: *ticket,
                how: *how,
                found,
            }]
        }
        (
            Question::Window {
                serial,
                page,
                listing: Listing::Search(text, order),
                ..
            },
            reader,
        ) => {
            let (serial, page) = (*serial, *page);
            let found = match reader {
                Ok(reader) => {
                    let soon = |rows| soon(Answer::Soon { serial, rows });
                    uninterrupted(cache, reader, (text, *order), newer, &soon)
                }
                Err(e) => Err(unsearchable(cache, e)),
            };
            match found {
                Ok(Some((rows, messages))) => vec![
                    Answer::Served { serial, messages },
                    Answer::Window {
                        serial,
                        page,
                        rows,
                        more: false,
                    },
                ],
                Ok(None) => Vec::new(),
                Err(why) => vec![Answer::NoList { serial, why }],
            }
        }
        _ => Vec::new(),
    }
}

/// `None`: interrupted, and a newer question waits.
fn uninterrupted(
    cache: &Path,
    reader: &Reader,
    asked: (&str, Order),
    newer: &Receiver<Question>,
    soon: &dyn Fn(Vec<IndexRow>),
) -> Result<Option<FoundRows>, String> {
    loop {
        let found = search(cache, reader, asked, soon);
        // The interrupt comes after its question, and may meet that one at work already: then
        // nothing newer waits.
        if !matches!(found, Ok(None)) || !newer.is_empty() {
            return found;
        }
    }
}

fn unsearchable(cache: &Path, error: &Error) -> String {
    Reader::note_damage(cache, error);
    tr!("the mail can't be searched: {error}", error)
}

/// What is found here, then what only servers found, and which that is.
type FoundRows = (Vec<IndexRow>, Vec<MsgId>);

/// `None`: interrupted. Where the newest are found sooner than all that is shown they are told first.
fn search(
    cache: &Path,
    reader: &Reader,
    (text, order): (&str, Order),
    soon: &dyn Fn(Vec<IndexRow>),
) -> Result<Option<FoundRows>, String> {
    let query = Query::typed(text).map_err(|e| e.to_string())?;
    if query.is_empty() {
        return Ok(Some((Vec::new(), Vec::new())));
    }
    let now = when::now();
    let newest = match order {
        Order::Best => reader.search_ranked_soon(&query, now, SOON),
        Order::Newest => reader.search_soon(&query, now, SOON),
    };
    let found = newest.and_then(|newest| match (newest, order) {
        (Some(all), _) if !all.more => Ok(all),
        (newest, order) => {
            if let Some(newest) = newest {
                soon(newest.rows);
            }
            match order {
                Order::Best => reader.search_ranked_first(&query, now, FOUND),
                Order::Newest => reader.search_first(&query, now, FOUND),
            }
        }
    });
    let found = found.and_then(|found| {
        let hits = reader.server_hits(text, &query, now, FOUND)?;
        Ok((found.rows, hits))
    });
    match found {
        Ok((mut rows, mut hits)) => {
            hits.retain(|hit| rows.iter().all(|row| row.message != hit.message));
            let served = hits.iter().map(|row| row.message).collect();
            rows.append(&mut hits);
            Ok(Some((rows, served)))
        }
        Err(Error::Interrupted) => Ok(None),
        Err(e) => Err(unsearchable(cache, &e)),
    }
}
