"""What source A writes into its task table, as facts for the ledger."""

import json

from tests.simulation.source_a.task_table import LABELED, TASKS
from tests.simulation.world.observer import Observer, digest
from tests.simulation.world.watchers import Item


class SourceAObserver(Observer):
    """Listens to source A's world. Everything but the task table is as in ours."""

    def _item_changed(self, table: str, before: Item | None, after: Item | None) -> None:
        if table != "TaskTable" or after is None:
            return
        parent, name = after["parent"]["S"], after["name"]["S"]
        if parent == TASKS:
            self._task_changed(name, before, after)
        elif "/" in parent:
            self._object_changed(f"{parent}/{name}", before, after)
        elif "objects" in after:
            level, _, job = name.partition("/")
            self._ledger.frozen(parent, int(level), job, int(after["objects"]["S"]))

    def _object_changed(self, key: str, before: Item | None, after: Item) -> None:
        was, now = None if before is None else before["status"]["S"], after["status"]["S"]
        if was != now:
            self.note(f"{key}: {was} → {now}", key.partition("/")[0])
        if was is None:
            self._ledger.listed(key)
        if was == LABELED and now != LABELED:
            self._ledger.erased(key)
            self._ledger.listed(key)
        if now == LABELED:
            if was != LABELED:
                self._ledger.struck_off(key)
            self._ledger.recorded(key, "labeled", digest(json.loads(after["line"]["S"])))
