//! `myna decode`: a file of anything, compressed or not, in every form of output.
use speaker::decode::{Form, Options, Session, decode as decoded};
use std::io::{self, Cursor, Write};

/// Octets that may be printed for one input; a file that unpacks to more is not read further.
const MOST: usize = 4 << 20;

/// The octets are how to read (one of them) and a file.
///
/// # Panics
/// When something is printed that is no JSON, or when reading does not end with the file.
pub fn decode(input: &[u8]) {
    let Some((how, file)) = input.split_first() else {
        return;
    };
    for form in [Form::Lines, Form::Json, Form::Bgpdump] {
        let options = Options {
            form,
            session: Session {
                two_octet_as: how & 1 != 0,
                internal: how & 2 != 0,
                add_path: if how & 4 == 0 {
                    Vec::new()
                } else {
                    vec![bgp_wire::Family::IPV4_UNICAST]
                },
            },
        };
        let mut out = Bounded(Vec::new());
        let read = decoded(Cursor::new(file.to_vec()), None, &options, &mut out);
        if let Err(error) = &read {
            assert!(!error.to_string().is_empty());
        }
        let text = std::str::from_utf8(&out.0).expect("text");
        if form == Form::Json {
            for line in text.lines() {
                let value: Result<serde_json::Value, _> = serde_json::from_str(line);
                assert!(value.is_ok_and(|value| value.is_object()), "{line}");
            }
        }
        assert!(is_calm(form, text), "a terminal would obey: {text:?}");
    }
}

/// Whether a terminal only shows the text. Lines for people have colors; JSON may hold what is a control
/// character to some, since a program reads it.
fn is_calm(form: Form, text: &str) -> bool {
    let colors_only = text.split('\u{1b}').skip(1).all(|sequence| {
        sequence.strip_prefix('[').is_some_and(|rest| {
            rest.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == ';')
                .starts_with('m')
        })
    });
    let odd = |letter: char| match form {
        Form::Lines => letter.is_control() && letter != '\n' && letter != '\u{1b}',
        Form::Json => letter.is_ascii_control() && letter != '\n' && letter != '\u{7f}',
        Form::Bgpdump => letter.is_control() && letter != '\n',
    };
    (colors_only || form != Form::Lines) && !text.contains(odd)
}

/// Takes so much and no more.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.0.len() > MOST {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.0.extend_from_slice(octets);
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
