//! Names of which a string holds the beginning alone: `f"alpha.{x}"`, `"alpha.%s" % x`, `"alpha." + x`.

use super::{File, LONGEST_NAME};
use crate::facts::imports::runs::{self, is_word};
use crate::facts::imports::{How, Sink};
use crate::python::outline::{HOLE, OWN_NAME, Text};
use crate::tree::parent;

impl<'f> File<'f, '_> {
    /// A string whose end is made at run time: the modules that it may begin.
    pub(super) fn beginning(&self, text: &Text<'_>, imports: bool, sink: &mut Sink<'_>) {
        let value = text.value.as_ref();
        let Some((start, rest)) = self.split_at_hole(text) else { return };
        if !imports && !self.makes_names() {
            return;
        }
        let (own, start) = match start.strip_prefix(OWN_NAME) {
            Some(start) => (true, start.trim_start_matches('.')),
            None => (false, start),
        };
        let dots = start.bytes().take_while(|byte| *byte == b'.').count();
        if own && !imports {
            return;
        }
        let relative = own || dots > 0 && imports;
        let start = &start[dots.min(start.len())..];
        if imports && !relative && !start.is_empty() && !start.contains(['.', '/']) {
            return self.bare_beginning(start, sink);
        }
        if !relative && (dots > 0 || !start.contains(['.', '/'])) || value == "." && !imports {
            return;
        }
        let level = u32::try_from(dots).unwrap_or(u32::MAX).max(1);
        let own = if relative { self.base(level) } else { Some("") };
        let told = (dots > 0 && imports).then(|| self.package_told(text.at, level)).flatten();
        for base in own.map(str::to_owned).into_iter().chain(told) {
            self.children_from(&base, start, rest, sink);
        }
    }

    /// The modules below a folder whose names begin so, and what of them `rest` names.
    fn children_from(&self, base: &str, start: &str, rest: &str, sink: &mut Sink<'_>) {
        let cut = start.rfind(['.', '/']).map_or(0, |at| at + 1);
        let (folder, stem) = start.split_at(cut);
        let names = &self.graph.names;
        let parts: Vec<&str> = folder.split(['.', '/']).filter(|part| !part.is_empty()).collect();
        let to = match parts.is_empty() {
            true => base.to_owned(),
            false => {
                let package = sink.package;
                let found = |file| sink.file(file, How::Prefix);
                let Some(led) = names.follow(package, base, parts, found) else { return };
                if !led.whole {
                    return;
                }
                led.to.to_owned()
            }
        };
        if to.is_empty() {
            return;
        }
        for child in names.children(sink.package, &to).iter().filter(|c| c.starts_with(stem)) {
            let name = format!("{to}/{child}");
            if self.graph.paths.folder(sink.package, &name).is_some() {
                continue;
            }
            runs::add(self.graph, &name, How::Prefix, sink);
            let rest = rest.split(['.', '/', ':']).filter(|part| !part.is_empty());
            names.follow(sink.package, &name, rest, |file| sink.file(file, How::Prefix));
        }
    }

    /// The folder that the dots of a relative name start from where the call tells the package:
    /// `import_module(".one", "alpha.sub")`, `import_module(f".{x}", package="alpha.sub")`.
    pub(super) fn package_told(&self, at: usize, level: u32) -> Option<String> {
        let behind = &self.text[at..];
        let line = behind.split_inclusive('\n').take(3).map(str::len).sum::<usize>();
        let length = behind.floor_char_boundary(line.min(LONGEST_NAME));
        let dotted = behind[..length].split(',').skip(1).find_map(|argument| {
            let argument = argument.trim_start();
            let value = argument
                .strip_prefix("package")
                .map_or(argument, |value| value.trim_start().trim_start_matches('=').trim_start());
            let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            let name = value[1..].split(quote).next()?;
            let is_name = |byte: u8| is_word(byte) || byte == b'.';
            (!name.is_empty() && name.bytes().all(is_name)).then_some(name)
        })?;
        let mut folder = dotted.replace('.', "/");
        for _ in 1..level {
            folder = parent(&folder).to_owned();
        }
        self.graph.names.is_folder(self.package, &folder).then_some(folder)
    }

    /// The beginning of a name without dots, in a call that imports: of a module beside this one
    /// (`__import__("region_%s" % code, globals(), level=1)`) or at the import root.
    fn bare_beginning(&self, stem: &str, sink: &mut Sink<'_>) {
        let own = parent(self.path);
        let folders = if own.is_empty() { &[""][..] } else { &[own, ""][..] };
        for folder in folders {
            let children = self.graph.names.children(sink.package, folder);
            for child in children.iter().filter(|child| child.starts_with(stem)) {
                let name = if folder.is_empty() {
                    (*child).to_owned()
                } else {
                    format!("{folder}/{child}")
                };
                if self.graph.paths.folder(sink.package, &name).is_none() {
                    runs::add(self.graph, &name, How::Prefix, sink);
                }
            }
        }
    }

    /// What stands before the first hole of a string, and what behind it.
    fn split_at_hole<'t>(&self, text: &'t Text<'_>) -> Option<(&'t str, &'t str)> {
        let value = text.value.as_ref();
        let from = value.len() - value.trim_start_matches(OWN_NAME).len();
        let rest = &value[from..];
        let hole = rest.find([HOLE, OWN_NAME, '{']);
        let percent = percent(rest, text.goes_on);
        let first = hole.map(|at| (at, 0)).into_iter().chain(percent).min();
        match first {
            Some((at, length)) => {
                let behind = rest[at + length..].trim_start_matches([HOLE, OWN_NAME]);
                Some((&value[..from + at], behind))
            }
            None if text.goes_on => Some((value, "")),
            None => None,
        }
    }
}

/// Where a text has its first hole of printf's kind, and how long that is. Others than `%s` and `%(name)s`
/// count where something is filled in here: `"%03x" % number`.
fn percent(text: &str, goes_on: bool) -> Option<(usize, usize)> {
    memchr::memchr_iter(b'%', text.as_bytes()).find_map(|at| {
        let rest = &text[at + 1..];
        let named = rest.starts_with('(');
        let flags = rest.bytes().take_while(|byte| b"#0- +.123456789".contains(byte)).count();
        let kind = rest.as_bytes().get(flags);
        let plain = kind == Some(&b's') && flags == 0;
        let is_hole = named
            || plain
            || goes_on && kind.is_some_and(|kind| b"diouxXeEfFgGcrsa".contains(kind));
        is_hole.then_some((at, if named { 0 } else { flags + 2 }))
    })
}
