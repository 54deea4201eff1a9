"""What Braze makes of attribute, event and purchase objects: values, operations, errors, merging, data points."""
