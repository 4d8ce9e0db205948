"""What every test finds: an environment as `template.yaml` gives it to the functions, and no real credentials."""

import os

from hypothesis import settings

ACCOUNT, REGION, STACK = "123456789012", "us-east-1", "everlabel"

# Set before anything of the application is imported: pynamodb reads table names when its models are made.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",  # noqa: S106 # opens nothing
    AWS_DEFAULT_REGION=REGION,
    BUCKET="everlabel-bucket",
    TASK_TABLE="everlabel-TaskTable",
    JOB_TABLE="everlabel-JobTable",
    CLIP_BUCKETS="clips,clip_bucket_fake",
    STATE_MACHINE=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STACK}-AnnotationTask",
    GROUND_TRUTH_ROLE=f"arn:aws:iam::{ACCOUNT}:role/{STACK}-GroundTruthRole",
    LABELS_QUEUE=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{STACK}-LabelsQueue",
    RESEND_AFTER_SECONDS="432000",
    MAX_EXPIRIES="10",
    MAX_AGE_SECONDS="15552000",
    GATHER_EXPIRIES_SECONDS="60",
    REFUSED_PATTERN="(?i)unsupported|corrupt|malformed|invalid|access ?denied|not ?found|no such",
    POWERTOOLS_SERVICE_NAME=STACK,
    POWERTOOLS_METRICS_NAMESPACE="Everlabel",
)
os.environ.pop("AWS_PROFILE", None)

# No example may fail because the machine was busy, and a run is like the one before.
settings.register_profile("everlabel", deadline=None, derandomize=True, database=None)
settings.load_profile("everlabel")
