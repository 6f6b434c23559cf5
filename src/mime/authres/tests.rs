//! Whose word is believed, field by field.

use super::*;
use crate::mime::wire::tests::account;
use proptest::prelude::*;

fn receiver(host: &str, email: &str, ids: &[&str]) -> Receiver {
    let mut account = account();
    account.imap.host = host.to_owned();
    account.email = email.to_owned();
    account.authserv_id = ids.iter().map(|i| (*i).to_owned()).collect();
    Receiver::of(&account)
}

fn told(header: &str, receiver: &Receiver) -> String {
    let header = format!("{}\n\n", header.replace('|', "\n"));
    let (fields, _) = field::split(header.as_bytes());
    let Some(checks) = believed(&fields, receiver) else {
        return "nothing".to_owned();
    };
    let one = |name: &str, c: &Check| format!("{name} {:?} {}", c.verdict, c.domain);
    let spf = checks.spf.iter().map(|c| one("spf", c));
    let dkim = checks.dkim.iter().map(|c| one("dkim", c));
    let dmarc = checks.dmarc.iter().map(|c| one("dmarc", c));
    spf.chain(dkim).chain(dmarc).collect::<Vec<_>>().join(", ")
}

#[test]
fn s23_only_the_own_servers_word_counts() {
    let own = receiver("imap.post.example", "bea@post.example", &[]);
    for (header, want) in [
        (
            "Authentication-Results: mx.post.example; spf=pass smtp.mailfrom=a@b.example",
            "spf Pass b.example",
        ),
        (
            "Authentication-Results: mx.evil.example; spf=pass smtp.mailfrom=b.example",
            "nothing",
        ),
        (
            "Authentication-Results: notpost.example; dmarc=pass",
            "nothing",
        ),
        ("Authentication-Results: post.example; none", "nothing"),
        // A name that is a comment or quoted is none.
        (
            "Authentication-Results: (post.example) evil.example; dmarc=pass",
            "nothing",
        ),
        (
            "Authentication-Results: \"post.example\" 1; dmarc=fail (p=reject; dmarc=pass) header.from=b.example",
            "dmarc Fail b.example",
        ),
        // The hop that was ours, then what the sender wrote.
        (
            "Received: from evil by mx.post.example with ESMTP; today|Authentication-Results: post.example; dmarc=fail header.from=b.example|Received: from x by mx.post.example; then|Authentication-Results: post.example; dmarc=pass header.from=b.example; dkim=pass header.d=b.example",
            "dmarc Fail b.example",
        ),
        (
            "Received: from evil by mx.post.example; today|Received: from me by mx.evil.example; then|Authentication-Results: post.example; dmarc=pass",
            "nothing",
        ),
        // A Received that hides its host in a comment is not ours.
        (
            "Received: from x (by mx.post.example) by mx.evil.example; then|Authentication-Results: post.example; dmarc=pass",
            "nothing",
        ),
        (
            "Received: by store1 with LMTP id 1; now|Received: by 10.1.2.3; now|Authentication-Results: mx1.post.example; dkim=pass (good) header.i=@b.example header.s=s; dkim = fail header.d=c.example|Authentication-Results: mx1.post.example; spf=softfail smtp.mailfrom=b.example",
            "spf Weak b.example, dkim Pass b.example, dkim Fail c.example",
        ),
    ] {
        assert_eq!(told(header, &own), want, "{header}");
    }
}

#[test]
fn s23_what_is_configured_counts_alone() {
    let own = receiver("127.0.0.1", "bea@post.example", &["MX.relay.example"]);
    let with = |id: &str| told(&format!("Authentication-Results: {id}; dmarc=pass"), &own);
    assert_eq!(with("mx.relay.example"), "dmarc Pass ");
    assert_eq!(with("x.mx.relay.example"), "nothing");
    assert_eq!(with("post.example"), "nothing");
    let bridge = receiver("127.0.0.1", "bea@post.example", &[]);
    assert_eq!(
        told("Authentication-Results: 127.0.0.1; dmarc=pass", &bridge),
        "nothing"
    );
}

