"""Programs for those who work on Torim: they check or generate, and are not part of the package."""
