//! Words, and the sources and data made of them: the same for the same seed.

use std::fmt::Write;
use std::sync::LazyLock;

/// How many different words there are: data made of them deflate about 3:1.
const VOCABULARY: u64 = 1024;
/// How many words stand on a line of data.
const ON_A_LINE: u64 = 12;
const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
const VOWELS: &[u8] = b"aeiou";

/// None is a keyword of Python.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut numbers = Words { state: 1 };
    (0..VOCABULARY).map(|_| numbers.coined()).collect()
});

/// An endless row of words.
pub struct Words {
    state: u64,
}

impl Words {
    /// The row that belongs to this name.
    pub fn new(seed: &str) -> Self {
        // FNV-1a.
        let state = seed.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        Self { state }
    }

    /// Lines of words: at least so many bytes, and less than a line more.
    pub fn data(&mut self, bytes: u64) -> String {
        let mut text = String::with_capacity(bytes as usize + 128);
        let mut words = 0u64;
        while (text.len() as u64) < bytes {
            words += 1;
            text += self.word();
            text.push(if words.is_multiple_of(ON_A_LINE) { '\n' } else { ' ' });
        }
        text
    }

    /// A module with this import: at least so many bytes, and less than a class more.
    pub fn source(&mut self, import: &str, bytes: u64) -> String {
        let mut text = format!(
            "\"\"\"Clients for {}, generated: do not edit.\"\"\"\n\nimport logging\nimport os.path\nfrom typing import Any\n\n\
             {import}\nlogger = logging.getLogger(__name__)\n",
            self.word()
        );
        while (text.len() as u64) < bytes {
            self.class(&mut text);
        }
        text
    }

    fn class(&mut self, text: &mut String) {
        let (subject, base) = (self.word(), self.word());
        let (limit, attribute) = (self.below(900) + 100, self.word());
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n\nclass {subject}_{base}:\n    \"\"\"Talks to the {subject} of {base}.\n\n    :param session: who {attribute} it\n    \
             \"\"\"\n\n    {attribute}: int = {limit}\n"
        );
        for _ in 0..3 {
            self.method(text);
        }
    }

    fn method(&mut self, text: &mut String) {
        let (verb, thing, path, word) = (self.word(), self.word(), self.word(), self.word());
        let limit = self.below(5000);
        let _ = write!(
            text,
            "\n    def {verb}_{thing}(self, {thing}: str, limit: int = {limit}) -> dict[str, Any]:\n        \
             # The {path} comes before {word}.\n        \
             request = {{\"{word}\": {thing}, \"limit\": limit, \"path\": os.path.join(\"{path}\", \"{word}\")}}\n        \
             if limit > {limit} and not {thing}.startswith(\"{path}\"):\n            \
             raise ValueError(f\"{verb}: {{limit}} is too much for {word}\")\n        \
             for key, value in request.items():\n            \
             logger.debug(\"%s of {path} is %s\", key, value)\n        \
             return {{key: value for key, value in request.items() if value is not None}}\n"
        );
    }

    fn word(&mut self) -> &'static str {
        &WORDS[self.below(VOCABULARY) as usize]
    }

    /// Seven letters, every second one a vowel.
    fn coined(&mut self) -> String {
        let mut letter = |place: usize| {
            let letters = if place.is_multiple_of(2) { CONSONANTS } else { VOWELS };
            char::from(letters[self.below(letters.len() as u64) as usize])
        };
        (0..7).map(&mut letter).collect()
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// SplitMix64.
    fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }
}
