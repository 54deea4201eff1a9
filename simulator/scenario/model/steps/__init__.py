"""The steps, one frozen class each; the verb is the class name in small letters with underscores."""
