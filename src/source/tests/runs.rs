//! Files that grow, read in runs that end anywhere: every line once.

use super::resume::{ALL, Kept};
use super::*;

/// What happens to the files.
#[derive(Debug, Clone)]
enum Step {
    /// One of them grows, perhaps by half a line.
    Grow { file: usize, bytes: usize },
    /// A run deals with so many blocks, and reads so many more; over the
    /// records of a span if spans are tested.
    Run {
        dealt: usize,
        ahead: usize,
        span: (i64, i64),
    },
}

fn step() -> impl Strategy<Value = Step> {
    let dealt = prop_oneof![2 => 0_usize..6, 1 => Just(usize::MAX)];
    let span = prop_oneof![
        (0_i64..500, 1_i64..300).prop_map(|(at, len)| (START + at, START + at + len)),
        (0_i64..500).prop_map(|at| (START + at, i64::MAX)),
        (0_i64..500).prop_map(|at| (i64::MIN, START + at)),
    ];
    prop_oneof![
        (0_usize..6, 0_usize..400).prop_map(|(file, bytes)| Step::Grow { file, bytes }),
        (dealt, 0_usize..4, span).prop_map(|(dealt, ahead, span)| Step::Run { dealt, ahead, span }),
    ]
}

type Pack = fn(&[u8]) -> Vec<u8>;

/// A file, what is in it and what will be.
struct Growing {
    path: PathBuf,
    pack: Pack,
    text: String,
    len: usize,
}

impl Growing {
    fn grow(&mut self, bytes: usize) {
        let end = self.text.len().min(self.len + bytes);
        let part = (self.pack)(&self.text.as_bytes()[self.len..end]);
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(&self.path)
            .unwrap();
        file.write_all(&part).unwrap();
        self.len = end;
    }
}

/// Lines that were taken: name of the file, offset, bytes.
type Taken = Vec<(String, u64, Vec<u8>)>;

/// One run.
struct Run {
    span: (i64, i64),
    block_size: usize,
    max_line: usize,
    /// Blocks that it deals with, and how many more it reads.
    dealt: usize,
    ahead: usize,
}

impl Run {
    fn over(&self, files: &[Growing], kept: &mut Kept, taken: &mut Taken) {
        let options = Options {
            block_size: self.block_size,
            max_line: self.max_line,
            ..Options::default()
        };
        let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
        let mut sources = kept.open(&paths, self.span, options);
        let mut block = Block::default();
        let mut reached = Vec::new();
        let mut floor = i64::MIN;
        for _ in 0..self.dealt {
            if !sources.next(&mut block) {
                // All was dealt with: now those count too that gave no block.
                reached.extend(sources.rest());
                break;
            }
            reached.append(&mut block.reached);
            let name = sources.name(block.source).to_string();
            for long in &block.oversize {
                // Stands for itself, to be found in its place.
                let text = vec![b'#'; long.len as usize + 1];
                taken.push((name.clone(), long.offset, text));
            }
            let mut offset = block.offset;
            for line in block.bytes().split_inclusive(|byte| *byte == b'\n') {
                let time = time::of_line(line).unwrap();
                assert!(time >= floor, "the floor is true");
                let inside = (self.span.0..self.span.1).contains(&time);
                if inside && !block.is_taken(offset, Some(time)) {
                    taken.push((name.clone(), offset, line.to_vec()));
                }
                offset += line.len() as u64;
            }
            assert_eq!(offset, block.end);
            floor = block.floor;
        }
        for _ in 0..self.ahead {
            sources.next(&mut block);
        }
        assert!(sources.problems().is_empty(), "{:?}", sources.problems());
        kept.keep(&sources, &reached);
    }
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

/// Six files, two of each format, and how they come to be what they will be.
fn every_line_once(
    texts: &[Vec<(i64, usize)>],
    steps: Vec<Step>,
    block_size: usize,
    spans: bool,
) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let packs: [Pack; 3] = [<[u8]>::to_vec, gzip, zst];
    let mut files = Vec::new();
    for (at, lines) in texts.iter().enumerate() {
        let mut lines = lines.clone();
        lines.sort_unstable();
        let text = lines.iter();
        let text = text.map(|(time, len)| line(*time, &"x".repeat(*len)));
        let mut file = Growing {
            path: dir.path().join(at.to_string()),
            pack: packs[at % 3],
            text: text.collect(),
            len: 0,
        };
        file.grow(0);
        files.push(file);
    }
    let mut kept = Kept::default();
    let mut taken = Taken::new();
    let run = |dealt, ahead, span| Run {
        span,
        block_size,
        // A line without a time is in no span, and may be in each.
        max_line: if spans { 1000 } else { 100 },
        dealt,
        ahead,
    };
    for step in steps {
        match step {
            Step::Grow { file, bytes } => files[file].grow(bytes),
            Step::Run { dealt, ahead, span } => {
                let span = if spans { span } else { ALL };
                run(dealt, ahead, span).over(&files, &mut kept, &mut taken);
            }
        }
    }
    for file in &mut files {
        file.grow(file.text.len());
    }
    run(usize::MAX, 0, ALL).over(&files, &mut kept, &mut taken);
    taken.sort();
    for file in &files {
        let name = file.path.to_str().unwrap();
        let mut at = 0;
        for (_, offset, bytes) in taken.iter().filter(|part| part.0 == name) {
            prop_assert_eq!(*offset, at as u64, "of {}", name);
            let expected = &file.text.as_bytes()[at..][..bytes.len()];
            prop_assert!(expected.ends_with(b"\n"));
            if bytes.starts_with(b"#") {
                prop_assert!(expected.len() > 101);
            } else {
                prop_assert!(bytes == expected);
            }
            at += bytes.len();
        }
        prop_assert_eq!(at, file.text.len());
    }
    // Nothing is left, and nothing is opened.
    let paths: Vec<PathBuf> = files.iter().map(|file| file.path.clone()).collect();
    let sources = kept.open(&paths, ALL, Options::default());
    prop_assert_eq!(sources.counts().done, 6);
    prop_assert!(kept.0.values().all(|mark| mark.reach.len() == 1));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_line_is_handed_out_once(
        texts in prop::collection::vec(
            prop::collection::vec((0_i64..500, 0_usize..90), 0..20), 6),
        steps in prop::collection::vec(step(), 0..25),
        block_size in 1_usize..300,
    ) {
        every_line_once(&texts, steps, block_size, false)?;
    }

    #[test]
    fn every_record_is_taken_once_whatever_the_spans(
        texts in prop::collection::vec(
            prop::collection::vec((0_i64..500, 0_usize..90), 0..20), 6),
        steps in prop::collection::vec(step(), 0..25),
        block_size in 1_usize..300,
    ) {
        every_line_once(&texts, steps, block_size, true)?;
    }
}
