//! Tables of names with `*`, matched against the parts of a key's path.
//!
//! A glob stands for one part of the path, `NAME/GLOB` for two that follow
//! each other. Every glob is found by the longest text that it must hold: one
//! pass over the key finds those of all, so a key without any of them, as
//! nearly all are, costs no more than that. Only globs of this crate enter
//! here; those of rules are the matcher's.

use memchr::memmem;

use super::words::Words;

/// How many globs a set may hold: the bits of what a part has been tried with.
const MOST: usize = u128::BITS as usize;

/// A set of globs in lower case, each of a row.
pub(super) struct Globs {
    words: Words,
    globs: Vec<(Glob, usize)>,
}

/// One row: globs with spaces between.
pub(super) struct Row {
    globs: &'static str,
    except: &'static str,
    last: bool,
}

impl Row {
    /// Any part of the path.
    pub(super) const fn new(globs: &'static str) -> Self {
        Self {
            globs,
            except: "",
            last: false,
        }
    }

    /// The last part only.
    pub(super) const fn last(globs: &'static str) -> Self {
        Self {
            last: true,
            ..Self::new(globs)
        }
    }

    /// Names that are none of the row after all.
    pub(super) const fn but_not(self, except: &'static str) -> Self {
        Self { except, ..self }
    }
}

impl Globs {
    /// Compiles rows, of which there are 32 at most.
    pub(super) fn new(rows: &[Row]) -> Self {
        let globs: Vec<(Glob, usize)> = rows
            .iter()
            .enumerate()
            .flat_map(|(row, text)| {
                let except = parse(text.except);
                parse(text.globs).into_iter().map(move |mut glob| {
                    glob.except.clone_from(&except);
                    glob.last = text.last;
                    (glob, row)
                })
            })
            .collect();
        debug_assert!(globs.len() <= MOST && rows.len() <= 32);
        let words = Words::new(globs.iter().map(|(glob, _)| glob.literal()));
        Self { words, globs }
    }

    /// The rows of which a glob matches some part of the path: one bit each.
    /// The key is in lower case.
    pub(super) fn rows(&self, key: &[u8]) -> u32 {
        if !self.words.any(key) {
            return 0;
        }
        let mut found = 0;
        let mut rest = Some(key);
        while let Some(path) = rest {
            let part;
            (part, rest) = split(path);
            // A text may occur often in a part that is long.
            let mut tried = 0u128;
            for hit in self.words.all(part) {
                let place = hit.pattern().as_usize();
                if tried & 1 << place == 0 {
                    tried |= 1 << place;
                    let (glob, row) = &self.globs[place];
                    found |= u32::from(glob.matches(part, rest)) << row;
                }
            }
        }
        found
    }

    /// Whether any glob matches some part of the path.
    pub(super) fn matches(&self, key: &[u8]) -> bool {
        self.rows(key) != 0
    }
}

/// The first part of a path, and what follows its slash.
fn split(path: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'/', path) {
        Some(slash) => (&path[..slash], Some(&path[slash + 1..])),
        None => (path, None),
    }
}

#[derive(Debug, Clone)]
struct Glob {
    /// The whole part before.
    parent: Option<String>,
    /// What stands between the stars: one piece is the whole name.
    pieces: Vec<String>,
    except: Vec<Glob>,
    /// Nothing follows it.
    last: bool,
}

impl Glob {
    fn new(text: &str) -> Self {
        let (parent, name) = match text.split_once('/') {
            Some((parent, name)) => (Some(parent.to_owned()), name),
            None => (None, text),
        };
        Self {
            parent,
            pieces: name.split('*').map(str::to_owned).collect(),
            except: Vec::new(),
            last: false,
        }
    }

    /// The longest text that must be there in the first part it looks at.
    fn literal(&self) -> &str {
        let longest = || self.pieces.iter().max_by_key(|piece| piece.len());
        self.parent
            .as_ref()
            .or_else(longest)
            .map_or("", String::as_str)
    }

    fn matches(&self, part: &[u8], rest: Option<&[u8]>) -> bool {
        let name = match (&self.parent, rest) {
            (None, Some(_)) if self.last => return false,
            (None, _) => part,
            (Some(parent), Some(rest)) if part == parent.as_bytes() => split(rest).0,
            (Some(_), _) => return false,
        };
        self.is_name(name) && !self.except.iter().any(|glob| glob.is_name(name))
    }

