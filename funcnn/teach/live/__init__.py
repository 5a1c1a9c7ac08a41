"""Pages that train: a network with its data, its programs, and the files of the page."""
