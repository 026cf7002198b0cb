"""Records changed, added and taken away by people: one by one or many at once, remembered, and taken back."""
