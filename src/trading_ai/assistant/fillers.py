"""Words of a question that say nothing by themselves.

Whatever changes what is asked is none of them, however often it says nothing: a unit that the answer does not have
(pips, euros), a part of the time (first, later). It is then a word that is not understood, and the question is asked
back.
"""

from __future__ import annotations

from trading_ai.assistant.texts import words_of

FILLERS = words_of("fillers.txt")
"""A phrase that they are part of may say something."""
