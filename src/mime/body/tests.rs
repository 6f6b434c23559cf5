//! Which parts are text and which are files.

use super::*;

fn message(html: &str, plain: &str) -> String {
    format!(
        "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n\
         --a\n\n{plain}\n--a\nContent-Type: text/html\n\n{html}\n--a--\n\
         --m\nContent-Type: image/png; name=x.png\n\nxx\n--m\nContent-Disposition: attachment\n\nlog\n--m--\n"
    )
}

#[test]
fn one_form_is_shown_and_the_rest_is_attached() {
    let raw = message("<p>Hi there, all of you", "Hi there, all of you");
    let tree = Tree::read(raw.as_bytes());
    let best = choose(&tree, Prefer::Best);
    assert_eq!(best.pieces, [Piece::Plain(2)]);
    assert!(best.alternatives);
    assert_eq!(choose(&tree, Prefer::Html).pieces, [Piece::Html(3)]);
    let rows = attachments(&tree);
    let names: Vec<_> = rows
        .iter()
        .map(|a| (a.part, a.name.as_str(), a.size))
        .collect();
    assert_eq!(names, [(4, "x.png", 2), (5, "", 3)]);
}

#[test]
fn what_belongs_into_the_text_is_known() {
    let raw = "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/related; boundary=r\n\n\
         --r\nContent-Type: text/html\n\n<img src=cid:a>\n--r\nContent-Type: image/png\nContent-ID: <a>\n\nx\n\
         --r\nContent-Type: image/png\nContent-Disposition: attachment\n\nx\n--r--\n\
         --m\nContent-Type: image/gif\nContent-Disposition: inline\n\nx\n--m\nContent-Type: image/gif\n\nx\n--m--\n";
    assert_eq!(inline(&Tree::read(raw.as_bytes())), [3, 5]);
}

#[test]
fn a_signature_is_no_file_and_hides_nothing() {
    let sign = "--s\nContent-Type: application/pgp-signature; name=signature.asc\n\nxx\n";
    let text = |t: &str| format!("--s\n\n{t}\n");
    let (one, two) = (text("Signed."), text("A list's footer."));
    for (parts, pieces) in [
        (format!("{one}{sign}"), vec![1]),
        (format!("{sign}{one}"), vec![2]),
        (format!("{one}{sign}{two}"), vec![1, 3]),
    ] {
        let raw = format!("Content-Type: multipart/signed; boundary=s\n\n{parts}--s--\n");
        let tree = Tree::read(raw.as_bytes());
        let mut want: Vec<Piece> = pieces.into_iter().map(Piece::Plain).collect();
        want.insert(1, Piece::Note(Note::Signed, 0));
        assert_eq!(choose(&tree, Prefer::Best).pieces, want, "{parts}");
        assert_eq!(attachments(&tree), []);
    }
    let alone = "Content-Type: application/pgp-signature; name=a.asc\n\nx\n";
    assert_eq!(attachments(&Tree::read(alone.as_bytes())).len(), 1);
}

#[test]
fn a_stand_in_gives_way() {
    let raw = message(
        &"<p>long</p>".repeat(500),
        "Please view this email as HTML.",
    );
    assert_eq!(
        choose(&Tree::read(raw.as_bytes()), Prefer::Best).pieces,
        [Piece::Html(3)]
    );
    for page in [
        "\n\n",
        "<!-- en_us --><span></span><html><body><p>x</body></html>",
    ] {
        let raw = message("<p>x", page);
        let tree = Tree::read(raw.as_bytes());
        assert_eq!(choose(&tree, Prefer::Best).pieces, [Piece::Html(3)]);
    }
}

#[test]
fn what_was_encrypted_is_known_where_a_server_took_it_apart() {
    let raw = "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain\n\n\n\
         --m\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\
         --m\nContent-Type: application/octet-stream; name=encrypted.asc\n\nx\n--m--\n";
    let tree = Tree::read(raw.as_bytes());
    let pieces = choose(&tree, Prefer::Best).pieces;
    assert_eq!(pieces, [Piece::Plain(1), Piece::Note(Note::Encrypted, 2)]);
    assert_eq!(attachments(&tree).len(), 2);
}

