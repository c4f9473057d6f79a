"""How a choice of units is made and explained: options, matching, how far to search, wording, the answer."""
