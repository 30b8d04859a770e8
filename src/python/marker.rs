//! Environment markers: whether a requirement speaks of a Python at all.
//!
//! PyPA "Dependency specifiers" (PEP 508), versions compared as PEP 440 has it. What cannot be told
//! (a marker that does not parse, a comparison that is not defined, a kernel's release) holds: a
//! requirement is left out only where it surely does not count.

use std::cmp::Ordering;

use super::dist;

/// The Python that markers are asked about: CPython on Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Environment {
    /// The number behind `3.`; which patch it is, nobody knows.
    pub minor: u8,
    /// `platform_machine`: `x86_64` or `aarch64`.
    pub machine: &'static str,
}

/// Patches that a minor version may have.
const PATCHES: std::ops::RangeInclusive<u32> = 0..=40;
/// How deep parentheses may stand in one another.
const DEEPEST: usize = 50;

/// A condition on the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    node: Node,
    /// Whether it may differ from patch to patch.
    by_patch: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Any(Vec<Node>),
    All(Vec<Node>),
    Compare(Operand, Op, Operand),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operand {
    Variable(Variable),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Variable {
    PythonVersion,
    PythonFullVersion,
    OsName,
    SysPlatform,
    Machine,
    Implementation,
    ImplementationName,
    System,
    Extra,
    /// The kernel's release and version, and what only lock files ask.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Identical,
    Equal,
    Compatible,
    Different,
    AtMost,
    AtLeast,
    Less,
    Greater,
    In,
    NotIn,
}

/// The names of variables, those of PEP 345 among them.
const VARIABLES: [(&str, Variable); 20] = [
    ("dependency_groups", Variable::Unknown),
    ("extra", Variable::Extra),
    ("extras", Variable::Unknown),
    ("implementation_name", Variable::ImplementationName),
    ("implementation_version", Variable::PythonFullVersion),
    ("os.name", Variable::OsName),
    ("os_name", Variable::OsName),
    ("platform.machine", Variable::Machine),
    ("platform.python_implementation", Variable::Implementation),
    ("platform.version", Variable::Unknown),
    ("platform_machine", Variable::Machine),
    ("platform_python_implementation", Variable::Implementation),
    ("platform_release", Variable::Unknown),
    ("platform_system", Variable::System),
    ("platform_version", Variable::Unknown),
    ("python_full_version", Variable::PythonFullVersion),
    ("python_implementation", Variable::Implementation),
    ("python_version", Variable::PythonVersion),
    ("sys.platform", Variable::SysPlatform),
    ("sys_platform", Variable::SysPlatform),
];

/// The operators, longer ones first.
const OPERATORS: [(&str, Op); 8] = [
    ("===", Op::Identical),
    ("==", Op::Equal),
    ("~=", Op::Compatible),
    ("!=", Op::Different),
    ("<=", Op::AtMost),
    (">=", Op::AtLeast),
    ("<", Op::Less),
    (">", Op::Greater),
];

impl Marker {
    /// Reads a marker; `None` for what is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text, depth: 0, by_patch: false };
        let node = reader.any()?;
        let by_patch = reader.by_patch;
        reader.rest.trim().is_empty().then_some(Self { node, by_patch })
    }

    /// Whether it holds, or may, for one of these extras (normalized names; `""` where none is asked
    /// for) under some patch of the Python.
    pub fn may_hold(&self, environment: Environment, extra: &str) -> bool {
        let version = format!("3.{}", environment.minor);
        let patches = if self.by_patch { PATCHES } else { 0..=0 };
        patches.into_iter().any(|patch| {
            let full_version = format!("{version}.{patch}");
            let values = Values { environment, version: &version, full_version, extra };
            values.holds(&self.node) != Some(false)
        })
    }
}

/// What the variables stand for.
struct Values<'e> {
    environment: Environment,
    version: &'e str,
    full_version: String,
    extra: &'e str,
}

impl Values<'_> {
    /// Whether a condition holds; `None` where that cannot be told.
    fn holds(&self, node: &Node) -> Option<bool> {
        match node {
            Node::Any(nodes) => self.decided(nodes, true),
            Node::All(nodes) => self.decided(nodes, false),
            Node::Compare(Operand::Variable(left), op, Operand::Text(right)) => {
                compare(*left, self.of(*left)?, *op, right)
            }
            Node::Compare(Operand::Text(left), op, Operand::Variable(right)) => {
                compare(*right, left, *op, self.of(*right)?)
            }
            Node::Compare(..) => None,
        }
    }

    /// `decides` where one of the conditions is that, its opposite where none can be.
    fn decided(&self, nodes: &[Node], decides: bool) -> Option<bool> {
        let mut certain = true;
        for node in nodes {
            match self.holds(node) {
                Some(holds) if holds == decides => return Some(decides),
                Some(_) => {}
                None => certain = false,
            }
        }
        certain.then_some(!decides)
    }

    fn of(&self, variable: Variable) -> Option<&str> {
        Some(match variable {
            Variable::PythonVersion => self.version,
            Variable::PythonFullVersion => &self.full_version,
            Variable::OsName => "posix",
            Variable::SysPlatform => "linux",
            Variable::Machine => self.environment.machine,
            Variable::Implementation => "CPython",
            Variable::ImplementationName => "cpython",
            Variable::System => "Linux",
            Variable::Extra => self.extra,
            Variable::Unknown => return None,
        })
    }
}

