"""What an unknown file seems to be: guesses from its header and from its values, each with its confidence and its doubts."""
