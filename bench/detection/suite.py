"""Which stories are told of each trigger, how often, and how episodes are made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from bench.detection.episode import Episode, Truth
from bench.detection.scene import BEGIN_NS, Scene

Tell = Callable[[Scene], Truth | None]
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Story:
    """One way in which things go, told again and again with other numbers."""

    name: str
    """As the report lists it; positives begin with their severity: `mild`, `clear` or `gross`."""
    tell: Tell
    times: int


@dataclass(frozen=True, slots=True)
class Suite:
    """What is told of one trigger."""

    trigger: str
    positives: Sequence[Story]
    negatives: Sequence[Story]
    doubled: str
    """The limit that, doubled, must make the report's check fail."""
    note: str = ""
    """What the report says about it."""
    seed: int = field(default=SEED)

    def episodes(self, stories: Sequence[Story]) -> Iterator[Episode]:
        """Tell stories; the same seed gives the same episodes."""
        for story in stories:
            for number in range(story.times):
                scene = Scene(Random(f"{self.seed} {self.trigger} {story.name} {number}"))
                truth = story.tell(scene)
                yield Episode(self.trigger, story.name, number, BEGIN_NS, scene.finish(), truth)