#[test]
fn providers_are_known_by_their_other_names() {
    let gmail = receiver("imap.gmail.com", "b@gmail.com", &[]);
    let text = "Delivered-To: b@gmail.com|Received: by 2002:a05:7000:1::2 with SMTP id 1; now|X-Received: by 2002:a17:906::1|Return-Path: <x@b.example>|Received: from b.example by mx.google.com with ESMTPS id 2|Authentication-Results: mx.google.com;\n       dkim=pass header.i=@b.example header.s=s header.b=abc;\n       spf=pass (google.com: domain of x@b.example designates 192.0.2.1 as permitted sender) smtp.mailfrom=x@b.example;\n       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=b.example|Received: from x by mx.google.com|Authentication-Results: mx.google.com; dkim=pass header.d=bank.example";
    assert_eq!(
        told(text, &gmail),
        "spf Pass b.example, dkim Pass b.example, dmarc Pass b.example"
    );
    assert!(is_sure(text, &gmail));
    let microsoft = receiver("outlook.office365.com", "b@corp.example", &[]);
    let text = "Received: from x by AM1.eurprd1.prod.outlook.com (::1) with Microsoft SMTP; now|Authentication-Results: spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=b.example; dkim=none (message not signed) header.d=none;dmarc=fail action=none header.from=b.example;compauth=fail reason=001";
    assert_eq!(
        told(text, &microsoft),
        "spf Fail b.example, dkim None none, dmarc Fail b.example"
    );
    assert!(is_sure(text, &microsoft));
    let other = receiver("imap.post.example", "b@post.example", &[]);
    assert_eq!(
        told(
            "Authentication-Results: spf=pass smtp.mailfrom=b.example",
            &other
        ),
        "nothing"
    );
}

/// Whether what is believed is sure.
fn is_sure(header: &str, receiver: &Receiver) -> bool {
    let header = format!("{}\n\n", header.replace('|', "\n"));
    let (fields, _) = field::split(header.as_bytes());
    believed(&fields, receiver).is_some_and(|checks| checks.sure)
}

#[test]
fn s23_what_the_sender_writes_behind_the_servers_field_is_nobodys() {
    let gmail = receiver("imap.gmail.com", "b@gmail.com", &[]);
    let own = "Received: from b.example by mx.google.com with ESMTPS id 2|Authentication-Results: mx.google.com; spf=pass smtp.mailfrom=evil.example";
    let forged = "dkim=pass header.d=bank.example; dmarc=pass header.from=bank.example";
    for more in [
        format!("Authentication-Results: a.google.com; {forged}"),
        // Behind what a sender writes not even the same name counts.
        format!("Subject: x|Authentication-Results: mx.google.com; {forged}"),
        format!(
            "Authentication-Results: evil.example; none|Authentication-Results: mx.google.com; {forged}"
        ),
    ] {
        let header = format!("{own}|{more}");
        assert_eq!(told(&header, &gmail), "spf Pass evil.example", "{more}");
    }
    // A server that found nothing has spoken, too.
    let post = receiver("imap.post.example", "b@post.example", &[]);
    let header = format!(
        "Authentication-Results: mx.post.example; none|Authentication-Results: a.post.example; {forged}"
    );
    assert_eq!(told(&header, &post), "nothing");
}

#[test]
fn s23_a_name_that_merely_lies_in_the_domain_is_not_sure() {
    let post = receiver("imap.post.example", "b@post.example", &[]);
    let field =
        |id: &str| format!("Authentication-Results: {id}; dmarc=pass header.from=b.example");
    let hop = "Received: from evil by mx.post.example with ESMTP; now";
    for (header, sure) in [
        (format!("{hop}|{}", field("mx.post.example")), true),
        (format!("{}|{hop}", field("mx.post.example")), true),
        (field("post.example"), true),
        (field("imap.post.example"), true),
        (format!("{hop}|{}", field("a.post.example")), false),
        (field("a.post.example"), false),
        // A Received below it may be the sender's as well.
        (
            format!(
                "{hop}|{}|Received: from x by a.post.example; now",
                field("a.post.example")
            ),
            false,
        ),
        (
            format!(
                "Received: from mx.post.example by store.post.example with LMTP id 1; now|{}",
                field("mx.post.example")
            ),
            true,
        ),
        (
            format!(
                "Received: from mx.post.example by store.post.example with ESMTP; now|{}",
                field("mx.post.example")
            ),
            false,
        ),
    ] {
        assert_eq!(is_sure(&header, &post), sure, "{header}");
        assert_ne!(told(&header, &post), "nothing", "{header}");
    }
    let named = receiver("imap.post.example", "b@post.example", &["a.post.example"]);
    assert!(is_sure(&field("a.post.example"), &named));
}

