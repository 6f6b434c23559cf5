//! The program on a network of its own, where every address leads back to it and everything that
//! goes out is counted: whatever mail is opened, only the account's server is asked (S-35).

use crate::dovecot::skip;
use crate::opened::{all, crlf, shown};
use crate::program::Home;
use crate::pty::Terminal;
use crate::script::Script;
use std::net::{TcpStream, UdpSocket};
use std::process::Command;

/// What the kernel counted on this network so far: datagrams that went out, and connections that
/// somebody wanted to open.
fn counted() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/net/snmp").unwrap();
    let number = |what: &str, name: &str| {
        let mut lines = text.lines().filter(|l| l.starts_with(what));
        let (names, values) = (lines.next().unwrap(), lines.next().unwrap());
        let at = names.split(' ').position(|n| n == name).unwrap();
        values.split(' ').nth(at).unwrap().parse().unwrap()
    };
    (
        number("Udp:", "OutDatagrams"),
        number("Tcp:", "ActiveOpens"),
    )
}

/// Everything that a page can ask for, and everything that a header can.
fn greedy() -> Vec<u8> {
    let page = "<html><head><base href='https://base.example/'>\
        <link rel=stylesheet href='https://css.example/a.css'>\
        <link rel=prefetch href='https://next.example/'><link rel='dns-prefetch' href='//dns.example'>\
        <style>@import 'https://import.example/a.css';@font-face{src:url(https://font.example/a)}\
        p{background:url('https://back.example/a.png')}</style>\
        <meta http-equiv=refresh content='0;url=https://refresh.example/'>\
        <script src='https://script.example/a.js'></script></head>\
        <body background='https://body.example/a.png' onload=\"fetch('https://on.example')\">\
        <p>The greedy page.<img src='https://img.example/a.png' srcset='https://set.example/a.png 2x'>\
        <img src='http://clear.example/a.png'><img src='//bare.example/a.png'><img src='cid:x@cid.example'>\
        <iframe src='https://frame.example/'></iframe><object data='https://object.example/a'></object>\
        <embed src='https://embed.example/a'><video poster='https://poster.example/a.png' autoplay \
        src='https://video.example/a'></video><audio src='https://audio.example/a' autoplay></audio>\
        <input type=image src='https://input.example/a.png'><svg><image href='https://svg.example/a.png'/>\
        <use href='https://use.example/a#b'/></svg><table background='https://table.example/a'><tr><td>x</table>\
        <a href='https://link.example/' ping='https://ping.example/'>link</a>";
    let text = format!(
        "From: greedy@x.example\nTo: work@example.test\nSubject: greedy\n\
         Message-ID: <greedy@x.example>\nDisposition-Notification-To: receipt@x.example\n\
         Return-Receipt-To: receipt@x.example\nFace: https://face.example/a\n\
         X-Image-URL: https://image.example/a\nBIMI-Location: v=BIMI1; l=https://bimi.example/a.svg\n\
         List-Unsubscribe: <https://list.example/u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: text/html\n\n{page}\n\
         --b\nContent-Type: message/external-body; access-type=URL; url=\"https://external.example/a\"\n\n\
         Content-Type: image/png\n\n\
         --b\nContent-Type: image/svg+xml; name=a.svg\n\n\
         <svg xmlns='http://www.w3.org/2000/svg'><image href='https://inner.example/a.png'/></svg>\n\
         --b\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\n\
         SUMMARY:x\nDTSTART:20261102T100000Z\nATTACH:https://attach.example/a\nURL:https://url.example/\n\
         END:VEVENT\nEND:VCALENDAR\n\
         --b\nContent-Type: text/vcard\n\nBEGIN:VCARD\nFN:x\nPHOTO;VALUE=uri:https://photo.example/a\n\
         END:VCARD\n--b--\n"
    );
    crlf(text.as_bytes())
}

#[test]
fn s35_whatever_is_opened_only_the_accounts_server_is_asked() {
    let alone = "ip link set lo up && ip route add local default dev lo && exec \"$@\"";
    let run = |what: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-n", "sh", "-c", alone, "sh"]).args(what);
        command.output()
    };
    if !run(&["true"]).is_ok_and(|done| done.status.success()) {
        return skip("no network of one's own is permitted here (unshare -n)");
    }
    let own = std::env::current_exe().unwrap();
    let inside = ["alone::inside", "--exact", "--ignored", "--nocapture"];
    let done = run(&[&[own.to_str().unwrap()], &inside[..]].concat()).unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    let failed = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}\n{failed}");
    assert!(told.contains("1 passed"), "it was not run: {told}");
}

#[test]
#[ignore = "the test above runs it on a network of its own"]
fn inside() {
    let mut messages = all();
    let count = messages.len();
    messages.push(
        [
            format!("Subject: case{count:03}\r\n").into_bytes(),
            greedy(),
        ]
        .concat(),
    );
    let server = Script::start(|mail| {
        for raw in &messages {
            mail.put(b"INBOX", crlf(raw), Vec::new());
        }
    });
    let home = Home::new(&server.account_with("work", 9));
    home.json(&["sync", "--once", "--bodies", "all"]);
    let newest = messages.len().to_string();
    home.run(&["show", "--newest", &newest, "--text"]).code(0);
    let mut t = Terminal::postrider(&[], &home.path, 150, 60);
    t.wait_for(&format!("case{count:03}"));
    t.send("gg\r");
    let (mut last, mut from) = (None, 0);
    for _ in &messages {
        let screen = t.wait_until(&format!("a message after {last:?}"), |s| {
            shown(s).is_some() && shown(s) != last
        });
        last = shown(&screen);
        // Once its text can be copied it is laid out.
        t.send("Y");
        t.wait_written(from, b"\x1b]52;c;");
        from = t.raw().len();
        t.send("J");
    }
    t.send("qq");
    t.wait_exit();
    let dialled = u64::try_from(server.dialled()).unwrap();
    assert!(dialled > 0);
    assert_eq!(counted(), (0, dialled), "datagrams and connections");
    // Whatever would have gone out would have been seen.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.send_to(b"x", "192.0.2.1:53").unwrap();
    assert!(TcpStream::connect("192.0.2.1:443").is_err());
    assert_eq!(counted(), (1, dialled + 1));
}