#[test]
fn a_message_alone_is_shown() {
    let raw = "Content-Type: message/rfc822\n\nSubject: inner\n\ntext\n";
    let tree = Tree::read(raw.as_bytes());
    assert_eq!(choose(&tree, Prefer::Best).pieces, [Piece::Message(0)]);
    assert_eq!(attachments(&tree)[0].name, "inner.eml");
}

/// A multipart of parts, each a header line or two and a text.
fn multipart(kind: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|p| format!("--b\n{p}\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary=b\n\n{parts}--b--\n")
}

#[test]
fn every_text_is_shown_or_listed() {
    let (html, text) = (
        "Content-Type: text/html\n\n<p>page",
        "Content-Type: text/plain\n\nmore",
    );
    let amp = "Content-Type: text/x-amp-html\n\n<p>for others";
    for (kind, parts, shown, listed) in [
        ("related", vec![html, text], Piece::Html(1), vec![2]),
        (
            "alternative",
            vec![text, text, html],
            Piece::Plain(2),
            vec![1],
        ),
        (
            "alternative",
            vec![text, amp, html],
            Piece::Plain(1),
            vec![],
        ),
        ("alternative", vec![amp, html], Piece::Plain(1), vec![]),
        ("related", vec![text, amp], Piece::Plain(1), vec![2]),
    ] {
        let raw = multipart(kind, &parts);
        let tree = Tree::read(raw.as_bytes());
        assert_eq!(choose(&tree, Prefer::Best).pieces, [shown], "{raw}");
        let rows: Vec<u32> = attachments(&tree).iter().map(|a| a.part).collect();
        assert_eq!(rows, listed, "{raw}");
    }
    // What goes with a page is not the plain form of it.
    let mixed = "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/html\n\n<p>page\n--c\n\nfoot\n--c--";
    let raw = multipart("alternative", &[text, mixed]);
    let tree = Tree::read(raw.as_bytes());
    assert_eq!(choose(&tree, Prefer::Best).pieces, [Piece::Plain(1)]);
    assert_eq!(attachments(&tree), []);
}

#[test]
fn a_related_message_begins_where_it_says() {
    let kind = "related; start=\"<root@x>\"";
    let parts = [
        "Content-Type: text/html\nContent-ID: <a@x>\n\naside",
        "Content-Type: text/html\nContent-ID: <root@x>\n\nroot",
    ];
    let raw = multipart(kind, &parts);
    let tree = Tree::read(raw.as_bytes());
    assert_eq!(choose(&tree, Prefer::Best).pieces, [Piece::Html(2)]);
    assert_eq!((inline(&tree), attachments(&tree)[0].part), (vec![1], 1));
}

#[test]
fn a_page_with_a_name_is_shown_where_it_is_the_message() {
    let named = "Content-Type: text/html; name=letter.html\n\n<p>page";
    let plain = "Content-Type: text/plain\n\nwords";
    let file = "Content-Type: application/pdf; name=a.pdf\n\nx";
    let html = |raw: &str| choose(&Tree::read(raw.as_bytes()), Prefer::Html).pieces;
    assert_eq!(html(&format!("{named}\n")), [Piece::Html(0)]);
    assert_eq!(
        html(&multipart("alternative", &[plain, named])),
        [Piece::Html(2)]
    );
    assert_eq!(
        html(&multipart("related", &[named, file])),
        [Piece::Html(1)]
    );
    assert_eq!(html(&multipart("mixed", &[named, file])), [Piece::Html(1)]);
    // Beside a text it is a file, and so is one that says so.
    assert_eq!(
        html(&multipart("mixed", &[plain, named])),
        [Piece::Plain(1)]
    );
    let attached = format!("Content-Disposition: attachment\n{named}\n");
    assert_eq!(html(&attached), []);
    let raw = format!("{named}\n");
    assert_eq!(attachments(&Tree::read(raw.as_bytes())).len(), 1);
}
