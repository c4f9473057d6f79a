"""The last step of a plan: a person phones the crew."""
