//! A message of 25 MB on its way out: the program's `send --wait`, and in the same run a client that
//! only writes the same octets to the same sink and waits for its answer.

use crate::lab::Lab;
use crate::program::{Home, measured};
use crate::table::{Several, Unit};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Octets of the attachment; base64 makes a third more of it.
const OCTETS: usize = 25 << 20;
/// The end of a message.
const END: &[u8] = b"\r\n.\r\n";

/// A server that throws away what it takes, and tells for each message how long that took and how
/// many octets it had: from its word to begin to the final dot.
fn sink() -> (u16, std::sync::mpsc::Receiver<(Duration, u64)>) {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = door.local_addr().unwrap().port();
    let (sender, taken) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for socket in door.incoming().flatten() {
            // A client that is gone is done.
            let _ = serve(socket, &sender);
        }
    });
    (port, taken)
}

fn serve(
    mut socket: TcpStream,
    taken: &std::sync::mpsc::Sender<(Duration, u64)>,
) -> std::io::Result<()> {
    let mut reader = BufReader::with_capacity(256 << 10, socket.try_clone()?);
    socket.write_all(b"220 sink\r\n")?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let answer: &[u8] = match line.get(..4).unwrap_or("") {
            "EHLO" => b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n",
            "AUTH" => b"235 ok\r\n",
            "DATA" => b"354 go\r\n",
            _ => b"250 ok\r\n",
        };
        socket.write_all(answer)?;
        if line.starts_with("DATA") {
            let from = Instant::now();
            let octets = swallow(&mut reader)?;
            let _ = taken.send((from.elapsed(), octets));
            socket.write_all(b"250 taken\r\n")?;
        }
        line.clear();
    }
    Ok(())
}

/// Reads up to the end of a message; nothing may come behind it before the answer.
fn swallow(reader: &mut impl Read) -> std::io::Result<u64> {
    let (mut buffer, mut tail, mut octets) = (vec![0; 256 << 10], Vec::new(), 0);
    while tail != END {
        let n = reader.read(&mut buffer)?;
        if n == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        octets += n as u64;
        tail.extend_from_slice(&buffer[n.saturating_sub(END.len())..n]);
        tail.drain(..tail.len().saturating_sub(END.len()));
    }
    Ok(octets)
}

/// What the wire allows: the commands and so many octets, without looking at them.
fn bare(port: u16, octets: usize) {
    let mut socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let mut wait = || {
        let mut line = String::from("-");
        while line.as_bytes().get(3) != Some(&b' ') {
            line.clear();
            reader.read_line(&mut line).unwrap();
        }
    };
    wait();
    for command in [
        "EHLO x",
        "MAIL FROM:<a@x.test>",
        "RCPT TO:<b@x.test>",
        "DATA",
    ] {
        socket
            .write_all(format!("{command}\r\n").as_bytes())
            .unwrap();
        wait();
    }
    let line = format!("{}\r\n", "x".repeat(76));
    let piece = line.repeat((256 << 10) / line.len());
    let mut left = octets.saturating_sub(END.len());
    while left > 0 {
        let now = left.min(piece.len());
        socket.write_all(&piece.as_bytes()[..now]).unwrap();
        left -= now;
    }
    // The last line may have been cut.
    socket.write_all(END).unwrap();
    wait();
}

/// 25 MB attached, `runs` times each.
pub fn run(lab: &mut Lab) {
    let (port, taken) = sink();
    let next = || taken.recv_timeout(Duration::from_secs(60)).unwrap();
    let account = lab.server.account("bench", "sender");
    let lines = account.lines().map(|line| match line.starts_with("smtp") {
        true => {
            format!("smtp = {{ host = \"127.0.0.1\", port = {port}, security = \"none\" }}\n")
        }
        false => format!("{line}\n"),
    });
    let table: String = lines.collect();
    let (mut wire, mut floor, mut whole) =
        (Several::default(), Several::default(), Several::default());
    for _ in 0..lab.runs {
        let home = Home::new(&format!("{table}bodies = \"none\"\nsave-sent = false\n"));
        home.sync("none");
        let file = home.path().join("attached");
        // Neither text nor anything that packs well.
        let mut seed = 1u32;
        let bytes = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            seed.to_be_bytes()[0]
        });
        std::fs::write(&file, bytes.take(OCTETS).collect::<Vec<u8>>()).unwrap();
        let file = file.to_str().unwrap();
        let args = [
            "send",
            "--wait",
            "--to",
            "bo@example.test",
            "--subject",
            "x",
            "--attach",
            file,
        ];
        let (cost, _) = measured(&home.command(&args));
        let (time, octets) = next();
        assert!(octets as usize > OCTETS, "the message is not whole");
        wire.add_time(time);
        whole.add_time(cost.wall);
        bare(port, usize::try_from(octets).unwrap());
        floor.add_time(next().0);
    }
    lab.table.ratio(
        "send: 25 MB attached, from DATA to the dot",
        &wire,
        &floor,
        "≤ 2",
    );
    let what = "send: the same, the whole command";
    lab.table.plain(what, whole.tell(Unit::Seconds), "");
}
