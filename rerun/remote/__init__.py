"""Measuring on a box that is reached by copying files alone: send, box, home."""
