//! Files in the order of their age. Adding, finding and removing one takes about as long for many files as for few. Only
//! the first search for a name looks at all of them, to build the index.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Names and costs of files, oldest first.
#[derive(Debug, Default)]
pub struct ByAge {
    files: BTreeMap<i64, (Arc<str>, u64)>,
    /// The number in `files` of each name. `None` until a name is looked for: most sessions never do that.
    numbers: Option<HashMap<Arc<str>, i64>>,
}

impl ByAge {
    /// Adds a file that is newer than the others. Its name must not be there.
    pub fn add_newest(&mut self, name: &str, cost: u64) {
        let number = self.files.last_key_value().map_or(0, |(newest, _)| newest + 1);
        self.insert(number, name, cost);
    }

    /// Adds a file that is older than the others. Its name must not be there.
    pub fn add_oldest(&mut self, name: &str, cost: u64) {
        let number = self.files.first_key_value().map_or(0, |(oldest, _)| oldest - 1);
        self.insert(number, name, cost);
    }

    fn insert(&mut self, number: i64, name: &str, cost: u64) {
        let name: Arc<str> = name.into();
        if let Some(numbers) = &mut self.numbers {
            numbers.insert(name.clone(), number);
        }
        self.files.insert(number, (name, cost));
    }

    fn numbers(&mut self) -> &mut HashMap<Arc<str>, i64> {
        let names = || self.files.iter().map(|(number, (name, _))| (name.clone(), *number)).collect();
        self.numbers.get_or_insert_with(names)
    }

    /// Removes a file. Returns its cost, or `None` if there is none with this name.
    pub fn remove(&mut self, name: &str) -> Option<u64> {
        let number = self.numbers().remove(name)?;
        self.files.remove(&number).map(|(_, cost)| cost)
    }

    /// Removes the oldest file. Returns its name and cost.
    pub fn remove_oldest(&mut self) -> Option<(Arc<str>, u64)> {
        let (_, (name, cost)) = self.files.pop_first()?;
        if let Some(numbers) = &mut self.numbers {
            numbers.remove(&name);
        }
        Some((name, cost))
    }

    /// Whether there is a file with this name.
    pub fn contains(&mut self, name: &str) -> bool {
        self.numbers().contains_key(name)
    }

    /// The names, oldest first.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.files.values().map(|(name, _)| name)
    }

    /// The cost of all files.
    pub fn cost(&self) -> u64 {
        self.files.values().map(|(_, cost)| cost).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_removed_by_age_or_by_name() {
        let mut files = ByAge::default();
        for (cost, name) in (1..).zip(["a", "b", "c"]) {
            files.add_newest(name, cost);
        }
        files.add_oldest("z", 4);
        assert_eq!(files.names().map(|name| &**name).collect::<Vec<_>>(), ["z", "a", "b", "c"]);
        assert_eq!((files.cost(), files.remove("b"), files.remove("b")), (10, Some(2), None));
        assert!(files.contains("a") && !files.contains("b"));
        assert_eq!(files.remove_oldest(), Some(("z".into(), 4)));
        assert_eq!(files.remove("c"), Some(3));
        files.add_newest("d", 5);
        assert_eq!(files.remove_oldest(), Some(("a".into(), 1)));
        assert_eq!(files.remove_oldest(), Some(("d".into(), 5)));
        assert_eq!(files.remove_oldest(), None);
        assert_eq!(files.cost(), 0);
    }
}
