"""Publishing: accepted rows as files in the home.

Holds the stages of the group "publishing".
Add here: a stage that writes files for people.
Keep out: file formats (proofsheet/publish/).
"""

import polars as pl

from assets.stage import Rows, stage
from proofsheet.publish.decision_files import write_decisions
from proofsheet.publish.exports import export_rows, write_csv
from proofsheet.workspace import Project
from schemas.review import Export


@stage(Export, group="publishing", looks_outside=True)
def exports(metadata_quality: pl.DataFrame, photos: pl.DataFrame, decisions: pl.DataFrame, project: Project) -> Rows:
    """Writes the accepted rows to a CSV, the proposals to a JSONL; files in the home that already read so are left as they are."""
    place = project.export_file.relative_to(project.home).as_posix()
    rows = export_rows(project.key, metadata_quality, photos, place)
    proposals = write_decisions(decisions, photos, project.decisions_file)
    return Rows([rows], {"proposals": proposals, "csv_written": write_csv(rows, project.export_file)})
