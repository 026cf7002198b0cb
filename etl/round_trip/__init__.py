"""Records out into a workbook, changed there, and back: the difference is shown before it is applied, and applied as one batch."""
