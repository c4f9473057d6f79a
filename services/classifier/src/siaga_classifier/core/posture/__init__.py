"""How hard a centre is pressed: green to red by what happened in the last minutes, measured against what is usual."""
