"""Why is there a flag: the records that led to it, the rule, and the decision made once more on those records."""
