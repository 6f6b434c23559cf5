//! Reports as a few readable lines: what became of a delivery (RFC 3464), of reading (RFC 8098),
//! or what somebody complained of (RFC 5965). What they say is only what they say.

use super::field::{self, Field};
use super::styled::{Line, Mark, row, say};
use crate::lang::{tr, trc};

/// Recipients shown of one report.
const MAX_ITEMS: usize = 10;

/// A report whose media type is `message/` and this.
pub fn lines(sub: &str, text: &str, width: usize) -> Vec<Line> {
    let mut out = match sub {
        "disposition-notification" | "global-disposition-notification" => {
            receipt(&block(text), width)
        }
        "feedback-report" => complaint(&block(text), width),
        _ => delivery(text, width),
    };
    out.push(Line::default());
    out
}

/// A group of fields, so ended that it is a whole header.
fn block(text: &str) -> String {
    format!("{}\n\n", text.trim_start_matches('\n'))
}

fn find(fields: &[Field<'_>], name: &str) -> String {
    let found = field::find(fields, name);
    found.map(|f| field::unfolded(f.value)).unwrap_or_default()
}

/// `rfc822; a@x.example`, `smtp; 550 no such user`: the type is for machines.
fn plain(value: String) -> String {
    let bare = value.split_once(';').map(|(_, v)| v.trim().to_owned());
    bare.unwrap_or(value)
}

fn recipient(fields: &[Field<'_>]) -> String {
    match plain(find(fields, "Original-Recipient")) {
        r if r.is_empty() => plain(find(fields, "Final-Recipient")),
        r => r,
    }
}

/// For whom, what happened, and why.
fn delivery(text: &str, width: usize) -> Vec<Line> {
    let mut out = say(tr!("Delivery report"), Mark::Heading, width);
    let blocks = text.split("\n\n").filter(|b| !b.trim().is_empty());
    for (n, text) in blocks.enumerate() {
        if n > MAX_ITEMS {
            out.extend(say(tr!("… and more; the file has all"), Mark::Dim, width));
            break;
        }
        let text = block(text);
        let (fields, _) = field::split(text.as_bytes());
        let mut put = |name: &str, value: &str| out.extend(row(name, value, width));
        put(trc!("row", "For"), &recipient(&fields));
        let action = match find(&fields, "Action").to_ascii_lowercase().as_str() {
            "failed" => tr!("not delivered").to_owned(),
            "delayed" => tr!("delayed, still being tried").to_owned(),
            "delivered" => tr!("delivered").to_owned(),
            "relayed" => tr!("handed on").to_owned(),
            "expanded" => tr!("delivered to a list").to_owned(),
            other => other.to_owned(),
        };
        let status = find(&fields, "Status");
        match status.is_empty() {
            true => put(trc!("row", "Result"), &action),
            false => put(trc!("row", "Result"), &format!("{action} ({status})")),
        }
        put(
            trc!("row", "Said"),
            &plain(find(&fields, "Diagnostic-Code")),
        );
        put(trc!("row", "By"), &plain(find(&fields, "Remote-MTA")));
        put(trc!("row", "Until"), &find(&fields, "Will-Retry-Until"));
        put(trc!("row", "From"), &plain(find(&fields, "Reporting-MTA")));
    }
    out
}

/// Who did what with a message.
fn receipt(text: &str, width: usize) -> Vec<Line> {
    let (fields, _) = field::split(text.as_bytes());
    let disposition = find(&fields, "Disposition").to_ascii_lowercase();
    let (mode, kind) = disposition.split_once(';').unwrap_or(("", &disposition));
    let kind = kind.trim();
    let (bare, error) = kind.split_once('/').unwrap_or((kind, ""));
    let what = match bare.trim() {
        "displayed" => tr!("displayed; this does not say that it was read"),
        "deleted" => tr!("deleted, perhaps without having been displayed"),
        "dispatched" => tr!("passed on"),
        "processed" => tr!("processed, without having been displayed"),
        "denied" => tr!("no answer is given"),
        "failed" => tr!("a receipt could not be made"),
        other => other,
    };
    let how = match (
        mode.contains("automatic-action"),
        mode.contains("mdn-sent-automatically"),
    ) {
        (true, _) => tr!(", by a program"),
        (false, true) => tr!(", told by a program"),
        (false, false) => "",
    };
    let error = match error.trim() {
        "" => String::new(),
        error => format!(" ({error})"),
    };
    let mut out = say(tr!("Read receipt"), Mark::Heading, width);
    out.extend(row(trc!("row", "By"), &recipient(&fields), width));
    out.extend(row(
        trc!("row", "Result"),
        &format!("{what}{how}{error}"),
        width,
    ));
    out.extend(row(trc!("row", "Said"), &find(&fields, "Error"), width));
    out
}

/// What somebody complained of.
fn complaint(text: &str, width: usize) -> Vec<Line> {
    let (fields, _) = field::split(text.as_bytes());
    let kind = match find(&fields, "Feedback-Type").to_ascii_lowercase().as_str() {
        "abuse" => tr!("unwanted mail").to_owned(),
        "fraud" => tr!("fraud").to_owned(),
        "virus" => tr!("a virus").to_owned(),
        "not-spam" => tr!("not spam").to_owned(),
        "auth-failure" => tr!("its sender could not be verified").to_owned(),
        other => other.to_owned(),
    };
    let mut out = say(tr!("Complaint about a message"), Mark::Heading, width);
    for (name, value) in [
        (trc!("row", "What"), kind),
        (trc!("row", "From"), find(&fields, "Original-Mail-From")),
        (trc!("row", "For"), find(&fields, "Original-Rcpt-To")),
        (trc!("row", "Came"), find(&fields, "Arrival-Date")),
        (trc!("row", "By"), find(&fields, "Source-IP")),
    ] {
        out.extend(row(name, &value, width));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(sub: &str, text: &str) -> Vec<String> {
        lines(sub, text, 60).iter().map(Line::text).collect()
    }

    #[test]
    fn a_report_says_why() {
        let status = "Reporting-MTA: dns; mx.x.example\n\nFinal-Recipient: rfc822; a@y.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no\n such user\n";
        let want = [
            "Delivery report",
            "From      mx.x.example",
            "For       a@y.example",
            "Result    not delivered (5.1.1)",
            "Said      550 no such user",
            "",
        ];
        assert_eq!(texts("delivery-status", status), want);
    }

    #[test]
    fn a_receipt_says_no_more_than_it_knows() {
        let text = "Final-Recipient: rfc822;bo@y.example\nDisposition: automatic-action/MDN-sent-automatically; deleted/error\n";
        let want = [
            "Read receipt",
            "By        bo@y.example",
            "Result    deleted, perhaps without having been displayed, by",
            "          a program (error)",
            "",
        ];
        assert_eq!(texts("disposition-notification", text), want);
        let text = "Feedback-Type: abuse\nOriginal-Rcpt-To: <a@x.example>\n";
        assert_eq!(texts("feedback-report", text)[1], "What      unwanted mail");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(Action|Disposition|Status|Final-Recipient|:|;|/|\n|\n\n| |\\PC){0,60}") {
            for sub in ["delivery-status", "disposition-notification", "feedback-report"] {
                lines(sub, &text, 20);
            }
        }
    }
}
