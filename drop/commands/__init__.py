"""The commands for one's own data; `drop.cli` shows them, and each opens what it needs when it is called."""
