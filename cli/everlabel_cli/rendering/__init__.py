"""Pictures of annotation documents: contact sheets, overlay videos, plots and reports."""