    fn is_name(&self, name: &[u8]) -> bool {
        let (Some(start), Some(end)) = (self.pieces.first(), self.pieces.last()) else {
            return false;
        };
        if self.pieces.len() == 1 {
            return name == start.as_bytes();
        }
        let Some(mut middle) = name
            .strip_prefix(start.as_bytes())
            .and_then(|name| name.strip_suffix(end.as_bytes()))
        else {
            return false;
        };
        self.pieces[1..self.pieces.len() - 1].iter().all(|piece| {
            let found = memmem::find(middle, piece.as_bytes());
            middle = found.map_or(middle, |at| &middle[at + piece.len()..]);
            found.is_some()
        })
    }
}

/// Globs with spaces between; `{a,b}` stands for either.
fn parse(text: &str) -> Vec<Glob> {
    text.split_ascii_whitespace()
        .flat_map(expand)
        .map(|glob| Glob::new(&glob))
        .collect()
}

/// `a.{b,c}` is `a.b` and `a.c`.
pub(super) fn expand(glob: &str) -> Vec<String> {
    let braces = glob
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match braces {
        None => vec![glob.to_owned()],
        Some((before, (choices, after))) => choices
            .split(',')
            .flat_map(|choice| expand(&format!("{before}{choice}{after}")))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROWS: [Row; 5] = [
        Row::new("*.pem").but_not("*ca*bundle*.pem cert.pem"),
        Row::new(".env .env.* id_{rsa,dsa}"),
        Row::new(".ssh/* .aws/credentials"),
        Row::new("*dump*.{gz,zip} x*x *.sqlite*"),
        Row::last("a*a dump"),
    ];

    /// The meaning, spelled out.
    fn naive(key: &str) -> u32 {
        fn is(glob: &[u8], name: &[u8]) -> bool {
            match (glob, name) {
                ([], []) => true,
                ([b'*', glob @ ..], _) => (0..=name.len()).any(|at| is(glob, &name[at..])),
                ([a, glob @ ..], [b, name @ ..]) if a == b => is(glob, name),
                _ => false,
            }
        }
        fn any(globs: &str, part: &str, next: Option<&str>) -> bool {
            globs
                .split_ascii_whitespace()
                .flat_map(expand)
                .any(|glob| match glob.split_once('/') {
                    None => is(glob.as_bytes(), part.as_bytes()),
                    Some((parent, glob)) => {
                        parent == part
                            && next.is_some_and(|next| is(glob.as_bytes(), next.as_bytes()))
                    }
                })
        }
        let parts: Vec<&str> = key.split('/').collect();
        let row = |row: &Row| {
            (0..parts.len()).any(|at| {
                (!row.last || at + 1 == parts.len())
                    && any(row.globs, parts[at], parts.get(at + 1).copied())
                    && !any(row.except, parts[at], None)
            })
        };
        (0..ROWS.len())
            .map(|at| u32::from(row(&ROWS[at])) << at)
            .sum()
    }

    #[test]
    fn parts_of_a_path_are_matched() {
        let globs = Globs::new(&ROWS);
        for (key, rows) in [
            ("a/b.pem", 0b0001),
            ("b.pem/c", 0b0001),
            ("cert.pem", 0),
            ("my-ca-bundle-2.pem", 0),
            ("cert.pem/x.pem", 0b0001),
            (".env", 0b0010),
            (".env.local/x", 0b0010),
            (".environment", 0),
            ("x.env", 0),
            ("id_rsa", 0b0010),
            ("id_rsa.pub", 0),
            (".ssh", 0),
            (".ssh/", 0b0100),
            ("home/.ssh/known/x", 0b0100),
            ("a.ssh/x", 0),
            (".aws/credentials", 0b0100),
            (".aws/credentials.bak", 0),
            (".aws/x/credentials", 0),
            ("dump.gz", 0b1000),
            ("dump.gz.txt", 0),
            ("dum.gz", 0),
            ("x", 0),
            ("xx", 0b1000),
            ("x/dump", 0b10000),
            ("dump/x", 0),
            ("dump/", 0),
            ("aa", 0b10000),
            ("", 0),
            ("id_dsa/db.sqlite3", 0b1010),
        ] {
            assert_eq!(naive(key), rows, "naive: {key}");
            assert_eq!(globs.rows(key.as_bytes()), rows, "{key}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_its_meaning(
            parts in prop::collection::vec(prop::sample::select(vec![
                "/", ".pem", "ca", "bundle", "cert", ".env", ".", "id_rsa", ".ssh", ".aws",
                "credentials", "dump", ".gz", ".zip", "x", ".sqlite", "a", "é",
            ]), 0..10),
        ) {
            let key = parts.concat();
            prop_assert_eq!(Globs::new(&ROWS).rows(key.as_bytes()), naive(&key));
        }
    }
}