fn compare(variable: Variable, left: &str, op: Op, right: &str) -> Option<bool> {
    match (variable, op) {
        (_, Op::In) => Some(right.contains(left)),
        (_, Op::NotIn) => Some(!right.contains(left)),
        (Variable::PythonVersion | Variable::PythonFullVersion, _) => versions(left, op, right),
        (Variable::Extra, Op::Equal) => Some(dist::normalize(left) == dist::normalize(right)),
        (Variable::Extra, Op::Different) => Some(dist::normalize(left) != dist::normalize(right)),
        (_, Op::Equal) => Some(left == right),
        (_, Op::Different) => Some(left != right),
        _ => None,
    }
}

/// Whether `left` is among the versions that `op right` names (PEP 440).
fn versions(left: &str, op: Op, right: &str) -> Option<bool> {
    if op == Op::Identical {
        return Some(left.eq_ignore_ascii_case(right));
    }
    let (left, right) = (Version::read(left)?, Version::read(right)?);
    let order = match left.release().cmp(right.release()) {
        // A candidate, an alpha or the like comes before what it leads to.
        Ordering::Equal if right.is_before_release() => Ordering::Greater,
        order => order,
    };
    match (op, right.suffix) {
        _ if !left.suffix.is_empty() => None,
        (Op::Equal, ".*") => Some(left.begins_with(&right.numbers)),
        (Op::Different, ".*") => Some(!left.begins_with(&right.numbers)),
        (_, ".*") => None,
        (Op::Compatible, "") => {
            let (_, but_last) = right.numbers.split_last()?;
            let series = (!but_last.is_empty()).then(|| left.begins_with(but_last))?;
            Some(series && order.is_ge())
        }
        (Op::Compatible, _) => None,
        // Where the numbers differ, it is no matter what stands behind them.
        (_, suffix) if !suffix.is_empty() && order.is_eq() => None,
        (Op::Equal, _) => Some(order.is_eq()),
        (Op::Different, _) => Some(order.is_ne()),
        (Op::AtMost, _) => Some(order.is_le()),
        (Op::AtLeast, _) => Some(order.is_ge()),
        (Op::Less, _) => Some(order.is_lt()),
        (Op::Greater, _) => Some(order.is_gt()),
        (Op::Identical | Op::In | Op::NotIn, _) => None,
    }
}

/// A version: its release numbers, and whatever stands behind them.
struct Version<'t> {
    numbers: Vec<u64>,
    suffix: &'t str,
}

impl<'t> Version<'t> {
    /// `None` for what is no version, or one with an epoch.
    fn read(text: &'t str) -> Option<Self> {
        let mut rest = text.trim();
        let mut numbers = Vec::new();
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            numbers.push(rest[..end].parse().ok()?);
            rest = &rest[end..];
            match rest.strip_prefix('.') {
                Some(more) if more.starts_with(|c: char| c.is_ascii_digit()) => rest = more,
                _ => break,
            }
        }
        let is_suffix = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
        (rest == ".*" || rest.chars().all(is_suffix)).then_some(Self { numbers, suffix: rest })
    }

    /// The numbers without zeros at the end, which make no difference.
    fn release(&self) -> &[u64] {
        let end = self.numbers.iter().rposition(|number| *number != 0).map_or(0, |at| at + 1);
        &self.numbers[..end]
    }

    /// Whether it is an alpha, beta, candidate or development version.
    fn is_before_release(&self) -> bool {
        let kind = self.suffix.trim_start_matches(['.', '-', '_']).to_ascii_lowercase();
        ["a", "b", "c", "rc", "pre", "dev"].iter().any(|start| kind.starts_with(start))
    }

    /// Whether it is of a series; missing numbers count as zeros.
    fn begins_with(&self, series: &[u64]) -> bool {
        let numbers = self.numbers.iter().copied().chain(std::iter::repeat(0));
        numbers.take(series.len()).eq(series.iter().copied())
    }
}

/// Reads markers; `and` binds closer than `or`.
struct Reader<'t> {
    rest: &'t str,
    depth: usize,
    by_patch: bool,
}

impl Reader<'_> {
    fn any(&mut self) -> Option<Node> {
        let mut nodes = vec![self.all()?];
        while self.word("or") {
            nodes.push(self.all()?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) })
    }

    fn all(&mut self) -> Option<Node> {
        let mut nodes = vec![self.condition()?];
        while self.word("and") {
            nodes.push(self.condition()?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::All(nodes) })
    }

    fn condition(&mut self) -> Option<Node> {
        if !self.sign("(") {
            return Some(Node::Compare(self.operand()?, self.operator()?, self.operand()?));
        }
        self.depth += 1;
        let node = if self.depth > DEEPEST { None } else { self.any() };
        self.depth -= 1;
        node.filter(|_| self.sign(")"))
    }

    fn operand(&mut self) -> Option<Operand> {
        let text = self.rest.trim_start();
        if let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) {
            let (text, rest) = text[1..].split_once(quote)?;
            self.rest = rest;
            return Some(Operand::Text(text.to_owned()));
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
        let at = VARIABLES.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
        self.rest = rest;
        self.by_patch |= VARIABLES[at].1 == Variable::PythonFullVersion;
        Some(Operand::Variable(VARIABLES[at].1))
    }

    fn operator(&mut self) -> Option<Op> {
        for (sign, op) in OPERATORS {
            if self.sign(sign) {
                return Some(op);
            }
        }
        match self.word("not") {
            true => self.word("in").then_some(Op::NotIn),
            false => self.word("in").then_some(Op::In),
        }
    }

    fn sign(&mut self, sign: &str) -> bool {
        match self.rest.trim_start().strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Takes a word that does not go on.
    fn word(&mut self, word: &str) -> bool {
        let goes_on = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match self.rest.trim_start().strip_prefix(word).filter(|rest| !goes_on(rest)) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
