"""The till's commands, one verb each."""
