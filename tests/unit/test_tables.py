"""One connection for all tables, on the session of the other clients."""

from everlabel import aws, tables
from everlabel.job_table import LabelingJob
from everlabel.task_table import Done, Frames, Job, Level, Open, Row, Surplus, Task


def test_all_models_should_share_one_connection() -> None:
    models = (Task, Level, Job, Open, Done, Frames, Surplus, Row, LabelingJob)
    assert {id(model._get_connection().connection) for model in models} == {id(tables.connection())}


def test_the_connection_should_be_made_of_the_session_of_the_other_clients() -> None:
    assert tables.connection().session is aws.core() is aws._session()._session


def test_each_model_should_keep_its_own_table() -> None:
    assert Task._get_connection().table_name != LabelingJob._get_connection().table_name
    assert Task.by_status.query("InProgress").page_iter is not None