#[test]
fn providers_who_write_several_fields_are_believed_in_all() {
    let fastmail = receiver("imap.fastmail.com", "b@fastmail.com", &[]);
    let text = "Received: from compute1 by sloti1 with LMTPA; now|X-ME-VSCause: x|Received: from mx5.messagingengine.com (localhost [127.0.0.1]) by mailmx (Postfix) with ESMTP id 1; now|Authentication-Results: mx5.messagingengine.com; arc=none (no signatures found)|Authentication-Results: mx5.messagingengine.com; dkim=pass (2048-bit) header.d=b.example; dmarc=pass header.from=b.example|X-ME-VSScore: 0|Authentication-Results: mx5.messagingengine.com; spf=pass smtp.mailfrom=x@b.example";
    let want = "spf Pass b.example, dkim Pass b.example, dmarc Pass b.example";
    assert_eq!(
        (told(text, &fastmail).as_str(), is_sure(text, &fastmail)),
        (want, true)
    );
    let icloud = receiver("imap.mail.me.com", "b@icloud.com", &[]);
    let text = "Authentication-Results: bimi.icloud.com; bimi=none|X-ARC-Info: policy=none|Authentication-Results: arc.icloud.com; arc=none|Authentication-Results: dmarc.icloud.com; dmarc=pass header.from=b.example|X-DMARC-Info: pass=pass|Authentication-Results: dkim-verifier.icloud.com; dkim=pass header.d=b.example|Authentication-Results: spf.icloud.com; spf=pass smtp.mailfrom=x@b.example|Authentication-Results: evil.icloud.com; dkim=pass header.d=bank.example";
    assert_eq!(
        (told(text, &icloud).as_str(), is_sure(text, &icloud)),
        (want, true)
    );
    let posteo = receiver("posteo.de", "b@posteo.de", &[]);
    let text = "Received: from proxy02.posteo.de by dovecot16.posteo.de (Dovecot) with LMTP; now|Received: from b.example by mx01.posteo.de (Postfix) with ESMTPS; now|Authentication-Results: mx01.posteo.de; dmarc=pass header.from=b.example";
    assert!(is_sure(text, &posteo));
}

#[test]
fn blanks_before_a_result_cost_no_square() {
    let field = format!("dkim{}={}pass", " ".repeat(4_000), " ".repeat(4_000));
    let cost = allocation_counter::measure(|| assert!(result(&field).is_some()));
    assert!(cost.count_total < 100, "{cost:?}");
}

#[test]
fn a_country_is_nobodys_domain() {
    let own = receiver("post.co.uk", "b@post.co.uk", &[]);
    assert_eq!(
        told("Authentication-Results: evil.co.uk; dmarc=pass", &own),
        "nothing"
    );
    assert_eq!(
        told("Authentication-Results: mx.post.co.uk; dmarc=pass", &own),
        "dmarc Pass "
    );
    let short = receiver("post.example", "b@post.example", &[]);
    assert_eq!(
        told("Authentication-Results: evil.example; dmarc=pass", &short),
        "nothing"
    );
}

proptest! {
    #[test]
    fn any_field_is_read(text in "(\\PC|[\u{0}-\u{1f}]|;|=|\\(|\\)|\"|\\\\|dkim=pass|header.d=| by |@){0,40}") {
        let own = receiver("imap.post.example", "bea@post.example", &[]);
        told(&format!("Authentication-Results: post.example; {text}"), &own);
        told(&format!("Received: {text}"), &own);
    }
}
