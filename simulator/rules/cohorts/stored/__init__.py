"""A cohort definition as Amplitude stores it: JSON version 3, read and written."""
