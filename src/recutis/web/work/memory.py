"""What a worker remembers of the courses that it has explored, and its answers to questions about them."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from recutis.plan.explore import Explored
from recutis.plan.judgement import course_summary, judgement
from recutis.plan.moved import as_searched, lighter, moved, read_goals, why_explore_again
from recutis.plan.planner import chosen_course, option_of_course
from recutis.web.work.states import UnknownKeyError

if TYPE_CHECKING:
    from recutis.plan.document import Option

_MOST_PEOPLE: Final = 40
_MOST_COURSES: Final = 200_000
"""People whose courses are remembered, and their courses together, about 5 kB each with the injuries behind them."""
_MOST_GOALS: Final = 6  # goals that a person's courses are held against at a time, so that asking again costs nothing


@dataclass(eq=False)
class Held:
    """The courses of one request: as explored, with the injuries of the search, and under the goals last asked about."""

    explored: Explored
    rows: tuple[int, ...] = ()
    searched: Explored = field(init=False)
    _under: OrderedDict[str, tuple[Explored, Explored]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.searched = as_searched(self.explored)

    def let_go(self) -> None:
        """Empty the caches, whose entries know their owner: what is left goes when nobody holds it any more."""
        with self._lock:
            every = [self.explored, self.searched, *(one for both in self._under.values() for one in both)]
            self._under.clear()
        for one in every:
            one.evaluator._cache.clear()
            one.search.evaluator._cache.clear()

    def under(self, goals: Mapping[str, Any] | None) -> tuple[Explored, Explored]:
        """The courses under some goals (None: those they were explored with), told by the search and by simulation."""
        text = json.dumps(goals, sort_keys=True)
        with self._lock:
            if text in self._under:
                self._under.move_to_end(text)
                return self._under[text]
        read = self.explored.request.patient.goals if goals is None else read_goals(goals)
        both = moved(self.searched, read), moved(self.explored, read)
        with self._lock:
            self._under[text] = both
            while len(self._under) > _MOST_GOALS:
                self._under.popitem(last=False)
        return both


class Memory:
    """Courses by key, the least recently asked about forgotten first; `forgotten` is told each key that goes.

    `grown` says whether something was kept since somebody set it to False.
    """

    def __init__(self, forgotten: Callable[[str], None], *, most_courses: int = _MOST_COURSES) -> None:
        self.grown = False
        self._most_courses = most_courses
        self._held: OrderedDict[str, Held] = OrderedDict()
        self._lock = threading.Lock()
        self._forgotten = forgotten

    def keep(self, key: str, explored: Explored, rows: tuple[int, ...] = ()) -> None:
        """Remember what was explored, without the draws that nothing asks for any more; `rows` are those of a plan's options."""
        gone: list[tuple[str, Held]] = []
        with self._lock:
            self._held[key] = Held(explored=lighter(explored), rows=rows)
            self._held.move_to_end(key)
            self.grown = True
            while len(self._held) > 1 and (len(self._held) > _MOST_PEOPLE or self._courses() > self._most_courses):
                gone.append(self._held.popitem(last=False))
        for old, held in gone:
            held.let_go()
            self._forgotten(old)

    def _courses(self) -> int:
        return sum(len(one.explored.landscape.courses) for one in self._held.values())

    def known(self, key: str | None) -> Held | None:
        """What is remembered by a key, if anything."""
        with self._lock:
            if key is None or key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key]

    def held(self, key: str) -> Held:
        """What is remembered by a key.

        Raises UnknownKeyError where it has been forgotten.
        """
        found = self.known(key)
        if found is None:
            msg = "The courses of this plan are not in memory any more; they must be looked at again."
            raise UnknownKeyError(msg)
        return found

    def answer(self, kind: str, key: str, document: Mapping[str, Any]) -> str:
        """The answer to a question as JSON text.

        Raises UnknownKeyError, and InputError for goals or rows that do not exist.
        """
        held, goals = self.held(key), document.get("goals")
        searched, simulated = held.under(goals)
        if kind == "judge":
            note = "" if goals is None else why_explore_again(held.explored, searched.request.patient.goals)
            return judgement(searched, note=note, rows=(*held.rows, *document.get("rows", ()))).model_dump_json()
        if kind == "course":
            return course_summary(searched, int(document["row"])).model_dump_json()
        return _option(simulated, int(document["row"])).model_dump_json()


def _option(explored: Explored, row: int) -> Option:
    return option_of_course(explored, chosen_course(explored, row), rank=1)[0]
