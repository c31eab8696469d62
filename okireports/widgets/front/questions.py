"""Questions that wait for a slow answer: of each asker only the newest is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Question = TypeVar("Question")


class Questions(Generic[Question]):
    """Answers questions one by one in one thread, which lives only while there is something to answer."""

    def __init__(self, name: str, answer: Callable[[int, Question], None]) -> None:
        self.name, self.answer = name, answer
        self.lock = threading.Lock()
        self.waiting: dict[int, Question] = {}
        self.working, self.over = False, False

    def ask(self, asker: int, question: Question) -> None:
        """Ask something; what the same asker asked before and still waits is dropped."""
        with self.lock:
            if self.over:
                return
            self.waiting[asker] = question
            if self.working:
                return
            self.working = True
        threading.Thread(target=self.work, name=self.name, daemon=True).start()

    def work(self) -> None:
        """Answer until nothing waits."""
        while True:
            with self.lock:
                if not self.waiting:
                    self.working = False
                    return
                asker = next(iter(self.waiting))
                question = self.waiting.pop(asker)
            try:
                self.answer(asker, question)
            except BaseException:
                with self.lock:
                    self.working = False  # the next question begins anew
                raise

    def newer(self, asker: int) -> bool:
        """Has someone asked something else by now?"""
        with self.lock:
            return self.over or asker in self.waiting

    def end(self) -> None:
        """Answer nothing more."""
        with self.lock:
            self.over = True
            self.waiting.clear()
