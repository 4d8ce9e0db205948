"""What AWS takes for a unit of work: public list prices on demand, without what is free each month.

Region us-east-1, as of November 2026. A bill differs by Region, by agreement and by tax.
"""

from dataclasses import dataclass

AS_OF = "November 2026"
REGION = "us-east-1"


@dataclass(frozen=True)
class Price:
    """US$ for so many units, and where AWS says so."""

    dollars: float
    units: int
    source: str

    @property
    def each(self) -> float:
        """US$ for one."""
        return self.dollars / self.units


_DYNAMODB = "https://aws.amazon.com/dynamodb/pricing/on-demand/"
_LAMBDA = "https://aws.amazon.com/lambda/pricing/"
_S3 = "https://aws.amazon.com/s3/pricing/"
_CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/"

US_EAST_1 = {
    "state transitions": Price(0.025, 1_000, "https://aws.amazon.com/step-functions/pricing/"),
    "write units": Price(0.625, 1_000_000, _DYNAMODB),
    "read units": Price(0.125, 1_000_000, _DYNAMODB),
    "Lambda requests": Price(0.20, 1_000_000, _LAMBDA),
    "Lambda GB-seconds": Price(0.0000133334, 1, _LAMBDA),  # arm64
    "SNS requests": Price(0.50, 1_000_000, "https://aws.amazon.com/sns/pricing/"),  # of 64 KB; to Amazon SQS for free
    "SQS requests": Price(0.40, 1_000_000, "https://aws.amazon.com/sqs/pricing/"),
    "API requests": Price(1.00, 1_000_000, "https://aws.amazon.com/api-gateway/pricing/"),
    "S3 writes": Price(0.005, 1_000, _S3),
    "S3 reads": Price(0.0004, 1_000, _S3),
    "S3 GB-months": Price(0.023, 1, _S3),
    "EventBridge events": Price(1.00, 1_000_000, "https://aws.amazon.com/eventbridge/pricing/"),
    "CloudWatch metrics read": Price(0.01, 1_000, _CLOUDWATCH),
    "CloudWatch logs GB": Price(0.50, 1, _CLOUDWATCH),
    "CloudWatch alarm metrics": Price(0.10, 1, _CLOUDWATCH),
    "CloudWatch metrics": Price(0.30, 1, _CLOUDWATCH),
    "CloudWatch dashboards": Price(3.00, 1, _CLOUDWATCH),
    "X-Ray traces": Price(5.00, 1_000_000, "https://aws.amazon.com/xray/pricing/"),
}
