"""A wrong declaration of an asset is refused at import, with the value and what to write."""

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest

from assets.factory.row_checks import RowCheck
from assets.factory.shared_table_asset import shared_table_asset
from assets.factory.table_asset import TableRows, table_asset
from assets.facts import KIND_OF
from proofsheet.storage.ledger_tables import FACTS
from proofsheet.storage.workspace import Project, Workspace
from resources.store import StoreResource
from resources.words import VisionModelResource
from schemas.edits import WordEdit
from schemas.library import OtherFile, Photo
from schemas.models import RankerFit
from schemas.settings.publish import PublishSettings
from schemas.table import Rows, Table

CHECK = RowCheck("empty", "No rows.", lambda rows: rows)
(NO_KIND, *_) = [table for table in FACTS if table not in KIND_OF]


def photos(project: Project) -> pl.DataFrame:
    return Photo.frame()


def both(project: Project) -> pl.DataFrame:
    return Photo.frame()


def number(project: Project) -> int:
    return 3


def nothing_said(project: Project):  # type: ignore[no-untyped-def] # noqa: ANN201
    return Photo.frame()


def store(store: StoreResource) -> pl.DataFrame:
    return Photo.frame()


def publishing(publishing: PublishSettings) -> pl.DataFrame:
    return Photo.frame()


def edits(project: Project) -> pl.DataFrame:
    return WordEdit.frame()


def fits(project: Project) -> pl.DataFrame:
    return RankerFit.frame()


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function under the name of a table."""
    function.__name__ = function.__qualname__ = name
    return function


def declared(
    function: Callable[..., Any], *tables: Any, group: str = "measure", name: str = "", **options: Any
) -> Callable[[], object]:
    kinds: Sequence[Any] = tables or (Photo,)
    return lambda: table_asset(*kinds, group=group, **options)(named(function, name or kinds[0].name))


WRONG = {
    "a resource that no asset takes": (
        declared(store),
        "parameter store is annotated StoreResource",
    ),
    "settings that are no resource": (
        declared(publishing),
        "annotated PublishSettings, which names no",
    ),
    "no resource as side effect": (
        declared(photos, side_effects=[Project]),
        "photos: Project in side_effects= is no resource. Name the class",
    ),
    "a side effect of no parameter": (
        declared(photos, side_effects=[VisionModelResource]),
        "photos: VisionModelResource in side_effects= is taken by no parameter",
    ),
    "a derived table that is read": (
        declared(photos, reads=(OtherFile,)),
        r"photos: other_files in reads= is made by an asset. Annotate a parameter with Rows\[OtherFile\]",
    ),
    "a fact of no kind": (
        declared(photos, reads=(NO_KIND,)),
        f"{NO_KIND.name} in reads= is of no kind",
    ),
    "no table that is read": (declared(photos, reads=("word_edits",)), "'word_edits' in reads= is no table"),
    "a fact that is written and not read": (
        declared(photos, writes=(WordEdit,)),
        "photos: word_edits in writes= is not in reads=. Name it in both",
    ),
    "row checks of another table": (
        declared(photos, row_checks={OtherFile: [CHECK]}),
        "row_checks= names OtherFile, which it does not make. It makes Photo",
    ),
    "a fact as output": (
        declared(edits, WordEdit),
        "makes word_edits, which is a fact table",
    ),
    "no table as output": (
        declared(photos, Project, name="photos"),
        "makes Project, which is no table",
    ),
    "a shared table as output": (
        declared(fits, RankerFit),
        "which is over all projects: use shared",
    ),
    "one table twice": (declared(photos, Photo, Photo), "makes photos, photos: name each table once"),
    "no such group": (
        declared(photos, group="meassure"),
        "no group 'meassure'. Groups: ingest, measure",
    ),
    "a number": (declared(number), "photos returns int for photos: return TableRows or pl.DataFrame"),
    "nothing said": (declared(nothing_said), "photos returns None for photos: return TableRows"),
    "one frame for two tables": (
        declared(both, Photo, OtherFile),
        "photos returns DataFrame for photos, other_files: return TableRows.$",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_declaration_is_refused_with_what_to_write(what: str) -> None:
    declare, message = WRONG[what]
    with pytest.raises(TypeError, match=message) as refused:
        declare()
    assert "test_asset_declarations." in str(refused.value)


def over_all(workspace: Workspace) -> TableRows:
    return TableRows([])


@pytest.mark.parametrize(
    ("table", "after", "group", "message"),
    [
        (Photo, (), "learn", "makes photos, which is over one project: use table_asset"),
        (RankerFit, (WordEdit,), "learn", "ranker_fits comes after word_edits, which is a fact table"),
        (RankerFit, (), "learning", "there is no group 'learning'"),
    ],
)
def test_so_is_one_over_all_projects(
    table: type[Table], after: Sequence[type[Table]], group: str, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        shared_table_asset(table, group=group, after=after)(named(over_all, table.name))


@pytest.mark.parametrize("frames", [[], [Photo.frame(), Photo.frame()], [3]])
def test_rows_that_do_not_fit_the_tables_are_refused_by_the_name_of_the_asset(frames: list[Any]) -> None:
    with pytest.raises(TypeError, match=r"photos returned .* for photos: return one frame a table"):
        TableRows.of(TableRows(frames), named(photos, "photos"), [Photo])


def test_a_side_effect_may_be_named_as_its_parameter_is() -> None:
    def photos(vision_model: VisionModelResource, other_files: Rows[OtherFile]) -> Rows[Photo]:
        return Photo.frame()

    made = table_asset(Photo, group="measure", side_effects=[VisionModelResource])(photos)
    assert made.required_resource_keys >= {"model"}
