"""The commands, one file a group; they print, and never decide."""
