//! Who is believed to have sent a message: each kind of word for and against it.

use super::*;
use crate::mime::wire::tests::account;
use proptest::prelude::*;

fn known() -> Known {
    let mut account = account();
    account.imap.host = "imap.post.example".to_owned();
    account.email = "bea@post.example".to_owned();
    Known {
        receiver: Receiver::of(&account),
        own: vec![Address::new("Bea", "bea@post.example")],
        met: Some(Met {
            written: true,
            domains: ["modern.example".to_owned(), "paypal.com".to_owned()].into(),
            ..Met::default()
        }),
    }
}

fn stranger(change: impl Fn(&mut Met)) -> Known {
    let mut known = known();
    let met = known.met.as_mut().unwrap();
    met.written = false;
    change(met);
    known
}

fn line(header: &str, known: &Known) -> String {
    let raw = format!("{}\n\n", header.replace('|', "\n"));
    let line = of(raw.as_bytes(), known).line();
    line.map_or_else(String::new, |l| l.to_string())
}

#[test]
fn nothing_is_said_of_ordinary_mail() {
    for header in [
        "From: Ada <a@x.example>",
        "From: a@x.example|Reply-To: a2@mail.x.example|Return-Path: <b@bounce.example>",
        "From: a@x.example|Authentication-Results: mx.post.example; dmarc=pass header.from=x.example",
        "From: a@x.example|Authentication-Results: mx.post.example; dkim=pass header.d=x.example; dkim=fail header.d=list.example",
        "From: a@x.example|Authentication-Results: mx.post.example; dmarc=none; spf=pass smtp.mailfrom=b@mail.x.example",
        "From: a@x.example|Reply-To: l@list.example|List-Id: <l.list.example>|Authentication-Results: mx.post.example; dkim=fail header.d=x.example",
        "From: bea@post.example",
    ] {
        assert_eq!(line(header, &known()), "", "{header}");
    }
}

#[test]
fn the_worst_comes_first() {
    for (header, want) in [
        (
            "From: \"boss@corp.example\" <evil@x.example>",
            "✗ The sender's name looks like an address, but the real one is evil@x.example.",
        ),
        (
            "From: a@x.example|From: b@y.example",
            "! This message names 2 senders.",
        ),
        ("From: nobody", "! The sender's address is not a valid one."),
        (
            "From: u@аpple.example",
            "✗ The domain xn--pple-43d.example mixes letters of several scripts.",
        ),
        (
            "From: u@аррӏе.com",
            "✗ The domain xn--80ak6aa92e.com is written in other letters to look like apple.com.",
        ),
        (
            "From: a@x.example|Reply-To: c@d.example",
            "· Answers go to c@d.example, not to the sender.",
        ),
        (
            "From: a@modern.example|Reply-To: a@rnodern.example",
            "✗ Answers go to a@rnodern.example, whose domain only looks like the sender's.",
        ),
        (
            "From: a@x.example|Reply-To: \"a@x.example\" <c@x.example>",
            "! Answers go to c@x.example, under the name of another address.",
        ),
        (
            "From: a@x.example|Authentication-Results: post.example; dmarc=fail header.from=x.example; spf=pass smtp.mailfrom=evil.example",
            "✗ It is probably not from x.example: it fails that domain's own check (DMARC, by post.example).",
        ),
        (
            "From: a@x.example|List-Id: <l.y.example>|Authentication-Results: post.example; dmarc=fail header.from=x.example",
            "! It fails the check of x.example (DMARC): its mailing list changed it, or it is forged.",
        ),
        (
            "From: a@x.example|Authentication-Results: post.example; dkim=pass header.d=mailer.example; spf=pass smtp.mailfrom=mailer.example",
            "· Nothing proves that it is from x.example; it was signed by mailer.example.",
        ),
        (
            "From: a@x.example|Authentication-Results: post.example; dmarc=pass header.from=other.example",
            "· Nothing proves that it is from x.example.",
        ),
        (
            "From: a@x.example|Authentication-Results: post.example; spf=fail smtp.mailfrom=x.example",
            "! The machine that sent it may not send for x.example (SPF, checked by post.example).",
        ),
        (
            "From: bea@post.example|Authentication-Results: post.example; spf=softfail smtp.mailfrom=post.example",
            "✗ It claims to be from you, but nothing proves that (checked by post.example).",
        ),
    ] {
        assert_eq!(line(header, &known()), want, "{header}");
    }
}

