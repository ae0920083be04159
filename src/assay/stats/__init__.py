"""Statistics for few, clustered, expensive measurements. Needs numpy only; imports nothing of Assay."""
