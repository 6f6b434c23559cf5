//! A mailbox that another program deletes while it is listed here.

use super::*;

/// The list of the mailbox with this path, which nothing answers for long.
fn listing(path: &str) -> Bench {
    let mut bench = Bench::new(three(), (80, 24));
    bench.mailboxes.push(MailboxRow {
        role: None,
        ..mailbox(7, path, Role::Archive, 3)
    });
    bench.sidebar();
    bench.keys(":");
    bench.keys(&format!("go-mailbox {path}\n"));
    bench.sees(&format!("{path}  3 unread of 3"));
    bench
}

impl Bench {
    /// The mailboxes are read once more.
    fn sidebar(&mut self) {
        let answer = self.answer(Question::Sidebar).unwrap();
        self.event(Event::Rows(answer));
    }

    fn delete(&mut self, id: i64) {
        self.mailboxes.retain(|m| m.id != MailboxId(id));
        self.sidebar();
    }
}

#[test]
fn the_inbox_takes_the_place_of_a_mailbox_that_is_gone() {
    let mut bench = listing("Projects");
    bench.delete(2);
    bench.sees("Projects  3 unread of 3");
    bench.delete(7);
    bench.sees("All inboxes  2 unread of 3");
    bench.sees("The mailbox Projects is no longer there; this is the inbox.");
    assert_eq!(
        bench.app.panes.index.listing().scope(),
        Some(&Scope::UnifiedInbox)
    );
}

#[test]
fn what_is_read_stays_open_and_the_way_back_from_a_search_leads_somewhere() {
    let mut bench = listing("Projects");
    bench.keys("\n");
    bench.delete(7);
    bench.sees("Shall we?");
    let mut bench = listing("Projects");
    bench.keys("/lunch\n");
    bench.delete(7);
    bench.sees("Search: lunch");
    bench.keys("\x1b");
    bench.sees("All inboxes  2 unread of 3");
}
