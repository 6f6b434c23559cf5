//! What is told of a message that takes its time: how much of it has gone out, and that the server
//! has not answered yet. RFC 5321 §4.5.3.2 has a client wait for minutes; nobody is to sit before a
//! screen that says nothing meanwhile.

use crate::net::onlooker::Onlooker;
use std::time::Duration;

/// An answer that takes longer is told of.
pub(super) const SLOW: Duration = Duration::from_secs(4);

/// What is going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// So many octets of so many of a message went out.
    Sent(u64, u64),
    /// The server was asked something some seconds ago and has not answered.
    Waiting,
    /// It has answered, or will not any more.
    Over,
}

/// Who is told.
pub type Watch = Onlooker<Going>;

#[cfg(test)]
mod tests {
    use crate::model::Secret;
    use crate::net::smtp::tests::{GO, OK, account, pace};
    use crate::net::smtp::{Going, Mail, SmtpSession, Watch};
    use crate::net::testing;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::sync::{Arc, Mutex};

    /// The server keeps its answer to itself until it was told that we say so.
    #[test]
    fn a_slow_answer_and_a_large_message_are_told_of() {
        let (told, hear) = std::sync::mpsc::channel::<()>();
        let (port, server) = testing::serve(move |mut socket| {
            let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
            socket.write_all(b"220 hi\r\n").unwrap();
            while let Some(Ok(line)) = lines.next() {
                let answer = match line.split(' ').next().unwrap_or_default() {
                    "EHLO" => b"250-x\r\n250 AUTH PLAIN\r\n",
                    "AUTH" => &b"235 ok\r\n"[..],
                    "DATA" => {
                        socket.write_all(GO.unwrap()).unwrap();
                        lines
                            .find(|l| l.as_ref().is_ok_and(|l| l == "."))
                            .unwrap()
                            .unwrap();
                        OK.unwrap()
                    }
                    "RCPT" => {
                        hear.recv().unwrap();
                        OK.unwrap()
                    }
                    _ => OK.unwrap(),
                };
                socket.write_all(answer).unwrap();
            }
        });
        let heard = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&heard);
        let watch = Watch::new(move |going| {
            if going == Going::Waiting {
                told.send(()).unwrap();
            }
            list.lock().unwrap().push(going);
        });
        let account = account(port, crate::model::Security::None);
        let mut session =
            SmtpSession::connect(&account, &Secret::new("x".into()), pace(), watch).unwrap();
        let bytes = b"0123456789\r\n".repeat(250_000);
        let mail = Mail {
            from: "me@example.test",
            recipients: &["a@x.test"],
            bytes: &bytes,
            ..Mail::default()
        };
        let report = session.send(&mail, &mut |_, _| Ok::<(), String>(()));
        assert!(report.error.is_none(), "{report:?}");
        drop(session);
        server.join().unwrap();
        let all = 3_000_000;
        let heard = heard.lock().unwrap().clone();
        let (slow, sent) = heard.split_at(2);
        assert_eq!(slow, [Going::Waiting, Going::Over]);
        let (last, sent) = sent.split_last().unwrap();
        assert_eq!(*last, Going::Over);
        assert_eq!(sent.last(), Some(&Going::Sent(all, all)));
        assert_eq!(sent.len(), 3);
    }
}
