use super::*;

fn raw(content: &[u8], size: u64) -> Body<Cursor<Vec<u8>>> {
    Body::new(vec![Segment::File { content: Cursor::new(content.to_vec()), size }]).unwrap()
}

/// Reads the body as its sender does: never more than the announced length.
fn send(body: &mut Body<Cursor<Vec<u8>>>, step: usize) -> io::Result<Vec<u8>> {
    let mut sent = Vec::new();
    while (sent.len() as u64) < body.length() {
        let left = (body.length() - sent.len() as u64) as usize;
        let mut buffer = vec![0; step.min(left)];
        let count = body.read(&mut buffer)?;
        assert_ne!(count, 0);
        sent.extend_from_slice(&buffer[..count]);
    }
    Ok(sent)
}

#[test]
fn raw_body_is_exactly_the_file() {
    for content in [&b""[..], b"x", b"content of a file"] {
        for step in [1, 3, 4096] {
            let mut body = raw(content, content.len() as u64);
            assert_eq!(send(&mut body, step).unwrap(), content);
            assert_eq!(body.read(&mut [0; 10]).unwrap(), 0);
            body.rewind().unwrap();
            assert_eq!(send(&mut body, step).unwrap(), content);
        }
    }
}

/// No text follows the file in a raw body, so the last read of the file is withheld.
#[test]
fn raw_body_of_a_changed_file_is_never_sent_completely() {
    let cases = [
        (&b"short"[..], 9, FileSizeChanged::Shorter { announced: 9, found: 5 }),
        (&b"too long"[..], 7, FileSizeChanged::Longer { announced: 7 }),
        (&b"too long"[..], 1, FileSizeChanged::Longer { announced: 1 }),
    ];
    for (content, size, expected) in cases {
        for step in [1, 5, 4096] {
            let error = send(&mut raw(content, size), step).unwrap_err();
            assert_eq!(FileSizeChanged::in_error(&error), Some(expected), "{step} at a time");
        }
    }
}
