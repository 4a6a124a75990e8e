# SPDX-License-Identifier: GPL-2.0
"""What programs print, compared but for what moves by itself."""

import difflib
import re

NUMBER = re.compile(r"\d+")


def shape(line):
    """A line without its numbers."""
    return NUMBER.sub("0", line)


def opcodes(a, b):
    return difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()


def pairs(a, b):
    """Pairs the lines of two texts, in order; None stands for a line that only one has.

    First those that are the same, then between them those of the same shape.
    """
    for same, a1, a2, b1, b2 in opcodes(a, b):
        if same == "equal":
            yield from zip(range(a1, a2), range(b1, b2))
            continue
        shapes = [[shape(line) for line in lines] for lines in (a[a1:a2], b[b1:b2])]
        for same, c1, c2, d1, d2 in opcodes(*shapes):
            if same == "equal":
                yield from zip(range(a1 + c1, a1 + c2), range(b1 + d1, b1 + d2))
            else:
                yield from ((i, None) for i in range(a1 + c1, a1 + c2))
                yield from ((None, j) for j in range(b1 + d1, b1 + d2))


def differing(a, b):
    """The places of the numbers that differ in two lines of the same shape."""
    both = zip(NUMBER.findall(a), NUMBER.findall(b))
    return {place for place, (x, y) in enumerate(both) if x != y}


class Standard:
    """What stock says, and what of that moves by itself."""

    def __init__(self, lines):
        self.lines = lines
        # Of each line, the places of the numbers that move; None if the line as a whole does.
        self.moving = [set() for _ in lines]
        # The shapes of lines that come and go.
        self.passing = set()

    def learn(self, lines):
        """Sees what differs in another text of stock's."""
        for i, j in pairs(self.lines, lines):
            if i is None:
                self.passing.add(shape(lines[j]))
            elif j is None:
                self.moving[i] = None
            elif self.moving[i] is not None:
                self.moving[i] |= differing(self.lines[i], lines[j])

    def differences(self, lines):
        """What differs in another text and doesn't move: numbers of lines of stock's and places
        in them, None for the line as a whole, and shapes of lines that stock doesn't have."""
        found = set()
        for i, j in pairs(self.lines, lines):
            if i is None:
                if shape(lines[j]) not in self.passing:
                    found.add(shape(lines[j]))
            elif self.moving[i] is not None:
                places = {None} if j is None else differing(self.lines[i], lines[j])
                found |= {(i, place) for place in places - self.moving[i]}
        return found

    def diff(self, lines, differences):
        """Shows those differences."""
        shown = []
        for i, j in pairs(self.lines, lines):
            if i is None:
                if shape(lines[j]) in differences:
                    shown.append(lines[j])
            elif j is None:
                if (i, None) not in differences:
                    shown.append(self.lines[i])
            else:
                differs = any((i, place) in differences
                              for place in differing(self.lines[i], lines[j]))
                shown.append(lines[j] if differs else self.lines[i])
        return difflib.unified_diff(self.lines, shown, "stock", "rustproc", n=1, lineterm="")

    def still(self):
        """How many lines there are of which not everything moves."""
        return sum(moving is not None and (not moving or len(moving) < len(NUMBER.findall(line)))
                   for line, moving in zip(self.lines, self.moving))
