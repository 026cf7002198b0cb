"""From what a source wrote to typed values: numbers, words, times, positions; every function works on whole columns."""
