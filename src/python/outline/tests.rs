use super::{Argument, HOLE, OWN_NAME, Outline, Platform, Unparsed, line, read};