#[test]
fn s23_only_the_own_servers_proof_verifies() {
    let verified = |field: &str| {
        let raw = format!(
            "Received: from evil by mx.post.example; now\nAuthentication-Results: {field}\nFrom: a@bank.example\n\n"
        );
        of(raw.as_bytes(), &known()).verified
    };
    let signed = "dkim=pass header.d=bank.example";
    assert!(verified(&format!("mx.post.example; {signed}")));
    assert!(!verified(&format!("a.post.example; {signed}; dmarc=pass")));
    // Who owns the domain refuses it, whatever signatures it has.
    assert!(!verified(&format!(
        "mx.post.example; {signed}; dmarc=fail header.from=bank.example"
    )));
    assert!(!verified(&format!(
        "mx.post.example; dmarc=fail header.from=bank.example\nAuthentication-Results: a.post.example; {signed}; dmarc=pass"
    )));
}

#[test]
fn s23_what_anybody_may_have_written_accuses_and_never_reassures() {
    let said = |field: &str| {
        let raw = format!("Authentication-Results: {field}\nFrom: a@bank.example\n\n");
        let lines = of(raw.as_bytes(), &known()).details();
        lines.iter().map(|l| format!("{l}\n")).collect::<String>()
    };
    for good in [
        "dmarc=pass header.from=bank.example",
        "dkim=pass header.d=bank.example",
        "spf=pass smtp.mailfrom=bank.example",
        "auth=pass smtp.mailfrom=bank.example",
    ] {
        let forged = said(&format!("a.post.example; {good}"));
        assert!(
            forged.contains("under the name a.post.example speak for it, but nothing shows"),
            "{forged}"
        );
        for word in ["vouches", "valid signature", "may send", "signed in"] {
            assert!(!forged.contains(word), "{forged}");
        }
        assert!(!said(&format!("post.example; {good}")).contains("nothing shows"));
    }
    let signed = said("a.post.example; dkim=pass header.d=evil.example");
    assert!(
        signed.contains("Nothing proves") && !signed.contains("signed by"),
        "{signed}"
    );
    assert!(said("a.post.example; dmarc=fail header.from=bank.example").contains("probably not"));
}

#[test]
fn s30_strangers_are_told_from_friends() {
    let new = "· This is the first message from this address.";
    assert_eq!(line("From: a@x.example", &stranger(|_| {})), new);
    assert_eq!(
        line("From: a@x.example|List-Id: <l.example>", &stranger(|_| {})),
        ""
    );
    assert_eq!(line("From: bea@post.example", &stranger(|_| {})), "");
    let namesake = stranger(|met| met.namesakes.push("ada@modern.example".to_owned()));
    assert_eq!(
        line("From: Ada <a@x.example>", &namesake),
        "! You write to Ada at ada@modern.example; this is another address. (and 1 more)"
    );
    let seen = stranger(|met| met.others = 2);
    assert_eq!(line("From: a@x.example", &seen), "");
    assert_eq!(
        line("From: a@paypa1.com", &stranger(|_| {})),
        "✗ The sender's domain is paypa1.com, which only looks like paypal.com. (and 1 more)"
    );
    assert_eq!(
        line("From: a@p0st.example", &stranger(|_| {})),
        "✗ The sender's domain is p0st.example, which only looks like post.example. (and 1 more)"
    );
    assert_eq!(
        line("From: a@paypa1.com", &known()),
        "",
        "one writes to them"
    );
}

#[test]
fn s13_a_list_shows_what_names_alone_tell() {
    let level = |name: &str, addr: &str| of_names(&[Address::new(name, addr)]);
    assert_eq!(level("Ada", "a@x.example"), Level::Fine);
    assert_eq!(level("A@x.example", "a@x.example"), Level::Fine);
    assert_eq!(
        level("Team @ Corp.example, me@home", "a@x.example"),
        Level::Fine
    );
    assert_eq!(
        level("Boss (boss＠corp.example)", "a@x.example"),
        Level::Alarm
    );
    assert_eq!(level("joe@good.example", "evil@evil.example"), Level::Alarm);
    assert_eq!(level("Apple", "u@xn--pple-43d.com"), Level::Alarm);
    assert_eq!(level("exe.\u{202e}gpj", "a@x.example"), Level::Careful);
}

proptest! {
    #[test]
    fn any_header_is_judged(
        from in "(\\PC|[\u{0}-\u{1f}]|<|>|@|\\.|xn--|\u{202e}|,){0,40}",
        more in "(Reply-To|Sender|Return-Path|List-Id|Authentication-Results): (\\PC|<|>|@|;|=|dkim=pass){0,40}",
    ) {
        let raw = format!("From: {from}\n{more}\n\n");
        for line in of(raw.as_bytes(), &stranger(|_| {})).details() {
            prop_assert!(!line.as_str().chars().any(crate::text::clean::is_forbidden));
            prop_assert!(line.as_str().chars().count() < 600);
        }
    }
}
