"""A stand-in for Ground Truth's streaming labeling jobs, as its documentation describes them.

unknowns        what the documentation leaves open, one switch each
labeling_job    one streaming job: queue, deduplication, portal, clocks (pure, virtual time)
people          when workers take tasks, and when they don't (pure, virtual time)
portal          jobs and people together, in order of time (pure, virtual time)
inputs          input lines and sequence files, read
categories      label category configurations, read
prior           labels of an earlier job, read
output          output lines, SeqLabel.json, failure lines, written
output_tree     a job's files in S3
delivery        output lines, to the topic and the manifest
jobs            every job, and what follows from what happens to it: for laptop and simulation alike
description     a job as the API shows it
images          sizes and palettes of image files
task_types      built-in task types and their ARNs by Region
requests        what CreateLabelingJob refuses
storage         the S3 door
topics          the SQS, SNS and EventBridge door
service         all of it bound to a cloud through boto3, in a thread of its own
sagemaker_api   the labeling-job calls, for boto3 against moto's server
"""
