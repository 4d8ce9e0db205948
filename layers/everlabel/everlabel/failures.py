"""What Step Functions says of an error, in words for a person."""

import json


def in_words(error: str, cause: str) -> str:
    """`Error` and `Cause` of a caught error as one sentence.

    The cause of a function's exception is JSON with its message:
    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    try:
        detail = json.loads(cause)
    except (ValueError, RecursionError):
        detail = None
    message = detail.get("errorMessage") if isinstance(detail, dict) else None
    words = str(message or cause).strip()
    return f"{error}: {words}" if words else error
