//! Whom one writes to, in the real program: a folder of vCards, a program that prints addresses, a
//! group, and a domain that a name server knows nothing of.

use crate::pty::{Terminal, home};
use std::net::UdpSocket;

/// A name server on loopback that knows no name at all. It ends with the test.
fn name_server() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let mut packet = [0; 600];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            let mut answer = packet[..length].to_vec();
            // An answer: there is no such name (RFC 1035 §4.1.1).
            answer[2..4].copy_from_slice(&[0x81, 0x83]);
            let _ = socket.send_to(&answer, from);
        }
    });
    port
}

#[test]
fn people_come_from_cards_a_program_and_groups_and_domains_are_looked_up() {
    let (_folder, path) = home();
    let cards = path.join("cards/all");
    std::fs::create_dir_all(&cards).unwrap();
    let card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada Lovelace\r\nEMAIL:ada@cards.example\r\n\
        END:VCARD\r\n";
    std::fs::write(cards.join("1.vcf"), card).unwrap();
    let config = format!(
        "[[account]]\nname = \"me\"\nemail = \"me@example.org\"\npassword-command = [\"echo\", \"x\"]\n\
         imap = {{ host = \"127.0.0.1\", port = 1, security = \"none\" }}\n\
         smtp = {{ host = \"127.0.0.1\", port = 1, security = \"none\" }}\n\
         [contacts]\nvcards = [\"cards\"]\n\
         command = [\"/bin/sh\", \"-c\", \"printf 'pat@prog.example\\\\tPat %s\\\\n' \\\"$1\\\"\", \"sh\", \"%s\"]\n\
         [groups]\nclub = [\"bo@x.example\", \"Cy <cy@x.example>\"]\n\
         [compose]\ncheck-domains = true\nname-server = \"127.0.0.1:{}\"\n",
        name_server()
    );
    std::fs::write(path.join("config.toml"), config).unwrap();
    let mut t = Terminal::postrider(&["compose", "--bcc", "club"], &path, 100, 30);
    t.wait_until("the group's members", |s| {
        s.contains("New message") && s.contains("bo@x.example, Cy <cy@x.example>")
    });
    t.send("love");
    t.wait_until("the card and what the program says", |s| {
        s.contains("Ada Lovelace <ada@cards.example>")
            && s.contains("card")
            && s.contains("Pat love <pat@prog.example>")
            && s.contains("contacts")
    });
    t.send("\r");
    t.wait_for("To       Ada Lovelace <ada@cards.example>,");
    t.send("clu");
    t.wait_for("club (2)");
    t.send("\r");
    t.wait_for("<ada@cards.example>, bo@x.example, Cy <cy@x.example>,");
    t.send("\t\t\tHello\tYou there.");
    t.wait_for("You there.");
    t.send("\x13");
    t.wait_for("There is no domain cards.example");
}
