"""Reads a large JSON text piece by piece, so that one value at a time is held."""

import json
import re
from collections.abc import Callable
from typing import Any, TextIO

# characters that are read at once
CHUNK = 1 << 22
# a word or number at the end of what was read may go on
CUT_CHARACTERS = 32
SPACE = re.compile(r"[ \t\n\r]*")


class JsonText:
    """
    A JSON text that is read piece by piece.

    Parameters
    ----------
    file : text file
        Open for reading.

    Attributes
    ----------
    twice : list of str
        Names that occur twice in one object of the value that was read last.
    """

    def __init__(self, file: TextIO) -> None:
        self.twice: list[str] = []
        self._file, self._held, self._at, self._ended = file, "", 0, False
        self._line, self._column = 1, 1
        self._decoder = json.JSONDecoder(object_pairs_hook=self._members)

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            self.twice += sorted({name for name in names if names.count(name) > 1})
        return members

    def _more(self) -> bool:
        """Read on, and forget what was understood; tell whether there was more."""
        self._line, self._column = self.place(self._at)
        piece = self._file.read(max(CHUNK, len(self._held)))
        self._held, self._at = self._held[self._at :] + piece, 0
        self._ended = not piece
        return bool(piece)

    def place(self, at: int) -> tuple[int, int]:
        """Return line and column, both from 1, of a character of what is held."""
        lines = self._held.count("\n", 0, at)
        start = self._held.rfind("\n", 0, at) + 1
        return self._line + lines, at - start + (1 if lines else self._column)

    def sign(self) -> str:
        """Return the next character that is no space, or nothing at the end."""
        self._at = SPACE.match(self._held, self._at).end()
        while self._at == len(self._held) and self._more():
            self._at = SPACE.match(self._held, self._at).end()
        return self._held[self._at : self._at + 1]

    def take(self, signs: str) -> str:
        """Step over the next sign, which is one of a few."""
        sign = self.sign()
        if not sign or sign not in signs:
            message = f"Expecting {' or '.join(signs)}"
            raise json.JSONDecodeError(message, self._held, self._at)
        self._at += 1
        return sign

    def value(self) -> Any:
        """
        Return the next value.

        Raises
        ------
        json.JSONDecodeError
            If it is no JSON; ``place`` tells line and column of its position.
        """
        self.sign()
        while True:
            self.twice = []
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                is_cut = error.pos >= len(self._held) - CUT_CHARACTERS
                is_cut |= error.msg.startswith("Unterminated")
                if self._ended or not is_cut:
                    raise
            else:
                # a number may go on in the next piece
                if self._ended or end < len(self._held) - CUT_CHARACTERS:
                    self._at = end
                    return value
            self._more()

    def members(self, name: str, on_item: Callable[[Any], None]) -> dict[str, Any]:
        """
        Read one object to the end of the text, a list in it item by item.

        Parameters
        ----------
        name : str
            Member whose items are handed on one by one, when it is a list.
        on_item : callable
            Called with each of them.

        Returns
        -------
        members : dict
            The others as they are, and the number of items under ``name``; names that occur
            twice are in ``twice``.

        Raises
        ------
        json.JSONDecodeError
            If it is no JSON; ``place`` tells line and column of its position.
        """
        members: dict[str, Any] = {}
        twice = []
        self.take("{")
        sign = "," if self.sign() != "}" else self.take("}")
        while sign != "}":
            self.take('"')
            self._at -= 1
            key = self.value()
            self.take(":")
            twice += [key] * (key in members)
            is_list = key == name and self.sign() == "["
            members[key] = self._items(on_item) if is_list else self.value()
            sign = self.take(",}")
        if self.sign():
            raise json.JSONDecodeError("Extra data", self._held, self._at)
        self.twice = twice
        return members

    def _items(self, on_item: Callable[[Any], None]) -> int:
        """Hand on the items of a list, and count them."""
        count = 0
        self.take("[")
        sign = "," if self.sign() != "]" else self.take("]")
        while sign != "]":
            on_item(self.value())
            count += 1
            sign = self.take(",]")
        return count
