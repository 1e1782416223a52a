"""Another package with a module of the same name."""
