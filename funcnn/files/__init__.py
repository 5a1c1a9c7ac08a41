"""Values as files: `store` has the verbs, `archive` the bytes, `encoding` the tree."""
